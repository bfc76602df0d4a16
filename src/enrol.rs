//! From photographs to templates and a gallery. Decides what a good photograph is.

mod last_good;
mod source;
mod survey;

use std::path::Path;

use limen_vision::analyst::Analyst;
use limen_vision::face::{Face, FoundFace};
use limen_vision::model::Models;
use limen_vision::pixels::photograph::photograph_from_bytes;
use thiserror::Error;

use crate::diagnostics::{Diagnostic, MAX_DIAGNOSTICS};
use crate::gallery::assembly::build_planned;
use crate::gallery::last_good::Kept;
use crate::gallery::store::OpenedStore;
use crate::gallery::{
    Built, GalleryError, ModelVersion, PhotoEmbedder, PhotoTemplate, Roster, RosterError, Store, StoreError,
    StoreFile, plan,
};
pub use last_good::{LastGood, last_good};
use limen_audit::{AuditError, AuditSettings, newest_fact};
use limen_core::embedding::ModelDigest;
use limen_core::event::Unusable;
use limen_core::person::PersonId;
use limen_core::policy::AccessRules;
use limen_files::{FileError, Trust};
pub use source::{GallerySource, StoreUse};
pub use survey::Survey;

/// Why there is no new gallery.
#[derive(Debug, Error)]
pub enum EnrolError {
    /// The gallery file is wrong.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// People or photographs of the gallery are wrong.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// The template store is wrong; only an administrator may go on without it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gallery file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Embeds photographs for enrolment: each must show exactly one good face. Both crops are embedded.
#[derive(Debug)]
pub struct Enroller {
    analyst: Analyst,
}

impl Enroller {
    /// An enroller; `analyst` must embed mirrored crops.
    pub fn new(analyst: Analyst) -> Self {
        Self { analyst: analyst.for_templates() }
    }
}

impl PhotoEmbedder for Enroller {
    fn model(&self) -> ModelDigest {
        self.analyst.models().digest()
    }

    fn dimensions(&self) -> usize {
        self.analyst.models().embedder.entry().dimensions()
    }

    fn version(&self) -> ModelVersion {
        version_of(self.analyst.models())
    }

