//! One fused probe a track: the weighted mean of its fresh embeddings.

use std::collections::VecDeque;

use crate::clock::Moment;
use crate::embedding::{Crops, Embedding};
use crate::event::FRESHNESS;

/// A frame farther than this from the probe shows somebody else, and the probe starts anew: two faces
/// may pass through one track. One comparison of strangers in 80 is nearer; frames of one person in one
/// track are seldom farther than 0.4.
pub const SAME_FACE: f32 = 0.6;

/// Of which crops the embeddings of a probe are; error rates differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeCrops {
    /// Plain crops only.
    Plain,
    /// Some frames were looked at more closely than others.
    Mixed,
    /// Every embedding is the mean with that of the mirrored crop.
    Mirrored,
}

impl From<Crops> for ProbeCrops {
    fn from(crops: Crops) -> Self {
        match crops {
            Crops::Plain => Self::Plain,
            Crops::Mirrored => Self::Mirrored,
        }
    }
}

#[derive(Debug)]
struct Part {
    embedding: Embedding,
    crops: Crops,
    weight: f32,
}

/// The fresh embeddings of one track.
#[derive(Debug, Default)]
pub struct Probe {
    parts: VecDeque<Part>,
    newest: Option<Moment>,
}

impl Probe {
    /// Adds a frame, keeping at most `window`. A gap longer than [`FRESHNESS`], or a frame that shows
    /// another face, starts anew.
    pub fn add(&mut self, taken: Moment, embedding: Embedding, crops: Crops, weight: f32, window: usize) {
        let stale = self.newest.is_some_and(|newest| taken.since(newest) > FRESHNESS);
        let another = !self.parts.is_empty() && self.fused().l2(&embedding) > SAME_FACE;
        if stale || another {
            self.parts.clear();
        }
        self.newest = Some(taken);
        self.parts.push_back(Part { embedding, crops, weight: weight.max(f32::MIN_POSITIVE) });
        while self.parts.len() > window.max(1) {
            self.parts.pop_front();
        }
    }

    /// How many frames are fused.
    pub fn frames(&self) -> u32 {
        u32::try_from(self.parts.len()).unwrap_or(u32::MAX)
    }

    /// Of which crops.
    pub fn crops(&self) -> ProbeCrops {
        let all = |crops| self.parts.iter().all(|part| part.crops == crops);
        match (all(Crops::Plain), all(Crops::Mirrored)) {
            (true, _) => ProbeCrops::Plain,
            (false, true) => ProbeCrops::Mirrored,
            (false, false) => ProbeCrops::Mixed,
        }
    }

    /// Their weighted mean.
    ///
    /// # Panics
    /// Before the first frame.
    pub fn fused(&self) -> Embedding {
        Embedding::weighted_mean(self.parts.iter().map(|part| (&part.embedding, part.weight)))
            .unwrap_or_else(|| self.parts[self.parts.len() - 1].embedding.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from_boot(Duration::from_millis(ms))
    }

    fn embedding(value: f32) -> Embedding {
        Embedding::new([value, 0.0]).expect("finite")
    }

    #[test]
    fn a_probe_is_the_mean_of_its_window() {
        let mut probe = Probe::default();
        for (i, value) in [0.5, 0.1, 0.2].into_iter().enumerate() {
            probe.add(at(30 * i as u64), embedding(value), Crops::Plain, 1.0, 2);
        }
        assert_eq!(probe.frames(), 2);
        assert!((probe.fused().values()[0] - 0.15).abs() < 1e-6);
    }

    #[test]
    fn a_probe_says_of_which_crops_it_is() {
        let mut probe = Probe::default();
        let mut add = |crops| {
            probe.add(at(0), embedding(0.0), crops, 1.0, 2);
            probe.crops()
        };
        assert_eq!(add(Crops::Plain), ProbeCrops::Plain);
        assert_eq!(add(Crops::Mirrored), ProbeCrops::Mixed);
        assert_eq!(add(Crops::Mirrored), ProbeCrops::Mirrored);
    }

    #[test]
    fn another_face_starts_the_probe_anew() {
        let mut probe = Probe::default();
        probe.add(at(0), embedding(0.0), Crops::Plain, 1.0, 5);
        probe.add(at(30), embedding(0.7), Crops::Plain, 1.0, 5);
        assert_eq!(probe.frames(), 1);
    }

    #[test]
    fn a_gap_starts_the_probe_anew() {
        let mut probe = Probe::default();
        probe.add(at(0), embedding(0.0), Crops::Plain, 1.0, 5);
        probe.add(at(501), embedding(0.0), Crops::Plain, 1.0, 5);
        assert_eq!(probe.frames(), 1);
    }
}
