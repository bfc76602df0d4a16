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
//! The shell performs the [`Action`]s; the door thread on its side lets go of the line when the leases
//! stop coming, so that a hung shell cannot keep the door open.

mod event;
mod evidence;
mod grant;

use std::collections::HashMap;
use std::time::Duration;

use jiff::tz::TimeZone;

pub use event::{Action, Event, OnAuditFailure, RequestId, Roster, Rules, Sign};
pub use evidence::ATTEMPT;
pub use grant::Grant;

use crate::clock::{Moment, Now};
use crate::event::{
    Caller, Comparison, Fact, GrantKind, Observation, Part, Refusal, Relock, TrackId, Unusable,
};
use crate::person::PersonId;
use evidence::{Evidence, Finding};

/// How long a grant waits for the audit to accept its record.
pub const AUDIT_PATIENCE: Duration = Duration::from_millis(5);
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
    zone: TimeZone,
    state: State,
    tracks: HashMap<TrackId, Evidence>,
    failed: HashMap<Part, Moment>,
    next_request: u64,
}

impl Policy {
    /// A locked door. `zone` is the site's time zone, in which days begin and end.
    pub fn new(rules: Rules, roster: Roster, zone: TimeZone) -> Self {
        Self {
            rules,
            roster,
            zone,
            state: State::Locked,
            tracks: HashMap::new(),
            failed: HashMap::new(),
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

    /// Takes other rules; an open door keeps the end it was given.
    pub fn replace_rules(&mut self, rules: Rules) {
        self.rules = rules;
        self.tracks.values_mut().for_each(Evidence::forget);
    }

    /// Parts that have failed and since when.
    pub fn failed(&self) -> &HashMap<Part, Moment> {
        &self.failed
    }

    /// When [`Event::Tick`] is due at the latest.
    pub fn deadline(&self) -> Option<Moment> {
        match &self.state {
            State::Locked => None,
            State::Asking { asked, .. } => Some(*asked + AUDIT_PATIENCE),
            State::Open { grant } => Some(grant.until()),
        }
    }

    /// Takes one event and says what is to be done. Time-driven changes come first, so that an event
    /// never finds a door open that should have closed.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        self.let_time_pass(now, &mut actions);
        match event {
            Event::Observed(observation) => self.observe(now, observation, &mut actions),
            Event::Unusable { track, taken, why } => self.unusable(now, track, taken, why),
            Event::TrackEnded(track) => self.end_track(track, &mut actions),
            Event::Accepted(request) => self.accepted(now, request, &mut actions),
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
        actions
    }

    fn let_time_pass(&mut self, now: Now, actions: &mut Vec<Action>) {
        match &self.state {
            State::Open { grant } if now.moment >= grant.until() || now.moment < grant.from() => {
                self.transition_to_locked(Relock::TimeOver, None, actions);
            }
            State::Asking { request, asked, .. } if now.moment.since(*asked) > AUDIT_PATIENCE => {
                let request = *request;
                self.not_accepted(now, request, actions);
            }
            _ => {}
        }
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
            Finding::Enough(person) if self.state == State::Locked && self.failed.is_empty() => {
                self.recognised(now, track, person, &observation.fused, actions);
            }
            Finding::LooksBad => actions.push(Action::Show(Sign::Refused)),
            Finding::Enough(_) | Finding::NotYet => {}
        }
    }

    fn recognised(
        &mut self,
        now: Now,
        track: TrackId,
        person: PersonId,
        fused: &Comparison,
        actions: &mut Vec<Action>,
    ) {
        let evidence = self.evidence_of(track);
        evidence.spend();
        if let Err(refusal) = self.may_pass(now, &person) {
            self.evidence_of(track).set_refusal(refusal);
            self.refuse_once(track, actions);
            return;
        }
        let grant = Grant::face(now.moment, self.rules.unlock.min(LONGEST_UNLOCK), person, track);
        let distance = fused.best.as_ref().map(|c| c.distance.get());
        self.transition_to_asking(now, grant, distance, None, actions);
    }

    fn may_pass(&self, now: Now, person: &PersonId) -> Result<(), Refusal> {
        let standing = self.roster.get(person).ok_or(Refusal::Suspended)?;
        if standing.suspended {
            return Err(Refusal::Suspended);
        }
        if !standing.is_limited_by_date() {
            return Ok(());
        }
        if !now.wall.synchronised {
            return Err(Refusal::ClockNotTrusted);
        }
        let today = now.wall.utc.to_zoned_datetime(self.zone.clone()).date();
        if standing.covers(today) { Ok(()) } else { Err(Refusal::NotValidNow) }
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
                    self.evidence_of(track).set_refusal(Refusal::AuditFailed);
                    self.refuse_once(track, actions);
                }
            }
        }
    }

    fn replace_roster(&mut self, now: Now, roster: Roster, actions: &mut Vec<Action>) {
        self.roster = roster;
        self.tracks.values_mut().for_each(Evidence::forget);
        let holder = match &self.state {
            State::Open { grant } | State::Asking { grant, .. } => grant.person().cloned(),
            State::Locked => None,
        };
        if holder.is_some_and(|person| self.may_pass(now, &person).is_err()) {
            self.transition_to_locked(Relock::Revoked, None, actions);
        }
    }

    fn lock_asked(&mut self, caller: Option<Caller>, actions: &mut Vec<Action>) {
        self.tracks.values_mut().for_each(Evidence::spend);
        self.transition_to_locked(Relock::Command, caller, actions);
    }

    fn unlock_asked(&mut self, now: Now, caller: Caller, length: Duration, actions: &mut Vec<Action>) {
        if self.state == State::Locked && !self.failed.contains_key(&Part::Door) {
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
        self.transition_to_locked(Relock::Fault, None, actions);
    }

    fn part_recovered(&mut self, now: Now, part: Part, actions: &mut Vec<Action>) {
        if let Some(since) = self.failed.remove(&part) {
            let after_ms = u64::try_from(now.moment.since(since).as_millis()).unwrap_or(u64::MAX);
            actions.push(Action::Record(Fact::Recovered { part, after_ms }));
        }
    }

    fn shut_down(&mut self, actions: &mut Vec<Action>) {
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
mod tests;
