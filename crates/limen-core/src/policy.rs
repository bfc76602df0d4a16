//! Decides who may pass, without clock, file or socket: `step(now, event)` returns what to do.
//!
//! It has five state machines, each with its own states and fields. Outcomes go from one machine to the next:
//!
//! ```text
//!    face ------> Recognition ---- K of N frames agree on somebody ----> Liveness <--- motion, challenge
//!                      ^                                                     |
//!                      | agree anew                                          | no picture: unasked, or as asked
//!                      |                                                     v
//!                      +---------------- granted, or ask again --------- Admission <--- PIN, card
//!                                                                            |
//!                                                                            | let in, by rules and memory
//!                                                                            v
//!    audit's answer, command to lock or unlock, time ------------------>   Lock ------> hold the line, or lock it
//!                                                                            ^
//!                      exit button, fire alarm, leaf of the door, mode,      |
//!    line, part, view, mode ------> Site ------------- fault ----------------+
//!                                    |
//!                                    +----> alarms
//! ```
//!
//! [`Policy`] passes events to the machines, and outcomes from one machine to the next, in order. The file of
//! each machine begins with its states. [`access`] says who may enter at a time; it has no state. The daemon
//! performs the [`Action`]s. If no new lease comes, its door thread locks the door, even if the rest hangs.

pub mod access;
mod admission;
mod command_budget;
mod command_record;
mod command_steps;
pub mod commands;
mod context;
mod event;
mod follow;
mod grant;
pub mod liveness;
mod lock;
mod lockout;
mod outcome;
mod recognition;
mod remote;
mod remote_steps;
mod rules;
mod site;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use access::AccessRules;
pub use commands::{CodeId, CodeOutcome, Command, CommandId, Denial, Done, RemoteCommand, Verdict};
pub use event::{Action, EntryId, Event, PinOutcome, RequestId, Sign, Sound, Standings};
pub use grant::Grant;
pub use recognition::ATTEMPT;
pub use remote::{RemoteRight, RemoteRules};
pub use rules::{
    ASK_AGAIN, AUDIT_PATIENCE, AfterUnsure, DoorRules, LONGEST_UNLOCK, LivenessLimits, LivenessMode,
    LivenessRules, MultipleFaces, OnAuditFailure, Relocking, Rules,
};
pub use site::{Alarm, Trouble};

use crate::clock::{Moment, Now};
use crate::event::{Fact, GrantKind, Mode, Observation, Part, Relock, TrackId};
use admission::Admission;
use command_budget::CommandBudget;
use context::{Context, PolicySettings};
use liveness::{Foreseen, Liveness};
use lock::{Lock, Reach};
use outcome::Out;
use recognition::{FrameEvidence, Recognised, Recognition};
use remote::Remote;
use site::Site;

/// The five machines, the settings that they share, the budget of commands, and what is known of those from the network.
#[derive(Debug)]
pub struct Policy {
    settings: PolicySettings,
    recognition: Recognition,
    liveness: Liveness,
    admission: Admission,
    lock: Lock,
    site: Site,
    budget: CommandBudget,
    remote: Remote,
    /// The latest moment of any event. At an earlier moment nothing opens.
    latest: Moment,
}

