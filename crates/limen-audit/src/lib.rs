//! The record of everything that happened: a chain of JSON lines, sealed at intervals, written by threads of
//! its own.
//!
//! *Accepted* means written to the kernel (survives `kill -9`); *durable* means synced (survives a power
//! cut), at most [`SYNC_INTERVAL`] later. While syncs fail nothing is accepted: a card that has turned
//! read-only still takes writes, into memory. A file that ends in half a record is cut back to its last whole one
//! when it is opened, and the gap is recorded.
//!
//! Each record carries the SHA-256 of the core of the one before. At intervals, at the end of a file and at
//! the end of a run a *seal* signs the chain with a key that is used once and then erased. The *head*, a
//! record's number and hash, goes to the journal and over the socket.
//!
//! | who | can | is seen by |
//! |---|---|---|
//! | can write the files | change, remove, reorder sealed records | whoever holds the first public key |
//! | is root, now | forge from the last seal on, as the key of the next seal is there | a head exported before |
//! | is root, now | cut the end off, back to a seal | a head exported after that |
//! | has a copy of the card | put an older state back | a head exported after it |
//! | can write the files | drop personal parts, delete old files | the chain, which records who was asked to |
//! | holds the files only | try ids against the commitments | nobody, and in vain: 128 bits of salt |
//!
//! Glossary: a line's *core* is what the chain covers, beside it lies the *personal part* or a *signature*
//! (`line`); a *segment* is a closed file; the format is in `docs/audit.md`.

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

/// Why a record could not be kept or read.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The file system refuses.
    #[error("audit file {file}: {what}: {source}", file = .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What was tried.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be replaced or made durable.
    #[error("audit file {0}")]
    Replace(#[from] FileError),
    /// The disk is full, and the reserve is for faults and alarms.
    #[error(
        "audit file {file}: No space left on device: only faults and alarms are recorded until there is room; \
         make room on this file system, which `df -h` lists",
        file = .0.join(folder::CURRENT).display()
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
    fn says_full(&self) -> bool {
        match self {
            Self::File { source, .. } | Self::Replace(FileError::System { source, .. }) => {
                disk::says_full(source)
            }
            _ => false,
        }
    }
}

/// Where the audit lies and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// The folder; created with mode 0700 if missing.
    pub folder: PathBuf,
    /// A file that reaches this is closed and another begun.
    pub max_bytes: u64,
    /// So many full files are kept; the oldest beyond that are deleted.
    pub keep: usize,
    /// Records that are younger are deleted only after a warning; zero for none.
    pub keep_at_least: Duration,
    /// The longest time between a record and the seal that covers it.
    pub seal_every: Duration,
    /// A file with the first sealing key; `None` takes the systemd credential or makes one.
    pub first_key: Option<PathBuf>,
}

impl AuditSettings {
    /// In this folder, everything else as an empty configuration has it.
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
