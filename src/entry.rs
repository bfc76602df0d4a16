//! The entry room: keypad and card reader, from the device to digits and card numbers.
//!
//! Whose they are is not decided here: PINs and cards go on to the policy, which knows who was recognised. What
//! no person can have meant (too long, too fast, noise) ends here and is counted.
//!
//! | file | what it knows |
//! |---|---|
//! | `keypad` | keys to a PIN: end, clear, time-out, flooding |
//! | `typing_reader` | keys to a card: a burst that no hand types |
//! | `wiegand` | pulses on D0 and D1 to a card: bits, gaps, parity |
//! | `device` | an input device by its stable path, held exclusively; names its crate alone |
//! | `source` | the three kinds of device behind one face |
//! | `tally` | mistakes counted, told now and then |
//! | `thread` | a device that comes back when it was unplugged |

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

/// The folders with names that a device keeps, whatever is plugged in first: by what it is, by where it is plugged in.
pub const STABLE_FOLDERS: [&str; 2] = ["/dev/input/by-id", "/dev/input/by-path"];

/// How cards are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderSettings {
    /// By a reader that types, at this stable path.
    Typing(PathBuf),
    /// By a Wiegand reader on two lines of the door's driver.
    Wiegand {
        /// The line of the zeroes.
        d0: Pin,
        /// The line of the ones.
        d1: Pin,
    },
}

/// `[keypad]` and `[reader]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntrySettings {
    /// The keypad's stable path.
    pub keypad: Option<PathBuf>,
    /// The card reader.
    pub reader: Option<ReaderSettings>,
}

impl EntrySettings {
    /// Whether there is anything to enter something by.
    pub fn has(&self, device: EntryDevice) -> bool {
        match device {
            EntryDevice::Keypad => self.keypad.is_some(),
            EntryDevice::Reader => self.reader.is_some(),
        }
    }
}

/// What a device brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// Somebody entered digits and ended them.
    Pin(Digits),
    /// Somebody held a card to the reader.
    Card(Card),
}

/// What the threads of the room tell.
#[derive(Debug, PartialEq, Eq)]
pub enum EntryReport {
    /// An entry.
    Entered(Entry),
    /// Entries that count for nothing, since the last report of them.
    Mistaken {
        /// By which device.
        device: EntryDevice,
        /// What was wrong with them.
        mistake: EntryMistake,
        /// How many, 1 or more.
        count: u32,
    },
    /// The device is away, and why; said once a loss.
    Lost(EntryDevice, String),
    /// It is back.
    Back(EntryDevice),
}

/// Why a keypad or reader cannot be used. The remedy is in each message.
#[derive(Debug, Error)]
pub enum EntryError {
    /// A name that means another device after the next start.
    #[error(
        "{path}: is no stable name, the next start may give it to another device; use the device's link in \
         /dev/input/by-id or /dev/input/by-path (`limen check` lists them)"
    )]
    NotStable {
        /// Which.
        path: String,
    },
    /// Not there.
    #[error(
        "{path}: is not there ({why}); plug it in, or correct the name (`limen check` lists what is there)"
    )]
    Missing {
        /// Which.
        path: String,
        /// What the system said.
        why: String,
    },
    /// The user may not read it.
    #[error(
        "{path}: permission denied; put the user into group input (usermod -aG input USER) and log in again, or \
         start limen as a service"
    )]
    Denied {
        /// Which.
        path: String,
    },
    /// No digits or no end on it.
    #[error("{path}: {name} has no digit keys or no Enter; name the keypad or reader itself")]
    NoKeypad {
        /// Which.
        path: String,
        /// What it calls itself.
        name: String,
    },
    /// Somebody else holds it.
    #[error("{path}: is held by another program, which would see every PIN; stop that program")]
    Held {
        /// Which.
        path: String,
    },
    /// It was there.
    #[error("{path}: {what}")]
    Failed {
        /// Which.
        path: String,
        /// What the system said.
        what: String,
    },
    /// The reader's lines.
    #[error(transparent)]
    Line(#[from] DoorError),
}

/// Whether a path names the same device after every start.
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
