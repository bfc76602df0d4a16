//! Who comes to the gallery, and which of their photographs are new.

use std::collections::HashMap;

use limen_core::people::PhotoDigest;
use limen_core::person::{GroupId, PersonId, PersonName};

use super::photo::Checked;
use crate::gallery::Store;
use crate::gallery::roster::MAX_PHOTOS;

/// Somebody new, or new photographs of somebody enrolled.
pub(super) struct Arrival {
    pub id: PersonId,
    /// None for somebody enrolled.
    pub name: Option<PersonName>,
    pub groups: Vec<GroupId>,
    pub photos: Vec<Checked>,
    /// The names of the photographs that they have in the gallery.
    pub known: Vec<String>,
}

/// Which photographs are whose, enrolled already or a moment ago.
pub(super) struct Owners(HashMap<PhotoDigest, (PersonId, Option<String>)>);

/// What a photograph is that was seen before.
pub(super) enum Seen {
    /// The person has it in the gallery.
    Enrolled,
    /// The person has it among those that come.
    Twice(String),
    /// Somebody else has it.
    Anothers(String),
}

impl Owners {
    /// Of everything that is enrolled.
    pub fn of(store: &Store) -> Self {
        Self(store.photos().map(|(person, photo)| (*photo, (person.clone(), None))).collect())
    }

    /// Takes a photograph in for somebody; what it is if that is no good.
    pub fn take(&mut self, id: &PersonId, photo: &Checked) -> Option<Seen> {
        let source = &photo.source;
        let Some((owner, from)) = self.0.get(&photo.digest) else {
            self.0.insert(photo.digest, (id.clone(), Some(source.clone())));
            return None;
        };
        Some(match from {
            None if owner == id => Seen::Enrolled,
            None => {
                Seen::Anothers(format!("{source}: is the same picture as that of \"{owner}\"; leave it out"))
            }
            Some(first) if owner == id => {
                Seen::Twice(format!("{source}: is the same picture as {first}; leave one out"))
            }
            Some(first) => Seen::Anothers(format!(
                "{source}: is the same picture as {first}, for \"{id}\" and for \"{owner}\"; leave one out"
            )),
        })
    }
}

impl Arrival {
    /// Why the person may not have so many photographs.
    pub fn too_many(&self) -> Option<String> {
        let count = self.known.len() + self.photos.len();
        let what = format!(
            "\"{}\" would have {count} photographs, at most {MAX_PHOTOS}; keep the clearest, or where they show several \
             people give each a folder, or a line in a list (--list)",
            self.id
        );
        (count > MAX_PHOTOS).then_some(what)
    }
}
