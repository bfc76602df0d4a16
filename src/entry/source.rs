//! One interface for the three kinds of device: open, listen, open again.

use std::path::PathBuf;
use std::time::Duration;

use limen_core::event::EntryDevice;

use super::device::{InputDevice, Sent};
use super::error::EntryError;
use super::keypad::{EntryOutcome, Keypad};
use super::typing_reader::TypingReader;
use super::wiegand::{END_OF_FRAME, WiegandFrame, WiegandPulse};
use crate::clocks;
use crate::door::DoorSettings;
use crate::door::driver::open_pulses;
use crate::door::lines::PulseLines;
use crate::door::pin::Pin;

/// A device that entries come from.
pub trait EntrySource: Send {
    /// Whether it is the keypad or the reader.
    fn device(&self) -> EntryDevice;
    /// Opens the device, also again after a failure. An incomplete entry is lost.
    fn open(&mut self) -> Result<(), EntryError>;
    /// Waits at most `patience` and passes entries and mistakes to `take`.
    fn listen(&mut self, patience: Duration, take: &mut dyn FnMut(EntryOutcome)) -> Result<(), EntryError>;
}

/// A keypad as a source of entries.
pub struct KeypadSource {
    path: PathBuf,
    device: Option<InputDevice>,
    keypad: Keypad,
}

impl KeypadSource {
    /// The keypad at this stable path.
    pub fn new(path: PathBuf) -> Self {
        Self { path, device: None, keypad: Keypad::default() }
    }
}

impl EntrySource for KeypadSource {
    fn device(&self) -> EntryDevice {
        EntryDevice::Keypad
    }

    fn open(&mut self) -> Result<(), EntryError> {
        // Release it before it is grabbed again.
        self.device = None;
        self.keypad = Keypad::default();
        self.device = Some(InputDevice::open(&self.path)?);
        Ok(())
    }

    fn listen(&mut self, patience: Duration, take: &mut dyn FnMut(EntryOutcome)) -> Result<(), EntryError> {
        let Self { device: Some(device), keypad, .. } = self else { return Ok(()) };
        device.wait(patience, |sent| match sent {
            Sent::Key(_, key) => keypad.press(clocks::moment(), key).into_iter().for_each(&mut *take),
            Sent::Dropped => take(Err(keypad.miss())),
        })?;
        keypad.let_time_pass(clocks::moment());
        Ok(())
    }
}

/// A card reader that types like a keyboard.
pub struct TypingReaderSource {
    path: PathBuf,
    device: Option<InputDevice>,
    reader: TypingReader,
}

impl TypingReaderSource {
    /// The reader at this stable path.
    pub fn new(path: PathBuf) -> Self {
        Self { path, device: None, reader: TypingReader::default() }
    }
}

impl EntrySource for TypingReaderSource {
    fn device(&self) -> EntryDevice {
        EntryDevice::Reader
    }

    fn open(&mut self) -> Result<(), EntryError> {
        self.device = None;
        self.reader = TypingReader::default();
        self.device = Some(InputDevice::open(&self.path)?);
        Ok(())
    }

    fn listen(&mut self, patience: Duration, take: &mut dyn FnMut(EntryOutcome)) -> Result<(), EntryError> {
        let Self { device: Some(device), reader, .. } = self else { return Ok(()) };
        device.wait(patience, |sent| match sent {
            Sent::Key(stamp, key) => reader.press(stamp, key).into_iter().for_each(&mut *take),
            Sent::Dropped => take(Err(reader.miss())),
        })
    }
}

/// A Wiegand reader on two input lines with the door's driver.
pub struct WiegandSource {
    door: DoorSettings,
    lines: [Pin; 2],
    opened: Option<Box<dyn PulseLines>>,
    frame: WiegandFrame,
}

impl WiegandSource {
    /// The reader with zeroes on `d0` and ones on `d1`.
    pub fn new(door: DoorSettings, d0: Pin, d1: Pin) -> Self {
        Self { door, lines: [d0, d1], opened: None, frame: WiegandFrame::default() }
    }
}

impl EntrySource for WiegandSource {
    fn device(&self) -> EntryDevice {
        EntryDevice::Reader
    }

    fn open(&mut self) -> Result<(), EntryError> {
        self.opened = None;
        self.frame = WiegandFrame::default();
        self.opened = open_pulses(&self.door, self.lines)?;
        Ok(())
    }

    fn listen(&mut self, patience: Duration, take: &mut dyn FnMut(EntryOutcome)) -> Result<(), EntryError> {
        let Some(lines) = &mut self.opened else {
            std::thread::sleep(patience);
            return Ok(());
        };
        let patience = if self.frame.has_begun() { END_OF_FRAME } else { patience };
        match lines.wait(patience)? {
            Some(seen) => self.frame.add(WiegandPulse { at: seen.at, one: seen.second }),
            None => self.frame.end(),
        }
        .into_iter()
        .for_each(take);
        Ok(())
    }
}
