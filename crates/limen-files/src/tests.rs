//! Files with wrong rights are refused, and files are replaced as a whole.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use crate::error::{failed, quoted};
use crate::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn file_with_mode(folder: &Path, mode: u32) -> PathBuf {
    let path = folder.join("gallery.toml");
    write_atomically(&path, b"people", mode).expect("writable");
    path
}

#[test]
fn a_full_or_read_only_disk_is_answered_with_what_to_do_and_not_with_rights() {
    for (number, words) in [(libc::ENOSPC, "make room"), (libc::EROFS, "mounted read-only")] {
        let error = failed(Path::new("/var/x"), "write it", io::Error::from_raw_os_error(number)).to_string();
        assert!(error.starts_with("/var/x: cannot write it: ") && error.contains(words), "{error}");
        assert!(!error.contains("root") && !error.contains("sudo"), "{error}");
    }
    let refused = remedy(&io::Error::from_raw_os_error(libc::EACCES));
    assert_eq!(refused.is_empty(), geteuid().is_root(), "{refused}");
}

#[test]
fn what_was_written_is_read_with_the_mode_asked_for() {
    let folder = folder();
    let path = file_with_mode(folder.path(), 0o640);
    assert_eq!(read_trusted(&path, 100, Trust::Checked).expect("trusted"), b"people");
    assert_eq!(fs::metadata(&path).expect("there").mode() & 0o7777, 0o640);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file is left");
}

#[test]
fn a_file_writable_by_the_group_is_refused_with_the_chmod_that_mends_it() {
    let folder = folder();
    let path = file_with_mode(folder.path(), 0o660);
    let error = read_trusted(&path, 100, Trust::Checked).expect_err("writable by the group").to_string();
    assert!(error.ends_with(&format!("chmod go-w {}", quoted(&path))), "{error}");
    assert!(error.contains("mode 0660"), "{error}");
    assert!(read_trusted(&path, 100, Trust::Anyone).is_ok());
}

#[test]
fn a_file_in_a_folder_that_anyone_may_write_is_refused_even_if_sticky() {
    let folder = folder();
    let path = file_with_mode(folder.path(), 0o600);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).expect("our folder");
    let error = read_trusted(&path, 100, Trust::Checked).expect_err("like /tmp").to_string();
    assert!(error.contains("mode 1777"), "{error}");
}

#[test]
fn a_symbolic_link_is_refused() {
    let folder = folder();
    let path = file_with_mode(folder.path(), 0o600);
    let link = folder.path().join("link.toml");
    std::os::unix::fs::symlink(path, &link).expect("our folder");
    assert!(matches!(read_trusted(&link, 100, Trust::Checked), Err(FileError::Link { .. })));
}

#[test]
fn folders_and_large_files_are_refused_and_missing_ones_are_missing() {
    let folder = folder();
    let path = file_with_mode(folder.path(), 0o600);
    assert!(matches!(read_trusted(&path, 5, Trust::Checked), Err(FileError::TooLarge { limit: 5, .. })));
    assert!(matches!(read_trusted(folder.path(), 5, Trust::Anyone), Err(FileError::NotAFile { .. })));
    let missing = read_trusted(&folder.path().join("none"), 5, Trust::Checked);
    assert!(missing.expect_err("not there").is_missing());
}

#[test]
fn a_lock_is_free_again_once_dropped() {
    let folder = folder();
    let path = folder.path().join("gallery.toml");
    drop(lock_file(&path).expect("free"));
    lock_file(&path).expect("free again");
}