impl Policy {
    /// A policy that has not got an event yet: the door is locked.
    pub fn new(rules: Rules, standings: Standings, access: Arc<AccessRules>) -> Self {
        Self {
            settings: PolicySettings { rules, access, standings },
            recognition: Recognition::default(),
            liveness: Liveness::default(),
            admission: Admission::default(),
            lock: Lock::default(),
            site: Site::default(),
            budget: CommandBudget::default(),
            remote: Remote::default(),
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

    /// When the next [`Event::Tick`] is due at the latest; `None` if time alone changes nothing.
    pub fn deadline(&self) -> Option<Moment> {
        let (now, settings) = (self.latest, &self.settings);
        let machines = [
            self.liveness.deadline(now),
            self.admission.deadline(now, settings),
            self.lock.deadline(now, settings),
            self.site.deadline(now, settings),
        ];
        machines.into_iter().chain([self.budget.next_change(), self.remote.deadline()]).flatten().min()
    }

    /// Replaces the rules. A door that is unlocked stays so until its time is over; the next
    /// [`Event::NewStandings`] ends a grant that the new rules do not allow.
    pub fn replace_rules(&mut self, rules: Rules, access: Arc<AccessRules>) {
        self.settings = PolicySettings { rules, access, standings: Arc::clone(&self.settings.standings) };
        self.site.schedules_replaced();
        self.recognition.forget();
        self.liveness.rules_replaced();
    }

    /// Takes one event and returns what to do. First ends what is over by time; lets nobody in before the event.
    pub fn step(&mut self, now: Now, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        let overdue = self.lock.give_up_overdue(&self.context(now, &self.settings), &event);
        self.follow(now, Out::Lock(overdue), &mut actions);
        self.pass_time(now, &mut actions);
        self.take(now, event, &mut actions);
        self.watch(now, &mut actions);
        actions.extend(self.lock.renew_lease(now.moment));
        actions.extend(self.liveness.show(now.moment));
        actions.extend(self.liveness.illuminate(&self.settings.rules.liveness));
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

    /// Ends what has expired, one machine after the other.
    fn pass_time(&mut self, now: Now, actions: &mut Vec<Action>) {
        let ended = self.lock.pass_time(&self.context(now, &self.settings));
        self.follow(now, Out::Lock(ended), actions);
        let asked = self.liveness.pass_time(&self.context(now, &self.settings));
        self.follow(now, Out::Liveness(asked), actions);
        let waited = self.admission.pass_time(&self.context(now, &self.settings));
        self.follow(now, Out::Admission(waited), actions);
        actions.extend(self.recognition.pass_time(now.moment));
        actions.extend(self.give_up_codes(now));
    }

    fn take(&mut self, now: Now, event: Event, actions: &mut Vec<Action>) {
        let (at, moment) = (&self.context(now, &self.settings), now.moment);
        let out = match event {
            Event::Observed(observation) => self.observed(now, &observation),
            Event::Unusable { track, taken, why } => {
                return self.recognition.unusable(moment, track, taken, why);
            }
            Event::Moved(motion) => Out::Liveness(self.liveness.moved(at, &motion)),
            Event::ChallengeDrawn { track, draw } => return self.liveness.drawn(at, track, draw),
            Event::TrackEnded(track) => return self.track_ended(now, track, actions),
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
            Event::RemoteCommanded(asked) => Out::Do(self.remote_commanded(now, asked)),
            Event::CodeVerified { code, outcome } => Out::Do(self.code_verified(now, code, outcome)),
            Event::TurnedAway { caller, command, why } => {
                Out::Do(self.budget.turned_away(moment, caller, command, why))
            }
            Event::Tick => return,
            Event::Shutdown => return self.shut_down(now, actions),
        };
        self.follow(now, out, actions);
    }

    /// Ends a step: the mode by schedule, visitors who may go on, lines that no longer chatter, alarms.
    fn watch(&mut self, now: Now, actions: &mut Vec<Action>) {
        let turned = self.site.turn_mode(&self.context(now, &self.settings), None);
        self.follow(now, Out::Site(turned), actions);
        let visitors = self.admission.go_on(&self.context(now, &self.settings));
        self.follow(now, Out::Admission(visitors), actions);
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
            FrameEvidence::Recognised(somebody) => {
                let foreseen = self.foreseen(at, &somebody);
                Out::Liveness(self.liveness.recognised(at, somebody, foreseen))
            }
        }
    }

    /// What admission already knows of somebody who was recognised; nobody asks while no proof is asked for.
    fn foreseen(&self, at: &Context<'_>, somebody: &Recognised) -> Foreseen {
        if at.settings.rules.liveness.mode == LivenessMode::Off {
            return Foreseen::Nothing;
        }
        match self.admission.refusal_of(at, &somebody.person) {
            Some(why) => Foreseen::Refused(why),
            None if self.admission.is_asking(&somebody.person) => Foreseen::IsAsked,
            None => Foreseen::Nothing,
        }
    }

    fn track_ended(&mut self, now: Now, track: TrackId, actions: &mut Vec<Action>) {
        let out = self.liveness.ended(&self.context(now, &self.settings), track);
        self.follow(now, Out::Liveness(out), actions);
        actions.extend(self.recognition.ended(track));
    }

    fn replace_standings(&mut self, now: Now, standings: Standings, actions: &mut Vec<Action>) {
        let before = std::mem::replace(&mut self.settings.standings, standings);
        let at = self.context(now, &self.settings);
        self.recognition.forget();
        let asked = self.liveness.people_replaced(&at);
        let out = self.admission.people_replaced(&at);
        let stands = |grant: &Grant| admission::still_stands(&at, grant, &before);
        let is_revoked = !self.lock.persons_grant().is_none_or(stands);
        self.follow(now, Out::Liveness(asked), actions);
        self.follow(now, Out::Admission(out), actions);
        if is_revoked {
            let out = self.lock.lock(Relock::Revoked, Reach::Person, None);
            self.follow(now, Out::Lock(out), actions);
        }
    }

    fn shut_down(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.give_up_waiting(now, actions);
        actions.extend(self.lock.answer_command(Denial::Leaving));
        actions.extend(self.give_up_all_codes());
        actions.extend(self.site.unrecorded());
        let out = self.lock.lock(Relock::Shutdown, Reach::All, None);
        self.follow(now, Out::Lock(out), actions);
        actions.extend(self.budget.all_left_out());
        actions.push(Action::Record(Fact::Stopped));
    }
}

#[cfg(test)]
mod tests;
