//! What the configuration file says, key by key, before anything is believed.
//!
//! Every key is optional here, and numbers are as wide as TOML's: that way all mistakes are found by
//! [`super::checks`], with their lines, instead of the first one by the parser.

mod access;
mod entry;
mod spanned;

use serde::Deserialize;
use toml::Spanned;

pub use access::{SaidAccess, SaidException, SaidGroup, SaidHoliday, SaidSchedule, SaidSite, SaidWindow};

pub use entry::{SaidKeypad, SaidReader, SaidWiegand};
pub use spanned::{Names, Said};

/// The whole file.
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
    /// Device node or stable link.
    pub device: Said<String>,
    /// Name of a pixel format.
    pub format: Said<String>,
    /// Pixels.
    pub width: Said<i64>,
    /// Pixels.
    pub height: Said<i64>,
    /// Frames a second.
    pub fps: Said<i64>,
    /// Which camera must answer.
    pub identity: Said<String>,
    /// Accept virtual devices.
    pub allow_virtual: Said<bool>,
}

/// `[recognition]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidRecognition {
    /// Chance that an attempt of a stranger succeeds.
    pub target_far: Said<f64>,
    /// A distance instead of the measured threshold.
    pub max_distance: Said<f64>,
    /// Lead over the runner-up.
    pub margin: Said<f64>,
    /// `[[recognition.look-alikes]]`
    pub look_alikes: Vec<Spanned<SaidLookAlikes>>,
    /// K.
    pub frames: Said<i64>,
    /// N.
    pub window: Said<i64>,
    /// `nearest` or `refuse`.
    pub multiple_faces: Said<String>,
    /// `[recognition.quality]`
    pub quality: SaidQuality,
}

/// `[[recognition.look-alikes]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidLookAlikes {
    /// Two ids.
    pub people: Said<Vec<String>>,
    /// Lead over the other of the two.
    pub margin: Said<f64>,
}

/// `[recognition.quality]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidQuality {
    /// Pixels.
    pub min_eye_distance: Said<f64>,
    /// Degrees.
    pub max_yaw: Said<f64>,
    /// Degrees.
    pub max_pitch: Said<f64>,
    /// Degrees.
    pub max_roll: Said<f64>,
    /// In the vision's own unit.
    pub min_sharpness: Said<f64>,
    /// 0 to 255.
    pub min_brightness: Said<f64>,
    /// 0 to 255.
    pub max_brightness: Said<f64>,
    /// 0 to 1.
    pub min_presence: Said<f64>,
}

/// `[model]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidModel {
    /// Name of a model, built in or installed.
    pub embedding: Said<String>,
    /// An ONNX file.
    pub path: Said<String>,
    /// Its digest.
    pub sha256: Said<String>,
}

/// `[door]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidDoor {
    /// `rppal`, `gpiochip` or `dry-run`.
    pub driver: Said<String>,
    /// Device node of the GPIO chip.
    pub chip: Said<String>,
    /// What the chip's driver calls it.
    pub chip_label: Said<String>,
    /// BCM number.
    pub pin: Said<i64>,
    /// `high` or `low`.
    pub active: Said<String>,
    /// Seconds.
    pub unlock_seconds: Said<f64>,
    /// A resistor holds the line at start.
    pub external_pull: Said<bool>,
    /// A photograph may open the door.
    pub accept_photo_risk: Said<bool>,
    /// BCM number.
    pub green: Said<i64>,
    /// `high` or `low`.
    pub green_active: Said<String>,
    /// BCM number.
    pub red: Said<i64>,
    /// `high` or `low`.
    pub red_active: Said<String>,
    /// BCM number.
    pub buzzer: Said<i64>,
    /// `high` or `low`.
    pub buzzer_active: Said<String>,
    /// `fail-secure` or `fail-safe`.
    pub lock: Said<String>,
    /// `after-time` or `on-close`.
    pub relock: Said<String>,
    /// Seconds.
    pub longest_unlock_seconds: Said<f64>,
    /// Seconds.
    pub extended_unlock_seconds: Said<f64>,
    /// Seconds.
    pub held_open_seconds: Said<f64>,
    /// Seconds.
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

/// An input line of the door.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidInput {
    /// BCM number.
    pub pin: Said<i64>,
    /// `high` or `low`.
    pub active: Said<String>,
    /// `up`, `down` or `none`.
    pub pull: Said<String>,
    /// Milliseconds.
    pub debounce_ms: Said<i64>,
}

/// `[modes]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidModes {
    /// Names of schedules.
    pub office_open: Names,
    /// Names of schedules.
    pub lock_down: Names,
    /// `normal` or `keep`.
    pub after_restart: Said<String>,
    /// The exit button works in lock-down.
    pub rex_in_lock_down: Said<bool>,
}

/// `[alarms]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidAlarms {
    /// Seconds; 0 for never.
    pub camera_blind_seconds: Said<i64>,
}

/// `[control]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidControl {
    /// A group of the system.
    pub operators: Said<String>,
}

/// `[gallery]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidGallery {
    /// The gallery file.
    pub file: Said<String>,
    /// `refuse` or `last-good`.
    pub at_boot: Said<String>,
}

/// `[audit]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidAudit {
    /// Folder of the record files.
    pub folder: Said<String>,
    /// Bytes a file.
    pub max_bytes: Said<i64>,
    /// Files.
    pub keep: Said<i64>,
    /// Days.
    pub keep_at_least_days: Said<i64>,
    /// Minutes.
    pub seal_minutes: Said<i64>,
    /// The first sealing key.
    pub key: Said<String>,
    /// `refuse` or `allow-and-alarm`.
    pub on_audit_failure: Said<String>,
}

/// `[store]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidStore {
    /// The key that seals the templates.
    pub key: Said<String>,
}

/// `[paths]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidPaths {
    /// Templates and audit.
    pub state: Said<String>,
    /// Socket and the name of the line.
    pub runtime: Said<String>,
}
