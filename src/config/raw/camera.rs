//! `[camera]` as it is written.

use serde::Deserialize;
use toml::Spanned;

use super::spanned::RawValue;

/// `[camera]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawCamera {
    /// What the pictures come through: `v4l2` or `rpicam`.
    pub driver: RawValue<String>,
    /// The device node, or a link to it that stays the same.
    pub device: RawValue<String>,
    /// The name of a pixel format.
    pub format: RawValue<String>,
    /// The width of a frame, in pixels.
    pub width: RawValue<i64>,
    /// The height of a frame, in pixels.
    pub height: RawValue<i64>,
    /// Frames per second.
    pub fps: RawValue<i64>,
    /// The identity of the only camera that is accepted.
    pub identity: RawValue<String>,
    /// Whether devices whose pictures come from a program are accepted.
    pub allow_virtual: RawValue<bool>,
    /// By how many degrees the picture is turned clockwise: 0, 90, 180 or 270.
    pub rotate: RawValue<i64>,
    /// Whether the picture is mirrored left to right after it was turned.
    pub mirror: RawValue<bool>,
    /// The part that is looked at: left, top, width and height as fractions of the upright picture.
    pub region: RawValue<Vec<f64>>,
    /// The least height of a face, as a fraction of the picture's height.
    pub min_face: RawValue<f64>,
    /// `[camera.rpicam]`
    pub rpicam: RawRpicam,
    /// `[camera.light]`
    pub light: Option<Spanned<RawLight>>,
}

/// `[camera.rpicam]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawRpicam {
    /// The number of the module.
    pub camera: RawValue<i64>,
    /// Where the lens stands, in dioptres; left out: it follows what is seen.
    pub lens_position: RawValue<f64>,
    /// How exposure and gain share what the picture needs: `normal` or `short`.
    pub exposure: RawValue<String>,
    /// A fixed exposure, in microseconds.
    pub shutter_us: RawValue<i64>,
    /// A fixed gain.
    pub gain: RawValue<f64>,
    /// The frequency of the mains: `off`, `50` or `60`.
    pub flicker: RawValue<String>,
    /// Whether the module's way to high dynamic range is used.
    pub hdr: RawValue<bool>,
}

/// `[camera.light]`: a light on the face that is judged.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RawLight {
    /// The BCM number of its pin.
    pub pin: RawValue<i64>,
    /// The level that switches it on, `high` or `low`.
    pub active: RawValue<String>,
}
