//! The recorder's thread. It works with the open audit, or tries again and again to open it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use limen_core::clock::Now;
use limen_core::clock::ReadClock;
use limen_core::event::Fact;
use limen_files::failpoint;

use super::book::Book;
use super::disk::{Disk, DiskSpace};
use super::error::AuditError;
use super::log::AuditLog;
use super::message::{FailureListener, RecorderMessage};
use super::reserve::{Reserve, is_for_the_reserve};
use super::settings::AuditSettings;
use super::state::{DiskWarning, Position, Shared};
use super::syncer::{Files, SYNC_INTERVAL};

/// How often it checks the free space on the disk and retries what failed.
const CARE: Duration = Duration::from_secs(2);

/// The recorder's thread.
pub struct RecorderThread {
    settings: AuditSettings,
    clock: ReadClock,
    disk: Arc<dyn Disk>,
    files: Files,
    shared: Arc<Shared>,
    trouble: FailureListener,
    book: Option<Book>,
    /// Why the audit is or was closed. The next gap record names it.
    closed: Option<String>,
    reserve: Reserve,
    cared: Option<Instant>,
}

impl RecorderThread {
    /// Opens the audit, or keeps trying if it cannot be opened now. Returns an error only if a person has to
    /// solve it.
    pub fn begin(
        settings: &AuditSettings,
        clock: ReadClock,
        disk: Arc<dyn Disk>,
        files: Files,
        trouble: FailureListener,
    ) -> Result<Self, AuditError> {
        let mut recorder_thread = Self {
            settings: settings.clone(),
            clock,
            disk,
            files,
            shared: Arc::new(Shared::at(Position::unknown())),
            trouble,
            book: None,
            closed: None,
            reserve: Reserve::in_folder(&settings.folder),
            cared: None,
        };
        match recorder_thread.open() {
            Err(error @ (AuditError::Busy(_) | AuditError::NoKey(_))) => return Err(error),
            opened => recorder_thread.settle(opened),
        }
        Ok(recorder_thread)
    }

