//! The outcomes of an event in admission.

use crate::event::TrackId;
use crate::policy::event::Action;
use crate::policy::grant::Grant;

/// One outcome of an event in admission.
#[derive(Debug, PartialEq)]
pub enum AdmitOutcome {
    /// An action for the daemon to carry out.
    Do(Action),
    /// The lock is to have this grant recorded, and then to open the door.
    LetIn {
        grant: Grant,
        /// The distance from the face to the person's template.
        distance: Option<f32>,
    },
    /// Admission records the refusal of this track or keeps it for later: recognition is to close the track.
    Close(TrackId),
    /// Somebody enters under duress.
    Duress,
}
