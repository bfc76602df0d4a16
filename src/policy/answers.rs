//! What the audit answers to a grant: accepted in time, and the door opens; else as the site wants it.

use super::event::{Action, Event, RequestId, Sign};
use super::rules::OnAuditFailure;
use super::{ASK_AGAIN, AUDIT_PATIENCE, Policy, State};
use crate::clock::Now;
use crate::event::{FRESHNESS, Fact, Part};

impl Policy {
    /// The audit accepted within its patience, however late that is heard: a busy machine is no slow disk.
    pub(super) fn is_answered_in_time(&self, now: Now, event: &Event) -> bool {
        match (&self.state, event) {
            (State::Asking { request, asked, .. }, Event::Accepted(answered, at)) => {
                let fresh = now.moment.since(*asked) <= FRESHNESS;
                request == answered && *at >= *asked && at.since(*asked) <= AUDIT_PATIENCE && fresh
            }
            _ => false,
        }
    }

    pub(super) fn give_up_asking(&mut self, now: Now, actions: &mut Vec<Action>) {
        if let State::Asking { request, asked, .. } = &self.state
            && now.moment.since(*asked) > AUDIT_PATIENCE
        {
            let request = *request;
            self.not_accepted(now, request, actions);
        }
    }

    pub(super) fn accepted(&mut self, now: Now, answered: RequestId, actions: &mut Vec<Action>) {
        match &self.state {
            State::Asking { request, grant, .. } if *request == answered => {
                let grant = grant.clone();
                self.opened_unrecorded = false;
                self.transition_to_open(now, grant, actions);
            }
            _ => {}
        }
    }

    pub(super) fn not_accepted(&mut self, now: Now, answered: RequestId, actions: &mut Vec<Action>) {
        let State::Asking { request, grant, .. } = &self.state else { return };
        if *request != answered {
            return;
        }
        let grant = grant.clone();
        let what = "the record of a grant was not accepted in time".to_owned();
        actions.push(Action::Record(Fact::Fault { part: Part::Audit, what }));
        match self.rules.on_audit_failure {
            OnAuditFailure::AllowAndAlarm => {
                self.opened_unrecorded = true;
                self.transition_to_open(now, grant, actions);
            }
            OnAuditFailure::Refuse => {
                self.state = State::Locked;
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
        }
    }
}
