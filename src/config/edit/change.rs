//! The one way to change the file: under a lock, read back and checked, replaced in one step.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use limen_files::{FileError, Trust, lock_file, read_trusted_text, write_for_service};
use thiserror::Error;
use toml_edit::DocumentMut;

use crate::config::{ConfigError, MAX_FILE_BYTES, Settings};

/// Permission bits if those of the file cannot be asked for.
const FILE_MODE: u32 = 0o640;

/// Why the configuration was not changed.
#[derive(Debug, Error)]
pub enum ConfigEditError {
    /// It cannot be read, locked or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It has mistakes already, or the change would be one.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A part is written in a way that cannot be edited in place.
    #[error(
        "the configuration's {0} cannot be edited by command; write it as in the example, or edit by hand"
    )]
    Layout(&'static str),
    /// The text is no TOML.
    #[error("the configuration is no TOML: {0}")]
    Syntax(#[from] toml_edit::TomlError),
}

/// Changes the configuration file, which must be there. Of its rights those stay that the daemon needs.
pub(super) fn change(
    file: &Path,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), ConfigEditError>,
) -> Result<(), ConfigEditError> {
    let _writing = lock_file(file)?;
    let text = read_trusted_text(file, MAX_FILE_BYTES, Trust::Checked)?;
    let mode = fs::metadata(file).map_or(FILE_MODE, |found| found.permissions().mode() & 0o777);
    let changed = changed_text(&text, edit)?;
    Settings::parse(&changed, file)?;
    Ok(write_for_service(file, changed.as_bytes(), mode)?)
}

pub(super) fn changed_text(
    text: &str,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), ConfigEditError>,
) -> Result<String, ConfigEditError> {
    let mut document: DocumentMut = text.parse()?;
    edit(&mut document)?;
    Ok(document.to_string())
}
