//! The site's calendar: its time zone and its holidays.
//!
//! Schedules use local time. On the day on which clocks go forward, one hour does not exist; a window that
//! begins in it opens when it is over. On the day on which clocks go back, one hour comes twice and counts
//! both times.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::clock::WallClock;

/// Time zone and holidays of the site.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The time zone of the site.
    pub zone: TimeZone,
    /// The holidays of the site.
    pub holidays: Holidays,
}

/// Days with names, of one year or of every year.
#[derive(Debug, Clone, Default)]
pub struct Holidays {
    once: BTreeMap<Date, String>,
    /// By month and day.
    yearly: BTreeMap<(i8, i8), String>,
}

impl Holidays {
    /// Adds a holiday in one year.
    pub fn add(&mut self, day: Date, name: &str) {
        self.once.insert(day, name.to_owned());
    }

    /// Adds a holiday in every year; 29 February comes in leap years only.
    pub fn add_yearly(&mut self, month: i8, day: i8, name: &str) {
        self.yearly.insert((month, day), name.to_owned());
    }

    /// The name of a day, if it is a holiday.
    pub fn name_of(&self, day: Date) -> Option<&str> {
        let name = self.once.get(&day).or_else(|| self.yearly.get(&(day.month(), day.day())));
        name.map(String::as_str)
    }
}

/// How often a local time comes on its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comes {
    /// It comes once, like most times.
    Once,
    /// It never comes: the clocks go forward over it, to this time.
    Never(DateTime),
    /// It comes twice: the clocks go back over it.
    Twice,
}

impl Calendar {
    /// A calendar without holidays.
    pub fn in_zone(zone: TimeZone) -> Self {
        Self { zone, holidays: Holidays::default() }
    }

    /// The local time of the site, whether the clock is trusted or not.
    pub fn local(&self, wall: WallClock) -> DateTime {
        self.zone.to_datetime(wall.utc)
    }

    /// How often a local time comes on its day.
    pub fn comes(&self, local: DateTime) -> Comes {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => Comes::Once,
            AmbiguousOffset::Fold { .. } => Comes::Twice,
            AmbiguousOffset::Gap { .. } => {
                let change = ambiguous.earlier().ok().and_then(|before| self.zone.following(before).next());
                change.map_or(Comes::Once, |change| Comes::Never(self.zone.to_datetime(change.timestamp())))
            }
        }
    }

    /// The name of the zone, as people write it.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("local time")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Calendar {
        Calendar::in_zone(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone"))
    }

    fn time(text: &str) -> DateTime {
        text.parse().expect("a time")
    }

    #[test]
    fn an_hour_that_the_clocks_skip_never_comes_and_the_one_they_repeat_comes_twice() {
        let calendar = berlin();
        let three = time("2026-03-29 03:00");
        assert_eq!(calendar.comes(time("2026-03-29 01:59")), Comes::Once);
        assert_eq!(calendar.comes(time("2026-03-29 02:00")), Comes::Never(three));
        assert_eq!(calendar.comes(time("2026-03-29 02:59")), Comes::Never(three));
        assert_eq!(calendar.comes(three), Comes::Once);
        assert_eq!(calendar.comes(time("2026-10-25 02:30")), Comes::Twice);
        assert_eq!(calendar.comes(time("2026-10-25 03:00")), Comes::Once);
    }

    #[test]
    fn a_holiday_of_every_year_comes_every_year_and_one_with_a_date_once() {
        let mut holidays = Holidays::default();
        holidays.add_yearly(12, 25, "Christmas Day");
        holidays.add("2026-05-14".parse().expect("a date"), "Ascension Day");
        let name = |day: &str| holidays.name_of(day.parse().expect("a date")).map(str::to_owned);
        assert_eq!(name("2026-12-25"), name("2031-12-25"));
        assert_eq!(name("2026-05-14").as_deref(), Some("Ascension Day"));
        assert_eq!(name("2027-05-14"), None);
    }
}
