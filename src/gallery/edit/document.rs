//! Single changes to a gallery file that was read as TOML.

use limen_core::credential::PinHash;
use limen_core::person::{GroupId, PersonId};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::addition::NewPerson;
use super::error::EditError;
use super::which_pin::WhichPin;
use crate::gallery::roster::STORED;

pub(super) fn insert_person(document: &mut DocumentMut, new: &NewPerson) -> Result<(), EditError> {
    let NewPerson { id, name, photos, groups } = new;
    // Comments after the last entry stay before the new one.
    let mut before = document.trailing().as_str().unwrap_or_default().to_owned();
    document.set_trailing("");
    if !before.is_empty() && !before.ends_with('\n') {
        before.push('\n');
    }
    let people = people_of(document)?;
    if people.iter().any(|person| is(person, id)) {
        return Err(EditError::Known(id.clone()));
    }
    let mut person = Table::new();
    if !before.is_empty() || !people.is_empty() {
        before.push('\n');
    }
    person.decor_mut().set_prefix(before);
    person.insert("id", value(id.as_str()));
    person.insert("name", value(name.as_str()));
    person.insert("photos", value(photos.iter().map(String::as_str).collect::<Array>()));
    if !groups.is_empty() {
        person.insert("groups", value(groups.iter().map(GroupId::as_str).collect::<Array>()));
    }
    people.push(person);
    Ok(())
}

pub(super) fn delete_person(document: &mut DocumentMut, id: &PersonId) -> Result<(), EditError> {
    let people = people_of(document)?;
    let count = people.len();
    people.retain(|person| !is(person, id));
    if people.len() == count { Err(EditError::Unknown(id.clone())) } else { Ok(()) }
}

pub(super) fn append_photos(
    document: &mut DocumentMut,
    id: &PersonId,
    photos: &[String],
) -> Result<(), EditError> {
    let list = photos_of(person_of(document, id)?)?;
    photos.iter().for_each(|photo| list.push(photo.as_str()));
    Ok(())
}

pub(super) fn put_pin(
    document: &mut DocumentMut,
    id: &PersonId,
    which: WhichPin,
    hash: Option<&PinHash>,
) -> Result<(), EditError> {
    let person = person_of(document, id)?;
    match hash {
        Some(hash) => drop(person.insert(which.key(), value(hash.to_string()))),
        None => {
            person.remove(WhichPin::Duress.key());
            if which == WhichPin::Usual {
                person.remove(which.key());
            }
        }
    }
    Ok(())
}

pub(super) fn drop_photos(
    document: &mut DocumentMut,
    id: &PersonId,
    photos: &[String],
) -> Result<(), EditError> {
    let person = person_of(document, id)?;
    let list = photos_of(person)?;
    list.retain(|photo| !photos.iter().any(|gone| photo.as_str() == Some(gone)));
    if list.is_empty() {
        person.remove("photos");
    }
    person.insert("templates", value(STORED));
    Ok(())
}

/// Removes one photograph from a person's list. The last one stays, and one whose template the store would
/// keep.
pub(super) fn take_photo(document: &mut DocumentMut, id: &PersonId, photo: &str) -> Result<(), EditError> {
    let person = person_of(document, id)?;
    let others = person.contains_key("embeddings");
    if person.contains_key("templates") {
        return Err(EditError::Stored(id.clone()));
    }
    let list = photos_of(person)?;
    let before = list.len();
    list.retain(|listed| listed.as_str() != Some(photo));
    if list.len() == before {
        return Err(EditError::NoSuchPhoto(id.clone(), photo.to_owned()));
    }
    if list.is_empty() && !others {
        return Err(EditError::LastPhoto(id.clone(), photo.to_owned()));
    }
    Ok(())
}

/// Says that the store has no templates of discarded photographs any more.
pub(super) fn forget_templates(document: &mut DocumentMut, id: &PersonId) -> Result<(), EditError> {
    person_of(document, id)?.remove("templates");
    Ok(())
}

fn photos_of(person: &mut Table) -> Result<&mut Array, EditError> {
    let list = person.entry("photos").or_insert(value(Array::new()));
    list.as_array_mut().ok_or(EditError::Layout("photos"))
}

fn person_of<'a>(document: &'a mut DocumentMut, id: &PersonId) -> Result<&'a mut Table, EditError> {
    let people = people_of(document)?;
    people.iter_mut().find(|person| is(person, id)).ok_or_else(|| EditError::Unknown(id.clone()))
}

fn people_of(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, EditError> {
    document
        .entry("person")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or(EditError::Layout("people"))
}

fn is(person: &Table, id: &PersonId) -> bool {
    person.get("id").and_then(Item::as_str) == Some(id.as_str())
}
