//! What the threads tell the main thread, which alone receives these messages.

use limen_core::clock::Moment;
use limen_core::event::TrackId;
use limen_core::person::PersonId;
use limen_core::policy::{CodeId, CodeOutcome, EntryId, PinOutcome, RequestId};

use super::reloaded::{Changed, Reloaded};
use crate::control::Heard;
use crate::door::inputs::InputReport;
use crate::door::thread::DoorReport;
use crate::entry::EntryReport;
use crate::pipeline::SeenFrame;

/// One message; the table in [`super`] says which thread sends it.
pub(super) enum Message {
    /// A frame was looked at: its number, and what it showed.
    Seen(u64, Box<SeenFrame>),
    /// These tracks are over: the camera was lost, or the recording has ended.
    TracksEnded(Vec<TrackId>),
    /// The health of a part has changed. The main thread checks all parts after every message.
    Look,
    /// A network failed, for this reason.
    VisionFailed(String),
    /// The recording has ended.
    ReplayEnded,
    /// The vision thread has closed the camera.
    VisionStopped,
    /// What the door thread did.
    Door(DoorReport),
    /// The state of an input line.
    Input(InputReport),
    /// What was entered at the keypad or the reader.
    Entry(EntryReport),
    /// The outcome of verifying a PIN.
    PinVerified(EntryId, PersonId, PinOutcome),
    /// The outcome of verifying a remote code.
    CodeVerified(CodeId, CodeOutcome),
    /// Whether the audit accepted a record, and when.
    Answered(RequestId, bool, Moment),
    /// What a client asked, or that its request was refused.
    Heard(Heard),
    /// A reload is done.
    Reloaded(Box<Reloaded>),
    /// A change of the template store is done.
    StoreChanged(Box<Changed>),
    /// The number of a signal.
    Signal(i32),
}
