//! From the gallery file and the store to a gallery: new photographs are embedded, for the others the store
//! is used.
//!
//! One photograph that cannot be used stops everything, and every problem is listed: a gallery that lacks a
//! person without notice is worse than yesterday's. The embedder is an argument.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use limen_core::embedding::{Embedding, ModelDigest};
use limen_core::people::PhotoDigest;
use limen_core::people::{Gallery, Person};
use limen_core::person::PersonId;
use limen_files::{Trust, read_trusted};
use thiserror::Error;

use super::roster::{Photo, Roster, RosterEntry};
use super::store::{ModelVersion, PhotoTemplate, Store, StoreError};
use crate::diagnostics::{Diagnostic, DiagnosticList, MAX_DIAGNOSTICS};

/// The largest photograph file, in bytes: larger than any camera's JPEG.
pub const MAX_PHOTO_BYTES: u64 = 32 << 20;

/// Why there is no new gallery.
#[derive(Debug, Error)]
pub enum GalleryError {
    /// Photographs or people that cannot be used, at least one.
    #[error("{}", DiagnosticList(.0))]
    Wrong(Vec<Diagnostic>),
}

/// Turns a photograph into embeddings.
pub trait PhotoEmbedder {
    /// The model that it uses.
    fn model(&self) -> ModelDigest;

    /// How many numbers its embeddings have.
    fn dimensions(&self) -> usize;

    /// The name and version of the model.
    fn version(&self) -> ModelVersion;

    /// The embeddings of the only good face in a photograph; otherwise what is wrong with it, and the remedy.
    /// `file` is only for messages.
    fn embed(&mut self, bytes: &[u8], file: &Path) -> Result<PhotoTemplate, String>;
}

/// The photographs that were found, and which of them have no template yet.
#[derive(Debug, Clone, Default)]
pub struct AssemblyPlan {
    /// All photographs of the roster, in its order.
    pub photos: Vec<PlannedPhoto>,
}

/// A photograph, found and read once.
#[derive(Debug, Clone)]
pub struct PlannedPhoto {
    /// The person whom it shows.
    pub person: PersonId,
    /// The path in the gallery file.
    pub name: PathBuf,
    /// The real path, with the folder and without symbolic links.
    pub path: PathBuf,
    /// The digest of the file.
    pub digest: PhotoDigest,
    /// The line of the gallery file that names it, from 1.
    pub line: usize,
    /// Whether the store has its template.
    pub ready: bool,
}

impl AssemblyPlan {
    /// The photographs that have no template yet.
    pub fn to_embed(&self) -> impl Iterator<Item = &PlannedPhoto> {
        self.photos.iter().filter(|photo| !photo.ready)
    }

    /// Marks the photographs whose template by `model` is in the store.
    pub fn look_up(&mut self, store: &Store, model: ModelDigest) {
        let usable = store.model() == model;
        for photo in &mut self.photos {
            photo.ready = usable && store.find(&photo.person, &photo.digest).is_some();
        }
    }
}

/// A gallery, and the store that makes the next start fast.
#[derive(Debug, Clone)]
pub struct Built {
    /// The people with their templates.
    pub gallery: Gallery,
    /// The templates of the gallery's photographs. Those of people and photographs that are gone are not in
    /// it.
    pub store: Store,
    /// What should be mended but stops nobody else: embeddings of another model in the file.
    pub notes: Vec<Diagnostic>,
}

/// Finds and reads every photograph once. Paths are relative to `folder` and may not lead out of it.
pub fn plan(
    roster: &Roster,
    folder: &Path,
    trust: Trust,
    store: &Store,
    model: ModelDigest,
) -> Result<AssemblyPlan, GalleryError> {
    let (mut plan, diagnostics) = find_photographs(roster, folder, trust);
    plan.look_up(store, model);
    if diagnostics.is_empty() { Ok(plan) } else { Err(GalleryError::Wrong(diagnostics)) }
}

