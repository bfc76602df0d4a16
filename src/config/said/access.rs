//! What the file says about who may when.

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::spanned::{Names, Said};

/// `[site]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidSite {
    /// Name of a time zone.
    pub time_zone: Said<String>,
}

/// `[access]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidAccess {
    /// `refuse` or `believe`.
    pub when_clock_unknown: Said<String>,
    /// Seconds.
    pub second_factor_seconds: Said<i64>,
}

/// `[[holiday]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidHoliday {
    /// For people.
    pub name: Said<String>,
    /// The day, or the first.
    pub date: Said<Datetime>,
    /// The last day, inclusive.
    pub until: Said<Datetime>,
    /// `MM-DD`.
    pub every_year: Said<String>,
}

/// `[[schedule]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidSchedule {
    /// What groups call it.
    pub name: Said<String>,
    /// `closed`, `open` or `only`.
    pub holidays: Said<String>,
    /// Of every week.
    pub windows: Vec<Spanned<SaidWindow>>,
    /// Of single days.
    pub exceptions: Vec<Spanned<SaidException>>,
}

/// An entry of `windows`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidWindow {
    /// Days and ranges of days; left out: every day.
    pub days: Option<Spanned<Vec<Spanned<String>>>>,
    /// `HH:MM`.
    pub from: Said<String>,
    /// `HH:MM`.
    pub until: Said<String>,
}

/// An entry of `exceptions`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidException {
    /// The day.
    pub date: Said<Datetime>,
    /// All day.
    pub closed: Said<bool>,
    /// `HH:MM`.
    pub from: Said<String>,
    /// `HH:MM`.
    pub until: Said<String>,
}

/// `[[group]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidGroup {
    /// What the gallery calls it.
    pub name: Said<String>,
    /// Names; left out: at any time.
    pub schedules: Names,
    /// Groups.
    pub first_person_in: Names,
    /// Groups.
    pub two_person: Names,
    /// Seconds.
    pub two_person_seconds: Said<i64>,
    /// Minutes.
    pub anti_passback_minutes: Said<i64>,
    /// `pin`, `card` or `pin-or-card`.
    pub second_factor: Said<String>,
    /// Names; left out: always.
    pub second_factor_schedules: Names,
}
