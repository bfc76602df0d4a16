//! The open audit and its sync thread: when records are synced and sealed, and when files are closed and
//! deleted.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use limen_core::clock::Now;
use limen_core::event::Fact;

use super::error::AuditError;
use super::log::{AuditLog, Unsynced};
use super::message::FailureListener;
use super::record::ChainFact;
use super::retention;
use super::state::{DiskWarning, Position, Shared};
use super::syncer::{Files, SYNC_INTERVAL, SYNC_RETRY, SyncJob, Syncer};

/// The time from a record to the start of the sync that covers it. The card has as much time again.
const SYNC_AFTER: Duration = Duration::from_millis(500);
/// The time until a file that could not be closed is tried again.
const ROTATION_RETRY: Duration = Duration::from_secs(2);
/// How long the warning is raised before young records are deleted: enough to record and sync the alarm and
/// to send it to those who follow the events.
const NOTICE: Duration = Duration::from_secs(10);
/// How often the closed files are checked: normally, and while some are waiting to be deleted.
const LOOK: Duration = Duration::from_secs(3600);
const LOOK_SOON: Duration = Duration::from_secs(2);
/// The time until a deletion that did not happen is asked for again.
const DELETION_RETRY: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// The open audit.
pub struct Book {
    log: AuditLog,
    syncer: Syncer,
    shared: Arc<Shared>,
    /// Jobs for the sync thread. None may be lost.
    owed: VecDeque<SyncJob>,
    unsynced_since: Option<Instant>,
    unsealed_since: Option<Instant>,
    /// The earliest time to close a file. `None`: at once.
    rotate_from: Option<Instant>,
    /// Since when young records are about to be deleted.
    young_since: Option<Instant>,
    /// The earliest time to check the closed files again. `None`: at once.
    look_from: Option<Instant>,
    /// The last deletion that was asked for: the number of its last record, and when.
    asked: Option<(u64, Instant)>,
}

impl Book {
    /// Starts the sync thread for an open audit.
    pub fn open(
        log: AuditLog,
        files: Files,
        shared: Arc<Shared>,
        trouble: FailureListener,
    ) -> Result<Self, AuditError> {
        let syncer = Syncer::spawn(&log, files, Arc::clone(&shared), trouble)?;
        shared.levels().position = Position::of(&log);
        Ok(Self {
            log,
            syncer,
            shared,
            owed: VecDeque::new(),
            unsynced_since: None,
            unsealed_since: None,
            rotate_from: None,
            young_since: None,
            look_from: None,
            asked: None,
        })
    }

    /// Whether the sync thread has ended, which only a panic causes.
    pub fn is_gone(&self) -> bool {
        self.syncer.is_gone()
    }

    /// Whether the last sync succeeded. A card that has become read-only still accepts writes, but only into
    /// memory.
    pub fn is_durable(&self) -> bool {
        !self.syncer.is_failing()
    }

    /// The longest time to wait for the next record.
    pub fn patience(&self) -> Duration {
        let left = |since: Instant| SYNC_AFTER.saturating_sub(since.elapsed()).max(SYNC_RETRY);
        self.unsynced_since.map_or(SYNC_INTERVAL, left)
    }

    /// Writes a record.
    pub fn append(&mut self, now: Now, fact: &Fact) -> Result<(), AuditError> {
        self.log.append(now, fact)?;
        self.written();
        Ok(())
    }

    /// Writes one of the chain's own records and returns the file, so that it can be synced.
    pub fn append_own(&mut self, fact: &ChainFact) -> Result<File, AuditError> {
        self.log.append_own(self.log.now(), fact)?;
        self.written();
        self.log.duplicate()
    }

    fn written(&mut self) {
        self.unsynced_since.get_or_insert_with(Instant::now);
        if self.log.wants_seal() {
            self.unsealed_since.get_or_insert_with(Instant::now);
        }
        self.shared.levels().position = Position::of(&self.log);
    }

    /// Closes a file that cannot wait, makes a seal if one is due, and hands the sync thread its work.
    pub fn go_on(&mut self) {
        if self.log.is_overfull() {
            self.rotate();
        }
        self.seal_if_due();
        self.pass_on();
    }

    /// Closes a full file, while nobody waits for a record.
    pub fn rotate_if_full(&mut self) {
        if self.log.is_full() {
            self.rotate();
        }
    }