    fn embed(&mut self, bytes: &[u8], file: &Path) -> Result<PhotoTemplate, String> {
        let name = file.display().to_string();
        let picture = photograph_from_bytes(bytes, &name).map_err(|error| {
            // Whoever asked names the file.
            let said = error.to_string();
            said.strip_prefix(&format!("{name}: ")).map(str::to_owned).unwrap_or(said)
        })?;
        Ok(template_of(only_face(self.analyst.faces(&picture).map_err(|error| error.to_string())?)?))
    }
}

/// The template that is kept of a photograph's face.
pub fn template_of(face: Face) -> PhotoTemplate {
    let mirrored = face.mirrored.unwrap_or_else(|| face.plain.clone());
    PhotoTemplate { plain: face.plain, mirrored }
}

/// The name and version of the network that makes templates.
pub fn version_of(models: &Models) -> ModelVersion {
    let entry = models.embedder.entry();
    ModelVersion { name: entry.name.clone(), version: entry.version }
}

/// The only face of a photograph, or what is wrong with the photograph and the remedy.
pub fn only_face(mut faces: Vec<FoundFace>) -> Result<Face, String> {
    match faces.len() {
        0 => Err("no face was found; use a photograph that shows one face from the front".to_owned()),
        1 => faces.remove(0).1.map_err(|why| format!("the face cannot be used: {}", remedy(why))),
        n => Err(format!("{n} faces were found; cut the photograph so that it shows one person")),
    }
}

/// What is wrong with the face of a photograph, and the remedy.
fn remedy(why: Unusable) -> String {
    match why {
        Unusable::OnItsSide => "it lies on its side; turn the photograph by a quarter".to_owned(),
        Unusable::UpsideDown => "it is upside down; turn the photograph round".to_owned(),
        Unusable::Tilted => "the head is tilted; turn the photograph until the eyes are level".to_owned(),
        Unusable::TooSmall => {
            "it is too small; cut the photograph around it, or take a larger one".to_owned()
        }
        Unusable::NotAFace => {
            "it does not show clearly; use a photograph of one face from the front".to_owned()
        }
        other => format!("{other}; take another photograph"),
    }
}

/// A gallery, and what to report about it.
#[derive(Debug)]
pub struct Enrolled {
    /// The gallery and the notes on it.
    pub built: Built,
    /// The generation of the store that has all its templates; none if the store is not written, or not
    /// complete.
    pub generation: Option<u64>,
    /// Why the old store, or a part of it, was not used, or the new one not written.
    pub store_trouble: Vec<StoreError>,
    /// What stays in force if a later gallery file has mistakes.
    pub kept: Kept,
}

/// Reads the gallery file, embeds the photographs that the store does not have, and writes the store if
/// anything changed. A damaged store costs time, and a template only if its photograph was discarded. A store
/// whose key is missing, or that is older than the last one, is refused and not changed. Every group must be
/// in `access`; without `access`, for commands that open no door, groups mean nothing.
pub fn load_gallery(
    source: &GallerySource,
    access: Option<&AccessRules>,
    embedder: &mut dyn PhotoEmbedder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Enrolled, EnrolError> {
    let mut survey = Survey::of(&source.file, source.trust, access)?;
    load_surveyed(source, &mut survey, access, embedder, progress)
}

/// Like [`load_gallery`], after the gallery file was read. It takes what was read, unless it is refused.
pub fn load_surveyed(
    source: &GallerySource,
    survey: &mut Survey,
    access: Option<&AccessRules>,
    embedder: &mut dyn PhotoEmbedder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Enrolled, EnrolError> {
    let Survey { roster, plan, diagnostics } = survey;
    if !diagnostics.is_empty() {
        return Err(RosterError::Wrong(diagnostics.clone()).into());
    }
    let _writing = match &source.store {
        StoreUse::Own(store_file) => Some(store_file.lock()?),
        StoreUse::Memory | StoreUse::Read(_) => None,
    };
    let version = embedder.version();
    let mut found = find_store(source, roster, embedder.model(), Some(&version))?;
    let known = found.take_store();
    let before = known.len();
    let mut changed = false;
    let mut count = |done, total| {
        changed = true;
        progress(done, total);
    };
    plan.look_up(&known, embedder.model());
    let mut built = build_planned(roster, plan, source.trust, known, embedder, &mut count)?;
    changed |= built.store.len() != before;
    built.notes.extend(access.into_iter().flat_map(|access| notes_on_factors(roster, access)));
    let mut kept = Kept::of(std::mem::take(roster), std::mem::take(plan));
    let opened = found.opened.as_ref();
    let (generation, unwritten) = match &source.store {
        StoreUse::Own(store_file) => keep(store_file, &built.store, &kept, changed, opened, &version),
        StoreUse::Memory | StoreUse::Read(_) => (None, None),
    };
    kept.let_go();
    let mut store_trouble = found.trouble;
    store_trouble.extend(found.opened.into_iter().flat_map(|opened| opened.refused));
    store_trouble.extend(unwritten);
    Ok(Enrolled { built, generation, store_trouble, kept })
}

/// Writes the store and beside it the gallery, as the last good one. Returns the generation of the store, and
/// what could not be written. If the store could not be written, the gallery is not written either.
fn keep(
    store_file: &StoreFile,
    store: &Store,
    kept: &Kept,
    changed: bool,
    found: Option<&OpenedStore>,
    version: &ModelVersion,
) -> (Option<u64>, Option<StoreError>) {
    match keep_store(store_file, store, changed, found, version) {
        Ok(generation) => (Some(generation), store_file.keep_gallery(kept, found, generation).err()),
        Err(error) => {
            store_file.drop_gallery();
            (None, Some(error))
        }
    }
}

/// Whether the daemon would accept a gallery that is not in its file yet. It writes nothing, and embeds no
/// photograph that `known` has.
pub fn rehearse(
    roster: &Roster,
    trust: Trust,
    access: Option<&AccessRules>,
    known: Store,
    embedder: &mut dyn PhotoEmbedder,
) -> Result<(), EnrolError> {
    let mut plan = survey::planned(roster, trust, access)?;
    plan.look_up(&known, embedder.model());
    build_planned(roster, &plan, trust, known, embedder, &mut |_, _| {})?;
    Ok(())
}

/// Like [`rehearse`], for a change that concerns no photograph: photographs are found and identified, but not
/// embedded.
pub fn look_over(roster: &Roster, trust: Trust, access: Option<&AccessRules>) -> Result<(), EnrolError> {
    Ok(survey::planned(roster, trust, access).map(drop)?)
}

/// Writes the store if it differs from the one on disk. Returns the generation of the store on disk.
fn keep_store(
    store_file: &StoreFile,
    store: &Store,
    changed: bool,
    found: Option<&OpenedStore>,
    version: &ModelVersion,
) -> Result<u64, StoreError> {
    let generation = match found {
        Some(opened) if opened.is_sound() && !changed => opened.generation,
        opened => store_file.write(store, opened)?,
    };
    store_file.remember(version, generation)?;
    Ok(generation)
}

/// The newest generation of the store in the records; 0 if there is none.
pub fn recorded_generation(records: &AuditSettings) -> Result<u64, AuditError> {
    let fact = newest_fact(&records.folder, &["gallery-loaded", "store-changed"])?;
    Ok(fact.and_then(|fact| fact["store"].as_u64()).unwrap_or(0))
}

/// People who may be asked for a second factor that they do not have, or that this door cannot read.
fn notes_on_factors(roster: &Roster, access: &AccessRules) -> Vec<Diagnostic> {
    let lacking = roster.people.iter().filter_map(|entry| Some((entry, access.lacking(&entry.standing)?)));
    let notes = lacking.map(|(entry, (what, remedy))| Diagnostic {
        file: roster.file.clone(),
        line: Some(entry.line),
        key: format!("person \"{}\"", entry.id),
        what,
        remedy,
    });
    notes.take(MAX_DIAGNOSTICS).collect()
}

/// What a gallery needs to be complete for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remake {
    /// The number of photographs that have no template of the model yet.
    pub photographs: usize,
    /// People who cannot enter with the model: they have no photograph, no embedding in the file and no
    /// template in the store.
    pub without: Vec<PersonId>,
}

/// What a start with `model` would embed again, and for whom nothing is left to embed. It embeds nothing.
pub fn remake(source: &GallerySource, model: ModelDigest) -> Result<Remake, EnrolError> {
    let roster = Roster::load(&source.file, source.trust)?;
    let found = find_store(source, &roster, model, None)?;
    let store = found.store();
    let plan = plan(&roster, roster.folder(), source.trust, store, model)?;
    let helpless = roster.people.iter().filter(|entry| {
        let stored = entry.stored && store.of(&entry.id).next().is_some();
        let given = entry.embeddings.iter().any(|(made_by, _)| *made_by == model);
        entry.photos.is_empty() && !given && !stored
    });
    Ok(Remake {
        photographs: plan.to_embed().count(),
        without: helpless.map(|entry| entry.id.clone()).collect(),
    })
}

/// The store as it was found.
struct FoundStore {
    opened: Option<OpenedStore>,
    /// Why it was not opened.
    trouble: Vec<StoreError>,
    /// An empty store to use instead.
    empty: Store,
}

impl FoundStore {
    /// The part of the store that can be used.
    fn store(&self) -> &Store {
        self.opened.as_ref().map_or(&self.empty, |opened| &opened.store)
    }

    /// Takes the usable part out, so that templates of a large gallery are not in memory twice.
    fn take_store(&mut self) -> Store {
        let store = self.opened.as_mut().map_or(&mut self.empty, |opened| &mut opened.store);
        let empty = Store::empty(store.model());
        std::mem::replace(store, empty)
    }
}

/// The templates that are kept already; none if the store cannot be used. The daemon goes on without them
/// only if nothing is lost by that.
fn find_store(
    source: &GallerySource,
    roster: &Roster,
    model: ModelDigest,
    version: Option<&ModelVersion>,
) -> Result<FoundStore, EnrolError> {
    let opened = match &source.store {
        StoreUse::Memory => Ok(None),
        StoreUse::Read(store_file) => store_file.open(model, Trust::in_the_service()),
        StoreUse::Own(store_file) => {
            store_file.finish_rotation();
            version.map_or(Ok(()), |version| store_file.check_model(version))?;
            store_file.open(model, Trust::in_the_service())
        }
    };
    match (opened, &source.store) {
        (Ok(opened), _) => Ok(FoundStore { opened, trouble: Vec::new(), empty: Store::empty(model) }),
        (Err(error), StoreUse::Own(_))
            if !error.may_be_replaced() || roster.people.iter().any(|entry| entry.stored) =>
        {
            Err(error.into())
        }
        (Err(error), _) => Ok(FoundStore { opened: None, trouble: vec![error], empty: Store::empty(model) }),
    }
}
