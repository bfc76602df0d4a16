//! Cohort centring: how crowded is the region of the embedding space around a face?
//!
//! Where strangers lie close together, a distance means less. The *crowding* of an embedding is its mean
//! distance to the nearest vectors of a cohort of synthetic faces. A *score* is a distance minus the mean
//! crowding of both sides: like adaptive score normalisation (s-norm) in speaker recognition, but without its
//! division by a standard deviation, which made results worse. The cohort is drawn from a mixture fitted to
//! faces; it contains no real person.

use limen_core::embedding::{Distance, Embedding, Metric, squared_distance};
use thiserror::Error;

/// Why a cohort is not used.
#[derive(Debug, Error, PartialEq)]
pub enum CohortError {
    /// The file's size is not what the manifest says.
    #[error("cohort {name}: {found} bytes, but the manifest says {vectors} vectors of {dimensions}")]
    Size {
        /// The name of the cohort.
        name: String,
        /// The size of the file, in bytes.
        found: usize,
        /// The number of vectors that the manifest says.
        vectors: usize,
        /// The number of dimensions that the manifest says.
        dimensions: usize,
    },
    /// The manifest's numbers are out of range.
    #[error("cohort {0}: nearest must be 1 to the number of vectors, dimensions and scale above zero")]
    Facts(String),
    /// A vector is all zeros, while only directions are compared.
    #[error("cohort {0}: vector {1} is all zeros, which has no direction to compare; draw the cohort again")]
    NoDirection(String, usize),
}

/// What the manifest says about a cohort.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortFacts<'a> {
    /// The cohort's name, a part of the key of error-rate tables.
    pub name: &'a str,
    /// The number of vectors.
    pub vectors: usize,
    /// The numbers per vector.
    pub dimensions: usize,
    /// How many of the nearest vectors count for the crowding (K).
    pub nearest: usize,
    /// The value of one step of a byte.
    pub scale: f32,
}

/// Synthetic faces for one model, stored as bytes: the rounding is a hundredth of the distance between
/// strangers.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    name: String,
    nearest: usize,
    dimensions: usize,
    values: Vec<f32>,
}

impl Cohort {
    /// Reads vectors of signed bytes, row by row.
    pub fn new(facts: &CohortFacts<'_>, metric: Metric, bytes: &[u8]) -> Result<Self, CohortError> {
        let CohortFacts { name, vectors, dimensions, nearest, scale } = *facts;
        let sane = (1..=vectors).contains(&nearest) && dimensions > 0 && scale.is_finite() && scale > 0.0;
        if !sane {
            return Err(CohortError::Facts(name.to_owned()));
        }
        if vectors.checked_mul(dimensions) != Some(bytes.len()) {
            return Err(CohortError::Size { name: name.to_owned(), found: bytes.len(), vectors, dimensions });
        }
        let row = |row: &[u8]| {
            let values: Vec<f32> = row.iter().map(|byte| f32::from(byte.cast_signed()) * scale).collect();
            Embedding::new(values).ok_or_else(|| CohortError::Facts(name.to_owned()))
        };
        let mut values = Vec::with_capacity(bytes.len());
        for (index, bytes) in bytes.chunks_exact(dimensions).enumerate() {
            let no_direction = || CohortError::NoDirection(name.to_owned(), index + 1);
            values.extend_from_slice(row(bytes)?.measured_by(metric).ok_or_else(no_direction)?.values());
        }
        Ok(Self { name: name.to_owned(), nearest, dimensions, values })
    }

    /// The cohort's name, a part of the key of error-rate tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The mean distance to the nearest vectors; `None` for an embedding of another length, or if it is too
    /// large for a number.
    pub fn crowding(&self, embedding: &Embedding) -> Option<Distance> {
        let alike = embedding.dimensions() == self.dimensions;
        alike.then(|| mean_of_nearest(self.squared_distances(embedding), self.nearest)).flatten()
    }

