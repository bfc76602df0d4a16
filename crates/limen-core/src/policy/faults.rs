//! Parts that fail: the door is locked, and nothing opens that needs them, until they are back.

use super::Policy;
use super::event::Action;
use super::evidence::Evidence;
use super::release::Reach;
use crate::clock::{Moment, Now};
use crate::event::{Fact, Part, Relock};

/// What is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: Moment,
    /// What it said, with the remedy.
    pub what: String,
}

impl Policy {
    pub(super) fn part_failed(&mut self, now: Now, part: Part, what: String, actions: &mut Vec<Action>) {
        if let Some(trouble) = self.failed.get_mut(&part) {
            trouble.what = what;
            return;
        }
        self.failed.insert(part, Trouble { since: now.moment, what: what.clone() });
        actions.push(Action::Record(Fact::Fault { part, what }));
        match part {
            // People get in all the same. A fire release goes on until its line is read again, or a command ends it.
            Part::Inputs => self.transition_to_locked(Relock::Fault, Reach::Rex, None, actions),
            Part::Door => self.fall_silent(Reach::Rex, actions),
            part if part.stops_the_door() => self.fall_silent(Reach::Mode, actions),
            // Who needs nothing of it does not miss it.
            _ => {}
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
        if let Some(Trouble { since, .. }) = self.failed.remove(&part) {
            let after_ms = u64::try_from(now.moment.since(since).as_millis()).unwrap_or(u64::MAX);
            actions.push(Action::Record(Fact::Recovered { part, after_ms }));
        }
    }
}
