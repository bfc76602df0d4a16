//! The events that the policy hears, and the actions that it returns.

use std::collections::HashMap;
use std::sync::Arc;

use super::commands::{CodeId, CodeOutcome, Command, CommandId, RemoteCommand, Verdict};
use crate::clock::Moment;
use crate::credential::{Card, RemoteCode};
use crate::event::{Caller, Draw, Fact, Input, Mode, Motion, Observation, Part, Prompt, TrackId, Unusable};
use crate::lease::Lease;
use crate::people::{Means, Standing};
use crate::person::PersonId;

/// Everybody enrolled, with their standing, without templates.
pub type Standings = Arc<HashMap<PersonId, Standing>>;

/// The number of a record whose acceptance the policy waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub(super) u64);

/// The number of a PIN that was entered. The daemon keeps the digits; the policy never sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub u64);

/// The outcome of verifying a PIN against the PINs of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinOutcome {
    /// It is the person's PIN.
    Right,
    /// It is the person's duress PIN.
    Duress,
    /// It is neither of them.
    Wrong,
    /// It could not be verified.
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
        /// Why the gate refused the face.
        why: Unusable,
    },
    /// How the nearest face moves: one for each frame, also of frames in which the face is turned too far to be
    /// compared.
    Moved(Motion),
    /// The answer to [`Action::DrawChallenge`]: a challenge that was drawn with the kernel's random numbers.
    ChallengeDrawn {
        /// The track that it was drawn for.
        track: TrackId,
        /// What was drawn.
        draw: Draw,
    },
    /// A track is over: its face has left the picture.
    TrackEnded(TrackId),
    /// The audit accepted the record, at this moment.
    Accepted(RequestId, Moment),
    /// The audit did not accept the record.
    NotAccepted(RequestId),
    /// A record whose acceptance the policy waits for was handed to the recorder, at this moment.
    HandedOver(RequestId, Moment),
    /// Another gallery is in force.
    NewStandings(Standings),
    /// A client gave a command that it may give. One [`Action::Answer`] answers it.
    Commanded {
        /// The number of this command.
        id: CommandId,
        /// The user and process that gave it.
        caller: Caller,
        /// What is commanded.
        command: Command,
    },
    /// The gateway handed a command on from the network. One [`Action::Answer`] answers it.
    RemoteCommanded(RemoteCommand),
    /// A remote code was verified.
    CodeVerified {
        /// The code that came with the command.
        code: CodeId,
        /// Whether it is one of the site's codes.
        outcome: CodeOutcome,
    },
    /// The control socket refused a request.
    TurnedAway {
        /// The user and process that asked, if the kernel told them.
        caller: Option<Caller>,
        /// The name of the request; "none" if it is not known.
        command: &'static str,
        /// Why it was refused, in printable characters.
        why: String,
    },
    /// The present state of an input line.
    Input {
        /// The input line.
        input: Input,
        /// True: button pressed, door open, housing tampered with, fire alarm on.
        active: bool,
        /// The state was found when the daemon started, or when the lines could be read again; nothing moved
        /// now.
        at_start: bool,
    },
    /// Whether the camera's picture shows anything.
    View {
        /// It shows nothing: it is too dark, too bright, or the same everywhere.
        blind: bool,
    },
    /// The mode that was commanded before the daemon started, if the configuration keeps it over a restart.
    ModeKept(Mode),
    /// A schedule had the door in lock-down before the daemon started.
    LockDownKept,
    /// Somebody entered a PIN.
    PinEntered(EntryId),
    /// A PIN was verified against the PINs of a person.
    PinVerified {
        /// The PIN that was entered.
        entry: EntryId,
        /// The person with whose PINs it is compared.
        person: PersonId,
        /// Whether it is one of the person's PINs.
        outcome: PinOutcome,
    },
    /// Somebody held a card to the reader.
    CardRead(Card),
    /// A part has failed, for this reason. Without most parts nobody is let in.
    Failed(Part, String),
    /// A part works again.
    Recovered(Part),
    /// Time has passed.
    Tick,
    /// The daemon is about to end.
    Shutdown,
}

/// What the lights show to whoever stands at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The door is unlocked: come in.
    Granted,
    /// Somebody is refused, or a factor is wrong.
    Refused,
    /// Somebody was recognised, and a second person or factor is needed.
    Waiting,
    /// Nothing: the door is locked, and nobody waits.
    Idle,
}

/// What the buzzer plays at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sound {
    /// The buzzer is silent.
    #[default]
    Silence,
    /// The door has been open for long: an alarm will follow.
    Warning,
    /// An alarm holds that nobody has acknowledged.
    Alarm,
}

/// What the daemon is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Hold the line unlocked until the lease ends.
    Hold(Lease),
    /// Lock the door now.
    Lock,
    /// Show this sign at the door.
    Show(Sign),
    /// Play this sound until the next [`Action::Sound`].
    Sound(Sound),
    /// Draw a challenge for this track, and answer at once with [`Event::ChallengeDrawn`].
    DrawChallenge(TrackId),
    /// Show this prompt until the next [`Action::Prompt`]; `None`: show none.
    Prompt(Option<Prompt>),
    /// Begin to light the face in an order drawn by lot, or leave it dark.
    Light(bool),
    /// Record this fact.
    Record(Fact),
    /// Record this fact and answer with [`Event::Accepted`] or [`Event::NotAccepted`].
    RecordAndAnswer(RequestId, Fact),
    /// Verify this PIN against the PINs of a person, and answer with [`Event::PinVerified`].
    VerifyPin {
        /// The PIN that was entered.
        entry: EntryId,
        /// The person with whose PINs it is compared.
        person: PersonId,
        /// The person's means, with the hashes of the PINs.
        means: Arc<Means>,
    },
    /// Overwrite the digits of this PIN.
    ForgetPin(EntryId),
    /// Verify a remote code, and answer with [`Event::CodeVerified`].
    VerifyCode {
        /// The code that came with a command.
        code: CodeId,
        /// The site's codes.
        codes: Arc<[RemoteCode]>,
    },
    /// Overwrite the digits of this remote code.
    ForgetCode(CodeId),
    /// The verdict on a command, exactly one for each.
    Answer(CommandId, Verdict),
}
