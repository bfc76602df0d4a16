//! Replaces files in one step. A reader sees the whole old file or the whole new one. This also holds after a
//! power cut.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use rustix::process::geteuid;

use crate::error::{FileError, failed};
use crate::place::split;

/// Replaces the file at `path` with `bytes`. Readers see the whole old file or the whole new one. After this
/// function returns, the new file survives a power cut.
///
/// `mode` is the permission bits. If the program runs as root, it keeps the owner and group of the old file.
/// If there was no file, it takes those of the folder.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    write_atomically_by(path, mode, |file| file.write_all(bytes))
}

/// Like [`write_atomically`], for contents too large to hold in memory: `write` writes them piece by piece.
pub fn write_atomically_by(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    replace(path, mode, write, |file| keep_owner(file, path))
}

/// Replaces a file. `own` sets the owner of the new file, before the new file replaces the old one.
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
        // Report the first error. A temporary file that is left over does no harm.
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
    // The umask may have cleared some permission bits.
    file.set_permissions(Permissions::from_mode(mode))?;
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    let file = buffered.into_inner()?;
    file.sync_all()?;
    Ok(file)
}

/// Gives a file that root writes the owner and group of the replaced file, or else of the folder: the service
/// must still be able to read it.
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

/// Syncs a folder, so that created, renamed and removed files in it survive a power cut.
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(|e| failed(folder, "sync the folder", e))
}

/// The name of a hidden temporary file. Each call gives another name.
fn temporary_name(name: &OsStr) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    PathBuf::from(format!(".{}.{}-{since}-{count}.new", name.to_string_lossy(), std::process::id()))
}