    /// Seals the chain and exports its head, a certain time after the first record without a seal.
    fn seal_if_due(&mut self) {
        if self.unsealed_since.is_none_or(|since| since.elapsed() < self.log.settings().seal_every) {
            return;
        }
        // Even while the next key is late, the head is exported.
        self.unsealed_since = None;
        let sealed = self.log.seal(self.log.now(), false);
        log::info!("audit: head {}", self.log.head());
        match sealed {
            Ok(Some(unsynced)) => {
                self.owe(unsynced, None);
                self.unclosed(None);
            }
            Ok(None) => self.unsealed_since = Some(Instant::now()),
            Err(error) => {
                self.unsealed_since = Some(Instant::now());
                self.written();
                self.unclosed(Some(&error));
            }
        }
    }

    /// Closes the current file. Returns true if it is closed or empty.
    pub fn rotate(&mut self) -> bool {
        if self.rotate_from.is_some_and(|from| Instant::now() < from) {
            return false;
        }
        match self.log.rotate(self.log.now()) {
            Ok(Some(unsynced)) => {
                self.unsealed_since = None;
                self.owe(unsynced, None);
                self.unclosed(None);
                self.retain();
                true
            }
            Ok(None) => self.log.is_empty(),
            Err(error) => {
                self.rotate_from = Some(Instant::now() + ROTATION_RETRY);
                // The file may have been sealed; the next key waits until that seal is synced.
                self.written();
                self.unclosed(Some(&error));
                false
            }
        }
    }

    /// Checks, when it is time, whether records have to be deleted now or soon.
    pub fn retain_if_due(&mut self) {
        if self.look_from.is_none_or(|from| Instant::now() >= from) {
            self.retain();
        }
    }

    /// Deletes the files beyond the limit. Records younger than `keep-at-least-days` are deleted only after
    /// the warning has been raised for a while.
    fn retain(&mut self) {
        let now = self.log.now();
        let done = self.look(now).and_then(|due| due.map_or(Ok(()), |last| self.delete(now, last)));
        if let Err(error) = &done {
            log::error!("{error}");
        }
        self.shared.levels().undeleted = done.err().map(|error| error.to_string());
    }

    /// The number of the last record to delete now, if any.
    fn look(&mut self, now: Now) -> Result<Option<u64>, AuditError> {
        self.look_from = Some(Instant::now() + LOOK);
        let settings = self.log.settings();
        let outlook = retention::outlook(settings, now.wall.utc)?;
        let young = outlook.age.filter(|age| *age < settings.keep_at_least);
        self.shared.levels().young = young.map(|age| DiskWarning::DeletedYoung {
            folder: settings.folder.clone(),
            days: age.as_secs() / DAY.as_secs(),
            wanted: settings.keep_at_least.as_secs() / DAY.as_secs(),
        });
        self.young_since = young.and(self.young_since.or_else(|| Some(Instant::now())));
        let noticed = self.young_since.is_none_or(|since| since.elapsed() >= NOTICE);
        if outlook.excess.is_some() {
            self.look_from = Some(Instant::now() + LOOK_SOON);
        }
        Ok(if noticed { outlook.excess } else { outlook.old })
    }

    fn delete(&mut self, now: Now, last: u64) -> Result<(), AuditError> {
        if self.asked.is_some_and(|(asked, at)| asked >= last && at.elapsed() < DELETION_RETRY) {
            return Ok(());
        }
        self.log.announce_retention(now, last)?;
        let unsynced = self.log.unsynced()?;
        self.owe(unsynced, Some(last));
        self.asked = Some((last, Instant::now()));
        Ok(())
    }

    fn owe(&mut self, unsynced: Unsynced, delete: Option<u64>) {
        self.owed.push_back(SyncJob { unsynced, delete });
        self.written();
    }

    fn unclosed(&self, error: Option<&AuditError>) {
        if let Some(error) = error {
            log::error!("{error}");
        }
        self.shared.levels().unclosed = error.map(ToString::to_string);
    }

    /// Hands jobs to the sync thread, and asks for a sync when one is due.
    fn pass_on(&mut self) {
        while let Some(job) = self.owed.pop_front() {
            if let Err(job) = self.syncer.ask(job) {
                return self.owed.push_front(job);
            }
        }
        if self.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_AFTER)
            && let Ok(unsynced) = self.log.unsynced()
        {
            match self.syncer.ask(SyncJob { unsynced, delete: None }) {
                Ok(()) => self.unsynced_since = None,
                // A plain sync is asked for again later; a sync of a seal must not be lost.
                Err(job) => self.owed.extend(Some(job).filter(|job| job.unsynced.sealed)),
            }
        }
    }

    /// Seals the last records, makes them durable, and logs the head of the chain.
    pub fn close(self) {
        let closed = self.syncer.finish(self.owed).and_then(|keeper| {
            let now = self.log.now();
            self.log.close(now, keeper)
        });
        match closed {
            Ok(head) => log::info!("audit: closed with head {head}"),
            Err(error) => log::error!("{error}"),
        }
    }
}
