//! Compares each photograph with the other photographs of the same person.

use limen_core::embedding::Score;
use limen_core::person::PersonId;

use super::counts::ScoreCounts;
use super::ready::{Gauge, Ready};

/// How well a person's samples match each other.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonScores {
    /// The person who was compared.
    pub person: PersonId,
    /// The number of samples compared: all, or 0 if there is only one.
    pub compared: usize,
    /// How many of them are within the threshold.
    pub within: usize,
    /// The worst score; none if nothing was compared.
    pub worst: Option<Score>,
}

/// A sample that looks like another person: its score is above the threshold, and one stranger in a hundred
/// is as near to the person's other samples. It is a poor picture or another person. The threshold alone
/// tells little: with galleries of 20 people, press photographs and a target of 1e-4, 40 % are above it and
/// 1.5 % disagree.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreeing {
    /// The person whose sample it is.
    pub person: PersonId,
    /// The index in [`limen_core::people::Person::samples`].
    pub sample: usize,
    /// The number of the person's samples. If it is two, either may be the wrong one.
    pub of: usize,
    /// The score against the mean of the others.
    pub score: Score,
    /// The score that one stranger in a hundred reaches, or the threshold if that is larger.
    pub limit: Score,
}

/// Compares each sample with the mean of the person's other samples.
pub(super) fn compare(
    ready: &[Ready<'_>],
    gauge: &Gauge,
) -> (ScoreCounts, Vec<PersonScores>, Vec<Disagreeing>) {
    let mut counts = ScoreCounts::default();
    let mut disagreeing = Vec::new();
    let mut compare_one = |ready: &Ready<'_>| {
        let bars = gauge.bars(ready.others.len().saturating_sub(1), 1);
        let limit = bars.checked[0].map_or(bars.accept, |checked| checked.max(bars.accept));
        let compared = ready.samples.iter().zip(&ready.others);
        let scores: Vec<Score> =
            compared.filter_map(|(sample, others)| Some(sample.compare(others)?.1)).collect();
        scores.iter().for_each(|score| counts.add(*score, bars.accept));
        let far = scores.iter().copied().enumerate().filter(|(_, score)| *score > limit);
        disagreeing.extend(far.map(|(sample, score)| Disagreeing {
            person: ready.person.id.clone(),
            sample,
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
    (counts, by_person, disagreeing)
}
