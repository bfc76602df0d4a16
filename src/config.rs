//! The configuration: what the file says (`said`), checked (`checks` and the rooms it calls), is what we will
//! do ([`Settings`]). `edit` changes the file by command.
//!
//! All mistakes are found at once, each with its line and a remedy; with one mistake none of the file comes
//! into force. `config/limen.toml` explains every key.

mod access;
mod checks;
mod door;
pub mod edit;
mod entry;
mod lines;
mod modes;
mod recognition;
mod said;
mod schedules;
mod settings;
mod values;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use settings::{PathSettings, RecognitionSettings, Reloads, Settings, VIRTUAL_CAMERA_OPENS};

use crate::mistake::{Listed, Mistake, Review};
use limen_core::person::printable;
use limen_files::{FileError, Trust, read_trusted_text};

/// Where the configuration is unless a command says otherwise.
pub const DEFAULT_FILE: &str = "/etc/limen/limen.toml";
/// The largest configuration file; the shipped one, all comments, has a few thousand bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why a configuration is not used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// There is none.
    #[error(
        "{}: there is no such configuration; `sudo make install` puts one into /etc/limen, --config FILE names \
         another, and for questions about a gallery alone --gallery FILE is enough",
        printable(&.0.to_string_lossy(), 300)
    )]
    Missing(PathBuf),
    /// It cannot be read, or others may write it.
    #[error(transparent)]
    File(#[from] FileError),
    /// It was read, and this is wrong in it; at least one.
    #[error("{}", Listed(.0))]
    Wrong(Vec<Mistake>),
}

impl Settings {
    /// Reads the configuration file at `path`.
    pub fn load(path: &Path, trust: Trust) -> Result<Self, ConfigError> {
        match read_trusted_text(path, MAX_FILE_BYTES, trust) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.is_missing() => Err(ConfigError::Missing(path.to_owned())),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a configuration's text. `file` is not opened: it is named in mistakes, and relative paths are
    /// relative to its folder.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let mut review = Review::new(file, text);
        let said = review.read();
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let settings = checks::check(&mut review, &said, folder.unwrap_or(Path::new(".")));
        match review.finish() {
            mistakes if mistakes.is_empty() => Ok(settings),
            mistakes => Err(ConfigError::Wrong(mistakes)),
        }
    }

    /// What an empty configuration file in `/etc/limen` means: every default, and the dry-run door.
    pub fn defaults() -> Self {
        let file = Path::new(DEFAULT_FILE);
        checks::check(&mut Review::new(file, ""), &said::SaidFile::default(), Path::new("/etc/limen"))
    }
}

#[cfg(test)]
mod reload_tests;
#[cfg(test)]
mod tests;