    /// The recorder's state, shared with those who ask for it.
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Records facts until all senders are gone.
    pub fn record_until_closed<A>(
        mut self,
        receiver: &Receiver<RecorderMessage<A>>,
        answer: &impl Fn(A, bool),
    ) {
        while !self.book.as_ref().is_some_and(Book::is_gone) {
            self.care_if_due();
            let patience = self.book.as_ref().map_or(SYNC_INTERVAL, Book::patience);
            failpoint::reach("recorder");
            self.shared.levels().busy_since = None;
            let message = receiver.recv_timeout(patience);
            self.shared.levels().busy_since = Some(Instant::now());
            match message {
                Ok(RecorderMessage::Record { now, fact, answer: name }) => {
                    let accepted = self.record(now, &fact);
                    if let Some(name) = name {
                        answer(name, accepted);
                    }
                }
                Ok(message) => self.serve(message),
                // Closing a file signs and renames: do that while nobody waits.
                Err(RecvTimeoutError::Timeout) => self.with_book(Book::rotate_if_full),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.with_book(Book::go_on);
        }
        self.leave();
    }

    fn serve<A>(&mut self, message: RecorderMessage<A>) {
        match message {
            RecorderMessage::Record { .. } => {}
            RecorderMessage::Rotate(reply) => {
                let rotated = self.book.as_mut().is_some_and(Book::rotate);
                // The one who asked may be gone.
                let _ = reply.try_send(rotated);
            }
            RecorderMessage::Own(fact, reply) => {
                let file = match &mut self.book {
                    Some(book) => book.append_own(&fact),
                    None => Err(AuditError::Leaving),
                };
                let _ = reply.try_send(file);
            }
        }
    }

    /// Writes a record. Returns true if it is accepted; otherwise it is counted as lost.
    fn record(&mut self, now: Now, fact: &Fact) -> bool {
        let written = self.write(now, fact);
        if written.is_err() {
            self.shared.lost().add(fact, now.wall.utc);
        }
        let written = written.map(|()| self.book.as_ref().is_some_and(Book::is_durable));
        let accepted = *written.as_ref().unwrap_or(&false);
        self.settle(written.map(drop));
        accepted
    }

    fn write(&mut self, now: Now, fact: &Fact) -> Result<(), AuditError> {
        let Some(book) = &mut self.book else {
            return Err(AuditError::Closed(self.closed.clone().unwrap_or_default()));
        };
        if self.reserve.is_given_up() && !is_for_the_reserve(fact) {
            return Err(AuditError::Full(self.settings.folder.clone()));
        }
        match book.append(now, fact) {
            Err(error) if error.says_full() && self.give_up_the_reserve() => self.write(now, fact),
            written => written,
        }
    }

    fn open(&mut self) -> Result<(), AuditError> {
        match self.open_once() {
            Err(error) if error.says_full() && self.give_up_the_reserve() => self.open_once(),
            opened => opened,
        }
    }

    fn open_once(&mut self) -> Result<(), AuditError> {
        let log = AuditLog::open_on(&self.settings, self.clock, Arc::clone(&self.disk))?;
        let (files, shared) = (Arc::clone(&self.files), Arc::clone(&self.shared));
        self.book = Some(Book::open(log, files, shared, Arc::clone(&self.trouble))?);
        Ok(())
    }

    fn give_up_the_reserve(&mut self) -> bool {
        self.reserve.give_up(self.room())
    }

    fn room(&self) -> Option<DiskSpace> {
        self.disk.room(&self.settings.folder).ok()
    }

    fn care_if_due(&mut self) {
        if self.cared.is_none_or(|cared| cared.elapsed() >= CARE) {
            self.cared = Some(Instant::now());
            self.care();
        }
    }

    /// Checks the free space on the disk and retries what failed.
    fn care(&mut self) {
        if self.book.is_none() {
            let opened = self.open();
            self.settle(opened);
        }
        if let Some(room) = self.room() {
            self.watch(room);
            if self.book.is_some() {
                self.reserve.tend(room);
            }
        }
        self.with_book(Book::retain_if_due);
        if self.book.is_some() {
            let said = if self.reserve.is_given_up() { Ok(()) } else { self.say_gap() };
            self.settle(said);
        }
    }

    fn watch(&self, room: DiskSpace) {
        let mut levels = self.shared.levels();
        let short = room.is_short(self.settings.max_bytes, levels.room.is_some());
        levels.room = short.then(|| DiskWarning::RoomShort {
            folder: self.settings.folder.clone(),
            free: room.free,
            wanted: room.early(self.settings.max_bytes),
        });
    }

    /// Records how many records were lost.
    fn say_gap(&mut self) -> Result<(), AuditError> {
        let Some(book) = &mut self.book else { return Ok(()) };
        // Other threads may lose a record while this one is written.
        let lost = self.shared.lost().take();
        let opened = self.closed.as_ref().map(|why| format!("the records could not be opened: {why}"));
        let said: Vec<String> = opened.into_iter().chain(lost.as_ref().map(ToString::to_string)).collect();
        if said.is_empty() {
            return Ok(());
        }
        let what = said.join("; ");
        let written = book.append((self.clock)(), &Fact::Gap { what: what.clone() });
        if written.is_ok() {
            self.closed = None;
            log::warn!("audit: a gap in the records: {what}");
        } else if let Some(lost) = lost {
            self.shared.lost().put_back(lost);
        }
        written
    }

    /// Publishes the recorder's state, and logs it when it changes.
    fn settle(&mut self, done: Result<(), AuditError>) {
        let full = || AuditError::Full(self.settings.folder.clone());
        let trouble = match done {
            // While only faults and alarms are accepted, one accepted record does not mean that all is well.
            Ok(()) => self.reserve.is_given_up().then(full),
            Err(error) => Some(error),
        };
        if self.book.is_none() {
            // The error of each refused record already names this reason.
            self.closed = match &trouble {
                Some(AuditError::Closed(_)) | None => self.closed.take(),
                Some(error) => Some(error.to_string()),
            };
        }
        let what = trouble.as_ref().map(ToString::to_string);
        let before = std::mem::replace(&mut self.shared.levels().unwritten, what);
        if before.is_some() != trouble.is_some() {
            (self.trouble)(trouble);
        }
    }

    fn with_book(&mut self, act: impl FnOnce(&mut Book)) {
        if let Some(book) = &mut self.book {
            act(book);
        }
    }

    fn leave(mut self) {
        if let Err(error) = self.say_gap() {
            log::error!("{error}");
        }
        if let Some(lost) = self.shared.lost().take() {
            log::error!("audit: {lost}; and the records do not say so");
        }
        if let Some(book) = self.book {
            book.close();
        }
    }
}
