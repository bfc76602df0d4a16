//! The lock: what keeps the door unlocked, when it is locked again, and what the door leaf does.
//!
//! ```text
//!              a grant of admission                 recorded, or allowed unrecorded
//!    Locked -------------------------> Asking --------------------------------------> Open
//!     ^  ^                               |                                             |
//!     |  +--------- not recorded --------+                                             |
//!     +---- time over, command, revoked, fault, lock-down, door closed, shutdown ------+
//! ```
//!
//! Besides the person's grant there are four independent [holds](holds::Holds). The hold of a command waits for
//! the audit, like a person's grant; both may wait at the same time. The holds of exit button, mode and fire
//! alarm do not wait: people inside can get out. The door is locked when no hold and no person's grant is left.
//!
//! | what happens | transition |
//! |---|---|
//! | admission lets somebody in | [`Lock::let_in`] |
//! | a command unlocks | [`Lock::unlock`] |
//! | the audit answers, or is too slow | [`Lock::accepted`], [`Lock::not_accepted`], [`Lock::give_up_overdue`] |
//! | exit button, fire alarm, mode, leaf | [`Lock::exit_pressed`], [`Lock::fire_is`], [`Lock::mode_turned`], [`Lock::door_moved`] |
//! | time passes; a part fails | [`Lock::pass_time`], [`Lock::part_failed`] |
//! | command, revoked, shutdown | [`Lock::lock`] |

mod holds;
pub(super) mod leaf;
mod outcome;
mod pending;
mod state;

use std::time::Duration;

pub(super) use holds::Reach;
use holds::{Holds, leading};
use leaf::{Leaf, LeafMove};
pub(super) use outcome::LockOutcome;
use outcome::{begins, locked};
use pending::{Answered, Pending};
use state::LockState;

use super::commands::{CommandId, Denial, Done, LONGEST_COMMANDED};
use super::context::{Context, LockReport, LockStage, PolicySettings};
use super::event::{Action, Event, RequestId, Sign};
use super::grant::Grant;
use super::rules::{OnAuditFailure, Relocking};
use crate::clock::Moment;
use crate::event::{Caller, Fact, GrantKind, Mode, Part, Relock};
use crate::lease::Lease;

/// The machine of the lock.
#[derive(Debug, Default)]
pub(super) struct Lock {
    state: LockState,
    holds: Holds,
    /// The grant of a command that waits for the audit, and the command that waits for its verdict.
    commanded: Option<(Pending, CommandId)>,
    leaf: Leaf,
    /// The last grant opened the door without a record.
    opened_unrecorded: bool,
    next_request: u64,
}

impl Lock {
    /// Whether the lock is locked, asking or open for a person.
    pub fn stage(&self) -> LockStage {
        self.state.stage()
    }

    /// The grant of the person for whom the door is unlocked.
    pub fn open(&self) -> Option<&Grant> {
        self.state.open()
    }

    /// The grant of the person for whom the door is unlocked, or will be once the grant is recorded.
    pub fn persons_grant(&self) -> Option<&Grant> {
        self.state.grant()
    }

    /// The kind of the grant that keeps the door unlocked; of several, the one that lasts longest.
    pub fn open_kind(&self) -> Option<GrantKind> {
        leading(self.held())
    }

    /// Whether something keeps the door unlocked, or waits to do so.
    pub fn is_busy(&self) -> bool {
        self.state != LockState::Locked || self.commanded.is_some() || self.is_held()
    }

    /// Whether the door stands open, as its contact says.
    pub fn leaf_is_open(&self) -> bool {
        self.leaf.is_open()
    }

    /// What the alarms depend on.
    pub fn report(&self, at: &Context<'_>) -> LockReport {
        LockReport {
            forced: self.leaf.is_forced(),
            held_open: self.leaf.held_open(at.moment(), &at.settings.rules.door),
            opened_unrecorded: self.opened_unrecorded,
        }
    }

    /// The next moment at which time alone changes the lock.
    pub fn deadline(&self, now: Moment, settings: &PolicySettings) -> Option<Moment> {
        let patience = self.pending().map(Pending::deadline).min();
        let leaf = self.leaf.next_change(now, &settings.rules.door);
        [self.open().and_then(Grant::until), patience, leaf, self.holds.next_end()]
            .into_iter()
            .flatten()
            .min()
    }

    /// From `Locked` to `Asking`: the door opens as soon as the grant is recorded.
    pub fn let_in(&mut self, now: Moment, grant: Grant, distance: Option<f32>) -> Action {
        let (pending, record) = self.ask_audit(now, grant, distance, None);
        self.state = LockState::Asking(pending);
        record
    }

    /// A command unlocks the door as soon as it is recorded. Unless it is denied at once, its verdict comes
    /// with the audit's answer.
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

