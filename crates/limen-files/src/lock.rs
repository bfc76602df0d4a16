//! One writer at a time: advisory locks that a process gives up when it ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{FileError, failed, shown, split};

/// How long a writer waits for another; an edit takes milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Holds the right to write a file; given up when dropped.
#[derive(Debug)]
pub struct FileLock {
    _held: File,
}

/// Takes the right to write `path`, by an exclusive flock on `<path>.lock`; waits up to 5 s.
///
/// The lock lies beside the file, because replacing the file would replace a lock on it as well.
pub fn lock_file(path: &Path) -> Result<FileLock, FileError> {
    let (folder, name) = split(path)?;
    let mut lock_name = name.to_owned();
    lock_name.push(".lock");
    let lock_path = folder.join(lock_name);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&lock_path)
        .map_err(|e| failed(&lock_path, "open it", e))?;
    wait_for(file, path, &lock_path)
}

/// Takes the right to write what lies in a folder of the service's own, by an exclusive flock on the folder
/// itself: a lock file made by root could not be opened by the service. Waits up to 5 s.
pub fn lock_folder(folder: &Path) -> Result<FileLock, FileError> {
    let opened = File::open(folder).map_err(|e| failed(folder, "open the folder", e))?;
    wait_for(opened, folder, folder)
}

fn wait_for(file: File, path: &Path, lock_path: &Path) -> Result<FileLock, FileError> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(FileLock { _held: file }),
            Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => {
                sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => return Err(FileError::Busy { path: shown(path) }),
            Err(TryLockError::Error(e)) => return Err(failed(lock_path, "lock it", e)),
        }
    }
}
