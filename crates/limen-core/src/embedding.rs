//! Embeddings: the vectors that a face network makes, and the distance between two of them.

mod measure;

use std::fmt;

pub use measure::{Distance, Margin, Score};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::secret::hex;

/// The largest number of dimensions. Published face networks use 128 to 512.
pub const MAX_DIMENSIONS: usize = 1024;

/// How many sums run side by side, so that the compiler can use vector registers.
const LANES: usize = 8;

/// Which crops of a face are embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crops {
    /// The aligned crop: one run of the face network.
    Plain,
    /// The aligned crop and its mirror image: two runs, and more accurate.
    Mirrored,
}

/// How a network's embeddings are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Euclidean distance of the embeddings as they are.
    #[default]
    L2,
    /// Euclidean distance of the embeddings after scaling to unit length. It depends only on the angle
    /// between them: `sqrt(2 - 2 cos(angle))`.
    Cosine,
}

impl Metric {
    /// The metric's name in a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::L2 => "l2",
            Self::Cosine => "cosine",
        }
    }
}

/// SHA-256 of a model file. Templates of different models are never compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelDigest(pub [u8; 32]);

impl ModelDigest {
    /// The digest of a model file with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits, with or without `sha256:` before them; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("sha256:").unwrap_or(text);
        let mut digest = [0; 32];
        base16ct::mixed::decode(text, &mut digest).ok().filter(|read| read.len() == 32)?;
        Some(Self(digest))
    }

    /// The first eight hexadecimal digits, to show to people.
    pub fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl fmt::Display for ModelDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ModelDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelDigest({})", self.short())
    }
}

/// A face as a vector of finite numbers.
///
/// It is biometric data: its `Debug` shows only the length, so that no log contains it.
#[derive(Clone, PartialEq)]
pub struct Embedding(Box<[f32]>);

impl Embedding {
    /// Makes an embedding of 1 to [`MAX_DIMENSIONS`] finite numbers; `None` for anything else.
    pub fn new(values: impl Into<Box<[f32]>>) -> Option<Self> {
        let values = values.into();
        let well_formed =
            (1..=MAX_DIMENSIONS).contains(&values.len()) && values.iter().all(|v| v.is_finite());
        well_formed.then_some(Self(values))
    }

    /// The embedding's numbers, in the network's order.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// The number of dimensions, 1 to [`MAX_DIMENSIONS`].
    pub fn dimensions(&self) -> usize {
        self.0.len()
    }

    /// The Euclidean distance. `None` if the numbers of dimensions differ, or if the distance overflows.
    pub fn l2(&self, other: &Self) -> Option<Distance> {
        if self.0.len() != other.0.len() {
            return None;
        }
        Distance::new(squared_distance(&self.0, &other.0).sqrt())
    }

    /// Prepares the embedding for this metric: [`Metric::L2`] keeps it, [`Metric::Cosine`] scales it to unit
    /// length. `None` for [`Metric::Cosine`] if all numbers are zero.
    pub fn measured_by(&self, metric: Metric) -> Option<Self> {
        match metric {
            Metric::L2 => Some(self.clone()),
            Metric::Cosine => {
                // In f64 the square of a finite f32 neither overflows nor underflows to zero.
                let length = self.0.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
                Self::new(self.0.iter().map(|v| (f64::from(*v) / length) as f32).collect::<Vec<_>>())
            }
        }
    }

    /// The weighted mean. `None` if there are no embeddings, if their lengths differ, if a weight is negative
    /// or not finite, or if the sum of the weights is zero or not finite.
    pub fn weighted_mean<'a>(parts: impl IntoIterator<Item = (&'a Self, f32)>) -> Option<Self> {
        let mut sum: Vec<f32> = Vec::new();
        let mut total = 0.0;
        for (embedding, weight) in parts {
            if sum.is_empty() {
                sum = vec![0.0; embedding.dimensions()];
            }
            if sum.len() != embedding.dimensions() || !weight.is_finite() || weight < 0.0 {
                return None;
            }
            sum.iter_mut().zip(&embedding.0).for_each(|(s, v)| *s += v * weight);
            total += weight;
        }
        if total <= 0.0 || !f32::is_finite(total) {
            return None;
        }
        sum.iter_mut().for_each(|s| *s /= total);
        Self::new(sum)
    }

    /// The mean with equal weights. `None` if there are no embeddings or if their lengths differ.
    pub fn mean<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        Self::weighted_mean(parts.into_iter().map(|embedding| (embedding, 1.0)))
    }
}

/// The squared Euclidean distance of two vectors of the same length.
pub fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (x, y) in whole_a.iter().zip(whole_b) {
        for lane in 0..LANES {
            let difference = x[lane] - y[lane];
            sums[lane] += difference * difference;
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(x, y)| (x - y) * (x - y)).sum();
    sums.iter().sum::<f32>() + rest
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedding({} numbers)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(values: &[f32]) -> Embedding {
        Embedding::new(values).expect("finite")
    }

    #[test]
    fn numbers_that_are_not_finite_are_no_embedding() {
        assert!(Embedding::new([1.0, f32::NAN]).is_none());
        assert!(Embedding::new([f32::INFINITY]).is_none());
        assert!(Embedding::new(Vec::new()).is_none());
    }

    #[test]
    fn embeddings_of_different_length_or_beyond_all_numbers_have_no_distance() {
        assert_eq!(embedding(&[0.0]).l2(&embedding(&[0.0, 0.0])), None);
        assert_eq!(embedding(&[f32::MAX]).l2(&embedding(&[f32::MIN])), None);
        assert_eq!(embedding(&[0.0, 3.0]).l2(&embedding(&[4.0, 0.0])), Distance::new(5.0));
    }

    #[test]
    fn by_the_angle_only_the_direction_counts() {
        let (a, b) = (embedding(&[3.0, 4.0]), embedding(&[30.0, 40.0]));
        let by = |metric| a.measured_by(metric)?.l2(&b.measured_by(metric)?).map(Distance::get);
        assert!(by(Metric::Cosine).expect("both have a direction") < 1e-6);
        assert_eq!(by(Metric::L2), Some(45.0));
    }

    #[test]
    fn zeros_have_no_direction_and_the_longest_and_shortest_vectors_have_one() {
        assert_eq!(embedding(&[0.0, 0.0]).measured_by(Metric::Cosine), None);
        assert_eq!(embedding(&[0.0, 0.0]).measured_by(Metric::L2), Some(embedding(&[0.0, 0.0])));
        for value in [f32::MAX, f32::MIN_POSITIVE, 1e-45] {
            let measured = embedding(&[value, 0.0]).measured_by(Metric::Cosine);
            assert_eq!(measured, Some(embedding(&[1.0, 0.0])), "{value}");
        }
    }

    #[test]
    fn a_weighted_mean_leans_to_the_heavier_part() {
        let (a, b) = (embedding(&[0.0]), embedding(&[4.0]));
        assert_eq!(Embedding::weighted_mean([(&a, 1.0), (&b, 3.0)]), Some(embedding(&[3.0])));
        assert_eq!(Embedding::weighted_mean([(&a, 0.0)]), None);
        assert_eq!(Embedding::mean([]), None);
    }

    #[test]
    fn a_log_never_shows_the_numbers() {
        assert_eq!(format!("{:?}", embedding(&[0.25, 0.5])), "Embedding(2 numbers)");
    }

    #[test]
    fn a_digest_reads_what_it_writes() {
        let digest = ModelDigest::of(b"model");
        assert_eq!(ModelDigest::parse(&digest.to_string()), Some(digest));
        assert_eq!(ModelDigest::parse("sha256:12"), None);
    }
}
