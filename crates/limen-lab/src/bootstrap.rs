//! Confidence intervals, by drawing people with replacement.
//!
//! Pairs with the same person are not independent: whoever resembles one person resembles all pictures of
//! that person. So the bootstrap draws people, not pairs. A pair counts as often as both its people were
//! drawn. The intervals contain 95 % of the draws.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of draws.
pub const DRAWS: usize = 400;

/// A value and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value for all people.
    pub value: f64,
    /// 2.5 % of the draws are below.
    pub low: f64,
    /// 2.5 % of the draws are above.
    pub high: f64,
}

impl Estimate {
    /// A value with the interval of the drawn values. Values that are not finite are ignored.
    pub fn new(value: f64, mut drawn: Vec<f64>) -> Self {
        drawn.retain(|draw| draw.is_finite());
        drawn.sort_by(f64::total_cmp);
        let at = |share: f64| drawn.get((drawn.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        Self { value, low: at(0.025), high: at(0.975) }
    }
}

/// How often each of `people` people is drawn when that many are drawn with replacement. The same seed gives
/// the same draw.
pub fn draw_people(people: usize, seed: u64) -> Vec<f64> {
    let mut weights = vec![0.0; people];
    let mut numbers = Numbers::new(seed);
    for _ in 0..people {
        weights[numbers.below(people)] += 1.0;
    }
    weights
}

/// SplitMix64: repeatable random numbers, not for secrets.
pub struct Numbers(u64);

impl Numbers {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    /// A number from 0 to `end` - 1; `end` must be above zero.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed % end as u64) as usize
    }

    /// Puts a slice into random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Calls `work` for 0 to `count` - 1 on `threads` threads. The results are in this order.
pub fn in_parallel<T: Send>(count: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return done;
            }
            done.push((index, work(index)));
        }
    };
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, count.max(1))).map(|_| scope.spawn(take)).collect();
        // If a worker panics, the panic goes on in this thread.
        let join = |worker: std::thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_has_as_many_people_as_there_are() {
        for seed in 0..5 {
            assert_eq!(draw_people(50, seed).iter().sum::<f64>(), 50.0);
        }
        assert_ne!(draw_people(50, 1), draw_people(50, 2));
    }

    #[test]
    fn a_shuffle_keeps_everything_and_moves_something() {
        let mut items: Vec<usize> = (0..30).collect();
        Numbers::new(3).shuffle(&mut items);
        assert_ne!(items, (0..30).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..30).collect::<Vec<_>>());
    }

    #[test]
    fn parallel_results_come_in_their_order() {
        assert_eq!(in_parallel(100, 3, |index| index * 2), (0..100).map(|i| i * 2).collect::<Vec<_>>());
        assert!(in_parallel(0, 3, |index| index).is_empty());
    }
}
