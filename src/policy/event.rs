//! What the policy hears and says: events and actions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Moment;
use crate::door::Lease;
use crate::event::{AlarmKind, Caller, Fact, Input, Mode, Observation, Part, TrackId, Unusable};
use crate::gallery::Standing;
use crate::person::PersonId;

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
    /// An input line is at this now.
    Input {
        /// Which.
        input: Input,
        /// Pressed, open, tampered with, released.
        active: bool,
        /// Found so when the daemon started, or when its lines could be read again: nobody moved it now.
        at_start: bool,
    },
    /// The camera's picture shows nothing, or shows something.
    View {
        /// Nothing: too dark, too bright, or the same everywhere.
        blind: bool,
    },
    /// Somebody allowed to asks for a mode; none: the one of the schedules.
    ModeAsked {
        /// Which.
        mode: Option<Mode>,
        /// Who.
        caller: Caller,
    },
    /// The mode that was commanded before the daemon started, where the site keeps it.
    ModeKept(Mode),
    /// Somebody allowed to has seen an alarm; none: all of them.
    AlarmAcknowledged {
        /// Which.
        alarm: Option<AlarmKind>,
        /// Who.
        caller: Caller,
    },
    /// A part has failed; without most of them nothing may open.
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

/// What is heard at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sound {
    /// Nothing.
    #[default]
    Silence,
    /// The door has been open for long: an alarm will follow.
    Warning,
    /// An alarm that nobody has acknowledged.
    Alarm,
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
    /// Be heard like this until told otherwise.
    Sound(Sound),
    /// Write this down.
    Record(Fact),
    /// Write this down and say [`Event::Accepted`] or [`Event::NotAccepted`].
    RecordAndAnswer(RequestId, Fact),
}
