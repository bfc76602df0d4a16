//! What every machine is told with an event: the time, the settings, and what the other machines are at.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;

use super::access::AccessRules;
use super::event::Roster;
use super::rules::Rules;
use crate::clock::{Moment, Now};
use crate::event::Mode;
use crate::person::{GroupId, PersonId};

/// What configuration and gallery say, the same to every machine.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub rules: Rules,
    pub access: Arc<AccessRules>,
    pub roster: Roster,
}

impl Settings {
    /// The groups of a person; none of somebody who is not enrolled.
    pub fn groups_of(&self, person: &PersonId) -> &[GroupId] {
        self.roster.get(person).map_or(&[], |standing| standing.groups.as_slice())
    }

    /// The person needs more time for the door.
    pub fn needs_longer(&self, person: &PersonId) -> bool {
        self.roster.get(person).is_some_and(|standing| standing.extended_time)
    }

    /// By how much longer the door may stand open for these people.
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

/// What the lock does about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Locked for people: the next one may be let in.
    Locked,
    /// A person's grant waits for the audit.
    Asking,
    /// A person's grant keeps it unlocked.
    Open,
}

/// How long an open door has been so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeldOpen {
    /// Not for long, or it is closed.
    No,
    /// An alarm will follow.
    Warning,
    /// For longer than it may.
    TooLong,
}

/// What the lock says to whoever raises alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DoorReport {
    /// The door was opened while nothing had unlocked it, and is still open.
    pub forced: bool,
    /// How long it has been open.
    pub held_open: HeldOpen,
    /// The last grant opened without a record.
    pub opened_unrecorded: bool,
}

/// What there is to know about an event, at the moment when a machine is told of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub now: Now,
    pub settings: &'a Settings,
    /// Now is before some earlier event: nothing opens.
    pub time_went_back: bool,
    /// The mode in force, by the site.
    pub mode: Mode,
    /// Since when the lock's line has been failing, by the site.
    pub line_fails_since: Option<Moment>,
    /// A part fails without which nobody is let in by their face, by the site.
    pub part_is_missing: bool,
    /// By the lock.
    pub stage: Stage,
}

impl Context<'_> {
    /// Whether somebody may be let in now, whoever it is.
    pub fn may_let_in(&self) -> bool {
        self.stage == Stage::Locked && !self.part_is_missing && !self.time_went_back
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
