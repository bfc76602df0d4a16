//! Names the line in a file of the run-time folder, so that `limen lock` can lock it after the daemon has
//! died, even if the configuration has become invalid.

use std::path::{Path, PathBuf};

use limen_files::{Trust, read_trusted_text, write_atomically};
use serde::{Deserialize, Serialize};

use super::chips::ChipChoice;
use super::error::DoorError;
use super::opening::open_lock;
use super::pin::{ActiveLevel, Pin};
use super::settings::{DoorSettings, Driver};

/// The name of the file in the run-time folder.
pub const STATE_NAME: &str = "door";
/// The largest file that is read, in bytes; it has six short lines.
const MAX_BYTES: u64 = 4096;

/// What is needed to lock the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LineName {
    driver: Driver,
    chip: Option<PathBuf>,
    chip_label: Option<String>,
    pin: Option<Pin>,
    active: ActiveLevel,
}

/// Writes the line of `settings` into the file, before the line is driven.
pub fn write(file: &Path, settings: &DoorSettings) -> Result<(), DoorError> {
    let name = LineName {
        driver: settings.driver,
        chip: settings.chip.path.clone(),
        chip_label: settings.chip.label.clone(),
        pin: settings.pin,
        active: settings.active,
    };
    let text = toml::to_string(&name).map_err(|error| unreadable(file, error))?;
    Ok(write_atomically(file, text.as_bytes(), 0o644)?)
}

/// Locks the line that `file` names and reads it back. Returns the name of the line.
pub fn lock_now(file: &Path) -> Result<String, DoorError> {
    let text = read_trusted_text(file, MAX_BYTES, Trust::in_the_service())?;
    let name: LineName = toml::from_str(&text).map_err(|error| unreadable(file, error))?;
    let settings = DoorSettings {
        driver: name.driver,
        chip: ChipChoice { path: name.chip, label: name.chip_label },
        pin: name.pin,
        active: name.active,
        ..DoorSettings::dry_run()
    };
    let mut lock = open_lock(&settings)?;
    lock.lock()?;
    Ok(lock.describe())
}

fn unreadable(file: &Path, error: impl ToString) -> DoorError {
    let what = error.to_string().replace('\n', " ");
    DoorError::StateFile { file: file.display().to_string(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(driver: Driver) -> DoorSettings {
        DoorSettings {
            driver,
            chip: ChipChoice { path: Some("/dev/no-such-chip".into()), label: Some("a-chip".to_owned()) },
            pin: Pin::new(17).ok(),
            active: ActiveLevel::Low,
            ..DoorSettings::dry_run()
        }
    }

    #[test]
    fn the_named_line_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(STATE_NAME);
        write(&file, &settings(Driver::Gpiochip)).expect("written");
        let error = lock_now(&file).expect_err("there is no such chip").to_string();
        assert!(error.contains("/dev/no-such-chip"), "{error}");
        write(&file, &settings(Driver::DryRun)).expect("written");
        assert!(lock_now(&file).expect("nothing to lock").contains("dry-run"));
    }

    #[test]
    fn the_chip_is_written_as_it_was_named_and_not_where_it_was_found_by_its_label() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(STATE_NAME);
        write(&file, &settings(Driver::Gpiochip)).expect("written");
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(text.contains("chip = \"/dev/no-such-chip\"\nchip-label = \"a-chip\"\n"), "{text}");
        write(&file, &DoorSettings::dry_run()).expect("written");
        assert!(!std::fs::read_to_string(&file).expect("text").contains("chip"));
    }

    #[test]
    fn a_file_that_names_no_line_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(STATE_NAME);
        std::fs::write(&file, "pin = 99\n").expect("written");
        assert!(matches!(lock_now(&file), Err(DoorError::StateFile { .. })));
    }
}
