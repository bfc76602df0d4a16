//! A gallery prepared for comparison: all templates in one block, each with its half of the centring.
//!
//! With a cohort this takes a tenth of a millisecond per person, so a worker does it and hands the result
//! over.

use std::sync::Arc;

use limen_core::people::{Gallery, Person, Standing};
use limen_core::person::PersonId;

use super::distances::{Near, Templates};
use super::scoring::Scoring;

/// A gallery with all that a comparison needs. It does not change once made.
#[derive(Debug)]
pub struct Prepared {
    gallery: Arc<Gallery>,
    scoring: Scoring,
    templates: Templates,
}

impl Prepared {
    /// Prepares a gallery. It drops the samples, so that nothing is in memory twice. A person whose samples
    /// cannot be compared keeps the place, and never matches.
    pub fn new(mut gallery: Gallery, scoring: Scoring) -> Self {
        let ready = gallery.take_samples().map(|samples| scoring.ready(&scoring.mean(&samples)?));
        let templates = Templates::of(ready);
        Self { gallery: Arc::new(gallery), scoring, templates }
    }

    /// The same people with new standings, and without those who have none now. No template is computed
    /// again.
    pub fn narrowed(&self, standing_of: impl Fn(&PersonId) -> Option<Standing>) -> Self {
        let standings: Vec<Option<Standing>> =
            self.gallery.people().iter().map(|person| standing_of(&person.id)).collect();
        let templates = self.templates.of_those(|index| standings[index].is_some());
        let both = self.gallery.people().iter().zip(standings);
        let people =
            both.filter_map(|(person, standing)| Some(Person { standing: standing?, ..person.clone() }));
        let gallery = Gallery::new(people.collect(), self.gallery.model());
        Self { gallery: Arc::new(gallery), scoring: self.scoring.clone(), templates }
    }

    /// The people whom it was made of.
    pub fn gallery(&self) -> &Arc<Gallery> {
        &self.gallery
    }

    /// How embeddings are compared.
    pub fn scoring(&self) -> &Scoring {
        &self.scoring
    }

    /// The person at a place in the gallery.
    pub(super) fn person(&self, near: Near) -> &Person {
        &self.gallery.people()[near.index]
    }

    pub(super) fn templates(&self) -> &Templates {
        &self.templates
    }
}
