//! Keypad and card reader as they are written in the file.

use serde::Deserialize;
use toml::Spanned;

use super::spanned::RawValue;

/// `[keypad]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawKeypad {
    /// The link to an input device that stays the same.
    pub device: RawValue<String>,
}

/// `[reader]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawReader {
    /// The link to an input device that stays the same.
    pub device: RawValue<String>,
    /// The two lines of a Wiegand reader.
    pub wiegand: Option<Spanned<RawWiegand>>,
}

/// `wiegand` of `[reader]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawWiegand {
    /// The BCM number of the line for zeroes.
    pub d0: RawValue<i64>,
    /// The BCM number of the line for ones.
    pub d1: RawValue<i64>,
}
