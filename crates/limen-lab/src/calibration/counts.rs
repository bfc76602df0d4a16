//! Counts scores: how many, how many within the threshold, and their distribution.

use limen_core::embedding::Score;

/// The width of a histogram step, as a score.
pub const STEP: f32 = 0.01;
/// Lower scores are counted in the first step; with a cohort scores are rarely below -0.6.
const LOWEST: f32 = -1.0;
/// The number of steps. Higher scores are counted in the last step.
const STEPS: usize = 300;

/// The number of scores in each step.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreHistogram(Vec<u64>);

impl Default for ScoreHistogram {
    fn default() -> Self {
        Self(vec![0; STEPS])
    }
}

impl ScoreHistogram {
    fn add(&mut self, score: f32) {
        // A cast to an integer saturates: a negative number becomes 0.
        let index = ((score - LOWEST) / STEP) as usize;
        self.0[index.min(STEPS - 1)] += 1;
    }

    /// Joins `steps` steps to a row. Returns the lower end and the count of each row with a score, in order.
    pub fn rows(&self, steps: usize) -> Vec<(f32, u64)> {
        let steps = steps.max(1);
        let rows = self.0.chunks(steps).map(|row| row.iter().sum::<u64>()).enumerate();
        let lower = |row: usize| LOWEST + (row * steps) as f32 * STEP;
        rows.filter(|(_, count)| *count > 0).map(|(row, count)| (lower(row), count)).collect()
    }
}

/// The counts of one kind of comparison.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoreCounts {
    /// The number of comparisons.
    pub comparisons: u64,
    /// How many of them are within their threshold.
    pub within: u64,
    /// The distribution of their scores.
    pub histogram: ScoreHistogram,
}

impl ScoreCounts {
    /// Counts a comparison.
    pub(super) fn add(&mut self, score: Score, threshold: Score) {
        self.comparisons += 1;
        self.within += u64::from(score <= threshold);
        self.histogram.add(score.get());
    }

    /// The fraction within the threshold: TAR of genuine comparisons, FAR of impostors. `None` without
    /// comparisons.
    pub fn share(&self) -> Option<f64> {
        (self.comparisons > 0).then(|| self.within as f64 / self.comparisons as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_beyond_the_ends_is_counted_at_the_end() {
        let mut counts = ScoreCounts::default();
        let score = |value| Score::new(value).expect("finite");
        for value in [-7.0, 0.403, 0.406, 99.0] {
            counts.add(score(value), score(0.404));
        }
        assert_eq!((counts.comparisons, counts.within, counts.share()), (4, 2, Some(0.5)));
        let rows = counts.histogram.rows(5);
        assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), [1, 2, 1]);
        assert!((rows[1].0 - 0.4).abs() < 1e-5, "{rows:?}");
    }

    #[test]
    fn no_comparison_has_no_share() {
        assert_eq!(ScoreCounts::default().share(), None);
        assert!(ScoreHistogram::default().rows(5).is_empty());
    }
}
