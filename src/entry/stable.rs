//! Names of devices that stay the same after the next start.

use std::path::Path;

use super::error::{EntryError, shown};

/// Folders with stable names of devices: by product, and by connector.
pub const STABLE_FOLDERS: [&str; 2] = ["/dev/input/by-id", "/dev/input/by-path"];

/// Checks that a path names the same device after every start.
pub fn check_stable(path: &Path) -> Result<(), EntryError> {
    let stable =
        path.parent().is_some_and(|folder| STABLE_FOLDERS.iter().any(|known| folder == Path::new(known)));
    if stable && path.file_name().is_some() {
        Ok(())
    } else {
        Err(EntryError::NotStable { path: shown(path) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_device_keeps_are_taken() {
        for good in
            ["/dev/input/by-id/usb-Keypad-event-kbd", "/dev/input/by-path/platform-usb-0:1.2:1.0-event-kbd"]
        {
            assert!(check_stable(Path::new(good)).is_ok(), "{good}");
        }
        for bad in [
            "/dev/input/event3",
            "/dev/input/by-id",
            "/dev/input/by-id/..",
            "/dev/input/by-id/../event3",
            "/dev/input/by-id/a/b",
            "by-id/usb-Keypad-event-kbd",
            "/tmp/by-id/usb-Keypad-event-kbd",
        ] {
            let error = check_stable(Path::new(bad)).expect_err(bad).to_string();
            assert!(error.starts_with(bad) && error.contains("/dev/input/by-path"), "{error}");
        }
    }
}
