//! True and false accept rates over all pairs, with intervals bootstrapped by identity.
//!
//! Pairs of one person are not independent: who resembles one person resembles all their pictures. So the
//! bootstrap draws people with replacement, not pairs; a pair then counts as often as both its people were
//! drawn. Intervals hold 95 % of the draws.

use super::accuracy::Scored;
use crate::embedding::Embedding;

/// The share of impostor pairs that is kept pair by pair for the bootstrap: those that any rate asked for,
/// the equal error rate included, depends on.
const KEPT: f64 = 0.1;
/// Draws of the bootstrap.
const DRAWS: usize = 400;
/// Steps of the histograms and curves, over distances of 0 to [`LONGEST`].
pub const BINS: usize = 400;
/// Distances beyond this share the last step.
pub const LONGEST: f32 = 2.0;

/// One face on one side of a comparison.
#[derive(Debug, Clone)]
pub struct Side {
    /// Index of the person.
    pub person: usize,
    /// A template or a probe.
    pub embedding: Embedding,
}

/// A value and the interval that holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// On all people.
    pub value: f64,
    /// 2.5 % of the draws are below.
    pub low: f64,
    /// 2.5 % of the draws are above.
    pub high: f64,
}

/// One point of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TarAtFar {
    /// The share of impostor pairs accepted.
    pub far: f64,
    /// The distance that gives it; none if there are too few pairs for this rate.
    pub threshold: Option<f32>,
    /// The share of genuine pairs accepted at that distance.
    pub tar: Estimate,
}

/// Every distance between two sides, sorted into genuine and impostor.
#[derive(Debug, Clone)]
pub struct Distances {
    people: usize,
    /// Person and distance, sorted by distance.
    genuine: Vec<(usize, f32)>,
    /// The nearest impostor pairs: both people and the distance, sorted by distance.
    near: Vec<(usize, usize, f32)>,
    /// How many impostor pairs there are in all.
    pub impostors: u64,
    /// Genuine pairs a step of distance.
    pub genuine_histogram: Vec<u64>,
    /// Impostor pairs a step of distance.
    pub impostor_histogram: Vec<u64>,
    /// Faces of each person on the two sides.
    sizes: (Vec<f64>, Vec<f64>),
    one_sided: bool,
}

impl Distances {
    /// Every pair of two different pictures.
    pub fn among(sides: &[Side], people: usize) -> Self {
        Self::of(sides, sides, people, true)
    }

    /// Every pair of a template and a probe.
    pub fn between(templates: &[Side], probes: &[Side], people: usize) -> Self {
        Self::of(templates, probes, people, false)
    }

    fn of(rows: &[Side], columns: &[Side], people: usize, one_sided: bool) -> Self {
        let mut distances = Self {
            people,
            genuine: Vec::new(),
            near: Vec::new(),
            impostors: 0,
            genuine_histogram: vec![0; BINS],
            impostor_histogram: vec![0; BINS],
            sizes: (sizes(rows, people), sizes(columns, people)),
            one_sided,
        };
        distances.count(rows, columns);
        // Compared twice, because millions of pairs are compared faster than they are kept.
        let cut = distances.distance_of_share(KEPT);
        distances.keep_near(rows, columns, cut);
        distances.genuine.sort_by(|a, b| a.1.total_cmp(&b.1));
        distances.near.sort_by(|a, b| a.2.total_cmp(&b.2));
        distances
    }

    fn count(&mut self, rows: &[Side], columns: &[Side]) {
        for (index, row) in rows.iter().enumerate() {
            for column in &columns[if self.one_sided { index + 1 } else { 0 }..] {
                let distance = row.embedding.l2(&column.embedding);
                if row.person == column.person {
                    self.genuine.push((row.person, distance));
                    self.genuine_histogram[bin(distance)] += 1;
                } else {
                    self.impostors += 1;
                    self.impostor_histogram[bin(distance)] += 1;
                }
            }
        }
    }

    fn keep_near(&mut self, rows: &[Side], columns: &[Side], cut: f32) {
        for (index, row) in rows.iter().enumerate() {
            for column in &columns[if self.one_sided { index + 1 } else { 0 }..] {
                if row.person != column.person {
                    let distance = row.embedding.l2(&column.embedding);
                    if distance <= cut {
                        self.near.push((row.person, column.person, distance));
                    }
                }
            }
        }
    }

