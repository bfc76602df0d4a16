//! What unlocks the door besides a person who is let in: exit button, mode, fire alarm. And when it is locked again.
//!
//! Each holds the door for itself; it is locked when none of them and no person's grant holds it any more. Fire alarm
//! and exit button wait for nobody, not even for the audit: who is inside gets out.

use std::time::Duration;

use super::answers::Asking;
use super::commands::{CommandId, Denial};
use super::event::{Action, Sign};
use super::rules::Relocking;
use super::{Grant, LONGEST_UNLOCK, Policy, State};
use crate::clock::{Moment, Now};
use crate::event::{Caller, Fact, GrantKind, Mode, Part, Personal, Relock};
use crate::person::PersonId;

/// Who holds the door besides the one who was let in.
#[derive(Debug, Default)]
pub(super) struct Release {
    pub fire: Option<Grant>,
    pub office: Option<Grant>,
    pub rex: Option<Grant>,
    pub manual: Manual,
}

/// An unlocking by command.
#[derive(Debug, Default)]
pub(super) struct Manual {
    /// Waits for the audit, and whoever commanded it for the outcome.
    pub asking: Option<(Asking, CommandId)>,
    pub open: Option<Grant>,
}

/// Which holds an end of the unlocked time takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// That of the person who was let in.
    Person,
    /// And that of a command.
    Command,
    /// And that of the mode: a command or a fault ends it until the next grant.
    Mode,
    /// And that of the exit button.
    Rex,
    /// Everything.
    All,
}

impl Release {
    fn held(&self) -> impl Iterator<Item = &Grant> {
        [&self.fire, &self.office, &self.rex, &self.manual.open].into_iter().flatten()
    }

    /// When the next of them ends by itself.
    pub fn next_end(&self) -> Option<Moment> {
        self.held().filter_map(Grant::until).min()
    }
}

impl Policy {
    /// The grants that keep the door unlocked.
    pub(super) fn holds(&self) -> impl Iterator<Item = &Grant> {
        let person = match &self.state {
            State::Open { grant } => Some(grant),
            _ => None,
        };
        self.release.held().chain(person)
    }

    /// Something keeps the door unlocked.
    pub(super) fn is_held(&self) -> bool {
        self.holds().next().is_some()
    }

    /// How long a person's grant lasts.
    pub(super) fn unlock_length(&self, people: &[&PersonId]) -> Duration {
        let longer = people.iter().any(|person| self.needs_longer(person));
        let usual = if longer { self.rules.unlock.max(self.rules.door.extended) } else { self.rules.unlock };
        self.until_closed(usual).min(LONGEST_UNLOCK)
    }

    /// A command unlocks the door; one that unlocked it for longer already is not cut short.
    pub(super) fn hold_by_command(&mut self, now: Now, grant: Grant, actions: &mut Vec<Action>) {
        let grant = grant.starting(now.moment);
        let before = self.release.manual.open.take().filter(|open| open.until() > grant.until());
        self.release.manual.open = Some(before.unwrap_or(grant));
        actions.push(Action::Show(Sign::Granted));
        self.stay_open(now, actions);
    }

    /// The exit button was pressed.
    pub(super) fn rex_pressed(&mut self, now: Now, actions: &mut Vec<Action>) {
        let works = !self.failed.contains_key(&Part::Door) && now.moment >= self.latest;
        let allowed = self.modes.in_force() != Mode::LockDown || self.rules.door.rex_in_lock_down;
        if works && allowed {
            let length = self.until_closed(self.rules.unlock).min(LONGEST_UNLOCK);
            self.release.rex = Some(self.begin(Grant::rex(now.moment, length), actions));
        }
    }

    /// The fire alarm releases the door, or no longer.
    pub(super) fn fire_is(&mut self, now: Now, active: bool, actions: &mut Vec<Action>) {
        match (active, self.release.fire.is_some()) {
            (true, false) => self.release.fire = Some(self.begin(Grant::fire(now.moment), actions)),
            (false, true) => {
                self.release.fire = None;
                self.lock_unless_held(Relock::FireOver, None, actions);
            }
            _ => {}
        }
    }

