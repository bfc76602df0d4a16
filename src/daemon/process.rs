//! What the daemon asks the system for its own process: folders, no core dumps, a low priority for slow work.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

use super::error::DaemonError;

/// Makes a folder that only the daemon may write (mode 0750), and the folders above it.
///
/// # Errors
///
/// The folder that could not be made, and why.
pub fn make_folder(folder: &Path) -> Result<(), DaemonError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o750)
        .create(folder)
        .map_err(|source| DaemonError::Folder { folder: folder.to_owned(), source })
}

/// Keeps core dumps and debuggers of the same user from reading the templates in memory.
pub fn keep_secrets_out_of_dumps() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        log::warn!("core dumps cannot be turned off: {error}");
    }
}

/// Lowers the calling thread's priority: embedding photographs must not slow the door down.
pub(super) fn lower_priority() {
    if let Err(error) = rustix::process::nice(10) {
        log::debug!("worker: the priority cannot be lowered: {error}");
    }
}
