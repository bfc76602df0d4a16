//! One writer at a time: advisory locks, which the kernel releases when a process ends for any reason.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{FileError, failed, shown};
use crate::place::split;

/// How long a writer waits for another one. An edit takes milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// The right to write a file, until it is dropped.
#[derive(Debug)]
pub struct FileLock {
    _held: File,
}

/// Takes the right to write `path`, with an exclusive flock on `<path>.lock`. It waits up to 5 s.
///
/// The lock is a file beside `path`, because a lock on `path` itself would be lost when `path` is replaced.
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

/// Takes the right to write the files in one of the service's folders, with an exclusive flock on the folder
/// itself: the service could not open a lock file that root made. It waits up to 5 s.
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
