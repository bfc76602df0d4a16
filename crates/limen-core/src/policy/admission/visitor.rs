//! Somebody who was recognised, on the way to a decision.

use super::outcome::AdmitOutcome;
use crate::credential::Factors;
use crate::event::{Fact, LivenessProof, Refusal, TrackId};
use crate::person::PersonId;
use crate::policy::event::{Action, Sign};
use crate::policy::recognition::{Recognised, because};

/// Somebody who was recognised and is not yet let in or refused.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub track: TrackId,
    pub person: PersonId,
    pub distance: Option<f32>,
    /// What this person has proven besides the face.
    pub proven: Factors,
    /// How it was shown that this person is no picture.
    pub liveness: LivenessProof,
    /// The record of the track if the visitor is not let in.
    pub refusal: Fact,
    /// The track is closed, so admission records the refusal if the visitor is not let in.
    pub has_waited: bool,
}

impl Visitor {
    /// Somebody who was just recognised.
    pub fn new(recognised: Recognised, liveness: LivenessProof) -> Self {
        let Recognised { track, person, distance, refusal, .. } = recognised;
        let proven = Factors::default();
        Self { track, person, distance, proven, liveness, refusal, has_waited: false }
    }

    /// The visitor begins to wait. Closes the track, unless it is closed already.
    pub fn begin_to_wait(self, out: &mut Vec<AdmitOutcome>) -> Self {
        if !self.has_waited {
            out.push(AdmitOutcome::Close(self.track));
        }
        Self { has_waited: true, ..self }
    }

    /// Refuses the visitor: shows and records it.
    pub fn turn_away(self, why: Refusal, out: &mut Vec<AdmitOutcome>) {
        let visitor = self.begin_to_wait(out);
        out.push(AdmitOutcome::Do(Action::Show(Sign::Refused)));
        out.push(AdmitOutcome::Do(Action::Record(because(visitor.refusal, why))));
    }
}
