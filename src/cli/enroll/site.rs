//! The gallery to which people are added. It is read once, compared with all new people, and changed in one step.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use limen_core::people::Gallery;
use limen_core::person::PersonId;
use limen_files::give_to_service;
use limen_vision::analyst::Analyst;
use limen_vision::model::Models;

use super::arrival::{Arrival, Owners};
use super::doubts::{Doubt, doubts};
use super::staged_photos::StagedPhotos;
use crate::cli::context::{CommandContext, analyst};
use crate::cli::in_force::{Force, bring_into_force};
use crate::cli::likeness::{Likeness, share_for_one_among};
use crate::cli::outcome::CommandError;
use crate::cli::output::note;
use crate::cli::people::photographs::photo_names;
use crate::config::Settings;
use crate::enrol::{Enroller, rehearse};
use crate::gallery::roster::RosterEntry;
use crate::gallery::{Addition, NewPerson, Roster, Store, add};

/// All enrolled people with their templates.
pub(super) struct EnrollmentSite<'a> {
    context: &'a CommandContext,
    settings: &'a Settings,
    models: Arc<Models>,
    home: PathBuf,
    roster: Roster,
    gallery: Gallery,
    store: Store,
}

/// A person who was enrolled, and the names of the photographs that were added.
pub(super) struct EnrolledPerson {
    pub id: PersonId,
    pub photos: Vec<String>,
}

impl<'a> EnrollmentSite<'a> {
    /// Reads the gallery.
    ///
    /// # Errors
    /// The gallery or a model cannot be read, or the gallery has mistakes.
    pub fn open(context: &'a CommandContext, settings: &'a Settings) -> Result<Self, CommandError> {
        let models = context.models(settings)?;
        let home = folder_of(&settings.gallery);
        let (roster, gallery, store) = if settings.gallery.exists() {
            let built = context.enrolled(settings, &models)?.built;
            (Roster::load(&settings.gallery, context.trust())?, built.gallery, built.store)
        } else {
            let model = models.digest();
            (Roster::default(), Gallery::empty(model), Store::empty(model))
        };
        Ok(Self { context, settings, models, home, roster, gallery, store })
    }

    /// The folder of the gallery file.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// An analyst for photographs that become templates.
    pub fn analyst(&self) -> Analyst {
        analyst(self.settings, &self.models).for_templates()
    }

    /// The entry of an enrolled person.
    pub fn entry(&self, id: &PersonId) -> Option<&RosterEntry> {
        self.roster.people.iter().find(|entry| entry.id == *id)
    }

    /// The names of a person's photographs.
    pub fn photos_of(&self, id: &PersonId) -> Vec<String> {
        self.entry(id).map(photo_names).unwrap_or_default()
    }

    /// The owners of all enrolled photographs.
    pub fn owners(&self) -> Owners {
        Owners::of(&self.store)
    }

    /// The doubts about new people.
    ///
    /// # Errors
    /// The model has no threshold for the configuration.
    pub fn doubts(&self, arrivals: &[Arrival]) -> Result<Vec<Doubt>, CommandError> {
        let people = (self.gallery.people().len() + arrivals.len()).saturating_sub(1);
        let likeness = Likeness::new(self.settings, &self.models, share_for_one_among(people))?;
        Ok(doubts(&likeness, &self.settings.recognition.look_alikes, &self.gallery, arrivals))
    }

