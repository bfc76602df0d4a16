//! The recorder: two threads between whoever has something to record and the file.
//!
//! *recorder* appends, answers, and signs between two records (some 0.2 ms on a Pi). *audit-sync* does all
//! that waits for the card: it syncs, follows keys up, deletes old files.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use super::folder::failed;
use super::forget::{Forgotten, forget};
use super::log::{AuditLog, Unsynced};
use super::record::{ChainFact, ChainHead};
use super::syncer::{Files, Job, Syncer};
use super::{AuditError, AuditSettings};
use crate::clock::Now;
use crate::event::Fact;
use crate::failpoint;
use crate::person::PersonId;

/// The longest time between a record's acceptance and its durability.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// A sync begins so long after the first record that it covers, which leaves as long for the card.
const SYNC_AFTER: Duration = Duration::from_millis(500);
/// How soon a sync that had to wait for an earlier one is asked for again.
const SYNC_RETRY: Duration = Duration::from_millis(50);
/// Records that may wait for the recorder; the policy decides long before these are used up.
const QUEUE: usize = 256;
/// How long forgetting waits for the current file to be closed: the next key has to be made.
const ROTATION_PATIENCE: Duration = Duration::from_secs(10);

enum Message<A> {
    Record { now: Now, fact: Fact, answer: Option<A> },
    Rotate(SyncSender<bool>),
    Own(ChainFact, SyncSender<Result<File, AuditError>>),
}

/// Where the chain is: what is exported, so that it can be held against the files later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The last record.
    pub head: ChainHead,
    /// The number of the newest seal.
    pub sealed: Option<u64>,
}

impl Position {
    fn of(log: &AuditLog) -> Self {
        Self { head: log.head().clone(), sealed: log.sealed() }
    }
}

/// The recorder thread's handle. `A` names a record whose acceptance somebody waits for.
#[derive(Debug)]
pub struct Recorder<A> {
    sender: Option<SyncSender<Message<A>>>,
    thread: Option<JoinHandle<()>>,
    forgetting: Mutex<Vec<JoinHandle<()>>>,
    position: Arc<Mutex<Position>>,
    folder: PathBuf,
    files: Files,
    leaving: Arc<AtomicBool>,
}

