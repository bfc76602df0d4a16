//! The access rules as they are written in the file.

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::spanned::{Names, Said};

/// `[site]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidSite {
    /// The name of the time zone.
    pub time_zone: Said<String>,
}

/// `[access]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidAccess {
    /// What happens while the time is unknown: `refuse` or `believe`.
    pub when_clock_unknown: Said<String>,
    /// How long a person has for the second factor, in seconds.
    pub second_factor_seconds: Said<i64>,
}

/// `[[holiday]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidHoliday {
    /// The name of the holiday, for people only.
    pub name: Said<String>,
    /// The day, or the first one.
    pub date: Said<Datetime>,
    /// The last day, inclusive.
    pub until: Said<Datetime>,
    /// The day of every year, as `MM-DD`.
    pub every_year: Said<String>,
}

/// `[[schedule]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidSchedule {
    /// The name that groups use.
    pub name: Said<String>,
    /// What holidays do: `closed`, `open` or `only`.
    pub holidays: Said<String>,
    /// The times of every week.
    pub windows: Vec<Spanned<SaidWindow>>,
    /// The single days with other times.
    pub exceptions: Vec<Spanned<SaidException>>,
}

/// An entry of a schedule's `windows`: a time that comes every week.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidWindow {
    /// Days and ranges of days; every day if it is missing.
    pub days: Option<Spanned<Vec<Spanned<String>>>>,
    /// The first minute, as `HH:MM`.
    pub from: Said<String>,
    /// The minute after the last, as `HH:MM`.
    pub until: Said<String>,
}

/// An entry of a schedule's `exceptions`: a single day.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidException {
    /// The date of the day.
    pub date: Said<Datetime>,
    /// Whether the day is closed.
    pub closed: Said<bool>,
    /// The first minute, as `HH:MM`.
    pub from: Said<String>,
    /// The minute after the last, as `HH:MM`.
    pub until: Said<String>,
}

/// `[[group]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidGroup {
    /// The name that the gallery file uses.
    pub name: Said<String>,
    /// The names of schedules; at any time if it is missing.
    pub schedules: Names,
    /// The groups of which somebody must have been let in first.
    pub first_person_in: Names,
    /// The groups of which a second person must be recognised.
    pub two_person: Names,
    /// How long the first person waits for the second one, in seconds.
    pub two_person_seconds: Said<i64>,
    /// How long the same person is not let in again, in minutes.
    pub anti_passback_minutes: Said<i64>,
    /// What is asked for besides the face: `pin`, `card` or `pin-or-card`.
    pub second_factor: Said<String>,
    /// The names of the schedules in which it is asked for; always if it is missing.
    pub second_factor_schedules: Names,
}
