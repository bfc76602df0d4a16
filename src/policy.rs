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
//! The shell performs the [`Action`]s; the door thread on its side lets go of the line when the leases
//! stop coming, so that a hung shell cannot keep the door open.

pub mod access;
mod admission;
pub mod calendar;
mod event;
mod evidence;
pub mod explanation;
mod grant;
mod memory;
pub mod schedule;
pub mod usability;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use access::AccessRules;
pub use event::{Action, Event, OnAuditFailure, RequestId, Roster, Rules, Sign};
pub use evidence::ATTEMPT;
pub use grant::Grant;

use crate::clock::{Moment, Now};
use crate::event::{Caller, FRESHNESS, Fact, GrantKind, Observation, Part, Relock, TrackId, Unusable};
use evidence::{Evidence, Finding};
use memory::Memory;

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
    Asking { request: RequestId, asked: Moment, grant: Grant },
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
    failed: HashMap<Part, Moment>,
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
            failed: HashMap::new(),
            latest: Moment::default(),
            next_request: 0,
        }
    }

    /// The grant that keeps the door open, if one does.
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
        self.tracks.values_mut().for_each(Evidence::forget);
    }

    /// Parts that have failed and since when.
    pub fn failed(&self) -> &HashMap<Part, Moment> {
        &self.failed
    }

    /// When [`Event::Tick`] is due at the latest.
    pub fn deadline(&self) -> Option<Moment> {
        let own = match &self.state {
            State::Locked => None,
            State::Asking { asked, .. } => Some(*asked + AUDIT_PATIENCE),
            State::Open { grant } => Some(grant.until()),
        };
        own.into_iter().chain(self.memory.next_end()).min()
    }

    /// Takes one event and says what is to be done. Time-driven changes come first, so that an event
    /// never finds a door open that should have closed.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        if !self.is_answered_in_time(now, &event) {
            self.give_up_asking(now, &mut actions);
        }
        self.let_time_pass(now, &mut actions);
        match event {
            Event::Observed(observation) => self.observe(now, observation, &mut actions),
            Event::Unusable { track, taken, why } => self.unusable(now, track, taken, why),
            Event::TrackEnded(track) => self.end_track(track, &mut actions),
            Event::Accepted(request, _) => self.accepted(now, request, &mut actions),
            Event::NotAccepted(request) => self.not_accepted(now, request, &mut actions),
            Event::NewRoster(roster) => self.replace_roster(now, roster, &mut actions),
            Event::LockAsked(caller) => self.lock_asked(caller, &mut actions),
            Event::UnlockAsked { caller, length } => self.unlock_asked(now, caller, length, &mut actions),
            Event::Failed(part, what) => self.part_failed(now, part, what, &mut actions),
            Event::Recovered(part) => self.part_recovered(now, part, &mut actions),
            Event::Tick => {}
            Event::Shutdown => self.shut_down(&mut actions),
        }
        self.renew_lease(now, &mut actions);
        self.latest = self.latest.max(now.moment);
        actions
    }

    /// Locked, nothing failing, and time has not gone back.
    fn may_open(&self, now: Now) -> bool {
        self.state == State::Locked && self.failed.is_empty() && now.moment >= self.latest
    }

    /// The audit accepted within its patience, however late that is heard: a busy machine is no slow disk.
    fn is_answered_in_time(&self, now: Now, event: &Event) -> bool {
        match (&self.state, event) {
            (State::Asking { request, asked, .. }, Event::Accepted(answered, at)) => {
                let fresh = now.moment.since(*asked) <= FRESHNESS;
                request == answered && *at >= *asked && at.since(*asked) <= AUDIT_PATIENCE && fresh
            }
            _ => false,
        }
    }

    fn give_up_asking(&mut self, now: Now, actions: &mut Vec<Action>) {
        if let State::Asking { request, asked, .. } = &self.state
            && now.moment.since(*asked) > AUDIT_PATIENCE
        {
            let request = *request;
            self.not_accepted(now, request, actions);
        }
    }

    fn let_time_pass(&mut self, now: Now, actions: &mut Vec<Action>) {
        match &self.state {
            State::Open { grant } if now.moment >= grant.until() || now.moment < grant.from() => {
                self.transition_to_locked(Relock::TimeOver, None, actions);
            }
            State::Asking { .. } if now.moment < self.latest => {
                self.transition_to_locked(Relock::TimeOver, None, actions);
            }
            _ => {}
        }
        self.end_waiting(now, actions);
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

    fn accepted(&mut self, now: Now, answered: RequestId, actions: &mut Vec<Action>) {
        match &self.state {
            State::Asking { request, grant, .. } if *request == answered => {
                let grant = grant.clone();
                self.transition_to_open(now, grant, actions);
            }
            _ => {}
        }
    }

    fn not_accepted(&mut self, now: Now, answered: RequestId, actions: &mut Vec<Action>) {
        let State::Asking { request, grant, .. } = &self.state else { return };
        if *request != answered {
            return;
        }
        let grant = grant.clone();
        let what = "the record of a grant was not accepted in time".to_owned();
        actions.push(Action::Record(Fact::Fault { part: Part::Audit, what }));
        match self.rules.on_audit_failure {
            OnAuditFailure::AllowAndAlarm => self.transition_to_open(now, grant, actions),
            OnAuditFailure::Refuse => {
                self.state = State::Locked;
                actions.push(Action::Lock);
                if let Some(track) = grant.track() {
                    actions.push(Action::Show(Sign::Refused));
                    self.evidence_of(track).ask_again(now.moment + ASK_AGAIN);
                }
            }
        }
    }

    fn replace_roster(&mut self, now: Now, roster: Roster, actions: &mut Vec<Action>) {
        self.roster = roster;
        self.tracks.values_mut().for_each(Evidence::forget);
        self.memory.keep_recent(now.moment);
        self.give_up_waiting(actions);
        let revoked = match &self.state {
            State::Open { grant } | State::Asking { grant, .. } => {
                !grant.people().all(|person| self.is_admitted(now, person))
            }
            State::Locked => false,
        };
        if revoked {
            self.transition_to_locked(Relock::Revoked, None, actions);
        }
    }

    fn lock_asked(&mut self, caller: Option<Caller>, actions: &mut Vec<Action>) {
        self.tracks.values_mut().for_each(Evidence::spend);
        self.give_up_waiting(actions);
        self.transition_to_locked(Relock::Command, caller, actions);
    }

    fn unlock_asked(&mut self, now: Now, caller: Caller, length: Duration, actions: &mut Vec<Action>) {
        let works = !self.failed.contains_key(&Part::Door);
        if self.state == State::Locked && works && now.moment >= self.latest {
            let grant = Grant::manual(now.moment, length.min(LONGEST_UNLOCK));
            self.transition_to_asking(now, grant, None, Some(caller), actions);
        }
    }

    fn part_failed(&mut self, now: Now, part: Part, what: String, actions: &mut Vec<Action>) {
        if self.failed.contains_key(&part) {
            return;
        }
        self.failed.insert(part, now.moment);
        actions.push(Action::Record(Fact::Fault { part, what }));
        self.tracks.values_mut().for_each(Evidence::forget);
        self.give_up_waiting(actions);
        self.transition_to_locked(Relock::Fault, None, actions);
    }

    fn part_recovered(&mut self, now: Now, part: Part, actions: &mut Vec<Action>) {
        if let Some(since) = self.failed.remove(&part) {
            let after_ms = u64::try_from(now.moment.since(since).as_millis()).unwrap_or(u64::MAX);
            actions.push(Action::Record(Fact::Recovered { part, after_ms }));
        }
    }

    fn shut_down(&mut self, actions: &mut Vec<Action>) {
        self.give_up_waiting(actions);
        self.transition_to_locked(Relock::Shutdown, None, actions);
        actions.push(Action::Record(Fact::Stopped));
    }

    fn transition_to_asking(
        &mut self,
        now: Now,
        grant: Grant,
        distance: Option<f32>,
        caller: Option<Caller>,
        actions: &mut Vec<Action>,
    ) {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        let fact = Fact::Granted {
            grant: grant.kind(),
            person: grant.person().cloned(),
            second: grant.second().cloned(),
            track: grant.track(),
            distance,
            unlock_ms: u64::try_from(grant.length().as_millis()).unwrap_or(u64::MAX),
            caller,
        };
        self.state = State::Asking { request, asked: now.moment, grant };
        actions.push(Action::RecordAndAnswer(request, fact));
    }

    fn transition_to_open(&mut self, now: Now, grant: Grant, actions: &mut Vec<Action>) {
        if let Some(evidence) = grant.track().and_then(|track| self.tracks.get_mut(&track)) {
            evidence.granted();
        }
        let grant = grant.starting(now.moment);
        self.remember(now, &grant, actions);
        self.state = State::Open { grant };
        actions.push(Action::Show(Sign::Granted));
    }

    /// Locks in any state; a door that was not open is locked again all the same, without a record.
    fn transition_to_locked(&mut self, why: Relock, caller: Option<Caller>, actions: &mut Vec<Action>) {
        let was = std::mem::replace(&mut self.state, State::Locked);
        actions.push(Action::Lock);
        if !matches!(was, State::Locked) || caller.is_some() {
            actions.push(Action::Show(Sign::Idle));
            actions.push(Action::Record(Fact::Locked { why, caller }));
        }
    }

    fn renew_lease(&self, now: Now, actions: &mut Vec<Action>) {
        if let State::Open { grant } = &self.state {
            actions.push(Action::Hold(grant.lease(now.moment)));
        }
    }

    fn evidence_of(&mut self, track: TrackId) -> &mut Evidence {
        if self.tracks.len() >= MAX_TRACKS && !self.tracks.contains_key(&track) {
            let oldest = self.tracks.keys().min().copied();
            oldest.and_then(|id| self.tracks.remove(&id));
        }
        self.tracks.entry(track).or_default()
    }

    /// What kind of grant keeps the door open, for the status.
    pub fn open_kind(&self) -> Option<GrantKind> {
        self.open().map(Grant::kind)
    }
}

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod access_walks;
#[cfg(test)]
mod slow_audit_tests;
#[cfg(test)]
mod tests;
