//! An output line that is driven active or inactive, with any driver.

use super::DoorError;

/// An output line. It is inactive when it is created, and was inactive before it became an output.
pub trait Output: Send {
    /// Drives the line active or inactive.
    fn drive(&mut self, active: bool) -> Result<(), DoorError>;
    /// Whether the line is active, read from the hardware.
    fn is_active(&self) -> Result<bool, DoorError>;
    /// The driver and the line, for people.
    fn describe(&self) -> String;
}

/// A line that does not exist, for the lights of the dry-run door.
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