    /// Somebody was let in: in the mode for it the door stays unlocked from here on.
    pub(super) fn stay_open(&mut self, now: Now, actions: &mut Vec<Action>) {
        if self.modes.in_force() == Mode::OfficeOpen && self.release.office.is_none() {
            self.release.office = Some(self.begin(Grant::mode(now.moment), actions));
        }
    }

    /// Ends the time of the exit button and of a command when it is over, or when time went back.
    pub(super) fn end_release(&mut self, now: Now, actions: &mut Vec<Action>) {
        if self.release.manual.asking.is_some() && now.moment < self.latest {
            self.drop_unanswered_command(actions);
        }
        let Release { rex, manual, .. } = &mut self.release;
        let over = [
            rex.take_if(|rex| rex.is_over(now.moment)),
            manual.open.take_if(|open| open.is_over(now.moment)),
        ];
        for over in over.into_iter().flatten() {
            self.last_held = self.last_held.max(over.until());
            self.lock_unless_held(Relock::TimeOver, None, actions);
        }
    }

    /// Takes holds away. The door is locked if none is left, in any state; that it was not unlocked makes no
    /// difference but that there is no record then, unless somebody asked.
    pub(super) fn transition_to_locked(
        &mut self,
        why: Relock,
        reach: Reach,
        caller: Option<Caller>,
        actions: &mut Vec<Action>,
    ) {
        let was = self.is_held() || self.state != State::Locked;
        self.state = State::Locked;
        if reach >= Reach::Command {
            self.release.manual.open = None;
            self.drop_unanswered_command(actions);
        }
        if reach >= Reach::Mode {
            self.release.office = None;
        }
        if reach >= Reach::Rex {
            self.release.rex = None;
        }
        if reach >= Reach::All {
            self.release.fire = None;
        }
        if was || caller.is_some() {
            self.lock_unless_held(why, caller, actions);
        } else {
            actions.push(Action::Lock);
        }
    }

    /// Whoever waits for the audit to accept an unlocking by command waits no longer.
    fn drop_unanswered_command(&mut self, actions: &mut Vec<Action>) {
        let waiting = self.release.manual.asking.take();
        actions.extend(waiting.map(|(_, id)| Action::Answer(id, Err(Denial::Overtaken))));
    }

    /// The next lease, of whichever hold lasts longest.
    pub(super) fn renew_lease(&mut self, now: Now, actions: &mut Vec<Action>) {
        let lease = self.holds().map(|grant| grant.lease(now.moment)).max_by_key(crate::lease::Lease::until);
        if let Some(lease) = lease {
            self.last_held = Some(now.moment);
            actions.push(Action::Hold(lease));
        }
    }

    pub(super) fn lock_unless_held(&self, why: Relock, caller: Option<Caller>, actions: &mut Vec<Action>) {
        if !self.is_held() {
            actions.push(Action::Lock);
            actions.push(Action::Show(Sign::Idle));
            actions.push(Action::Record(Fact::Locked { why, caller }));
        }
    }

    fn begin(&self, grant: Grant, actions: &mut Vec<Action>) -> Grant {
        actions.push(Action::Record(granted(&grant, None, None)));
        actions.push(Action::Show(Sign::Granted));
        grant
    }

    fn until_closed(&self, usual: Duration) -> Duration {
        match self.rules.door.relock {
            Relocking::AfterTime => usual,
            Relocking::OnClose => usual.max(self.rules.door.longest),
        }
    }

    pub(super) fn needs_longer(&self, person: &PersonId) -> bool {
        self.roster.get(person).is_some_and(|standing| standing.extended_time)
    }
}

/// The record of a grant.
pub(super) fn granted(grant: &Grant, distance: Option<f32>, caller: Option<Caller>) -> Fact {
    Fact::Granted {
        grant: grant.kind(),
        person: grant.person().cloned().map(Personal),
        second: grant.second().cloned().map(Personal),
        factors: grant.factors().list(),
        track: grant.track(),
        distance,
        unlock_ms: grant.length().map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
        caller,
    }
}

/// The kind that the status names, where several hold the door: the one that lasts longest.
pub(super) fn leading<'a>(holds: impl Iterator<Item = &'a Grant>) -> Option<GrantKind> {
    holds
        .max_by_key(|grant| grant.until().map_or((1, Moment::default()), |until| (0, until)))
        .map(Grant::kind)
}
