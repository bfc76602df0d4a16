//! Input devices of Linux: the only file that names `evdev`.
//!
//! A device is named by a stable link, opened and grabbed: from then on the kernel gives its keys only to us,
//! not to a console that would show a PIN. No other keyboard is ever opened.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use evdev::raw_stream::RawDevice;
use evdev::{EventSummary, KeyCode, SynchronizationCode};
use limen_core::person::printable;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::error::{EntryError, shown};
use super::keypad::KeypadKey;
use super::stable::{STABLE_FOLDERS, check_stable};

/// What a device sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// A key was pressed, at the kernel's time stamp by the wall clock.
    Key(Duration, KeypadKey),
    /// The kernel's queue was full, and keys are missing.
    Dropped,
}

/// An open device that sends only to us. Dropping it releases it.
pub struct InputDevice {
    device: RawDevice,
    path: PathBuf,
}

impl InputDevice {
    /// Opens and grabs the device at a stable path.
    pub fn open(path: &Path) -> Result<Self, EntryError> {
        check_stable(path)?;
        let mut device = RawDevice::open(path).map_err(|error| cannot_open(path, &error))?;
        if !has_keys_of_a_keypad(&device) {
            return Err(EntryError::NoKeypad { path: shown(path), name: name_of(&device) });
        }
        device.grab().map_err(|error| match error.raw_os_error() {
            Some(libc::EBUSY) => EntryError::Held { path: shown(path) },
            _ => failed(path, &error),
        })?;
        Ok(Self { device, path: path.to_owned() })
    }

    /// Waits at most `patience` for keys, and passes them to `take`.
    pub fn wait(&mut self, patience: Duration, mut take: impl FnMut(Sent)) -> Result<(), EntryError> {
        let failed = |error: io::Error| failed(&self.path, &error);
        let timeout = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(patience.subsec_nanos()),
        };
        let mut waiting = [PollFd::new(&self.device, PollFlags::IN)];
        match poll(&mut waiting, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(failed(error.into())),
        }
        for event in self.device.fetch_events().map_err(failed)? {
            let stamp = event.timestamp().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            match event.destructure() {
                EventSummary::Key(_, code, 1) => take(Sent::Key(stamp, key_of(code))),
                EventSummary::Synchronization(_, SynchronizationCode::SYN_DROPPED, _) => take(Sent::Dropped),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A keyboard of this machine with a stable name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyboard {
    /// The stable link to it.
    pub path: PathBuf,
    /// The device's own name.
    pub name: String,
}

/// The keyboards of this machine that this user may open, by their stable names.
pub fn keyboards() -> Vec<Keyboard> {
    let entries =
        STABLE_FOLDERS.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut found: Vec<Keyboard> = entries
        .filter_map(|entry| {
            let path = entry.path();
            let device = RawDevice::open(&path).ok().filter(has_keys_of_a_keypad)?;
            Some(Keyboard { path, name: name_of(&device) })
        })
        .collect();
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Checks that this user could use the device now. Returns the device's own name.
pub fn check(path: &Path) -> Result<String, EntryError> {
    InputDevice::open(path).map(|opened| name_of(&opened.device))
}

fn has_keys_of_a_keypad(device: &RawDevice) -> bool {
    let Some(keys) = device.supported_keys() else { return false };
    let has = |wanted: KeypadKey| keys.iter().any(|code| key_of(code) == wanted);
    (0..=9).all(|digit| has(KeypadKey::Digit(digit))) && has(KeypadKey::End)
}

fn key_of(code: KeyCode) -> KeypadKey {
    const ROWS: [[KeyCode; 10]; 3] = [
        [
            KeyCode::KEY_0,
            KeyCode::KEY_1,
            KeyCode::KEY_2,
            KeyCode::KEY_3,
            KeyCode::KEY_4,
            KeyCode::KEY_5,
            KeyCode::KEY_6,
            KeyCode::KEY_7,
            KeyCode::KEY_8,
            KeyCode::KEY_9,
        ],
        [
            KeyCode::KEY_KP0,
            KeyCode::KEY_KP1,
            KeyCode::KEY_KP2,
            KeyCode::KEY_KP3,
            KeyCode::KEY_KP4,
            KeyCode::KEY_KP5,
            KeyCode::KEY_KP6,
            KeyCode::KEY_KP7,
            KeyCode::KEY_KP8,
            KeyCode::KEY_KP9,
        ],
        [
            KeyCode::KEY_NUMERIC_0,
            KeyCode::KEY_NUMERIC_1,
            KeyCode::KEY_NUMERIC_2,
            KeyCode::KEY_NUMERIC_3,
            KeyCode::KEY_NUMERIC_4,
            KeyCode::KEY_NUMERIC_5,
            KeyCode::KEY_NUMERIC_6,
            KeyCode::KEY_NUMERIC_7,
            KeyCode::KEY_NUMERIC_8,
            KeyCode::KEY_NUMERIC_9,
        ],
    ];
    let digit = ROWS.iter().find_map(|row| (0_u8..).zip(row).find(|(_, known)| **known == code));
    match (digit, code) {
        (Some((digit, _)), _) => KeypadKey::Digit(digit),
        (_, KeyCode::KEY_ENTER | KeyCode::KEY_KPENTER | KeyCode::KEY_NUMERIC_POUND) => KeypadKey::End,
        (_, KeyCode::KEY_ESC | KeyCode::KEY_KPASTERISK | KeyCode::KEY_NUMERIC_STAR) => KeypadKey::Clear,
        _ => KeypadKey::Other,
    }
}

fn name_of(device: &RawDevice) -> String {
    printable(device.name().unwrap_or("a device without a name"), 60)
}

fn cannot_open(path: &Path, error: &io::Error) -> EntryError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => EntryError::Denied { path: shown(path) },
        io::ErrorKind::NotFound => EntryError::Missing { path: shown(path), why: error.to_string() },
        _ => failed(path, error),
    }
}

fn failed(path: &Path, error: &io::Error) -> EntryError {
    EntryError::Failed { path: shown(path), what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_every_kind_of_keypad_are_known() {
        for (code, key) in [
            (KeyCode::KEY_0, KeypadKey::Digit(0)),
            (KeyCode::KEY_9, KeypadKey::Digit(9)),
            (KeyCode::KEY_KP7, KeypadKey::Digit(7)),
            (KeyCode::KEY_NUMERIC_3, KeypadKey::Digit(3)),
            (KeyCode::KEY_KPENTER, KeypadKey::End),
            (KeyCode::KEY_NUMERIC_POUND, KeypadKey::End),
            (KeyCode::KEY_ESC, KeypadKey::Clear),
            (KeyCode::KEY_KPASTERISK, KeypadKey::Clear),
            (KeyCode::KEY_A, KeypadKey::Other),
        ] {
            assert_eq!(key_of(code), key, "{code:?}");
        }
    }

    #[test]
    fn a_device_that_is_not_there_is_named_with_the_remedy() {
        let error =
            check(Path::new("/dev/input/by-id/usb-no-such-event-kbd")).expect_err("not there").to_string();
        assert!(error.contains("usb-no-such-event-kbd") && error.contains("plug it in"), "{error}");
        assert!(matches!(check(Path::new("/dev/input/event0")), Err(EntryError::NotStable { .. })));
    }
}
