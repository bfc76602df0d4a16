//! One line that is driven active or inactive, whatever drives it.

use super::DoorError;

/// A driven line. A new one is inactive, and was so before it became an output.
pub trait Output: Send {
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

impl Output for NoLine {
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
