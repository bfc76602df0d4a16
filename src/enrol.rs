//! From photographs to templates: what one good photograph is, and the gallery that they make.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::camera::photograph::photograph_from_bytes;
use crate::embedding::ModelDigest;
use crate::files::{FileError, Trust};
use crate::gallery::store::STORE_NAME;
use crate::gallery::{
    Built, GalleryError, PhotoEmbedder, PhotoTemplate, Roster, RosterError, Store, StoreError, build, plan,
};
use crate::mistake::{MAX_MISTAKES, Mistake};
use crate::person::PersonId;
use crate::policy::AccessRules;
use crate::vision::{Analyst, Face, FoundFace};

/// Why there is no new gallery.
#[derive(Debug, Error)]
pub enum EnrolError {
    /// The gallery file.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// Its people or photographs.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// The store could not be written; the templates are in force, and made again at the next start.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The gallery file could not be found.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Embeds enrolment photographs: exactly one face, good enough, both crops.
#[derive(Debug)]
pub struct Enroller {
    analyst: Analyst,
}

impl Enroller {
    /// `analyst` must embed mirrored crops.
    pub fn new(analyst: Analyst) -> Self {
        Self { analyst }
    }
}

impl PhotoEmbedder for Enroller {
    fn model(&self) -> ModelDigest {
        self.analyst.models().digest()
    }

    fn embed(&mut self, bytes: &[u8], file: &Path) -> Result<PhotoTemplate, String> {
        let picture =
            photograph_from_bytes(bytes, &file.display().to_string()).map_err(|error| error.to_string())?;
        let face = only_face(self.analyst.faces(&picture).map_err(|error| error.to_string())?)?;
        let mirrored = face.mirrored.unwrap_or_else(|| face.plain.clone());
        Ok(PhotoTemplate { plain: face.plain, mirrored })
    }
}

/// The one face of a photograph, or what is wrong with it and the remedy.
pub fn only_face(mut faces: Vec<FoundFace>) -> Result<Face, String> {
    match faces.len() {
        0 => Err("no face was found; use a photograph that shows one face from the front, at least 100 pixels wide".to_owned()),
        1 => faces.remove(0).1.map_err(|why| format!("the face cannot be used: {why}; take another photograph")),
        n => Err(format!("{n} faces were found; cut the photograph so that it shows one person")),
    }
}

/// Where templates are kept. The daemon alone writes the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUse {
    /// In memory only.
    Memory,
    /// Taken from the store in this folder where it has them, never written.
    Read(PathBuf),
    /// Taken from the store in this folder and written back.
    Own(PathBuf),
}

/// Where a gallery comes from.
#[derive(Debug, Clone)]
pub struct GallerySource {
    /// The gallery file; photographs are relative to its folder.
    pub file: PathBuf,
    /// Where templates are kept.
    pub store: StoreUse,
    /// Whose files are accepted.
    pub trust: Trust,
}

/// A gallery, and what its reader should be told.
#[derive(Debug)]
pub struct Enrolled {
    /// The gallery and what to note about it.
    pub built: Built,
    /// Why the old store was not used, or the new one not written.
    pub store_trouble: Vec<StoreError>,
}

/// Reads the gallery file, embeds what the store does not have, and writes the store back if anything
/// changed. A store that cannot be used costs time, never a template. Every group in it must be one of
/// `access`; without these, as where no door is opened, groups mean nothing.
pub fn load_gallery(
    source: &GallerySource,
    access: Option<&AccessRules>,
    embedder: &mut dyn PhotoEmbedder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Enrolled, EnrolError> {
    let roster = Roster::load(&source.file, source.trust)?;
    if let Some(access) = access {
        roster.check_groups(access.groups.keys())?;
        roster.check_schedules(&access.schedule_names())?;
    }
    let mut store_trouble = Vec::new();
    let store = read_store(&source.store, embedder.model(), &mut store_trouble);
    let mut embedded = 0;
    let mut count = |done, total| {
        embedded = done;
        progress(done, total);
    };
    let mut built = build(&roster, roster.folder(), source.trust, &store, embedder, &mut count)?;
    let changed = embedded > 0 || built.store.len() != store.len() || !store_trouble.is_empty();
    if let (StoreUse::Own(folder), true) = (&source.store, changed) {
        store_trouble.extend(built.store.write(&folder.join(STORE_NAME)).err());
    }
    built.notes.extend(access.into_iter().flat_map(|access| notes_on_factors(&roster, access)));
    Ok(Enrolled { built, store_trouble })
}

/// People of whom a second factor may be asked that they do not have, or that cannot be entered here.
fn notes_on_factors(roster: &Roster, access: &AccessRules) -> Vec<Mistake> {
    let lacking = roster.people.iter().filter_map(|entry| Some((entry, access.lacking(&entry.standing)?)));
    let notes = lacking.map(|(entry, (what, remedy))| Mistake {
        file: roster.file.clone(),
        line: Some(entry.line),
        key: format!("person \"{}\"", entry.id),
        what,
        remedy,
    });
    notes.take(MAX_MISTAKES).collect()
}

/// What a gallery has to do for a model before it is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remake {
    /// Photographs that have no template of the model yet.
    pub photographs: usize,
    /// People who cannot enter: no photograph, and no embedding of the model in the file.
    pub without: Vec<PersonId>,
}

/// Looks ahead: what a start with `model` makes again, and whom it cannot help. Nothing is embedded.
pub fn remake(source: &GallerySource, model: ModelDigest) -> Result<Remake, EnrolError> {
    let roster = Roster::load(&source.file, source.trust)?;
    let store = read_store(&source.store, model, &mut Vec::new());
    let plan = plan(&roster, roster.folder(), source.trust, &store, model)?;
    let helpless = roster.people.iter().filter(|entry| {
        entry.photos.is_empty() && !entry.embeddings.iter().any(|(made_by, _)| *made_by == model)
    });
    Ok(Remake {
        photographs: plan.to_embed().count(),
        without: helpless.map(|entry| entry.id.clone()).collect(),
    })
}

/// The templates that are kept already; none of a store that cannot be used.
fn read_store(place: &StoreUse, model: ModelDigest, trouble: &mut Vec<StoreError>) -> Store {
    let (folder, trust) = match place {
        StoreUse::Memory => return Store::empty(model),
        StoreUse::Read(folder) => (folder, Trust::in_the_service()),
        StoreUse::Own(folder) => (folder, Trust::Checked),
    };
    let file = folder.join(STORE_NAME);
    if !file.exists() {
        return Store::empty(model);
    }
    Store::read(&file, trust).unwrap_or_else(|error| {
        trouble.push(error);
        Store::empty(model)
    })
}
