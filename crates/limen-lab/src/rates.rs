//! All scores between two sets of faces, and their true and false accept rates, with intervals.

use limen_vision::matching::scoring::Scored;

use super::bootstrap::{DRAWS, Estimate, draw_people, in_parallel};

/// The fraction of impostor pairs, the nearest ones, that is kept pair by pair for the bootstrap: all rates
/// that are asked for, and the equal error rate, depend only on these.
const KEPT: f64 = 0.1;
/// The number of steps of the histograms and curves, over scores from [`LEAST`] to [`MOST`]. Other scores are
/// counted in the first or the last step.
const BINS: usize = 600;
const LEAST: f32 = -1.0;
const MOST: f32 = 2.0;

/// One face of a comparison.
#[derive(Debug, Clone)]
pub struct Side {
    /// The index of the person.
    pub person: usize,
    /// A template or a probe, prepared for comparison.
    pub face: Scored,
}

/// A point of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TarAtFar {
    /// The fraction of impostor pairs accepted.
    pub far: f64,
    /// The threshold for it; none if there are too few pairs for this rate.
    pub threshold: Option<f32>,
    /// The fraction of genuine pairs accepted at that threshold.
    pub tar: Estimate,
}

/// The rates of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// TAR at each FAR that was asked for.
    pub tar: Vec<TarAtFar>,
    /// The equal error rate: as many impostor pairs are accepted as genuine pairs are refused.
    pub eer: Estimate,
}

/// The number of pairs per step of score.
#[derive(Debug, Clone, PartialEq)]
pub struct PairHistogram {
    /// The genuine pairs.
    pub genuine: Vec<u64>,
    /// The impostor pairs.
    pub impostor: Vec<u64>,
}

/// All scores between two sets of faces, split into genuine and impostor pairs.
#[derive(Debug, Clone)]
pub struct Scores {
    /// The person and the score, sorted by score.
    genuine: Vec<(u32, f32)>,
    /// The nearest impostor pairs: both people and the score, sorted by score.
    near: Vec<(u32, u32, f32)>,
    impostors: u64,
    histogram: PairHistogram,
    /// The number of faces per person, in both sets.
    sizes: (Vec<f64>, Vec<f64>),
    one_sided: bool,
}

/// The result for one set of weights.
struct Sweep {
    /// The threshold and TAR at each rate.
    at: Vec<(f32, f64)>,
    eer: f64,
}

impl Scores {
    /// The scores of every pair of two different pictures.
    pub fn among(sides: &[Side], people: usize, threads: usize) -> Self {
        Self::of(sides, sides, people, true, threads)
    }

    /// The scores of every template with every probe.
    pub fn between(templates: &[Side], probes: &[Side], people: usize, threads: usize) -> Self {
        Self::of(templates, probes, people, false, threads)
    }

    fn of(rows: &[Side], columns: &[Side], people: usize, one_sided: bool, threads: usize) -> Self {
        let against = |row: usize| &columns[if one_sided { row + 1 } else { 0 }..];
        let mut scores = Self {
            genuine: Vec::new(),
            near: Vec::new(),
            impostors: 0,
            histogram: PairHistogram { genuine: vec![0; BINS], impostor: vec![0; BINS] },
            sizes: (sizes(rows, people), sizes(columns, people)),
            one_sided,
        };
        let counted = in_parallel(rows.len(), threads, |row| count(&rows[row], against(row)));
        for (genuine, impostor) in counted {
            genuine.iter().for_each(|(_, score)| scores.histogram.genuine[bin(*score)] += 1);
            scores.genuine.extend(genuine);
            for (index, pairs) in impostor {
                scores.histogram.impostor[index] += pairs;
                scores.impostors += pairs;
            }
        }
        // Compare twice: with millions of pairs this is faster than keeping all scores.
        let cut = scores.score_of_share(KEPT);
        let near = in_parallel(rows.len(), threads, |row| nearest(&rows[row], against(row), cut));
        scores.near = near.concat();
        scores.genuine.sort_by(|a, b| a.1.total_cmp(&b.1));
        scores.near.sort_by(|a, b| a.2.total_cmp(&b.2));
        scores
    }

    /// The upper end of the step up to which this fraction of the impostor pairs lies.
    fn score_of_share(&self, share: f64) -> f32 {
        let wanted = (self.impostors as f64 * share).ceil() as u64;
        let mut sum = 0;
        for (index, count) in self.histogram.impostor.iter().enumerate() {
            sum += count;
            if sum >= wanted {
                return if index + 1 == BINS { f32::INFINITY } else { upper_end(index) };
            }
        }
        f32::INFINITY
    }

    /// The number of genuine pairs.
    pub fn genuine(&self) -> u64 {
        self.genuine.len() as u64
    }

    /// The number of impostor pairs.
    pub fn impostors(&self) -> u64 {
        self.impostors
    }

