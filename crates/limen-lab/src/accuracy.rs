//! Accuracy on listed pairs: at the best threshold, and in tenths as in the protocol of Labeled Faces in the
//! Wild (each tenth at the threshold that is best on the other nine).

use super::bootstrap::{DRAWS, Estimate, draw_people};

/// The number of parts of the protocol.
const FOLDS: usize = 10;

/// A pair's score, and whether the pair is genuine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairScore {
    /// The score of the two embeddings.
    pub score: f32,
    /// Whether both pictures show the same person.
    pub genuine: bool,
}

/// Fractions of pairs that are classified correctly, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// At the one threshold that is best for all pairs.
    pub best: f64,
    /// In tenths: an estimate for other pairs.
    pub in_tenths: f64,
    /// The threshold of `best`.
    pub threshold: f32,
}

/// The accuracy on pairs. Each kind is split into ten parts in its own order.
pub fn accuracy(pairs: &[PairScore]) -> Accuracy {
    let threshold = best_threshold(pairs);
    let mut folds: Vec<Vec<PairScore>> = vec![Vec::new(); FOLDS];
    for kind in [true, false] {
        let of_kind: Vec<PairScore> = pairs.iter().filter(|pair| pair.genuine == kind).copied().collect();
        for (index, pair) in of_kind.iter().enumerate() {
            folds[index * FOLDS / of_kind.len()].push(*pair);
        }
    }
    let right: usize = (0..FOLDS)
        .map(|fold| {
            let others: Vec<PairScore> =
                (0..FOLDS).filter(|&f| f != fold).flat_map(|f| folds[f].clone()).collect();
            decided_rightly(&folds[fold], best_threshold(&others))
        })
        .sum();
    let count = pairs.len().max(1) as f64;
    Accuracy {
        best: decided_rightly(pairs, threshold) as f64 / count,
        in_tenths: right as f64 / count,
        threshold,
    }
}

/// The interval of an accuracy: of each pair, the two people and whether it was classified correctly.
pub fn accuracy_interval(value: f64, decided: &[(usize, usize, bool)], people: usize) -> Estimate {
    let of = |weights: &[f64]| {
        let weight = |a: usize, b: usize| if a == b { weights[a] } else { weights[a] * weights[b] };
        let all: f64 = decided.iter().map(|(a, b, _)| weight(*a, *b)).sum();
        let right: f64 = decided.iter().filter(|d| d.2).map(|(a, b, _)| weight(*a, *b)).sum();
        right / all
    };
    Estimate::new(value, (0..DRAWS).map(|seed| of(&draw_people(people, seed as u64))).collect())
}

impl PairScore {
    /// Whether the pair is classified correctly at a threshold.
    pub fn is_right(&self, threshold: f32) -> bool {
        (self.score <= threshold) == self.genuine
    }
}

fn decided_rightly(pairs: &[PairScore], threshold: f32) -> usize {
    pairs.iter().filter(|pair| pair.is_right(threshold)).count()
}

/// The threshold at which most pairs are classified correctly, half way between two scores.
fn best_threshold(pairs: &[PairScore]) -> f32 {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    let mut right = sorted.iter().filter(|pair| !pair.genuine).count();
    let mut best = (right, f32::NEG_INFINITY);
    for (index, pair) in sorted.iter().enumerate() {
        if pair.genuine {
            right += 1
        } else {
            right -= 1
        }
        let next = sorted.get(index + 1).map_or(pair.score, |next| next.score);
        if right > best.0 && next > pair.score {
            best = (right, f32::midpoint(pair.score, next));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(genuine: &[f32], impostor: &[f32]) -> Vec<PairScore> {
        let scored = |kind| move |&score: &f32| PairScore { score, genuine: kind };
        genuine.iter().map(scored(true)).chain(impostor.iter().map(scored(false))).collect()
    }

    #[test]
    fn separable_pairs_are_all_decided_rightly() {
        let found = accuracy(&pairs(&[0.3; 20], &[0.8; 20]));
        assert_eq!((found.best, found.in_tenths), (1.0, 1.0));
        assert!(found.threshold > 0.3 && found.threshold < 0.8);
    }

    #[test]
    fn one_pair_on_the_wrong_side_costs_one() {
        let mut genuine = [0.3; 20];
        genuine[0] = 0.9;
        let found = accuracy(&pairs(&genuine, &[0.8; 20]));
        assert!((found.best - 39.0 / 40.0).abs() < 1e-9);
    }
}
