//! The people in a folder or a list, each with files, and the problems found.

use std::path::PathBuf;

use limen_core::person::{GroupId, PersonId, PersonName};

/// A person to be enrolled, and the files with the photographs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PersonToEnroll {
    pub id: PersonId,
    pub name: PersonName,
    pub groups: Vec<GroupId>,
    pub files: Vec<PathBuf>,
}

/// All people of a folder or a list.
#[derive(Debug, Default)]
pub(super) struct EnrollmentRequest {
    pub people: Vec<PersonToEnroll>,
    /// The problems, each with its place.
    pub problems: Vec<String>,
    /// The files that were ignored because they are no photographs.
    pub left_out: Vec<String>,
}

impl EnrollmentRequest {
    /// Adds a person, or more files of a person who is already in the request. Of two names the one with more capitals
    /// is kept.
    pub fn add(&mut self, wanted: PersonToEnroll) {
        let Some(known) = self.people.iter_mut().find(|known| known.id == wanted.id) else {
            return self.people.push(wanted);
        };
        let capitals = |name: &PersonName| name.as_str().chars().filter(|c| c.is_uppercase()).count();
        if capitals(&wanted.name) > capitals(&known.name) {
            known.name = wanted.name;
        }
        known.files.extend(wanted.files);
        let new = wanted.groups.into_iter().filter(|group| !known.groups.contains(group)).collect::<Vec<_>>();
        known.groups.extend(new);
    }

    /// The number of files of all people.
    pub fn files(&self) -> usize {
        self.people.iter().map(|wanted| wanted.files.len()).sum()
    }
}
