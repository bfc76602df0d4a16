//! Finds all mistakes in a gallery file at once: in its text, against the configuration, and missing
//! photographs. Only whether a photograph shows one good face is found later.

use std::path::Path;

use limen_core::policy::AccessRules;
use limen_files::{FileError, Trust, read_trusted_text};

use crate::gallery::assembly::find_photographs;
use crate::gallery::narrowing::Photographs;
use crate::gallery::roster::MAX_FILE_BYTES;
use crate::gallery::{Plan, Roster, RosterError};
use crate::mistake::{MAX_MISTAKES, Mistake};

/// The photographs of a gallery without mistakes. Without `access`, for commands that open no door, groups
/// and schedules mean nothing.
pub(super) fn planned(
    roster: &Roster,
    trust: Trust,
    access: Option<&AccessRules>,
) -> Result<Plan, RosterError> {
    match surveyed(roster, Vec::new(), trust, access) {
        (plan, mistakes) if mistakes.is_empty() => Ok(plan),
        (_, mistakes) => Err(RosterError::Wrong(mistakes)),
    }
}

/// The photographs that were found, and all mistakes, including those already known.
fn surveyed(
    roster: &Roster,
    mut mistakes: Vec<Mistake>,
    trust: Trust,
    access: Option<&AccessRules>,
) -> (Plan, Vec<Mistake>) {
    if let Some(access) = access {
        mistakes.extend(roster.unknown_groups(access.groups.keys()));
        mistakes.extend(roster.unknown_schedules(&access.schedule_names()));
    }
    let (plan, missing) = find_photographs(roster, roster.folder(), trust);
    mistakes.extend(missing);
    mistakes.sort_by_key(|mistake| mistake.line.unwrap_or(0));
    mistakes.truncate(MAX_MISTAKES);
    (plan, mistakes)
}

/// The contents of a gallery file, as far as they can be read, and all mistakes.
#[derive(Debug)]
pub struct Survey {
    /// The people; [`Roster::read`] says what they can be used for if there are mistakes.
    pub roster: Roster,
    /// The photographs that were found; none has been looked up in a store yet.
    pub plan: Plan,
    /// All mistakes, in the order of lines; at most [`MAX_MISTAKES`].
    pub mistakes: Vec<Mistake>,
}

impl Survey {
    /// Reads a gallery file and every photograph in it.
    pub fn of(file: &Path, trust: Trust, access: Option<&AccessRules>) -> Result<Self, FileError> {
        Ok(Self::of_text(&read_trusted_text(file, MAX_FILE_BYTES, trust)?, file, trust, access))
    }

    fn of_text(text: &str, file: &Path, trust: Trust, access: Option<&AccessRules>) -> Self {
        let (roster, mistakes) = Roster::read(text, file);
        let (plan, mistakes) = surveyed(&roster, mistakes, trust, access);
        Self { roster, plan, mistakes }
    }

    /// The photographs that are now at the paths in the file.
    pub fn photographs(&self) -> Photographs {
        let found =
            self.plan.photos.iter().map(|photo| ((photo.person.clone(), photo.name.clone()), photo.digest));
        found.collect()
    }
}
