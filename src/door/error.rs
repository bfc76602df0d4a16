//! Why the door could not be driven.

use limen_files::FileError;
use thiserror::Error;

use super::pin::Pin;

/// Why the door could not be driven. The remedy is in each message.
#[derive(Debug, Error)]
pub enum DoorError {
    /// A real driver without a pin.
    #[error("[door] has no pin; add pin = N, the BCM number of the relay's pin")]
    NoPin,
    /// The user may not open the device.
    #[error(
        "{path}: permission denied; put the user into group gpio (usermod -aG gpio USER) and log in again, \
         or start limen as a service"
    )]
    Denied {
        /// The device node.
        path: String,
    },
    /// There is no such GPIO chip.
    #[error("{path}: no GPIO chip there ({why}); `limen check` lists the chips of this machine")]
    NoChip {
        /// The device node.
        path: String,
        /// What the system said.
        why: String,
    },
    /// No chip of this machine is the one that is meant.
    #[error(
        "no GPIO chip here is {wanted}; chips here: {found}; on a Raspberry Pi start a kernel that has it, as Raspberry Pi \
         OS does; name another chip by chip-label = \"...\", or use driver = \"dry-run\" where no door is wired"
    )]
    NoSuchLabel {
        /// The chip that the configuration names.
        wanted: String,
        /// The chips of this machine.
        found: String,
    },
    /// More than one chip fits the configuration.
    #[error("{one} and {other} are both called {label}; say which by chip = \"...\"")]
    TwoChips {
        /// The device node of one chip.
        one: String,
        /// The device node of the other.
        other: String,
        /// The label that both drivers give.
        label: String,
    },
    /// The chip at the device node that the configuration names is another one.
    #[error("{path}: is {label}, not {wanted}; {remedy}")]
    WrongChip {
        /// The device node.
        path: String,
        /// The label that its driver gives.
        label: String,
        /// The chip that the configuration names.
        wanted: String,
        /// What to do.
        remedy: String,
    },
    /// rppal knows only the Raspberry Pi.
    #[error(
        "this is not a Raspberry Pi that the driver \"rppal\" knows ({why}); use driver = \"gpiochip\", or \
         \"dry-run\" where no door is wired"
    )]
    NotAPi {
        /// What rppal said.
        why: String,
    },
    /// The chip has no such line, or its name says another pin.
    #[error("{chip} line {pin}: {what}")]
    WrongLine {
        /// The chip.
        chip: String,
        /// The line's number.
        pin: Pin,
        /// What does not fit, with the remedy.
        what: String,
    },
    /// Somebody else holds the line.
    #[error("{line}: in use by {by}; stop that program, or use another pin")]
    Busy {
        /// The line.
        line: String,
        /// The holder of the line.
        by: String,
    },
    /// The line was driven and does not follow.
    #[error("{line}: driven {wanted}, but reads back the opposite; check the wiring for a short circuit")]
    DoesNotFollow {
        /// The line.
        line: String,
        /// The level that was set.
        wanted: &'static str,
    },
    /// The driver failed.
    #[error("{line}: {what}")]
    Failed {
        /// The line.
        line: String,
        /// What the driver said.
        what: String,
    },
    /// The file that names the line.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file that names the line has other contents than the daemon writes.
    #[error("{file}: does not name a line ({what}); it is written again when the service starts")]
    StateFile {
        /// The file.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// No thread for the door.
    #[error("cannot start the door thread: {0}")]
    Thread(std::io::Error),
    /// The door thread has ended. It locked the line before it ended.
    #[error("the door thread has ended")]
    Gone,
}
