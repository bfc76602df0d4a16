//! What a site's own gallery tells about its threshold: all people are compared with each other.
//!
//! Glossary: a *sample* is the mean of a photograph's plain and mirrored embedding, or an embedding from the
//! gallery file. A *genuine* comparison is of a sample with the mean of the same person's other samples. An
//! *impostor* comparison is of a sample with another person's template, or of two people's templates. Each
//! comparison uses the threshold of its own kind, because a table for one number of photographs and frames is
//! not valid for others. Samples and templates contain the mirrored crop; most frames at the door do not, so
//! the door's threshold is another number.
//!
//! Comparisons of the same two people are not independent, so statistical tests count *pairs* of people.

pub mod advice;
mod checked;
pub mod counts;
pub mod genuine;
pub mod impostors;
pub mod look_alikes;
mod near_pairs;
pub mod plot;
mod ready;
mod site;

use limen_core::embedding::{Crops, Score};
use limen_core::people::Person;
use limen_core::person::PersonId;
use limen_vision::matching::thresholds::{Case, Promise};

use advice::Advice;
use counts::ScoreCounts;
use genuine::{Disagreeing, PersonScores};
use impostors::{Impostors, Strangers};
use look_alikes::LookAlike;
use ready::Gauge;

pub use checked::CHECKED;
pub use near_pairs::MOST_PAIRS;
pub use site::CalibrationSite;

/// With fewer samples than this a person has too few: the error-rate tables go up to templates of three.
pub const ENOUGH: usize = 3;

/// What the configuration means at the door.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoorThresholds {
    /// The number of photographs in the smallest template, at least 1.
    pub photographs: usize,
    /// Up to this score the smallest template accepts a fused probe of plain crops.
    pub threshold: Score,
    /// The same for a template of three photographs.
    pub threshold_with_three: Score,
    /// The false accept rate of a stranger's attempt, by the tables: the target, or the rate that is reached.
    /// `None` for a model without tables.
    pub far: Option<f64>,
    /// The target and the rate that is reached; `None` with a fixed distance.
    pub promise: Option<Promise>,
    /// Whether the threshold is on the fitted tail of the table.
    pub is_extrapolated: bool,
    /// The threshold for the same target and one photograph against the usual template, as the histogram
    /// shows it.
    pub threshold_of_a_photograph: Score,
}

/// The result of a calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The number of people compared.
    pub people: usize,
    /// The number of their samples.
    pub samples: usize,
    /// The threshold in force, and the rate that the tables promise for it.
    pub door: DoorThresholds,
    /// The genuine comparisons.
    pub genuine: ScoreCounts,
    /// The genuine comparisons per person; none for people with one sample.
    pub by_person: Vec<PersonScores>,
    /// Samples that look like another person.
    pub disagreeing: Vec<Disagreeing>,
    /// The impostor comparisons.
    pub impostors: Impostors,
    /// The cohort's synthetic faces compared with every template. Only shown; no advice depends on it.
    pub strangers: Option<Strangers>,
    /// Pairs that are too near, the nearest first; at most [`MOST_PAIRS`].
    pub look_alikes: Vec<LookAlike>,
    /// The number of all pairs that are too near.
    pub near_pairs: usize,
    /// People with fewer than [`ENOUGH`] samples, and how many they have.
    pub too_few: Vec<(PersonId, usize)>,
    /// People whose embeddings have another length than most, or are too large to compare.
    pub incomparable: Vec<PersonId>,
    /// The target to use.
    pub advice: Advice,
}

/// Compares all people with each other. The time grows with the square of their number.
pub fn calibrate(site: &CalibrationSite<'_>) -> Calibration {
    let (ready, incomparable) = ready::comparable(site.gallery, site.scoring);
    let people: Vec<&Person> = ready.iter().map(|ready| ready.person).collect();
    let mut sizes: Vec<usize> = people.iter().map(|person| person.samples.len()).collect();
    sizes.sort_unstable();
    let gauge = Gauge::new(site.thresholds, people.len(), sizes.last().copied().unwrap_or(1));
    let (genuine, by_person, disagreeing) = genuine::compare(&ready, &gauge);
    let (impostors, near) = impostors::compare(&ready, &gauge, site.margin);
    let advice = advice::advise(site.target_far, gauge.is_measured(), &impostors);
    let too_few = people.iter().filter(|person| person.samples.len() < ENOUGH);
    Calibration {
        people: people.len(),
        samples: sizes.iter().sum(),
        door: door(site, people.len(), &sizes),
        genuine,
        by_person,
        disagreeing,
        strangers: impostors::compare_strangers(&ready, &gauge, site.scoring),
        near_pairs: near.count,
        look_alikes: near.pairs.iter().map(|pair| look_alikes::look_at(pair, &ready, site)).collect(),
        impostors,
        too_few: too_few.map(|person| (person.id.clone(), person.samples.len())).collect(),
        incomparable,
        advice,
    }
}

fn door(site: &CalibrationSite<'_>, people: usize, sizes: &[usize]) -> DoorThresholds {
    let photographs = sizes.first().copied().unwrap_or(1);
    let usual = sizes.get(sizes.len() / 2).copied().unwrap_or(1);
    let case = Case { people, photographs, frames: site.frames, crops: Crops::Plain };
    let photograph = Case { photographs: usual, frames: 1, crops: Crops::Mirrored, ..case };
    let threshold = site.thresholds.threshold(case);
    let promise =
        site.thresholds.promise_at_a_door(people, sizes.iter().copied().chain([photographs]), site.frames);
    DoorThresholds {
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
