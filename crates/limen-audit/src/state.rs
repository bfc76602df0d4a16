//! How the audit does, for everybody who asks: levels that are read, not messages that could be lost.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::disk::in_words;
use super::log::AuditLog;
use super::lost::Lost;
use super::record::ChainHead;

/// A disk that has not taken a record for so long hangs.
const HANGS: Duration = Duration::from_secs(2);

/// Where the chain is: what is exported, so that it can be held against the files later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The last record; number 0 while the records cannot be opened.
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

/// What will go wrong with the records if nobody sees to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskWarning {
    /// The disk is nearly full.
    RoomShort {
        /// The folder of the records.
        folder: PathBuf,
        /// Bytes left.
        free: u64,
        /// Bytes that there should be.
        wanted: u64,
    },
    /// Records are deleted, or are about to be, that are younger than `keep-at-least-days`.
    DeletedYoung {
        /// The folder of the records.
        folder: PathBuf,
        /// The age in days at which they go.
        days: u64,
        /// The age in days that they should reach.
        wanted: u64,
    },
    /// A file could not be closed or deleted, or a sealing key not be made; what, and why.
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

/// What the recorder's threads say of themselves; each value stands until it is replaced.
#[derive(Debug)]
pub struct Shared {
    levels: Mutex<Levels>,
    /// What no gap speaks of yet.
    lost: Mutex<Lost>,
}

/// The levels.
#[derive(Debug)]
pub struct Levels {
    /// The last record and the newest seal.
    pub position: Position,
    /// Since when the recorder works on the disk without a pause.
    pub busy_since: Option<Instant>,
    /// Why records are not written.
    pub unwritten: Option<String>,
    /// Why what is written is not safe on the card.
    pub unsynced: Option<String>,
    /// Why a file is not closed.
    pub unclosed: Option<String>,
    /// Why it cannot be said which files are to be deleted.
    pub undeleted: Option<String>,
    /// Why keys do not follow, or old files are not deleted.
    pub untended: Option<String>,
    /// The disk is nearly full.
    pub room: Option<DiskWarning>,
    /// Young records are deleted.
    pub young: Option<DiskWarning>,
}

impl Shared {
    /// Everything well, at this position.
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

    /// The levels, to be read or replaced.
    pub fn levels(&self) -> MutexGuard<'_, Levels> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was lost, to be added to or said.
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

    /// What somebody should see to.
    pub fn disk(&self) -> Vec<DiskWarning> {
        let levels = self.levels();
        let upkeep = [&levels.unclosed, &levels.undeleted, &levels.untended];
        let upkeep = upkeep.into_iter().filter_map(|what| what.clone().map(DiskWarning::Upkeep));
        [&levels.room, &levels.young].into_iter().filter_map(Clone::clone).chain(upkeep).collect()
    }
}
