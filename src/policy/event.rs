//! What the policy hears and says: rules, events, actions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Moment;
use crate::door::Lease;
use crate::event::{Caller, Fact, Observation, Part, TrackId, Unusable};
use crate::gallery::Standing;
use crate::person::PersonId;

/// What happens to a grant that the audit could not record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAuditFailure {
    /// The door stays locked.
    #[default]
    Refuse,
    /// The door opens, and the fault is reported.
    AllowAndAlarm,
}

/// What the policy is told by the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Frames of one track that must agree (K), at least 1.
    pub frames: usize,
    /// Out of this many last frames (N), at least K.
    pub window: usize,
    /// How long a granted door stays unlocked.
    pub unlock: Duration,
    /// What happens to a grant that the audit could not record.
    pub on_audit_failure: OnAuditFailure,
}

/// Everybody enrolled, with their standing; without vectors.
pub type Roster = Arc<HashMap<PersonId, Standing>>;

/// Names a record whose acceptance the policy waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub(super) u64);

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A usable face was compared.
    Observed(Observation),
    /// A face was not usable in this frame.
    Unusable {
        /// Whose.
        track: TrackId,
        /// When the frame was taken.
        taken: Moment,
        /// Why.
        why: Unusable,
    },
    /// The face is gone.
    TrackEnded(TrackId),
    /// The audit wrote the record, and when.
    Accepted(RequestId, Moment),
    /// The audit could not.
    NotAccepted(RequestId),
    /// Another gallery is in force.
    NewRoster(Roster),
    /// Somebody asks to lock now.
    LockAsked(Option<Caller>),
    /// Somebody allowed to asks for the door to be unlocked for a while.
    UnlockAsked {
        /// Who.
        caller: Caller,
        /// For how long.
        length: Duration,
    },
    /// A part without which nothing may open has failed.
    Failed(Part, String),
    /// It is back.
    Recovered(Part),
    /// Time has passed.
    Tick,
    /// The daemon is leaving.
    Shutdown,
}

/// What to show to whoever stands at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Come in.
    Granted,
    /// Not you, or not so.
    Refused,
    /// You, with a second person.
    Waiting,
    /// Nothing.
    Idle,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Hold the line unlocked until the lease ends.
    Hold(Lease),
    /// Lock now.
    Lock,
    /// Show a sign.
    Show(Sign),
    /// Write this down.
    Record(Fact),
    /// Write this down and say [`Event::Accepted`] or [`Event::NotAccepted`].
    RecordAndAnswer(RequestId, Fact),
}
