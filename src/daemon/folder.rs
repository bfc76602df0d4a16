//! The folders that are the daemon's own.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use super::DaemonError;

/// Makes a folder of the daemon's own, for itself alone to write.
pub fn make_folder(folder: &Path) -> Result<(), DaemonError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o750)
        .create(folder)
        .map_err(|source| DaemonError::Folder { folder: folder.to_owned(), source })
}