    /// A record was handed to the recorder: the time to wait for its answer begins.
    pub fn handed_over(&mut self, request: RequestId, moment: Moment) {
        let person = self.state.pending_mut();
        let command = self.commanded.as_mut().map(|(pending, _)| pending);
        if let Some(pending) = person.into_iter().chain(command).find(|pending| pending.request == request) {
            pending.handed_over(moment);
        }
    }

    /// Gives up every grant that has waited too long, unless this event is the audit's answer to it or says that its
    /// record was handed over.
    pub fn give_up_overdue(&mut self, at: &Context<'_>, event: &Event) -> Vec<LockOutcome> {
        let overdue = self.pending().filter(|pending| pending.is_given_up(at.now, event));
        let overdue: Vec<RequestId> = overdue.map(|pending| pending.request).collect();
        overdue.into_iter().flat_map(|request| self.not_accepted(at, request)).collect()
    }

    /// From `Asking` to `Open`: the audit has recorded the grant.
    pub fn accepted(&mut self, at: &Context<'_>, request: RequestId) -> Vec<LockOutcome> {
        let Some(answered) = self.take_pending(request) else { return Vec::new() };
        self.opened_unrecorded = false;
        self.begin_granted(at, answered)
    }

    /// From `Asking` to `Locked`, or to `Open` if so configured: the audit has not recorded the grant.
    pub fn not_accepted(&mut self, at: &Context<'_>, request: RequestId) -> Vec<LockOutcome> {
        let Some(answered) = self.take_pending(request) else { return Vec::new() };
        let what = "the record of a grant was not accepted in time".to_owned();
        let mut out = vec![LockOutcome::Do(Action::Record(Fact::Fault { part: Part::Audit, what }))];
        match (at.settings.rules.on_audit_failure, answered) {
            (OnAuditFailure::AllowAndAlarm, answered) => {
                self.opened_unrecorded = true;
                out.extend(self.begin_granted(at, answered));
            }
            (OnAuditFailure::Refuse, Answered::Person(grant)) => {
                out.extend((!self.is_held()).then_some(LockOutcome::Do(Action::Lock)));
                if let Some(track) = grant.track() {
                    out.extend([LockOutcome::Do(Action::Show(Sign::Refused)), LockOutcome::LetDown(track)]);
                }
            }
            (OnAuditFailure::Refuse, Answered::Command(_, id)) => {
                out.push(LockOutcome::Do(Action::Answer(id, Err(Denial::NotRecorded))));
            }
        }
        out
    }

    /// The exit button was pressed.
    pub fn exit_pressed(&mut self, at: &Context<'_>) -> Vec<LockOutcome> {
        let works = at.line_fails_since.is_none() && !at.time_went_back;
        let allowed = at.mode != Mode::LockDown || at.settings.rules.door.rex_in_lock_down;
        if !works || !allowed {
            return Vec::new();
        }
        let grant = Grant::rex(at.moment(), at.settings.unlock_length([]));
        begins(self.holds.exit_button.insert(grant))
    }

    /// The fire alarm releases the door (`active`), or is over.
    pub fn fire_is(&mut self, now: Moment, active: bool) -> Vec<LockOutcome> {
        match active {
            true if self.holds.fire.is_none() => begins(self.holds.fire.insert(Grant::fire(now))),
            false if self.holds.fire.take().is_some() => self.lock_unless_held(Relock::FireOver, None),
            _ => Vec::new(),
        }
    }

    /// Another mode is in force.
    pub fn mode_turned(&mut self, at: &Context<'_>, mode: Mode) -> Vec<LockOutcome> {
        match mode {
            Mode::LockDown => {
                let rex = at.settings.rules.door.rex_in_lock_down;
                self.lock(Relock::Mode, if rex { Reach::Mode } else { Reach::ExitButton }, None)
            }
            Mode::Normal if self.holds.office.take().is_some() => self.lock_unless_held(Relock::Mode, None),
            Mode::Normal | Mode::OfficeOpen => Vec::new(),
        }
    }

    /// A part has failed: ends what must not go on without it.
    pub fn part_failed(&mut self, part: Part) -> Vec<LockOutcome> {
        match part {
            // People can get a new grant. A fire release lasts until its line is read again or a command ends
            // it.
            Part::Inputs | Part::Door => self.lock(Relock::Fault, Reach::ExitButton, None),
            part if part.stops_the_door() => self.lock(Relock::Fault, Reach::Mode, None),
            // Nothing that keeps the door unlocked needs another part.
            _ => Vec::new(),
        }
    }

    /// The contact says that the door is open or closed. `at_start`: it was so when the lines were opened; nothing
    /// moved now.
    pub fn door_moved(&mut self, at: &Context<'_>, open: bool, at_start: bool) -> Vec<LockOutcome> {
        let rules = &at.settings.rules.door;
        let longer = at.settings.more_time(self.open().into_iter().flat_map(Grant::people));
        let moved = LeafMove { now: at.moment(), open, is_held: self.is_held(), at_start, longer };
        let used = self.leaf.moved(moved, rules);
        if used && rules.relock == Relocking::OnClose { self.lock_behind() } else { Vec::new() }
    }

