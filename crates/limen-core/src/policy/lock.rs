//! The lock: who holds the door unlocked, when it is locked again, and what its leaf does meanwhile.
//!
//! ```text
//!              a grant of admission                 recorded in time, or not needed
//!    Locked -------------------------> Asking --------------------------------------> Open
//!     ^  ^                               |                                             |
//!     |  +--------- not recorded --------+                                             |
//!     +---- time over, command, revoked, fault, lock-down, door closed, shutdown ------+
//! ```
//!
//! Besides the person's grant there are four [holds](holds::Holds), each for itself: a command's, which waits for the
//! audit as a person's does; the exit button's, the mode's and the fire alarm's, which wait for nobody: who is inside
//! gets out. The door is locked when no hold and no person's grant is left. Two grants may wait for the audit at
//! once: that of a face and that of a command.
//!
//! | what happens | transition |
//! |---|---|
//! | admission lets somebody in | [`Lock::let_in`] |
//! | a command unlocks | [`Lock::unlock`] |
//! | the audit answers, or is too slow | [`Lock::accepted`], [`Lock::not_accepted`], [`Lock::give_up_overdue`] |
//! | exit button, fire alarm, mode | [`Lock::exit_pressed`], [`Lock::fire_is`], [`Lock::mode_turned`] |
//! | the door's leaf moves | [`Lock::door_moved`] |
//! | time passes | [`Lock::pass_time`] |
//! | a part fails | [`Lock::part_failed`] |
//! | command, revoked, shutdown | [`Lock::lock`] |

mod holds;
pub(super) mod leaf;
mod outcome;
mod pending;
mod state;

use std::time::Duration;

pub(super) use holds::Reach;
use holds::{Holds, leading};
use leaf::{Leaf, Move};
pub(super) use outcome::Outcome;
use outcome::{begins, locked};
use pending::{Answered, Pending};
use state::State;

use super::commands::{CommandId, Denial, Done, LONGEST_COMMANDED};
use super::context::{Context, DoorReport, Settings, Stage};
use super::event::{Action, Event, RequestId, Sign};
use super::grant::Grant;
use super::rules::{OnAuditFailure, Relocking};
use crate::clock::Moment;
use crate::event::{Caller, Fact, GrantKind, Mode, Part, Relock};
use crate::lease::Lease;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lock {
    state: State,
    holds: Holds,
    /// An unlocking by command that waits for the audit, and the command that waits for the verdict.
    commanded: Option<(Pending, CommandId)>,
    leaf: Leaf,
    /// The last grant opened without a record.
    opened_unrecorded: bool,
    next_request: u64,
}

impl Lock {
    /// What it does for a person.
    pub fn stage(&self) -> Stage {
        self.state.stage()
    }

    /// The grant of the person for whom the door is unlocked.
    pub fn open(&self) -> Option<&Grant> {
        self.state.open()
    }

    /// The grant of the person for whom the door is unlocked, or will be when it is recorded.
    pub fn persons_grant(&self) -> Option<&Grant> {
        self.state.grant()
    }

    /// What kind of grant keeps the door unlocked; of several, the one that lasts longest.
    pub fn open_kind(&self) -> Option<GrantKind> {
        leading(self.held())
    }

    /// Something keeps the door unlocked, or is about to.
    pub fn is_busy(&self) -> bool {
        self.state != State::Locked || self.commanded.is_some() || self.is_held()
    }

    /// The door stands open, by its contact.
    pub fn leaf_is_open(&self) -> bool {
        self.leaf.is_open()
    }

    /// What is to be known of it for alarms.
    pub fn report(&self, at: &Context<'_>) -> DoorReport {
        DoorReport {
            forced: self.leaf.is_forced(),
            held_open: self.leaf.held_open(at.moment(), &at.settings.rules.door),
            opened_unrecorded: self.opened_unrecorded,
        }
    }

