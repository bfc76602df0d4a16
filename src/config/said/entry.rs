//! Keypad and card reader as they are written in the file.

use serde::Deserialize;
use toml::Spanned;

use super::spanned::Said;

/// `[keypad]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidKeypad {
    /// The link to an input device that stays the same.
    pub device: Said<String>,
}

/// `[reader]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidReader {
    /// The link to an input device that stays the same.
    pub device: Said<String>,
    /// The two lines of a Wiegand reader.
    pub wiegand: Option<Spanned<SaidWiegand>>,
}

/// `wiegand` of `[reader]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidWiegand {
    /// The BCM number of the line for zeroes.
    pub d0: Said<i64>,
    /// The BCM number of the line for ones.
    pub d1: Said<i64>,
}
