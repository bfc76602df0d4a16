//! The recorder: two threads between those who record facts and the files.
//!
//! *recorder* appends records, answers, and makes seals between two records (about 0.2 ms on a Pi).
//! *audit-sync* does everything that waits for the card: it syncs, advances the keys, and deletes old files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use limen_core::clock::Now;
use limen_core::clock::ReadClock;
use limen_core::event::Fact;
use limen_core::person::PersonId;

use super::disk::{Disk, RealDisk};
use super::error::AuditError;
use super::folder::failed;
use super::forget::{Forgotten, forget};
use super::message::RecorderMessage;
use super::record::ChainFact;
use super::recorder_thread::RecorderThread;
use super::settings::AuditSettings;
use super::state::{DiskWarning, Position, Shared};
use super::syncer::{Files, SYNC_RETRY};

/// Records that may wait for the recorder; the policy decides long before these are used up.
const QUEUE: usize = 256;
/// How long forgetting waits until the current file is closed: the next key may have to be made first.
const ROTATION_PATIENCE: Duration = Duration::from_secs(10);

/// The recorder thread's handle. `A` names a record whose acceptance somebody waits for.
#[derive(Debug)]
pub struct Recorder<A> {
    sender: Option<SyncSender<RecorderMessage<A>>>,
    thread: Option<JoinHandle<()>>,
    forgetting: Mutex<Vec<JoinHandle<()>>>,
    shared: Arc<Shared>,
    folder: PathBuf,
    files: Files,
    leaving: Arc<AtomicBool>,
}

impl<A: Send + 'static> Recorder<A> {
    /// Opens the audit and starts the threads. `answer` is called for each record with an `A`, with whether
    /// it was accepted. `trouble` is called with each failure, and with `None` when it is over.
    ///
    /// A full, read-only or broken disk is no error here: the audit accepts nothing, [`Recorder::trouble`]
    /// says so, and the recorder tries to open it every two seconds.
    ///
    /// # Errors
    /// A fault that only a person can solve: another process writes there, or the given first key is no key.
    pub fn spawn(
        settings: &AuditSettings,
        clock: ReadClock,
        answer: impl Fn(A, bool) + Send + 'static,
        trouble: impl Fn(Option<AuditError>) + Send + Sync + 'static,
    ) -> Result<Self, AuditError> {
        Self::spawn_on(settings, clock, answer, trouble, Arc::new(RealDisk))
    }

    /// [`Recorder::spawn`] on the given disk.
    pub(super) fn spawn_on(
        settings: &AuditSettings,
        clock: ReadClock,
        answer: impl Fn(A, bool) + Send + 'static,
        trouble: impl Fn(Option<AuditError>) + Send + Sync + 'static,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, AuditError> {
        let files = Files::default();
        let recorder_thread =
            RecorderThread::begin(settings, clock, disk, Arc::clone(&files), Arc::new(trouble))?;
        let shared = recorder_thread.shared();
        let (sender, receiver) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || recorder_thread.record_until_closed(&receiver, &answer))
            .map_err(failed(&settings.folder, "start its thread"))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
            forgetting: Mutex::default(),
            shared,
            folder: settings.folder.clone(),
            files,
            leaving: Arc::default(),
        })
    }

    /// Hands over a record without waiting. Returns false if the recorder is gone or too far behind: the
    /// record is lost and `answer` is not called.
    pub fn record(&self, now: Now, fact: Fact, answer: Option<A>) -> bool {
        let Some(sender) = &self.sender else { return false };
        match sender.try_send(RecorderMessage::Record { now, fact, answer }) {
            Ok(()) => true,
            Err(TrySendError::Full(lost) | TrySendError::Disconnected(lost)) => {
                if let RecorderMessage::Record { fact, .. } = lost {
                    self.shared.lost().add(&fact, now.wall.utc);
                }
                false
            }
        }
    }

    /// Why records are not accepted now; `None` if they are. Ask regularly.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble()
    }

    /// Problems that a person should solve before records are lost; empty if all is well. Ask regularly.
    pub fn disk(&self) -> Vec<DiskWarning> {
        self.shared.disk()
    }

    /// Forgets a person in the records, on a thread of its own. `done` is called with the result.
    pub fn forget(&self, id: PersonId, done: impl FnOnce(Result<Forgotten, AuditError>) + Send + 'static) {
        let Some(sender) = self.sender.clone() else { return done(Err(AuditError::Leaving)) };
        let (folder, files, leaving) =
            (self.folder.clone(), Arc::clone(&self.files), Arc::clone(&self.leaving));
        let spawned = std::thread::Builder::new().name("audit-forget".to_owned()).spawn(move || {
            let _mine = files.lock().unwrap_or_else(PoisonError::into_inner);
            done(forget_beside(&folder, &id, sender, &leaving));
        });
        match spawned {
            Ok(thread) => self.remember(thread),
            Err(error) => log::error!("audit: no thread to forget somebody: {error}"),
        }
    }

    /// Keeps a thread to wait for at the end, and drops those that have ended.
    fn remember(&self, thread: JoinHandle<()>) {
        let mut forgetting = self.forgetting.lock().unwrap_or_else(PoisonError::into_inner);
        for ended in forgetting.extract_if(.., |thread| thread.is_finished()) {
            join(ended);
        }
        forgetting.push(thread);
    }

    /// The newest record and the newest seal.
    pub fn position(&self) -> Position {
        self.shared.levels().position.clone()
    }

    /// Whether the thread has ended, which only a panic causes.
    pub fn is_gone(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl<A> Drop for Recorder<A> {
    /// Writes, seals and syncs all records that were handed over.
    fn drop(&mut self) {
        self.leaving.store(true, Ordering::Relaxed);
        drop(self.sender.take());
        let forgetting = std::mem::take(self.forgetting.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.thread.take().into_iter().chain(forgetting).for_each(join);
    }
}

fn join(thread: JoinHandle<()>) {
    // The panic hook has already reported a panic of the thread.
    let _ = thread.join();
}

/// Forgets a person while the recorder works: first it closes the current file, as closed files change no
/// more.
fn forget_beside<A>(
    folder: &Path,
    id: &PersonId,
    sender: SyncSender<RecorderMessage<A>>,
    leaving: &AtomicBool,
) -> Result<Forgotten, AuditError> {
    let go_on = || !leaving.load(Ordering::Relaxed);
    let begun = Instant::now();
    while !ask(&sender, RecorderMessage::Rotate)? {
        if begun.elapsed() > ROTATION_PATIENCE || !go_on() {
            return Err(AuditError::Leaving);
        }
        sleep(SYNC_RETRY);
    }
    let announce = |fact: ChainFact| {
        let file = ask(&sender, |reply| RecorderMessage::Own(fact, reply))??;
        file.sync_data().map_err(failed(folder, "sync"))
    };
    forget(folder, id, announce, go_on)
}

fn ask<A, T>(
    sender: &SyncSender<RecorderMessage<A>>,
    wrap: impl FnOnce(SyncSender<T>) -> RecorderMessage<A>,
) -> Result<T, AuditError> {
    let (reply, answer) = sync_channel(1);
    sender.send(wrap(reply)).map_err(|_| AuditError::Leaving)?;
    answer.recv().map_err(|_| AuditError::Leaving)
}
