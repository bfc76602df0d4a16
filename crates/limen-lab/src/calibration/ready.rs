//! People prepared for comparisons, and the thresholds of each kind of comparison.

use std::collections::BTreeMap;

use limen_core::embedding::{Crops, Embedding, Score};
use limen_core::people::{Gallery, Person};
use limen_core::person::PersonId;
use limen_vision::matching::scoring::{Scored, Scoring};
use limen_vision::matching::thresholds::{Case, Thresholds};

use super::checked::CHECKED;

/// The longest embedding that is compared, so that no distance overflows.
const LONGEST: f32 = 1e18;

/// A person with all embeddings that are compared.
pub(super) struct Ready<'a> {
    pub person: &'a Person,
    pub template: Scored,
    pub samples: Vec<Scored>,
    /// For each sample, the mean of the others; empty if there is only one.
    pub others: Vec<Scored>,
}

impl<'a> Ready<'a> {
    /// A person with samples that can all be compared; otherwise `None`.
    fn of(person: &'a Person, scoring: &Scoring) -> Option<Self> {
        let samples = &person.samples;
        let ready = |of: &mut dyn Iterator<Item = &Embedding>| scoring.ready(&scoring.mean(of)?);
        let without = |left_out: usize| {
            let others = samples.iter().enumerate().filter(|(index, _)| *index != left_out);
            ready(&mut others.map(|(_, sample)| sample))
        };
        let alone = samples.len() == 1;
        Some(Self {
            person,
            template: ready(&mut samples.iter())?,
            samples: samples.iter().map(|sample| scoring.ready(sample)).collect::<Option<_>>()?,
            others: (0..samples.len()).filter(|_| !alone).map(without).collect::<Option<_>>()?,
        })
    }
}

/// The people who can be compared, and the ids of the others: their embeddings have another length than most,
/// are too large, or have no direction for a comparison by angle.
pub(super) fn comparable<'a>(gallery: &'a Gallery, scoring: &Scoring) -> (Vec<Ready<'a>>, Vec<PersonId>) {
    let (alike, mut rest) = of_one_length(gallery);
    let ready: Vec<Ready<'a>> = alike
        .into_iter()
        .filter_map(|person| {
            let ready = Ready::of(person, scoring);
            if ready.is_none() {
                rest.push(person.id.clone());
            }
            ready
        })
        .collect();
    rest.sort_unstable();
    (ready, rest)
}

fn of_one_length(gallery: &Gallery) -> (Vec<&Person>, Vec<PersonId>) {
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    // All samples of a person have the same length.
    let length = |person: &Person| person.samples.first().map(Embedding::dimensions);
    for length in gallery.people().iter().filter_map(length) {
        *lengths.entry(length).or_default() += 1;
    }
    let usual = lengths.into_iter().max_by_key(|(_, people)| *people).map(|(length, _)| length);
    let is_bounded = |e: &Embedding| e.values().iter().map(|v| v * v).sum::<f32>().sqrt() <= LONGEST;
    let (good, bad): (Vec<&Person>, Vec<&Person>) = gallery
        .people()
        .iter()
        .partition(|person| length(person) == usual && person.samples.iter().all(is_bounded));
    (good, bad.into_iter().map(|person| person.id.clone()).collect())
}

/// The thresholds of one kind of comparison.
#[derive(Debug, Clone, Copy)]
pub(super) struct CaseThresholds {
    /// Up to this score the site accepts.
    pub accept: Score,
    /// Up to these scores the tables accept the checked fractions of strangers; none without tables.
    pub checked: [Option<Score>; CHECKED.len()],
}

/// The thresholds of all kinds of comparison in a gallery, looked up once.
pub(super) struct Gauge {
    bars: Vec<CaseThresholds>,
    most: usize,
    measured: bool,
}

impl Gauge {
    /// For `people` people with at most `most` samples each.
    pub fn new(thresholds: &Thresholds, people: usize, most: usize) -> Self {
        let most = most.max(1);
        let checked = CHECKED.map(|rate| thresholds.of_one_comparison(rate));
        let of = |photographs: usize, frames: usize| {
            let frames = u32::try_from(frames).unwrap_or(u32::MAX);
            let case = Case { people, photographs, frames, crops: Crops::Mirrored };
            let alone = Case { people: 1, ..case };
            let score = |table: &Option<Thresholds>| table.as_ref().map(|table| table.threshold(alone));
            CaseThresholds { accept: thresholds.threshold(case), checked: checked.each_ref().map(score) }
        };
        let bars = (1..=most).flat_map(|p| (1..=most).map(move |f| (p, f))).map(|(p, f)| of(p, f)).collect();
        Self { bars, most, measured: checked[0].is_some() }
    }

    /// The thresholds for a probe of `frames` frames and a template of `photographs` photographs.
    pub fn bars(&self, photographs: usize, frames: usize) -> &CaseThresholds {
        let place = |count: usize| count.clamp(1, self.most) - 1;
        &self.bars[place(photographs) * self.most + place(frames)]
    }

    /// Whether the model has tables.
    pub fn is_measured(&self) -> bool {
        self.measured
    }
}
