//! Checks that there is room on the disk for the records.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use limen_audit::{DiskSpace, in_words};
use limen_core::person::printable_path;

use super::report::CheckReport;
use crate::config::Settings;

/// A finding about the room on a file system.
#[derive(Debug, PartialEq, Eq)]
enum SpaceFinding {
    Problem(String),
    Note(String),
}

/// Reports the folders whose disk is full or nearly full.
pub fn check_room(report: &mut CheckReport, settings: &Settings) {
    let mut seen = Vec::new();
    for folder in [&settings.audit.folder, &settings.paths.state] {
        let Some((disk, room)) = there(folder).and_then(disk_of) else { continue };
        // A disk is reported once.
        if seen.contains(&disk) {
            continue;
        }
        seen.push(disk);
        let folder = printable_path(folder);
        match finding(room, settings.audit.max_bytes) {
            Some(SpaceFinding::Problem(what)) => report.problem("room", &format!("{folder}: {what}")),
            Some(SpaceFinding::Note(what)) => report.note("room", &format!("{folder}: {what}")),
            None => {}
        }
    }
}

/// The number of a folder's disk, and the room on that disk.
fn disk_of(folder: &Path) -> Option<(u64, DiskSpace)> {
    Some((folder.metadata().ok()?.dev(), DiskSpace::around(folder).ok()?))
}

fn finding(room: DiskSpace, max_bytes: u64) -> Option<SpaceFinding> {
    let (free, wanted) = (in_words(room.free), in_words(room.early(max_bytes)));
    if !room.is_enough() {
        let what = format!(
            "the disk is full ({free} are left); only faults and alarms are recorded; make room there"
        );
        return Some(SpaceFinding::Problem(what));
    }
    let what = format!("{free} are left on this disk, and there should be {wanted}; make room there");
    room.is_short(max_bytes, false).then_some(SpaceFinding::Note(what))
}

/// The folder, or the nearest folder above it that exists.
fn there(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_problem_and_one_that_is_nearly_full_a_note() {
        let found = |free| finding(DiskSpace { free, total: 256 << 10 }, 16 << 20);
        assert_eq!(found(100 << 10), None);
        let note = "40 KiB are left on this disk, and there should be 64 KiB; make room there";
        assert_eq!(found(40 << 10), Some(SpaceFinding::Note(note.to_owned())));
        let Some(SpaceFinding::Problem(problem)) = found(0) else { panic!("a problem") };
        assert!(problem.contains("the disk is full (0 bytes are left)"), "{problem}");
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_above() {
        assert_eq!(there(Path::new("/no-such-folder/audit")), Some(Path::new("/")));
    }
}
