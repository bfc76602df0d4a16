//! The value that is compared with a threshold: a distance, or a score after cohort centring.

use std::sync::Arc;

use limen_core::embedding::{Distance, Embedding, Metric, Score};

use super::cohort::Cohort;

/// How two embeddings of one model are compared. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scoring {
    metric: Metric,
    cohort: Option<Arc<Cohort>>,
}

/// An embedding prepared for comparison: as the metric compares it, with its half of the centring.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The embedding to which distances are measured.
    pub embedding: Embedding,
    /// Half of its crowding, which is subtracted from each distance to it; zero without a cohort.
    pub lead: Distance,
}

impl Scoring {
    /// Distances by this metric, centred if there is a cohort.
    pub fn new(metric: Metric, cohort: Option<Arc<Cohort>>) -> Self {
        Self { metric, cohort }
    }

    /// The name of the cohort, as in the error-rate tables.
    pub fn cohort(&self) -> &str {
        self.cohort.as_ref().map_or("none", |cohort| cohort.name())
    }

    /// The metric of the embeddings.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// An embedding as the metric compares it, without centring: enough to find the nearest.
    pub fn measured(&self, embedding: &Embedding) -> Option<Embedding> {
        embedding.measured_by(self.metric)
    }

    /// The mean of embeddings as the metric compares them, so that by the angle all count the same, whatever
    /// their length. `None` without embeddings, or if one of them cannot be compared.
    pub fn mean<'a>(&self, of: impl IntoIterator<Item = &'a Embedding>) -> Option<Embedding> {
        match self.metric {
            Metric::L2 => Embedding::mean(of),
            Metric::Cosine => {
                let directions: Option<Vec<Embedding>> =
                    of.into_iter().map(|one| self.measured(one)).collect();
                Embedding::mean(&directions?)
            }
        }
    }

    /// An embedding prepared for comparison, the slow part of a comparison (a tenth of a millisecond). `None`
    /// if it cannot be compared: it has no direction and the metric is the angle, its length is not that of
    /// the cohort, or a distance is too large for a number.
    pub fn ready(&self, embedding: &Embedding) -> Option<Scored> {
        let embedding = self.measured(embedding)?;
        let lead = match &self.cohort {
            Some(cohort) => half(cohort.crowding(&embedding)?)?,
            None => Distance::ZERO,
        };
        Some(Scored { embedding, lead })
    }

    /// At most `most` of the cohort's synthetic faces, prepared like real ones; none without a cohort.
    pub fn made_up(&self, most: usize) -> Vec<Scored> {
        let faces = self.cohort.iter().flat_map(|cohort| cohort.made_up(most));
        faces.filter_map(|(embedding, crowding)| Some(Scored { embedding, lead: half(crowding)? })).collect()
    }
}

/// Each side of a comparison subtracts half of its crowding.
fn half(crowding: Distance) -> Option<Distance> {
    Distance::new(crowding.get() / 2.0)
}

impl Scored {
    /// The distance and score of two embeddings prepared by the same scoring. `None` if their lengths differ,
    /// or a distance is too large for a number.
    pub fn compare(&self, other: &Self) -> Option<(Distance, Score)> {
        let distance = self.embedding.l2(&other.embedding)?;
        let score = Score::new(distance.get() - self.lead.get() - other.lead.get())?;
        Some((distance, score))
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
        let ready = |values| scoring.ready(&embedding(values)).expect("comparable");
        let (distance, score) = ready([0.0, 0.0]).compare(&ready([3.0, 4.0])).expect("comparable");
        assert_eq!((distance.get(), score.get()), (5.0, 5.0));
        assert_eq!(scoring.cohort(), "none");
    }

    #[test]
    fn a_pair_in_a_crowded_region_scores_worse_than_one_as_far_apart_in_an_empty_one() {
        let facts = CohortFacts { name: "c", vectors: 2, dimensions: 2, nearest: 1, scale: 1.0 };
        let cohort = Cohort::new(&facts, Metric::L2, &[0, 0, 1, 0]).expect("a cohort");
        let scoring = Scoring::new(Metric::L2, Some(Arc::new(cohort)));
        let ready = |values| scoring.ready(&embedding(values)).expect("comparable");
        let score = |a, b| ready(a).compare(&ready(b)).expect("comparable").1.get();
        assert!(score([0.0, 0.0], [1.0, 0.0]) > score([50.0, 0.0], [51.0, 0.0]));
        assert_eq!(score([0.0, 0.0], [1.0, 0.0]), 1.0);
    }

    #[test]
    fn by_the_angle_a_long_embedding_counts_no_more_in_a_mean_than_a_short_one() {
        let of = [embedding([20.0, 0.0]), embedding([0.0, 0.5])];
        let mean = |metric| Scoring::new(metric, None).mean(&of).expect("comparable");
        assert_eq!(mean(Metric::Cosine), embedding([0.5, 0.5]));
        assert_eq!(mean(Metric::L2), embedding([10.0, 0.25]));
        let zeros = [embedding([1.0, 0.0]), embedding([0.0, 0.0])];
        assert_eq!(Scoring::new(Metric::Cosine, None).mean(&zeros), None);
    }

    #[test]
    fn what_has_no_direction_is_not_compared_by_the_angle() {
        assert_eq!(Scoring::new(Metric::Cosine, None).ready(&embedding([0.0, 0.0])), None);
        assert!(Scoring::default().ready(&embedding([0.0, 0.0])).is_some());
    }
}
