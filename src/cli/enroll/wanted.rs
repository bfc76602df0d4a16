//! Whom a folder or a list asks for: people, each with files, and what was not understood.

use std::path::PathBuf;

use limen_core::person::{GroupId, PersonId, PersonName};

/// Somebody and the files with their photographs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub id: PersonId,
    pub name: PersonName,
    pub groups: Vec<GroupId>,
    pub files: Vec<PathBuf>,
}

/// Everybody asked for.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub people: Vec<Wanted>,
    /// What stands in the way, each naming its place.
    pub problems: Vec<String>,
    /// What was left out because it is no photograph.
    pub left_out: Vec<String>,
}

impl Request {
    /// Adds photographs of somebody who may have been asked for already. The name with capitals is the better one.
    pub fn add(&mut self, wanted: Wanted) {
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

    /// How many files there are.
    pub fn files(&self) -> usize {
        self.people.iter().map(|wanted| wanted.files.len()).sum()
    }
}
