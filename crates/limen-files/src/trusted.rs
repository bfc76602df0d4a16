//! Reading: which files are accepted, by owner and mode of the opened file and of its folder.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{BufReader, Read};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::Errno;
use rustix::process::geteuid;
use zeroize::Zeroizing;

use crate::error::{FileError, failed, quoted, shown};
use crate::place::split;
use crate::service::ServiceUser;

/// Permission bits: group and others may write.
pub(crate) const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Permission bits: group and others may read or write.
const OPEN_TO_OTHERS: u32 = 0o066;

/// Which files are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Files and folders of root or of our own user that nobody else may write.
    Checked,
    /// As [`Trust::Checked`], and also files of the user with this id: what the service wrote and root reads.
    CheckedOr(u32),
    /// Any file we may read. For commands that read a user's own pictures and lists and open no door.
    Anyone,
}

impl Trust {
    /// For files that the service wrote, whether the service reads them or root.
    pub fn in_the_service() -> Self {
        match ServiceUser::here() {
            Some(service) => Self::CheckedOr(service.uid),
            None => Self::Checked,
        }
    }

    /// Whether files of the user with this id are accepted.
    fn accepts(self, owner: u32) -> bool {
        match self {
            Self::Anyone => true,
            Self::Checked => owner == 0 || owner == geteuid().as_raw(),
            Self::CheckedOr(user) => owner == user || Self::Checked.accepts(owner),
        }
    }
}

/// Reads a regular file of at most `max_bytes` bytes.
///
/// With [`Trust::Checked`] the file and its folder must belong to root or the effective user and be
/// writable by nobody else, and the name must not be a symbolic link.
pub fn read_trusted(path: &Path, max_bytes: u64, trust: Trust) -> Result<Vec<u8>, FileError> {
    read_bounded(open_as(path, trust)?, path, max_bytes)
}

/// Like [`read_trusted`], for a file too large to hold in memory. The reader ends after `max_bytes` if the
/// file grows meanwhile.
pub fn open_trusted(path: &Path, max_bytes: u64, trust: Trust) -> Result<impl Read + use<>, FileError> {
    let file = open_as(path, trust)?;
    let length = checked_length(&file, path)?;
    if length > max_bytes {
        return Err(FileError::TooLarge { path: shown(path), limit: max_bytes });
    }
    Ok(BufReader::new(file.take(max_bytes)))
}

/// Like [`read_trusted`], for a text in UTF-8.
pub fn read_trusted_text(path: &Path, max_bytes: u64, trust: Trust) -> Result<String, FileError> {
    String::from_utf8(read_trusted(path, max_bytes, trust)?)
        .map_err(|_| FileError::NotText { path: shown(path) })
}

/// Like [`read_trusted`], for a secret, which nobody else may even read.
pub fn read_secret(path: &Path, max_bytes: u64, trust: Trust) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let file = open_checked(path, trust)?;
    let mode = metadata(&file, path)?.mode() & 0o7777;
    if mode & OPEN_TO_OTHERS != 0 {
        return Err(FileError::ReadableByOthers { path: shown(path), mode, argument: quoted(path) });
    }
    read_bounded(file, path, max_bytes).map(Zeroizing::new)
}

/// Checks that `trust` accepts the folder's owner, and that nobody else may write the folder.
pub fn check_folder(folder: &Path, trust: Trust) -> Result<(), FileError> {
    open_checked_folder(folder, trust).map(drop)
}

fn open_as(path: &Path, trust: Trust) -> Result<File, FileError> {
    match trust {
        Trust::Checked | Trust::CheckedOr(_) => open_checked(path, trust),
        Trust::Anyone => open_plain(path),
    }
}

fn open_checked(path: &Path, trust: Trust) -> Result<File, FileError> {
    let (folder, name) = split(path)?;
    let opened_folder = open_checked_folder(folder, trust)?;
    // Non-blocking, so that opening a pipe in the file's place does not block.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(&opened_folder, name, flags, Mode::empty()) {
        Ok(descriptor) => File::from(descriptor),
        Err(Errno::LOOP) => return Err(FileError::Link { path: shown(path) }),
        Err(error) => return Err(failed(path, "open it", error.into())),
    };
    check_owner_and_mode(&metadata(&file, path)?, path, trust)?;
    Ok(file)
}

fn open_checked_folder(folder: &Path, trust: Trust) -> Result<File, FileError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let descriptor =
        open(folder, flags, Mode::empty()).map_err(|e| failed(folder, "open the folder", e.into()))?;
    let opened = File::from(descriptor);
    check_owner_and_mode(&metadata(&opened, folder)?, folder, trust)?;
    Ok(opened)
}

fn open_plain(path: &Path) -> Result<File, FileError> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(|e| failed(path, "open it", e))
}

fn check_owner_and_mode(found: &Metadata, path: &Path, trust: Trust) -> Result<(), FileError> {
    if !trust.accepts(found.uid()) {
        let user = if geteuid().is_root() { "root" } else { "\"$USER\"" };
        let (path, argument) = (shown(path), quoted(path));
        return Err(FileError::ForeignOwner { path, owner: found.uid(), user, argument });
    }
    if found.mode() & WRITABLE_BY_OTHERS != 0 {
        let mode = found.mode() & 0o7777;
        return Err(FileError::WritableByOthers { path: shown(path), mode, argument: quoted(path) });
    }
    Ok(())
}

fn read_bounded(file: File, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    checked_length(&file, path)?;
    let mut bytes = Vec::new();
    // One byte more than allowed, to notice a file that grows while it is read.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| failed(path, "read it", e))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: shown(path), limit });
    }
    Ok(bytes)
}

/// The length of a regular file, in bytes.
fn checked_length(file: &File, path: &Path) -> Result<u64, FileError> {
    let found = metadata(file, path)?;
    if found.is_file() { Ok(found.len()) } else { Err(FileError::NotAFile { path: shown(path) }) }
}

fn metadata(file: &File, path: &Path) -> Result<Metadata, FileError> {
    file.metadata().map_err(|e| failed(path, "look at it", e))
}
