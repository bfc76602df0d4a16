//! A person of the gallery file, as it was checked.

use std::path::PathBuf;

use limen_core::embedding::{Embedding, ModelDigest};
use limen_core::people::Standing;
use limen_core::person::{PersonId, PersonName};

/// The largest number of photographs per person, and of embeddings per person. More hardly change the
/// template.
pub const MAX_PHOTOS: usize = 20;

/// A person in the file.
#[derive(Debug, Clone)]
pub struct RosterEntry {
    /// The id, for files and logs.
    pub id: PersonId,
    /// The name, to show to people.
    pub name: PersonName,
    /// Whether and when the person may enter.
    pub standing: Standing,
    /// The photographs, at most [`MAX_PHOTOS`].
    pub photos: Vec<Photo>,
    /// The embeddings in the file, each with its model.
    pub embeddings: Vec<(ModelDigest, Embedding)>,
    /// Whether the entry says `templates = "stored"`: its photographs were discarded, and the store has their
    /// templates.
    pub stored: bool,
    /// The line where the person begins, from 1.
    pub line: usize,
    /// The lines of `standing.groups`, one each, from 1.
    pub group_lines: Vec<usize>,
    /// The lines of `standing.means.schedules`, one each, from 1.
    pub schedule_lines: Vec<usize>,
}

/// A photograph that the file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// The path, relative to the file's folder, without `..`.
    pub path: PathBuf,
    /// The line in the file, from 1.
    pub line: usize,
}
