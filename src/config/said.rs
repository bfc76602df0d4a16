//! The configuration file as it is written, key by key, before any check.
//!
//! Every key is optional, and every number has the full range of TOML. So the parser accepts the file, and
//! [`super::checks`] reports all mistakes with their lines; the parser would stop at the first one.

mod access;
mod entry;
mod spanned;

use serde::Deserialize;
use toml::Spanned;

pub use access::{SaidAccess, SaidException, SaidGroup, SaidHoliday, SaidSchedule, SaidSite, SaidWindow};

pub use entry::{SaidKeypad, SaidReader, SaidWiegand};
pub use spanned::{Names, Said};

/// The whole file, section by section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidFile {
    /// `[camera]`
    pub camera: SaidCamera,
    /// `[recognition]`
    pub recognition: SaidRecognition,
    /// `[model]`
    pub model: SaidModel,
    /// `[door]`
    pub door: SaidDoor,
    /// `[keypad]`
    pub keypad: SaidKeypad,
    /// `[reader]`
    pub reader: SaidReader,
    /// `[modes]`
    pub modes: SaidModes,
    /// `[alarms]`
    pub alarms: SaidAlarms,
    /// `[control]`
    pub control: SaidControl,
    /// `[gallery]`
    pub gallery: SaidGallery,
    /// `[audit]`
    pub audit: SaidAudit,
    /// `[store]`
    pub store: SaidStore,
    /// `[paths]`
    pub paths: SaidPaths,
    /// `[site]`
    pub site: SaidSite,
    /// `[access]`
    pub access: SaidAccess,
    /// `[[holiday]]`
    pub holiday: Vec<Spanned<SaidHoliday>>,
    /// `[[schedule]]`
    pub schedule: Vec<Spanned<SaidSchedule>>,
    /// `[[group]]`
    pub group: Vec<Spanned<SaidGroup>>,
}

/// `[camera]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidCamera {
    /// The device node, or a link to it that stays the same.
    pub device: Said<String>,
    /// The name of a pixel format.
    pub format: Said<String>,
    /// The width of a frame, in pixels.
    pub width: Said<i64>,
    /// The height of a frame, in pixels.
    pub height: Said<i64>,
    /// Frames per second.
    pub fps: Said<i64>,
    /// The identity of the only camera that is accepted.
    pub identity: Said<String>,
    /// Whether devices whose pictures come from a program are accepted.
    pub allow_virtual: Said<bool>,
}

/// `[recognition]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidRecognition {
    /// The chance that one attempt of a stranger succeeds, 0 to 1.
    pub target_far: Said<f64>,
    /// A distance that replaces the measured threshold.
    pub max_distance: Said<f64>,
    /// By how much the nearest person must lead the second one, as a distance.
    pub margin: Said<f64>,
    /// `[[recognition.look-alikes]]`
    pub look_alikes: Vec<Spanned<SaidLookAlikes>>,
    /// How many frames must agree (K).
    pub frames: Said<i64>,
    /// Of how many last frames (N).
    pub window: Said<i64>,
    /// What happens if there are several faces: `nearest` or `refuse`.
    pub multiple_faces: Said<String>,
    /// `[recognition.quality]`
    pub quality: SaidQuality,
}

/// `[[recognition.look-alikes]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidLookAlikes {
    /// The ids of the two people.
    pub people: Said<Vec<String>>,
    /// By how much one must lead the other, as a distance.
    pub margin: Said<f64>,
}

/// `[recognition.quality]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidQuality {
    /// The smallest distance between the eyes, in pixels.
    pub min_eye_distance: Said<f64>,
    /// The largest turn to a side, in degrees.
    pub max_yaw: Said<f64>,
    /// The largest turn up or down, in degrees.
    pub max_pitch: Said<f64>,
    /// The largest lean to a shoulder, in degrees.
    pub max_roll: Said<f64>,
    /// The least sharpness, in percent of contrast.
    pub min_sharpness: Said<f64>,
    /// The least mean brightness, 0 to 255.
    pub min_brightness: Said<f64>,
    /// The largest mean brightness, 0 to 255.
    pub max_brightness: Said<f64>,
    /// How sure the network must be that there is a face, 0 to 1.
    pub min_presence: Said<f64>,
}

/// `[model]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidModel {
    /// The name of a built-in or installed model.
    pub embedding: Said<String>,
    /// The path of an ONNX file.
    pub path: Said<String>,
    /// The SHA-256 of the file in `path`, in hexadecimal digits.
    pub sha256: Said<String>,
}

