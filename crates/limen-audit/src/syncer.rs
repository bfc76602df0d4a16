//! The thread that waits for the card. A slow card takes half a second for a sync; a person at the door waits
//! until a record is accepted, not until it is durable.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use limen_files::failpoint;
use limen_files::sync_folder;

use super::disk::Disk;
use super::error::AuditError;
use super::folder::failed;
use super::keys::SealKeyKeeper;
use super::log::{AuditLog, Unsynced};
use super::message::FailureListener;
use super::retention;
use super::state::Shared;

/// The longest time between a record's acceptance and its durability.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// How soon what had to wait for the sync thread is asked for again.
pub(super) const SYNC_RETRY: Duration = Duration::from_millis(50);

/// Held by whoever rewrites or deletes closed files.
pub type Files = Arc<Mutex<()>>;

/// A sync, and what to do after it.
#[derive(Debug)]
pub struct SyncJob {
    /// What to sync.
    pub unsynced: Unsynced,
    /// Delete the closed files up to this record afterwards.
    pub delete: Option<u64>,
}

/// The handle of the sync thread.
#[derive(Debug)]
pub struct Syncer {
    jobs: SyncSender<SyncJob>,
    thread: JoinHandle<SealKeyKeeper>,
    failing: Arc<AtomicBool>,
    folder: PathBuf,
}

impl Syncer {
    /// Starts the thread. It makes the next key first.
    pub fn spawn(
        log: &AuditLog,
        files: Files,
        shared: Arc<Shared>,
        trouble: FailureListener,
    ) -> Result<Self, AuditError> {
        let folder = log.settings().folder.clone();
        let failing = Arc::new(AtomicBool::new(false));
        let mut worker = SyncWorker {
            folder: folder.clone(),
            disk: log.disk(),
            keeper: log.keeper(),
            files,
            late: Vec::new(),
            failing: Arc::clone(&failing),
            shared,
        };
        let (jobs, waiting) = sync_channel::<SyncJob>(1);
        let thread = std::thread::Builder::new()
            .name("audit-sync".to_owned())
            .spawn(move || {
                let mut in_trouble = false;
                let mut report = |done: Result<(), AuditError>| {
                    if std::mem::replace(&mut in_trouble, done.is_err()) != done.is_err() {
                        trouble(done.err());
                    }
                };
                report(worker.tend(None));
                for job in waiting {
                    failpoint::reach("audit-sync");
                    report(worker.perform(job));
                }
                worker.keeper
            })
            .map_err(failed(&folder, "start its thread"))?;
        Ok(Self { jobs, thread, failing, folder })
    }

    /// Hands over a job. It is returned if an earlier one still waits.
    pub fn ask(&self, job: SyncJob) -> Result<(), SyncJob> {
        self.jobs.try_send(job).map_err(|(TrySendError::Full(job) | TrySendError::Disconnected(job))| job)
    }

    /// Whether the thread has ended, which only a panic causes.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// Whether the last sync failed.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::SeqCst)
    }

    /// Hands over the last jobs, waits until all are done, and returns the keeper.
    pub fn finish(self, owed: VecDeque<SyncJob>) -> Result<SealKeyKeeper, AuditError> {
        owed.into_iter().for_each(|job| drop(self.jobs.send(job)));
        drop(self.jobs);
        let panicked = || io::Error::other("the thread ended unexpectedly");
        self.thread.join().map_err(|_| failed(&self.folder, "sync")(panicked()))
    }
}

struct SyncWorker {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    keeper: SealKeyKeeper,
    files: Files,
    /// Jobs whose sync failed. There are only a few, because without a sync there is no next seal.
    late: Vec<Unsynced>,
    failing: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl SyncWorker {
    fn perform(&mut self, job: SyncJob) -> Result<(), AuditError> {
        // The next sync covers a plain one that failed; a sync of a seal must not be lost.
        self.late.retain(|late| late.sealed || late.renamed);
        self.late.push(job.unsynced);
        self.sync()?;
        let done = std::mem::take(&mut self.late);
        if done.iter().any(|late| late.sealed) {
            self.keeper.seal_is_durable();
        }
        self.tend(job.delete)
    }

    /// Makes all written records durable.
    fn sync(&mut self) -> Result<(), AuditError> {
        let synced = self.late.iter().try_for_each(|late| self.disk.sync(&late.file));
        let mut synced = synced.map_err(failed(&self.folder, "sync"));
        if synced.is_ok() && self.late.iter().any(|late| late.renamed) {
            synced = sync_folder(&self.folder).map_err(AuditError::from);
        }
        self.failing.store(synced.is_err(), Ordering::SeqCst);
        self.shared.levels().unsynced = synced.as_ref().err().map(ToString::to_string);
        synced
    }

    /// Advances the keys, and deletes the closed files up to this record.
    fn tend(&mut self, delete: Option<u64>) -> Result<(), AuditError> {
        let tended = self.keeper.advance().and_then(|()| match (delete, self.files.try_lock()) {
            (Some(last), Ok(_mine)) => retention::drop_up_to(&self.folder, last),
            // A person is being forgotten there; the next closed file will be soon enough.
            _ => Ok(()),
        });
        self.shared.levels().untended = tended.as_ref().err().map(ToString::to_string);
        tended
    }
}
