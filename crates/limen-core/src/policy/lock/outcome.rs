//! The outcomes of an event in the lock.

use crate::event::{Caller, Fact, Relock, TrackId};
use crate::policy::event::{Action, Sign};
use crate::policy::grant::Grant;

/// One outcome of an event in the lock.
#[derive(Debug, PartialEq)]
pub enum LockOutcome {
    /// An action for the daemon to carry out.
    Do(Action),
    /// The door opens for everybody whom this grant names.
    Opened(Grant),
    /// The audit did not record the grant of this track: the door stays locked.
    LetDown(TrackId),
}

/// The outcomes when a grant begins that does not wait for the audit.
pub fn begins(grant: &Grant) -> Vec<LockOutcome> {
    [Action::Record(grant.record(None, None)), Action::Show(Sign::Granted)].map(LockOutcome::Do).into()
}

/// The outcomes when an unlocked door is locked.
pub fn locked(why: Relock, caller: Option<Caller>) -> Vec<LockOutcome> {
    let record = Action::Record(Fact::Locked { why, caller });
    [Action::Lock, Action::Show(Sign::Idle), record].map(LockOutcome::Do).into()
}
