//! Where the door is, by its contact: closed, opened by somebody who may, or forced; and for how long.

use std::time::Duration;

use super::rules::DoorRules;
use crate::clock::Moment;

/// A door that is opened so soon after it was locked was unlocked when the hand pulled it.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// An open door.
#[derive(Debug, Clone, Copy)]
struct Opening {
    forced: bool,
    /// From here on the time counts; later than the opening where a mode or the fire alarm held the door.
    counted_from: Moment,
    /// How long it may stand open.
    allowed: Duration,
}

/// What a moving door did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    Opened,
    Forced,
    /// It was open and is closed.
    Closed,
    /// It is where it was.
    Nowhere,
}

/// How long an open door has been so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeldOpen {
    No,
    Warning,
    TooLong,
}

/// See the module. A door without a contact is always closed.
#[derive(Debug, Default)]
pub(super) struct Position {
    opening: Option<Opening>,
}

impl Position {
    /// The contact says open or closed; `may` says whether the door was unlocked for somebody, `longer` how much
    /// more time that somebody needs.
    pub fn moved(
        &mut self,
        now: Moment,
        open: bool,
        may: bool,
        rules: &DoorRules,
        longer: Duration,
    ) -> Moved {
        match (open, self.opening) {
            (true, None) => {
                let allowed = rules.held_open + longer;
                self.opening = Some(Opening { forced: !may, counted_from: now, allowed });
                if may { Moved::Opened } else { Moved::Forced }
            }
            (false, Some(_)) => {
                self.opening = None;
                Moved::Closed
            }
            _ => Moved::Nowhere,
        }
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
