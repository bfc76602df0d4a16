//! How the camera module is to be set up: what the configuration says, and what limen asks the unit for.

use serde::{Deserialize, Serialize};

/// Widths that need no padding between rows: `rpicam-vid` writes padding, and says nothing of it.
pub const WIDTH_STEP: u32 = 128;
/// The longest side of a picture, in pixels.
const MAX_SIDE: u32 = 4096;
/// The highest number of a camera module.
pub const MAX_CAMERA: u32 = 7;
/// The nearest lens position, in dioptres: 3 cm.
pub const MAX_DIOPTRES: f32 = 32.0;
/// The highest gain.
pub const MAX_GAIN: f32 = 64.0;
/// The longest exposure, in microseconds: at the slowest usable frame rate there is no time for more.
pub const MAX_SHUTTER: u32 = 100_000;
/// The highest frame rate, in frames per second.
const MAX_FPS: u32 = 120;

/// What the configuration says of a camera module.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleSettings {
    /// The number of the module, as `rpicam-vid --list-cameras` counts them from 0.
    pub camera: u32,
    /// Where the lens stands.
    pub focus: Focus,
    /// How exposure and gain share what the picture needs.
    pub exposure: Exposure,
    /// A fixed exposure, in microseconds; `None`: found for each picture, at most the time between two frames.
    pub shutter: Option<u32>,
    /// A fixed gain, 1 and more; `None`: found for each picture.
    pub gain: Option<f32>,
    /// Of which lamps the flicker is avoided.
    pub flicker: Flicker,
    /// Whether the module's way to high dynamic range is used, where it has one.
    pub hdr: bool,
}

/// Where the lens stands. Modules without a moving lens ignore it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Focus {
    /// It follows what is seen.
    #[default]
    Continuous,
    /// It stays at this reciprocal of the distance in metres; 0 is infinity.
    Lens(f32),
}

/// How exposure and gain share what the picture needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// As the module's tuning has it.
    #[default]
    Normal,
    /// Short exposures and more gain: people who walk are sharp, and noise is stronger.
    Short,
}

/// The frequency of the mains, whose lamps flicker twice as fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Flicker {
    /// Nothing is done about it.
    #[default]
    #[serde(rename = "off")]
    Off,
    /// 50 Hz.
    #[serde(rename = "50")]
    Hz50,
    /// 60 Hz.
    #[serde(rename = "60")]
    Hz60,
}

/// Everything that the unit needs to know to start a camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamSettings {
    /// The width, in pixels: a multiple of [`WIDTH_STEP`].
    pub width: u32,
    /// The height, in pixels: even.
    pub height: u32,
    /// The frames per second, 1 to 120.
    pub fps: u32,
    /// What the configuration says.
    pub module: ModuleSettings,
}

impl StreamSettings {
    /// The bytes of one frame: luminance, and a quarter of it twice for the colours.
    pub fn frame_bytes(&self) -> usize {
        self.width as usize * self.height as usize / 2 * 3
    }

    /// What is out of range, with what would be in range; `None` if nothing is. Both sides ask: limen for the
    /// configuration, the unit for what somebody sends.
    pub fn mistake(&self) -> Option<String> {
        let ModuleSettings { camera, focus, shutter, gain, .. } = self.module;
        let dioptres = if let Focus::Lens(dioptres) = focus { dioptres } else { 0.0 };
        let checks = [
            (
                !self.width.is_multiple_of(WIDTH_STEP) || !(WIDTH_STEP..=MAX_SIDE).contains(&self.width),
                format!("width {}: use a multiple of {WIDTH_STEP}, for example 640 or 1280", self.width),
            ),
            (
                !self.height.is_multiple_of(2) || !(64..=MAX_SIDE).contains(&self.height),
                format!("height {}: use an even number of 64 to {MAX_SIDE}", self.height),
            ),
            (!(1..=MAX_FPS).contains(&self.fps), format!("fps {}: use 1 to {MAX_FPS}", self.fps)),
            (camera > MAX_CAMERA, format!("camera {camera}: use 0 to {MAX_CAMERA}")),
            (
                !(0.0..=MAX_DIOPTRES).contains(&dioptres),
                format!("lens position {dioptres}: use 0 to {MAX_DIOPTRES} dioptres"),
            ),
            (
                shutter.is_some_and(|micros| !(1..=MAX_SHUTTER).contains(&micros)),
                format!("shutter: use 1 to {MAX_SHUTTER} microseconds"),
            ),
            (
                gain.is_some_and(|gain| !(1.0..=MAX_GAIN).contains(&gain)),
                format!("gain: use 1 to {MAX_GAIN}"),
            ),
        ];
        checks.into_iter().find_map(|(is_wrong, what)| is_wrong.then_some(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> StreamSettings {
        StreamSettings { width: 640, height: 480, fps: 30, module: ModuleSettings::default() }
    }

    #[test]
    fn the_usual_settings_are_right_and_a_frame_has_its_bytes() {
        assert_eq!(usual().mistake(), None);
        assert_eq!(usual().frame_bytes(), 460_800);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let module = |change: fn(&mut ModuleSettings)| {
            let mut settings = usual();
            change(&mut settings.module);
            settings
        };
        for (settings, named) in [
            (StreamSettings { width: 720, ..usual() }, "width 720"),
            (StreamSettings { width: 0, ..usual() }, "width 0"),
            (StreamSettings { height: 481, ..usual() }, "height 481"),
            (StreamSettings { height: 1 << 20, ..usual() }, "height 1048576"),
            (StreamSettings { fps: 0, ..usual() }, "fps 0"),
            (module(|module| module.camera = 8), "camera 8"),
            (module(|module| module.focus = Focus::Lens(f32::NAN)), "lens position"),
            (module(|module| module.gain = Some(0.5)), "gain"),
            (module(|module| module.shutter = Some(0)), "shutter"),
        ] {
            let mistake = settings.mistake().expect("a mistake");
            assert!(mistake.starts_with(named), "{mistake}");
        }
    }
}
