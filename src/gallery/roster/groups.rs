//! The groups that people name in the gallery file. Only the configuration knows which groups exist.

use limen_core::person::GroupId;
use toml::Spanned;

use super::{Entry, MAX_GROUPS_OF_A_PERSON, Roster, RosterError, note_text};
use crate::mistake::{MAX_MISTAKES, Mistake, Review};

/// The groups of one person; `who` names the person in mistakes.
pub(super) fn check_groups_of(review: &mut Review<'_>, who: &str, said: &[Spanned<String>]) -> Vec<GroupId> {
    let key = format!("{who} groups");
    if let Some(excess) = said.get(MAX_GROUPS_OF_A_PERSON) {
        let what = format!("{} groups are more than {MAX_GROUPS_OF_A_PERSON}", said.len());
        review.note(Some(excess.span()), &key, what, "name those that let the person in most");
    }
    let mut groups = Vec::new();
    for group in said {
        match GroupId::new(group.get_ref()) {
            Ok(id) if groups.contains(&id) => {
                review.note(Some(group.span()), &key, format!("\"{id}\" is listed twice"), "list it once");
            }
            Ok(id) => groups.push(id),
            Err(error) => note_text(review, group, &key, &error),
        }
    }
    groups
}

impl Roster {
    /// Checks that the configuration has all groups of all people.
    pub fn check_groups<'a>(
        &self,
        known: impl Iterator<Item = &'a GroupId> + Clone,
    ) -> Result<(), RosterError> {
        let mistakes = self.unknown_groups(known);
        if mistakes.is_empty() { Ok(()) } else { Err(RosterError::Wrong(mistakes)) }
    }

    /// A mistake for each group that the configuration does not have.
    pub fn unknown_groups<'a>(&self, known: impl Iterator<Item = &'a GroupId> + Clone) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for entry in &self.people {
            for (group, line) in entry.standing.groups.iter().zip(&entry.group_lines) {
                if !known.clone().any(|other| other == group) && mistakes.len() < MAX_MISTAKES {
                    mistakes.push(self.unknown_group(entry, group, *line, known.clone()));
                }
            }
        }
        mistakes
    }

    fn unknown_group<'a>(
        &self,
        entry: &Entry,
        group: &GroupId,
        line: usize,
        known: impl Iterator<Item = &'a GroupId>,
    ) -> Mistake {
        let names: Vec<&str> = known.map(GroupId::as_str).collect();
        let remedy = match names.as_slice() {
            [] => format!("the configuration has no [[group]]; add one with name = \"{group}\""),
            names => format!("use one of {}, or add a [[group]] to the configuration", names.join(", ")),
        };
        Mistake {
            file: self.file.clone(),
            line: Some(line),
            key: format!("person \"{}\" groups", entry.id),
            what: format!("no group is called \"{group}\""),
            remedy,
        }
    }
}
