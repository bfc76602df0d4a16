//! What one track has shown so far: frames that agree, frames that do not, and the one refusal it gets.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Moment;
use crate::event::{FRESHNESS, Fact, NoMatch, Observation, Personal, Refusal, TrackId, Unusable};
use crate::person::PersonId;
use crate::policy::rules::{MultipleFaces, Rules};

/// How long one attempt lasts. A track that was compared for this long without a grant is refused, and the
/// face must leave the picture before the next attempt. `target-far` is the chance that one attempt of a
/// stranger opens the door.
pub const ATTEMPT: Duration = Duration::from_secs(10);

/// What one more frame means.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// Enough fresh frames agree on this person.
    Enough(PersonId),
    /// No frame of a whole window matched anybody: the lights are to show it.
    LooksBad,
    /// No decision yet.
    NotYet,
}

/// The evidence of one track.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The person whom each of the last frames supports, newest last.
    window: VecDeque<Option<PersonId>>,
    newest: Option<Moment>,
    first_compared: Option<Moment>,
    compared: u32,
    refusal: Option<Refusal>,
    /// The reason of a refusal that does not come from the frames; it stays, whatever later frames show.
    given: Option<Refusal>,
    nearest: Option<(PersonId, f32)>,
    phase: Phase,
    /// Frames taken before this do not count.
    not_before: Option<Moment>,
    shown_bad: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Frames of this track count.
    #[default]
    Open,
    /// A decision was taken on this track's frames; no further frame counts.
    Spent,
    /// The door was opened for this track.
    Granted,
    /// The refusal of this track was handed out.
    Refused,
}

impl Evidence {
    /// Counts a compared frame. Stale frames, frames out of order and frames of a decided track do not count.
    /// The first frame of a new probe always discards the frames of the old probe.
    pub fn add(&mut self, rules: &Rules, now: Moment, observation: &Observation) -> Progress {
        if observation.frames <= 1 {
            self.window.clear();
        }
        let in_order = self.newest.is_none_or(|newest| observation.taken > newest);
        let fresh = observation.taken <= now && now.since(observation.taken) <= FRESHNESS;
        let early = self.not_before.is_some_and(|begin| observation.taken < begin);
        if self.phase != Phase::Open || !in_order || !fresh || early {
            return Progress::NotYet;
        }
        self.expire(observation.taken);
        self.newest = Some(observation.taken);
        self.first_compared.get_or_insert(observation.taken);
        self.compared += 1;
        self.note(observation);
        let mut supports = supported(observation);
        if rules.multiple_faces == MultipleFaces::Refuse && observation.others > 0 {
            // Earlier frames do not count either: the second person may have stood behind the first.
            self.window.clear();
            if supports.take().is_some() {
                (self.refusal, self.given) = (Some(Refusal::MoreThanOneFace), None);
            }
        }
        self.window.push_back(supports.clone());
        while self.window.len() > rules.window {
            self.window.pop_front();
        }
        let Some(person) = supports else {
            return self.maybe_bad(rules);
        };
        let agreeing = self.window.iter().flatten().filter(|p| **p == person).count();
        if agreeing >= rules.frames { Progress::Enough(person) } else { Progress::NotYet }
    }

    /// Takes a frame that could not be compared: it is the reason of a refusal as long as no frame is
    /// compared.
    pub fn add_unusable(&mut self, now: Moment, taken: Moment, why: Unusable) {
        self.expire(taken.min(now));
        if self.compared == 0 {
            self.refusal = Some(Refusal::Unusable(why));
        }
    }

    /// No further frame of this track counts.
    pub fn spend(&mut self) {
        self.window.clear();
        if self.phase == Phase::Open {
            self.phase = Phase::Spent;
        }
    }

    /// The door was opened for this track.
    pub fn granted(&mut self) {
        self.phase = Phase::Granted;
    }

    /// The frames led to a decision; [`Self::go_on`] takes it back.
    pub fn decide(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Spent;
        }
    }

    /// The decision was put off: the next frame may lead to one, together with the frames so far.
    pub fn go_on(&mut self, why: Refusal) {
        self.given = Some(why);
        if self.phase == Phase::Spent {
            self.phase = Phase::Open;
        }
    }

    /// Frames taken at `from` or later may lead to another decision, within the same attempt.
    pub fn ask_again(&mut self, from: Moment, why: Refusal) {
        self.window.clear();
        self.not_before = Some(from);
        self.go_on(why);
    }

    /// Frames taken at `from` or later may lead to another decision, in an attempt of its own.
    pub fn begin_again(&mut self, from: Moment, why: Refusal) {
        self.ask_again(from, why);
        self.first_compared = None;
    }

    /// When the attempt ends; `now` is taken as its beginning if no frame was compared.
    pub fn attempt_end(&self, now: Moment) -> Moment {
        self.first_compared.unwrap_or(now) + ATTEMPT
    }

    /// Frames so far no longer count, for example because another gallery is in force.
    pub fn forget(&mut self) {
        self.window.clear();
    }

    /// Whether the attempt has lasted longer than [`ATTEMPT`] without a decision.
    pub fn attempt_is_over(&self, now: Moment) -> bool {
        self.phase == Phase::Open && self.first_compared.is_some_and(|first| now.since(first) > ATTEMPT)
    }

    /// The track's one refusal record; `None` if it was granted or already refused.
    pub fn close(&mut self, track: TrackId) -> Option<Fact> {
        if matches!(self.phase, Phase::Granted | Phase::Refused) {
            return None;
        }
        self.phase = Phase::Refused;
        self.window.clear();
        Some(self.refusal(track))
    }

    /// The record of the track if the person is not let in.
    pub fn refusal(&self, track: TrackId) -> Fact {
        let (nearest, distance) = self.nearest.clone().unzip();
        let refusal = self.given.or(self.refusal).unwrap_or(Refusal::TooFewFrames);
        Fact::Refused { track, refusal, nearest: nearest.map(Personal), distance, frames: self.compared }
    }

    /// Discards the evidence if its newest frame is more than [`FRESHNESS`] older than `taken`.
    fn expire(&mut self, taken: Moment) {
        if self.newest.is_some_and(|newest| taken.since(newest) > FRESHNESS) {
            self.window.clear();
        }
    }

    fn note(&mut self, observation: &Observation) {
        self.refusal = Some(match observation.fused.verdict {
            Ok(_) => Refusal::TooFewFrames,
            Err(why) => Refusal::NoMatch(why),
        });
        if let Some(best) = &observation.fused.best {
            let distance = best.distance.get();
            if self.nearest.as_ref().is_none_or(|(_, nearest)| distance < *nearest) {
                self.nearest = Some((best.person.clone(), distance));
            }
        }
    }

    fn maybe_bad(&mut self, rules: &Rules) -> Progress {
        let all_bad = self.window.len() == rules.window && self.window.iter().all(Option::is_none);
        let empty = self.refusal == Some(Refusal::NoMatch(NoMatch::EmptyGallery));
        if all_bad && !empty && !self.shown_bad {
            self.shown_bad = true;
            return Progress::LooksBad;
        }
        Progress::NotYet
    }
}

/// The person whom a frame supports: the fused probe matches this person, and the frame alone is nearest to
/// the same person. Good earlier frames must not help a frame that shows somebody else.
fn supported(observation: &Observation) -> Option<PersonId> {
    let person = observation.fused.verdict.as_ref().ok()?;
    (observation.nearest_alone.as_ref() == Some(person)).then(|| person.clone())
}