impl<A: Send + 'static> Recorder<A> {
    /// Opens the audit and starts the threads; `answer` is told of every record that names one whether it
    /// was accepted, `trouble` of every failure and of its end (`None`).
    pub fn spawn(
        settings: &AuditSettings,
        answer: impl Fn(A, bool) + Send + 'static,
        trouble: impl Fn(Option<AuditError>) + Send + Sync + 'static,
    ) -> Result<Self, AuditError> {
        Self::spawn_with(settings, answer, trouble, File::sync_data)
    }

    pub(super) fn spawn_with(
        settings: &AuditSettings,
        answer: impl Fn(A, bool) + Send + 'static,
        trouble: impl Fn(Option<AuditError>) + Send + Sync + 'static,
        sync: impl Fn(&File) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, AuditError> {
        let log = AuditLog::open(settings)?;
        let trouble = Arc::new(trouble);
        let files = Files::default();
        let syncer = Syncer::spawn(&log, Arc::clone(&files), Arc::clone(&trouble), sync)?;
        let position = Arc::new(Mutex::new(Position::of(&log)));
        let (sender, receiver) = sync_channel(QUEUE);
        let desk = Desk {
            log,
            owed: VecDeque::new(),
            unsynced_since: None,
            unsealed_since: None,
            in_trouble: false,
            position: Arc::clone(&position),
        };
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || desk.record_until_closed(syncer, &receiver, &answer, &*trouble))
            .map_err(failed(&settings.folder, "start its thread"))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
            forgetting: Mutex::default(),
            position,
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
                    log::error!("audit: a record was lost: {fact:?}");
                }
                false
            }
        }
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
            Ok(thread) => {
                let mut forgetting = self.forgetting.lock().unwrap_or_else(PoisonError::into_inner);
                join_finished(&mut forgetting);
                forgetting.push(thread);
            }
            Err(error) => log::error!("audit: no thread to forget somebody: {error}"),
        }
    }

    /// The last record and the newest seal.
    pub fn position(&self) -> Position {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        for thread in self.thread.take().into_iter().chain(forgetting) {
            // A panic of the thread was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

/// A thread that has ended keeps its stack until somebody joins it.
fn join_finished(threads: &mut Vec<JoinHandle<()>>) {
    let (finished, working) = std::mem::take(threads).into_iter().partition(JoinHandle::is_finished);
    *threads = working;
    let finished: Vec<JoinHandle<()>> = finished;
    for thread in finished {
        // A panic of the thread was already reported by the panic hook.
        let _ = thread.join();
    }
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

/// What the recorder's thread works on.
struct Desk {
    log: AuditLog,
    /// What the syncer must be told; nothing of it may be left out.
    owed: VecDeque<Job>,
    unsynced_since: Option<Instant>,
    unsealed_since: Option<Instant>,
    in_trouble: bool,
    position: Arc<Mutex<Position>>,
}

impl Desk {
    fn record_until_closed<A>(
        mut self,
        syncer: Syncer,
        receiver: &Receiver<Message<A>>,
        answer: &impl Fn(A, bool),
        trouble: &impl Fn(Option<AuditError>),
    ) {
        while !syncer.is_gone() {
            let patience = self
                .unsynced_since
                .map_or(SYNC_INTERVAL, |since| SYNC_AFTER.saturating_sub(since.elapsed()).max(SYNC_RETRY));
            failpoint::reach("recorder");
            match receiver.recv_timeout(patience) {
                Ok(Message::Record { now, fact, answer: name }) => {
                    let written = self.log.append(now, fact);
                    if let Some(name) = name {
                        // A card that has turned read-only still takes writes, into memory.
                        answer(name, written.is_ok() && !syncer.is_failing());
                    }
                    self.written(written, trouble);
                }
                Ok(message) => self.serve(message, trouble),
                // Closing a file signs and renames: better while nobody waits.
                Err(RecvTimeoutError::Timeout) if self.log.is_full() => drop(self.rotate(trouble)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.log.is_overfull() {
                self.rotate(trouble);
            }
            self.seal_if_due(trouble);
            self.pass_on(&syncer);
        }
        self.leave(syncer);
    }

    fn serve<A>(&mut self, message: Message<A>, trouble: &impl Fn(Option<AuditError>)) {
        match message {
            Message::Record { .. } => {}
            Message::Rotate(reply) => {
                let rotated = self.rotate(trouble);
                // Whoever asked may have left.
                let _ = reply.try_send(rotated);
            }
            Message::Own(fact, reply) => {
                let written = self.log.append_own(Now::read(), &fact);
                let file = written.and_then(|()| self.log.unsynced()).map(|unsynced| unsynced.file);
                if file.is_ok() {
                    self.written(Ok(()), trouble);
                }
                let _ = reply.try_send(file);
            }
        }
    }

    fn written(&mut self, written: Result<(), AuditError>, trouble: &impl Fn(Option<AuditError>)) {
        match written {
            Ok(()) => {
                self.unsynced_since.get_or_insert_with(Instant::now);
                if self.log.wants_seal() {
                    self.unsealed_since.get_or_insert_with(Instant::now);
                }
                *self.position.lock().unwrap_or_else(PoisonError::into_inner) = Position::of(&self.log);
                if std::mem::take(&mut self.in_trouble) {
                    trouble(None);
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.in_trouble, true) {
                    trouble(Some(error));
                }
            }
        }
    }

    /// Signs and says where the chain is, so long after the first record without a seal.
    fn seal_if_due(&mut self, trouble: &impl Fn(Option<AuditError>)) {
        if self.unsealed_since.is_none_or(|since| since.elapsed() < self.log.settings().seal_every) {
            return;
        }
        // With the next key late, the head is exported all the same.
        self.unsealed_since = None;
        let sealed = self.log.seal(Now::read(), false);
        log::info!("audit: head {}", self.log.head());
        match sealed {
            Ok(Some(unsynced)) => self.owe(unsynced, trouble),
            Ok(None) => self.unsealed_since = Some(Instant::now()),
            Err(error) => self.written(Err(error), trouble),
        }
    }

    /// True if the current file is closed, or empty.
    fn rotate(&mut self, trouble: &impl Fn(Option<AuditError>)) -> bool {
        match self.log.rotate(Now::read()) {
            Ok(Some(unsynced)) => {
                self.unsealed_since = None;
                self.owe(unsynced, trouble);
                match self.log.announce_retention(Now::read()) {
                    Ok(Some(last)) => self.owe_deletion(last, trouble),
                    Ok(None) => {}
                    Err(error) => self.written(Err(error), trouble),
                }
                true
            }
            Ok(None) => self.log.is_empty(),
            Err(error) => {
                self.written(Err(error), trouble);
                false
            }
        }
    }

    fn owe(&mut self, unsynced: Unsynced, trouble: &impl Fn(Option<AuditError>)) {
        self.owed.push_back(Job { unsynced, delete: None });
        self.written(Ok(()), trouble);
    }

    fn owe_deletion(&mut self, last: u64, trouble: &impl Fn(Option<AuditError>)) {
        match self.log.unsynced() {
            Ok(unsynced) => self.owed.push_back(Job { unsynced, delete: Some(last) }),
            Err(error) => self.written(Err(error), trouble),
        }
        self.written(Ok(()), trouble);
    }

    /// Hands the syncer what it must be told, and asks for a sync when that is due.
    fn pass_on(&mut self, syncer: &Syncer) {
        while let Some(job) = self.owed.pop_front() {
            if let Err(job) = syncer.ask(job) {
                return self.owed.push_front(job);
            }
        }
        if self.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_AFTER)
            && let Ok(unsynced) = self.log.unsynced()
            && syncer.ask(Job { unsynced, delete: None }).is_ok()
        {
            self.unsynced_since = None;
        }
    }

    fn leave(self, syncer: Syncer) {
        let closed = syncer.finish(self.owed).and_then(|keeper| self.log.close(Now::read(), keeper));
        match closed {
            Ok(head) => log::info!("audit: closed with head {head}"),
            Err(error) => log::error!("{error}"),
        }
    }
}
