//! Why a file was not read or written, and how a message shows its path.

use std::io;
use std::path::Path;

use limen_core::person::printable;
use rustix::process::geteuid;
use thiserror::Error;

/// The longest path shown in a message, in characters; Linux allows no longer one.
const MAX_PATH_SHOWN: usize = 4096;

/// Why a file was not read or written. Each message names the path and the remedy.
#[derive(Debug, Error)]
pub enum FileError {
    /// A system call failed.
    #[error("{path}: cannot {doing}: {source}{}", remedy(source))]
    System {
        /// The file or folder, printable.
        path: String,
        /// What the program tried to do.
        doing: &'static str,
        /// The error of the system.
        source: io::Error,
    },
    /// The path is a symbolic link.
    #[error("{path}: is a symbolic link; put the file itself there or name its real path")]
    Link {
        /// The path, printable.
        path: String,
    },
    /// The path is no regular file, but a folder, a pipe or a device.
    #[error("{path}: is not a regular file; name a file")]
    NotAFile {
        /// The path, printable.
        path: String,
    },
    /// The file is larger than this kind of file may be.
    #[error("{path}: is larger than {limit} bytes; is it the right file?")]
    TooLarge {
        /// The path, printable.
        path: String,
        /// The largest size, in bytes.
        limit: u64,
    },
    /// The file is not UTF-8 text.
    #[error("{path}: is not UTF-8 text; save it as UTF-8")]
    NotText {
        /// The path, printable.
        path: String,
    },
    /// Another user owns the file or folder.
    #[error(
        "{path}: belongs to user {owner}, who could change who enters; mend it with: chown {user} {argument}"
    )]
    ForeignOwner {
        /// The path, printable.
        path: String,
        /// The user id of its owner.
        owner: u32,
        /// The user who should own it.
        user: &'static str,
        /// The path, quoted for a shell.
        argument: String,
    },
    /// The group or others may write the file or folder.
    #[error(
        "{path}: can be written by others (mode {mode:04o}), who could change who enters; \
         mend it with: chmod go-w {argument}"
    )]
    WritableByOthers {
        /// The path, printable.
        path: String,
        /// Its permission bits.
        mode: u32,
        /// The path, quoted for a shell.
        argument: String,
    },
    /// The group or others may read a secret.
    #[error(
        "{path}: can be read by others (mode {mode:04o}), and is secret; mend it with: chmod 600 {argument}"
    )]
    ReadableByOthers {
        /// The path, printable.
        path: String,
        /// Its permission bits.
        mode: u32,
        /// The path, quoted for a shell.
        argument: String,
    },
    /// Another process holds the lock.
    #[error("{path}: is being changed by another limen command; try again when it has finished")]
    Busy {
        /// The path, printable.
        path: String,
    },
}

impl FileError {
    /// Whether the file does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::System { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The remedy for a system error, as the end of its message; empty if there is no general one.
pub fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        // Root has all rights; if it is refused, the reason is a sandbox or an immutable file.
        io::ErrorKind::PermissionDenied if !geteuid().is_root() => {
            "; this user may not: use sudo, or give it to group limen"
        }
        io::ErrorKind::NotFound => "; check the name and the folder",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; make room on that disk (df shows how full it is)"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "; that disk is mounted read-only, as after a fault of the card (dmesg says why)"
        }
        _ => "",
    }
}

pub(crate) fn failed(path: &Path, doing: &'static str, source: io::Error) -> FileError {
    FileError::System { path: shown(path), doing, source }
}

pub(crate) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), MAX_PATH_SHOWN)
}

/// The path quoted as one argument for a shell.
pub(crate) fn quoted(path: &Path) -> String {
    let text = shown(path);
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
