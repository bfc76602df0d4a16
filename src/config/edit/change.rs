//! Changes the file: locks it, checks the changed text, and replaces the file in one step.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use limen_files::{FileError, Trust, lock_file, put_back, read_trusted_text, write_for_service};
use thiserror::Error;
use toml_edit::{DocumentMut, TomlError};

use crate::config::{ConfigError, MAX_FILE_BYTES, Settings};
use crate::diagnostics::{Diagnostic, no_toml};

/// Why the configuration was not changed.
#[derive(Debug, Error)]
pub enum ConfigEditError {
    /// The file cannot be read, locked or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file has mistakes, with the change or without it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The named part is written in a form that cannot be edited in place.
    #[error(
        "the configuration's {0} cannot be edited by command; write it as in the example, or edit by hand"
    )]
    Layout(&'static str),
    /// The text is no TOML.
    #[error(transparent)]
    Syntax(#[from] Diagnostic),
    /// Somebody else has changed the file, so that [`undo`] would undo that as well.
    #[error("{0}: was changed by somebody else meanwhile, so the change was not undone; check the file")]
    Overtaken(String),
}

/// A change that was made, for [`undo`].
#[derive(Debug)]
pub struct ConfigEdit {
    before: String,
    /// Owner, group and mode that the file had.
    rights: Metadata,
    after: String,
}

/// Restores the file as it was before a change.
///
/// # Errors
/// The file was changed again, or cannot be read or written.
pub fn undo(file: &Path, edited: &ConfigEdit) -> Result<(), ConfigEditError> {
    let _writing = lock_file(file)?;
    if read_trusted_text(file, MAX_FILE_BYTES, Trust::Checked)? != edited.after {
        return Err(ConfigEditError::Overtaken(file.display().to_string()));
    }
    Ok(put_back(file, edited.before.as_bytes(), &edited.rights)?)
}

/// Changes the configuration file, which must exist. The daemon can still read it afterwards.
pub(super) fn change(
    file: &Path,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), ConfigEditError>,
) -> Result<ConfigEdit, ConfigEditError> {
    let _writing = lock_file(file)?;
    let before = read_trusted_text(file, MAX_FILE_BYTES, Trust::Checked)?;
    let rights = file.metadata().map_err(|source| {
        let path = file.display().to_string();
        FileError::System { path, doing: "look at it", source }
    })?;
    let after = changed_text(&before, file, edit)?;
    Settings::parse(&after, file)?;
    write_for_service(file, after.as_bytes(), rights.permissions().mode() & 0o777)?;
    Ok(ConfigEdit { before, rights, after })
}

pub(super) fn changed_text(
    text: &str,
    file: &Path,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), ConfigEditError>,
) -> Result<String, ConfigEditError> {
    let mut document: DocumentMut =
        text.parse().map_err(|error: TomlError| no_toml(file, text, error.message(), error.span()))?;
    edit(&mut document)?;
    Ok(document.to_string())
}
