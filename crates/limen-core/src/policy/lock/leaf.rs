//! The door leaf, as its contact reports it: closed, open or forced, and for how long.

use std::time::Duration;

use crate::clock::Moment;
use crate::policy::context::HeldOpen;
use crate::policy::rules::DoorRules;

/// A door that is opened within this time after it was locked is not forced: somebody began to pull it
/// before.
pub const GRACE: Duration = Duration::from_secs(1);

/// A door that stands open.
#[derive(Debug, Clone, Copy)]
struct DoorOpening {
    forced: bool,
    /// When the time begins to count: after the opening, if a mode or the fire alarm held the door.
    counted_from: Moment,
    /// How long it may stand open.
    allowed: Duration,
}

/// A report of the contact.
#[derive(Debug, Clone, Copy)]
pub struct LeafMove {
    pub now: Moment,
    /// Whether the contact says open.
    pub open: bool,
    /// Whether something keeps the door unlocked.
    pub is_held: bool,
    /// The door was found like this; nobody moved it now.
    pub at_start: bool,
    /// How much more time the people need for whom the door is unlocked.
    pub longer: Duration,
}

/// The state of the door leaf. A door without a contact is always closed.
#[derive(Debug, Default)]
pub struct Leaf {
    opening: Option<DoorOpening>,
    /// The contact last said open while something kept the door unlocked.
    opened_while_held: bool,
    /// When something last kept the door unlocked.
    last_held: Option<Moment>,
}

impl Leaf {
    /// The contact says open or closed. Returns whether somebody went through an unlocked door and it is
    /// closed again.
    pub fn moved(&mut self, leaf: LeafMove, rules: &DoorRules) -> bool {
        let was_open = self.opening.is_some();
        match (leaf.open, self.opening) {
            (true, None) => {
                let unlocked_lately = self.last_held.is_some_and(|last| leaf.now.since(last) <= GRACE);
                // A door that is found open is not forced, but it can still be open for too long.
                let may = leaf.is_held || unlocked_lately || leaf.at_start;
                let allowed = rules.held_open + leaf.longer;
                self.opening = Some(DoorOpening { forced: !may, counted_from: leaf.now, allowed });
            }
            (false, Some(_)) => self.opening = None,
            _ => {}
        }
        let used = std::mem::replace(&mut self.opened_while_held, leaf.open && leaf.is_held);
        was_open && !leaf.open && used
    }

    /// Something kept the door unlocked until this moment.
    pub fn held_until(&mut self, moment: Option<Moment>) {
        self.last_held = self.last_held.max(moment);
    }

    /// Time may have gone back: nothing has kept the door unlocked later than now.
    pub fn forget_future(&mut self, now: Moment) {
        self.last_held = self.last_held.map(|last| last.min(now));
    }

    /// Something keeps the door unlocked now.
    pub fn held_now(&mut self, now: Moment) {
        self.last_held = Some(now);
    }

    /// Whether the door is open.
    pub fn is_open(&self) -> bool {
        self.opening.is_some()
    }

    /// Whether the door was opened while nothing had unlocked it, and is still open.
    pub fn is_forced(&self) -> bool {
        self.opening.is_some_and(|opening| opening.forced)
    }

    /// The door may stand open: its time begins anew now.
    pub fn may_stand_open(&mut self, now: Moment) {
        if let Some(opening) = &mut self.opening {
            opening.counted_from = now;
        }
    }

    /// Whether the door has been open for too long. A forced door does not count: it has an alarm of its own.
    pub fn held_open(&self, now: Moment, rules: &DoorRules) -> HeldOpen {
        match self.opening.filter(|opening| !opening.forced) {
            Some(opening) if now >= opening.counted_from + opening.allowed => HeldOpen::TooLong,
            Some(opening) if now >= opening.warned_at(rules) => HeldOpen::Warning,
            _ => HeldOpen::No,
        }
    }

    /// When the answer of [`Self::held_open`] next changes.
    pub fn next_change(&self, now: Moment, rules: &DoorRules) -> Option<Moment> {
        let opening = self.opening.filter(|opening| !opening.forced)?;
        [opening.warned_at(rules), opening.counted_from + opening.allowed].into_iter().find(|at| *at > now)
    }
}

impl DoorOpening {
    fn warned_at(&self, rules: &DoorRules) -> Moment {
        self.counted_from + self.allowed.saturating_sub(rules.warning)
    }
}
