//! Owner, group and mode of the files that commands write for the daemon: only root may write them, the
//! service reads them. They are set explicitly, so that umask, `sudo` and an old file have no influence.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

use rustix::process::geteuid;

use crate::error::{FileError, failed};
use crate::place::split;
use crate::replace::{replace, sync_folder};
use crate::service::ServiceUser;
use crate::trusted::WRITABLE_BY_OTHERS;

/// Permission bit: the group may read.
const READABLE_BY_GROUP: u32 = 0o040;

/// The owner and mode that a file should have.
#[derive(Debug, PartialEq, Eq)]
struct Rights {
    /// User id and group id; none if only root could set them.
    owner: Option<(u32, u32)>,
    /// Its permission bits.
    mode: u32,
}

/// Like [`crate::write_atomically`], for a file that the daemon reads: owner, group and mode are set.
pub fn write_for_service(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let rights = rights_in(split(path)?.0, mode)?;
    replace(path, mode, |file| file.write_all(bytes), |file| rights.give(file))
}

/// [`crate::write_atomically`] for what a file was before: it gets the owner, group and mode that it had.
pub fn put_back(path: &Path, bytes: &[u8], before: &Metadata) -> Result<(), FileError> {
    let mode = before.mode() & 0o7777;
    let owner = geteuid().is_root().then_some((before.uid(), before.gid()));
    let rights = Rights { owner, mode };
    replace(path, mode, |file| file.write_all(bytes), |file| rights.give(file))
}

/// Writes a new file that the daemon reads, and syncs it; false, and nothing done, if there is such a file already.
/// One that cannot be written whole is taken away again.
pub fn write_new_for_service(path: &Path, bytes: &[u8], mode: u32) -> Result<bool, FileError> {
    let folder = split(path)?.0;
    let rights = rights_in(folder, mode)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        opened => opened.map_err(|error| failed(path, "write it", error))?,
    };
    let written = file.write_all(bytes).and_then(|()| rights.give(&file)).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Report the first error.
        let _ = fs::remove_file(path);
        return Err(failed(path, "write it", error));
    }
    sync_folder(folder)?;
    Ok(true)
}

/// Gives a file that the daemon reads the rights that [`write_for_service`] would give it. Only root can do
/// that; other users change nothing.
pub fn give_to_service(path: &Path) -> Result<(), FileError> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let changed = |error| failed(path, "set its rights", error);
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path).map_err(changed)?;
    let mode = file.metadata().map_err(changed)?.mode() & 0o777;
    rights_in(split(path)?.0, mode)?.give(&file).map_err(changed)
}

fn rights_in(folder: &Path, mode: u32) -> Result<Rights, FileError> {
    let found = fs::metadata(folder).map_err(|error| failed(folder, "look at it", error))?;
    Ok(rights(&found, ServiceUser::here().as_ref(), geteuid().is_root(), mode))
}

/// The group is the folder's, or the service's if the folder belongs to root's group.
fn rights(folder: &Metadata, service: Option<&ServiceUser>, as_root: bool, mode: u32) -> Rights {
    rights_beside((folder.uid(), folder.gid()), service, as_root, mode)
}

fn rights_beside(folder: (u32, u32), service: Option<&ServiceUser>, as_root: bool, mode: u32) -> Rights {
    let mode = mode & !WRITABLE_BY_OTHERS;
    if !as_root {
        return Rights { owner: None, mode };
    }
    let (user, group) = folder;
    // The service could change a file that it owns.
    let user = if service.is_some_and(|service| service.uid == user) { 0 } else { user };
    let group = match service {
        Some(service) if group == 0 => service.gid,
        _ => group,
    };
    let read = service.is_some_and(|service| service.gid == group);
    Rights { owner: Some((user, group)), mode: if read { mode | READABLE_BY_GROUP } else { mode } }
}

impl Rights {
    fn give(&self, file: &File) -> io::Result<()> {
        if let Some((user, group)) = self.owner {
            fchown(file, Some(user), Some(group))?;
        }
        // Last, because a change of the owner removes bits.
        file.set_permissions(Permissions::from_mode(self.mode))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> ServiceUser {
        ServiceUser { name: "limen".to_owned(), uid: 990, gid: 991, groups: vec![991, 44] }
    }

    #[test]
    fn what_root_writes_is_roots_and_read_by_the_service_whatever_the_folder_was_made() {
        for folder in [(0, 991), (0, 0), (990, 991)] {
            let given = rights_beside(folder, Some(&service()), true, 0o600);
            assert_eq!(given, Rights { owner: Some((0, 991)), mode: 0o640 }, "{folder:?}");
        }
    }

    #[test]
    fn what_lies_with_somebody_else_stays_theirs() {
        let given = rights_beside((1000, 1000), Some(&service()), true, 0o640);
        assert_eq!(given, Rights { owner: Some((1000, 1000)), mode: 0o640 });
        assert_eq!(rights_beside((0, 0), None, true, 0o600), Rights { owner: Some((0, 0)), mode: 0o600 });
        assert_eq!(rights_beside((1000, 1000), None, false, 0o664), Rights { owner: None, mode: 0o644 });
    }

    #[test]
    fn a_file_is_written_once_with_the_rights_asked_for() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("a.jpg");
        assert!(write_new_for_service(&file, b"a", 0o640).expect("written"));
        assert!(!write_new_for_service(&file, b"b", 0o640).expect("left alone"));
        assert_eq!(fs::read(&file).expect("there"), b"a");
        assert_eq!(fs::metadata(&file).expect("there").mode() & 0o777, 0o640);
    }
}
