//! The access rules as they are written in the file.

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::spanned::{Names, RawValue};

/// `[site]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawSite {
    /// The name of the time zone.
    pub time_zone: RawValue<String>,
}

/// `[access]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawAccess {
    /// What happens while the time is unknown: `refuse` or `believe`.
    pub when_clock_unknown: RawValue<String>,
    /// How long a person has for the second factor, in seconds.
    pub second_factor_seconds: RawValue<i64>,
}

/// `[[holiday]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawHoliday {
    /// The name of the holiday, for people only.
    pub name: RawValue<String>,
    /// The day, or the first one.
    pub date: RawValue<Datetime>,
    /// The last day, inclusive.
    pub until: RawValue<Datetime>,
    /// The day of every year, as `MM-DD`.
    pub every_year: RawValue<String>,
}

/// `[[schedule]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawSchedule {
    /// The name that groups use.
    pub name: RawValue<String>,
    /// What holidays do: `closed`, `open` or `only`.
    pub holidays: RawValue<String>,
    /// The times of every week.
    pub windows: Vec<Spanned<RawWindow>>,
    /// The single days with other times.
    pub exceptions: Vec<Spanned<RawException>>,
}

/// An entry of a schedule's `windows`: a time that comes every week.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawWindow {
    /// Days and ranges of days; every day if it is missing.
    pub days: Option<Spanned<Vec<Spanned<String>>>>,
    /// The first minute, as `HH:MM`.
    pub from: RawValue<String>,
    /// The minute after the last, as `HH:MM`.
    pub until: RawValue<String>,
}

/// An entry of a schedule's `exceptions`: a single day.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawException {
    /// The date of the day.
    pub date: RawValue<Datetime>,
    /// Whether the day is closed.
    pub closed: RawValue<bool>,
    /// The first minute, as `HH:MM`.
    pub from: RawValue<String>,
    /// The minute after the last, as `HH:MM`.
    pub until: RawValue<String>,
}

/// `[[group]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawGroup {
    /// The name that the gallery file uses.
    pub name: RawValue<String>,
    /// The names of schedules; at any time if it is missing.
    pub schedules: Names,
    /// The groups of which somebody must have been let in first.
    pub first_person_in: Names,
    /// The groups of which a second person must be recognised.
    pub two_person: Names,
    /// How long the first person waits for the second one, in seconds.
    pub two_person_seconds: RawValue<i64>,
    /// How long the same person is not let in again, in minutes.
    pub anti_passback_minutes: RawValue<i64>,
    /// What is asked for besides the face: `pin`, `card` or `pin-or-card`.
    pub second_factor: RawValue<String>,
    /// The names of the schedules in which it is asked for; always if it is missing.
    pub second_factor_schedules: Names,
}
