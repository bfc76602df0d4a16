//! A grant whose record the audit has not answered yet.
//!
//! The time to wait begins when the record is handed over, so that a slow comparison before it leaves the
//! audit as much time as usual.

use crate::clock::{Moment, Now};
use crate::event::FRESHNESS;
use crate::policy::commands::CommandId;
use crate::policy::event::{Event, RequestId};
use crate::policy::grant::Grant;
use crate::policy::rules::AUDIT_PATIENCE;

/// A grant that waits for the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub request: RequestId,
    /// When its record was handed over.
    asked: Moment,
    pub grant: Grant,
}

/// A grant that no longer waits for the audit.
pub enum Answered {
    Person(Grant),
    Command(Grant, CommandId),
}

impl Pending {
    /// A grant whose record is on its way to the audit.
    pub fn since(asked: Moment, request: RequestId, grant: Grant) -> Self {
        Self { request, asked, grant }
    }

    /// The record was handed to the recorder.
    pub fn handed_over(&mut self, moment: Moment) {
        self.asked = self.asked.max(moment);
    }

    /// When the grant is given up if the audit has not answered.
    pub fn deadline(&self) -> Moment {
        self.asked + AUDIT_PATIENCE
    }

    /// Whether the time to wait is over, and this event is neither an answer in time nor the handing over.
    pub fn is_given_up(&self, now: Now, event: &Event) -> bool {
        let is_overdue = now.moment.since(self.asked) > AUDIT_PATIENCE;
        let is_answered = match event {
            Event::Accepted(answered, moment) => self.is_answered_in_time(now, *answered, *moment),
            Event::HandedOver(request, _) => self.request == *request,
            _ => false,
        };
        is_overdue && !is_answered
    }

    /// Whether the audit answered in time, even if the policy hears it late: a busy machine is not a slow
    /// disk.
    fn is_answered_in_time(&self, now: Now, answered: RequestId, moment: Moment) -> bool {
        let fresh = now.moment.since(self.asked) <= FRESHNESS;
        let prompt = moment >= self.asked && moment.since(self.asked) <= AUDIT_PATIENCE;
        self.request == answered && prompt && fresh
    }
}
