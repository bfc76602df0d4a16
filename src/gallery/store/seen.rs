//! The newest generation and models that were in force, so that nothing older replaces them unnoticed: a
//! store that still contains a removed person, or a network that is known to be weaker.
//!
//! It is a small file beside the store. Whoever puts back the whole state folder also puts back this file.
//! But the records name the generation too, and an exported head of the records shows that they are old.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use limen_files::{Trust, read_trusted_text, write_atomically};
use serde::{Deserialize, Serialize};

use super::error::{StoreError, shown};

/// The name of the file in the state folder.
const NAME: &str = "templates.seen";
/// The largest file that is read, in bytes: two numbers, and a line per model that was ever in force.
const MAX_BYTES: u64 = 64 << 10;

/// A model, and its version among those of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersion {
    /// The model's name in the configuration.
    pub name: String,
    /// The version in its manifest; it increases when a network replaces another of this name.
    pub version: u32,
}

/// The newest versions that were in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewestSeen {
    /// The generation of the store.
    pub generation: u64,
    /// The number of the last good gallery.
    pub gallery: u64,
    /// The version of each model, by its name.
    pub models: BTreeMap<String, u32>,
}

impl NewestSeen {
    fn file(folder: &Path) -> PathBuf {
        folder.join(NAME)
    }

    /// Reads the file in this folder; empty if there is none.
    pub fn load(folder: &Path, trust: Trust) -> Result<Self, StoreError> {
        let file = Self::file(folder);
        match read_trusted_text(&file, MAX_BYTES, trust) {
            Ok(text) => toml::from_str(&text).map_err(|_| StoreError::Seen(shown(&file))),
            Err(error) if error.is_missing() => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the file in this folder.
    pub fn store(&self, folder: &Path) -> Result<(), StoreError> {
        let text = toml::to_string(self).map_err(|error| StoreError::Sealing(error.to_string()))?;
        Ok(write_atomically(&Self::file(folder), text.as_bytes(), 0o600)?)
    }

    /// Refuses a model that is older than the newest of its name.
    pub fn check_model(&self, model: &ModelVersion) -> Result<(), StoreError> {
        match self.models.get(&model.name) {
            Some(&seen) if seen > model.version => {
                Err(StoreError::OlderModel { name: model.name.clone(), found: model.version, seen })
            }
            _ => Ok(()),
        }
    }
}
