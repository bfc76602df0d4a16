//! The templates in memory: by person, model and photograph.

use std::collections::BTreeMap;

use limen_core::embedding::{Embedding, ModelDigest};
use limen_core::people::PhotoDigest;
use limen_core::person::PersonId;

use super::error::StoreError;

/// The network's result for one photograph.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoTemplate {
    /// The embedding of the face.
    pub plain: Embedding,
    /// The embedding of the mirrored face, of the same length.
    pub mirrored: Embedding,
}

impl PhotoTemplate {
    /// The mean of both; `None` if they differ in length.
    pub fn sample(&self) -> Option<Embedding> {
        Embedding::mean([&self.plain, &self.mirrored])
    }
}

/// The model and the photograph of a template.
pub(super) type TemplateSource = (ModelDigest, PhotoDigest);

/// Templates by person, model and photograph. One model is in force. Of other models only templates are kept
/// that cannot be made again.
#[derive(Debug, Clone)]
pub struct Store {
    model: ModelDigest,
    /// The length of each model's embeddings, known from its first template: searching for one would take as
    /// long as the store is large.
    lengths: BTreeMap<ModelDigest, usize>,
    /// Sorted by source. Most people have one or two, for which a map of maps would take twice the memory.
    records: BTreeMap<PersonId, Vec<(TemplateSource, PhotoTemplate)>>,
}

impl PartialEq for Store {
    /// Equal templates, and the same model in force.
    fn eq(&self, other: &Self) -> bool {
        self.model == other.model && self.records == other.records
    }
}

impl Store {
    /// A store without templates; `model` is in force.
    pub fn empty(model: ModelDigest) -> Self {
        Self { model, lengths: BTreeMap::new(), records: BTreeMap::new() }
    }

    /// The same templates, with another model in force.
    pub fn with_model(self, model: ModelDigest) -> Self {
        Self { model, ..self }
    }

    /// The model in force.
    pub fn model(&self) -> ModelDigest {
        self.model
    }

    /// The number of templates of the model in force.
    pub fn len(&self) -> usize {
        self.records.keys().map(|person| self.of(person).count()).sum()
    }

    /// The number of templates of all models.
    pub fn total(&self) -> usize {
        self.entries().count()
    }

    /// Whether there is no template of the model in force.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The template of this person's photograph by the model in force, if there is one.
    pub fn find(&self, person: &PersonId, photo: &PhotoDigest) -> Option<&PhotoTemplate> {
        let records = self.records.get(person)?;
        let at = place_of(records, &(self.model, *photo)).ok()?;
        Some(&records[at].1)
    }

    /// All photographs with a template of the model in force, and their people.
    pub fn photos(&self) -> impl Iterator<Item = (&PersonId, &PhotoDigest)> {
        let entries = self.entries().filter(|(_, (model, _), _)| *model == self.model);
        entries.map(|(person, (_, photo), _)| (person, photo))
    }

    /// A person's templates of the model in force.
    pub fn of(&self, person: &PersonId) -> impl Iterator<Item = &PhotoTemplate> {
        let records = self.records.get(person).into_iter().flatten();
        records.filter(|((model, _), _)| *model == self.model).map(|(_, template)| template)
    }

    /// The other models of which the person has templates.
    pub fn other_models(&self, person: &PersonId) -> Vec<ModelDigest> {
        let records = self.records.get(person).into_iter().flatten();
        let mut models: Vec<_> = records.map(|((model, _), _)| *model).filter(|m| *m != self.model).collect();
        models.dedup();
        models
    }

    /// Takes out the template of this person's photograph by the model in force, if there is one.
    pub fn take(&mut self, person: &PersonId, photo: &PhotoDigest) -> Option<PhotoTemplate> {
        let records = self.records.get_mut(person)?;
        let at = place_of(records, &(self.model, *photo)).ok()?;
        let (_, template) = records.remove(at);
        if records.is_empty() {
            self.records.remove(person);
        }
        Some(template)
    }

    /// Adds a template of the model in force, or replaces that of the same photograph. All embeddings of a
    /// model must have the same length.
    pub fn insert(
        &mut self,
        person: PersonId,
        photo: PhotoDigest,
        template: PhotoTemplate,
    ) -> Result<(), StoreError> {
        self.insert_of(self.model, person, photo, template)
    }

    pub(super) fn insert_of(
        &mut self,
        model: ModelDigest,
        person: PersonId,
        photo: PhotoDigest,
        template: PhotoTemplate,
    ) -> Result<(), StoreError> {
        let length = *self.lengths.entry(model).or_insert(template.plain.dimensions());
        if template.plain.dimensions() != length || template.mirrored.dimensions() != length {
            return Err(StoreError::OtherLength);
        }
        put(self.records.entry(person).or_default(), (model, photo), template);
        Ok(())
    }

    /// Takes over all templates of a person, of any model, from another store.
    pub fn keep(&mut self, person: &PersonId, from: &mut Self) {
        if let Some(known) = from.records.remove(person) {
            for (model, length) in &from.lengths {
                self.lengths.entry(*model).or_insert(*length);
            }
            let records = self.records.entry(person.clone()).or_default();
            known.into_iter().for_each(|(source, template)| put(records, source, template));
        }
    }

    /// Removes all templates of a person. Returns their number.
    pub fn forget(&mut self, person: &PersonId) -> usize {
        self.records.remove(person).map_or(0, |gone| gone.len())
    }

    /// All records, of all models, in a fixed order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&PersonId, &TemplateSource, &PhotoTemplate)> {
        self.records.iter().flat_map(|(person, records)| {
            records.iter().map(move |(source, template)| (person, source, template))
        })
    }
}

/// The index of a source, or where to insert it.
fn place_of(records: &[(TemplateSource, PhotoTemplate)], source: &TemplateSource) -> Result<usize, usize> {
    records.binary_search_by(|(known, _)| known.cmp(source))
}

/// Adds a template, or replaces that of the same source.
fn put(records: &mut Vec<(TemplateSource, PhotoTemplate)>, source: TemplateSource, template: PhotoTemplate) {
    match place_of(records, &source) {
        Ok(at) => records[at].1 = template,
        Err(at) => {
            records.reserve_exact(1);
            records.insert(at, (source, template));
        }
    }
}
