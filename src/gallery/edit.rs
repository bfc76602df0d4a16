//! Changes to the gallery file by command: comments, order and layout of the rest stay as they are.
//!
//! The changed text is read back and checked before it replaces the file, in one step, under a lock: an edit
//! cannot leave a gallery that the daemon refuses. Callers check in between what only they can check
//! (photographs, groups), and a bad change is undone. A revocation is not stopped by other mistakes in the
//! file: it takes effect at the daemon in any case.

mod document;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use limen_core::credential::PinHash;
use limen_core::person::{GroupId, PersonId, PersonName};
use limen_files::{FileError, Trust, lock_folder, read_trusted_text, sync_folder, write_for_service};
use thiserror::Error;
use toml_edit::{DocumentMut, TomlError};

use super::roster::{MAX_FILE_BYTES, Roster, RosterError};
use crate::mistake::{Mistake, no_toml};
use document::{
    append_photos, delete_person, drop_photos, forget_templates, insert_person, put_pin, take_photo,
};

/// Permission bits of a gallery file that is created here: it may contain embeddings, so others may not read
/// it.
const NEW_FILE_MODE: u32 = 0o640;

/// Why the gallery file was not changed.
#[derive(Debug, Error)]
pub enum EditError {
    /// The file could not be read, locked or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file has mistakes already, or would have one after the change.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// The id is used already.
    #[error("\"{0}\" is enrolled already; choose another id, or add photographs to this one")]
    Known(PersonId),
    /// Nobody has this id.
    #[error("\"{0}\" is not in the gallery file; `limen people list` shows who is")]
    Unknown(PersonId),
    /// The person has no such photograph.
    #[error("\"{0}\" has no photograph \"{1}\"; `limen people show {0}` lists those there are")]
    NoSuchPhoto(PersonId, String),
    /// Without it there would be nothing to recognise the person by.
    #[error("\"{1}\" is all there is of \"{0}\"; add another photograph first, or: limen people remove {0}")]
    LastPhoto(PersonId, String),
    /// After photographs were discarded, the store has all templates of the person.
    #[error(
        "photographs of \"{0}\" were discarded, so the store keeps every template of theirs, whatever the file lists; \
         limen people remove {0}, and enrol again"
    )]
    Stored(PersonId),
    /// The daemon would refuse the changed gallery.
    #[error("nothing was changed, because the gallery would be refused:\n{0}")]
    Refused(String),
    /// The file was changed again since.
    #[error(
        "the gallery file was changed by somebody else meanwhile, so the change was not undone; look at it"
    )]
    Overtaken,
    /// People or photographs are written in a form that cannot be edited in place.
    #[error(
        "the gallery file's {0} are written in a way that cannot be edited by command; give each person a [[person]] \
         section with photos = [\"...\"], or edit the file by hand"
    )]
    Layout(&'static str),
    /// The text is no TOML.
    #[error(transparent)]
    Syntax(#[from] Mistake),
}

/// A person to add.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The id, for files and logs.
    pub id: PersonId,
    /// The name, to show to people.
    pub name: PersonName,
    /// The photographs, relative to the gallery file's folder.
    pub photos: Vec<String>,
    /// The groups whose schedules let the person in. Without groups: at any time.
    pub groups: Vec<GroupId>,
}

/// An addition to a gallery.
#[derive(Debug, Clone)]
pub enum Addition {
    /// A new person.
    Person(NewPerson),
    /// More photographs of an enrolled person.
    Photos(PersonId, Vec<String>),
}

/// Checks the changed file before it replaces the old one. The error is in sentences.
pub type Check<'a> = &'a mut dyn FnMut(&Roster) -> Result<(), String>;

/// A change that was made, for [`undo`].
#[derive(Debug)]
pub struct Edited {
    /// The text before the change. `None`: there was no file.
    before: Option<String>,
    after: String,
}

/// Adds people and photographs, all or none. The file is created if it is missing.
pub fn add(file: &Path, additions: &[Addition], check: Check<'_>) -> Result<Edited, EditError> {
    change(file, check, |document| {
        additions.iter().try_for_each(|addition| match addition {
            Addition::Person(person) => insert_person(document, person),
            Addition::Photos(id, photos) => append_photos(document, id, photos),
        })
    })
}

/// Like [`add`], for new people, without another check.
pub fn add_people(file: &Path, people: &[NewPerson]) -> Result<Edited, EditError> {
    let additions: Vec<Addition> = people.iter().cloned().map(Addition::Person).collect();
    add(file, &additions, &mut good)
}

/// Removes a person, whatever else is wrong in the file. The photograph files stay.
pub fn remove_person(file: &Path, id: &PersonId) -> Result<Edited, EditError> {
    change_with_mode(file, 0o777, Must::BeToml, &mut good, |document| delete_person(document, id))
}

/// Removes one photograph from a person's list, whatever else is wrong in the file. The photograph's file
/// stays.
pub fn remove_photo(file: &Path, id: &PersonId, photo: &str) -> Result<Edited, EditError> {
    change_with_mode(file, 0o777, Must::BeToml, &mut good, |document| take_photo(document, id, photo))
}

/// Restores the file from before a change, unless it was changed again since.
pub fn undo(file: &Path, edited: &Edited) -> Result<(), EditError> {
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

/// One of a person's two PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichPin {
    /// The PIN that opens.
    Usual,
    /// The PIN that opens and raises a silent alarm.
    Duress,
}

impl WhichPin {
    /// The key in the gallery file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Usual => "pin",
            Self::Duress => "duress-pin",
        }
    }

    /// The PIN's name for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Usual => "PIN",
            Self::Duress => "duress PIN",
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
    check: Check<'_>,
) -> Result<Edited, EditError> {
    let must = if hash.is_some() { Must::BeWhole } else { Must::BeToml };
    change_with_mode(file, 0o770, must, check, |document| put_pin(document, id, which, hash))
}

/// Removes photographs from a person's list and says that the store has their templates.
pub fn discard_photos(file: &Path, id: &PersonId, photos: &[String]) -> Result<Edited, EditError> {
    change(file, &mut good, |document| drop_photos(document, id, photos))
}

/// Undoes [`discard_photos`]; `stored` is what the file said of the store before.
pub fn restore_photos(
    file: &Path,
    id: &PersonId,
    photos: &[String],
    stored: bool,
) -> Result<Edited, EditError> {
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
    check: Check<'_>,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<Edited, EditError> {
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
    check: Check<'_>,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<Edited, EditError> {
    let _writing = lock_folder(folder_of(file))?;
    let (before, mode) = read(file)?;
    let (after, roster) = changed_text(before.as_deref().unwrap_or_default(), file, must, edit)?;
    roster.as_ref().map_or(Ok(()), check).map_err(EditError::Refused)?;
    write_for_service(file, after.as_bytes(), mode & kept)?;
    Ok(Edited { before, after })
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