    /// When time alone next changes something here.
    pub fn deadline(&self, now: Moment, settings: &Settings) -> Option<Moment> {
        let patience = self.pending().map(Pending::deadline).min();
        let leaf = self.leaf.next_change(now, &settings.rules.door);
        [self.open().and_then(Grant::until), patience, leaf, self.holds.next_end()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Locked to asking: somebody comes in as soon as it is recorded.
    pub fn let_in(&mut self, now: Moment, grant: Grant, distance: Option<f32>) -> Action {
        let (pending, record) = self.ask_audit(now, grant, distance, None);
        self.state = State::Asking(pending);
        record
    }

    /// A command unlocks the door as soon as it is recorded; the verdict comes with the audit's answer, unless it
    /// is no.
    pub fn unlock(
        &mut self,
        at: &Context<'_>,
        id: CommandId,
        caller: Caller,
        length: Duration,
    ) -> Result<Action, Denial> {
        if !(Duration::from_secs(1)..=LONGEST_COMMANDED).contains(&length) {
            return Err(Denial::Length);
        }
        if let Some(since) = at.line_fails_since {
            return Err(Denial::LineFails(at.moment().since(since)));
        }
        if at.mode == Mode::LockDown {
            return Err(Denial::LockDown);
        }
        if at.time_went_back {
            return Err(Denial::TimeWentBack);
        }
        if self.commanded.is_some() {
            return Err(Denial::Busy);
        }
        let (pending, record) =
            self.ask_audit(at.moment(), Grant::manual(at.moment(), length), None, Some(caller));
        self.commanded = Some((pending, id));
        Ok(record)
    }

    /// A record is with the recorder now: its patience begins.
    pub fn handed_over(&mut self, request: RequestId, moment: Moment) {
        let person = self.state.pending_mut();
        let command = self.commanded.as_mut().map(|(pending, _)| pending);
        if let Some(pending) = person.into_iter().chain(command).find(|pending| pending.request == request) {
            pending.handed_over(moment);
        }
    }

    /// Gives up every grant that waits for too long, unless this event answers it in time or hands it over.
    pub fn give_up_overdue(&mut self, at: &Context<'_>, event: &Event) -> Vec<Outcome> {
        let overdue = self.pending().filter(|pending| pending.is_given_up(at.now, event));
        let overdue: Vec<RequestId> = overdue.map(|pending| pending.request).collect();
        overdue.into_iter().flat_map(|request| self.not_accepted(at, request)).collect()
    }

    /// Asking to open: the audit has recorded the grant.
    pub fn accepted(&mut self, at: &Context<'_>, request: RequestId) -> Vec<Outcome> {
        let Some(answered) = self.take_pending(request) else { return Vec::new() };
        self.opened_unrecorded = false;
        self.begin_granted(at, answered)
    }

    /// Asking to locked, or to open where the site wants it so: the audit has not recorded the grant.
    pub fn not_accepted(&mut self, at: &Context<'_>, request: RequestId) -> Vec<Outcome> {
        let Some(answered) = self.take_pending(request) else { return Vec::new() };
        let what = "the record of a grant was not accepted in time".to_owned();
        let mut out = vec![Outcome::Do(Action::Record(Fact::Fault { part: Part::Audit, what }))];
        match (at.settings.rules.on_audit_failure, answered) {
            (OnAuditFailure::AllowAndAlarm, answered) => {
                self.opened_unrecorded = true;
                out.extend(self.begin_granted(at, answered));
            }
            (OnAuditFailure::Refuse, Answered::Person(grant)) => {
                out.extend((!self.is_held()).then_some(Outcome::Do(Action::Lock)));
                if let Some(track) = grant.track() {
                    out.extend([Outcome::Do(Action::Show(Sign::Refused)), Outcome::LetDown(track)]);
                }
            }
            (OnAuditFailure::Refuse, Answered::Command(_, id)) => {
                out.push(Outcome::Do(Action::Answer(id, Err(Denial::NotRecorded))));
            }
        }
        out
    }

    /// The exit button was pressed.
    pub fn exit_pressed(&mut self, at: &Context<'_>) -> Vec<Outcome> {
        let works = at.line_fails_since.is_none() && !at.time_went_back;
        let allowed = at.mode != Mode::LockDown || at.settings.rules.door.rex_in_lock_down;
        if !works || !allowed {
            return Vec::new();
        }
        let grant = Grant::rex(at.moment(), at.settings.unlock_length([]));
        begins(self.holds.exit_button.insert(grant))
    }

    /// The fire alarm releases the door, or no longer.
    pub fn fire_is(&mut self, now: Moment, active: bool) -> Vec<Outcome> {
        match active {
            true if self.holds.fire.is_none() => begins(self.holds.fire.insert(Grant::fire(now))),
            false if self.holds.fire.take().is_some() => self.lock_unless_held(Relock::FireOver, None),
            _ => Vec::new(),
        }
    }

    /// Another mode is in force.
    pub fn mode_turned(&mut self, at: &Context<'_>, mode: Mode) -> Vec<Outcome> {
        match mode {
            Mode::LockDown => {
                let rex = at.settings.rules.door.rex_in_lock_down;
                self.lock(Relock::Mode, if rex { Reach::Mode } else { Reach::ExitButton }, None)
            }
            Mode::Normal if self.holds.office.take().is_some() => self.lock_unless_held(Relock::Mode, None),
            Mode::Normal | Mode::OfficeOpen => Vec::new(),
        }
    }

    /// Without this part nobody is let in, or nothing can be unlocked.
    pub fn part_failed(&mut self, part: Part) -> Vec<Outcome> {
        match part {
            // People get in all the same. A fire release goes on until its line is read again, or a command ends it.
            Part::Inputs | Part::Door => self.lock(Relock::Fault, Reach::ExitButton, None),
            part if part.stops_the_door() => self.lock(Relock::Fault, Reach::Mode, None),
            // Who needs nothing of it does not miss it.
            _ => Vec::new(),
        }
    }

    /// The contact says that the door is open or closed; `at_start`: it was found so.
    pub fn door_moved(&mut self, at: &Context<'_>, open: bool, at_start: bool) -> Vec<Outcome> {
        let rules = &at.settings.rules.door;
        let longer = at.settings.more_time(self.open().into_iter().flat_map(Grant::people));
        let moved = Move { now: at.moment(), open, is_held: self.is_held(), at_start, longer };
        let used = self.leaf.moved(moved, rules);
        if used && rules.relock == Relocking::OnClose { self.lock_behind() } else { Vec::new() }
    }

    /// Somebody went through and the door is closed: what they were let in by is used up.
    fn lock_behind(&mut self) -> Vec<Outcome> {
        let by_person = self.open().is_some();
        let by_command = self.holds.command.take().is_some();
        let by_button = self.holds.exit_button.take().is_some();
        if !(by_person || by_command || by_button) {
            return Vec::new();
        }
        self.state = State::Locked;
        self.lock_unless_held(Relock::Closed, None)
    }

    /// Ends what is over by now, and what had not begun if time went back.
    pub fn pass_time(&mut self, at: &Context<'_>) -> Vec<Outcome> {
        let now = at.moment();
        let mut out = match &self.state {
            State::Open { grant } if grant.is_over(now) => {
                self.leaf.held_until(grant.until());
                self.lock(Relock::TimeOver, Reach::Person, None)
            }
            State::Asking(_) if at.time_went_back => self.lock(Relock::TimeOver, Reach::Person, None),
            _ => Vec::new(),
        };
        if at.time_went_back {
            out.extend(self.answer_command(Denial::Overtaken).map(Outcome::Do));
        }
        for over in self.holds.take_over(now) {
            self.leaf.held_until(over.until());
            out.extend(self.lock_unless_held(Relock::TimeOver, None));
        }
        self.leaf.forget_future(now);
        out
    }

    /// A door that fire alarm or mode hold open may stand open for as long.
    pub fn allow_standing_open(&mut self, now: Moment) {
        if self.holds.fire.is_some() || self.holds.office.is_some() {
            self.leaf.may_stand_open(now);
        }
    }

    /// To locked, from any state: takes holds away, and locks the door if none is left. Where it was not unlocked there
    /// is no record of it, unless somebody asked.
    pub fn lock(&mut self, why: Relock, reach: Reach, caller: Option<Caller>) -> Vec<Outcome> {
        let was = self.is_held() || self.state != State::Locked;
        self.state = State::Locked;
        self.holds.take_away(reach);
        let mut out = Vec::new();
        if reach >= Reach::Command {
            out.extend(self.answer_command(Denial::Overtaken).map(Outcome::Do));
        }
        if was || caller.is_some() {
            out.extend(self.lock_unless_held(why, caller));
        } else {
            out.push(Outcome::Do(Action::Lock));
        }
        out
    }

    /// Whoever waits for an unlocking by command to be recorded waits no longer.
    pub fn answer_command(&mut self, why: Denial) -> Option<Action> {
        self.commanded.take().map(|(_, id)| Action::Answer(id, Err(why)))
    }

    /// The next lease, of whichever hold lasts longest.
    pub fn renew_lease(&mut self, now: Moment) -> Option<Action> {
        let lease = self.held().map(|grant| grant.lease(now)).max_by_key(Lease::until)?;
        self.leaf.held_now(now);
        Some(Action::Hold(lease))
    }

    /// The grants that keep the door unlocked.
    fn held(&self) -> impl Iterator<Item = &Grant> {
        self.holds.iter().chain(self.open())
    }

    fn is_held(&self) -> bool {
        self.held().next().is_some()
    }

    /// The grants that wait for the audit: a face's, and a command's.
    fn pending(&self) -> impl Iterator<Item = &Pending> {
        self.state.pending().into_iter().chain(self.commanded.as_ref().map(|(pending, _)| pending))
    }

    /// Has a grant recorded; its answer is waited for.
    fn ask_audit(
        &mut self,
        now: Moment,
        grant: Grant,
        distance: Option<f32>,
        caller: Option<Caller>,
    ) -> (Pending, Action) {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        let record = Action::RecordAndAnswer(request, grant.record(distance, caller));
        (Pending::since(now, request, grant), record)
    }

    /// Takes out the grant that waits for this answer.
    fn take_pending(&mut self, request: RequestId) -> Option<Answered> {
        if let Some(grant) = self.state.take_pending(request) {
            return Some(Answered::Person(grant));
        }
        let command = self.commanded.take_if(|(pending, _)| pending.request == request);
        command.map(|(pending, id)| Answered::Command(pending.grant, id))
    }

    fn begin_granted(&mut self, at: &Context<'_>, answered: Answered) -> Vec<Outcome> {
        match answered {
            Answered::Person(grant) => self.open_for(at, grant),
            Answered::Command(grant, id) => self.hold_by_command(at, grant, id),
        }
    }

    fn open_for(&mut self, at: &Context<'_>, grant: Grant) -> Vec<Outcome> {
        let grant = grant.starting(at.moment());
        self.state = State::Open { grant: grant.clone() };
        let mut out = vec![Outcome::Opened(grant), Outcome::Do(Action::Show(Sign::Granted))];
        out.extend(self.stay_open(at));
        out
    }

    /// A command unlocks the door; one that unlocked it for longer already is not cut short.
    fn hold_by_command(&mut self, at: &Context<'_>, grant: Grant, id: CommandId) -> Vec<Outcome> {
        let length = grant.length().unwrap_or_default();
        let grant = grant.starting(at.moment());
        let before = self.holds.command.take().filter(|before| before.until() > grant.until());
        self.holds.command = Some(before.unwrap_or(grant));
        let mut out = vec![Outcome::Do(Action::Show(Sign::Granted))];
        out.extend(self.stay_open(at));
        out.push(Outcome::Do(Action::Answer(id, Ok(Done::Unlocked(length)))));
        out
    }

    /// Somebody was let in: in the mode for it the door stays unlocked from here on.
    fn stay_open(&mut self, at: &Context<'_>) -> Vec<Outcome> {
        if at.mode != Mode::OfficeOpen || self.holds.office.is_some() {
            return Vec::new();
        }
        begins(self.holds.office.insert(Grant::mode(at.moment())))
    }

    fn lock_unless_held(&self, why: Relock, caller: Option<Caller>) -> Vec<Outcome> {
        if self.is_held() { Vec::new() } else { locked(why, caller) }
    }
}

#[cfg(test)]
mod walks;
