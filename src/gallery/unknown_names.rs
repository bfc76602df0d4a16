//! The groups and schedules that people name in the gallery file: only the configuration knows which there are.

use limen_core::person::GroupId;

use super::roster::{Roster, RosterEntry, RosterError};
use crate::diagnostics::{Diagnostic, MAX_DIAGNOSTICS};

impl Roster {
    /// Checks that the configuration has all groups of all people.
    pub fn check_groups<'a>(
        &self,
        known: impl Iterator<Item = &'a GroupId> + Clone,
    ) -> Result<(), RosterError> {
        let diagnostics = self.unknown_groups(known);
        if diagnostics.is_empty() { Ok(()) } else { Err(RosterError::Wrong(diagnostics)) }
    }

    /// A mistake for each group that the configuration does not have.
    pub fn unknown_groups<'a>(&self, known: impl Iterator<Item = &'a GroupId> + Clone) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for entry in &self.people {
            for (group, line) in entry.standing.groups.iter().zip(&entry.group_lines) {
                if !known.clone().any(|other| other == group) && diagnostics.len() < MAX_DIAGNOSTICS {
                    diagnostics.push(self.unknown_group(entry, group, *line, known.clone()));
                }
            }
        }
        diagnostics
    }

    fn unknown_group<'a>(
        &self,
        entry: &RosterEntry,
        group: &GroupId,
        line: usize,
        known: impl Iterator<Item = &'a GroupId>,
    ) -> Diagnostic {
        let names: Vec<&str> = known.map(GroupId::as_str).collect();
        let remedy = match names.as_slice() {
            [] => format!("the configuration has no [[group]]; add one with name = \"{group}\""),
            names => format!("use one of {}, or add a [[group]] to the configuration", names.join(", ")),
        };
        Diagnostic {
            file: self.file.clone(),
            line: Some(line),
            key: format!("person \"{}\" groups", entry.id),
            what: format!("no group is called \"{group}\""),
            remedy,
        }
    }

    /// Checks that the configuration has all schedules of people's second factors.
    pub fn check_schedules(&self, known: &[&str]) -> Result<(), RosterError> {
        let diagnostics = self.unknown_schedules(known);
        if diagnostics.is_empty() { Ok(()) } else { Err(RosterError::Wrong(diagnostics)) }
    }

    /// A mistake for each schedule that the configuration does not have.
    pub fn unknown_schedules(&self, known: &[&str]) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for entry in &self.people {
            let named = entry.standing.means.schedules.iter().zip(&entry.schedule_lines);
            for (name, line) in named.filter(|(name, _)| !known.contains(&name.as_str())) {
                let remedy = match known {
                    [] => "the configuration has no [[schedule]]; add it".to_owned(),
                    known => format!("use {}, or add it to the configuration", known.join(" or ")),
                };
                diagnostics.push(Diagnostic {
                    file: self.file.clone(),
                    line: Some(*line),
                    key: format!("person \"{}\" second-factor-schedules", entry.id),
                    what: format!("no [[schedule]] is called \"{name}\""),
                    remedy,
                });
            }
        }
        diagnostics.truncate(MAX_DIAGNOSTICS);
        diagnostics
    }
}
