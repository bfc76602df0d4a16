//! Exact bounds of a rate: Clopper and Pearson's, two-sided, 95 %.

use crate::calibration::advice::fewer_than;

/// What is left out on each side.
const TAIL: f64 = 0.025;
/// Halvings of an interval: to the last digit of a double.
const HALVINGS: usize = 60;

/// A rate that was counted, with its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountedRate {
    /// The share, 0 to 1.
    pub rate: f64,
    /// At a smaller true rate, so many or more would be counted with a probability of less than 2.5 %.
    pub low: f64,
    /// At a larger true rate, so many or fewer would be counted with a probability of less than 2.5 %.
    pub high: f64,
}

impl CountedRate {
    /// The rate of `counted` among `trials`; `None` without trials.
    pub fn of(counted: u64, trials: u64) -> Option<Self> {
        let counted = counted.min(trials);
        (trials > 0).then(|| Self {
            rate: counted as f64 / trials as f64,
            low: if counted == 0 { 0.0 } else { 1.0 - upper(trials - counted, trials) },
            high: upper(counted, trials),
        })
    }
}

/// The rate at which `counted` or fewer are counted with the probability [`TAIL`].
fn upper(counted: u64, trials: u64) -> f64 {
    if counted >= trials {
        return 1.0;
    }
    let (mut low, mut high) = (counted as f64 / trials as f64, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        // At the ends the logarithms are infinite.
        let is_likely = middle > 0.0 && middle < 1.0 && fewer_than(counted + 1, trials, middle) > TAIL;
        if is_likely { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        // Two-sided; with none of 60 a one-sided bound would be 0.0487.
        for (counted, trials, low, high) in [
            (0, 60, 0.0, 0.0596),
            (60, 60, 0.9404, 1.0),
            (0, 1, 0.0, 0.975),
            (0, 10, 0.0, 0.3085),
            (1, 10, 0.0025, 0.4450),
            (5, 10, 0.1871, 0.8129),
            (2, 20, 0.0123, 0.3170),
            (50, 100, 0.3983, 0.6017),
        ] {
            let found = CountedRate::of(counted, trials).expect("trials");
            let near = |one: f64, other: f64| (one - other).abs() < 6e-5;
            assert!(near(found.low, low) && near(found.high, high), "{counted} of {trials}: {found:?}");
        }
    }

    #[test]
    fn with_none_of_many_the_bound_is_about_three_point_seven_over_their_number() {
        let found = CountedRate::of(0, 12_000).expect("trials");
        assert!((found.high * 12_000.0 - 3.69).abs() < 0.01, "{found:?}");
        let most = CountedRate::of(11_000, 12_000).expect("trials");
        assert!(most.low < most.rate && most.rate < most.high && most.high - most.low < 0.011, "{most:?}");
    }

    #[test]
    fn without_trials_there_is_no_rate() {
        assert_eq!(CountedRate::of(0, 0), None);
    }
}
