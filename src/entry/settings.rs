//! What `[keypad]` and `[reader]` name.

use std::path::PathBuf;

use limen_core::event::EntryDevice;

use crate::door::pin::Pin;

/// How cards are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderSettings {
    /// By a reader that types like a keyboard, at this stable path.
    Typing(PathBuf),
    /// By a Wiegand reader on two input lines with the door's driver.
    Wiegand {
        /// The line for zeroes.
        d0: Pin,
        /// The line for ones.
        d1: Pin,
    },
}

/// `[keypad]` and `[reader]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntrySettings {
    /// The stable path of the keypad.
    pub keypad: Option<PathBuf>,
    /// The configured card reader.
    pub reader: Option<ReaderSettings>,
}

impl EntrySettings {
    /// Whether this device is configured.
    pub fn has(&self, device: EntryDevice) -> bool {
        match device {
            EntryDevice::Keypad => self.keypad.is_some(),
            EntryDevice::Reader => self.reader.is_some(),
        }
    }
}
