//! What the policy hears and says: events and actions.

use std::collections::HashMap;
use std::sync::Arc;

use super::commands::{Command, CommandId, Verdict};
use crate::clock::Moment;
use crate::credential::Card;
use crate::event::{Caller, Fact, Input, Mode, Observation, Part, TrackId, Unusable};
use crate::lease::Lease;
use crate::people::{Means, Standing};
use crate::person::PersonId;

/// Everybody enrolled, with their standing; without vectors.
pub type Roster = Arc<HashMap<PersonId, Standing>>;

/// Names a record whose acceptance the policy waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub(super) u64);

/// Names a PIN that was entered. The shell keeps the digits; here they are never seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u64);

/// What came of holding a PIN against a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinOutcome {
    /// It is the person's.
    Right,
    /// It is the person's for duress.
    Duress,
    /// It is neither.
    Wrong,
    /// It could not be found out.
    Failed,
}

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
    /// A record whose acceptance is waited for was handed over, at this moment.
    HandedOver(RequestId, Moment),
    /// Another gallery is in force.
    NewRoster(Roster),
    /// Somebody allowed to commands something; answered by one [`Action::Answer`].
    Commanded {
        /// The name of this command.
        id: CommandId,
        /// Who.
        caller: Caller,
        /// What.
        command: Command,
    },
    /// Somebody was turned away at the socket.
    TurnedAway {
        /// Who, if the kernel says so.
        caller: Option<Caller>,
        /// What was asked, by its name; "none" if that is not known.
        command: &'static str,
        /// Why, printable.
        why: String,
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
    /// The mode that was commanded before the daemon started, where the site keeps it.
    ModeKept(Mode),
    /// A schedule had the door in lock-down before the daemon started.
    LockDownKept,
    /// Somebody entered a PIN.
    PinEntered(EntryId),
    /// The PIN was compared with the person's hashes.
    PinVerified {
        /// Which.
        entry: EntryId,
        /// Whose.
        person: PersonId,
        /// With what outcome.
        outcome: PinOutcome,
    },
    /// Somebody held a card to the reader.
    CardRead(Card),
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
    /// You, with a second person or factor.
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
    /// Hold this entry against this person's PINs, and say [`Event::PinVerified`].
    VerifyPin {
        /// Which.
        entry: EntryId,
        /// Whose.
        person: PersonId,
        /// What is kept of that person's PINs.
        means: Arc<Means>,
    },
    /// Overwrite this entry.
    ForgetPin(EntryId),
    /// What came of a command, once for each.
    Answer(CommandId, Verdict),
}
