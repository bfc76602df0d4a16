//! The record of everything that happened: one JSON object a line, appended by a thread of its own.
//!
//! *Accepted* means written to the kernel (survives `kill -9`); *durable* means synced (survives a power
//! cut), at most [`SYNC_INTERVAL`] later. While syncs fail nothing is accepted: a card that has turned
//! read-only still takes writes, into memory. Each record carries the SHA-256 of the line before it. A file
//! that ends in half a record is cut back to its last whole one when it is opened, and the gap is recorded.

mod log;
mod record;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use thiserror::Error;

pub use log::{AuditLog, newest_records};
pub use record::{ClockQuality, Record};

use crate::clock::Now;
use crate::event::Fact;
use crate::failpoint;

/// The longest time between a record's acceptance and its durability.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// A sync begins so long after the first record that it covers, which leaves as long for the card.
const SYNC_AFTER: Duration = Duration::from_millis(500);
/// How soon a sync that had to wait for an earlier one is asked for again.
const SYNC_RETRY: Duration = Duration::from_millis(50);
/// Records that may wait for the recorder; the policy decides long before these are used up.
const QUEUE: usize = 256;

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
    /// A record cannot be turned into a line.
    #[error("an audit record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Where the audit lies and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// The folder; created with mode 0700 if missing.
    pub folder: PathBuf,
    /// A file larger than this is closed and another begun.
    pub max_bytes: u64,
    /// Closed files kept; the oldest beyond that are deleted.
    pub keep: usize,
}

struct Entry<A> {
    now: Now,
    fact: Fact,
    answer: Option<A>,
}

/// The recorder thread's handle. `A` names a record whose acceptance somebody waits for.
#[derive(Debug)]
pub struct Recorder<A> {
    sender: Option<SyncSender<Entry<A>>>,
    thread: Option<JoinHandle<()>>,
}