    /// The upper end of the step up to which this share of the impostor pairs lies.
    fn distance_of_share(&self, share: f64) -> f32 {
        let wanted = (self.impostors as f64 * share).ceil() as u64;
        let mut sum = 0;
        for (index, count) in self.impostor_histogram.iter().enumerate() {
            sum += count;
            if sum >= wanted {
                return if index + 1 == BINS { f32::INFINITY } else { upper_end(index) };
            }
        }
        f32::INFINITY
    }

    /// How many genuine pairs there are.
    pub fn genuine(&self) -> usize {
        self.genuine.len()
    }

    /// TAR at these rates.
    pub fn tar_at(&self, fars: &[f64]) -> Vec<TarAtFar> {
        let all = vec![1.0; self.people];
        let draws: Vec<Vec<f64>> = (0..DRAWS).map(|seed| draw_people(self.people, seed as u64)).collect();
        fars.iter()
            .map(|&far| {
                let enough = far * self.impostors as f64 >= 1.0;
                let threshold = enough.then(|| self.threshold(&all, far));
                let value = threshold.map_or(f64::NAN, |t| self.tar(&all, t));
                let drawn = draws.iter().map(|w| self.tar(w, self.threshold(w, far))).collect();
                TarAtFar { far, threshold, tar: estimate(value, drawn) }
            })
            .collect()
    }

    /// The rate at which as many impostor pairs are accepted as genuine pairs are refused.
    pub fn eer(&self) -> Estimate {
        let value = self.eer_with(&vec![1.0; self.people]);
        estimate(
            value,
            (0..DRAWS).map(|seed| self.eer_with(&draw_people(self.people, seed as u64))).collect(),
        )
    }

    fn eer_with(&self, weights: &[f64]) -> f64 {
        let total = self.impostor_weight(weights);
        let genuine: f64 = self.genuine.iter().map(|(person, _)| weights[*person]).sum();
        let mut accepted = 0.0;
        let mut passed = self.genuine.iter().peekable();
        let mut tar = 0.0;
        for (a, b, distance) in &self.near {
            accepted += weights[*a] * weights[*b];
            while let Some((person, _)) = passed.next_if(|(_, d)| d <= distance) {
                tar += weights[*person];
            }
            if accepted / total >= 1.0 - tar / genuine {
                return accepted / total;
            }
        }
        KEPT
    }

    /// The largest distance at which no more than `far` of the impostor pairs are accepted.
    fn threshold(&self, weights: &[f64], far: f64) -> f32 {
        let allowed = far * self.impostor_weight(weights);
        let mut sum = 0.0;
        for (a, b, distance) in &self.near {
            sum += weights[*a] * weights[*b];
            if sum > allowed {
                return distance.next_down();
            }
        }
        self.near.last().map_or(0.0, |last| last.2)
    }

    fn tar(&self, weights: &[f64], threshold: f32) -> f64 {
        let total: f64 = self.genuine.iter().map(|(person, _)| weights[*person]).sum();
        let passed = self.genuine.iter().take_while(|(_, distance)| *distance <= threshold);
        passed.map(|(person, _)| weights[*person]).sum::<f64>() / total
    }

    /// The weight of all impostor pairs, near or not.
    fn impostor_weight(&self, weights: &[f64]) -> f64 {
        let (rows, columns) = &self.sizes;
        let weighted = |sizes: &[f64]| -> f64 { sizes.iter().zip(weights).map(|(n, w)| n * w).sum() };
        let same: f64 = rows.iter().zip(columns).zip(weights).map(|((a, b), w)| a * b * w * w).sum();
        let all = weighted(rows) * weighted(columns) - same;
        if self.one_sided { all / 2.0 } else { all }
    }

    /// The curve: for every step of distance the shares of impostor and of genuine pairs accepted.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let genuine = self.genuine.len().max(1) as f64;
        let impostors = self.impostors.max(1) as f64;
        let mut sums = (0, 0);
        let counts = self.impostor_histogram.iter().zip(&self.genuine_histogram);
        counts
            .map(|(impostor, own)| {
                sums = (sums.0 + impostor, sums.1 + own);
                (sums.0 as f64 / impostors, sums.1 as f64 / genuine)
            })
            .collect()
    }
}

