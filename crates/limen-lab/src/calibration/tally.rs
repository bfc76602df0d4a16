//! Scores counted: how many, how many within their threshold, and how they are spread.

use limen_core::embedding::Score;

/// The width of a step of score.
pub const STEP: f32 = 0.01;
/// Scores below this share the first step; with a cohort they are seldom below -0.6.
const LOWEST: f32 = -1.0;
/// Steps; scores beyond the last share it.
const STEPS: usize = 300;

/// Scores by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram(Vec<u64>);

impl Default for Histogram {
    fn default() -> Self {
        Self(vec![0; STEPS])
    }
}

impl Histogram {
    fn add(&mut self, score: f32) {
        // A float becomes the nearest index there is; below zero that is zero.
        let index = ((score - LOWEST) / STEP) as usize;
        self.0[index.min(STEPS - 1)] += 1;
    }

    /// Lower end and count of each row of `steps` steps that holds a score, in order.
    pub fn rows(&self, steps: usize) -> Vec<(f32, u64)> {
        let steps = steps.max(1);
        let rows = self.0.chunks(steps).map(|row| row.iter().sum::<u64>()).enumerate();
        let lower = |row: usize| LOWEST + (row * steps) as f32 * STEP;
        rows.filter(|(_, count)| *count > 0).map(|(row, count)| (lower(row), count)).collect()
    }
}

/// Comparisons of one kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// How many.
    pub comparisons: u64,
    /// How many of them score no more than their threshold.
    pub within: u64,
    /// How they are spread.
    pub histogram: Histogram,
}

impl Tally {
    /// Counts one.
    pub(super) fn add(&mut self, score: Score, threshold: Score) {
        self.comparisons += 1;
        self.within += u64::from(score <= threshold);
        self.histogram.add(score.get());
    }

    /// The share within the threshold: TAR of genuine comparisons, FAR of impostors. `None` without any.
    pub fn share(&self) -> Option<f64> {
        (self.comparisons > 0).then(|| self.within as f64 / self.comparisons as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_beyond_the_ends_is_counted_at_the_end() {
        let mut tally = Tally::default();
        let score = |value| Score::new(value).expect("finite");
        for value in [-7.0, 0.403, 0.406, 99.0] {
            tally.add(score(value), score(0.404));
        }
        assert_eq!((tally.comparisons, tally.within, tally.share()), (4, 2, Some(0.5)));
        let rows = tally.histogram.rows(5);
        assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), [1, 2, 1]);
        assert!((rows[1].0 - 0.4).abs() < 1e-5, "{rows:?}");
    }

    #[test]
    fn no_comparison_has_no_share() {
        assert_eq!(Tally::default().share(), None);
        assert!(Histogram::default().rows(5).is_empty());
    }
}
