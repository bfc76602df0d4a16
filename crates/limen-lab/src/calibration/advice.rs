//! Which target to use: the one there is, unless the gallery's own people pass for each other more often
//! than the tables promise.
//!
//! At the target itself a gallery has far too few pairs to say anything, so the test is made where the tables
//! accept one stranger in a hundred and one in a thousand. A pair of people is one trial: it passes if any of
//! its comparisons does, and the tables promise at most the rate times the number of its comparisons,
//! whatever their dependence. The promise is broken if it lies below the 99 % Clopper-Pearson lower bound of
//! the share of pairs that pass. The stricter target is then the old one divided by how many times more pairs
//! passed than promised.

use super::impostors::{Check, Impostors};

/// Rates of one comparison at which pairs are counted.
pub const CHECKED: [f64; 2] = [1e-2, 1e-3];
/// Fewer pairs than these (five people have ten) say nothing about a site.
pub const LEAST_PAIRS: u64 = 10;
/// One-sided, for each of the two rates.
const ALPHA: f64 = 0.01;
/// A target is made stricter by no more than this at once.
const LARGEST_FACTOR: f64 = 100.0;
/// The least target that a configuration may have.
const LEAST_TARGET: f64 = 1e-8;
/// Above this many passes the bound is Wilson's, which is as good there and costs nothing.
const EXACT_UP_TO: u64 = 10_000;

/// A target, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Advice {
    /// The target to use; none where a fixed distance decides.
    pub target_far: Option<f64>,
    /// Why.
    pub reason: Reason,
}

/// Why a target is advised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// A fixed distance is in force; its error rate is nobody's promise.
    FixedDistance,
    /// The model has no tables to compare with.
    NoTables,
    /// Too few pairs of people to test anything.
    TooFewPairs,
    /// No more pairs pass than promised.
    AsPromised,
    /// More pairs pass than promised.
    MoreThanPromised {
        /// The rate of one comparison at which it was found.
        rate: f64,
        /// Pairs that passed.
        passed: u64,
        /// The share of pairs that passes at least, with 99 % confidence.
        at_least: f64,
        /// The share of pairs promised.
        promised: f64,
    },
}

/// Which target to use.
pub(super) fn advise(target_far: Option<f64>, is_measured: bool, impostors: &Impostors) -> Advice {
    let keep = |reason| Advice { target_far, reason };
    let Some(target) = target_far else { return keep(Reason::FixedDistance) };
    if !is_measured {
        return keep(Reason::NoTables);
    }
    if impostors.pairs < LEAST_PAIRS {
        return keep(Reason::TooFewPairs);
    }
    let pairs = impostors.pairs as f64;
    let broken = |(check, rate): (Check, f64)| {
        let (at_least, promised) =
            (lower_bound(check.passed, impostors.pairs, ALPHA), check.promised / pairs);
        (at_least > promised).then_some((check, rate, at_least, promised))
    };
    match impostors.checks.into_iter().zip(CHECKED).find_map(broken) {
        None => keep(Reason::AsPromised),
        Some((check, rate, at_least, promised)) => {
            let factor = (check.passed as f64 / check.promised).clamp(1.0, LARGEST_FACTOR);
            let stricter = one_digit_of(target / factor).clamp(LEAST_TARGET.min(target), target);
            let reason = Reason::MoreThanPromised { rate, passed: check.passed, at_least, promised };
            Advice { target_far: Some(stricter), reason }
        }
    }
}

/// Rounded down to one digit, as a person would write it: 3e-5.
fn one_digit_of(value: f64) -> f64 {
    let exponent = value.log10().floor();
    let digit = (value / 10f64.powf(exponent) + 1e-9).floor();
    // Through its text, because 3 times 1e-5 is not the number nearest to 3e-5.
    format!("{digit}e{exponent}").parse().unwrap_or(value)
}

/// The rule of three: with 95 % confidence a rate of which none of `trials` was seen is below this.
pub fn rule_of_three(trials: u64) -> f64 {
    if trials == 0 { 1.0 } else { (3.0 / trials as f64).min(1.0) }
}

/// Clopper-Pearson: the smallest share of which `passed` or more of `trials` pass with at least the
/// probability `alpha`.
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

/// The probability that fewer than `passed` of `trials` pass, each with probability `p` in (0, 1).
fn fewer_than(passed: u64, trials: u64, p: f64) -> f64 {
    let odds = p.ln() - f64::ln_1p(-p);
    let mut logarithm = trials as f64 * f64::ln_1p(-p);
    let mut sum = 0.0;
    for count in 0..passed {
        sum += logarithm.exp();
        logarithm += ((trials - count) as f64 / (count + 1) as f64).ln() + odds;
    }
    sum
}

/// Wilson's score bound for [`ALPHA`], whose quantile of the normal distribution is 2.326.
fn wilson_lower(share: f64, trials: f64) -> f64 {
    const Z: f64 = 2.326;
    let square = Z * Z / trials;
    let spread = Z * (share * (1.0 - share) / trials + square / (4.0 * trials)).sqrt();
    (share + square / 2.0 - spread) / (1.0 + square)
}

/// Days until one false accept is expected, with so many attempts of strangers a day.
pub fn days_to_a_false_accept(far: f64, visitors: f64) -> f64 {
    1.0 / (far * visitors).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impostors(pairs: u64, passed: [u64; 2]) -> Impostors {
        let check =
            |index: usize| Check { passed: passed[index], promised: pairs as f64 * 7.0 * CHECKED[index] };
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
        assert_eq!((advice.target_far, advice.reason), (Some(1e-4), Reason::AsPromised));
    }

    #[test]
    fn a_gallery_whose_people_pass_more_often_gets_a_stricter_target() {
        let advice = advise(Some(1e-4), true, &impostors(100, [28, 1]));
        assert_eq!(advice.target_far, Some(2e-5), "four times as many as promised: 2.5e-5, rounded down");
        assert!(matches!(advice.reason, Reason::MoreThanPromised { rate: 1e-2, passed: 28, .. }));
        assert_eq!(advise(Some(2e-8), true, &impostors(100, [90, 90])).target_far, Some(1e-8));
    }

    #[test]
    fn without_enough_pairs_tables_or_target_nothing_is_tested() {
        let reason = |target, measured, pairs| advise(target, measured, &impostors(pairs, [5, 5])).reason;
        assert_eq!(reason(Some(1e-4), true, 9), Reason::TooFewPairs);
        assert_eq!(reason(Some(1e-4), false, 99), Reason::NoTables);
        assert_eq!(reason(None, true, 99), Reason::FixedDistance);
        assert_eq!(reason(Some(1e-4), true, 0), Reason::TooFewPairs);
    }

    #[test]
    fn one_false_accept_in_ten_thousand_attempts_takes_five_hundred_days_at_twenty_a_day() {
        assert!((days_to_a_false_accept(1e-4, 20.0) - 500.0).abs() < 1e-9);
        assert!(days_to_a_false_accept(0.0, 20.0).is_finite());
    }
}
