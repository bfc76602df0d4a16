//! Compares probes with the gallery and says, for each frame, whom a track shows.
//!
//! A *probe* is the weighted mean of a track's fresh embeddings; a *template* is the mean of a person's
//! photographs; a *score* is their distance, minus a part for crowded regions ([`cohort`]). How near is near
//! enough follows from measured error rates ([`thresholds`]).

mod coarse;
pub mod cohort;
pub mod distances;
mod look_alikes;
mod prepared;
pub mod probe;
pub mod scoring;
pub mod thresholds;

use std::collections::HashMap;
use std::sync::Arc;

pub use look_alikes::LookAlikes;
pub use prepared::Prepared;

use distances::Near;
use limen_core::clock::Moment;
use limen_core::embedding::{Crops, Distance, Embedding, Margin, Score};
use limen_core::event::{Candidate, Comparison, NoMatch, Observation, TrackId};
use limen_core::people::Gallery;
use limen_core::person::PersonId;
use probe::{Fusing, Probe, ProbeFrame};
use scoring::Scored;
use thresholds::{Case, Thresholds};

/// If the score of a plain probe is this near to the threshold, on either side, it decides nothing: the
/// mirrored crop is embedded too. This gains almost as much as mirroring always, and both probes together
/// accept as many strangers as one (`models/README.md`, "Frames").
pub const CLOSE: f32 = 0.02;

/// How a comparison is decided.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Scores for a target rate, or a fixed distance.
    pub thresholds: Thresholds,
    /// How much nearer the nearest person must be than the next.
    pub margin: Margin,
    /// Pairs that need a larger margin.
    pub look_alikes: LookAlikes,
    /// The largest number of frames in a probe.
    pub window: usize,
    /// A frame farther than this from the probe of its track shows another person.
    pub same_face: Distance,
}

/// A gallery prepared for comparison, with one probe per track.
#[derive(Debug)]
pub struct Matcher {
    rule: Rule,
    prepared: Arc<Prepared>,
    probes: HashMap<TrackId, Probe>,
}

impl Matcher {
    /// A matcher with this rule and gallery.
    pub fn new(rule: Rule, prepared: Arc<Prepared>) -> Self {
        Self { rule, prepared, probes: HashMap::new() }
    }

    /// The gallery in force.
    pub fn gallery(&self) -> &Arc<Gallery> {
        self.prepared.gallery()
    }

    /// Takes another rule and gallery; all probes start again.
    pub fn replace(&mut self, rule: Rule, prepared: Arc<Prepared>) {
        *self = Self::new(rule, prepared);
    }

    /// Adds a frame's embedding to the probe of its track and compares the probe.
    pub fn observe(
        &mut self,
        track: TrackId,
        taken: Moment,
        embedding: Embedding,
        crops: Crops,
        weight: f32,
    ) -> Observation {
        // By the angle all frames count the same, whatever the length of the vector. One without a direction
        // matches nobody.
        let embedding = self.prepared.scoring().measured(&embedding).unwrap_or(embedding);
        let alone = embedding.clone();
        let probe = self.probes.entry(track).or_default();
        let Rule { window, same_face, .. } = self.rule;
        let fusing = Fusing { window, same_face, scoring: self.prepared.scoring() };
        probe.add(ProbeFrame { taken, embedding, crops, weight }, &fusing);
        let (frames, fused) = (probe.frames(), probe.fused());
        let mut fused = self.compare(&fused, frames, crops);
        let look_closer = crops == Crops::Plain && self.is_close(&fused);
        if look_closer {
            fused.verdict = Err(NoMatch::TooClose);
        }
        let nearest_alone = match &fused.verdict {
            Ok(person) if frames == 1 => Some(person.clone()),
            Ok(_) => self.nearest(&alone),
            Err(_) => None,
        };
        Observation { track, taken, frames, fused, nearest_alone, others: 0, look_closer }
    }

    /// Drops the probe of a track that has ended.
    pub fn forget(&mut self, track: TrackId) {
        self.probes.remove(&track);
    }

    /// Compares a probe, fused from `frames` pictures, with all people.
    pub fn compare(&self, probe: &Embedding, frames: u32, crops: Crops) -> Comparison {
        let ready = self.prepared.scoring().ready(probe);
        let [best, runner_up] = ready.as_ref().map_or([None, None], |probe| {
            let nearest = self.prepared.templates().two_nearest(&probe.embedding);
            nearest.map(|near| self.candidate(near?, probe))
        });
        let photographs = best.as_ref().map_or(1, |(_, photographs)| *photographs);
        let (best, runner_up) = (best.map(|(best, _)| best), runner_up.map(|(next, _)| next));
        let people = self.gallery().people().len();
        let threshold = self.rule.thresholds.threshold(Case { people, photographs, frames, crops });
        let verdict = match (&best, &ready) {
            (Some(best), Some(probe)) => self.decide(best, runner_up.as_ref(), threshold, probe),
            _ if people == 0 => Err(NoMatch::EmptyGallery),
            _ => Err(NoMatch::TooFar),
        };
        Comparison { best, runner_up, threshold, verdict }
    }

    /// A person near the probe, and the number of photographs in the template.
    fn candidate(&self, near: Near, probe: &Scored) -> Option<(Candidate, usize)> {
        let person = self.prepared.person(near);
        let candidate =
            Candidate { person: person.id.clone(), distance: near.distance, score: centred(near, probe)? };
        Some((candidate, person.enrolled))
    }

    /// Whether the nearest person is the one shown.
    fn decide(
        &self,
        best: &Candidate,
        next: Option<&Candidate>,
        threshold: Score,
        probe: &Scored,
    ) -> Result<PersonId, NoMatch> {
        let leads = next.is_none_or(|next| best.score.leads(next.score, self.rule.margin));
        if best.score > threshold {
            Err(NoMatch::TooFar)
        } else if !leads || self.resembles_another(best, probe) {
            Err(NoMatch::Ambiguous)
        } else {
            Ok(best.person.clone())
        }
    }

    /// Whether a person who is known to resemble the best candidate is so near to the probe that the pair's
    /// margin is not reached, whoever the runner-up is.
    fn resembles_another(&self, best: &Candidate, probe: &Scored) -> bool {
        let score_of = |other: &PersonId| {
            let index = self.gallery().index_of(other)?;
            centred(self.prepared.templates().one(index, &probe.embedding)?, probe)
        };
        let others = self.rule.look_alikes.of(&best.person).iter();
        others
            .filter_map(|(other, margin)| Some((score_of(other)?, *margin)))
            .any(|(score, margin)| !best.score.leads(score, margin))
    }

    /// Whether the mirrored crop may change the decision. With a fixed distance it is not tried.
    fn is_close(&self, comparison: &Comparison) -> bool {
        let near = |best: &Candidate| (best.score.get() - comparison.threshold.get()).abs() <= CLOSE;
        self.rule.thresholds.follow_from_rates() && comparison.best.as_ref().is_some_and(near)
    }

    fn nearest(&self, embedding: &Embedding) -> Option<PersonId> {
        let embedding = self.prepared.scoring().measured(embedding)?;
        let near = self.prepared.templates().two_nearest(&embedding)[0]?;
        Some(self.prepared.person(near).id.clone())
    }
}

/// The score, with the probe's half of the centring subtracted as well.
fn centred(near: Near, probe: &Scored) -> Option<Score> {
    Score::new(near.centred.get() - probe.lead.get())
}

#[cfg(test)]
#[path = "matching/tests.rs"]
mod tests;
