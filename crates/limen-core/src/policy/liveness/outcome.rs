//! The outcomes of an event in liveness, and what admission lets it know beforehand.

use crate::clock::Moment;
use crate::event::{LivenessProof, Refusal, TrackId};
use crate::policy::event::Action;
use crate::policy::recognition::Recognised;

/// What admission already knows of somebody who was just recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreseen {
    /// They may come in, perhaps with a second factor or a second person.
    Nothing,
    /// They are asked for a second factor, by a track before this one.
    IsAsked,
    /// They are refused, whatever they prove.
    Refused(Refusal),
}

/// One outcome of an event in liveness.
#[derive(Debug)]
pub enum LivenessOutcome {
    /// An action for the daemon to carry out.
    Do(Action),
    /// Admission is to judge this person; this is how it was shown that they are no picture.
    Pass(Recognised, LivenessProof),
    /// There is no decision yet: recognition goes on with this track. If none comes, this is the reason.
    GoOn(TrackId, Refusal),
    /// Recognition must agree anew, by frames taken at this moment or later, within the same attempt.
    AskAgain(TrackId, Moment, Refusal),
    /// Recognition must agree anew, by frames taken at this moment or later, in an attempt of its own.
    BeginAgain(TrackId, Moment, Refusal),
    /// Liveness records the refusal of this track: recognition is to close it.
    Close(TrackId),
    /// This track shows no living head: admission is to let nobody in by it.
    Deny(TrackId, Refusal),
}