    /// Thresholds, TAR and the equal error rate, in one pass over the scores. `fars` increases.
    fn sweep(&self, weights: &[f64], fars: &[f64]) -> Sweep {
        let impostors = self.impostor_weight(weights);
        let genuine: f64 = self.genuine.iter().map(|(person, _)| weights[*person as usize]).sum();
        let mut sweep = Sweep { at: Vec::new(), eer: f64::NAN };
        let (mut accepted, mut passed) = (0.0, 0.0);
        let mut own = self.genuine.iter().peekable();
        for (a, b, score) in &self.near {
            while let Some((person, _)) = own.next_if(|(_, own)| own < score) {
                passed += weights[*person as usize];
            }
            accepted += weights[*a as usize] * weights[*b as usize];
            let tar = passed / genuine;
            while fars.get(sweep.at.len()).is_some_and(|far| accepted > far * impostors) {
                sweep.at.push((score.next_down(), tar));
            }
            if sweep.eer.is_nan() && accepted / impostors >= 1.0 - tar {
                sweep.eer = accepted / impostors;
            }
            if sweep.at.len() == fars.len() && !sweep.eer.is_nan() {
                return sweep;
            }
        }
        // There are fewer impostor pairs than the rate needs: accept all that were kept.
        let last = self.near.last().map_or(0.0, |last| last.2);
        let rest = own.take_while(|(_, score)| *score <= last).map(|(person, _)| weights[*person as usize]);
        passed += rest.sum::<f64>();
        sweep.at.resize(fars.len(), (last, passed / genuine));
        if sweep.eer.is_nan() {
            sweep.eer = (1.0 - passed / genuine).max(0.0);
        }
        sweep
    }

    /// The total weight of all impostor pairs.
    fn impostor_weight(&self, weights: &[f64]) -> f64 {
        let (rows, columns) = &self.sizes;
        let weighted = |sizes: &[f64]| -> f64 { sizes.iter().zip(weights).map(|(n, w)| n * w).sum() };
        let same: f64 = rows.iter().zip(columns).zip(weights).map(|((a, b), w)| a * b * w * w).sum();
        let all = weighted(rows) * weighted(columns) - same;
        if self.one_sided { all / 2.0 } else { all }
    }
}

/// TAR at these FARs, which must increase, and the equal error rate: the mean over repeated draws of
/// templates and probes (only one where every picture is compared with every other).
pub fn rates(repeats: &[Scores], fars: &[f64], threads: usize) -> Rates {
    let people = repeats.first().map_or(0, |scores| scores.sizes.0.len());
    let mean_sweep = |weights: &[f64]| {
        let sweeps: Vec<Sweep> = repeats.iter().map(|scores| scores.sweep(weights, fars)).collect();
        let mean = |of: &dyn Fn(&Sweep) -> f64| sweeps.iter().map(of).sum::<f64>() / sweeps.len() as f64;
        let at = (0..fars.len()).map(|i| (mean(&|s| f64::from(s.at[i].0)), mean(&|s| s.at[i].1))).collect();
        (at, mean(&|s| s.eer))
    };
    let (all, eer): (Vec<(f64, f64)>, f64) = mean_sweep(&vec![1.0; people]);
    let drawn: Vec<(Vec<(f64, f64)>, f64)> =
        in_parallel(DRAWS, threads, |seed| mean_sweep(&draw_people(people, seed as u64)));
    let impostors = repeats.iter().map(|scores| scores.impostors).min().unwrap_or(0);
    let tar = fars.iter().zip(&all).enumerate().map(|(index, (&far, &(threshold, tar)))| {
        let enough = far * impostors as f64 >= 1.0;
        TarAtFar {
            far,
            threshold: enough.then_some(threshold as f32),
            tar: Estimate::new(
                if enough { tar } else { f64::NAN },
                drawn.iter().map(|(at, _)| if enough { at[index].1 } else { f64::NAN }).collect(),
            ),
        }
    });
    Rates { tar: tar.collect(), eer: Estimate::new(eer, drawn.iter().map(|(_, eer)| *eer).collect()) }
}

impl PairHistogram {
    /// The pairs of all repetitions.
    pub fn of(repeats: &[Scores]) -> Self {
        let sum = |of: fn(&Self) -> &Vec<u64>| {
            (0..BINS).map(|bin| repeats.iter().map(|scores| of(&scores.histogram)[bin]).sum()).collect()
        };
        Self { genuine: sum(|h| &h.genuine), impostor: sum(|h| &h.impostor) }
    }

    /// The curve: for each step, the score at its end and the fractions of impostor and of genuine pairs
    /// accepted.
    pub fn curve(&self) -> Vec<(f32, f64, f64)> {
        let total = |counts: &[u64]| counts.iter().sum::<u64>().max(1) as f64;
        let (impostors, genuine) = (total(&self.impostor), total(&self.genuine));
        let mut sums = (0, 0);
        let counts = self.impostor.iter().zip(&self.genuine).enumerate();
        counts
            .map(|(index, (impostor, own))| {
                sums = (sums.0 + impostor, sums.1 + own);
                (upper_end(index), sums.0 as f64 / impostors, sums.1 as f64 / genuine)
            })
            .collect()
    }
}

/// A row's genuine pairs, and its impostor pairs per step.
type Counted = (Vec<(u32, f32)>, Vec<(usize, u64)>);

