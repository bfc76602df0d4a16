//! What the audit answers to a grant: accepted in time, and the door opens; else as the site wants it.
//!
//! Two grants may wait at once: that of a face and that of a command. The patience begins when the record is handed
//! over, so that a slow comparison before it takes nothing away from the audit.

use super::commands::{Denial, Done};
use super::event::{Action, Event, RequestId, Sign};
use super::release::granted;
use super::rules::OnAuditFailure;
use super::{ASK_AGAIN, AUDIT_PATIENCE, Grant, Policy, State};
use crate::clock::{Moment, Now};
use crate::event::{Caller, FRESHNESS, Fact, Part};

/// A grant whose record the audit has not answered yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asking {
    pub request: RequestId,
    /// When its record was handed over.
    pub asked: Moment,
    pub grant: Grant,
}

impl Asking {
    /// The answer was given within the patience, however late it is heard: a busy machine is no slow disk.
    fn is_answered_in_time(&self, now: Now, answered: RequestId, at: Moment) -> bool {
        let fresh = now.moment.since(self.asked) <= FRESHNESS;
        let prompt = at >= self.asked && at.since(self.asked) <= AUDIT_PATIENCE;
        self.request == answered && prompt && fresh
    }

    fn is_overdue(&self, now: Now) -> bool {
        now.moment.since(self.asked) > AUDIT_PATIENCE
    }
}

impl Policy {
    /// Has a grant recorded; its answer is waited for.
    pub(super) fn ask_audit(
        &mut self,
        now: Now,
        grant: Grant,
        distance: Option<f32>,
        caller: Option<Caller>,
        actions: &mut Vec<Action>,
    ) -> Asking {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        actions.push(Action::RecordAndAnswer(request, granted(&grant, distance, caller)));
        Asking { request, asked: now.moment, grant }
    }

    /// The grants that wait for the audit: a face's, and a command's.
    fn asking(&mut self) -> impl Iterator<Item = &mut Asking> {
        let person = match &mut self.state {
            State::Asking(asking) => Some(asking),
            _ => None,
        };
        person.into_iter().chain(self.release.manual.asking.as_mut().map(|(asking, _)| asking))
    }

    /// A record is with the recorder now: its patience begins.
    pub(super) fn handed_over(&mut self, request: RequestId, at: Moment) {
        if let Some(asking) = self.asking().find(|asking| asking.request == request) {
            asking.asked = asking.asked.max(at);
        }
    }

    /// When the next patience with the audit is over.
    pub(super) fn audit_deadline(&self) -> Option<Moment> {
        let person = match &self.state {
            State::Asking(asking) => Some(asking),
            _ => None,
        };
        let manual = self.release.manual.asking.as_ref().map(|(asking, _)| asking);
        person.into_iter().chain(manual).map(|asking| asking.asked + AUDIT_PATIENCE).min()
    }

    /// Gives up every grant that waits for too long, but for the one that this event hands over, or answers in time.
    pub(super) fn give_up_asking(&mut self, now: Now, event: &Event, actions: &mut Vec<Action>) {
        let is_answered = |asking: &Asking| match event {
            Event::Accepted(answered, at) => asking.is_answered_in_time(now, *answered, *at),
            Event::HandedOver(request, _) => asking.request == *request,
            _ => false,
        };
        let overdue: Vec<RequestId> = self
            .asking()
            .filter(|asking| asking.is_overdue(now) && !is_answered(asking))
            .map(|asking| asking.request)
            .collect();
        overdue.into_iter().for_each(|request| self.not_accepted(now, request, actions));
    }

    pub(super) fn accepted(&mut self, now: Now, answered: RequestId, actions: &mut Vec<Action>) {
        if let Some(asking) = self.take_asking(answered) {
            self.opened_unrecorded = false;
            self.begin_granted(now, asking, actions);
        }
    }

    pub(super) fn not_accepted(&mut self, now: Now, answered: RequestId, actions: &mut Vec<Action>) {
        let Some(asking) = self.take_asking(answered) else { return };
        let what = "the record of a grant was not accepted in time".to_owned();
        actions.push(Action::Record(Fact::Fault { part: Part::Audit, what }));
        match (self.rules.on_audit_failure, asking) {
            (OnAuditFailure::AllowAndAlarm, asking) => {
                self.opened_unrecorded = true;
                self.begin_granted(now, asking, actions);
            }
            (OnAuditFailure::Refuse, Answered::Person(grant)) => {
                if !self.is_held() {
                    actions.push(Action::Lock);
                }
                if let Some(track) = grant.track() {
                    actions.push(Action::Show(Sign::Refused));
                    if !self.pass_again(now) {
                        self.evidence_of(track).ask_again(now.moment + ASK_AGAIN);
                    }
                }
            }
            (OnAuditFailure::Refuse, Answered::Command(_, id)) => {
                actions.push(Action::Answer(id, Err(Denial::NotRecorded)));
            }
        }
    }

    /// Takes out the grant that waits for this answer.
    fn take_asking(&mut self, answered: RequestId) -> Option<Answered> {
        if let State::Asking(asking) = &self.state
            && asking.request == answered
        {
            let grant = asking.grant.clone();
            self.state = State::Locked;
            return Some(Answered::Person(grant));
        }
        let manual = self.release.manual.asking.take_if(|(asking, _)| asking.request == answered);
        manual.map(|(asking, id)| Answered::Command(asking.grant, id))
    }

    fn begin_granted(&mut self, now: Now, answered: Answered, actions: &mut Vec<Action>) {
        match answered {
            Answered::Person(grant) => self.transition_to_open(now, grant, actions),
            Answered::Command(grant, id) => {
                let length = grant.length().unwrap_or_default();
                self.hold_by_command(now, grant, actions);
                actions.push(Action::Answer(id, Ok(Done::Unlocked(length))));
            }
        }
    }
}

/// A grant that no longer waits.
enum Answered {
    Person(Grant),
    Command(Grant, super::commands::CommandId),
}
