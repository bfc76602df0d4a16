//! The lines that a driver opens: one that is driven, inputs that are waited for, and the two of a card reader.

use std::time::Duration;

use limen_core::event::Input;

use super::error::DoorError;

/// A driven line. A new one is inactive, and was so before it became an output.
pub trait OutputLine: Send {
    /// Drives the line.
    fn drive(&mut self, active: bool) -> Result<(), DoorError>;
    /// What the line is at, read from the hardware.
    fn is_active(&self) -> Result<bool, DoorError>;
    /// Driver and line, for people.
    fn describe(&self) -> String;
}

/// A line that is not there: the lights of the dry-run door.
#[derive(Debug)]
pub struct NoLine;

impl OutputLine for NoLine {
    fn drive(&mut self, _active: bool) -> Result<(), DoorError> {
        Ok(())
    }

    fn is_active(&self) -> Result<bool, DoorError> {
        Ok(false)
    }

    fn describe(&self) -> String {
        "no line".to_owned()
    }
}

/// Opened input lines.
pub(super) trait InputLines: Send {
    /// Waits for the next edge: which input, and whether it is active now.
    fn wait(&mut self, patience: Duration) -> Result<Option<(Input, bool)>, DoorError>;
    /// Whether an input is active.
    fn is_active(&self, input: Input) -> Result<bool, DoorError>;
}

/// A line was pulled low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PulseSeen {
    /// Which of the two: false for the first.
    pub second: bool,
    /// The kernel's stamp on CLOCK_MONOTONIC.
    pub at: Duration,
}

/// Two lines that are listened to.
pub trait PulseLines: Send {
    /// Waits for the next pulse. Those of different lines may come out of order, by at most some milliseconds.
    fn wait(&mut self, patience: Duration) -> Result<Option<PulseSeen>, DoorError>;
}
