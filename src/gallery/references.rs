//! The groups and schedules that people name in the gallery file: only the configuration knows which there are.

use limen_core::person::GroupId;

use super::roster::{Entry, Roster, RosterError};
use crate::mistake::{MAX_MISTAKES, Mistake};

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

    /// Checks that the configuration has all schedules of people's second factors.
    pub fn check_schedules(&self, known: &[&str]) -> Result<(), RosterError> {
        let mistakes = self.unknown_schedules(known);
        if mistakes.is_empty() { Ok(()) } else { Err(RosterError::Wrong(mistakes)) }
    }

    /// A mistake for each schedule that the configuration does not have.
    pub fn unknown_schedules(&self, known: &[&str]) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for entry in &self.people {
            let named = entry.standing.means.schedules.iter().zip(&entry.schedule_lines);
            for (name, line) in named.filter(|(name, _)| !known.contains(&name.as_str())) {
                let remedy = match known {
                    [] => "the configuration has no [[schedule]]; add it".to_owned(),
                    known => format!("use {}, or add it to the configuration", known.join(" or ")),
                };
                mistakes.push(Mistake {
                    file: self.file.clone(),
                    line: Some(*line),
                    key: format!("person \"{}\" second-factor-schedules", entry.id),
                    what: format!("no [[schedule]] is called \"{name}\""),
                    remedy,
                });
            }
        }
        mistakes.truncate(MAX_MISTAKES);
        mistakes
    }
}
