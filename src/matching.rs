//! Compares probes with the gallery and says, frame by frame, whom a track shows.
//!
//! A *probe* is the weighted mean of a track's fresh embeddings; a *template* is the mean of a person's
//! photographs; a *score* is their distance, centred on how crowded their region is ([`cohort`]). What counts
//! as near enough follows from measured error rates (see [`thresholds`]).

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

use crate::clock::Moment;
use crate::embedding::{Crops, Distance, Embedding};
use crate::event::{Candidate, Comparison, NoMatch, Observation, TrackId};
use crate::gallery::Gallery;
use crate::person::PersonId;
use distances::Near;
use probe::Probe;
use thresholds::{Case, Thresholds};

/// A plain probe whose score lies no farther than this from the threshold, on either side, decides nothing: it is
/// looked at again with the mirrored crop. Measured: it gains nearly all that looking again always would, and both
/// looks together accept as many strangers as one (`models/README.md`, "Frames").
pub const CLOSE: f32 = 0.02;

/// How a comparison is decided.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Scores for a target rate, or a fixed distance.
    pub thresholds: Thresholds,
    /// By how much the nearest person must be ahead of the next.
    pub margin: f32,
    /// Pairs that must be told apart by more.
    pub look_alikes: LookAlikes,
    /// The most frames fused into one probe.
    pub window: usize,
}

/// A gallery made ready for comparing, with one probe a track.
#[derive(Debug)]
pub struct Matcher {
    rule: Rule,
    prepared: Arc<Prepared>,
    probes: HashMap<TrackId, Probe>,
}

impl Matcher {
    /// Ready to compare with this gallery.
    pub fn new(rule: Rule, prepared: Arc<Prepared>) -> Self {
        Self { rule, prepared, probes: HashMap::new() }
    }

    /// The gallery in force.
    pub fn gallery(&self) -> &Arc<Gallery> {
        self.prepared.gallery()
    }

    /// Takes another rule and gallery; every probe starts anew.
    pub fn replace(&mut self, rule: Rule, prepared: Arc<Prepared>) {
        *self = Self::new(rule, prepared);
    }

    /// Adds a frame's embedding to its track's probe and compares.
    pub fn observe(
        &mut self,
        track: TrackId,
        taken: Moment,
        embedding: Embedding,
        crops: Crops,
        weight: f32,
    ) -> Observation {
        let alone = embedding.clone();
        let probe = self.probes.entry(track).or_default();
        probe.add(taken, embedding, crops, weight, self.rule.window);
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

    /// Forgets a track that has ended.
    pub fn forget(&mut self, track: TrackId) {
        self.probes.remove(&track);
    }

    /// Compares one probe, fused from `frames` pictures, with everybody.
    pub fn compare(&self, probe: &Embedding, frames: u32, crops: Crops) -> Comparison {
        let probe = self.prepared.scoring().ready(probe);
        let nearest = self.prepared.templates().two_nearest(&probe.embedding);
        let candidate = |near: Near| {
            Distance::new(near.distance).map(|distance| Candidate {
                person: self.prepared.person(near).id.clone(),
                distance,
                score: near.led - probe.lead,
            })
        };
        let best = nearest[0].and_then(candidate);
        let runner_up = nearest[1].and_then(candidate);
        let photographs = nearest[0].map_or(1, |near| self.prepared.person(near).enrolled);
        let people = self.gallery().people().len();
        let threshold = self.rule.thresholds.threshold(Case { people, photographs, frames, crops });
        let verdict = match (&best, &runner_up) {
            (None, _) => Err(NoMatch::EmptyGallery),
            (Some(best), _) if best.score > threshold => Err(NoMatch::TooFar),
            (Some(best), Some(next)) if next.score - best.score < self.rule.margin => Err(NoMatch::Ambiguous),
            (Some(best), _) if self.resembles_another(best, &probe.embedding, probe.lead) => {
                Err(NoMatch::Ambiguous)
            }
            (Some(best), _) => Ok(best.person.clone()),
        };
        Comparison { best, runner_up, threshold, verdict }
    }

    /// Whether somebody known to resemble the best candidate is nearer to the probe than the pair's margin
    /// allows, whoever the runner-up is.
    fn resembles_another(&self, best: &Candidate, probe: &Embedding, lead: f32) -> bool {
        let score_of = |other: &PersonId| {
            let index = self.gallery().index_of(other)?;
            Some(self.prepared.templates().one(index, probe)?.led - lead)
        };
        let others = self.rule.look_alikes.of(&best.person).iter();
        others
            .filter_map(|(other, margin)| Some((score_of(other)?, margin)))
            .any(|(score, margin)| score - best.score < *margin)
    }

    /// Whether a better look may decide otherwise. A fixed distance is taken at its word.
    fn is_close(&self, comparison: &Comparison) -> bool {
        let near = |best: &Candidate| (best.score - comparison.threshold).abs() <= CLOSE;
        self.rule.thresholds.follow_from_rates() && comparison.best.as_ref().is_some_and(near)
    }

    fn nearest(&self, embedding: &Embedding) -> Option<PersonId> {
        let embedding = self.prepared.scoring().measured(embedding);
        let near = self.prepared.templates().two_nearest(&embedding)[0]?;
        Some(self.prepared.person(near).id.clone())
    }
}

#[cfg(test)]
#[path = "matching/tests.rs"]
mod tests;
