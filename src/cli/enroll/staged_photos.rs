//! Copies photographs into the gallery's folder, and deletes them again if the enrolment fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use limen_core::person::printable_path;
use limen_files::write_new_for_service;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_default;

use crate::cli::outcome::CommandError;

/// The mode of photographs: for root and the service only.
const PHOTO_MODE: u32 = 0o640;

/// Deletes what it wrote when it is dropped, unless [`StagedPhotos::keep`] was called. While it exists, signals do not end the
/// program, because that would leave the copies.
pub(super) struct StagedPhotos<'a> {
    folder: &'a Path,
    written: Vec<PathBuf>,
    interruptible: Arc<AtomicBool>,
}

impl<'a> StagedPhotos<'a> {
    /// A stage that has written nothing yet.
    ///
    /// # Errors
    /// A signal cannot be caught.
    pub fn in_folder(folder: &'a Path) -> Result<Self, CommandError> {
        let interruptible = Arc::new(AtomicBool::new(false));
        // SIGXFSZ is the signal for a file that is too large; without it the write returns an error.
        for signal in [SIGINT, SIGTERM, SIGHUP, libc::SIGXFSZ] {
            register_conditional_default(signal, Arc::clone(&interruptible))?;
        }
        Ok(Self { folder, written: Vec::new(), interruptible })
    }

    /// Writes a photograph into a new file.
    ///
    /// # Errors
    /// The file exists or cannot be written.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), CommandError> {
        let path = self.folder.join(name);
        if !write_new_for_service(&path, bytes, PHOTO_MODE)? {
            let what =
                format!("{}: was written by somebody else meanwhile; try again", printable_path(&path));
            return Err(CommandError::Device(what));
        }
        self.written.push(path);
        Ok(())
    }

    /// Keeps the photographs that were written.
    pub fn keep(&mut self) {
        self.written.clear();
    }
}

impl Drop for StagedPhotos<'_> {
    fn drop(&mut self) {
        for path in &self.written {
            // A failure cannot be reported here, and the gallery does not name the file.
            let _ = fs::remove_file(path);
        }
        self.interruptible.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_kept_is_taken_away_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("there.jpg"), "there").expect("written");
        let mut stage = StagedPhotos::in_folder(folder.path()).expect("signals");
        stage.put("new.jpg", b"new").expect("written");
        assert!(stage.put("there.jpg", b"new").is_err());
        drop(stage);
        let left: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
        assert_eq!(left, ["there.jpg"]);
    }
}
