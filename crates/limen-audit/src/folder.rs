//! The audit's folder: its files, their owner, and the only process that may write there.
//!
//! | file | contents |
//! |---|---|
//! | `audit.jsonl` | the records being written |
//! | `audit-000000001234.jsonl` | a closed file: records up to number 1234 |
//! | `audit-dropped.jsonl` | the rest of deleted files: their seals, and the last record of each |
//! | `seal.key`, `seal.key.next` | the secret keys of the next two seals |
//! | `forget` | the id of a person who is being forgotten |
//! | `reserve` | space that is given up when the disk is full |
//! | `*.new` | a file being written; deleted at the next start |

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::error::AuditError;

/// For their owner alone.
pub const OWN_MODE: u32 = 0o600;
/// The extension of a file that is not complete yet.
const UNFINISHED: &str = "new";

/// Makes an error that names the file and what failed.
pub fn failed(file: &Path, what: &'static str) -> impl FnOnce(io::Error) -> AuditError + use<> {
    let file = file.to_owned();
    move |source| AuditError::File { file, what, source }
}

/// The right to write in the folder, until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _locked: File,
}

/// Creates the folder, with mode 0700, and claims it. Deletes files that a power cut left unfinished.
pub fn claim(folder: &Path) -> Result<FolderLock, AuditError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed(folder, "create the folder"))?;
    let locked = File::open(folder).map_err(failed(folder, "open the folder"))?;
    match locked.try_lock() {
        Ok(()) => {
            clear_unfinished(folder);
            Ok(FolderLock { _locked: locked })
        }
        Err(TryLockError::WouldBlock) => Err(AuditError::Busy(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(folder, "lock the folder")(source)),
    }
}

/// Deletes unfinished files: a copy may name a person whom the file itself no longer names.
fn clear_unfinished(folder: &Path) {
    let paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in paths.filter(|path| path.extension() == Some(UNFINISHED.as_ref())) {
        if let Err(error) = fs::remove_file(&path) {
            log::warn!("{}: an unfinished file cannot be deleted: {error}", path.display());
        }
    }
}

/// Opens a file for reading and writing. Creates it with mode 0600, and follows no link. A file that root
/// creates gets the folder's owner, who has to go on writing it. A file with a second name may belong to
/// somebody else, so it is refused.
pub fn open_own(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWN_MODE)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() > 1 {
        return Err(io::Error::other("it is no file of the audit's own: it has a second name, or is none"));
    }
    if let (true, Some(folder)) = (geteuid().is_root(), path.parent()) {
        let owner = fs::metadata(folder)?;
        fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(file)
}

/// Opens a file for reading. It follows no link, and does not block on a pipe.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(path)
}

/// The name of a closed file whose last record has this number.
pub fn closed_name(last: u64) -> String {
    format!("audit-{last:012}.jsonl")
}

/// The number of the last record in a closed file, from its name.
pub fn last_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("audit-")?.strip_suffix(".jsonl")?.parse().ok()
}

/// The closed files, oldest first; none if the folder does not exist.
pub fn closed_files(folder: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(failed(folder, "list the folder"))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed(folder, "list the folder"))?.path();
        files.extend(last_of(&path).map(|last| (last, path)));
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::CURRENT;

    #[test]
    fn a_file_with_a_second_name_and_a_link_are_not_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let (elsewhere, here) = (folder.path().join("elsewhere"), folder.path().join(CURRENT));
        fs::write(&elsewhere, "somebody else's").expect("written");
        fs::hard_link(&elsewhere, &here).expect("a second name");
        assert!(open_own(&here).expect_err("a second name").to_string().contains("second name"));
        fs::remove_file(&here).expect("removed");
        std::os::unix::fs::symlink(&elsewhere, &here).expect("a link");
        assert!(open_own(&here).is_err() && open_to_read(&here).is_err());
        fs::remove_file(&here).expect("removed");
        assert!(open_own(&here).is_ok() && open_to_read(&here).is_ok());
    }
}
