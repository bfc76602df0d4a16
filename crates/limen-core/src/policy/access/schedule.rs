//! When a schedule is open: windows of the week, holidays and exceptions by date.
//!
//! A window includes its begin and excludes its end: `07:00` to `19:00` is open at 07:00:00 and closed at
//! 19:00:00. A time across midnight is written as two windows, the first until `24:00`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::calendar::{Calendar, Comes};

/// How many days ahead an opening is searched: after 28 years the dates fall on the same days of the week
/// again.
const HORIZON_DAYS: usize = 28 * 366;
/// The days of the week, in the order of [`Weekday::to_monday_zero_offset`].
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A minute of the day, 00:00 to 24:00; 24:00 is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    const END: u16 = 24 * 60;

    /// Reads `HH:MM`; `None` if it is not a time from 00:00 to 24:00.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute) = (number(hour)?, number(minute)?);
        let minutes = hour * 60 + minute;
        (minute < 60 && minutes <= Self::END).then_some(Self(minutes))
    }

    /// The minute in which a time lies.
    fn of(time: Time) -> Self {
        let [hour, minute] = [time.hour(), time.minute()].map(|part| u16::from(part.unsigned_abs()));
        Self(hour * 60 + minute)
    }

    /// This minute on a day; 24:00 is midnight of the next day.
    fn on(self, day: Date) -> DateTime {
        day.to_datetime(Time::midnight()).saturating_add(Duration::from_secs(60 * u64::from(self.0)))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A part of a day: from one minute to just before a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeWindow {
    from: TimeOfDay,
    until: TimeOfDay,
}

impl TimeWindow {
    /// A window; `None` unless it ends after it begins.
    pub fn new(from: TimeOfDay, until: TimeOfDay) -> Option<Self> {
        (from < until).then_some(Self { from, until })
    }

    /// Whether a minute lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.until && other.from < self.until
    }

    fn contains(&self, minute: TimeOfDay) -> bool {
        (self.from..self.until).contains(&minute)
    }
}

impl fmt::Display for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.until)
    }
}

/// What holidays do to a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnHolidays {
    /// The schedule is closed all day.
    #[default]
    Closed,
    /// The schedule is open as on other days.
    Open,
    /// The windows count on holidays only.
    Only,
}

/// When people may enter.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// The name in the configuration.
    pub name: String,
    /// The windows of each day, Monday first.
    pub week: [Vec<TimeWindow>; 7],
    /// What holidays do.
    pub on_holidays: OnHolidays,
    /// The windows of single days, which outrank week and holidays; empty: closed all day.
    pub exceptions: BTreeMap<Date, Vec<TimeWindow>>,
}

/// Why a schedule has these windows on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis<'a> {
    /// An exception names the day.
    Exception,
    /// It is a holiday, of this name.
    Holiday(&'a str),
    /// It is no holiday, and the schedule is for holidays only.
    NoHoliday,
    /// The day of the week.
    Weekday,
}

/// A schedule on one day.
#[derive(Debug, Clone, Copy)]
pub struct Day<'a> {
    /// Why it has these windows.
    pub basis: Basis<'a>,
    /// When it is open: its windows on this day.
    pub windows: &'a [TimeWindow],
}

impl Schedule {
    /// The windows of a day, and why it has them.
    pub fn day<'a>(&'a self, day: Date, calendar: &'a Calendar) -> Day<'a> {
        if let Some(windows) = self.exceptions.get(&day) {
            return Day { basis: Basis::Exception, windows };
        }
        let usual = self.week[index(day.weekday())].as_slice();
        match (calendar.holidays.name_of(day), self.on_holidays) {
            (Some(name), OnHolidays::Closed) => Day { basis: Basis::Holiday(name), windows: &[] },
            (Some(name), _) => Day { basis: Basis::Holiday(name), windows: usual },
            (None, OnHolidays::Only) => Day { basis: Basis::NoHoliday, windows: &[] },
            (None, _) => Day { basis: Basis::Weekday, windows: usual },
        }
    }

    /// The window that is open at a time.
    pub fn window_at(&self, local: DateTime, calendar: &Calendar) -> Option<TimeWindow> {
        let minute = TimeOfDay::of(local.time());
        self.day(local.date(), calendar).windows.iter().find(|window| window.contains(minute)).copied()
    }

    /// The first time, `from` or later, at which it is open; `None` if there is none within 28 years.
    pub fn next_opening(&self, from: DateTime, calendar: &Calendar) -> Option<DateTime> {
        let days = std::iter::successors(Some(from.date()), |day| day.tomorrow().ok());
        days.take(HORIZON_DAYS).find_map(|day| {
            let windows = self.day(day, calendar).windows.iter();
            let openings = windows.filter_map(|window| opening(*window, day, from, calendar));
            openings.min()
        })
    }
}

/// When a window opens on a day, at `from` or later.
fn opening(window: TimeWindow, day: Date, from: DateTime, calendar: &Calendar) -> Option<DateTime> {
    let (begin, end) = (window.from.on(day).max(from), window.until.on(day));
    let begin = match calendar.comes(begin) {
        Comes::Never(afterwards) => afterwards,
        Comes::Once | Comes::Twice => begin,
    };
    (begin < end).then_some(begin)
}

fn index(day: Weekday) -> usize {
    usize::from(day.to_monday_zero_offset().unsigned_abs())
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
