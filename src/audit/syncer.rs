//! The thread that waits for the card: a slow one takes half a second for a sync, and whoever stands at the
//! door waits for a record's acceptance, not for its durability.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::AuditError;
use super::folder::{failed, sync_folder};
use super::keys::Keeper;
use super::log::{AuditLog, Unsynced};
use super::retention;
use crate::failpoint;

/// Held by whoever rewrites or deletes closed files.
pub type Files = Arc<Mutex<()>>;

/// Something to sync, and what is to be done then.
#[derive(Debug)]
pub struct Job {
    /// What is to be synced.
    pub unsynced: Unsynced,
    /// Then the closed files up to this record are to be deleted.
    pub delete: Option<u64>,
}

/// The thread's handle.
#[derive(Debug)]
pub struct Syncer {
    jobs: SyncSender<Job>,
    thread: JoinHandle<Keeper>,
    failing: Arc<AtomicBool>,
    folder: PathBuf,
}

impl Syncer {
    /// Starts the thread, which first of all makes the next key.
    pub fn spawn(
        log: &AuditLog,
        files: Files,
        trouble: Arc<impl Fn(Option<AuditError>) + Send + Sync + 'static>,
        sync: impl Fn(&File) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, AuditError> {
        let folder = log.settings().folder.clone();
        let failing = Arc::new(AtomicBool::new(false));
        let mut worker = Worker {
            folder: folder.clone(),
            keeper: log.keeper(),
            files,
            late: Vec::new(),
            failing: Arc::clone(&failing),
        };
        let (jobs, waiting) = sync_channel::<Job>(1);
        let thread = std::thread::Builder::new()
            .name("audit-sync".to_owned())
            .spawn(move || {
                let mut in_trouble = false;
                let mut report = |done: Result<(), AuditError>| {
                    if std::mem::replace(&mut in_trouble, done.is_err()) != done.is_err() {
                        trouble(done.err());
                    }
                };
                report(worker.keeper.advance());
                for job in waiting {
                    failpoint::reach("audit-sync");
                    report(worker.perform(job, &sync));
                }
                worker.keeper
            })
            .map_err(failed(&folder, "start its thread"))?;
        Ok(Self { jobs, thread, failing, folder })
    }

    /// Hands a job over; it comes back while an earlier one waits.
    pub fn ask(&self, job: Job) -> Result<(), Job> {
        self.jobs.try_send(job).map_err(|(TrySendError::Full(job) | TrySendError::Disconnected(job))| job)
    }

    /// The thread has ended, which it does not do by itself.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// The last sync failed.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::SeqCst)
    }

    /// Hands the last jobs over, waits until all are done, and returns the keeper.
    pub fn finish(self, owed: VecDeque<Job>) -> Result<Keeper, AuditError> {
        owed.into_iter().for_each(|job| drop(self.jobs.send(job)));
        drop(self.jobs);
        let panicked = || io::Error::other("the thread ended unexpectedly");
        self.thread.join().map_err(|_| failed(&self.folder, "sync")(panicked()))
    }
}

struct Worker {
    folder: PathBuf,
    keeper: Keeper,
    files: Files,
    /// What could not be synced yet; a handful, because without a sync there is no next seal.
    late: Vec<Unsynced>,
    failing: Arc<AtomicBool>,
}

impl Worker {
    fn perform(&mut self, job: Job, sync: &impl Fn(&File) -> io::Result<()>) -> Result<(), AuditError> {
        // A plain sync that failed is made up for by the next; a seal's must not be forgotten.
        self.late.retain(|late| late.sealed || late.renamed);
        self.late.push(job.unsynced);
        let synced = self.late.iter().try_for_each(|late| sync(&late.file));
        self.failing.store(synced.is_err(), Ordering::SeqCst);
        synced.map_err(failed(&self.folder, "sync"))?;
        let done = std::mem::take(&mut self.late);
        if done.iter().any(|late| late.renamed) {
            sync_folder(&self.folder)?;
        }
        if done.iter().any(|late| late.sealed) {
            self.keeper.seal_is_durable();
        }
        self.keeper.advance()?;
        match (job.delete, self.files.try_lock()) {
            (Some(last), Ok(_mine)) => retention::drop_up_to(&self.folder, last),
            // Somebody is being forgotten there; the next closed file is soon enough.
            _ => Ok(()),
        }
    }
}
