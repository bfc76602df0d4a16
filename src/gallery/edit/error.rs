//! Why the gallery file was not changed. Each message names the remedy.

use limen_core::person::PersonId;
use limen_files::FileError;
use thiserror::Error;

use crate::diagnostics::Diagnostic;
use crate::gallery::roster::RosterError;

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
    Syntax(#[from] Diagnostic),
}