/// The interval of an accuracy: `decided` says of each pair who is on it and whether it was decided rightly.
pub fn accuracy_interval(value: f64, decided: &[(usize, usize, bool)], people: usize) -> Estimate {
    let of = |weights: &[f64]| {
        let weight = |a: usize, b: usize| if a == b { weights[a] } else { weights[a] * weights[b] };
        let all: f64 = decided.iter().map(|(a, b, _)| weight(*a, *b)).sum();
        let right: f64 = decided.iter().filter(|d| d.2).map(|(a, b, _)| weight(*a, *b)).sum();
        right / all
    };
    estimate(value, (0..DRAWS).map(|seed| of(&draw_people(people, seed as u64))).collect())
}

/// Whether each pair is decided rightly at a threshold.
pub fn is_right(pair: &Scored, threshold: f32) -> bool {
    (pair.distance <= threshold) == pair.genuine
}

/// How often each of so many people is drawn when as many are drawn with replacement; the same for a seed.
fn draw_people(people: usize, seed: u64) -> Vec<f64> {
    let mut weights = vec![0.0; people];
    // SplitMix64: nobody's secrets depend on it.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    for _ in 0..people {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        weights[(mixed % people as u64) as usize] += 1.0;
    }
    weights
}

fn estimate(value: f64, mut drawn: Vec<f64>) -> Estimate {
    drawn.retain(|draw| draw.is_finite());
    drawn.sort_by(f64::total_cmp);
    let at = |share: f64| drawn.get((drawn.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    Estimate { value, low: at(0.025), high: at(0.975) }
}

fn sizes(sides: &[Side], people: usize) -> Vec<f64> {
    let mut sizes = vec![0.0; people];
    sides.iter().for_each(|side| sizes[side.person] += 1.0);
    sizes
}

fn bin(distance: f32) -> usize {
    ((distance / LONGEST * BINS as f32) as usize).min(BINS - 1)
}

/// The distance at which a step ends.
pub fn upper_end(index: usize) -> f32 {
    (index + 1) as f32 / BINS as f32 * LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pictures each of people who stand in a row, `apart` from one to the next.
    fn row(people: usize, apart: f32) -> Vec<Side> {
        let side = |index: usize| {
            let place = (index / 2) as f32 * apart + (index % 2) as f32 * 0.1;
            Side { person: index / 2, embedding: Embedding::new([place]).expect("finite") }
        };
        (0..people * 2).map(side).collect()
    }

    #[test]
    fn people_far_apart_are_never_confused() {
        let distances = Distances::among(&row(40, 1.0), 40);
        assert_eq!((distances.genuine(), distances.impostors), (40, 80 * 79 / 2 - 40));
        let rates = distances.tar_at(&[1e-2, 1e-3]);
        assert!(rates.iter().all(|rate| rate.tar.value == 1.0 && rate.tar.low == 1.0));
        assert_eq!(distances.eer().value.round(), 0.0);
    }

    #[test]
    fn a_rate_that_the_pairs_cannot_show_has_no_threshold() {
        assert_eq!(Distances::among(&row(4, 1.0), 4).tar_at(&[1e-6])[0].threshold, None);
    }

    #[test]
    fn no_more_impostors_are_accepted_than_asked_for() {
        let distances = Distances::among(&row(60, 0.02), 60);
        for rate in distances.tar_at(&[1e-2, 5e-2]) {
            let threshold = rate.threshold.expect("enough pairs");
            let accepted = distances.near.iter().filter(|pair| pair.2 <= threshold).count();
            assert!(accepted as f64 <= rate.far * distances.impostors as f64);
            assert!(rate.tar.low <= rate.tar.value && rate.tar.value <= rate.tar.high);
        }
    }

    #[test]
    fn a_draw_has_as_many_people_as_there_are() {
        for seed in 0..5 {
            assert_eq!(draw_people(50, seed).iter().sum::<f64>(), 50.0);
        }
        assert_ne!(draw_people(50, 1), draw_people(50, 2));
    }

    #[test]
    fn weights_of_one_give_every_impostor_pair_once() {
        let sides = row(10, 0.3);
        let distances = Distances::between(&sides[..6], &sides, 10);
        assert_eq!(distances.impostor_weight(&[1.0; 10]), distances.impostors as f64);
        let among = Distances::among(&sides, 10);
        assert_eq!(among.impostor_weight(&[1.0; 10]), among.impostors as f64);
    }
}
