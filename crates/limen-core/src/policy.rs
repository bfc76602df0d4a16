//! Who may pass, decided without clock, file or socket: `step(now, event)` returns what to do.
//!
//! ```text
//!                 K of the last N frames of one track agree
//!    Locked ------------------------------------------------> Asking   (may the audit write it down?)
//!      ^  ^                                                    |  |
//!      |  +---- not accepted within 5 ms, and so configured ---+  | accepted
//!      |                                                          v
//!      +---- time over, command, revoked, fault, shutdown ----- Open
//! ```
//!
//! Somebody who is recognised passes if the rules of access let them ([`access`]): groups, schedules, and
//! what happened before, the only thing that is remembered beyond the tracks in the picture.
//!
//! Besides, the exit button, a mode and the fire alarm unlock the door (`release`), and what its lines and its camera
//! say may be an alarm (`surroundings`, [`alarms`]).
//!
//! The shell performs the [`Action`]s; the door thread on its side lets go of the line when the leases
//! stop coming, so that a hung shell cannot keep the door open.

pub mod access;
mod admission;
pub mod alarms;
mod answers;
pub mod attempts;
pub mod calendar;
mod command_budget;
pub mod commands;
mod event;
mod evidence;
pub mod explanation;
pub mod factors;
mod faults;
mod grant;
mod lines;
mod memory;
pub mod modes;
mod position;
mod proving;
mod release;
mod rules;
pub mod schedule;
mod surroundings;
pub mod usability;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

pub use access::AccessRules;
pub use commands::{Command, CommandId, Denial, Done, Verdict};
pub use event::{Action, EntryId, Event, PinOutcome, RequestId, Roster, Sign, Sound};
pub use evidence::ATTEMPT;
pub use faults::Trouble;
pub use grant::Grant;
pub use rules::{DoorRules, MultipleFaces, OnAuditFailure, Relocking, Rules};

use crate::clock::{Moment, Now};
use crate::event::{Fact, GrantKind, Observation, Part, Relock, TrackId, Unusable};
use alarms::Alarms;
use answers::Asking;
use command_budget::CommandBudget;
use evidence::{Evidence, Finding};
use lines::Lines;
use memory::Memory;
use modes::Modes;
use position::Position;
use proving::Proving;
use release::{Reach, Release};

/// How long a grant waits for the audit to accept its record.
pub const AUDIT_PATIENCE: Duration = Duration::from_millis(5);
/// Whoever still stands there after the audit was too slow is asked for again after this.
pub const ASK_AGAIN: Duration = Duration::from_secs(1);
/// The longest that any face or command keeps the door unlocked, whatever is configured.
pub const LONGEST_UNLOCK: Duration = Duration::from_secs(60);
/// Tracks remembered at once; the oldest is dropped beyond that. The vision follows far fewer.
const MAX_TRACKS: usize = 64;

#[derive(Debug, Clone, PartialEq)]
enum State {
    Locked,
    Asking(Asking),
    Open { grant: Grant },
}

/// The state machine.
#[derive(Debug)]
pub struct Policy {
    rules: Rules,
    roster: Roster,
    access: Arc<AccessRules>,
    memory: Memory,
    state: State,
    tracks: HashMap<TrackId, Evidence>,
    failed: BTreeMap<Part, Trouble>,
    proving: Proving,
    release: Release,
    modes: Modes,
    lines: Lines,
    position: Position,
    alarms: Alarms,
    budget: CommandBudget,
    /// When something last held the door.
    last_held: Option<Moment>,
    /// The door was opened by whom it was unlocked for.
    opened_while_held: bool,
    /// Since when the camera has shown nothing.
    blind_since: Option<Moment>,
    /// The last grant opened without a record.
    opened_unrecorded: bool,
    warned: bool,
    heard: Sound,
    /// The latest moment of any event: before it, nothing opens.
    latest: Moment,
    next_request: u64,
}

impl Policy {
    /// A locked door.
    pub fn new(rules: Rules, roster: Roster, access: Arc<AccessRules>) -> Self {
        Self {
            rules,
            roster,
            access,
            memory: Memory::default(),
            state: State::Locked,
            tracks: HashMap::new(),
            failed: BTreeMap::new(),
            proving: Proving::default(),
            release: Release::default(),
            modes: Modes::default(),
            lines: Lines::default(),
            position: Position::default(),
            alarms: Alarms::default(),
            budget: CommandBudget::default(),
            last_held: None,
            opened_while_held: false,
            blind_since: None,
            opened_unrecorded: false,
            warned: false,
            heard: Sound::Silence,
            latest: Moment::default(),
            next_request: 0,
        }
    }