/// Two faces that cannot be compared have the largest score.
fn score(row: &Side, column: &Side) -> f32 {
    row.face.compare(&column.face).map_or(f32::MAX, |(_, score)| score.get())
}

fn count(row: &Side, columns: &[Side]) -> Counted {
    let mut genuine = Vec::new();
    let mut impostor = vec![0; BINS];
    for column in columns {
        let score = score(row, column);
        if row.person == column.person {
            genuine.push((row.person as u32, score));
        } else {
            impostor[bin(score)] += 1;
        }
    }
    (genuine, impostor.into_iter().enumerate().filter(|(_, pairs)| *pairs > 0).collect())
}

fn nearest(row: &Side, columns: &[Side], cut: f32) -> Vec<(u32, u32, f32)> {
    let strangers = columns.iter().filter(|column| column.person != row.person);
    let scored = strangers.map(|s| (row.person as u32, s.person as u32, score(row, s)));
    scored.filter(|(_, _, score)| *score <= cut).collect()
}

fn sizes(sides: &[Side], people: usize) -> Vec<f64> {
    let mut sizes = vec![0.0; people];
    sides.iter().for_each(|side| sizes[side.person] += 1.0);
    sizes
}

fn bin(score: f32) -> usize {
    // A cast to an integer saturates: a negative number becomes 0.
    (((score - LEAST) / (MOST - LEAST) * BINS as f32) as usize).min(BINS - 1)
}

/// The score at the end of a histogram step.
pub fn upper_end(index: usize) -> f32 {
    LEAST + (index + 1) as f32 / BINS as f32 * (MOST - LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use limen_core::embedding::{Distance, Embedding};

    /// Two pictures each of people on a line, `apart` from one to the next.
    fn row(people: usize, apart: f32) -> Vec<Side> {
        let side = |index: usize| {
            let place = (index / 2) as f32 * apart + (index % 2) as f32 * 0.1;
            let embedding = Embedding::new([place]).expect("finite");
            Side { person: index / 2, face: Scored { embedding, lead: Distance::ZERO } }
        };
        (0..people * 2).map(side).collect()
    }

    fn rates_of(scores: Scores, fars: &[f64]) -> Rates {
        rates(&[scores], fars, 2)
    }

    #[test]
    fn people_far_apart_are_never_confused() {
        let scores = Scores::among(&row(40, 1.0), 40, 2);
        assert_eq!((scores.genuine(), scores.impostors()), (40, 80 * 79 / 2 - 40));
        let found = rates_of(scores, &[1e-3, 1e-2]);
        assert!(found.tar.iter().all(|rate| rate.tar.value == 1.0 && rate.tar.low == 1.0));
        assert!(found.eer.value < 1e-3, "{:?}", found.eer);
    }

    #[test]
    fn a_rate_that_the_pairs_cannot_show_has_no_threshold() {
        let found = rates_of(Scores::among(&row(4, 1.0), 4, 1), &[1e-6]);
        assert_eq!(found.tar[0].threshold, None);
        assert!(found.tar[0].tar.value.is_nan());
    }

    #[test]
    fn no_more_impostors_are_accepted_than_asked_for() {
        let scores = Scores::among(&row(60, 0.02), 60, 2);
        for rate in rates_of(scores.clone(), &[1e-2, 5e-2]).tar {
            let threshold = rate.threshold.expect("enough pairs");
            let accepted = scores.near.iter().filter(|pair| pair.2 <= threshold).count();
            assert!(accepted as f64 <= rate.far * scores.impostors as f64);
            assert!(rate.tar.low <= rate.tar.value && rate.tar.value <= rate.tar.high);
        }
    }

    #[test]
    fn people_who_cannot_be_told_apart_have_an_equal_error_rate_near_a_half() {
        let same = |index: usize| Side { person: index / 2, ..row(1, 0.0)[index % 2].clone() };
        let sides: Vec<Side> = (0..40).map(same).collect();
        let eer = rates_of(Scores::between(&sides[..20], &sides, 20, 1), &[1e-2]).eer;
        assert!(eer.value > 0.3, "{eer:?}");
    }

    #[test]
    fn one_thread_finds_what_many_find() {
        let sides = row(30, 0.07);
        let (one, many) = (Scores::among(&sides, 30, 1), Scores::among(&sides, 30, 4));
        assert_eq!((one.near, one.genuine, one.histogram), (many.near, many.genuine, many.histogram));
    }

    #[test]
    fn weights_of_one_give_every_impostor_pair_once() {
        let sides = row(10, 0.3);
        let between = Scores::between(&sides[..6], &sides, 10, 1);
        assert_eq!(between.impostor_weight(&[1.0; 10]), between.impostors as f64);
        let among = Scores::among(&sides, 10, 1);
        assert_eq!(among.impostor_weight(&[1.0; 10]), among.impostors as f64);
    }

    #[test]
    fn scores_beyond_the_steps_share_the_first_and_the_last() {
        assert_eq!((bin(-5.0), bin(5.0), bin(LEAST)), (0, BINS - 1, 0));
    }
}
