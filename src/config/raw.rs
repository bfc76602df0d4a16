//! The configuration file as it is written, key by key, before any check.
//!
//! Every key is optional, and every number has the full range of TOML. So the parser accepts the file, and
//! [`super::checks`] reports all mistakes with their lines; the parser would stop at the first one.

mod access;
mod camera;
mod entry;
mod gateway;
mod spanned;

use serde::Deserialize;
use toml::Spanned;

pub use access::{RawAccess, RawException, RawGroup, RawHoliday, RawSchedule, RawSite, RawWindow};

pub use camera::{RawCamera, RawLight, RawRpicam};
pub use entry::{RawKeypad, RawReader, RawWiegand};
pub use gateway::RawGateway;
pub use spanned::{Names, RawValue};

/// The whole file, section by section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawFile {
    /// `[camera]`
    pub camera: RawCamera,
    /// `[recognition]`
    pub recognition: RawRecognition,
    /// `[liveness]`
    pub liveness: RawLiveness,
    /// `[model]`
    pub model: RawModel,
    /// `[door]`
    pub door: RawDoor,
    /// `[keypad]`
    pub keypad: RawKeypad,
    /// `[reader]`
    pub reader: RawReader,
    /// `[modes]`
    pub modes: RawModes,
    /// `[alarms]`
    pub alarms: RawAlarms,
    /// `[control]`
    pub control: RawControl,
    /// `[gallery]`
    pub gallery: RawGallery,
    /// `[audit]`
    pub audit: RawAudit,
    /// `[store]`
    pub store: RawStore,
    /// `[paths]`
    pub paths: RawPaths,
    /// `[site]`
    pub site: RawSite,
    /// `[access]`
    pub access: RawAccess,
    /// `[[holiday]]`
    pub holiday: Vec<Spanned<RawHoliday>>,
    /// `[[schedule]]`
    pub schedule: Vec<Spanned<RawSchedule>>,
    /// `[[group]]`
    pub group: Vec<Spanned<RawGroup>>,
}

/// `[recognition]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawRecognition {
    /// The chance that one attempt of a stranger succeeds, 0 to 1.
    pub target_far: RawValue<f64>,
    /// A distance that replaces the measured threshold.
    pub max_distance: RawValue<f64>,
    /// By how much the nearest person must lead the second one, as a distance.
    pub margin: RawValue<f64>,
    /// `[[recognition.look-alikes]]`
    pub look_alikes: Vec<Spanned<RawLookAlikes>>,
    /// How many frames must agree (K).
    pub frames: RawValue<i64>,
    /// Of how many last frames (N).
    pub window: RawValue<i64>,
    /// What happens if there are several faces: `nearest` or `refuse`.
    pub multiple_faces: RawValue<String>,
    /// Who must turn the head: `challenge`, `motion` or `off`.
    pub liveness: RawValue<String>,
    /// `[recognition.quality]`
    pub quality: RawQuality,
}

/// `[[recognition.look-alikes]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawLookAlikes {
    /// The ids of the two people.
    pub people: RawValue<Vec<String>>,
    /// By how much one must lead the other, as a distance.
    pub margin: RawValue<f64>,
}

/// `[recognition.quality]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawQuality {
    /// The smallest distance between the eyes, in pixels.
    pub min_eye_distance: RawValue<f64>,
    /// The largest turn to a side, in degrees.
    pub max_yaw: RawValue<f64>,
    /// The largest turn up or down, in degrees.
    pub max_pitch: RawValue<f64>,
    /// The largest lean to a shoulder, in degrees.
    pub max_roll: RawValue<f64>,
    /// The least sharpness, in percent of contrast.
    pub min_sharpness: RawValue<f64>,
    /// The least mean brightness, 0 to 255.
    pub min_brightness: RawValue<f64>,
    /// The largest mean brightness, 0 to 255.
    pub max_brightness: RawValue<f64>,
    /// How sure the network must be that there is a face, 0 to 1.
    pub min_presence: RawValue<f64>,
}

/// `[liveness]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawLiveness {
    /// What may follow an attempt that was unsure: `refuse` or `pin`.
    pub after_unsure: RawValue<String>,
}

/// `[model]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawModel {
    /// The name of a built-in or installed model.
    pub embedding: RawValue<String>,
    /// The path of an ONNX file.
    pub path: RawValue<String>,
    /// The SHA-256 of the file in `path`, in hexadecimal digits.
    pub sha256: RawValue<String>,
}