    /// The grant of whom the door is unlocked for, if it is for somebody.
    pub fn open(&self) -> Option<&Grant> {
        match &self.state {
            State::Open { grant } => Some(grant),
            _ => None,
        }
    }

    /// Takes other rules; an open door keeps the end it was given. Whom they no longer let in is seen to
    /// with the next [`Event::NewRoster`].
    pub fn replace_rules(&mut self, rules: Rules, access: Arc<AccessRules>) {
        self.rules = rules;
        self.access = access;
        self.modes.ask_again();
        self.tracks.values_mut().for_each(Evidence::forget);
    }

    /// Parts that have failed, since when and why.
    pub fn failed(&self) -> &BTreeMap<Part, Trouble> {
        &self.failed
    }

    /// When [`Event::Tick`] is due at the latest.
    pub fn deadline(&self) -> Option<Moment> {
        let own = match &self.state {
            State::Locked | State::Asking(_) => None,
            State::Open { grant } => grant.until(),
        };
        let proving = self.proving.next_change(self.latest, self.access.factor_patience);
        let others = [
            self.audit_deadline(),
            self.memory.next_end(),
            proving,
            self.surroundings_deadline(self.latest),
            self.budget.next_change(),
        ];
        own.into_iter().chain(others.into_iter().flatten()).min()
    }

