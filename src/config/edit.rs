//! Changes to the configuration by command: comments, order and layout of the rest stay as they are.
//!
//! The changed text is read back and checked before it replaces the file, in one step, under a lock: an edit
//! cannot leave a configuration that the daemon refuses.

mod model;
mod proposal;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use thiserror::Error;
use toml_edit::DocumentMut;

pub use model::set_model;
pub use proposal::{Proposal, ProposedPair};

use super::{ConfigError, MAX_FILE_BYTES, Settings};
use limen_files::{FileError, Trust, lock_file, read_trusted_text, write_for_service};

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
fn change(
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

fn changed_text(
    text: &str,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), ConfigEditError>,
) -> Result<String, ConfigEditError> {
    let mut document: DocumentMut = text.parse()?;
    edit(&mut document)?;
    Ok(document.to_string())
}
