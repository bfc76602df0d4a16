//! Compares all people with each other, and the cohort's synthetic faces with all people.

use limen_core::embedding::{Margin, Score};
use limen_vision::matching::scoring::{Scored, Scoring};

use super::checked::CHECKED;
use super::counts::ScoreCounts;
use super::near_pairs::{NearPair, NearPairs};
use super::ready::{CaseThresholds, Gauge, Ready};

/// The largest number of synthetic faces that are compared with every template.
const MOST_STRANGERS: usize = 500;

/// The result of comparing different people.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Impostors {
    /// The counted comparisons.
    pub counts: ScoreCounts,
    /// The number of pairs of people.
    pub pairs: u64,
    /// The number of pairs with at least one comparison within its threshold.
    pub pairs_within: u64,
    /// The same at higher rates, where pairs can be counted.
    pub checks: [RateCheck; CHECKED.len()],
}

/// How many pairs pass at a score at which the tables accept a known fraction of strangers' comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RateCheck {
    /// The number of pairs with at least one comparison that passes.
    pub passed: u64,
    /// The largest number of pairs that the tables promise: the sum over pairs of the rate times the
    /// comparisons, at most 1 each.
    pub promised: f64,
}

/// The result of comparing synthetic faces with the templates. These faces are drawn from a fitted mixture,
/// not taken from people, and no advice depends on them: most of their scores are like those of strangers,
/// but where ten strangers in 100,000 passed, fewer than two synthetic faces did, with centring and without.
#[derive(Debug, Clone, PartialEq)]
pub struct Strangers {
    /// The number of faces from the cohort.
    pub faces: usize,
    /// The counted comparisons.
    pub counts: ScoreCounts,
    /// The fraction of comparisons within the score that one stranger in a hundred reaches: 0.01 if the
    /// cohort were like strangers. `None` without tables.
    pub share_at_one_in_a_hundred: Option<f64>,
}

/// Compares all people with each other. A pair is too near if one of its comparisons is accepted, or would be
/// accepted if it were nearer by the margin.
pub(super) fn compare(ready: &[Ready<'_>], gauge: &Gauge, margin: Margin) -> (Impostors, NearPairs) {
    let mut impostors = Impostors::default();
    let mut near = NearPairs::default();
    for (index, one) in ready.iter().enumerate() {
        for (place, other) in ready.iter().enumerate().skip(index + 1) {
            let mut nearest: Option<NearPair> = None;
            let mut passes = [false; CHECKED.len()];
            let mut comparisons = 0;
            each_comparison(one, other, gauge, |score, bars| {
                comparisons += 1;
                impostors.counts.add(score, bars.accept);
                passes
                    .iter_mut()
                    .zip(bars.checked)
                    .for_each(|(passes, bar)| *passes |= bar.is_some_and(|bar| score <= bar));
                let pair = NearPair { people: [index, place], score, threshold: bars.accept };
                if nearest.is_none_or(|nearest| pair.excess() < nearest.excess()) {
                    nearest = Some(pair);
                }
            });
            let within = nearest.is_some_and(|nearest| nearest.score <= nearest.threshold);
            impostors.count(comparisons, within, passes);
            near.extend(nearest.filter(|nearest| nearest.excess() < margin.get().max(f32::MIN_POSITIVE)));
        }
    }
    near.keep_nearest();
    (impostors, near)
}

impl Impostors {
    fn count(&mut self, comparisons: u32, within: bool, passes: [bool; CHECKED.len()]) {
        self.pairs += 1;
        self.pairs_within += u64::from(within);
        for ((check, rate), passes) in self.checks.iter_mut().zip(CHECKED).zip(passes) {
            check.passed += u64::from(passes);
            check.promised += (rate * f64::from(comparisons)).min(1.0);
        }
    }
}

/// Compares samples with the other person's template, both ways, and the two templates. If a template is its
/// only sample, that comparison is made once.
fn each_comparison(
    one: &Ready<'_>,
    other: &Ready<'_>,
    gauge: &Gauge,
    mut heard: impl FnMut(Score, &CaseThresholds),
) {
    let (samples, of_other) = (one.samples.len(), other.samples.len());
    let mut hear = |probes: &[Scored], template: &Scored, bars: &CaseThresholds| {
        let scores = probes.iter().filter_map(|probe| probe.compare(template));
        scores.for_each(|(_, score)| heard(score, bars));
    };
    hear(&one.samples, &other.template, gauge.bars(of_other, 1));
    if samples > 1 || of_other > 1 {
        hear(&other.samples, &one.template, gauge.bars(samples, 1));
    }
    if samples > 1 && of_other > 1 {
        let (forth, back) = (gauge.bars(of_other, samples), gauge.bars(samples, of_other));
        let looser = if forth.accept >= back.accept { forth } else { back };
        hear(std::slice::from_ref(&one.template), &other.template, looser);
    }
}

/// Compares the cohort's faces with every template; `None` without a cohort or without people.
pub(super) fn compare_strangers(ready: &[Ready<'_>], gauge: &Gauge, scoring: &Scoring) -> Option<Strangers> {
    let faces = scoring.made_up(MOST_STRANGERS);
    if faces.is_empty() || ready.is_empty() {
        return None;
    }
    let mut counts = ScoreCounts::default();
    let mut near = 0_u64;
    for person in ready {
        let bars = gauge.bars(person.samples.len(), 1);
        for face in &faces {
            let Some((_, score)) = face.compare(&person.template) else { continue };
            counts.add(score, bars.accept);
            near += u64::from(bars.checked[0].is_some_and(|checked| score <= checked));
        }
    }
    let share = near as f64 / counts.comparisons as f64;
    Some(Strangers {
        faces: faces.len(),
        counts,
        share_at_one_in_a_hundred: gauge.is_measured().then_some(share),
    })
}
