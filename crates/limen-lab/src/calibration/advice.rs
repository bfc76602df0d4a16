//! The target to use: the present one, unless the gallery's own people are taken for each other more often
//! than the tables promise.
//!
//! At the target itself a gallery has far too few pairs for a test. So the test uses the scores at which the
//! tables accept one stranger in a hundred and one in a thousand. A pair of people is one trial. It passes if
//! any of its comparisons passes; however these depend on each other, the tables promise at most the rate
//! times their number. The promise is broken if it is below the 99 % Clopper-Pearson lower bound of the
//! fraction of pairs that pass. Then the old target is divided by the ratio of passed to promised pairs.

use super::checked::CHECKED;
use super::impostors::{Impostors, RateCheck};

/// Fewer pairs than these tell nothing about a site; five people have ten.
pub const LEAST_PAIRS: u64 = 10;
/// The significance level of each of the two one-sided tests.
const ALPHA: f64 = 0.01;
/// The largest factor by which the advice lowers a target.
const LARGEST_FACTOR: f64 = 100.0;
/// The smallest target that a configuration may have.
const LEAST_TARGET: f64 = 1e-8;
/// Above this many passes the bound is Wilson's, which is as good and needs no iteration.
const EXACT_UP_TO: u64 = 10_000;

/// A target, and the reason.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Advice {
    /// The target to use; none with a fixed distance.
    pub target_far: Option<f64>,
    /// The reason for it.
    pub reason: TargetReason,
}

/// The reason for a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TargetReason {
    /// A fixed distance is in force, for which no error rate is known.
    FixedDistance,
    /// The model has no tables to compare with.
    NoTables,
    /// There are too few pairs of people for a test.
    TooFewPairs,
    /// No more pairs pass than promised.
    AsPromised,
    /// More pairs pass than promised.
    MoreThanPromised {
        /// The rate of one comparison at which this was found.
        rate: f64,
        /// The number of pairs that passed.
        passed: u64,
        /// The lower bound of the fraction of pairs that pass, with 99 % confidence.
        at_least: f64,
        /// The fraction of pairs that the tables promise at most.
        promised: f64,
    },
}

/// The target to use.
pub(super) fn advise(target_far: Option<f64>, is_measured: bool, impostors: &Impostors) -> Advice {
    let keep = |reason| Advice { target_far, reason };
    let Some(target) = target_far else { return keep(TargetReason::FixedDistance) };
    if !is_measured {
        return keep(TargetReason::NoTables);
    }
    if impostors.pairs < LEAST_PAIRS {
        return keep(TargetReason::TooFewPairs);
    }
    let pairs = impostors.pairs as f64;
    let broken = |(check, rate): (RateCheck, f64)| {
        let (at_least, promised) =
            (lower_bound(check.passed, impostors.pairs, ALPHA), check.promised / pairs);
        (at_least > promised).then_some((check, rate, at_least, promised))
    };
    match impostors.checks.into_iter().zip(CHECKED).find_map(broken) {
        None => keep(TargetReason::AsPromised),
        Some((check, rate, at_least, promised)) => {
            let factor = (check.passed as f64 / check.promised).clamp(1.0, LARGEST_FACTOR);
            let stricter = one_digit_of(target / factor).clamp(LEAST_TARGET.min(target), target);
            let reason = TargetReason::MoreThanPromised { rate, passed: check.passed, at_least, promised };
            Advice { target_far: Some(stricter), reason }
        }
    }
}

/// Rounds down to one digit, as a person would write it: 3e-5.
fn one_digit_of(value: f64) -> f64 {
    let exponent = value.log10().floor();
    let digit = (value / 10f64.powf(exponent) + 1e-9).floor();
    // Parse it from text, because 3 times 1e-5 is not the number nearest to 3e-5.
    format!("{digit}e{exponent}").parse().unwrap_or(value)
}

/// The rule of three: if none of `trials` passed, the rate is below this with 95 % confidence.
pub fn rule_of_three(trials: u64) -> f64 {
    if trials == 0 { 1.0 } else { (3.0 / trials as f64).min(1.0) }
}

/// The Clopper-Pearson lower bound: the smallest rate at which `passed` or more of `trials` pass with at
/// least the probability `alpha`.
pub fn lower_bound(passed: u64, trials: u64, alpha: f64) -> f64 {
    if passed == 0 || trials == 0 {
        return 0.0;
    }
    let share = passed as f64 / trials as f64;
    if passed > EXACT_UP_TO {
        return wilson_lower(share, trials as f64);
    }
    let (mut low, mut high) = (0.0, share);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if 1.0 - fewer_than(passed, trials, middle) < alpha { low = middle } else { high = middle }
    }
    low
}

