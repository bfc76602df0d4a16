//! A file is replaced in one step: readers see the old one or the new one, whole, and a power cut leaves one of them.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use rustix::process::geteuid;

use crate::{FileError, failed, split};

/// Puts `bytes` in place of whatever `path` was: readers see the old file or the new one, whole, and a
/// power cut after the return keeps the new one.
///
/// `mode` are the permission bits. As root, the owner and group of the old file are kept; a new file gets
/// those of its folder.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    write_atomically_by(path, mode, |file| file.write_all(bytes))
}

/// [`write_atomically`] for what is too large to be held in memory: `write` writes it, piece by piece.
pub fn write_atomically_by(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    replace(path, mode, write, |file| keep_owner(file, path))
}

/// `own` gives the new file its owner before it takes the old one's place.
pub(super) fn replace(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    own: impl FnOnce(&File) -> io::Result<()>,
) -> Result<(), FileError> {
    let (folder, name) = split(path)?;
    let temporary = folder.join(temporary_name(name));
    let written = write_new(&temporary, mode, write)
        .and_then(|file| own(&file))
        .map_err(|e| failed(&temporary, "write it", e))
        .and_then(|()| fs::rename(&temporary, path).map_err(|e| failed(path, "replace it", e)));
    if let Err(error) = written {
        // The first error is the one to report; a temporary file left behind hurts nobody.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
}

pub(super) fn write_new(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)?;
    // The process's umask may have taken bits away that were asked for.
    file.set_permissions(Permissions::from_mode(mode))?;
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    let file = buffered.into_inner()?;
    file.sync_all()?;
    Ok(file)
}

/// Root writing a file must not take it away from the service's user.
fn keep_owner(file: &File, replaced: &Path) -> io::Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    let folder = || replaced.parent().filter(|folder| !folder.as_os_str().is_empty()).map(fs::metadata);
    match fs::symlink_metadata(replaced).ok().or_else(|| folder()?.ok()) {
        Some(model) if (model.uid(), model.gid()) != owner_of(file)? => {
            std::os::unix::fs::fchown(file, Some(model.uid()), Some(model.gid()))
        }
        _ => Ok(()),
    }
}

pub(super) fn owner_of(file: &File) -> io::Result<(u32, u32)> {
    file.metadata().map(|found| (found.uid(), found.gid()))
}

/// Makes new names in a folder, and lost ones, durable.
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(|e| failed(folder, "sync the folder", e))
}

/// A hidden name in the same folder, never the same twice in one process.
fn temporary_name(name: &OsStr) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    PathBuf::from(format!(".{}.{}-{since}-{count}.new", name.to_string_lossy(), std::process::id()))
}
