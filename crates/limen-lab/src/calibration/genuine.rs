//! Each photograph against the others of the same person.

use limen_core::embedding::Score;
use limen_core::person::PersonId;

use super::ready::{Gauge, Ready};
use super::tally::Tally;

/// How one person's singles compare with each other.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonScores {
    /// Whose.
    pub person: PersonId,
    /// Singles compared: all, or none if there is only one.
    pub compared: usize,
    /// How many of them are within the threshold.
    pub within: usize,
    /// The worst of their scores.
    pub worst: Option<Score>,
}

/// A single that looks like somebody else's: above the threshold, and no nearer to the person's others than
/// one stranger in a hundred is. A poor picture or another person. Being above the threshold alone says
/// little: of press photographs in galleries of 20 people 40 % are, at a target of 1e-4, and 1.5 % disagree.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreeing {
    /// Whose.
    pub person: PersonId,
    /// Which, in the order of [`limen_core::people::Person::singles`].
    pub single: usize,
    /// Of how many. Of two, either may be the wrong one.
    pub of: usize,
    /// Against the mean of the others.
    pub score: Score,
    /// What one stranger in a hundred reaches, or the threshold if that is larger.
    pub limit: Score,
}

/// Leaves each single out once and compares it with the mean of the rest.
pub(super) fn compare(ready: &[Ready<'_>], gauge: &Gauge) -> (Tally, Vec<PersonScores>, Vec<Disagreeing>) {
    let mut tally = Tally::default();
    let mut disagreeing = Vec::new();
    let mut compare_one = |ready: &Ready<'_>| {
        let bars = gauge.bars(ready.others.len().saturating_sub(1), 1);
        let limit = bars.checked[0].map_or(bars.accept, |checked| checked.max(bars.accept));
        let compared = ready.singles.iter().zip(&ready.others);
        let scores: Vec<Score> =
            compared.filter_map(|(single, others)| Some(single.compare(others)?.1)).collect();
        scores.iter().for_each(|score| tally.add(*score, bars.accept));
        let far = scores.iter().copied().enumerate().filter(|(_, score)| *score > limit);
        disagreeing.extend(far.map(|(single, score)| Disagreeing {
            person: ready.person.id.clone(),
            single,
            of: scores.len(),
            score,
            limit,
        }));
        PersonScores {
            person: ready.person.id.clone(),
            compared: scores.len(),
            within: scores.iter().filter(|score| **score <= bars.accept).count(),
            worst: scores.iter().max().copied(),
        }
    };
    let by_person = ready.iter().map(&mut compare_one).collect();
    (tally, by_person, disagreeing)
}
