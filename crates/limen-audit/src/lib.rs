//! The audit: the record of all events, a chain of JSON lines, sealed at intervals, written by its own
//! threads.
//!
//! *Accepted* means written to the kernel (survives `kill -9`). *Durable* means synced (survives a power
//! cut), at most [`SYNC_INTERVAL`] later. While syncs fail, nothing is accepted: a card that has become
//! read-only still takes writes, but only into memory. If a file ends in half a record, that half is cut off
//! at the next opening, and a gap is recorded.
//!
//! Each record contains the SHA-256 of the previous record's core. At intervals, at the end of a file and at
//! the end of a run, a *seal* signs the chain with a key that is used once and then erased. The *head*, a
//! record's number and hash, is exported to the journal and over the socket.
//!
//! | an attacker who | can | is detected by |
//! |---|---|---|
//! | can write the files | change, remove, reorder sealed records | anybody with the first public key |
//! | is root now | forge from the last seal on (the next seal's key is there) | a head exported before |
//! | is root now | cut the end off, back to a seal | a head exported after that |
//! | has a copy of the card | put an older state back | a head exported after it |
//! | can write the files | drop personal parts, delete old files | the chain, which records each command |
//! | can read the files only | try ids against the commitments | nobody; 128 bits of salt make it hopeless |
//!
//! Glossary: the chain covers a line's *core*; beside it is the *personal part* or a *signature* (`line`); a
//! *segment* is a closed file; `docs/audit.md` describes the format.

mod book;
mod current;
mod desk;
mod disk;
mod folder;
mod forget;
mod keys;
mod line;
mod log;
mod lost;
mod personal;
mod read;
mod record;
mod recorder;
mod recover;
mod report;
mod reserve;
mod retention;
mod seal;
mod state;
mod syncer;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

pub use disk::{Room, in_words};
pub use forget::{Forgotten, forget_alone};
pub use keys::{CREDENTIAL, Keeper};
pub use log::{AuditLog, Unsynced};
pub use read::{newest_fact, newest_records, read_all, read_newest};
pub use record::{ChainHead, ClockQuality, Record};
pub use recorder::{Recorder, SYNC_INTERVAL};
pub use report::{Finding, Flaw, Report};
pub use seal::{NoKey, SealKey};
pub use state::{DiskWarning, Position};
pub use verify::{Found, Sought, Verifier, verify};

use limen_files::FileError;

/// Why a record could not be written or read.
#[derive(Debug, Error)]
pub enum AuditError {
    /// A file operation failed.
    #[error("audit file {file}: {what}: {source}", file = .file.display())]
    File {
        /// The file that failed.
        file: PathBuf,
        /// What the program tried to do.
        what: &'static str,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A file could not be replaced or made durable.
    #[error("audit file {0}")]
    Replace(#[from] FileError),
    /// The disk is full, and the reserve is only for faults and alarms.
    #[error(
        "audit file {file}: No space left on device: only faults and alarms are recorded until there is room; \
         make room on this file system, which `df -h` lists",
        file = .0.join(folder::CURRENT).display()
    )]
    Full(PathBuf),
    /// The records could not be opened yet, for this reason.
    #[error("{0}")]
    Closed(String),
    /// A record could not be written as JSON.
    #[error("an audit record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A sealing key could not be read.
    #[error("sealing key: {0}")]
    Key(FileError),
    /// The file that was given as the first key holds no key.
    #[error("sealing key {}: holds no key; write 64 hexadecimal digits, as from: openssl rand -hex 32", .0.display())]
    NoKey(PathBuf),
    /// The kernel gave no random numbers.
    #[error("the kernel gives no random numbers: {0}")]
    Random(String),
    /// Another process writes these records.
    #[error("{}: another limen writes these records; stop it first (systemctl stop limen)", .0.display())]
    Busy(PathBuf),
    /// The recorder is stopping, or its card is too slow.
    #[error("the records cannot be cleaned just now; what was begun is finished at the next start")]
    Leaving,
}

impl AuditError {
    /// Whether the error says that the disk is full.
    fn says_full(&self) -> bool {
        match self {
            Self::File { source, .. } | Self::Replace(FileError::System { source, .. }) => {
                disk::says_full(source)
            }
            _ => false,
        }
    }
}

/// Where the audit is, and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// The folder; created with mode 0700 if it is missing.
    pub folder: PathBuf,
    /// The size at which a file is closed and the next one begun, in bytes.
    pub max_bytes: u64,
    /// How many full files are kept. Older ones are deleted.
    pub keep: usize,
    /// Records younger than this are deleted only after a warning; zero: no warning.
    pub keep_at_least: Duration,
    /// The longest time between a record and the seal that covers it.
    pub seal_every: Duration,
    /// A file with the first sealing key; `None`: take the systemd credential, or make a key.
    pub first_key: Option<PathBuf>,
}

impl AuditSettings {
    /// The settings of an empty configuration, but with this folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            max_bytes: 16 << 20,
            keep: 16,
            keep_at_least: Duration::from_secs(90 * 86_400),
            seal_every: Duration::from_secs(600),
            first_key: None,
        }
    }
}

#[cfg(test)]
mod tests;