    /// At most `most` of the vectors, evenly spread, each with its crowding among the others; none if the
    /// cohort has only one vector.
    pub fn made_up(&self, most: usize) -> impl Iterator<Item = (Embedding, Distance)> {
        let vectors = self.values.len() / self.dimensions;
        let step = vectors.div_ceil(most.max(1)).max(1);
        (0..vectors).step_by(step).filter(move |_| vectors > 1).filter_map(move |index| {
            let row = &self.values[index * self.dimensions..(index + 1) * self.dimensions];
            let embedding = Embedding::new(row)?;
            let mut squared = self.squared_distances(&embedding);
            squared.swap_remove(index);
            Some((embedding, mean_of_nearest(squared, self.nearest)?))
        })
    }

    fn squared_distances(&self, embedding: &Embedding) -> Vec<f32> {
        let rows = self.values.chunks_exact(self.dimensions);
        rows.map(|row| squared_distance(row, embedding.values())).collect()
    }
}

/// The mean of the distances to the nearest vectors, or to all if there are fewer. There must be at least
/// one.
fn mean_of_nearest(mut squared: Vec<f32>, nearest: usize) -> Option<Distance> {
    let nearest = nearest.min(squared.len());
    squared.select_nth_unstable_by(nearest - 1, f32::total_cmp);
    Distance::new(squared[..nearest].iter().map(|square| square.sqrt()).sum::<f32>() / nearest as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: CohortFacts<'static> =
        CohortFacts { name: "made-up", vectors: 3, dimensions: 2, nearest: 2, scale: 0.5 };

    fn cohort() -> Cohort {
        // (0, 0), (1, 0) and (0, -10).
        Cohort::new(&FACTS, Metric::L2, &[0, 0, 2, 0, 0, (-20_i8).cast_unsigned()]).expect("a cohort")
    }

    #[test]
    fn crowding_is_the_mean_distance_to_the_nearest() {
        let at = Embedding::new([0.0, 0.0]).expect("finite");
        assert_eq!(cohort().crowding(&at), Distance::new(0.5));
        let far = Embedding::new([0.0, -9.0]).expect("finite");
        assert_eq!(cohort().crowding(&far), Distance::new(5.0));
    }

    #[test]
    fn a_vector_of_the_cohort_does_not_crowd_itself() {
        let crowding: Vec<f32> = cohort().made_up(9).map(|(_, crowding)| crowding.get()).collect();
        let far = 101f32.sqrt();
        assert_eq!(crowding, [5.5, (1.0 + far) / 2.0, (10.0 + far) / 2.0]);
        assert_eq!(cohort().made_up(2).count(), 2);
        let facts = CohortFacts { vectors: 1, nearest: 1, ..FACTS };
        let lonely = Cohort::new(&facts, Metric::L2, &[0, 0]).expect("a cohort of one");
        assert_eq!(lonely.made_up(9).count(), 0);
    }

    #[test]
    fn an_embedding_of_another_length_or_beyond_all_numbers_has_no_crowding() {
        assert_eq!(cohort().crowding(&Embedding::new([1.0]).expect("finite")), None);
        assert_eq!(cohort().crowding(&Embedding::new([f32::MAX, 0.0]).expect("finite")), None);
    }

    #[test]
    fn by_the_angle_a_cohort_is_of_directions_and_holds_no_zeros() {
        let by_angle = |bytes: &[u8]| Cohort::new(&FACTS, Metric::Cosine, bytes);
        let cohort = by_angle(&[100, 0, 100, 0, 1, 0]).expect("a cohort");
        assert_eq!(cohort.crowding(&Embedding::new([1.0, 0.0]).expect("finite")), Some(Distance::ZERO));
        let error = by_angle(&[1, 0, 0, 0, 1, 0]).expect_err("zeros").to_string();
        assert!(error.contains("vector 2 is all zeros"), "{error}");
    }

    #[test]
    fn a_file_of_another_size_and_facts_that_cannot_be_are_refused() {
        let error = Cohort::new(&FACTS, Metric::L2, &[0; 5]).expect_err("short");
        assert!(error.to_string().contains("5 bytes"), "{error}");
        for wrong in [
            CohortFacts { nearest: 4, ..FACTS },
            CohortFacts { nearest: 0, ..FACTS },
            CohortFacts { scale: f32::NAN, ..FACTS },
            CohortFacts { dimensions: 0, ..FACTS },
        ] {
            assert!(Cohort::new(&wrong, Metric::L2, &[0; 6]).is_err(), "{wrong:?}");
        }
    }
}