/// Like [`plan`], as far as possible: also returns all mistakes. No template is looked up.
pub fn find_photographs(roster: &Roster, folder: &Path, trust: Trust) -> (AssemblyPlan, Vec<Diagnostic>) {
    let mut problems = Problems::new(&roster.file);
    let mut owners: HashMap<PhotoDigest, (&PersonId, usize)> = HashMap::new();
    let mut photos = Vec::new();
    for (entry, photo) in roster.people.iter().flat_map(|entry| entry.photos.iter().map(move |p| (entry, p)))
    {
        let (path, digest) = match locate(folder, photo, trust) {
            Ok(found) => found,
            Err(why) => {
                problems.note(photo.line, &entry.id, why);
                continue;
            }
        };
        if let Some((owner, line)) = owners.insert(digest, (&entry.id, photo.line)) {
            let shown = photo.path.display();
            problems.note(
                photo.line,
                &entry.id,
                format!("{shown} is the same picture as that of \"{owner}\" in line {line}; remove one"),
            );
        }
        let (person, name) = (entry.id.clone(), photo.path.clone());
        photos.push(PlannedPhoto { person, name, path, digest, line: photo.line, ready: false });
    }
    (AssemblyPlan { photos }, problems.0)
}

/// Makes the gallery, embedding only the photographs that the store does not have. `progress` gets the number
/// of missing photographs that are done, and the number of all missing ones.
///
/// Templates of another model, in the store or in the file, are not used.
pub fn build(
    roster: &Roster,
    folder: &Path,
    trust: Trust,
    store: Store,
    embedder: &mut dyn PhotoEmbedder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Built, GalleryError> {
    let plan = plan(roster, folder, trust, &store, embedder.model())?;
    build_planned(roster, &plan, trust, store, embedder, progress)
}

/// Like [`build`], after the photographs were found and looked up in the store.
pub fn build_planned(
    roster: &Roster,
    plan: &AssemblyPlan,
    trust: Trust,
    store: Store,
    embedder: &mut dyn PhotoEmbedder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Built, GalleryError> {
    let templates = embed_missing(roster, plan, trust, store, embedder, progress)?;
    assemble(roster, plan, templates, embedder.dimensions())
}

fn embed_missing(
    roster: &Roster,
    plan: &AssemblyPlan,
    trust: Trust,
    mut store: Store,
    embedder: &mut dyn PhotoEmbedder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Store, GalleryError> {
    let mut problems = Problems::new(&roster.file);
    let mut made = Store::empty(embedder.model());
    let (mut done, total) = (0, plan.to_embed().count());
    for photo in &plan.photos {
        let known = if photo.ready { store.take(&photo.person, &photo.digest) } else { None };
        let template = match known {
            Some(template) => Ok(template),
            None => {
                done += 1;
                let embedded = embed(photo, trust, embedder);
                progress(done, total);
                embedded
            }
        };
        let kept = template.and_then(|template| {
            let inserted = made.insert(photo.person.clone(), photo.digest, template);
            inserted.map_err(|error: StoreError| error.to_string())
        });
        if let Err(why) = kept {
            problems.note(photo.line, &photo.person, why);
        }
    }
    // After photographs were discarded, these are all templates there are, so keep them for any model.
    for entry in roster.people.iter().filter(|entry| entry.stored) {
        made.keep(&entry.id, &mut store);
    }
    problems.into_result(made)
}

fn embed(
    photo: &PlannedPhoto,
    trust: Trust,
    embedder: &mut dyn PhotoEmbedder,
) -> Result<PhotoTemplate, String> {
    let bytes = read_trusted(&photo.path, MAX_PHOTO_BYTES, trust).map_err(|error| error.to_string())?;
    let shown = photo.path.display();
    if PhotoDigest::of(&bytes) != photo.digest {
        return Err(format!("{shown} was changed while it was read; reload again"));
    }
    embedder.embed(&bytes, &photo.path).map_err(|why| format!("{shown}: {why}"))
}

fn assemble(
    roster: &Roster,
    plan: &AssemblyPlan,
    store: Store,
    dimensions: usize,
) -> Result<Built, GalleryError> {
    let mut problems = Problems::new(&roster.file);
    let mut notes = Problems::new(&roster.file);
    let mut photos: HashMap<&PersonId, Vec<Embedding>> = HashMap::new();
    for photo in &plan.photos {
        let sample = store.find(&photo.person, &photo.digest).and_then(PhotoTemplate::sample);
        photos.entry(&photo.person).or_default().extend(sample);
    }
    let mut people = Vec::new();
    for entry in &roster.people {
        let mut samples: Vec<Embedding> = match entry.stored {
            true => store.of(&entry.id).filter_map(PhotoTemplate::sample).collect(),
            false => photos.remove(&entry.id).unwrap_or_default(),
        };
        let photographs = samples.len();
        samples.extend(embeddings_of(entry, store.model(), &mut notes));
        if samples.is_empty() {
            notes.note(entry.line, &entry.id, without_template(entry, &store));
            continue;
        }
        if let Some(other) = samples.iter().map(Embedding::dimensions).find(|length| *length != dimensions) {
            let what =
                format!("an embedding has {other} numbers, but the model's have {dimensions}; remove it");
            problems.note(entry.line, &entry.id, what);
            continue;
        }
        let person =
            Person::new(entry.id.clone(), entry.name.clone(), entry.standing.clone(), samples, photographs);
        match person {
            Some(person) => people.push(person),
            None => {
                let what = "embeddings in the file are so large that they have no mean; remove them";
                problems.note(entry.line, &entry.id, what.to_owned());
            }
        }
    }
    let gallery = Gallery::new(people, store.model());
    problems.into_result(Built { gallery, store, notes: notes.0 })
}

/// Why a person has no template, and the remedy.
fn without_template(entry: &RosterEntry, store: &Store) -> String {
    let others: Vec<String> = store.other_models(&entry.id).iter().map(ModelDigest::short).collect();
    match (entry.stored, others.as_slice()) {
        (false, _) => "cannot enter: no template of the model in use; add photographs".to_owned(),
        (true, []) => {
            "cannot enter: the photographs were discarded and the store has no template of theirs; \
                       add new photographs"
                .to_owned()
        }
        (true, others) => format!(
            "cannot enter: the photographs were discarded, and the templates in the store are of another \
             model ({}); add new photographs",
            others.join(", ")
        ),
    }
}

fn embeddings_of(entry: &RosterEntry, model: ModelDigest, notes: &mut Problems) -> Vec<Embedding> {
    let (usable, other): (Vec<_>, Vec<_>) = entry.embeddings.iter().partition(|(of, _)| *of == model);
    if let Some((of, _)) = other.first() {
        let what = format!("{} embeddings are of another model ({}) and not used", other.len(), of.short());
        notes.note(entry.line, &entry.id, what);
    }
    usable.into_iter().map(|(_, embedding)| embedding.clone()).collect()
}

/// The photograph's real path and digest, if it lies in `folder`.
fn locate(folder: &Path, photo: &Photo, trust: Trust) -> Result<(PathBuf, PhotoDigest), String> {
    let shown = photo.path.display();
    let real =
        |path: &Path| path.canonicalize().map_err(|error| format!("{shown}: {error}; correct the name"));
    let (home, path) = (real(folder)?, real(&folder.join(&photo.path))?);
    if !path.starts_with(&home) {
        return Err(format!(
            "{shown} is a link that leads out of the gallery's folder; put the photograph there"
        ));
    }
    let bytes = read_trusted(&path, MAX_PHOTO_BYTES, trust).map_err(|error| error.to_string())?;
    Ok((path, PhotoDigest::of(&bytes)))
}

/// Problems with people of one gallery file.
struct Problems(Vec<Diagnostic>, PathBuf);

impl Problems {
    fn new(file: &Path) -> Self {
        Self(Vec::new(), file.to_owned())
    }

    fn note(&mut self, line: usize, person: &PersonId, what: String) {
        if self.0.len() < MAX_DIAGNOSTICS {
            let (file, key) = (self.1.clone(), format!("person \"{person}\""));
            self.0.push(Diagnostic { file, line: Some(line), key, what, remedy: String::new() });
        }
    }

    fn into_result<T>(self, value: T) -> Result<T, GalleryError> {
        if self.0.is_empty() { Ok(value) } else { Err(GalleryError::Wrong(self.0)) }
    }
}

#[cfg(test)]
#[path = "assembly_tests.rs"]
mod tests;
