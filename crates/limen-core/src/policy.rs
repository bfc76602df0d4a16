//! Decides who may pass, without clock, file or socket: `step(now, event)` returns what to do.
//!
//! It has four machines, each with its own states and fields. The outcome of one machine goes to the next:
//!
//! ```text
//!    face ------> Recognition ---- K of N frames agree on somebody ----> Admission <--- PIN, card
//!                      ^                                                     |
//!                      | granted, or ask again                               | let in, by rules and memory
//!                      |                                                     v
//!    audit's answer, command to lock or unlock, time ------------------>   Lock ------> hold the line, or lock it
//!                                                                            ^
//!                      exit button, fire alarm, leaf of the door, mode,      |
//!    line, part, view, mode ------> Site ------------- fault ----------------+
//!                                    |
//!                                    +----> alarms
//! ```
//!
//! [`Policy`] passes events to the machines, and outcomes from one machine to the next, in order. The file of
//! each machine begins with its states. [`access`] says who may enter at a time; it has no state.
//!
//! The daemon performs the [`Action`]s. Its door thread locks without new leases, even if the daemon hangs.

pub mod access;
mod admission;
mod command_budget;
mod command_record;
pub mod commands;
mod context;
mod event;
mod grant;
pub mod liveness;
mod lock;
mod recognition;
mod rules;
mod site;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use access::AccessRules;
pub use commands::{Command, CommandId, Denial, Done, Verdict};
pub use event::{Action, EntryId, Event, PinOutcome, RequestId, Sign, Sound, Standings};
pub use grant::Grant;
pub use recognition::ATTEMPT;
pub use rules::{
    ASK_AGAIN, AUDIT_PATIENCE, DoorRules, LONGEST_UNLOCK, LivenessLimits, MultipleFaces, OnAuditFailure,
    Relocking, Rules,
};
pub use site::{Alarm, Trouble};

use crate::clock::{Moment, Now};
use crate::event::{Caller, Fact, GrantKind, Mode, Observation, Part, Relock};
use admission::Admission;
use command_budget::{CommandBudget, Spent};
use context::{Context, PolicySettings};
use lock::{Lock, Reach};
use recognition::{FrameEvidence, Recognition};
use site::Site;

/// The outcome of an event in one machine, for the next machine or for the daemon to carry out.
enum Out {
    Do(Vec<Action>),
    Admission(Vec<admission::AdmitOutcome>),
    Lock(Vec<lock::LockOutcome>),
    Site(Vec<site::SiteOutcome>),
}

/// The four machines, the settings that they share, and the budget of commands.
#[derive(Debug)]
pub struct Policy {
    settings: PolicySettings,
    recognition: Recognition,
    admission: Admission,
    lock: Lock,
    site: Site,
    budget: CommandBudget,
    /// The latest moment of any event. At an earlier moment nothing opens.
    latest: Moment,
}

impl Policy {
    /// A policy that has heard no event yet: the door is locked.
    pub fn new(rules: Rules, standings: Standings, access: Arc<AccessRules>) -> Self {
        Self {
            settings: PolicySettings { rules, access, standings },
            recognition: Recognition::default(),
            admission: Admission::default(),
            lock: Lock::default(),
            site: Site::default(),
            budget: CommandBudget::default(),
            latest: Moment::default(),
        }
    }

    /// The grant of the person for whom the door is unlocked, if there is one.
    pub fn open(&self) -> Option<&Grant> {
        self.lock.open()
    }

    /// The kind of the grant that keeps the door unlocked; of several, the one that lasts longest.
    pub fn open_kind(&self) -> Option<GrantKind> {
        self.lock.open_kind()
    }

    /// Whether the door stands open, as its contact says.
    pub fn door_is_open(&self) -> bool {
        self.lock.leaf_is_open()
    }

    /// The mode in force.
    pub fn mode(&self) -> Mode {
        self.site.mode()
    }

    /// The mode that somebody commanded; `None` while the schedules decide.
    pub fn commanded_mode(&self) -> Option<Mode> {
        self.site.commanded_mode()
    }

    /// Whether a schedule demands lock-down now, whatever mode is commanded.
    pub fn is_locked_down_by_schedule(&self) -> bool {
        self.site.is_locked_down_by_schedule()
    }

