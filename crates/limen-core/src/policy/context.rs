//! What every machine is told with an event: the time, the settings, and the states of the other machines.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;

use super::access::AccessRules;
use super::event::Standings;
use super::rules::Rules;
use crate::clock::{Moment, Now};
use crate::event::Mode;
use crate::person::{GroupId, PersonId};

/// What configuration and gallery say; the same for every machine.
#[derive(Debug, Clone)]
pub(super) struct PolicySettings {
    pub rules: Rules,
    pub access: Arc<AccessRules>,
    pub standings: Standings,
}

impl PolicySettings {
    /// The groups of a person; empty for somebody who is not enrolled.
    pub fn groups_of(&self, person: &PersonId) -> &[GroupId] {
        self.standings.get(person).map_or(&[], |standing| standing.groups.as_slice())
    }

    /// Whether the person needs more time at the door.
    pub fn needs_longer(&self, person: &PersonId) -> bool {
        self.standings.get(person).is_some_and(|standing| standing.extended_time)
    }

    /// How much longer the door may stand open for these people; zero if nobody needs more time.
    pub fn more_time<'a>(&self, people: impl IntoIterator<Item = &'a PersonId>) -> Duration {
        if people.into_iter().any(|person| self.needs_longer(person)) {
            self.rules.door.extended.saturating_sub(self.rules.unlock)
        } else {
            Duration::ZERO
        }
    }

    /// How long a grant unlocks the door for these people.
    pub fn unlock_length<'a>(&self, people: impl IntoIterator<Item = &'a PersonId>) -> Duration {
        self.rules.unlock_length(people.into_iter().any(|person| self.needs_longer(person)))
    }
}

/// The state of the lock, as far as people are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockStage {
    /// No person's grant waits or is open: the next person may be let in.
    Locked,
    /// A person's grant waits for the audit.
    Asking,
    /// A person's grant keeps the door unlocked.
    Open,
}

/// How long the door has been open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeldOpen {
    /// It is closed, or has not been open for long.
    No,
    /// It has been open for long: an alarm will follow.
    Warning,
    /// It has been open for longer than allowed.
    TooLong,
}

/// What the lock reports to the site, which raises alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LockReport {
    /// The door was opened while nothing had unlocked it, and is still open.
    pub forced: bool,
    /// How long it has been open.
    pub held_open: HeldOpen,
    /// The last grant opened the door without a record.
    pub opened_unrecorded: bool,
}

/// What a machine is told besides the event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub now: Now,
    pub settings: &'a PolicySettings,
    /// This event has an earlier time than one before it: nothing opens.
    pub time_went_back: bool,
    /// The mode in force, from the site.
    pub mode: Mode,
    /// Since when the lock's line has been failing, from the site.
    pub line_fails_since: Option<Moment>,
    /// A part has failed without which nobody is let in by face, from the site.
    pub part_is_missing: bool,
    /// The state of the lock for people, from the lock.
    pub stage: LockStage,
}

impl Context<'_> {
    /// Whether anybody at all may be let in now.
    pub fn may_let_in(&self) -> bool {
        self.stage == LockStage::Locked && !self.part_is_missing && !self.time_went_back
    }

    /// The moment of the event.
    pub fn moment(&self) -> Moment {
        self.now.moment
    }

    /// The site's time; `None` if it is unknown.
    pub fn local_time(&self) -> Option<DateTime> {
        self.settings.access.local_time(self.now.wall)
    }
}
