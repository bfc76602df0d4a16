//! Whoever looks on, in the same process: the demo, and tests.

use limen_core::clock::Now;
use limen_core::event::Fact;
use limen_core::policy::Event;

use crate::door::thread::DoorReport;
use crate::pipeline::Seen;

/// Sees what the daemon does, as it does it: the demo prints it.
pub trait Watcher {
    /// A frame was looked at, and gave the policy these events.
    fn frame(&mut self, number: u64, seen: &Seen, events: &[Event]);
    /// Something happened that the audit keeps.
    fn fact(&mut self, now: Now, fact: &Fact);
    /// The door reported.
    fn door(&mut self, report: &DoorReport);
}