/// `[door]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawDoor {
    /// What drives the lock: `rppal`, `gpiochip` or `dry-run`.
    pub driver: RawValue<String>,
    /// The device node of the GPIO chip.
    pub chip: RawValue<String>,
    /// The chip's label, which its driver sets.
    pub chip_label: RawValue<String>,
    /// The BCM number of the pin that drives the lock.
    pub pin: RawValue<i64>,
    /// The level that unlocks, `high` or `low`.
    pub active: RawValue<String>,
    /// How long a grant unlocks the door, in seconds.
    pub unlock_seconds: RawValue<f64>,
    /// Whether a resistor on the board holds the pin at the locked level.
    pub external_pull: RawValue<bool>,
    /// Whether the installer accepts that a photograph may open the door.
    pub accept_photo_risk: RawValue<bool>,
    /// The BCM number of the light for "granted".
    pub green: RawValue<i64>,
    /// The level that switches it on, `high` or `low`.
    pub green_active: RawValue<String>,
    /// The BCM number of the light for "refused".
    pub red: RawValue<i64>,
    /// The level that switches it on, `high` or `low`.
    pub red_active: RawValue<String>,
    /// The BCM number of the buzzer.
    pub buzzer: RawValue<i64>,
    /// The level that switches it on, `high` or `low`.
    pub buzzer_active: RawValue<String>,
    /// The BCM number of the light that asks to turn the head to the left.
    pub prompt_left: RawValue<i64>,
    /// The level that switches it on, `high` or `low`.
    pub prompt_left_active: RawValue<String>,
    /// The BCM number of the light that asks to turn the head to the right.
    pub prompt_right: RawValue<i64>,
    /// The level that switches it on, `high` or `low`.
    pub prompt_right_active: RawValue<String>,
    /// What the lock does without power: `fail-secure` or `fail-safe`.
    pub lock: RawValue<String>,
    /// When the door is locked again: `after-time` or `on-close`.
    pub relock: RawValue<String>,
    /// How long the door stays unlocked at most, in seconds.
    pub longest_unlock_seconds: RawValue<f64>,
    /// The unlock time of people with extended time, in seconds.
    pub extended_unlock_seconds: RawValue<f64>,
    /// How long the door may stand open before the alarm, in seconds.
    pub held_open_seconds: RawValue<f64>,
    /// How long before that alarm the buzzer warns, in seconds.
    pub held_open_warning_seconds: RawValue<f64>,
    /// `[door.rex]`
    pub rex: Option<Spanned<RawInput>>,
    /// `[door.contact]`
    pub contact: Option<Spanned<RawInput>>,
    /// `[door.tamper]`
    pub tamper: Option<Spanned<RawInput>>,
    /// `[door.fire]`
    pub fire: Option<Spanned<RawInput>>,
}

/// `[door.rex]`, `[door.contact]`, `[door.tamper]` or `[door.fire]`: an input line of the door.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawInput {
    /// The BCM number of the pin.
    pub pin: RawValue<i64>,
    /// The level of an active input, `high` or `low`.
    pub active: RawValue<String>,
    /// The pull resistor, `up`, `down` or `none`.
    pub pull: RawValue<String>,
    /// The time of debouncing, in milliseconds.
    pub debounce_ms: RawValue<i64>,
}

/// `[modes]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawModes {
    /// The names of the schedules of office-open.
    pub office_open: Names,
    /// The names of the schedules of lock-down.
    pub lock_down: Names,
    /// What a restart does to a mode that was set by command: `normal` or `keep`.
    pub after_restart: RawValue<String>,
    /// Whether the exit button works in lock-down.
    pub rex_in_lock_down: RawValue<bool>,
}

/// `[alarms]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawAlarms {
    /// How long the camera may show nothing before the alarm, in seconds; 0 for no alarm.
    pub camera_blind_seconds: RawValue<i64>,
}

/// `[control]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawControl {
    /// The system's group of those who may operate the door.
    pub operators: RawValue<String>,
    /// `[control.gateway]`
    pub gateway: Option<Spanned<RawGateway>>,
}

/// `[gallery]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawGallery {
    /// The path of the gallery file.
    pub file: RawValue<String>,
    /// What a start does without a readable gallery: `refuse` or `last-good`.
    pub at_boot: RawValue<String>,
}

/// `[audit]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawAudit {
    /// The folder of the record files.
    pub folder: RawValue<String>,
    /// The largest record file, in bytes.
    pub max_bytes: RawValue<i64>,
    /// How many full files are kept.
    pub keep: RawValue<i64>,
    /// The age before which records are not deleted without an alarm, in days.
    pub keep_at_least_days: RawValue<i64>,
    /// The longest time from a record to its seal, in minutes.
    pub seal_minutes: RawValue<i64>,
    /// The path of the file with the first sealing key.
    pub key: RawValue<String>,
    /// What happens if a grant cannot be recorded: `refuse` or `allow-and-alarm`.
    pub on_audit_failure: RawValue<String>,
}

/// `[store]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawStore {
    /// The path of the file with the key that encrypts the templates.
    pub key: RawValue<String>,
}

/// `[paths]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawPaths {
    /// The folder of templates and records.
    pub state: RawValue<String>,
    /// The folder of the socket and of the file that names the lock's line.
    pub runtime: RawValue<String>,
}
