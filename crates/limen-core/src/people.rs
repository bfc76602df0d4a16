//! The people who may enter: who they are, how one network embeds their faces, and when they may enter. A
//! gallery never changes: it is replaced as a whole.
//!
//! Glossary: a *sample* is the mean of a photograph's plain and mirrored embedding. A *template* is the mean
//! of a person's samples. A *probe* is what the camera sees: it is compared with the templates. A *standing*
//! says whether and when a person may enter at all.

mod means;
mod photo;

use std::sync::Arc;

use jiff::civil::Date;

use crate::embedding::{Embedding, ModelDigest};
use crate::person::{GroupId, PersonId, PersonName};

pub use means::Means;
pub use photo::PhotoDigest;

/// How a person shows that a living head stands at the door, where the site asks for a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChallengeRule {
    /// By turning the head.
    #[default]
    Turn,
    /// By a PIN: this person cannot turn their head.
    Pin,
}

impl ChallengeRule {
    /// Every rule with its name in the gallery file.
    pub const NAMES: [(&'static str, Self); 2] = [("turn", Self::Turn), ("pin", Self::Pin)];

    /// The rule with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, rule)| *rule)
    }

    /// The rule's name in the gallery file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Pin => "pin",
        }
    }
}

/// Whether and when a person may enter, apart from the face.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Whether the person is enrolled but may not enter.
    pub suspended: bool,
    /// The first day on which the person may enter, in local time. `None`: no first day.
    pub valid_from: Option<Date>,
    /// The last day on which the person may enter, in local time. `None`: no last day.
    pub valid_until: Option<Date>,
    /// The groups whose schedules let the person in. A person without groups may enter at any time.
    pub groups: Vec<GroupId>,
    /// Whether the door stays unlocked longer for this person, and may stand open longer.
    pub extended_time: bool,
    /// How the person shows that a living head stands at the door.
    pub challenge: ChallengeRule,
    /// The person's second factors.
    pub means: Arc<Means>,
}

impl Standing {
    /// Whether `day` lies within the dates. A suspension is not considered.
    pub fn covers(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|first| first <= day) && self.valid_until.is_none_or(|last| day <= last)
    }

    /// Whether the person has a first or last day, so that a decision needs a trusted clock.
    pub fn is_limited_by_date(&self) -> bool {
        self.valid_from.is_some() || self.valid_until.is_some()
    }
}

/// An enrolled person.
#[derive(Debug, Clone)]
pub struct Person {
    /// The id, for files and logs.
    pub id: PersonId,
    /// The name, to show to people.
    pub name: PersonName,
    /// Whether and when the person may enter.
    pub standing: Standing,
    /// The samples of the photographs, then the embeddings in the gallery file. Empty only after
    /// [`Gallery::take_samples`].
    pub samples: Vec<Embedding>,
    /// The number of samples. It stays the same when the samples are taken.
    pub enrolled: usize,
    /// How many of the samples come from photographs.
    pub photographs: usize,
}

impl Person {
    /// A person with at least one sample; `None` without samples, or if they differ in length.
    pub fn new(
        id: PersonId,
        name: PersonName,
        standing: Standing,
        samples: Vec<Embedding>,
        photographs: usize,
    ) -> Option<Self> {
        Embedding::mean(&samples)?;
        Some(Self { id, name, standing, enrolled: samples.len(), samples, photographs })
    }

    /// The mean of the samples: probes are compared with it. `None` after [`Gallery::take_samples`].
    pub fn template(&self) -> Option<Embedding> {
        Embedding::mean(&self.samples)
    }
}

/// All people enrolled with one model. It does not change once made.
#[derive(Debug, Clone)]
pub struct Gallery {
    people: Vec<Person>,
    model: ModelDigest,
}

impl Gallery {
    /// A gallery of these people. `model` must have made all their templates. If two people have the same id,
    /// the first is kept.
    pub fn new(mut people: Vec<Person>, model: ModelDigest) -> Self {
        people.sort_by(|a, b| a.id.cmp(&b.id));
        people.dedup_by(|later, earlier| later.id == earlier.id);
        Self { people, model }
    }

