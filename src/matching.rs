//! Compares probes with the gallery and says, frame by frame, whom a track shows.
//!
//! A *probe* is the weighted mean of a track's fresh embeddings; a *template* is the mean of a person's
//! photographs. What counts as near enough follows from measured error rates (see [`thresholds`]).

pub mod distances;
pub mod probe;
pub mod thresholds;

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Moment;
use crate::embedding::{Distance, Embedding};
use crate::event::{Candidate, Comparison, NoMatch, Observation, TrackId};
use crate::gallery::Gallery;
use distances::Templates;
use probe::Probe;
use thresholds::Thresholds;

/// How a comparison is decided.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Distances for a target rate, or a fixed one.
    pub thresholds: Thresholds,
    /// By how much the nearest person must be ahead of the next.
    pub margin: f32,
    /// The most frames fused into one probe.
    pub window: usize,
}

/// A gallery made ready for comparing, with one probe a track.
#[derive(Debug)]
pub struct Matcher {
    rule: Rule,
    gallery: Arc<Gallery>,
    templates: Templates,
    probes: HashMap<TrackId, Probe>,
}

impl Matcher {
    /// Ready to compare with this gallery.
    pub fn new(rule: Rule, gallery: Arc<Gallery>) -> Self {
        let templates = Templates::of(gallery.people().iter().map(|person| &person.template));
        Self { rule, gallery, templates, probes: HashMap::new() }
    }

    /// The gallery in force.
    pub fn gallery(&self) -> &Arc<Gallery> {
        &self.gallery
    }

    /// Takes another gallery; every probe starts anew.
    pub fn replace_gallery(&mut self, gallery: Arc<Gallery>) {
        *self = Self::new(self.rule.clone(), gallery);
    }

    /// Takes another rule; every probe starts anew.
    pub fn replace_rule(&mut self, rule: Rule) {
        self.rule = rule;
        self.probes.clear();
    }

    /// Adds a frame's embedding to its track's probe and compares.
    pub fn observe(
        &mut self,
        track: TrackId,
        taken: Moment,
        embedding: Embedding,
        weight: f32,
    ) -> Observation {
        let alone = embedding.clone();
        let probe = self.probes.entry(track).or_default();
        probe.add(taken, embedding, weight, self.rule.window);
        let (frames, fused) = (probe.frames(), probe.fused());
        let fused = self.compare(&fused, frames);
        let nearest_alone = match &fused.verdict {
            Ok(person) if frames == 1 => Some(person.clone()),
            Ok(_) => self.nearest(&alone),
            Err(_) => None,
        };
        Observation { track, taken, frames, fused, nearest_alone }
    }

    /// Forgets a track that has ended.
    pub fn forget(&mut self, track: TrackId) {
        self.probes.remove(&track);
    }

    /// Compares one probe, fused from `frames` pictures, with everybody.
    pub fn compare(&self, probe: &Embedding, frames: u32) -> Comparison {
        let nearest = self.templates.two_nearest(probe);
        let candidate = |(index, distance): (usize, f32)| {
            let person = &self.gallery.people()[index];
            Distance::new(distance).map(|distance| Candidate {
                person: person.id.clone(),
                distance,
                score: distance.get(),
            })
        };
        let best = nearest[0].and_then(candidate);
        let runner_up = nearest[1].and_then(candidate);
        let photographs = nearest[0].map_or(1, |(index, _)| self.gallery.people()[index].singles.len());
        let threshold = self.rule.thresholds.threshold(self.gallery.people().len(), photographs, frames);
        let verdict = match (&best, &runner_up) {
            (None, _) => Err(NoMatch::EmptyGallery),
            (Some(best), _) if best.score > threshold => Err(NoMatch::TooFar),
            (Some(best), Some(next)) if next.score - best.score < self.rule.margin => Err(NoMatch::Ambiguous),
            (Some(best), _) => Ok(best.person.clone()),
        };
        Comparison { best, runner_up, threshold, verdict }
    }

    fn nearest(&self, embedding: &Embedding) -> Option<crate::person::PersonId> {
        let (index, _) = self.templates.two_nearest(embedding)[0]?;
        Some(self.gallery.people()[index].id.clone())
    }
}
