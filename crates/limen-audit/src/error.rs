//! Why a record could not be kept or read, with the remedies.

use std::io;
use std::path::PathBuf;

use limen_files::FileError;
use thiserror::Error;

use super::names::CURRENT;

/// Why a record could not be kept or read.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The file system refuses.
    #[error("audit file {file}: {what}: {source}", file = .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file cannot be replaced or made durable.
    #[error("audit file {0}")]
    Replace(#[from] FileError),
    /// The disk is full, and the reserve is for faults and alarms.
    #[error(
        "audit file {file}: No space left on device: only faults and alarms are recorded until there is room; \
         make room on this file system, which `df -h` lists",
        file = .0.join(CURRENT).display()
    )]
    Full(PathBuf),
    /// The records could not be opened yet; why.
    #[error("{0}")]
    Closed(String),
    /// A record cannot be turned into a line.
    #[error("an audit record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A sealing key cannot be read.
    #[error("sealing key: {0}")]
    Key(FileError),
    /// The first key that was given is none.
    #[error("sealing key {}: holds no key; write 64 hexadecimal digits, as from: openssl rand -hex 32", .0.display())]
    NoKey(PathBuf),
    /// The kernel gives no random numbers.
    #[error("the kernel gives no random numbers: {0}")]
    Random(String),
    /// Another process writes there.
    #[error("{}: another limen writes these records; stop it first (systemctl stop limen)", .0.display())]
    Busy(PathBuf),
    /// The recorder is leaving or its card is too slow.
    #[error("the records cannot be cleaned just now; what was begun is finished at the next start")]
    Leaving,
}

impl AuditError {
    /// The disk is full.
    pub(super) fn says_full(&self) -> bool {
        match self {
            Self::File { source, .. } | Self::Replace(FileError::System { source, .. }) => says_full(source),
            _ => false,
        }
    }
}

/// Whether this says that the disk, or the user's part of it, is full.
pub(super) fn says_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
