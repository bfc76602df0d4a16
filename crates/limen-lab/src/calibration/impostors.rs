//! Everybody against everybody else, and the cohort's made-up faces against everybody.

use limen_core::embedding::{Margin, Score};
use limen_vision::matching::scoring::{Scored, Scoring};

use super::advice::CHECKED;
use super::look_alikes::MOST_PAIRS;
use super::ready::{Bars, Gauge, Ready};
use super::tally::Tally;

/// Made-up faces that are compared with every template.
const MOST_STRANGERS: usize = 500;

/// What comparing different people gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Impostors {
    /// Comparisons.
    pub tally: Tally,
    /// Pairs of people.
    pub pairs: u64,
    /// Pairs of whom one comparison or more is within its threshold.
    pub pairs_within: u64,
    /// The same at rates loose enough to be counted.
    pub checks: [Check; CHECKED.len()],
}

/// How many pairs pass where the tables accept a share of strangers' comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Check {
    /// Pairs with one comparison or more that passes.
    pub passed: u64,
    /// How many pairs the tables promise at most: the rate times a pair's comparisons, at most 1, summed.
    pub promised: f64,
}

/// What comparing made-up faces with the templates gave. They are drawn from a fitted mixture, not taken from
/// people, and decide nothing: in the middle their scores lie as strangers' do, but where ten strangers in
/// 100,000 pass fewer than two made-up faces did, without centring and with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Strangers {
    /// Faces taken from the cohort.
    pub faces: usize,
    /// Comparisons.
    pub tally: Tally,
    /// The share of comparisons within the score that one stranger in a hundred reaches: 0.01 if the cohort
    /// were strangers. `None` without tables.
    pub share_at_one_in_a_hundred: Option<f64>,
}

/// Two people nearer than they should be, by the nearest comparison of theirs.
#[derive(Debug, Clone, Copy)]
pub(super) struct NearPair {
    /// Places among the people compared.
    pub people: [usize; 2],
    pub score: Score,
    pub threshold: Score,
}

impl NearPair {
    fn excess(&self) -> f32 {
        self.score.get() - self.threshold.get()
    }
}

/// The nearest of the near pairs, and how many there are.
#[derive(Debug, Default)]
pub(super) struct NearPairs {
    pub pairs: Vec<NearPair>,
    pub count: usize,
}

impl NearPairs {
    fn extend(&mut self, pair: Option<NearPair>) {
        let Some(pair) = pair else { return };
        self.count += 1;
        self.pairs.push(pair);
        if self.pairs.len() >= 2 * MOST_PAIRS {
            self.keep_nearest();
        }
    }

    fn keep_nearest(&mut self) {
        self.pairs.sort_by(|a, b| a.excess().total_cmp(&b.excess()));
        self.pairs.truncate(MOST_PAIRS);
    }
}

/// Compares everybody with everybody else. A pair is near if a comparison of theirs is accepted, or would be
/// if it were nearer by the margin.
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
                impostors.tally.add(score, bars.accept);
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

/// Singles against the other's template both ways, and the templates; what would be the same comparison
/// because a template is its one single, once.
fn each_comparison(one: &Ready<'_>, other: &Ready<'_>, gauge: &Gauge, mut heard: impl FnMut(Score, &Bars)) {
    let (singles, of_other) = (one.singles.len(), other.singles.len());
    let mut hear = |probes: &[Scored], template: &Scored, bars: &Bars| {
        let scores = probes.iter().filter_map(|probe| probe.compare(template));
        scores.for_each(|(_, score)| heard(score, bars));
    };
    hear(&one.singles, &other.template, gauge.bars(of_other, 1));
    if singles > 1 || of_other > 1 {
        hear(&other.singles, &one.template, gauge.bars(singles, 1));
    }
    if singles > 1 && of_other > 1 {
        let (forth, back) = (gauge.bars(of_other, singles), gauge.bars(singles, of_other));
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
    let mut tally = Tally::default();
    let mut near = 0_u64;
    for person in ready {
        let bars = gauge.bars(person.singles.len(), 1);
        for face in &faces {
            let Some((_, score)) = face.compare(&person.template) else { continue };
            tally.add(score, bars.accept);
            near += u64::from(bars.checked[0].is_some_and(|checked| score <= checked));
        }
    }
    let share = near as f64 / tally.comparisons as f64;
    Some(Strangers {
        faces: faces.len(),
        tally,
        share_at_one_in_a_hundred: gauge.is_measured().then_some(share),
    })
}
