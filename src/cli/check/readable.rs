//! Checks that the user of the service can read what the service needs. The command usually runs as root, who can read
//! everything.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use limen_core::person::printable_path;
use limen_files::ServiceUser;

use super::super::context::CommandContext;
use super::report::CheckReport;
use crate::config::Settings;
use crate::gallery::Roster;
use crate::gallery::store::KeyPlace;

/// The permission bits of one class (owner, group or others).
const READ: u32 = 4;
const WRITE: u32 = 2;
const SEARCH: u32 = 1;
/// The most files that are named; the others are counted.
const MOST_NAMED: usize = 20;

pub fn check_readable(context: &CommandContext, report: &mut CheckReport, settings: &Settings) {
    // The service does not read a gallery that is named on the command line.
    let Some(service) = ServiceUser::here().filter(|_| context.gallery().is_none()) else { return };
    let own = [&settings.paths.state, &settings.audit.folder];
    let read = files(context, settings).into_iter().map(|file| (file, READ));
    let write = own.into_iter().filter(|folder| folder.exists()).map(|f| (f.clone(), READ | WRITE | SEARCH));
    let wrong: Vec<String> =
        read.chain(write).filter_map(|(path, wanted)| why_not(&service, &path, wanted)).collect();
    wrong.iter().take(MOST_NAMED).for_each(|what| report.problem("rights", what));
    if wrong.len() > MOST_NAMED {
        report.problem("rights", &format!("and {} files more", wrong.len() - MOST_NAMED));
    }
    if wrong.is_empty() {
        report.ok("rights", &format!("the service (user {}) can read everything it needs", service.name));
    }
}

/// The files that the service reads and does not write itself.
fn files(context: &CommandContext, settings: &Settings) -> Vec<PathBuf> {
    let mut files = vec![context.config_file().to_owned(), settings.gallery.clone()];
    if let KeyPlace::Given(key) = settings.store_file().key() {
        files.push(key.clone());
    }
    if let Ok(roster) = Roster::load(&settings.gallery, context.trust()) {
        let photos = roster.people.iter().flat_map(|entry| &entry.photos);
        files.extend(photos.map(|photo| roster.folder().join(&photo.path)));
    }
    files
}

/// Why the service cannot access a path as it must, with the remedy; `None` if it can, or if the path does not exist.
fn why_not(service: &ServiceUser, path: &Path, wanted: u32) -> Option<String> {
    let real = path.canonicalize().ok()?;
    let name = &service.name;
    for folder in real.ancestors().skip(1) {
        let found = fs::metadata(folder).ok()?;
        if !may(service, &found, SEARCH) {
            let folder = printable_path(folder);
            return Some(format!(
                "{}: the service (user {name}) cannot get into {folder}; mend it with: chgrp {name} {folder} && chmod g+rx {folder}",
                printable_path(path)
            ));
        }
    }
    let found = fs::metadata(&real).ok()?;
    if may(service, &found, wanted) {
        return None;
    }
    let (path, mode) = (printable_path(&real), found.mode() & 0o7777);
    Some(if wanted == READ {
        format!(
            "{path}: the service (user {name}) cannot read it (mode {mode:04o}); mend it with: chgrp {name} {path} && chmod g+r {path}"
        )
    } else {
        format!("{path}: the service (user {name}) cannot write there; mend it with: chown -R {name} {path}")
    })
}

/// Decides as the kernel does: by the first class that the user belongs to.
fn may(service: &ServiceUser, found: &Metadata, wanted: u32) -> bool {
    allowed(service, (found.uid(), found.gid(), found.mode()), wanted)
}

fn allowed(service: &ServiceUser, (uid, gid, mode): (u32, u32, u32), wanted: u32) -> bool {
    let bits = match uid {
        uid if uid == service.uid => mode >> 6,
        _ if service.groups.contains(&gid) => mode >> 3,
        _ => mode,
    };
    bits & wanted == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> ServiceUser {
        ServiceUser { name: "limen".to_owned(), uid: 990, gid: 991, groups: vec![991, 44] }
    }

    #[test]
    fn the_first_class_that_the_service_is_of_decides() {
        assert!(allowed(&service(), (0, 991, 0o640), READ));
        assert!(allowed(&service(), (0, 44, 0o640), READ), "by another group");
        assert!(!allowed(&service(), (0, 0, 0o640), READ), "photographs of a folder that is root's");
        assert!(!allowed(&service(), (990, 991, 0o070), READ), "the owner's bits count, not the group's");
        assert!(
            allowed(&service(), (0, 0, 0o755), READ | SEARCH) && !allowed(&service(), (0, 0, 0o755), WRITE)
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_with_what_mends_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        let file = folder.path().join("a.jpg");
        fs::write(&file, "").expect("written");
        let mode = |bits| fs::set_permissions(&file, fs::Permissions::from_mode(bits)).expect("ours");
        mode(0o600);
        let why = why_not(&service(), &file, READ).expect("closed to the service");
        assert!(why.contains("cannot read it (mode 0600)") && why.contains("chmod g+r"), "{why}");
        mode(0o644);
        assert_eq!(why_not(&service(), &file, READ), None);
    }
}
