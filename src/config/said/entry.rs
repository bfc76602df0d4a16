//! What the file says about keypad and card reader.

use serde::Deserialize;
use toml::Spanned;

use super::spanned::Said;

/// `[keypad]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidKeypad {
    /// Stable link of an input device.
    pub device: Said<String>,
}

/// `[reader]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidReader {
    /// Stable link of an input device.
    pub device: Said<String>,
    /// Two lines.
    pub wiegand: Option<Spanned<SaidWiegand>>,
}

/// `wiegand` of `[reader]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidWiegand {
    /// BCM number of the zeroes.
    pub d0: Said<i64>,
    /// BCM number of the ones.
    pub d1: Said<i64>,
}
