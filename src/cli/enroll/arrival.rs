//! People to be enrolled, and which of their photographs are new.

use std::collections::HashMap;

use limen_core::people::PhotoDigest;
use limen_core::person::{GroupId, PersonId, PersonName};

use super::photo::CheckedPhoto;
use crate::gallery::Store;
use crate::gallery::roster::MAX_PHOTOS;

/// A new person, or new photographs of an enrolled person.
pub(super) struct Arrival {
    pub id: PersonId,
    /// The name of a new person; `None` for an enrolled person.
    pub name: Option<PersonName>,
    pub groups: Vec<GroupId>,
    pub photos: Vec<CheckedPhoto>,
    /// The names of the person's photographs in the gallery.
    pub known: Vec<String>,
}

/// Whose each photograph is; with its file if it is not enrolled yet.
pub(super) struct Owners(HashMap<PhotoDigest, (PersonId, Option<String>)>);

/// Where a photograph was seen before. The texts are messages.
pub(super) enum KnownPhoto {
    /// The same person has it in the gallery.
    Enrolled,
    /// It is twice among the person's new photographs.
    Twice(String),
    /// Another person has it.
    Anothers(String),
}

impl Owners {
    /// The owners of all enrolled photographs.
    pub fn of(store: &Store) -> Self {
        Self(store.photos().map(|(person, photo)| (*photo, (person.clone(), None))).collect())
    }

    /// Adds a photograph for a person; if it was seen before, it is not added and the answer says where.
    pub fn take(&mut self, id: &PersonId, photo: &CheckedPhoto) -> Option<KnownPhoto> {
        let source = &photo.source;
        let Some((owner, from)) = self.0.get(&photo.digest) else {
            self.0.insert(photo.digest, (id.clone(), Some(source.clone())));
            return None;
        };
        Some(match from {
            None if owner == id => KnownPhoto::Enrolled,
            None => KnownPhoto::Anothers(format!(
                "{source}: is the same picture as that of \"{owner}\"; leave it out"
            )),
            Some(first) if owner == id => {
                KnownPhoto::Twice(format!("{source}: is the same picture as {first}; leave one out"))
            }
            Some(first) => KnownPhoto::Anothers(format!(
                "{source}: is the same picture as {first}, for \"{id}\" and for \"{owner}\"; leave one out"
            )),
        })
    }
}

impl Arrival {
    /// The message if the person would have too many photographs.
    pub fn too_many(&self) -> Option<String> {
        let count = self.known.len() + self.photos.len();
        let what = format!(
            "\"{}\" would have {count} photographs, at most {MAX_PHOTOS}; keep the clearest; if they show several \
             people, give each person a folder, or lines in a list (--list)",
            self.id
        );
        (count > MAX_PHOTOS).then_some(what)
    }
}
