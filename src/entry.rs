//! The entry room: keypad and card reader, from the device to digits and card numbers.
//!
//! It does not decide whose they are: PINs and cards go to the policy, which knows who was recognised. What
//! no person can have meant (too long, too fast, noise) is dropped here and counted.
//!
//! | file | contents |
//! |---|---|
//! | `keypad` | from keys to a PIN: end, clear, time-out, flooding |
//! | `typing_reader` | from keys to a card: a burst that is too fast for a hand |
//! | `wiegand` | from pulses on D0 and D1 to a card: bits, gaps, parity |
//! | `device` | an input device by its stable path, used exclusively; the only file that names its crate |
//! | `source` | one interface for the three kinds of device |
//! | `tally` | counts mistakes and reports them now and then |
//! | `thread` | opens a device again after it was unplugged |

use std::path::{Path, PathBuf};

use limen_core::credential::{Card, Digits};
use limen_core::event::{EntryDevice, EntryMistake};
use limen_core::person::printable;
use thiserror::Error;

use crate::door::DoorError;
use crate::door::pin::Pin;

mod device;
pub mod keypad;
mod source;
mod tally;
pub mod thread;
pub mod typing_reader;
pub mod wiegand;

pub use device::{Keyboard, check as check_device, keyboards};
pub use source::{KeypadSource, Source, TypingReaderSource, WiegandSource};

/// Folders with stable names of devices: by product, and by connector.
pub const STABLE_FOLDERS: [&str; 2] = ["/dev/input/by-id", "/dev/input/by-path"];

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

/// What a person entered.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// Digits, ended by the person.
    Pin(Digits),
    /// A card, held to the reader.
    Card(Card),
}

/// What the threads of this room report.
#[derive(Debug, PartialEq, Eq)]
pub enum EntryReport {
    /// A PIN or a card.
    Entered(Entry),
    /// Entries that count for nothing, since the last such report.
    Mistaken {
        /// The keypad or the reader.
        device: EntryDevice,
        /// What was wrong with them.
        mistake: EntryMistake,
        /// The number of entries, 1 or more.
        count: u32,
    },
    /// The device is missing, for this reason. Reported once per loss.
    Lost(EntryDevice, String),
    /// The device works again.
    Back(EntryDevice),
}

/// Why a keypad or reader cannot be used. Each message names the remedy.
#[derive(Debug, Error)]
pub enum EntryError {
    /// The path may mean another device after the next start.
    #[error(
        "{path}: is no stable name, the next start may give it to another device; use the device's link in \
         /dev/input/by-id or /dev/input/by-path (`limen check` lists them)"
    )]
    NotStable {
        /// The path of the device.
        path: String,
    },
    /// There is no such device.
    #[error(
        "{path}: is not there ({why}); plug it in, or correct the name (`limen check` lists what is there)"
    )]
    Missing {
        /// The path of the device.
        path: String,
        /// The error of the system.
        why: String,
    },
    /// This user may not read the device.
    #[error(
        "{path}: permission denied; put the user into group input (usermod -aG input USER) and log in again, or \
         start limen as a service"
    )]
    Denied {
        /// The path of the device.
        path: String,
    },
    /// The device has no digit keys or no Enter.
    #[error("{path}: {name} has no digit keys or no Enter; name the keypad or reader itself")]
    NoKeypad {
        /// The path of the device.
        path: String,
        /// The device's own name.
        name: String,
    },
    /// Another program uses the device exclusively.
    #[error("{path}: is held by another program, which would see every PIN; stop that program")]
    Held {
        /// The path of the device.
        path: String,
    },
    /// The device is gone.
    #[error("{path}: {what}")]
    Failed {
        /// The path of the device.
        path: String,
        /// The error of the system.
        what: String,
    },
    /// The lines of the reader could not be opened.
    #[error(transparent)]
    Line(#[from] DoorError),
}

/// Checks that a path names the same device after every start.
pub fn check_stable(path: &Path) -> Result<(), EntryError> {
    let stable =
        path.parent().is_some_and(|folder| STABLE_FOLDERS.iter().any(|known| folder == Path::new(known)));
    if stable && path.file_name().is_some() {
        Ok(())
    } else {
        Err(EntryError::NotStable { path: shown(path) })
    }
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_device_keeps_are_taken() {
        for good in
            ["/dev/input/by-id/usb-Keypad-event-kbd", "/dev/input/by-path/platform-usb-0:1.2:1.0-event-kbd"]
        {
            assert!(check_stable(Path::new(good)).is_ok(), "{good}");
        }
        for bad in [
            "/dev/input/event3",
            "/dev/input/by-id",
            "/dev/input/by-id/..",
            "/dev/input/by-id/../event3",
            "/dev/input/by-id/a/b",
            "by-id/usb-Keypad-event-kbd",
            "/tmp/by-id/usb-Keypad-event-kbd",
        ] {
            let error = check_stable(Path::new(bad)).expect_err(bad).to_string();
            assert!(error.starts_with(bad) && error.contains("/dev/input/by-path"), "{error}");
        }
    }
}
