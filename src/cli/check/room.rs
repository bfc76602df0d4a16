//! Is there room on the disk for the records?

use std::path::Path;

use super::super::context::shown;
use super::Report;
use crate::audit::{Room, in_words};
use crate::config::Settings;

/// Names the folders that are on a disk which is full, or nearly so.
pub fn check_room(report: &mut Report, settings: &Settings) {
    for folder in [&settings.audit.folder, &settings.paths.state] {
        let Some(room) = there(folder).and_then(|there| Room::around(there).ok()) else { continue };
        let (folder, free) = (shown(folder), in_words(room.free));
        let wanted = in_words(room.early(settings.audit.max_bytes));
        if !room.is_enough() {
            report.problem(
                "room",
                &format!("{folder}: the disk is full, {free} are left: nothing is recorded; make room"),
            );
        } else if room.is_short(settings.audit.max_bytes, false) {
            report
                .note("room", &format!("{folder}: {free} are left, and there should be {wanted}; make room"));
        }
    }
}

/// The folder, or where it will be made.
fn there(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.exists())
}
