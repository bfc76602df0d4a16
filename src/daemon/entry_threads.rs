//! Starts the threads of keypad and card reader, and the one that verifies PINs.

use std::sync::mpsc::SyncSender;

use limen_core::event::{EntryDevice, Part};

use super::error::DaemonError;
use super::message::Message;
use super::pins::Pins;
use crate::door::DoorSettings;
use crate::entry::thread::EntryThread;
use crate::entry::{
    EntrySettings, EntrySource, KeypadSource, ReaderSettings, TypingReaderSource, WiegandSource,
};

/// The threads that listen to keypad and reader, and the PINs with the thread that verifies them.
pub(super) struct EntryThreads {
    pub threads: Vec<EntryThread>,
    pub pins: Pins,
}

impl EntryThreads {
    /// No threads, for a recording.
    pub fn none() -> Self {
        Self { threads: Vec::new(), pins: Pins::none() }
    }

    /// Starts the threads that the settings name. A device that is missing is reported, and used when it
    /// appears.
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

fn listen(
    source: impl EntrySource + 'static,
    sender: &SyncSender<Message>,
) -> Result<EntryThread, DaemonError> {
    let sender = sender.clone();
    EntryThread::spawn(source, move |report| sender.try_send(Message::Entry(report)).is_ok())
        .map_err(|source| DaemonError::System { what: "start the thread of keypad or reader", source })
}

/// The part by whose name the policy knows a device.
pub(super) fn part_of(device: EntryDevice) -> Part {
    match device {
        EntryDevice::Keypad => Part::Keypad,
        EntryDevice::Reader => Part::Reader,
    }
}
