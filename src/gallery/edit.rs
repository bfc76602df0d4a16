//! Changes to the gallery file by command: comments, order and layout of the rest stay as they are.
//!
//! The changed text is read back and checked before it replaces the file, in one step, under a lock: an edit
//! cannot leave a gallery that the daemon refuses. Callers check in between what only they can check
//! (photographs, groups), and a bad change is undone. A revocation is not stopped by other mistakes in the
//! file: it takes effect at the daemon in any case.

mod addition;
mod document;
mod error;
mod which_pin;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use limen_core::credential::PinHash;
use limen_core::person::PersonId;
use limen_files::{FileError, Trust, lock_folder, read_trusted_text, sync_folder, write_for_service};
use toml_edit::{DocumentMut, TomlError};

use super::roster::{MAX_FILE_BYTES, Roster};
use crate::diagnostics::no_toml;
pub use addition::{Addition, NewPerson};
use document::{
    append_photos, delete_person, drop_photos, forget_templates, insert_person, put_pin, take_photo,
};
pub use error::EditError;
pub use which_pin::WhichPin;

/// Permission bits of a gallery file that is created here: it may contain embeddings, so others may not read
/// it.
const NEW_FILE_MODE: u32 = 0o640;

/// Checks the changed file before it replaces the old one. The error is in sentences.
pub type RosterCheck<'a> = &'a mut dyn FnMut(&Roster) -> Result<(), String>;

/// A change that was made, for [`undo`].
#[derive(Debug)]
pub struct GalleryEdit {
    /// The text before the change. `None`: there was no file.
    before: Option<String>,
    after: String,
}

/// Adds people and photographs, all or none. The file is created if it is missing.
pub fn add(file: &Path, additions: &[Addition], check: RosterCheck<'_>) -> Result<GalleryEdit, EditError> {
    change(file, check, |document| {
        additions.iter().try_for_each(|addition| match addition {
            Addition::Person(person) => insert_person(document, person),
            Addition::Photos(id, photos) => append_photos(document, id, photos),
        })
    })
}

/// Like [`add`], for new people, without another check.
pub fn add_people(file: &Path, people: &[NewPerson]) -> Result<GalleryEdit, EditError> {
    let additions: Vec<Addition> = people.iter().cloned().map(Addition::Person).collect();
    add(file, &additions, &mut good)
}

/// Removes a person, whatever else is wrong in the file. The photograph files stay.
pub fn remove_person(file: &Path, id: &PersonId) -> Result<GalleryEdit, EditError> {
    change_with_mode(file, 0o777, Must::BeToml, &mut good, |document| delete_person(document, id))
}

/// Removes one photograph from a person's list, whatever else is wrong in the file. The photograph's file
/// stays.
pub fn remove_photo(file: &Path, id: &PersonId, photo: &str) -> Result<GalleryEdit, EditError> {
    change_with_mode(file, 0o777, Must::BeToml, &mut good, |document| take_photo(document, id, photo))
}

/// Restores the file from before a change, unless it was changed again since.
pub fn undo(file: &Path, edited: &GalleryEdit) -> Result<(), EditError> {
    let _writing = lock_folder(folder_of(file))?;
    let (now, mode) = read(file)?;
    if now.as_deref() != Some(edited.after.as_str()) {
        return Err(EditError::Overtaken);
    }
    match &edited.before {
        Some(before) => Ok(write_for_service(file, before.as_bytes(), mode)?),
        None => {
            let removed = fs::remove_file(file);
            let path = file.display().to_string();
            removed.map_err(|source| FileError::System { path, doing: "take it away again", source })?;
            Ok(sync_folder(folder_of(file))?)
        }
    }
}

/// Sets a person's PIN, or removes it, whatever else is wrong in the file. Removing the PIN removes the
/// duress PIN too. From then on only the file's owner and group may read it: whoever can read the hash of a
/// PIN can try all PINs.
pub fn set_pin(
    file: &Path,
    id: &PersonId,
    which: WhichPin,
    hash: Option<&PinHash>,
    check: RosterCheck<'_>,
) -> Result<GalleryEdit, EditError> {
    let must = if hash.is_some() { Must::BeWhole } else { Must::BeToml };
    change_with_mode(file, 0o770, must, check, |document| put_pin(document, id, which, hash))
}

/// Removes photographs from a person's list and says that the store has their templates.
pub fn discard_photos(file: &Path, id: &PersonId, photos: &[String]) -> Result<GalleryEdit, EditError> {
    change(file, &mut good, |document| drop_photos(document, id, photos))
}

/// Undoes [`discard_photos`]; `stored` is what the file said of the store before.
pub fn restore_photos(
    file: &Path,
    id: &PersonId,
    photos: &[String],
    stored: bool,
) -> Result<GalleryEdit, EditError> {
    change(file, &mut good, |document| {
        append_photos(document, id, photos)?;
        if stored { Ok(()) } else { forget_templates(document, id) }
    })
}

/// A check that accepts everything.
fn good(_: &Roster) -> Result<(), String> {
    Ok(())
}

fn change(
    file: &Path,
    check: RosterCheck<'_>,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<GalleryEdit, EditError> {
    change_with_mode(file, 0o777, Must::BeWhole, check, edit)
}

/// What the changed text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Must {
    /// A gallery file without mistakes.
    BeWhole,
    /// TOML: other mistakes do not stop a revocation.
    BeToml,
}

/// Changes the file. Of its permission bits only those in `kept` stay.
fn change_with_mode(
    file: &Path,
    kept: u32,
    must: Must,
    check: RosterCheck<'_>,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<GalleryEdit, EditError> {
    let _writing = lock_folder(folder_of(file))?;
    let (before, mode) = read(file)?;
    let (after, roster) = changed_text(before.as_deref().unwrap_or_default(), file, must, edit)?;
    roster.as_ref().map_or(Ok(()), check).map_err(EditError::Refused)?;
    write_for_service(file, after.as_bytes(), mode & kept)?;
    Ok(GalleryEdit { before, after })
}

/// The file's text and its permission bits; no text if there is no file.
fn read(file: &Path) -> Result<(Option<String>, u32), EditError> {
    match read_trusted_text(file, MAX_FILE_BYTES, Trust::Checked) {
        Ok(text) => {
            let mode = fs::metadata(file).map_or(NEW_FILE_MODE, |found| found.permissions().mode() & 0o777);
            Ok((Some(text), mode))
        }
        Err(error) if error.is_missing() => Ok((None, NEW_FILE_MODE)),
        Err(error) => Err(error.into()),
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn changed_text(
    text: &str,
    file: &Path,
    must: Must,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<(String, Option<Roster>), EditError> {
    let mut document: DocumentMut =
        text.parse().map_err(|error: TomlError| no_toml(file, text, error.message(), error.span()))?;
    edit(&mut document)?;
    let changed = document.to_string();
    let roster = match must {
        Must::BeWhole => Some(Roster::parse(&changed, file)?),
        Must::BeToml => None,
    };
    Ok((changed, roster))
}

#[cfg(test)]
mod tests;