/// `[door]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidDoor {
    /// What drives the lock: `rppal`, `gpiochip` or `dry-run`.
    pub driver: Said<String>,
    /// The device node of the GPIO chip.
    pub chip: Said<String>,
    /// The chip's label, which its driver sets.
    pub chip_label: Said<String>,
    /// The BCM number of the pin that drives the lock.
    pub pin: Said<i64>,
    /// The level that unlocks, `high` or `low`.
    pub active: Said<String>,
    /// How long a grant unlocks the door, in seconds.
    pub unlock_seconds: Said<f64>,
    /// Whether a resistor on the board holds the pin at the locked level.
    pub external_pull: Said<bool>,
    /// Whether the installer accepts that a photograph may open the door.
    pub accept_photo_risk: Said<bool>,
    /// The BCM number of the light for "granted".
    pub green: Said<i64>,
    /// The level that switches it on, `high` or `low`.
    pub green_active: Said<String>,
    /// The BCM number of the light for "refused".
    pub red: Said<i64>,
    /// The level that switches it on, `high` or `low`.
    pub red_active: Said<String>,
    /// The BCM number of the buzzer.
    pub buzzer: Said<i64>,
    /// The level that switches it on, `high` or `low`.
    pub buzzer_active: Said<String>,
    /// What the lock does without power: `fail-secure` or `fail-safe`.
    pub lock: Said<String>,
    /// When the door is locked again: `after-time` or `on-close`.
    pub relock: Said<String>,
    /// How long the door stays unlocked at most, in seconds.
    pub longest_unlock_seconds: Said<f64>,
    /// The unlock time of people with extended time, in seconds.
    pub extended_unlock_seconds: Said<f64>,
    /// How long the door may stand open before the alarm, in seconds.
    pub held_open_seconds: Said<f64>,
    /// How long before that alarm the buzzer warns, in seconds.
    pub held_open_warning_seconds: Said<f64>,
    /// `[door.rex]`
    pub rex: Option<Spanned<SaidInput>>,
    /// `[door.contact]`
    pub contact: Option<Spanned<SaidInput>>,
    /// `[door.tamper]`
    pub tamper: Option<Spanned<SaidInput>>,
    /// `[door.fire]`
    pub fire: Option<Spanned<SaidInput>>,
}

/// `[door.rex]`, `[door.contact]`, `[door.tamper]` or `[door.fire]`: an input line of the door.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidInput {
    /// The BCM number of the pin.
    pub pin: Said<i64>,
    /// The level of an active input, `high` or `low`.
    pub active: Said<String>,
    /// The pull resistor, `up`, `down` or `none`.
    pub pull: Said<String>,
    /// The time of debouncing, in milliseconds.
    pub debounce_ms: Said<i64>,
}

/// `[modes]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidModes {
    /// The names of the schedules of office-open.
    pub office_open: Names,
    /// The names of the schedules of lock-down.
    pub lock_down: Names,
    /// What a restart does to a mode that was set by command: `normal` or `keep`.
    pub after_restart: Said<String>,
    /// Whether the exit button works in lock-down.
    pub rex_in_lock_down: Said<bool>,
}

/// `[alarms]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidAlarms {
    /// How long the camera may show nothing before the alarm, in seconds; 0 for no alarm.
    pub camera_blind_seconds: Said<i64>,
}

/// `[control]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidControl {
    /// The system's group of those who may operate the door.
    pub operators: Said<String>,
}

/// `[gallery]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidGallery {
    /// The path of the gallery file.
    pub file: Said<String>,
    /// What a start does without a readable gallery: `refuse` or `last-good`.
    pub at_boot: Said<String>,
}

/// `[audit]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidAudit {
    /// The folder of the record files.
    pub folder: Said<String>,
    /// The largest record file, in bytes.
    pub max_bytes: Said<i64>,
    /// How many full files are kept.
    pub keep: Said<i64>,
    /// The age before which records are not deleted without an alarm, in days.
    pub keep_at_least_days: Said<i64>,
    /// The longest time from a record to its seal, in minutes.
    pub seal_minutes: Said<i64>,
    /// The path of the file with the first sealing key.
    pub key: Said<String>,
    /// What happens if a grant cannot be recorded: `refuse` or `allow-and-alarm`.
    pub on_audit_failure: Said<String>,
}

/// `[store]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidStore {
    /// The path of the file with the key that encrypts the templates.
    pub key: Said<String>,
}

/// `[paths]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidPaths {
    /// The folder of templates and records.
    pub state: Said<String>,
    /// The folder of the socket and of the file that names the lock's line.
    pub runtime: Said<String>,
}