    /// Somebody went through and closed the door: ends the grant and the holds that let them through.
    fn lock_behind(&mut self) -> Vec<LockOutcome> {
        let by_person = self.open().is_some();
        let by_command = self.holds.command.take().is_some();
        let by_button = self.holds.exit_button.take().is_some();
        if !(by_person || by_command || by_button) {
            return Vec::new();
        }
        self.state = LockState::Locked;
        self.lock_unless_held(Relock::Closed, None)
    }

    /// Ends every grant whose time is over, or has not begun because time went back.
    pub fn pass_time(&mut self, at: &Context<'_>) -> Vec<LockOutcome> {
        let now = at.moment();
        let mut out = match &self.state {
            LockState::Open { grant } if grant.is_over(now) => {
                self.leaf.held_until(grant.until());
                self.lock(Relock::TimeOver, Reach::Person, None)
            }
            LockState::Asking(_) if at.time_went_back => self.lock(Relock::TimeOver, Reach::Person, None),
            _ => Vec::new(),
        };
        if at.time_went_back {
            out.extend(self.answer_command(Denial::Overtaken).map(LockOutcome::Do));
        }
        for over in self.holds.take_over(now) {
            self.leaf.held_until(over.until());
            out.extend(self.lock_unless_held(Relock::TimeOver, None));
        }
        self.leaf.forget_future(now);
        out
    }

    /// While the fire alarm or the mode keeps the door unlocked, it may stand open.
    pub fn allow_standing_open(&mut self, now: Moment) {
        if self.holds.fire.is_some() || self.holds.office.is_some() {
            self.leaf.may_stand_open(now);
        }
    }

    /// From any state to `Locked`: takes away the holds within `reach`, and locks the door if none is left. If the
    /// door was locked already, this is recorded only if there is a `caller`.
    pub fn lock(&mut self, why: Relock, reach: Reach, caller: Option<Caller>) -> Vec<LockOutcome> {
        let was = self.is_held() || self.state != LockState::Locked;
        self.state = LockState::Locked;
        self.holds.take_away(reach);
        let mut out = Vec::new();
        if reach >= Reach::Command {
            out.extend(self.answer_command(Denial::Overtaken).map(LockOutcome::Do));
        }
        if was || caller.is_some() {
            out.extend(self.lock_unless_held(why, caller));
        } else {
            out.push(LockOutcome::Do(Action::Lock));
        }
        out
    }

    /// Gives up an unlocking by command that waits for its record, and answers the command.
    pub fn answer_command(&mut self, why: Denial) -> Option<Action> {
        self.commanded.take().map(|(_, id)| Action::Answer(id, Err(why)))
    }

    /// The next lease. Of several grants, the one whose lease ends last gives it.
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

    /// Asks the audit to record a grant, and waits for its answer.
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

    fn begin_granted(&mut self, at: &Context<'_>, answered: Answered) -> Vec<LockOutcome> {
        match answered {
            Answered::Person(grant) => self.open_for(at, grant),
            Answered::Command(grant, id) => self.hold_by_command(at, grant, id),
        }
    }

    fn open_for(&mut self, at: &Context<'_>, grant: Grant) -> Vec<LockOutcome> {
        let grant = grant.starting(at.moment());
        self.state = LockState::Open { grant: grant.clone() };
        let mut out = vec![LockOutcome::Opened(grant), LockOutcome::Do(Action::Show(Sign::Granted))];
        out.extend(self.stay_open(at));
        out
    }

    /// A command unlocks the door. An earlier command that lasts longer is not cut short.
    fn hold_by_command(&mut self, at: &Context<'_>, grant: Grant, id: CommandId) -> Vec<LockOutcome> {
        let length = grant.length().unwrap_or_default();
        let grant = grant.starting(at.moment());
        let before = self.holds.command.take().filter(|before| before.until() > grant.until());
        self.holds.command = Some(before.unwrap_or(grant));
        let mut out = vec![LockOutcome::Do(Action::Show(Sign::Granted))];
        out.extend(self.stay_open(at));
        out.push(LockOutcome::Do(Action::Answer(id, Ok(Done::Unlocked(length)))));
        out
    }

    /// Somebody was let in: in the mode office-open the door stays unlocked from now on.
    fn stay_open(&mut self, at: &Context<'_>) -> Vec<LockOutcome> {
        if at.mode != Mode::OfficeOpen || self.holds.office.is_some() {
            return Vec::new();
        }
        begins(self.holds.office.insert(Grant::mode(at.moment())))
    }

    fn lock_unless_held(&self, why: Relock, caller: Option<Caller>) -> Vec<LockOutcome> {
        if self.is_held() { Vec::new() } else { locked(why, caller) }
    }
}

#[cfg(test)]
mod walks;
