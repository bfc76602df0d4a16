//! A lock that moves nothing: for the demo, for trials, for recorded pictures.

use super::error::DoorError;
use super::lock::DoorLock;

/// The dry-run lock.
#[derive(Debug)]
pub struct DryRun;

impl DoorLock for DryRun {
    fn lock(&mut self) -> Result<(), DoorError> {
        Ok(())
    }

    fn unlock(&mut self) -> Result<(), DoorError> {
        Ok(())
    }

    fn describe(&self) -> String {
        "dry-run (nothing moves)".to_owned()
    }

    fn is_real(&self) -> bool {
        false
    }
}
