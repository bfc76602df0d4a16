//! The door leaf, by its contact: closed, opened by somebody who may, or forced; and for how long.

use std::time::Duration;

use crate::clock::Moment;
use crate::policy::context::HeldOpen;
use crate::policy::rules::DoorRules;

/// A door that is opened so soon after it was locked was unlocked when the hand pulled it.
pub const GRACE: Duration = Duration::from_secs(1);

/// An open door.
#[derive(Debug, Clone, Copy)]
struct Opening {
    forced: bool,
    /// From here on the time counts; later than the opening where a mode or the fire alarm held the door.
    counted_from: Moment,
    /// How long it may stand open.
    allowed: Duration,
}

/// A leaf that moves.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub now: Moment,
    /// Where the contact says that it is.
    pub open: bool,
    /// Something keeps the door unlocked.
    pub is_held: bool,
    /// It was found so, and nobody moved it now.
    pub at_start: bool,
    /// How much more time those need for whom the door is unlocked.
    pub longer: Duration,
}

/// See the module. A door without a contact is always closed.
#[derive(Debug, Default)]
pub struct Leaf {
    opening: Option<Opening>,
    /// The contact last said open, and that by whom the door was unlocked for.
    opened_while_held: bool,
    /// When something last held the door.
    last_held: Option<Moment>,
}

impl Leaf {
    /// The contact says open or closed. Whether somebody who may has gone through, and closed the door behind.
    pub fn moved(&mut self, leaf: Move, rules: &DoorRules) -> bool {
        let was_open = self.opening.is_some();
        match (leaf.open, self.opening) {
            (true, None) => {
                let unlocked_lately = self.last_held.is_some_and(|last| leaf.now.since(last) <= GRACE);
                // A door that is found open was opened before anybody looked; it may still be open for too long.
                let may = leaf.is_held || unlocked_lately || leaf.at_start;
                let allowed = rules.held_open + leaf.longer;
                self.opening = Some(Opening { forced: !may, counted_from: leaf.now, allowed });
            }
            (false, Some(_)) => self.opening = None,
            _ => {}
        }
        let used = std::mem::replace(&mut self.opened_while_held, leaf.open && leaf.is_held);
        was_open && !leaf.open && used
    }

    /// Something held the door until then.
    pub fn held_until(&mut self, moment: Option<Moment>) {
        self.last_held = self.last_held.max(moment);
    }

    /// Nothing held it later than now.
    pub fn forget_future(&mut self, now: Moment) {
        self.last_held = self.last_held.map(|last| last.min(now));
    }

    /// Something holds the door.
    pub fn held_now(&mut self, now: Moment) {
        self.last_held = Some(now);
    }

    /// The door is open.
    pub fn is_open(&self) -> bool {
        self.opening.is_some()
    }

    /// The door was opened while nothing had unlocked it, and is still open.
    pub fn is_forced(&self) -> bool {
        self.opening.is_some_and(|opening| opening.forced)
    }

    /// It may stand open as long as this goes on.
    pub fn may_stand_open(&mut self, now: Moment) {
        if let Some(opening) = &mut self.opening {
            opening.counted_from = now;
        }
    }

    /// Whether it has been open for too long. A forced door is an alarm of its own.
    pub fn held_open(&self, now: Moment, rules: &DoorRules) -> HeldOpen {
        match self.opening.filter(|opening| !opening.forced) {
            Some(opening) if now >= opening.counted_from + opening.allowed => HeldOpen::TooLong,
            Some(opening) if now >= opening.warned_at(rules) => HeldOpen::Warning,
            _ => HeldOpen::No,
        }
    }

    /// When [`Self::held_open`] next says something else.
    pub fn next_change(&self, now: Moment, rules: &DoorRules) -> Option<Moment> {
        let opening = self.opening.filter(|opening| !opening.forced)?;
        [opening.warned_at(rules), opening.counted_from + opening.allowed].into_iter().find(|at| *at > now)
    }
}

impl Opening {
    fn warned_at(&self, rules: &DoorRules) -> Moment {
        self.counted_from + self.allowed.saturating_sub(rules.warning)
    }
}
