//! One fused probe per track: the weighted mean of its fresh embeddings.

use std::collections::VecDeque;

use limen_core::clock::Moment;
use limen_core::embedding::{Crops, Distance, Embedding};
use limen_core::event::FRESHNESS;

use super::scoring::Scoring;

/// A frame of a track.
#[derive(Debug)]
pub struct ProbeFrame {
    /// When the frame was taken.
    pub taken: Moment,
    /// The embedding of the face.
    pub embedding: Embedding,
    /// The crops that it was made of.
    pub crops: Crops,
    /// The weight, above zero.
    pub weight: f32,
}

/// How frames are fused.
#[derive(Debug, Clone, Copy)]
pub struct Fusing<'a> {
    /// The largest number of frames in a probe.
    pub window: usize,
    /// A frame farther than this from the probe shows another person: two people may pass through one track.
    pub same_face: Distance,
    /// How that distance is measured.
    pub scoring: &'a Scoring,
}

impl Fusing<'_> {
    /// Whether a frame shows the same face as the probe; false if they cannot be compared.
    fn is_same_face(&self, probe: &Embedding, frame: &Embedding) -> bool {
        let apart = || self.scoring.measured(probe)?.l2(&self.scoring.measured(frame)?);
        apart().is_some_and(|apart| apart <= self.same_face)
    }
}

/// The fresh embeddings of one track.
#[derive(Debug, Default)]
pub struct Probe {
    parts: VecDeque<ProbeFrame>,
    newest: Option<Moment>,
}

impl Probe {
    /// Adds a frame. The probe starts again after a gap longer than [`FRESHNESS`], with another face, or with
    /// other crops, which have other error rates.
    pub fn add(&mut self, part: ProbeFrame, fusing: &Fusing<'_>) {
        let stale = self.newest.is_some_and(|newest| part.taken.since(newest) > FRESHNESS);
        let other_crops = self.crops().is_some_and(|before| before != part.crops);
        if stale || other_crops || !self.shows_face_of(&part, fusing) {
            self.parts.clear();
        }
        self.newest = Some(part.taken);
        self.parts.push_back(ProbeFrame { weight: part.weight.max(f32::MIN_POSITIVE), ..part });
        while self.parts.len() > fusing.window.max(1) {
            self.parts.pop_front();
        }
    }

    fn shows_face_of(&self, part: &ProbeFrame, fusing: &Fusing<'_>) -> bool {
        !self.parts.is_empty() && fusing.is_same_face(&self.fused(), &part.embedding)
    }

    /// The number of frames in the probe.
    pub fn frames(&self) -> u32 {
        u32::try_from(self.parts.len()).unwrap_or(u32::MAX)
    }

    /// The crops of the frames; none before the first frame.
    pub fn crops(&self) -> Option<Crops> {
        self.parts.back().map(|part| part.crops)
    }

    /// The weighted mean of the frames.
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
    use limen_core::embedding::Metric;

    /// A probe with its own metric, a window of five frames and a limit of 0.6.
    struct TestTrack {
        probe: Probe,
        scoring: Scoring,
        same_face: f32,
    }

    fn track(metric: Metric) -> TestTrack {
        TestTrack { probe: Probe::default(), scoring: Scoring::new(metric, None), same_face: 0.6 }
    }

    impl TestTrack {
        fn sees(&mut self, ms: u64, values: [f32; 2]) -> u32 {
            self.sees_crops(ms, values, Crops::Plain)
        }

        fn sees_crops(&mut self, ms: u64, values: [f32; 2], crops: Crops) -> u32 {
            let taken = Moment::from_boot(Duration::from_millis(ms));
            let embedding = Embedding::new(values).expect("finite");
            let same_face = Distance::new(self.same_face).expect("a distance");
            let fusing = Fusing { window: 5, same_face, scoring: &self.scoring };
            self.probe.add(ProbeFrame { taken, embedding, crops, weight: 1.0 }, &fusing);
            self.probe.frames()
        }
    }

    #[test]
    fn a_probe_is_the_mean_of_its_window() {
        let mut track = track(Metric::L2);
        for (i, value) in [0.5, 0.1, 0.2, 0.2, 0.2, 0.2].into_iter().enumerate() {
            track.sees(30 * i as u64, [value, 0.0]);
        }
        assert_eq!(track.probe.frames(), 5);
        assert!((track.probe.fused().values()[0] - 0.18).abs() < 1e-6);
    }

    #[test]
    fn frames_of_other_crops_start_the_probe_anew() {
        let mut track = track(Metric::L2);
        for (crops, frames) in [(Crops::Plain, 1), (Crops::Plain, 2), (Crops::Mirrored, 1)] {
            assert_eq!(track.sees_crops(0, [0.0, 0.0], crops), frames);
            assert_eq!(track.probe.crops(), Some(crops));
        }
    }

    #[test]
    fn another_face_starts_the_probe_anew() {
        let mut track = track(Metric::L2);
        assert_eq!([track.sees(0, [0.0, 0.0]), track.sees(30, [0.7, 0.0])], [1, 1]);
    }

    #[test]
    fn a_gap_starts_the_probe_anew() {
        let mut track = track(Metric::L2);
        assert_eq!([track.sees(0, [0.0, 0.0]), track.sees(501, [0.0, 0.0])], [1, 1]);
    }

    #[test]
    fn by_the_angle_one_face_stays_one_however_long_its_vectors_are() {
        for norm in [0.05, 1.0, 20.0, 1e6] {
            let mut track = track(Metric::Cosine);
            let face = |apart: f32| [norm * apart.cos(), norm * apart.sin()];
            let frames = [(0, 0.0), (30, 0.3), (60, 0.1)].map(|(ms, apart)| track.sees(ms, face(apart)));
            assert_eq!(frames, [1, 2, 3], "{norm}");
            assert_eq!(track.sees(90, face(1.5)), 1, "another face, {norm}");
        }
    }

    #[test]
    fn by_the_distance_the_limit_is_that_of_the_network() {
        let mut track = TestTrack { same_face: 12.0, ..track(Metric::L2) };
        assert_eq!([track.sees(0, [20.0, 0.0]), track.sees(30, [20.0, 8.0])], [1, 2]);
        assert_eq!(track.sees(60, [20.0, 20.0]), 1);
    }

    #[test]
    fn a_frame_without_a_direction_shows_nobody_s_face() {
        let mut track = track(Metric::Cosine);
        assert_eq!([track.sees(0, [1.0, 0.0]), track.sees(30, [0.0, 0.0])], [1, 1]);
    }
}