/// The probability that fewer than `passed` of `trials` pass, if each passes with probability `p` in (0, 1).
pub(crate) fn fewer_than(passed: u64, trials: u64, p: f64) -> f64 {
    let odds = p.ln() - f64::ln_1p(-p);
    let mut logarithm = trials as f64 * f64::ln_1p(-p);
    let mut sum = 0.0;
    for count in 0..passed {
        sum += logarithm.exp();
        logarithm += ((trials - count) as f64 / (count + 1) as f64).ln() + odds;
    }
    sum
}

/// Wilson's lower bound for [`ALPHA`]; the normal quantile is 2.326.
fn wilson_lower(share: f64, trials: f64) -> f64 {
    const Z: f64 = 2.326;
    let square = Z * Z / trials;
    let spread = Z * (share * (1.0 - share) / trials + square / (4.0 * trials)).sqrt();
    (share + square / 2.0 - spread) / (1.0 + square)
}

/// The expected days until a false accept, with `visitors` attempts of strangers per day.
pub fn days_to_a_false_accept(far: f64, visitors: f64) -> f64 {
    1.0 / (far * visitors).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impostors(pairs: u64, passed: [u64; 2]) -> Impostors {
        let check =
            |index: usize| RateCheck { passed: passed[index], promised: pairs as f64 * 7.0 * CHECKED[index] };
        Impostors { pairs, checks: [check(0), check(1)], ..Impostors::default() }
    }

    #[test]
    fn the_bound_is_that_of_the_binomial_distribution() {
        assert_eq!(lower_bound(0, 100, 0.05), 0.0);
        // All of n pass with probability p^n.
        assert!((lower_bound(3, 3, 0.05) - 0.05f64.cbrt()).abs() < 1e-9);
        // One or more of n: 1 - (1 - p)^n.
        assert!((lower_bound(1, 50, 0.01) - (1.0 - 0.99f64.powf(1.0 / 50.0))).abs() < 1e-9);
        let exact = lower_bound(EXACT_UP_TO, 1_000_000, ALPHA);
        let wilson = wilson_lower(EXACT_UP_TO as f64 / 1e6, 1e6);
        assert!((exact / wilson - 1.0).abs() < 1e-3, "{exact} {wilson}");
        assert!((rule_of_three(300) - 0.01).abs() < 1e-12 && rule_of_three(0) == 1.0);
    }

    #[test]
    fn a_gallery_as_the_tables_have_it_keeps_its_target() {
        let advice = advise(Some(1e-4), true, &impostors(100, [8, 1]));
        assert_eq!((advice.target_far, advice.reason), (Some(1e-4), TargetReason::AsPromised));
    }

    #[test]
    fn a_gallery_whose_people_pass_more_often_gets_a_stricter_target() {
        let advice = advise(Some(1e-4), true, &impostors(100, [28, 1]));
        assert_eq!(advice.target_far, Some(2e-5), "four times as many as promised: 2.5e-5, rounded down");
        assert!(matches!(advice.reason, TargetReason::MoreThanPromised { rate: 1e-2, passed: 28, .. }));
        assert_eq!(advise(Some(2e-8), true, &impostors(100, [90, 90])).target_far, Some(1e-8));
    }

    #[test]
    fn without_enough_pairs_tables_or_target_nothing_is_tested() {
        let reason = |target, measured, pairs| advise(target, measured, &impostors(pairs, [5, 5])).reason;
        assert_eq!(reason(Some(1e-4), true, 9), TargetReason::TooFewPairs);
        assert_eq!(reason(Some(1e-4), false, 99), TargetReason::NoTables);
        assert_eq!(reason(None, true, 99), TargetReason::FixedDistance);
        assert_eq!(reason(Some(1e-4), true, 0), TargetReason::TooFewPairs);
    }

    #[test]
    fn one_false_accept_in_ten_thousand_attempts_takes_five_hundred_days_at_twenty_a_day() {
        assert!((days_to_a_false_accept(1e-4, 20.0) - 500.0).abs() < 1e-9);
        assert!(days_to_a_false_accept(0.0, 20.0).is_finite());
    }
}
