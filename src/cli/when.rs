//! Parses a time as people type it, in the time zone of the site; every command uses the same forms.

use jiff::civil::{Date, DateTime};
use jiff::{Span, Timestamp, ZonedDateTime};
use limen_core::person::printable;
use limen_core::policy::access::calendar::{Calendar, Comes};

use super::outcome::CommandError;

/// Examples of all forms of a time, for messages.
pub const FORMS: &str =
    "2026-12-24, \"2026-12-24 18:00\", 2026-12-24T18:00+01:00, 2h or \"30 min\" (ago), \"in 2h\"";

/// A time as it was typed.
#[derive(Debug, Clone)]
pub struct TimeArgument {
    form: TimeForm,
    text: String,
}

#[derive(Debug, Clone)]
enum TimeForm {
    Instant(Timestamp),
    Local(DateTime),
    Day(Date),
    Ago(Span),
    In(Span),
}

/// A time that exists at the site.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The local time.
    pub local: DateTime,
    /// A note for the user, if the time can be misunderstood.
    pub note: Option<String>,
}

/// Parses the text of an argument.
///
/// # Errors
/// The text is no time; the message has the forms.
pub fn parse_when(text: &str) -> Result<TimeArgument, String> {
    let form = form_of(text.trim()).ok_or_else(|| format!("is no time; write {FORMS}"))?;
    Ok(TimeArgument { form, text: printable(text.trim(), 80) })
}

fn form_of(text: &str) -> Option<TimeForm> {
    if let Ok(instant) = text.parse() {
        return Some(TimeForm::Instant(instant));
    }
    if let Ok(day) = text.parse().map(TimeForm::Day)
        && !text.contains([':', 'T', ' '])
    {
        return Some(day);
    }
    if let Ok(local) = text.parse() {
        return Some(TimeForm::Local(local));
    }
    let span = |text: &str| text.parse::<Span>().ok().map(Span::abs);
    match text.strip_prefix("in ") {
        Some(length) => span(length).map(TimeForm::In),
        None => span(text).map(TimeForm::Ago),
    }
}

impl TimeArgument {
    /// The first moment of the time.
    ///
    /// # Errors
    /// The time does not exist at the site, or is out of range.
    pub fn begin(&self, now: Timestamp, calendar: &Calendar) -> Result<Timestamp, CommandError> {
        self.moment(now, calendar, |day| Ok(day.at(0, 0, 0, 0)))
    }

    /// The first moment after the time; for a day, the begin of the next day.
    ///
    /// # Errors
    /// The time does not exist at the site, or is out of range.
    pub fn end(&self, now: Timestamp, calendar: &Calendar) -> Result<Timestamp, CommandError> {
        self.moment(now, calendar, |day| Ok(day.tomorrow()?.at(0, 0, 0, 0)))
    }

    /// The local time.
    ///
    /// # Errors
    /// The time does not exist at the site, or is out of range.
    pub fn at_the_site(&self, now: Timestamp, calendar: &Calendar) -> Result<Resolved, CommandError> {
        let note = match &self.form {
            TimeForm::Day(day) => {
                return Ok(Resolved {
                    local: day.at(0, 0, 0, 0),
                    note: Some(format!("{day} alone means 00:00; write \"{day} 18:00\" for another time")),
                });
            }
            TimeForm::Local(local) => match calendar.comes(*local) {
                Comes::Once => None,
                Comes::Twice => Some(format!(
                    "{} comes twice in {}, as the clocks are put back; both count",
                    self.text,
                    calendar.zone_name()
                )),
                Comes::Never(afterwards) => return Err(self.never(afterwards, calendar)),
            },
            _ => None,
        };
        let local = match &self.form {
            TimeForm::Local(local) => *local,
            _ => calendar.zone.to_datetime(self.begin(now, calendar)?),
        };
        Ok(Resolved { local, note })
    }

