//! What comes of an event at admission.

use crate::event::TrackId;
use crate::policy::event::Action;
use crate::policy::grant::Grant;

/// See the module.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// For the shell.
    Do(Action),
    /// This grant is to be recorded, and opens the door when it is.
    LetIn {
        grant: Grant,
        /// How far the face was from the person's.
        distance: Option<f32>,
    },
    /// The refusal of this track is recorded here, or kept for later: the track needs none of its own.
    Close(TrackId),
    /// Somebody enters under duress.
    Duress,
}
