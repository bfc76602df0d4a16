//! A grant whose record the audit has not answered yet.
//!
//! The patience begins when the record is handed over, so that a slow comparison before it takes nothing away from
//! the audit.

use crate::clock::{Moment, Now};
use crate::event::FRESHNESS;
use crate::policy::commands::CommandId;
use crate::policy::event::{Event, RequestId};
use crate::policy::grant::Grant;
use crate::policy::rules::AUDIT_PATIENCE;

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub request: RequestId,
    /// When its record was handed over.
    asked: Moment,
    pub grant: Grant,
}

/// A grant that no longer waits.
pub enum Answered {
    Person(Grant),
    Command(Grant, CommandId),
}

impl Pending {
    /// The record is on its way to the audit.
    pub fn since(asked: Moment, request: RequestId, grant: Grant) -> Self {
        Self { request, asked, grant }
    }

    /// The record is with the recorder now.
    pub fn handed_over(&mut self, moment: Moment) {
        self.asked = self.asked.max(moment);
    }

    /// When the patience with the audit is over.
    pub fn deadline(&self) -> Moment {
        self.asked + AUDIT_PATIENCE
    }

    /// The patience is over, and this event is neither an answer in time nor the handing over.
    pub fn is_given_up(&self, now: Now, event: &Event) -> bool {
        let is_overdue = now.moment.since(self.asked) > AUDIT_PATIENCE;
        let is_answered = match event {
            Event::Accepted(answered, moment) => self.is_answered_in_time(now, *answered, *moment),
            Event::HandedOver(request, _) => self.request == *request,
            _ => false,
        };
        is_overdue && !is_answered
    }

    /// The answer was given within the patience, however late it is heard: a busy machine is no slow disk.
    fn is_answered_in_time(&self, now: Now, answered: RequestId, moment: Moment) -> bool {
        let fresh = now.moment.since(self.asked) <= FRESHNESS;
        let prompt = moment >= self.asked && moment.since(self.asked) <= AUDIT_PATIENCE;
        self.request == answered && prompt && fresh
    }
}