impl<A: Send + 'static> Recorder<A> {
    /// Opens the audit and starts the thread; `answer` is told of every record that names one whether it
    /// was accepted, `trouble` of every failure and of its end (`None`).
    pub fn spawn(
        settings: &AuditSettings,
        answer: impl Fn(A, bool) + Send + 'static,
        trouble: impl Fn(Option<AuditError>) + Send + Sync + 'static,
    ) -> Result<Self, AuditError> {
        Self::spawn_with(settings, answer, trouble, File::sync_data)
    }

    fn spawn_with(
        settings: &AuditSettings,
        answer: impl Fn(A, bool) + Send + 'static,
        trouble: impl Fn(Option<AuditError>) + Send + Sync + 'static,
        sync: impl Fn(&File) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, AuditError> {
        let log = AuditLog::open(settings)?;
        let trouble = Arc::new(trouble);
        let syncer = Syncer::spawn(settings, Arc::clone(&trouble), sync)?;
        let (sender, receiver) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || record_until_closed(log, &syncer, &receiver, &answer, &*trouble))
            .map_err(|source| AuditError::File {
                file: settings.folder.clone(),
                what: "start its thread",
                source,
            })?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Hands over a record without waiting. False if the recorder is gone or too far behind; the record
    /// is then lost and `answer` will not be called.
    pub fn record(&self, now: Now, fact: Fact, answer: Option<A>) -> bool {
        let Some(sender) = &self.sender else { return false };
        match sender.try_send(Entry { now, fact, answer }) {
            Ok(()) => true,
            Err(TrySendError::Full(entry) | TrySendError::Disconnected(entry)) => {
                ::log::error!("audit: a record was lost: {:?}", entry.fact);
                false
            }
        }
    }

    /// The thread has ended, which it does not do by itself.
    pub fn is_gone(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl<A> Drop for Recorder<A> {
    /// Writes and syncs what was handed over.
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

/// Syncs the file on a thread of its own: a slow card takes half a second for it, and whoever stands at the
/// door waits for a record's acceptance, not for its durability.
struct Syncer {
    files: SyncSender<File>,
    thread: JoinHandle<()>,
    failing: Arc<AtomicBool>,
}

impl Syncer {
    fn spawn(
        settings: &AuditSettings,
        trouble: Arc<impl Fn(Option<AuditError>) + Send + Sync + 'static>,
        sync: impl Fn(&File) -> io::Result<()> + Send + 'static,
    ) -> Result<Self, AuditError> {
        let failed = |folder: PathBuf, what| move |source| AuditError::File { file: folder, what, source };
        let folder = settings.folder.clone();
        let (files, waiting) = sync_channel::<File>(1);
        let failing = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&failing);
        let thread = std::thread::Builder::new()
            .name("audit-sync".to_owned())
            .spawn(move || {
                for file in waiting {
                    failpoint::reach("audit-sync");
                    let outcome = sync(&file).map_err(failed(folder.clone(), "sync"));
                    if fails.swap(outcome.is_err(), Ordering::SeqCst) != outcome.is_err() {
                        trouble(outcome.err());
                    }
                }
            })
            .map_err(failed(settings.folder.clone(), "start its thread"))?;
        Ok(Self { files, thread, failing })
    }

    /// Asks for a sync of everything written so far; false while an earlier one waits.
    fn ask(&self, log: &AuditLog) -> bool {
        log.handle().is_ok_and(|file| self.files.try_send(file).is_ok())
    }

    fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// The last sync failed.
    fn is_failing(&self) -> bool {
        self.failing.load(Ordering::SeqCst)
    }
}

fn record_until_closed<A>(
    mut log: AuditLog,
    syncer: &Syncer,
    receiver: &Receiver<Entry<A>>,
    answer: &impl Fn(A, bool),
    trouble: &impl Fn(Option<AuditError>),
) {
    let mut unsynced_since: Option<Instant> = None;
    let mut in_trouble = false;
    // Records that nobody syncs are no records: the daemon ends with this thread.
    while !syncer.is_gone() {
        let patience = unsynced_since
            .map_or(SYNC_INTERVAL, |since| SYNC_AFTER.saturating_sub(since.elapsed()).max(SYNC_RETRY));
        failpoint::reach("recorder");
        match receiver.recv_timeout(patience) {
            Ok(entry) => {
                let written = log.append(entry.now, entry.fact);
                if let Some(name) = entry.answer {
                    answer(name, written.is_ok() && !syncer.is_failing());
                }
                match written {
                    Ok(()) => {
                        unsynced_since.get_or_insert_with(Instant::now);
                        if std::mem::take(&mut in_trouble) {
                            trouble(None);
                        }
                    }
                    Err(error) => {
                        if !std::mem::replace(&mut in_trouble, true) {
                            trouble(Some(error));
                        }
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_AFTER) && syncer.ask(&log) {
            unsynced_since = None;
        }
    }
    if let Err(error) = log.sync() {
        ::log::error!("{error}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn an_accepted_record_is_in_the_file_before_the_answer_comes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = AuditSettings { folder: folder.path().join("audit"), max_bytes: 1 << 20, keep: 2 };
        let (sender, answers) = channel();
        let recorder =
            Recorder::spawn(&settings, move |name: u32, ok| sender.send((name, ok)).expect("open"), |_| {})
                .expect("a writable folder");
        assert!(recorder.record(Now::read(), Fact::Stopped, Some(7)));
        let answer = answers.recv_timeout(Duration::from_secs(5)).expect("an answer");
        assert_eq!(answer, (7, true));
        let records = newest_records(&settings, 10).expect("readable");
        assert_eq!(records.last().map(|r| r.fact["kind"].clone()), Some("stopped".into()));
    }

    #[test]
    fn nothing_is_accepted_while_syncs_fail() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = AuditSettings { folder: folder.path().join("audit"), max_bytes: 1 << 20, keep: 2 };
        let (sender, answers) = channel();
        let (told, troubles) = channel();
        let told = std::sync::Mutex::new(told);
        let broken = Arc::new(AtomicBool::new(true));
        let breaks = Arc::clone(&broken);
        let recorder = Recorder::spawn_with(
            &settings,
            move |name: u32, ok| sender.send((name, ok)).expect("open"),
            move |trouble| told.lock().expect("whole").send(trouble.is_some()).expect("open"),
            move |_| {
                if breaks.load(Ordering::SeqCst) {
                    Err(io::ErrorKind::ReadOnlyFilesystem.into())
                } else {
                    Ok(())
                }
            },
        )
        .expect("a writable folder");
        let patience = Duration::from_secs(5);
        for (name, fails) in [(1, true), (2, false)] {
            broken.store(fails, Ordering::SeqCst);
            assert!(recorder.record(Now::read(), Fact::Stopped, None));
            assert_eq!(troubles.recv_timeout(patience), Ok(fails), "told once a change");
            assert!(recorder.record(Now::read(), Fact::Stopped, Some(name)));
            assert_eq!(answers.recv_timeout(patience), Ok((name, !fails)));
        }
    }

    #[test]
    fn a_slow_card_holds_no_record_up() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = AuditSettings { folder: folder.path().join("audit"), max_bytes: 1 << 20, keep: 2 };
        let (sender, answers) = channel();
        let (syncing, begun) = channel();
        let (finish, finished) = channel::<()>();
        let recorder = Recorder::spawn_with(
            &settings,
            move |name: u32, ok| sender.send((name, ok)).expect("open"),
            |_| {},
            move |_| {
                syncing.send(()).expect("open");
                // The test ends the sync, or has ended itself.
                let _ = finished.recv();
                Ok(())
            },
        )
        .expect("a writable folder");
        assert!(recorder.record(Now::read(), Fact::Stopped, None));
        begun.recv_timeout(Duration::from_secs(5)).expect("a sync within a second");
        assert!(recorder.record(Now::read(), Fact::Stopped, Some(7)));
        let answer = answers.recv_timeout(Duration::from_secs(5)).expect("an answer while the card is busy");
        assert_eq!(answer, (7, true));
        drop(finish);
    }
}