    /// Adds all of them to the gallery, or nobody. The new gallery is checked as the daemon does it, before the file is
    /// changed. If a daemon runs and refuses it, the change is undone. After a failure the copied photographs are
    /// deleted.
    ///
    /// # Errors
    /// The changed gallery has mistakes, a file cannot be written, or the daemon refuses or does not answer.
    pub fn enrol(mut self, arrivals: &[Arrival]) -> Result<Vec<EnrolledPerson>, CommandError> {
        let done = self.named(arrivals);
        let additions: Vec<Addition> = arrivals.iter().zip(&done).map(addition).collect();
        let mut store = Some(std::mem::replace(&mut self.store, Store::empty(self.models.digest())));
        let mut stage = StagedPhotos::in_folder(&self.home)?;
        let mut failed = None;
        let mut check = |roster: &Roster| {
            let put = put_all(&mut stage, arrivals, &done);
            put.map_err(|error| failed.insert(error).to_string())?;
            let store = store.take().unwrap_or_else(|| Store::empty(self.models.digest()));
            self.rehearse(roster, with_new(store, arrivals)?)
        };
        let edited = add(&self.settings.gallery, &additions, &mut check);
        let edited = edited.map_err(|error| failed.take().unwrap_or_else(|| error.into()))?;
        self.give_to_service(arrivals);
        match bring_into_force(self.context, self.settings, &edited) {
            Force::Yes => stage.keep(),
            Force::TakenBack(error) => return Err(error),
            Force::Awaited(error) | Force::Left(error) => {
                stage.keep();
                return Err(error);
            }
        }
        Ok(done)
    }

    /// Lets the service read photographs that were in the folder before. A failure is only noted.
    fn give_to_service(&self, arrivals: &[Arrival]) {
        let in_place =
            arrivals.iter().flat_map(|arrival| &arrival.photos).filter_map(|photo| photo.in_place.as_ref());
        for name in in_place {
            if let Err(error) = give_to_service(&self.home.join(name)) {
                note(&error.to_string());
            }
        }
    }

    fn rehearse(&self, roster: &Roster, store: Store) -> Result<(), String> {
        let (trust, access) = (self.context.trust(), self.context.access(self.settings));
        let mut enroller = Enroller::new(self.analyst());
        rehearse(roster, trust, access, store, &mut enroller).map_err(|error| error.to_string())
    }

    /// Chooses names for the photographs: `ID-N.jpg` with the first free number.
    fn named(&self, arrivals: &[Arrival]) -> Vec<EnrolledPerson> {
        let mut taken: HashSet<String> = self.roster.people.iter().flat_map(photo_names).collect();
        let mut name = |id: &PersonId, extension: &str| {
            let names = (1..).map(|number: u32| format!("{id}-{number}.{extension}"));
            let is_free = |name: &String| !self.home.join(name).exists() && !taken.contains(name);
            let mut free = names.filter(is_free);
            // The numbers do not run out before the disk does.
            let name = free.next().unwrap_or_default();
            drop(free);
            taken.insert(name.clone());
            name
        };
        let named = arrivals.iter().map(|arrival| {
            let photos = arrival.photos.iter();
            let photos = photos
                .map(|photo| photo.in_place.clone().unwrap_or_else(|| name(&arrival.id, photo.extension)));
            EnrolledPerson { id: arrival.id.clone(), photos: photos.collect() }
        });
        named.collect()
    }
}

fn addition((arrival, done): (&Arrival, &EnrolledPerson)) -> Addition {
    let (id, photos) = (done.id.clone(), done.photos.clone());
    match &arrival.name {
        Some(name) => {
            Addition::Person(NewPerson { id, name: name.clone(), photos, groups: arrival.groups.clone() })
        }
        None => Addition::Photos(id, photos),
    }
}

fn put_all(
    stage: &mut StagedPhotos<'_>,
    arrivals: &[Arrival],
    done: &[EnrolledPerson],
) -> Result<(), CommandError> {
    for (arrival, done) in arrivals.iter().zip(done) {
        for (photo, name) in
            arrival.photos.iter().zip(&done.photos).filter(|(photo, _)| photo.in_place.is_none())
        {
            stage.put(name, &photo.bytes()?)?;
        }
    }
    Ok(())
}

/// The store with the templates of the new photographs, so that these are not embedded again.
fn with_new(mut store: Store, arrivals: &[Arrival]) -> Result<Store, String> {
    for arrival in arrivals {
        for photo in &arrival.photos {
            let inserted = store.insert(arrival.id.clone(), photo.digest, photo.template.clone());
            inserted.map_err(|error| error.to_string())?;
        }
    }
    Ok(store)
}

/// The folder of a gallery's photographs.
fn folder_of(gallery: &Path) -> PathBuf {
    gallery.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
