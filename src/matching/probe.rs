//! One fused probe a track: the weighted mean of its fresh embeddings.

use std::collections::VecDeque;

use crate::clock::Moment;
use crate::embedding::{Crops, Embedding};
use crate::event::FRESHNESS;

/// A frame farther than this from the probe shows somebody else, and the probe starts anew: two faces
/// may pass through one track. One comparison of strangers in 80 is nearer; frames of one person in one
/// track are seldom farther than 0.4.
pub const SAME_FACE: f32 = 0.6;

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
    /// Adds a frame, keeping at most `window`. A gap longer than [`FRESHNESS`], a frame that shows another
    /// face, or one of other crops, whose error rates are others, starts anew.
    pub fn add(&mut self, taken: Moment, embedding: Embedding, crops: Crops, weight: f32, window: usize) {
        let stale = self.newest.is_some_and(|newest| taken.since(newest) > FRESHNESS);
        let another = !self.parts.is_empty() && self.fused().l2(&embedding) > SAME_FACE;
        if stale || another || self.crops().is_some_and(|before| before != crops) {
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

    /// Of which crops they are; none before the first frame.
    pub fn crops(&self) -> Option<Crops> {
        self.parts.back().map(|part| part.crops)
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
    fn frames_of_other_crops_start_the_probe_anew() {
        let mut probe = Probe::default();
        for (crops, frames) in [(Crops::Plain, 1), (Crops::Plain, 2), (Crops::Mirrored, 1)] {
            probe.add(at(0), embedding(0.0), crops, 1.0, 5);
            assert_eq!((probe.crops(), probe.frames()), (Some(crops), frames));
        }
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
