//! Somebody who was recognised, on the way to a decision.

use super::outcome::Outcome;
use crate::credential::Factors;
use crate::event::{Fact, Refusal, TrackId};
use crate::person::PersonId;
use crate::policy::event::{Action, Sign};
use crate::policy::recognition::Recognised;

/// See the module.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub track: TrackId,
    pub person: PersonId,
    pub distance: Option<f32>,
    /// What this person has proven besides the face.
    pub proven: Factors,
    /// The record of the track if it comes to nothing.
    pub refusal: Fact,
    /// The track is closed: if it comes to nothing, that is recorded here.
    pub has_waited: bool,
}

impl Visitor {
    /// The visitor waits from here on, and the track is closed if it is not yet.
    pub fn begin_to_wait(self, out: &mut Vec<Outcome>) -> Self {
        if !self.has_waited {
            out.push(Outcome::Close(self.track));
        }
        Self { has_waited: true, ..self }
    }

    /// The visitor does not come in.
    pub fn turn_away(self, why: Refusal, out: &mut Vec<Outcome>) {
        let visitor = self.begin_to_wait(out);
        out.push(Outcome::Do(Action::Show(Sign::Refused)));
        out.push(Outcome::Do(Action::Record(because(visitor.refusal, why))));
    }
}

impl From<Recognised> for Visitor {
    fn from(recognised: Recognised) -> Self {
        let Recognised { track, person, distance, refusal } = recognised;
        Self { track, person, distance, proven: Factors::default(), refusal, has_waited: false }
    }
}

/// The refusal with another reason.
pub fn because(fact: Fact, why: Refusal) -> Fact {
    match fact {
        Fact::Refused { track, nearest, distance, frames, .. } => {
            Fact::Refused { track, refusal: why, nearest, distance, frames }
        }
        other => other,
    }
}
