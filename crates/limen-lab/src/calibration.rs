//! What a site's own gallery says of its threshold: everybody against everybody.
//!
//! Glossary: a *single* is the embedding of one photograph (or one given in the gallery file). A *genuine*
//! comparison is of a single with the mean of that person's other singles. An *impostor* comparison is of a
//! single with the template of another person, or of two people's templates. Each comparison is held against
//! the threshold of its own kind, because a table for so many photographs and frames is not valid for others.
//! Singles and templates hold the mirrored crop; the door's frames mostly do not, so the door's threshold is
//! another number.
//!
//! Comparisons of the same two people are not independent, so whatever is tested counts *pairs* of people.

pub mod advice;
pub mod genuine;
pub mod impostors;
pub mod look_alikes;
pub mod plot;
mod ready;
pub mod tally;

use limen_core::embedding::{Crops, Margin, Score};
use limen_core::people::{Gallery, Person};
use limen_core::person::PersonId;
use limen_vision::matching::LookAlikes;
use limen_vision::matching::scoring::Scoring;
use limen_vision::matching::thresholds::{Case, Promise, Thresholds};

use advice::Advice;
use genuine::{Disagreeing, PersonScores};
use impostors::{Impostors, Strangers};
use look_alikes::LookAlike;
use ready::Gauge;
use tally::Tally;

/// Fewer singles than this are too few: the error-rate tables reach to templates of three.
pub const ENOUGH: usize = 3;

/// What is calibrated.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// Everybody enrolled.
    pub gallery: &'a Gallery,
    /// How embeddings are compared.
    pub scoring: &'a Scoring,
    /// As the door decides: of whole attempts.
    pub thresholds: &'a Thresholds,
    /// The target behind the thresholds; none with a fixed distance.
    pub target_far: Option<f64>,
    /// Frames that must agree.
    pub frames: u32,
    /// By how much the nearest must lead.
    pub margin: Margin,
    /// Pairs that are told apart by more already.
    pub look_alikes: &'a LookAlikes,
}

/// What the configuration gives at the door.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Door {
    /// Photographs of the smallest template, at least 1.
    pub photographs: usize,
    /// The score up to which a fused probe of plain crops is accepted by such a template.
    pub threshold: Score,
    /// The same for templates of three photographs.
    pub threshold_with_three: Score,
    /// FAR of one attempt of a stranger by the tables: the target, or what is met instead; `None` for a model without
    /// tables.
    pub far: Option<f64>,
    /// What is asked and what is met; `None` with a fixed distance.
    pub promise: Option<Promise>,
    /// It lies on the fitted tail of the table.
    pub is_extrapolated: bool,
    /// The same target for one photograph against the usual template: what the histograms' line shows.
    pub threshold_of_a_photograph: Score,
}

/// Everything that the gallery says.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// People compared.
    pub people: usize,
    /// Their singles.
    pub singles: usize,
    /// The threshold in force, and what the tables promise of it.
    pub door: Door,
    /// Genuine comparisons.
    pub genuine: Tally,
    /// The same by person; those with one single have none.
    pub by_person: Vec<PersonScores>,
    /// Singles that look like somebody else's.
    pub disagreeing: Vec<Disagreeing>,
    /// Impostor comparisons.
    pub impostors: Impostors,
    /// The cohort's made-up faces against every template; shown, and decides nothing.
    pub strangers: Option<Strangers>,
    /// Pairs nearer than they should be, the nearest first; at most [`look_alikes::MOST_PAIRS`].
    pub look_alikes: Vec<LookAlike>,
    /// How many such pairs there are in all.
    pub near_pairs: usize,
    /// People with fewer than [`ENOUGH`] singles.
    pub too_few: Vec<(PersonId, usize)>,
    /// People whose embeddings are of another length than the others' or too large to be compared.
    pub incomparable: Vec<PersonId>,
    /// Which target to use.
    pub advice: Advice,
}

/// Compares everybody with everybody. The cost grows with the square of the people.
pub fn calibrate(site: &Site<'_>) -> Calibration {
    let (ready, incomparable) = ready::comparable(site.gallery, site.scoring);
    let people: Vec<&Person> = ready.iter().map(|ready| ready.person).collect();
    let mut sizes: Vec<usize> = people.iter().map(|person| person.singles.len()).collect();
    sizes.sort_unstable();
    let gauge = Gauge::new(site.thresholds, people.len(), sizes.last().copied().unwrap_or(1));
    let (genuine, by_person, disagreeing) = genuine::compare(&ready, &gauge);
    let (impostors, near) = impostors::compare(&ready, &gauge, site.margin);
    let advice = advice::advise(site.target_far, gauge.is_measured(), &impostors);
    let too_few = people.iter().filter(|person| person.singles.len() < ENOUGH);
    Calibration {
        people: people.len(),
        singles: sizes.iter().sum(),
        door: door(site, people.len(), &sizes),
        genuine,
        by_person,
        disagreeing,
        strangers: impostors::compare_strangers(&ready, &gauge, site.scoring),
        near_pairs: near.count,
        look_alikes: near.pairs.iter().map(|pair| look_alikes::look_at(pair, &ready, site)).collect(),
        impostors,
        too_few: too_few.map(|person| (person.id.clone(), person.singles.len())).collect(),
        incomparable,
        advice,
    }
}

fn door(site: &Site<'_>, people: usize, sizes: &[usize]) -> Door {
    let photographs = sizes.first().copied().unwrap_or(1);
    let usual = sizes.get(sizes.len() / 2).copied().unwrap_or(1);
    let case = Case { people, photographs, frames: site.frames, crops: Crops::Plain };
    let photograph = Case { photographs: usual, frames: 1, crops: Crops::Mirrored, ..case };
    let threshold = site.thresholds.threshold(case);
    let promise =
        site.thresholds.promise_at_a_door(people, sizes.iter().copied().chain([photographs]), site.frames);
    Door {
        photographs,
        threshold,
        threshold_with_three: site.thresholds.threshold(Case { photographs: ENOUGH, ..case }),
        far: promise.map(|promise| promise.met).or_else(|| site.thresholds.rate_of(threshold, case)),
        promise,
        is_extrapolated: site.thresholds.is_extrapolated(case),
        threshold_of_a_photograph: site.thresholds.threshold(photograph),
    }
}

#[cfg(test)]
mod tests;
