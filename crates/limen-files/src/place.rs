//! The place of a file: its folder, and its name in it.

use std::ffi::OsStr;
use std::path::Path;

use crate::error::{FileError, shown};

/// The path's folder and its name; the folder of a bare name is ".".
pub(crate) fn split(path: &Path) -> Result<(&Path, &OsStr), FileError> {
    let name = path.file_name().ok_or_else(|| FileError::NotAFile { path: shown(path) })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok((folder.unwrap_or(Path::new(".")), name))
}