    fn moment(
        &self,
        now: Timestamp,
        calendar: &Calendar,
        of_day: impl Fn(Date) -> Result<DateTime, jiff::Error>,
    ) -> Result<Timestamp, CommandError> {
        let here = || ZonedDateTime::new(now, calendar.zone.clone());
        let found = match &self.form {
            TimeForm::Instant(instant) => Ok(*instant),
            TimeForm::Local(local) => {
                if let Comes::Never(afterwards) = calendar.comes(*local) {
                    return Err(self.never(afterwards, calendar));
                }
                calendar.zone.to_timestamp(*local)
            }
            // If the clocks skip midnight, the day begins at the first time after it.
            TimeForm::Day(day) => of_day(*day).and_then(|begin| calendar.zone.to_timestamp(begin)),
            TimeForm::Ago(span) => here().checked_sub(*span).map(|then| then.timestamp()),
            TimeForm::In(span) => here().checked_add(*span).map(|then| then.timestamp()),
        };
        found.map_err(|error| CommandError::Usage(format!("\"{}\" is out of range: {error}", self.text)))
    }

    fn never(&self, afterwards: DateTime, calendar: &Calendar) -> CommandError {
        let (text, zone, afterwards) = (&self.text, calendar.zone_name(), afterwards.strftime("%H:%M"));
        CommandError::Usage(format!(
            "\"{text}\" never comes in {zone}: the clocks are put forward to {afterwards}; ask for that time"
        ))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn berlin() -> Calendar {
        Calendar::in_zone(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone"))
    }

    /// 10:00 in Berlin.
    fn now() -> Timestamp {
        "2026-07-01T08:00:00Z".parse().expect("a time")
    }

    fn begin(text: &str) -> String {
        let when = parse_when(text).unwrap_or_else(|error| panic!("{text} {error}"));
        when.begin(now(), &berlin()).expect("a time that comes").to_string()
    }

    #[test]
    fn days_and_times_are_those_of_the_site() {
        assert_eq!(begin("2026-07-01"), "2026-06-30T22:00:00Z");
        assert_eq!(begin("2026-12-24 18:00"), "2026-12-24T17:00:00Z");
        assert_eq!(begin("2026-12-24T18:00:30"), "2026-12-24T17:00:30Z");
        let until = parse_when("2026-03-29").expect("a day").end(now(), &berlin()).expect("a time");
        assert_eq!(until.to_string(), "2026-03-29T22:00:00Z", "a day of 23 hours, to its end");
    }

    #[test]
    fn a_time_with_its_own_zone_is_taken_as_it_is() {
        assert_eq!(begin("2026-07-01T08:00Z"), "2026-07-01T08:00:00Z");
        assert_eq!(begin("2026-07-01 08:00:00+09:00"), "2026-06-30T23:00:00Z");
    }

    #[test]
    fn a_length_is_so_long_ago_and_in_a_length_is_to_come() {
        for text in ["2h", "2 h", "2h ago", "2 hours ago", "120 min", "1h 60m"] {
            assert_eq!(begin(text), "2026-07-01T06:00:00Z", "{text}");
        }
        assert_eq!(begin("30 min"), "2026-07-01T07:30:00Z");
        assert_eq!(begin("3 days ago"), "2026-06-28T08:00:00Z");
        assert_eq!(begin("in 2h"), "2026-07-01T10:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_answered_with_examples() {
        for text in ["yesterday", "24.12.2026", "18 o'clock", "2026-13-01", "", "in", "5"] {
            let error = parse_when(text).expect_err(text);
            assert!(error.contains("is no time; write 2026-12-24, \"2026-12-24 18:00\""), "{error}");
        }
    }

    #[test]
    fn an_hour_that_never_comes_is_a_mistake_and_one_that_comes_twice_is_noted() {
        let skipped = parse_when("2026-03-29 02:30").expect("a time");
        let error = skipped.begin(now(), &berlin()).expect_err("never").to_string();
        assert!(error.contains("never comes") && error.contains("to 03:00"), "{error}");
        assert!(skipped.at_the_site(now(), &berlin()).is_err());
        let twice =
            parse_when("2026-10-25 02:30").expect("a time").at_the_site(now(), &berlin()).expect("comes");
        assert!(twice.note.is_some_and(|note| note.contains("comes twice")));
    }

    #[test]
    fn the_clock_on_the_wall_is_told_for_every_form() {
        let local = |text: &str| {
            let when = parse_when(text).unwrap_or_else(|error| panic!("{text} {error}"));
            when.at_the_site(now(), &berlin()).expect("comes").local.to_string()
        };
        assert_eq!(local("2026-07-01T08:00Z"), "2026-07-01T10:00:00");
        assert_eq!(local("2h"), "2026-07-01T08:00:00");
        assert_eq!(local("2026-12-24"), "2026-12-24T00:00:00");
    }
}
