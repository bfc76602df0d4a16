//! What was in force last, so that nothing older takes its place unseen: a store that still has somebody who
//! was removed, a network that is known to be weaker.
//!
//! A small file beside the store. Whoever puts the whole state folder back puts it back too; the records name
//! the generation as well, and a head of theirs that was exported later shows that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use limen_files::{Trust, read_trusted_text, write_atomically};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::error::shown;

/// The file's name in the state folder.
const NAME: &str = "templates.seen";
/// A number, and a line a model that was ever in force.
const MAX_BYTES: u64 = 64 << 10;

/// A model and how new it is among those of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersion {
    /// Its name in the configuration.
    pub name: String,
    /// As its manifest says; grows with every network that replaces another under this name.
    pub version: u32,
}

/// The newest that was in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seen {
    /// Of the store.
    pub generation: u64,
    /// Of the last good gallery that is kept beside it.
    pub gallery: u64,
    /// Of each model, its version.
    pub models: BTreeMap<String, u32>,
}

impl Seen {
    fn file(folder: &Path) -> PathBuf {
        folder.join(NAME)
    }

    /// What is remembered in this folder; nothing where there is no file.
    pub fn load(folder: &Path, trust: Trust) -> Result<Self, StoreError> {
        let file = Self::file(folder);
        match read_trusted_text(&file, MAX_BYTES, trust) {
            Ok(text) => toml::from_str(&text).map_err(|_| StoreError::Seen(shown(&file))),
            Err(error) if error.is_missing() => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Remembers it.
    pub fn store(&self, folder: &Path) -> Result<(), StoreError> {
        let text = toml::to_string(self).map_err(|error| StoreError::Sealing(error.to_string()))?;
        Ok(write_atomically(&Self::file(folder), text.as_bytes(), 0o600)?)
    }

    /// A model that is older than the newest of its name is refused.
    pub fn check_model(&self, model: &ModelVersion) -> Result<(), StoreError> {
        match self.models.get(&model.name) {
            Some(&seen) if seen > model.version => {
                Err(StoreError::OlderModel { name: model.name.clone(), found: model.version, seen })
            }
            _ => Ok(()),
        }
    }
}
