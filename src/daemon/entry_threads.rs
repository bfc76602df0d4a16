//! Keypad and card reader in the daemon: their threads, and what their reports mean to the policy.

use std::sync::mpsc::SyncSender;

use limen_core::clock::Now;
use limen_core::event::{EntryDevice, Fact, Part};
use limen_core::policy::Event;

use super::pins::Pins;
use super::{Daemon, DaemonError, Message};
use crate::door::DoorSettings;
use crate::entry::thread::EntryThread;
use crate::entry::{
    Entry, EntryReport, EntrySettings, KeypadSource, ReaderSettings, Source, TypingReaderSource,
    WiegandSource,
};

/// The threads that listen, and the one that verifies.
pub(super) struct Entries {
    pub threads: Vec<EntryThread>,
    pub pins: Pins,
}

impl Entries {
    /// None, as where pictures are recorded.
    pub fn none() -> Self {
        Self { threads: Vec::new(), pins: Pins::none() }
    }

    /// Starts what the settings name. A device that is not there is told of, and found when it comes.
    pub fn spawn(
        settings: &EntrySettings,
        door: &DoorSettings,
        sender: &SyncSender<Message>,
    ) -> Result<Self, DaemonError> {
        let mut entries = Self::none();
        if let Some(path) = &settings.keypad {
            entries.pins = Pins::verified_by_thread(sender.clone())?;
            entries.threads.push(listen(KeypadSource::new(path.clone()), sender)?);
        }
        match &settings.reader {
            Some(ReaderSettings::Typing(path)) => {
                entries.threads.push(listen(TypingReaderSource::new(path.clone()), sender)?);
            }
            Some(ReaderSettings::Wiegand { d0, d1 }) => {
                entries.threads.push(listen(WiegandSource::new(door.clone(), *d0, *d1), sender)?);
            }
            None => {}
        }
        Ok(entries)
    }
}

fn listen(source: impl Source + 'static, sender: &SyncSender<Message>) -> Result<EntryThread, DaemonError> {
    let sender = sender.clone();
    EntryThread::spawn(source, move |report| sender.try_send(Message::Entry(report)).is_ok())
        .map_err(|source| DaemonError::System { what: "start the thread of keypad or reader", source })
}

impl Daemon {
    /// Keypad or reader has something to say.
    pub(super) fn entry_reported(&mut self, now: Now, report: EntryReport) {
        match report {
            EntryReport::Entered(Entry::Pin(digits)) => {
                let entry = self.shell.keep_pin(digits);
                self.step(now, Event::PinEntered(entry));
            }
            EntryReport::Entered(Entry::Card(card)) => self.step(now, Event::CardRead(card)),
            EntryReport::Mistaken { device, mistake, count } => {
                self.shell.record(now, Fact::EntryMistaken { device, mistake, count });
            }
            // Their health is a level, which is looked at after every message.
            EntryReport::Lost(..) | EntryReport::Back(_) => {}
        }
    }

    /// A thread of keypad, reader or verifier that has ended.
    pub(super) fn ended_entry_thread(&self) -> Option<&'static str> {
        let gone = self.entries.iter().find(|thread| thread.is_gone());
        gone.map(|thread| thread.device().name()).or(self.shell.verifier_is_gone().then_some("verifier"))
    }
}

pub(super) fn part_of(device: EntryDevice) -> Part {
    match device {
        EntryDevice::Keypad => Part::Keypad,
        EntryDevice::Reader => Part::Reader,
    }
}
