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

/// The result of comparing a PIN with a person's hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinOutcome {
    /// It is the person's PIN.
    Right,
    /// It is the person's duress PIN.
    Duress,
    /// It is neither of them.
    Wrong,
    /// The comparison failed.
    Failed,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A usable face was compared.
    Observed(Observation),
    /// A face was not usable in this frame.
    Unusable {
        /// The track of the face.
        track: TrackId,
        /// When the frame was taken.
        taken: Moment,
        /// Why the face was not usable.
        why: Unusable,
    },
    /// The face is gone.
    TrackEnded(TrackId),
    /// The audit wrote the record, and when.
    Accepted(RequestId, Moment),
    /// The audit could not write the record.
    NotAccepted(RequestId),
    /// A record for which the policy waits was passed to the audit, at this moment.
    HandedOver(RequestId, Moment),
    /// Another gallery is in force.
    NewRoster(Roster),
    /// Somebody who is allowed to commands something. One [`Action::Answer`] answers it.
    Commanded {
        /// The name of this command.
        id: CommandId,
        /// The caller.
        caller: Caller,
        /// What is commanded.
        command: Command,
    },
    /// Somebody was turned away at the socket.
    TurnedAway {
        /// The client, if the kernel knows it.
        caller: Option<Caller>,
        /// The name of the request; "none" if it is not known.
        command: &'static str,
        /// The reason, in printable characters.
        why: String,
    },
    /// The state of an input line.
    Input {
        /// The input line.
        input: Input,
        /// Whether it is active: pressed, open, tampered with or released.
        active: bool,
        /// Whether it was found like this when the daemon started or when its lines could be read again. Then
        /// nobody has changed it now.
        at_start: bool,
    },
    /// The camera's picture shows nothing, or shows something.
    View {
        /// Whether it shows nothing: too dark, too bright, or the same everywhere.
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
        /// The outcome.
        outcome: PinOutcome,
    },
    /// Somebody held a card to the reader.
    CardRead(Card),
    /// A part has failed; without most of them nothing may open.
    Failed(Part, String),
    /// A part works again.
    Recovered(Part),
    /// Time has passed.
    Tick,
    /// The daemon is stopping.
    Shutdown,
}

/// What to show to whoever stands at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The person may enter.
    Granted,
    /// The person may not enter.
    Refused,
    /// The person may enter with a second person or factor.
    Waiting,
    /// Nothing.
    Idle,
}

/// The sound at the door.
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
    /// Make this sound until the next one is set.
    Sound(Sound),
    /// Record this fact.
    Record(Fact),
    /// Record this fact, and answer with [`Event::Accepted`] or [`Event::NotAccepted`].
    RecordAndAnswer(RequestId, Fact),
    /// Compare this entry with this person's PINs, and answer with [`Event::PinVerified`].
    VerifyPin {
        /// Which.
        entry: EntryId,
        /// Whose.
        person: PersonId,
        /// The hashes of that person's PINs.
        means: Arc<Means>,
    },
    /// Overwrite this entry.
    ForgetPin(EntryId),
    /// The answer to a command, exactly one for each.
    Answer(CommandId, Verdict),
}
