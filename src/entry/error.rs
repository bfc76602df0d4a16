//! Why a keypad or reader cannot be used. Each message names the remedy.

use std::path::Path;

use limen_core::person::printable;
use thiserror::Error;

use crate::door::DoorError;

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

/// A path as messages show it.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 200)
}
