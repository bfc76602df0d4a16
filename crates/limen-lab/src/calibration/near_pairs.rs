//! The pairs of people who are too near, as far as they are examined.

use limen_core::embedding::Score;

/// The largest number of pairs that are examined; a configuration may contain no more.
pub const MOST_PAIRS: usize = 1000;

/// Two people who are too near, with their nearest comparison.
#[derive(Debug, Clone, Copy)]
pub(super) struct NearPair {
    /// Their indices in the list of people compared.
    pub people: [usize; 2],
    pub score: Score,
    pub threshold: Score,
}

impl NearPair {
    pub fn excess(&self) -> f32 {
        self.score.get() - self.threshold.get()
    }
}

/// The nearest of the pairs that are too near, and the number of all of them.
#[derive(Debug, Default)]
pub(super) struct NearPairs {
    pub pairs: Vec<NearPair>,
    pub count: usize,
}

impl NearPairs {
    pub fn extend(&mut self, pair: Option<NearPair>) {
        let Some(pair) = pair else { return };
        self.count += 1;
        self.pairs.push(pair);
        if self.pairs.len() >= 2 * MOST_PAIRS {
            self.keep_nearest();
        }
    }

    pub fn keep_nearest(&mut self) {
        self.pairs.sort_by(|a, b| a.excess().total_cmp(&b.excess()));
        self.pairs.truncate(MOST_PAIRS);
    }
}
