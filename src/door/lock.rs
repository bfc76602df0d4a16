//! What a lock can do, whatever it is made of.

use super::error::DoorError;

/// A lock. A new one is locked.
pub trait DoorLock: Send {
    /// Locks, and makes sure of it.
    fn lock(&mut self) -> Result<(), DoorError>;
    /// Unlocks, and makes sure of it.
    fn unlock(&mut self) -> Result<(), DoorError>;
    /// Driver and line, for people.
    fn describe(&self) -> String;
    /// Whether something moves.
    fn is_real(&self) -> bool;
}