    /// The alarms that are not cleared, the most serious first.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.site.alarms()
    }

    /// The parts that have failed, since when and why.
    pub fn failed(&self) -> &BTreeMap<Part, Trouble> {
        self.site.failed()
    }

    /// The latest moment for the next [`Event::Tick`]; `None` if time alone changes nothing.
    pub fn deadline(&self) -> Option<Moment> {
        let (now, settings) = (self.latest, &self.settings);
        let machines = [
            self.admission.deadline(now, settings),
            self.lock.deadline(now, settings),
            self.site.deadline(now, settings),
        ];
        machines.into_iter().chain([self.budget.next_change()]).flatten().min()
    }

    /// Replaces the rules. A door that is unlocked stays so until its time is over; the next
    /// [`Event::NewStandings`] ends a grant that the new rules do not allow.
    pub fn replace_rules(&mut self, rules: Rules, access: Arc<AccessRules>) {
        self.settings = PolicySettings { rules, access, standings: Arc::clone(&self.settings.standings) };
        self.site.schedules_replaced();
        self.recognition.forget();
    }

    /// Takes one event and returns what to do. Changes by time come first: no event finds the door open too
    /// long.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        let overdue = self.lock.give_up_overdue(&self.context(now, &self.settings), &event);
        self.follow(now, Out::Lock(overdue), &mut actions);
        self.pass_time(now, &mut actions);
        self.take(now, event, &mut actions);
        self.watch(now, &mut actions);
        actions.extend(self.lock.renew_lease(now.moment));
        self.latest = self.latest.max(now.moment);
        actions
    }

    /// What every machine is told. It borrows only the settings, so that a machine may change meanwhile.
    fn context<'a>(&self, now: Now, settings: &'a PolicySettings) -> Context<'a> {
        Context {
            now,
            settings,
            time_went_back: now.moment < self.latest,
            mode: self.site.mode(),
            line_fails_since: self.site.failed_since(Part::Door),
            part_is_missing: self.site.part_is_missing(),
            stage: self.lock.stage(),
        }
    }

    /// Ends what is over by time, one machine after the other.
    fn pass_time(&mut self, now: Now, actions: &mut Vec<Action>) {
        let ended = self.lock.pass_time(&self.context(now, &self.settings));
        self.follow(now, Out::Lock(ended), actions);
        let waited = self.admission.pass_time(&self.context(now, &self.settings));
        self.follow(now, Out::Admission(waited), actions);
        actions.extend(self.recognition.pass_time(now.moment));
    }

    fn take(&mut self, now: Now, event: Event, actions: &mut Vec<Action>) {
        let (at, moment) = (&self.context(now, &self.settings), now.moment);
        let out = match event {
            Event::Observed(observation) => self.observed(now, &observation),
            Event::Unusable { track, taken, why } => {
                return self.recognition.unusable(moment, track, taken, why);
            }
            Event::TrackEnded(track) => Out::Do(self.recognition.ended(track)),
            Event::PinEntered(entry) => Out::Admission(self.admission.pin_entered(at, entry)),
            Event::PinVerified { entry, person, outcome } => {
                Out::Admission(self.admission.pin_verified(at, entry, &person, outcome))
            }
            Event::CardRead(card) => Out::Admission(self.admission.card_read(at, card)),
            Event::Accepted(request, _) => Out::Lock(self.lock.accepted(at, request)),
            Event::NotAccepted(request) => Out::Lock(self.lock.not_accepted(at, request)),
            Event::HandedOver(request, when) => return self.lock.handed_over(request, when),
            Event::Failed(part, what) => Out::Site(self.site.part_failed(moment, part, what)),
            Event::Recovered(part) => Out::Do(self.site.part_recovered(moment, part)),
            Event::Input { input, active, at_start } => {
                Out::Site(self.site.line_is(moment, input, active, at_start))
            }
            Event::View { blind } => return self.site.view_is(moment, blind),
            Event::ModeKept(mode) => Out::Site(self.site.mode_kept(at, mode)),
            Event::LockDownKept => Out::Site(self.site.lock_down_kept(at)),
            Event::NewStandings(standings) => return self.replace_standings(now, standings, actions),
            Event::Commanded { id, caller, command } => Out::Do(self.commanded(now, id, caller, command)),
            Event::TurnedAway { caller, command, why } => {
                Out::Do(self.budget.turned_away(moment, caller, command, why))
            }
            Event::Tick => return,
            Event::Shutdown => return self.shut_down(now, actions),
        };
        self.follow(now, out, actions);
    }

    /// Ends a step: modes by schedule, lines that no longer chatter, alarms.
    fn watch(&mut self, now: Now, actions: &mut Vec<Action>) {
        let turned = self.site.turn_mode(&self.context(now, &self.settings), None);
        self.follow(now, Out::Site(turned), actions);
        actions.extend(self.budget.left_out(now.moment));
        let calm = self.site.calm_lines(now.moment);
        self.follow(now, Out::Site(calm), actions);
        self.lock.allow_standing_open(now.moment);
        let at = self.context(now, &self.settings);
        actions.extend(self.site.watch(&at, self.lock.report(&at)));
    }

    fn observed(&mut self, now: Now, observation: &Observation) -> Out {
        let at = &self.context(now, &self.settings);
        match self.recognition.observed(at, observation) {
            FrameEvidence::NotYet => Out::Do(Vec::new()),
            FrameEvidence::LooksBad => Out::Do(vec![Action::Show(Sign::Refused)]),
            FrameEvidence::Recognised(somebody) => Out::Admission(self.admission.recognised(at, somebody)),
        }
    }

    /// Passes the outcomes of one machine to the next, in order.
    fn follow(&mut self, now: Now, out: Out, actions: &mut Vec<Action>) {
        match out {
            Out::Do(out) => actions.extend(out),
            Out::Admission(out) => out.into_iter().for_each(|out| self.follow_admission(now, out, actions)),
            Out::Lock(out) => out.into_iter().for_each(|out| self.follow_lock(now, out, actions)),
            Out::Site(out) => out.into_iter().for_each(|out| self.follow_site(now, out, actions)),
        }
    }

    fn follow_admission(&mut self, now: Now, out: admission::AdmitOutcome, actions: &mut Vec<Action>) {
        match out {
            admission::AdmitOutcome::Do(action) => actions.push(action),
            admission::AdmitOutcome::Close(track) => self.recognition.close(track),
            admission::AdmitOutcome::Duress => actions.extend(self.site.duress(now.moment)),
            admission::AdmitOutcome::LetIn { grant, distance } => {
                actions.push(self.lock.let_in(now.moment, grant, distance));
            }
        }
    }

    fn follow_lock(&mut self, now: Now, out: lock::LockOutcome, actions: &mut Vec<Action>) {
        match out {
            lock::LockOutcome::Do(action) => actions.push(action),
            lock::LockOutcome::Opened(grant) => {
                grant.track().into_iter().for_each(|track| self.recognition.granted(track));
                let out = self.admission.opened(&self.context(now, &self.settings), &grant);
                self.follow(now, Out::Admission(out), actions);
            }
            lock::LockOutcome::LetDown(track) => {
                if !self.admission.pass_again(&self.context(now, &self.settings)) {
                    self.recognition.ask_again(track, now.moment + ASK_AGAIN);
                }
            }
        }
    }

    fn follow_site(&mut self, now: Now, out: site::SiteOutcome, actions: &mut Vec<Action>) {
        let at = self.context(now, &self.settings);
        let out = match out {
            site::SiteOutcome::Do(action) => return actions.push(action),
            site::SiteOutcome::ExitPressed => self.lock.exit_pressed(&at),
            site::SiteOutcome::FireIs(active) => self.lock.fire_is(now.moment, active),
            site::SiteOutcome::DoorMoved { open, at_start } => self.lock.door_moved(&at, open, at_start),
            site::SiteOutcome::ModeTurned(mode) => {
                if mode == Mode::LockDown {
                    self.give_up_waiting(now, actions);
                }
                self.lock.mode_turned(&self.context(now, &self.settings), mode)
            }
            site::SiteOutcome::PartFailed(part) => {
                if part.stops_the_door() {
                    // Without this part nobody is let in: frames so far no longer count.
                    self.recognition.forget();
                    self.give_up_waiting(now, actions);
                }
                self.lock.part_failed(part)
            }
        };
        self.follow(now, Out::Lock(out), actions);
    }

    fn give_up_waiting(&mut self, now: Now, actions: &mut Vec<Action>) {
        let out = self.admission.give_up(&self.context(now, &self.settings));
        self.follow(now, Out::Admission(out), actions);
    }

    fn replace_standings(&mut self, now: Now, standings: Standings, actions: &mut Vec<Action>) {
        let before = std::mem::replace(&mut self.settings.standings, standings);
        let at = self.context(now, &self.settings);
        self.recognition.forget();
        let out = self.admission.people_replaced(&at);
        let stands = |grant: &Grant| admission::still_stands(&at, grant, &before);
        let is_revoked = !self.lock.persons_grant().is_none_or(stands);
        self.follow(now, Out::Admission(out), actions);
        if is_revoked {
            let out = self.lock.lock(Relock::Revoked, Reach::Person, None);
            self.follow(now, Out::Lock(out), actions);
        }
    }

    fn shut_down(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.give_up_waiting(now, actions);
        actions.extend(self.lock.answer_command(Denial::Leaving));
        actions.extend(self.site.unrecorded());
        let out = self.lock.lock(Relock::Shutdown, Reach::All, None);
        self.follow(now, Out::Lock(out), actions);
        actions.extend(self.budget.all_left_out());
        actions.push(Action::Record(Fact::Stopped));
    }

    /// Carries out a command of a client that may give it, and records it.
    fn commanded(&mut self, now: Now, id: CommandId, caller: Caller, command: Command) -> Vec<Action> {
        let mut actions = Vec::new();
        let spent = self.budget.spend(now.moment, caller.uid);
        let verdict = self.carry_out(now, id, caller, command, spent, &mut actions).transpose();
        let record = command_record::of(command, caller, verdict, &actions).filter(|_| spent.recorded);
        actions.extend(record.map(Action::Record));
        actions.extend(verdict.map(|verdict| Action::Answer(id, verdict)));
        actions
    }

    /// Carries out a command. `None`: the verdict follows when the audit has answered.
    fn carry_out(
        &mut self,
        now: Now,
        id: CommandId,
        caller: Caller,
        command: Command,
        spent: Spent,
        actions: &mut Vec<Action>,
    ) -> Result<Option<Done>, Denial> {
        if command.widens() && !spent.may_widen {
            return Err(Denial::TooMany);
        }
        let at = self.context(now, &self.settings);
        let (out, done) = match command {
            Command::Lock { ends_fire } => {
                return self.lock_commanded(now, caller, ends_fire, spent.recorded, actions).map(Some);
            }
            Command::Unlock(length) => (Out::Do(vec![self.lock.unlock(&at, id, caller, length)?]), None),
            Command::Mode(mode) => {
                let out = self.site.mode_commanded(&at, mode, caller, spent.recorded);
                (Out::Site(out), Some(Done::Mode(self.site.mode())))
            }
            Command::Acknowledge(alarm) => {
                (Out::Do(self.site.acknowledge(alarm, caller)?), Some(Done::Acknowledged))
            }
            Command::Serve(_) => return Ok(Some(Done::Serve)),
        };
        self.follow(now, out, actions);
        Ok(done)
    }

    fn lock_commanded(
        &mut self,
        now: Now,
        caller: Caller,
        ends_fire: bool,
        in_budget: bool,
        actions: &mut Vec<Action>,
    ) -> Verdict {
        let recorded = in_budget || self.lock.is_busy();
        self.recognition.spend();
        self.give_up_waiting(now, actions);
        // Only a command can end a fire alarm whose line cannot be read any more.
        let ends_fire = ends_fire && self.site.failed_since(Part::Inputs).is_some();
        let reach = if ends_fire { Reach::All } else { Reach::ExitButton };
        let out = self.lock.lock(Relock::Command, reach, recorded.then_some(caller));
        self.follow(now, Out::Lock(out), actions);
        self.lock.open_kind().map_or(Ok(Done::Locked), |kind| Err(Denial::KeptOpen(kind)))
    }
}

#[cfg(test)]
mod tests;
