//! Somebody who was recognised, on the way to a decision.

use super::outcome::AdmitOutcome;
use crate::credential::Factors;
use crate::event::{Fact, Refusal, TrackId};
use crate::person::PersonId;
use crate::policy::event::{Action, Sign};
use crate::policy::recognition::Recognised;

/// Somebody who was recognised and is not yet let in or refused.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub track: TrackId,
    pub person: PersonId,
    pub distance: Option<f32>,
    /// What this person has proven besides the face.
    pub proven: Factors,
    /// The record of the track if the visitor is not let in.
    pub refusal: Fact,
    /// The track is closed, so admission records the refusal if the visitor is not let in.
    pub has_waited: bool,
}

impl Visitor {
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

impl From<Recognised> for Visitor {
    fn from(recognised: Recognised) -> Self {
        let Recognised { track, person, distance, refusal } = recognised;
        Self { track, person, distance, proven: Factors::default(), refusal, has_waited: false }
    }
}

/// The same refusal with another reason.
pub fn because(fact: Fact, why: Refusal) -> Fact {
    match fact {
        Fact::Refused { track, nearest, distance, frames, .. } => {
            Fact::Refused { track, refusal: why, nearest, distance, frames }
        }
        other => other,
    }
}
