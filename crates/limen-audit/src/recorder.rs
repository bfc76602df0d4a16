//! The recorder: two threads between whoever has something to record and the file.
//!
//! *recorder* appends, answers, and signs between two records (some 0.2 ms on a Pi). *audit-sync* does all
//! that waits for the card: it syncs, follows keys up, deletes old files.

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

use super::desk::Desk;
use super::disk::{Disk, RealDisk};
use super::error::AuditError;
use super::folder::failed;
use super::forget::{Forgotten, forget};
use super::message::Message;
use super::record::ChainFact;
use super::settings::AuditSettings;
use super::state::{DiskWarning, Position, Shared};
use super::syncer::{Files, SYNC_RETRY};

/// Records that may wait for the recorder; the policy decides long before these are used up.
const QUEUE: usize = 256;
/// How long forgetting waits for the current file to be closed: the next key has to be made.
const ROTATION_PATIENCE: Duration = Duration::from_secs(10);

/// The recorder thread's handle. `A` names a record whose acceptance somebody waits for.
#[derive(Debug)]
pub struct Recorder<A> {
    sender: Option<SyncSender<Message<A>>>,
    thread: Option<JoinHandle<()>>,
    forgetting: Mutex<Vec<JoinHandle<()>>>,
    shared: Arc<Shared>,
    folder: PathBuf,
    files: Files,
    leaving: Arc<AtomicBool>,
}

impl<A: Send + 'static> Recorder<A> {
    /// Opens the audit and starts the threads; `answer` is told of every record that names one whether it
    /// was accepted, `trouble` of every failure and of its end (`None`).
    ///
    /// A disk that is full, read-only or broken is no error here: nothing is accepted then, which
    /// [`Recorder::trouble`] says, until the audit can be opened, which is tried every two seconds. An error is what
    /// only a person can put right: another process that writes there, or a first key that is none.
    pub fn spawn(
        settings: &AuditSettings,
        clock: ReadClock,
        answer: impl Fn(A, bool) + Send + 'static,
        trouble: impl Fn(Option<AuditError>) + Send + Sync + 'static,
    ) -> Result<Self, AuditError> {
        Self::spawn_on(settings, clock, answer, trouble, Arc::new(RealDisk))
    }

    /// [`Recorder::spawn`] on this disk.
    pub(super) fn spawn_on(
        settings: &AuditSettings,
        clock: ReadClock,
        answer: impl Fn(A, bool) + Send + 'static,
        trouble: impl Fn(Option<AuditError>) + Send + Sync + 'static,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, AuditError> {
        let files = Files::default();
        let desk = Desk::begin(settings, clock, disk, Arc::clone(&files), Arc::new(trouble))?;
        let shared = desk.shared();
        let (sender, receiver) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || desk.record_until_closed(&receiver, &answer))
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

    /// Hands over a record without waiting. False if the recorder is gone or too far behind; the record
    /// is then lost and `answer` will not be called.
    pub fn record(&self, now: Now, fact: Fact, answer: Option<A>) -> bool {
        let Some(sender) = &self.sender else { return false };
        match sender.try_send(Message::Record { now, fact, answer }) {
            Ok(()) => true,
            Err(TrySendError::Full(lost) | TrySendError::Disconnected(lost)) => {
                if let Message::Record { fact, .. } = lost {
                    self.shared.lost().add(&fact, now.wall.utc);
                }
                false
            }
        }
    }

    /// Why records are not accepted now; `None` when they are. To be asked again and again.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble()
    }

    /// What will go wrong with the records if nobody sees to it; empty when all is well. To be asked again and again.
    pub fn disk(&self) -> Vec<DiskWarning> {
        self.shared.disk()
    }

    /// Takes a person out of the records, on a thread of its own; `done` is told how it went.
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

    /// Keeps a thread that has to be waited for, and lets go of those that have ended.
    fn remember(&self, thread: JoinHandle<()>) {
        let mut forgetting = self.forgetting.lock().unwrap_or_else(PoisonError::into_inner);
        for ended in forgetting.extract_if(.., |thread| thread.is_finished()) {
            join(ended);
        }
        forgetting.push(thread);
    }

    /// The last record and the newest seal.
    pub fn position(&self) -> Position {
        self.shared.levels().position.clone()
    }

    /// The thread has ended, which it does not do by itself.
    pub fn is_gone(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl<A> Drop for Recorder<A> {
    /// Writes, seals and syncs what was handed over.
    fn drop(&mut self) {
        self.leaving.store(true, Ordering::Relaxed);
        drop(self.sender.take());
        let forgetting = std::mem::take(self.forgetting.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.thread.take().into_iter().chain(forgetting).for_each(join);
    }
}

fn join(thread: JoinHandle<()>) {
    // A panic of the thread was already reported by the panic hook.
    let _ = thread.join();
}

/// Forgets beside a working recorder: the current file is closed first, and closed files change no more.
fn forget_beside<A>(
    folder: &Path,
    id: &PersonId,
    sender: SyncSender<Message<A>>,
    leaving: &AtomicBool,
) -> Result<Forgotten, AuditError> {
    let go_on = || !leaving.load(Ordering::Relaxed);
    let begun = Instant::now();
    while !ask(&sender, Message::Rotate)? {
        if begun.elapsed() > ROTATION_PATIENCE || !go_on() {
            return Err(AuditError::Leaving);
        }
        sleep(SYNC_RETRY);
    }
    let announce = |fact: ChainFact| {
        let file = ask(&sender, |reply| Message::Own(fact, reply))??;
        file.sync_data().map_err(failed(folder, "sync"))
    };
    forget(folder, id, announce, go_on)
}

fn ask<A, T>(
    sender: &SyncSender<Message<A>>,
    wrap: impl FnOnce(SyncSender<T>) -> Message<A>,
) -> Result<T, AuditError> {
    let (reply, answer) = sync_channel(1);
    sender.send(wrap(reply)).map_err(|_| AuditError::Leaving)?;
    answer.recv().map_err(|_| AuditError::Leaving)
}
