//! Observers in the same process: the demo, and tests.

use limen_core::clock::Now;
use limen_core::event::Fact;
use limen_core::policy::Event;

use crate::door::thread::DoorReport;
use crate::pipeline::SeenFrame;

/// Is told what the daemon does while it does it; the demo prints it.
pub trait DaemonObserver {
    /// A frame was looked at; it led to these events for the policy.
    fn frame(&mut self, number: u64, seen: &SeenFrame, events: &[Event]);
    /// Something happened that the audit records.
    fn fact(&mut self, now: Now, fact: &Fact);
    /// The door thread locked or unlocked, or failed to.
    fn door(&mut self, report: &DoorReport);
}
