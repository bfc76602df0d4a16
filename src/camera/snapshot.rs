//! Writes one picture into one new file, for the installer who aims the camera.
//!
//! No other picture leaves the program. So only the owner may read the file, and it never overwrites a file
//! or follows a link.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use limen_core::person::printable_path;
use limen_vision::frame::Picture;
use limen_vision::pixels::encode::encode_jpeg;

use super::CameraError;

/// Writes the picture as JPEG into a new file of mode 0600. If that fails, no partial file stays.
///
/// # Errors
/// If a file or link of that name exists, or the folder is not writable.
pub fn write_snapshot(picture: &Picture, file: &Path) -> Result<(), CameraError> {
    let failed = |source| CameraError::Snapshot { file: printable_path(file), source };
    let jpeg = encode_jpeg(picture).map_err(failed)?;
    let mut opened = create(file).map_err(failed)?;
    opened.write_all(&jpeg).and_then(|()| opened.sync_all()).map_err(|error| {
        // Report the first error.
        let _ = std::fs::remove_file(file);
        failed(error)
    })
}

fn create(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn picture() -> Picture {
        Picture::from_fn(16, 8, |_, _| [200, 100, 50])
    }

    #[test]
    fn a_snapshot_is_a_jpeg_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("door.jpg");
        write_snapshot(&picture(), &file).expect("a new file");
        assert!(std::fs::read(&file).expect("written").starts_with(&[0xFF, 0xD8, 0xFF]));
        let mode = std::fs::metadata(&file).expect("written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn nothing_is_overwritten_and_no_link_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("there");
        std::fs::write(&file, "precious").expect("writable");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).expect("writable");
        for taken in [&file, &link] {
            let error = write_snapshot(&picture(), taken).expect_err("the name is taken").to_string();
            assert!(error.contains(&printable_path(taken)), "{error}");
        }
        assert_eq!(std::fs::read(&file).expect("still there"), b"precious");
        assert!(!folder.path().join("elsewhere").exists());
    }
}
