//! `[control.gateway]` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::spanned::{Names, RawValue};

/// `[control.gateway]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawGateway {
    /// The system's user as whom the gateway runs.
    pub user: RawValue<String>,
    /// What the gateway may ask for.
    pub may: Names,
    /// The hashes of the remote codes by their names.
    pub codes: BTreeMap<Spanned<String>, Spanned<String>>,
}
