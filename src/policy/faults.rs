//! Parts that fail: the door is locked, and nothing opens that needs them, until they are back.

use super::Policy;
use super::event::Action;
use super::evidence::Evidence;
use super::release::Reach;
use crate::clock::Now;
use crate::event::{Fact, Part, Relock};

impl Policy {
    pub(super) fn part_failed(&mut self, now: Now, part: Part, what: String, actions: &mut Vec<Action>) {
        if self.failed.contains_key(&part) {
            return;
        }
        self.failed.insert(part, now.moment);
        actions.push(Action::Record(Fact::Fault { part, what }));
        match part {
            // People get in all the same; what the lines held ends with them.
            Part::Inputs => self.transition_to_locked(Relock::Fault, Reach::All, None, actions),
            // Who needs no PIN and no card does not miss them.
            Part::Keypad | Part::Reader => {}
            Part::Door => self.fall_silent(Reach::Rex, actions),
            _ => self.fall_silent(Reach::Mode, actions),
        }
    }

    /// Nobody is seen, or nobody can be let in: what was seen so far no longer counts.
    fn fall_silent(&mut self, reach: Reach, actions: &mut Vec<Action>) {
        self.blind_since = None;
        self.tracks.values_mut().for_each(Evidence::forget);
        self.give_up_waiting(actions);
        self.transition_to_locked(Relock::Fault, reach, None, actions);
    }

    pub(super) fn part_recovered(&mut self, now: Now, part: Part, actions: &mut Vec<Action>) {
        if let Some(since) = self.failed.remove(&part) {
            let after_ms = u64::try_from(now.moment.since(since).as_millis()).unwrap_or(u64::MAX);
            actions.push(Action::Record(Fact::Recovered { part, after_ms }));
        }
    }
}
