//! From a good gallery to what is kept of it, and from that to a gallery again, with the templates in the store.

use std::collections::HashMap;
use std::path::PathBuf;

use limen_core::embedding::Embedding;
use limen_core::people::{Gallery, Person, PhotoDigest};
use limen_core::person::PersonId;

use super::assembly::AssemblyPlan;
use super::last_good::{Kept, KeptPerson, given};
use super::roster::{Roster, RosterEntry};
use super::store::{PhotoTemplate, Store};

impl Kept {
    /// From a gallery file without mistakes, and its photographs as they were found.
    pub fn of(roster: Roster, plan: AssemblyPlan) -> Self {
        let mut photos: HashMap<PersonId, Vec<(PathBuf, PhotoDigest)>> = HashMap::new();
        for photo in plan.photos {
            photos.entry(photo.person).or_default().push((photo.name, photo.digest));
        }
        let person = |entry: RosterEntry| KeptPerson {
            photos: photos.remove(&entry.id).unwrap_or_default(),
            id: entry.id,
            name: entry.name,
            standing: entry.standing,
            given: entry.embeddings.into_iter().map(given).collect(),
            stored: entry.stored,
        };
        Self { people: roster.people.into_iter().map(person).collect() }
    }

    /// The gallery with the templates in the store, and the people who cannot enter because they have none.
    pub fn gallery(&self, store: &Store) -> (Gallery, Vec<PersonId>) {
        let mut without = Vec::new();
        let people = self.people.iter().filter_map(|kept| {
            let person = kept.with_templates(store);
            if person.is_none() {
                without.push(kept.id.clone());
            }
            person
        });
        (Gallery::new(people.collect(), store.model()), without)
    }
}

impl KeptPerson {
    fn with_templates(&self, store: &Store) -> Option<Person> {
        let mut samples: Vec<Embedding> = match self.stored {
            true => store.of(&self.id).filter_map(PhotoTemplate::sample).collect(),
            false => {
                self.photos.iter().filter_map(|(_, photo)| store.find(&self.id, photo)?.sample()).collect()
            }
        };
        let photographs = samples.len();
        let given = self.given.iter().filter_map(|given| given.whole.as_ref());
        samples.extend(
            given.filter(|(model, _)| *model == store.model()).map(|(_, embedding)| embedding.clone()),
        );
        Person::new(self.id.clone(), self.name.clone(), self.standing.clone(), samples, photographs)
    }
}
