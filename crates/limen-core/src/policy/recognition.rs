//! Recognition: what each track in the picture has shown so far, and the one outcome that each track gets.
//!
//! ```text
//!              K of the last N frames agree            the door opens for it
//!    watched ------------------------------> spent ---------------------------> granted
//!     |   ^                                  |   |
//!     |   +-- the audit was slow, or it is --+   | turned away, or waits without the track
//!     |       open whether a head is there       v
//!     +--- gone, or 10 s without a decision --> closed, with one refusal
//! ```
//!
//! A frame counts only for its own track and for half a second, and only if the frame alone shows the same
//! person as all frames together. [`evidence`] holds the state of one track; this file holds the tracks.

mod evidence;

use std::collections::BTreeMap;

pub use evidence::ATTEMPT;
use evidence::{Evidence, Progress};

use super::context::Context;
use super::event::{Action, Sign};
use crate::clock::Moment;
use crate::event::{Fact, Observation, Refusal, TrackId, Unusable};
use crate::person::PersonId;

/// The most tracks remembered at once; beyond that the oldest is dropped. The vision thread follows far
/// fewer.
const MAX_TRACKS: usize = 64;

/// The machine of recognition: every track in the picture.
#[derive(Debug, Default)]
pub(super) struct Recognition {
    tracks: BTreeMap<TrackId, Evidence>,
}

/// The outcome of one more frame.
#[derive(Debug)]
pub(super) enum FrameEvidence {
    /// No decision yet.
    NotYet,
    /// No frame of a whole window matched anybody: the lights are to show it.
    LooksBad,
    /// Enough frames agree on somebody, and admission is to judge.
    Recognised(Recognised),
}

/// Somebody on whom enough fresh frames of one track agree. The track is spent: no further frame of it
/// counts.
#[derive(Debug, Clone)]
pub(super) struct Recognised {
    pub track: TrackId,
    pub person: PersonId,
    /// The distance in the comparison of the last frame.
    pub distance: Option<f32>,
    /// The record of the track if the person is not let in.
    pub refusal: Fact,
    /// When the track's attempt ends.
    pub attempt_ends: Moment,
}

/// The record of a refused track, with another reason.
pub(super) fn because(fact: Fact, why: Refusal) -> Fact {
    match fact {
        Fact::Refused { track, nearest, distance, frames, .. } => {
            Fact::Refused { track, refusal: why, nearest, distance, frames }
        }
        other => other,
    }
}

impl Recognition {
    /// A face was compared. While nobody may be let in, even enough frames lead to no decision.
    pub fn observed(&mut self, at: &Context<'_>, observation: &Observation) -> FrameEvidence {
        let track = observation.track;
        let evidence = self.evidence_of(track);
        match evidence.add(&at.settings.rules, at.moment(), observation) {
            Progress::Enough(person) if at.may_let_in() => {
                evidence.decide();
                let distance = observation.fused.best.as_ref().map(|best| best.distance.get());
                let (refusal, attempt_ends) = (evidence.refusal(track), evidence.attempt_end(at.moment()));
                FrameEvidence::Recognised(Recognised { track, person, distance, refusal, attempt_ends })
            }
            Progress::LooksBad => FrameEvidence::LooksBad,
            Progress::Enough(_) | Progress::NotYet => FrameEvidence::NotYet,
        }
    }

    /// A face could not be compared in this frame.
    pub fn unusable(&mut self, now: Moment, track: TrackId, taken: Moment, why: Unusable) {
        self.evidence_of(track).add_unusable(now, taken, why);
    }

    /// A track is over: forgets it, and refuses it if it had no outcome.
    pub fn ended(&mut self, track: TrackId) -> Vec<Action> {
        let refusal = self.refuse(track);
        self.tracks.remove(&track);
        refusal
    }

    /// Refuses every track that was compared for too long without a decision.
    pub fn pass_time(&mut self, now: Moment) -> Vec<Action> {
        let over = self.tracks.iter().filter(|(_, evidence)| evidence.attempt_is_over(now));
        let over: Vec<TrackId> = over.map(|(track, _)| *track).collect();
        over.into_iter().flat_map(|track| self.refuse(track)).collect()
    }

    /// The door was opened for this track.
    pub fn granted(&mut self, track: TrackId) {
        if let Some(evidence) = self.tracks.get_mut(&track) {
            evidence.granted();
        }
    }

    /// The audit was too slow, or the door is slowed: frames taken at `from` or later may lead to another
    /// decision, within the same attempt. `why`: what the refusal says if they do not.
    pub fn ask_again(&mut self, track: TrackId, from: Moment, why: Refusal) {
        self.evidence_of(track).ask_again(from, why);
    }

    /// Frames taken at `from` or later lead to another decision, in an attempt of its own. `why`: what the
    /// refusal says if they do not.
    pub fn begin_again(&mut self, track: TrackId, from: Moment, why: Refusal) {
        self.evidence_of(track).begin_again(from, why);
    }

    /// There is no decision yet: the next frame that agrees leads to another, within the same attempt. `why`:
    /// what the refusal says if none does.
    pub fn go_on(&mut self, track: TrackId, why: Refusal) {
        self.evidence_of(track).go_on(why);
    }

    /// Closes a track whose refusal admission has taken over.
    pub fn close(&mut self, track: TrackId) {
        if let Some(evidence) = self.tracks.get_mut(&track) {
            drop(evidence.close(track));
        }
    }

    /// Frames so far no longer count, for example because another gallery is in force.
    pub fn forget(&mut self) {
        self.tracks.values_mut().for_each(Evidence::forget);
    }

    /// No further frame of the tracks in the picture counts.
    pub fn spend(&mut self) {
        self.tracks.values_mut().for_each(Evidence::spend);
    }

    /// Records and shows the track's one refusal, unless it had an outcome already.
    fn refuse(&mut self, track: TrackId) -> Vec<Action> {
        let fact = self.tracks.get_mut(&track).and_then(|evidence| evidence.close(track));
        let seen = matches!(fact, Some(Fact::Refused { frames, .. }) if frames > 0);
        let sign = seen.then_some(Action::Show(Sign::Refused));
        sign.into_iter().chain(fact.map(Action::Record)).collect()
    }

    fn evidence_of(&mut self, track: TrackId) -> &mut Evidence {
        if self.tracks.len() >= MAX_TRACKS && !self.tracks.contains_key(&track) {
            self.tracks.pop_first();
        }
        self.tracks.entry(track).or_default()
    }
}

#[cfg(test)]
mod walks;
