//! An output line that only tests drive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::DoorError;
use super::lines::OutputLine;

/// A line whose state a test can see.
pub struct WatchedLine(pub Arc<AtomicBool>);

impl OutputLine for WatchedLine {
    fn drive(&mut self, active: bool) -> Result<(), DoorError> {
        self.0.store(active, Ordering::SeqCst);
        Ok(())
    }
    fn is_active(&self) -> Result<bool, DoorError> {
        Ok(self.0.load(Ordering::SeqCst))
    }
    fn describe(&self) -> String {
        "light".to_owned()
    }
}
