//! What is held against a threshold: a distance, or a score after cohort centring.

use std::sync::Arc;

use super::cohort::Cohort;
use crate::embedding::{Embedding, Metric};

/// How two embeddings of one model are compared. Cheap to share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scoring {
    metric: Metric,
    cohort: Option<Arc<Cohort>>,
}

/// An embedding made ready: as the metric compares it, with its half of the centring.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// What distances are measured to.
    pub embedding: Embedding,
    /// Half its crowding, taken off every distance to it; zero without a cohort.
    pub lead: f32,
}

impl Scoring {
    /// Distances by this metric, centred if there is a cohort.
    pub fn new(metric: Metric, cohort: Option<Arc<Cohort>>) -> Self {
        Self { metric, cohort }
    }

    /// The name of the cohort, as the error-rate tables have it.
    pub fn cohort(&self) -> &str {
        self.cohort.as_ref().map_or("none", |cohort| cohort.name())
    }

    /// An embedding as the metric compares it, without its centring: enough to tell who is nearest.
    pub fn measured(&self, embedding: &Embedding) -> Embedding {
        embedding.measured_by(self.metric)
    }

    /// An embedding made ready for comparing; the costly part of a comparison (a tenth of a millisecond).
    pub fn ready(&self, embedding: &Embedding) -> Scored {
        let embedding = self.measured(embedding);
        let lead = self.cohort.as_ref().map_or(0.0, |cohort| cohort.crowding(&embedding) / 2.0);
        Scored { embedding, lead }
    }

    /// At most so many of the cohort's made-up faces, as if they were seen; none without a cohort.
    pub fn made_up(&self, most: usize) -> Vec<Scored> {
        let faces = self.cohort.iter().flat_map(|cohort| cohort.made_up(most));
        faces.map(|(embedding, crowding)| Scored { embedding, lead: crowding / 2.0 }).collect()
    }
}

impl Scored {
    /// Distance and score of two embeddings made ready by the same scoring.
    pub fn compare(&self, other: &Self) -> (f32, f32) {
        let distance = self.embedding.l2(&other.embedding);
        (distance, distance - self.lead - other.lead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::cohort::CohortFacts;

    fn embedding(values: [f32; 2]) -> Embedding {
        Embedding::new(values).expect("finite")
    }

    #[test]
    fn without_a_cohort_the_score_is_the_distance() {
        let scoring = Scoring::default();
        let (a, b) = (scoring.ready(&embedding([0.0, 0.0])), scoring.ready(&embedding([3.0, 4.0])));
        assert_eq!(a.compare(&b), (5.0, 5.0));
        assert_eq!(scoring.cohort(), "none");
    }

    #[test]
    fn a_pair_in_a_crowded_region_scores_worse_than_one_as_far_apart_in_an_empty_one() {
        let facts = CohortFacts { name: "c", vectors: 2, dimensions: 2, nearest: 1, scale: 1.0 };
        let cohort = Cohort::new(&facts, Metric::L2, &[0, 0, 1, 0]).expect("a cohort");
        let scoring = Scoring::new(Metric::L2, Some(Arc::new(cohort)));
        let score = |a, b| scoring.ready(&embedding(a)).compare(&scoring.ready(&embedding(b))).1;
        assert!(score([0.0, 0.0], [1.0, 0.0]) > score([50.0, 0.0], [51.0, 0.0]));
        assert_eq!(score([0.0, 0.0], [1.0, 0.0]), 1.0);
    }
}
