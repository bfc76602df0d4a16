//! Finds all mistakes in a gallery file at once: in its text, against the configuration, and missing
//! photographs. Only whether a photograph shows one good face is found later.

use std::path::Path;

use limen_core::policy::AccessRules;
use limen_files::{FileError, Trust, read_trusted_text};

use crate::diagnostics::{Diagnostic, MAX_DIAGNOSTICS};
use crate::gallery::assembly::find_photographs;
use crate::gallery::revocation::Photographs;
use crate::gallery::roster::MAX_FILE_BYTES;
use crate::gallery::{AssemblyPlan, Roster, RosterError};

/// The photographs of a gallery without mistakes. Without `access`, for commands that open no door, groups
/// and schedules mean nothing.
pub(super) fn planned(
    roster: &Roster,
    trust: Trust,
    access: Option<&AccessRules>,
) -> Result<AssemblyPlan, RosterError> {
    match surveyed(roster, Vec::new(), trust, access) {
        (plan, diagnostics) if diagnostics.is_empty() => Ok(plan),
        (_, diagnostics) => Err(RosterError::Wrong(diagnostics)),
    }
}

/// The photographs that were found, and all mistakes, including those already known.
fn surveyed(
    roster: &Roster,
    mut diagnostics: Vec<Diagnostic>,
    trust: Trust,
    access: Option<&AccessRules>,
) -> (AssemblyPlan, Vec<Diagnostic>) {
    if let Some(access) = access {
        diagnostics.extend(roster.unknown_groups(access.groups.keys()));
        diagnostics.extend(roster.unknown_schedules(&access.schedule_names()));
    }
    let (plan, missing) = find_photographs(roster, roster.folder(), trust);
    diagnostics.extend(missing);
    diagnostics.sort_by_key(|diagnostic| diagnostic.line.unwrap_or(0));
    diagnostics.truncate(MAX_DIAGNOSTICS);
    (plan, diagnostics)
}

/// The contents of a gallery file, as far as they can be read, and all mistakes.
#[derive(Debug)]
pub struct Survey {
    /// The people; [`Roster::read`] says what they can be used for if there are mistakes.
    pub roster: Roster,
    /// The photographs that were found; none has been looked up in a store yet.
    pub plan: AssemblyPlan,
    /// All mistakes, in the order of lines; at most [`MAX_DIAGNOSTICS`].
    pub diagnostics: Vec<Diagnostic>,
}

impl Survey {
    /// Reads a gallery file and every photograph in it.
    pub fn of(file: &Path, trust: Trust, access: Option<&AccessRules>) -> Result<Self, FileError> {
        Ok(Self::of_text(&read_trusted_text(file, MAX_FILE_BYTES, trust)?, file, trust, access))
    }

    fn of_text(text: &str, file: &Path, trust: Trust, access: Option<&AccessRules>) -> Self {
        let (roster, diagnostics) = Roster::read(text, file);
        let (plan, diagnostics) = surveyed(&roster, diagnostics, trust, access);
        Self { roster, plan, diagnostics }
    }

    /// The photographs that are now at the paths in the file.
    pub fn photographs(&self) -> Photographs {
        let found =
            self.plan.photos.iter().map(|photo| ((photo.person.clone(), photo.name.clone()), photo.digest));
        found.collect()
    }
}
