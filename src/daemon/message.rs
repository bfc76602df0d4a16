//! What the threads tell the main thread, which alone takes these messages.

use limen_core::clock::Moment;
use limen_core::event::TrackId;
use limen_core::person::PersonId;
use limen_core::policy::{EntryId, PinOutcome, RequestId};

use super::reloaded::{Changed, Reloaded};
use crate::control::Heard;
use crate::door::inputs::InputReport;
use crate::door::thread::DoorReport;
use crate::entry::EntryReport;
use crate::pipeline::Seen;

/// One message; the table in [`super`] says which thread sends it.
pub(super) enum Message {
    /// A frame was looked at: its number, and what it showed.
    Seen(u64, Box<Seen>),
    /// The camera was lost, or the recording is at its end: these tracks are over.
    TracksEnded(Vec<TrackId>),
    /// The health of a part has changed: it is looked at after every message.
    Look,
    /// A network failed, and why.
    VisionFailed(String),
    /// The recording is at its end.
    ReplayEnded,
    /// The vision thread has put the camera down.
    VisionStopped,
    /// What the door's thread did.
    Door(DoorReport),
    /// What an input line is at.
    Input(InputReport),
    /// What was entered at keypad or reader.
    Entry(EntryReport),
    /// What came of comparing a PIN.
    PinVerified(EntryId, PersonId, PinOutcome),
    /// Whether the audit accepted, and when.
    Answered(RequestId, bool, Moment),
    /// What a client asked, or that it was turned away.
    Heard(Heard),
    /// A reload is done.
    Reloaded(Box<Reloaded>),
    /// A change of the template store is done.
    StoreChanged(Box<Changed>),
    /// The number of a signal.
    Signal(i32),
}
