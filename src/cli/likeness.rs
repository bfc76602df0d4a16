//! Who looks like whom, for commands that enrol: one person under two ids, two people under one.
//!
//! The limits come from the measured tables, by the share of strangers' comparisons that lies within. Of people's own
//! photographs (press photographs of Labeled Faces in the Wild) 2.5 % lie beyond where one stranger in a hundred does,
//! and 1.5 % beyond where one in ten does; with two photographs enrolled 1.1 % and 0.9 %.

use limen_core::embedding::{Crops, Embedding, Score};
use limen_vision::matching::scoring::{Scored, Scoring};
use limen_vision::matching::thresholds::{Case, Thresholds};
use limen_vision::model::Models;

use super::trouble::Trouble;
use crate::config::Settings;
use crate::gallery::roster::MAX_PHOTOS;
use crate::pipeline::{Attempt, scoring, thresholds};

/// Beyond where one stranger in a hundred lies, a photograph may show somebody else.
const DOUBTFUL: f64 = 1e-2;
/// Beyond where one stranger in ten lies, it does.
const SURELY_ANOTHER: f64 = 1e-1;
/// Two people are asked about who are nearer than by chance in so many enrolments...
const BY_CHANCE: f64 = 1e-2;
/// ...and nearer than this share of strangers, however few people there are.
const LOOSEST: f64 = 1e-3;
/// The tables have no more frames than these.
const MOST_FRAMES: usize = 3;

/// Tells people apart, and photographs of one person from those of others.
pub struct Likeness {
    scoring: Scoring,
    tables: Thresholds,
    doubtful: Bars,
    surely_another: Option<Bars>,
    alike: Bars,
}

/// The share of strangers' comparisons up to which somebody is asked about who comes to so many people.
pub fn share_for_one_among(people: usize) -> f64 {
    (BY_CHANCE / people.max(1) as f64).min(LOOSEST)
}

/// The same, for everybody of so many people against everybody else.
pub fn share_for_all_of(people: usize) -> f64 {
    let pairs = people.saturating_mul(people.saturating_sub(1)) / 2;
    (BY_CHANCE / pairs.max(1) as f64).min(LOOSEST)
}

impl Likeness {
    /// `share` of strangers' comparisons count as alike. A model without tables has one limit for all, the configured
    /// one, and nothing is sure.
    pub fn new(settings: &Settings, models: &Models, share: f64) -> Result<Self, Trouble> {
        let scoring = scoring(&settings.recognition, models)?;
        let tables = thresholds(&settings.recognition, models, &scoring, Attempt::Photograph)?;
        let at = |share: f64| tables.of_one_comparison(share).map(|tables| Bars::of(&tables));
        Ok(Self {
            doubtful: at(DOUBTFUL).unwrap_or_else(|| Bars::of(&tables)),
            surely_another: at(SURELY_ANOTHER),
            alike: at(share).unwrap_or_else(|| Bars::of(&tables)),
            scoring,
            tables,
        })
    }

    /// An embedding made ready for comparing; `None` for one that cannot be compared.
    pub fn ready(&self, embedding: &Embedding) -> Option<Scored> {
        self.scoring.ready(embedding)
    }

    /// Whether a score against a template of so many photographs may be somebody else's.
    pub fn is_doubtful(&self, score: Score, photographs: usize) -> bool {
        score > self.doubtful.at(photographs, 1)
    }

    /// Whether it surely is.
    pub fn is_surely_another(&self, score: Score, photographs: usize) -> bool {
        self.surely_another.as_ref().is_some_and(|bars| score > bars.at(photographs, 1))
    }

    /// Whether so many photographs together are so near to a template of so many that both may show one person.
    pub fn is_alike(&self, score: Score, photographs: usize, probes: usize) -> bool {
        score <= self.alike.at(photographs, probes)
    }

    /// The same at another share of strangers.
    pub fn is_alike_at(&self, share: f64, score: Score, photographs: usize, probes: usize) -> bool {
        let tables = self.tables.of_one_comparison(share);
        score <= tables.as_ref().unwrap_or(&self.tables).threshold(case(photographs, probes))
    }
}

/// Scores by the photographs of the template and those of the probe, looked up once.
struct Bars(Vec<[Score; MOST_FRAMES]>);

impl Bars {
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
