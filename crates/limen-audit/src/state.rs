//! The state of the audit for those who ask: levels that can be read at any time, not messages that could be
//! lost.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::disk::in_words;
use super::log::AuditLog;
use super::lost::Lost;
use super::record::ChainHead;

/// A disk counts as hanging if it takes longer than this to accept a record.
const HANGS: Duration = Duration::from_secs(2);

/// Where the chain is. It is exported, so that it can be compared with the files later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The last record; number 0 until the records could be opened.
    pub head: ChainHead,
    /// The number of the newest seal.
    pub sealed: Option<u64>,
}

impl Position {
    pub(super) fn of(log: &AuditLog) -> Self {
        Self { head: log.head().clone(), sealed: log.sealed() }
    }

    pub(super) fn unknown() -> Self {
        Self { head: ChainHead::before_the_first(), sealed: None }
    }
}

/// A problem that will cost records unless a person solves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskWarning {
    /// The disk is nearly full.
    RoomShort {
        /// The audit's folder.
        folder: PathBuf,
        /// The free space, in bytes.
        free: u64,
        /// The space that should be free, in bytes.
        wanted: u64,
    },
    /// Records younger than `keep-at-least-days` are deleted, or will be soon.
    DeletedYoung {
        /// The audit's folder.
        folder: PathBuf,
        /// The age at which they are deleted, in days.
        days: u64,
        /// The age that they should reach, in days.
        wanted: u64,
    },
    /// A file could not be closed or deleted, or a sealing key could not be made: which, and why.
    Upkeep(String),
}

impl fmt::Display for DiskWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoomShort { folder, free, wanted } => write!(
                f,
                "{}: {} are left on this file system, and there should be {}; make room",
                folder.display(),
                in_words(*free),
                in_words(*wanted)
            ),
            Self::DeletedYoung { folder, days, wanted } => write!(
                f,
                "{}: at this pace records are deleted after {days} days, before the {wanted} of [audit] \
                 keep-at-least-days; copy the files elsewhere, raise [audit] keep, and see who makes so many records",
                folder.display()
            ),
            Self::Upkeep(what) => f.write_str(what),
        }
    }
}

/// The state that the recorder's threads publish. Each value stays until it is replaced.
#[derive(Debug)]
pub struct Shared {
    levels: Mutex<Levels>,
    /// Lost records that no gap record has named yet.
    lost: Mutex<Lost>,
}

/// The published values.
#[derive(Debug)]
pub struct Levels {
    /// The last record and the newest seal.
    pub position: Position,
    /// When the recorder began to work on the disk; none while it waits for records.
    pub busy_since: Option<Instant>,
    /// Why records are not written.
    pub unwritten: Option<String>,
    /// Why written records are not safe on the card.
    pub unsynced: Option<String>,
    /// Why a full file is not closed.
    pub unclosed: Option<String>,
    /// Why it is unknown which files to delete.
    pub undeleted: Option<String>,
    /// Why the keys do not advance, or old files are not deleted.
    pub untended: Option<String>,
    /// The warning that the disk is nearly full.
    pub room: Option<DiskWarning>,
    /// The warning that young records are deleted.
    pub young: Option<DiskWarning>,
}

impl Shared {
    /// The state at the start: no faults, at this position.
    pub fn at(position: Position) -> Self {
        let levels = Levels {
            position,
            busy_since: None,
            unwritten: None,
            unsynced: None,
            unclosed: None,
            undeleted: None,
            untended: None,
            room: None,
            young: None,
        };
        Self { levels: Mutex::new(levels), lost: Mutex::default() }
    }

    /// The published values, to read or replace.
    pub fn levels(&self) -> MutexGuard<'_, Levels> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lost records, to count or to take.
    pub fn lost(&self) -> MutexGuard<'_, Lost> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why records are not accepted now.
    pub fn trouble(&self) -> Option<String> {
        let levels = self.levels();
        let hangs = levels.busy_since.is_some_and(|since| since.elapsed() >= HANGS);
        let hangs = || hangs.then(|| "audit: the disk does not answer".to_owned());
        levels.unwritten.clone().or_else(|| levels.unsynced.clone()).or_else(hangs)
    }

    /// Problems that a person should solve.
    pub fn disk(&self) -> Vec<DiskWarning> {
        let levels = self.levels();
        let upkeep = [&levels.unclosed, &levels.undeleted, &levels.untended];
        let upkeep = upkeep.into_iter().filter_map(|what| what.clone().map(DiskWarning::Upkeep));
        [&levels.room, &levels.young].into_iter().filter_map(Clone::clone).chain(upkeep).collect()
    }
}
