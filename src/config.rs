//! The configuration. `raw` is the file as it is written; `checks` and the modules that it calls check it;
//! the result is [`Settings`]. `edit` changes the file for a command.
//!
//! All mistakes are reported at once, each with its line and a remedy. If there is one mistake, nothing in the
//! file comes into force. `config/limen.toml` explains every key.

mod access;
mod camera;
mod checks;
mod door;
pub mod edit;
mod entry;
mod gateway;
mod light;
mod lines;
mod liveness;
mod modes;
mod raw;
mod recognition;
mod schedules;
mod settings;
mod values;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use gateway::GatewaySettings;
pub use liveness::liveness_name;
pub use settings::{PathSettings, RecognitionSettings, Reloads, Settings, VIRTUAL_CAMERA_OPENS};

use crate::diagnostics::{Diagnostic, DiagnosticList, Review};
use limen_core::person::printable;
use limen_files::{FileError, Trust, read_trusted_text};

/// The configuration file, unless `--config` names another one.
pub const DEFAULT_FILE: &str = "/etc/limen/limen.toml";
/// The largest configuration file, in bytes; the shipped one has 12 kB, most of it comments.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why a configuration is not used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file does not exist.
    #[error(
        "{}: there is no such configuration; `sudo make install` puts one into /etc/limen, --config FILE names \
         another, and for questions about a gallery alone --gallery FILE is enough",
        printable(&.0.to_string_lossy(), 300)
    )]
    Missing(PathBuf),
    /// The file cannot be read, or others may write it.
    #[error(transparent)]
    File(#[from] FileError),
    /// The mistakes in the file, at least one.
    #[error("{}", DiagnosticList(.0))]
    Wrong(Vec<Diagnostic>),
}

impl Settings {
    /// Reads and checks the configuration file at `path`.
    ///
    /// # Errors
    /// The file does not exist, cannot be read, may be written by others (see `trust`), or has mistakes.
    pub fn load(path: &Path, trust: Trust) -> Result<Self, ConfigError> {
        match read_trusted_text(path, MAX_FILE_BYTES, trust) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.is_missing() => Err(ConfigError::Missing(path.to_owned())),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads and checks a configuration's text. `file` is not opened: mistakes name it, and relative paths start
    /// from its folder.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] with every mistake of the text.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let mut review = Review::new(file, text);
        let raw = review.read();
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let settings = checks::check(&mut review, &raw, folder.unwrap_or(Path::new(".")));
        match review.finish() {
            diagnostics if diagnostics.is_empty() => Ok(settings),
            diagnostics => Err(ConfigError::Wrong(diagnostics)),
        }
    }

    /// The settings of an empty configuration file in `/etc/limen`: every default, with a door that moves nothing.
    pub fn defaults() -> Self {
        let file = Path::new(DEFAULT_FILE);
        checks::check(&mut Review::new(file, ""), &raw::RawFile::default(), Path::new("/etc/limen"))
    }
}

#[cfg(test)]
mod gateway_tests;
#[cfg(test)]
mod reload_tests;
#[cfg(test)]
mod tests;