    /// Takes one event and says what is to be done. Time-driven changes come first, so that an event
    /// never finds a door open that should have closed.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        self.give_up_asking(now, &event, &mut actions);
        self.let_time_pass(now, &mut actions);
        self.take(now, event, &mut actions);
        self.watch(now, &mut actions);
        self.renew_lease(now, &mut actions);
        self.latest = self.latest.max(now.moment);
        actions
    }

    fn take(&mut self, now: Now, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Observed(observation) => self.observe(now, observation, actions),
            Event::Unusable { track, taken, why } => self.unusable(now, track, taken, why),
            Event::TrackEnded(track) => self.end_track(track, actions),
            Event::Accepted(request, _) => self.accepted(now, request, actions),
            Event::NotAccepted(request) => self.not_accepted(now, request, actions),
            Event::HandedOver(request, at) => self.handed_over(request, at),
            Event::NewRoster(roster) => self.replace_roster(now, roster, actions),
            Event::Commanded { id, caller, command } => self.commanded(now, id, caller, command, actions),
            Event::TurnedAway { caller, command, why } => {
                self.turned_away(now, caller, command, why, actions);
            }
            Event::PinEntered(entry) => self.pin_entered(now, entry, actions),
            Event::PinVerified { entry, person, outcome } => {
                self.pin_verified(now, entry, &person, outcome, actions);
            }
            Event::CardRead(card) => self.card_read(now, card, actions),
            Event::Failed(part, what) => self.part_failed(now, part, what, actions),
            Event::Recovered(part) => self.part_recovered(now, part, actions),
            Event::Input { input, active, at_start } => self.line_is(now, input, active, at_start, actions),
            Event::View { blind } => self.view_is(now, blind),
            Event::ModeKept(mode) => self.mode_kept(now, mode, actions),
            Event::LockDownKept => self.lock_down_kept(now, actions),
            Event::Tick => {}
            Event::Shutdown => self.shut_down(actions),
        }
    }

    /// Locked, nothing failing that is needed, and time has not gone back.
    fn may_open(&self, now: Now) -> bool {
        let fails = self.failed.keys().any(|part| part.stops_the_door());
        self.state == State::Locked && !fails && now.moment >= self.latest
    }

    fn let_time_pass(&mut self, now: Now, actions: &mut Vec<Action>) {
        match &self.state {
            State::Open { grant } if grant.is_over(now.moment) => {
                self.last_held = self.last_held.max(grant.until());
                self.transition_to_locked(Relock::TimeOver, Reach::Person, None, actions);
            }
            State::Asking(_) if now.moment < self.latest => {
                self.transition_to_locked(Relock::TimeOver, Reach::Person, None, actions);
            }
            _ => {}
        }
        self.end_release(now, actions);
        self.last_held = self.last_held.map(|last| last.min(now.moment));
        self.end_waiting(now, actions);
        self.end_proving(now, actions);
        let over: Vec<TrackId> =
            self.tracks.iter().filter(|(_, e)| e.attempt_is_over(now.moment)).map(|(id, _)| *id).collect();
        for track in over {
            self.refuse_once(track, actions);
        }
    }

    fn observe(&mut self, now: Now, observation: Observation, actions: &mut Vec<Action>) {
        let track = observation.track;
        let rules = self.rules;
        let evidence = self.evidence_of(track);
        let finding = evidence.add(&rules, now.moment, &observation);
        match finding {
            Finding::Enough(person) if self.may_open(now) => {
                self.recognised(now, track, person, &observation.fused, actions);
            }
            Finding::LooksBad => actions.push(Action::Show(Sign::Refused)),
            Finding::Enough(_) | Finding::NotYet => {}
        }
    }

    fn unusable(&mut self, now: Now, track: TrackId, taken: Moment, why: Unusable) {
        self.evidence_of(track).add_unusable(now.moment, taken, why);
    }

    fn end_track(&mut self, track: TrackId, actions: &mut Vec<Action>) {
        self.refuse_once(track, actions);
        self.tracks.remove(&track);
    }

    fn refuse_once(&mut self, track: TrackId, actions: &mut Vec<Action>) {
        let Some(fact) = self.tracks.get_mut(&track).and_then(|evidence| evidence.close(track)) else {
            return;
        };
        if matches!(fact, Fact::Refused { frames, .. } if frames > 0) {
            actions.push(Action::Show(Sign::Refused));
        }
        actions.push(Action::Record(fact));
    }

    fn replace_roster(&mut self, now: Now, roster: Roster, actions: &mut Vec<Action>) {
        let before = std::mem::replace(&mut self.roster, roster);
        self.tracks.values_mut().for_each(Evidence::forget);
        self.memory.keep_recent(now.moment);
        self.give_up_waiting(actions);
        let revoked = match &self.state {
            State::Open { grant } | State::Asking(Asking { grant, .. }) => {
                !self.still_stands(now, grant, &before)
            }
            State::Locked => false,
        };
        if revoked {
            self.transition_to_locked(Relock::Revoked, Reach::Person, None, actions);
        }
    }

    fn shut_down(&mut self, actions: &mut Vec<Action>) {
        self.give_up_waiting(actions);
        let waiting = self.release.manual.asking.take();
        actions.extend(waiting.map(|(_, id)| Action::Answer(id, Err(Denial::Leaving))));
        actions.extend(self.lines.unrecorded().into_iter().map(Action::Record));
        self.transition_to_locked(Relock::Shutdown, Reach::All, None, actions);
        let left_out = self.budget.take_all_left_out();
        actions.extend(left_out.map(|count| Action::Record(Fact::CommandsLeftOut { count })));
        actions.push(Action::Record(Fact::Stopped));
    }

    fn transition_to_asking(
        &mut self,
        now: Now,
        grant: Grant,
        distance: Option<f32>,
        actions: &mut Vec<Action>,
    ) {
        let asking = self.ask_audit(now, grant, distance, None, actions);
        self.state = State::Asking(asking);
    }

    fn transition_to_open(&mut self, now: Now, grant: Grant, actions: &mut Vec<Action>) {
        if let Some(evidence) = grant.track().and_then(|track| self.tracks.get_mut(&track)) {
            evidence.granted();
        }
        let grant = grant.starting(now.moment);
        self.remember(now, &grant, actions);
        self.state = State::Open { grant };
        actions.push(Action::Show(Sign::Granted));
        self.stay_open(now, actions);
    }

    fn evidence_of(&mut self, track: TrackId) -> &mut Evidence {
        if self.tracks.len() >= MAX_TRACKS && !self.tracks.contains_key(&track) {
            let oldest = self.tracks.keys().min().copied();
            oldest.and_then(|id| self.tracks.remove(&id));
        }
        self.tracks.entry(track).or_default()
    }

    /// What kind of grant keeps the door unlocked, for the status; of several, the one that lasts longest.
    pub fn open_kind(&self) -> Option<GrantKind> {
        release::leading(self.holds())
    }
}

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod access_walks;
#[cfg(test)]
mod combined_walks;
#[cfg(test)]
mod commands_tests;
#[cfg(test)]
mod proving_tests;
#[cfg(test)]
mod proving_walks;
#[cfg(test)]
mod slow_audit_tests;
#[cfg(test)]
mod surroundings_tests;
#[cfg(test)]
mod surroundings_walks;
#[cfg(test)]
mod tests;