    /// A gallery without people.
    pub fn empty(model: ModelDigest) -> Self {
        Self { people: Vec::new(), model }
    }

    /// All people, in the order of their ids.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The person with this id.
    pub fn get(&self, id: &PersonId) -> Option<&Person> {
        Some(&self.people[self.index_of(id)?])
    }

    /// The index of the person with this id in [`Self::people`].
    pub fn index_of(&self, id: &PersonId) -> Option<usize> {
        self.people.binary_search_by(|person| person.id.cmp(id)).ok()
    }

    /// The model that made all templates.
    pub fn model(&self) -> ModelDigest {
        self.model
    }

    /// The number of samples of all people. It stays the same when the samples are taken.
    pub fn templates(&self) -> usize {
        self.people.iter().map(|person| person.enrolled).sum()
    }

    /// Takes the samples out, person by person, in the order of [`Self::people`]. A second call gives empty
    /// lists.
    pub fn take_samples(&mut self) -> impl Iterator<Item = Vec<Embedding>> {
        self.people.iter_mut().map(|person| std::mem::take(&mut person.samples))
    }

    /// The ids that only this gallery has, then the ids that only `old` has.
    pub fn diff(&self, old: &Self) -> (Vec<PersonId>, Vec<PersonId>) {
        (self.ids_not_in(old), old.ids_not_in(self))
    }

    fn ids_not_in(&self, other: &Self) -> Vec<PersonId> {
        self.people.iter().map(|p| &p.id).filter(|id| other.get(id).is_none()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> Person {
        let samples =
            vec![Embedding::new([0.0, 2.0]).expect("finite"), Embedding::new([2.0, 4.0]).expect("finite")];
        let id = PersonId::new(id).expect("an id");
        let name = PersonName::new("Somebody").expect("a name");
        Person::new(id, name, Standing::default(), samples, 2).expect("two samples")
    }

    fn gallery(ids: &[&str]) -> Gallery {
        Gallery::new(ids.iter().map(|id| person(id)).collect(), ModelDigest::of(b"model"))
    }

    #[test]
    fn a_template_is_the_mean_of_the_samples() {
        assert_eq!(person("ada").template().expect("two samples").values(), [1.0, 3.0]);
    }

    #[test]
    fn singles_that_are_taken_leave_their_number() {
        let mut gallery = gallery(&["zoe", "ada"]);
        assert_eq!(gallery.take_samples().map(|samples| samples.len()).collect::<Vec<_>>(), [2, 2]);
        assert_eq!((gallery.templates(), gallery.people()[0].enrolled), (4, 2));
        assert!(gallery.people()[0].template().is_none());
    }

    #[test]
    fn people_are_found_by_id_whatever_the_order_of_the_file() {
        let gallery = gallery(&["zoe", "ada", "bob"]);
        for id in ["ada", "bob", "zoe"] {
            let id = PersonId::new(id).expect("an id");
            assert_eq!(gallery.get(&id).map(|p| &p.id), Some(&id));
        }
        assert_eq!(gallery.templates(), 6);
    }

    #[test]
    fn a_difference_names_who_came_and_who_went() {
        let (added, removed) = gallery(&["ada", "eve"]).diff(&gallery(&["ada", "bob"]));
        assert_eq!(added, [PersonId::new("eve").expect("an id")]);
        assert_eq!(removed, [PersonId::new("bob").expect("an id")]);
    }

    #[test]
    fn dates_are_inclusive_on_both_ends() {
        let day = |d| Date::new(2027, 6, d).expect("a date");
        let standing =
            Standing { valid_from: Some(day(2)), valid_until: Some(day(4)), ..Standing::default() };
        assert_eq!([1, 2, 4, 5].map(|d| standing.covers(day(d))), [false, true, true, false]);
        assert!(standing.is_limited_by_date() && !Standing::default().is_limited_by_date());
    }
}
