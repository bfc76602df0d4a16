//! Finds out who looks like whom, for commands that enrol: one person may have two ids, or two people may have one.
//!
//! Each limit is the score that a given share of strangers reaches, by the measured tables. Some of people's own
//! photographs are beyond the limits too. On Labeled Faces in the Wild (press photographs) 2.5 % are beyond the limit
//! of one stranger in a hundred, and 1.5 % beyond that of one in ten; with two enrolled photographs 1.1 % and 0.9 %.

use limen_core::embedding::{Crops, Embedding, Score};
use limen_vision::matching::scoring::{Scored, Scoring};
use limen_vision::matching::thresholds::{Case, Thresholds};
use limen_vision::model::Models;

use super::outcome::CommandError;
use crate::config::Settings;
use crate::gallery::roster::MAX_PHOTOS;
use crate::pipeline::{Attempt, scoring, thresholds};

/// A photograph beyond the score of this share of strangers may show somebody else.
const DOUBTFUL: f64 = 1e-2;
/// A photograph beyond the score of this share of strangers surely shows somebody else.
const SURELY_ANOTHER: f64 = 1e-1;
/// Two people look alike if they are nearer than strangers are by this chance in one enrolment...
const BY_CHANCE: f64 = 1e-2;
/// ...and nearer than this share of strangers, also if there are only few people.
const LOOSEST: f64 = 1e-3;
/// The most frames in the tables.
const MOST_FRAMES: usize = 3;

/// Decides whether people look alike, and whether a photograph shows the person.
pub struct Likeness {
    scoring: Scoring,
    tables: Thresholds,
    doubtful: ThresholdTable,
    surely_another: Option<ThresholdTable>,
    alike: ThresholdTable,
}

/// The share of strangers within which a new person counts as alike to one of so many people.
pub fn share_for_one_among(people: usize) -> f64 {
    (BY_CHANCE / people.max(1) as f64).min(LOOSEST)
}

/// The same if each of so many people is compared with each other.
pub fn share_for_all_of(people: usize) -> f64 {
    let pairs = people.saturating_mul(people.saturating_sub(1)) / 2;
    (BY_CHANCE / pairs.max(1) as f64).min(LOOSEST)
}

impl Likeness {
    /// The limits of a configuration; two people within the score of this `share` of strangers count as alike. For a
    /// model without tables all limits are the configured threshold, and no doubt is sure.
    ///
    /// # Errors
    /// The model has no threshold for the configuration.
    pub fn new(settings: &Settings, models: &Models, share: f64) -> Result<Self, CommandError> {
        let scoring = scoring(&settings.recognition, models)?;
        let tables = thresholds(&settings.recognition, models, &scoring, Attempt::Photograph)?;
        let at = |share: f64| tables.of_one_comparison(share).map(|tables| ThresholdTable::of(&tables));
        Ok(Self {
            doubtful: at(DOUBTFUL).unwrap_or_else(|| ThresholdTable::of(&tables)),
            surely_another: at(SURELY_ANOTHER),
            alike: at(share).unwrap_or_else(|| ThresholdTable::of(&tables)),
            scoring,
            tables,
        })
    }

    /// An embedding, prepared for comparing; `None` if it cannot be compared.
    pub fn ready(&self, embedding: &Embedding) -> Option<Scored> {
        self.scoring.ready(embedding)
    }

    /// Whether a photograph with this score against a template of so many photographs may show somebody else.
    pub fn is_doubtful(&self, score: Score, photographs: usize) -> bool {
        score > self.doubtful.at(photographs, 1)
    }

    /// Whether it surely shows somebody else.
    pub fn is_surely_another(&self, score: Score, photographs: usize) -> bool {
        self.surely_another.as_ref().is_some_and(|bars| score > bars.at(photographs, 1))
    }

    /// Whether `probes` photographs with this score against a template of `photographs` may show the same person.
    pub fn is_alike(&self, score: Score, photographs: usize, probes: usize) -> bool {
        score <= self.alike.at(photographs, probes)
    }

    /// The same for another share of strangers.
    pub fn is_alike_at(&self, share: f64, score: Score, photographs: usize, probes: usize) -> bool {
        let tables = self.tables.of_one_comparison(share);
        score <= tables.as_ref().unwrap_or(&self.tables).threshold(case(photographs, probes))
    }
}

/// The limits for each number of photographs in the template and in the probe, from the tables.
struct ThresholdTable(Vec<[Score; MOST_FRAMES]>);

impl ThresholdTable {
    fn of(tables: &Thresholds) -> Self {
        let row = |photographs| std::array::from_fn(|probes| tables.threshold(case(photographs, probes + 1)));
        Self((1..=MAX_PHOTOS).map(row).collect())
    }

    fn at(&self, photographs: usize, probes: usize) -> Score {
        self.0[photographs.clamp(1, self.0.len()) - 1][probes.clamp(1, MOST_FRAMES) - 1]
    }
}

fn case(photographs: usize, probes: usize) -> Case {
    let frames = u32::try_from(probes).unwrap_or(u32::MAX);
    Case { people: 1, photographs, frames, crops: Crops::Mirrored }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_people_the_nearer_two_must_be_to_be_asked_about() {
        assert_eq!(share_for_one_among(1), LOOSEST);
        assert_eq!(share_for_one_among(1000), 1e-5);
        assert_eq!(share_for_all_of(2), LOOSEST);
        assert!(share_for_all_of(1000) < 1e-7);
    }
}
