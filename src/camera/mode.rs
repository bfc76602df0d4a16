//! Chooses among the formats and sizes that a camera offers. Pure, so that it can be tested without a camera.

use std::cmp::Reverse;
use std::fmt;

use limen_vision::frame::PixelFormat;

use super::{CAMERA_SIZE, CameraError, CameraSettings};

/// The lowest usable frame rate, in frames per second. Below it, evidence comes too slowly for a person at
/// the door.
pub const SLOWEST_FPS: f32 = 10.0;

/// A way in which a camera can deliver pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CaptureMode {
    /// The pixel format of the frames.
    pub format: PixelFormat,
    /// The width, in pixels.
    pub width: u32,
    /// The height, in pixels.
    pub height: u32,
    /// The highest frame rate, in frames per second; `None` if the driver does not say.
    pub fps: Option<f32>,
}

impl CaptureMode {
    /// The bytes per row without padding, for drivers that give a stride of zero.
    pub fn tight_stride(&self) -> usize {
        let pixel = match self.format {
            PixelFormat::Yuyv => 2,
            PixelFormat::Rgb24 => 3,
            PixelFormat::Grey | PixelFormat::Mjpeg | PixelFormat::Yu12 | PixelFormat::Yu12Full => 1,
        };
        self.width as usize * pixel
    }
}

impl fmt::Display for CaptureMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}x{}", self.format.name(), self.width, self.height)?;
        match self.fps {
            Some(fps) => write!(f, " at {} fps", (f64::from(fps) * 10.0).round() / 10.0),
            None => Ok(()),
        }
    }
}

/// All modes of a camera.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Offer {
    /// The modes that limen can read.
    pub modes: Vec<CaptureMode>,
    /// The formats that limen cannot read, by their names in drivers.
    pub others: Vec<String>,
}

impl Offer {
    /// Fails if the camera offers nothing that limen can read. `device` is its name for messages.
    pub fn check(&self, device: &str) -> Result<(), CameraError> {
        if !self.modes.is_empty() {
            return Ok(());
        }
        let offered = if self.others.is_empty() { "none at all".to_owned() } else { some_of(&self.others) };
        Err(CameraError::UnknownFormats { device: device.to_owned(), offered })
    }
}

/// The best mode that the settings allow: first fast enough, then at least 640x480 and as near to it as
/// possible, then the cheapest to decode. `None` if no mode is allowed.
pub fn choose(offered: &[CaptureMode], settings: &CameraSettings) -> Option<CaptureMode> {
    let slowest = settings.fps.map_or(SLOWEST_FPS, |fps| fps as f32);
    offered
        .iter()
        .filter(|mode| fits(mode, settings))
        .min_by_key(|mode| {
            (
                mode.fps.is_some_and(|fps| fps < slowest),
                too_small(mode),
                pixels(mode.width, mode.height).abs_diff(pixels(CAMERA_SIZE.0, CAMERA_SIZE.1)),
                cost(mode.format),
                Reverse(mode.fps.map_or(0, |fps| (fps * 1000.0) as u32)),
            )
        })
        .copied()
}

/// The required settings, as text for a message.
pub fn wanted(settings: &CameraSettings) -> String {
    let side = |side: Option<u32>| side.map_or_else(|| "any".to_owned(), |pixels| pixels.to_string());
    let format = settings.format.map_or("YUYV, YU12, MJPEG, RGB24 or GREY", PixelFormat::name);
    format!("{format}, width {}, height {}", side(settings.width), side(settings.height))
}

/// The modes as text for a message, shortened because some drivers offer hundreds.
pub fn offered(modes: &[CaptureMode]) -> String {
    some_of(modes)
}

fn some_of<T: ToString>(all: &[T]) -> String {
    const MOST: usize = 12;
    let mut text = all.iter().take(MOST).map(T::to_string).collect::<Vec<_>>().join(", ");
    if all.len() > MOST {
        text.push_str(", …");
    }
    text
}

/// For drivers that accept a range of sizes: the first step in the range that is not below `wanted`.
pub fn step_near(wanted: u32, least: u32, most: u32, step: u32) -> u32 {
    let steps = wanted.saturating_sub(least).div_ceil(step.max(1));
    least.saturating_add(steps.saturating_mul(step.max(1))).min(most.max(least))
}

/// The format of a driver's four-character code; `None` if it is unknown.
pub fn format_of(code: &[u8; 4]) -> Option<PixelFormat> {
    match code {
        b"YUYV" => Some(PixelFormat::Yuyv),
        b"MJPG" => Some(PixelFormat::Mjpeg),
        b"GREY" => Some(PixelFormat::Grey),
        b"RGB3" => Some(PixelFormat::Rgb24),
        b"YU12" => Some(PixelFormat::Yu12),
        _ => None,
    }
}

/// The driver's four-character code of a format.
pub fn code_of(format: PixelFormat) -> &'static [u8; 4] {
    match format {
        PixelFormat::Yuyv => b"YUYV",
        PixelFormat::Mjpeg => b"MJPG",
        PixelFormat::Grey => b"GREY",
        PixelFormat::Rgb24 => b"RGB3",
        PixelFormat::Yu12 | PixelFormat::Yu12Full => b"YU12",
    }
}

fn fits(mode: &CaptureMode, settings: &CameraSettings) -> bool {
    settings.format.is_none_or(|format| format == mode.format)
        && settings.width.is_none_or(|width| width == mode.width)
        && settings.height.is_none_or(|height| height == mode.height)
}

fn too_small(mode: &CaptureMode) -> bool {
    mode.width < CAMERA_SIZE.0 || mode.height < CAMERA_SIZE.1
}

fn pixels(width: u32, height: u32) -> u64 {
    u64::from(width) * u64::from(height)
}

/// Cheapest and best first: YUYV needs no decoder, MJPEG costs milliseconds, RGB24 the most USB bandwidth,
/// GREY lacks the colour that the network was trained with.
fn cost(format: PixelFormat) -> u8 {
    match format {
        PixelFormat::Yuyv => 0,
        PixelFormat::Yu12 | PixelFormat::Yu12Full => 1,
        PixelFormat::Mjpeg => 2,
        PixelFormat::Rgb24 => 3,
        PixelFormat::Grey => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(format: PixelFormat, width: u32, height: u32, fps: f32) -> CaptureMode {
        CaptureMode { format, width, height, fps: Some(fps) }
    }

    fn any() -> CameraSettings {
        CameraSettings::for_device("/dev/video0")
    }

    #[test]
    fn yuyv_at_640x480_is_taken_where_it_is_fast_enough() {
        let yuyv = mode(PixelFormat::Yuyv, 640, 480, 30.0);
        let offer = [
            mode(PixelFormat::Mjpeg, 1920, 1080, 30.0),
            mode(PixelFormat::Mjpeg, 640, 480, 30.0),
            yuyv,
            mode(PixelFormat::Yuyv, 320, 240, 60.0),
        ];
        assert_eq!(choose(&offer, &any()), Some(yuyv));
    }

    #[test]
    fn slow_yuyv_loses_to_fast_mjpeg() {
        let mjpeg = mode(PixelFormat::Mjpeg, 640, 480, 30.0);
        assert_eq!(choose(&[mode(PixelFormat::Yuyv, 640, 480, 5.0), mjpeg], &any()), Some(mjpeg));
    }

    #[test]
    fn a_larger_picture_is_better_than_one_too_small() {
        let large = mode(PixelFormat::Yuyv, 1280, 720, 10.0);
        assert_eq!(choose(&[mode(PixelFormat::Yuyv, 352, 288, 30.0), large], &any()), Some(large));
    }

    #[test]
    fn the_configuration_is_obeyed_or_nothing_fits() {
        let offer = [mode(PixelFormat::Yuyv, 640, 480, 30.0), mode(PixelFormat::Mjpeg, 1280, 720, 30.0)];
        let large = CameraSettings { width: Some(1280), ..any() };
        assert_eq!(choose(&offer, &large), Some(offer[1]));
        let grey = CameraSettings { format: Some(PixelFormat::Grey), ..any() };
        assert_eq!(choose(&offer, &grey), None);
    }

    #[test]
    fn a_mode_reads_as_people_write_it() {
        assert_eq!(mode(PixelFormat::Yuyv, 640, 480, 29.97).to_string(), "YUYV 640x480 at 30 fps");
    }

    #[test]
    fn a_camera_of_unknown_formats_is_told_which_it_offers_and_nothing_of_ribbon_cables() {
        let others = ["NV12", "H264"].map(str::to_owned).to_vec();
        let offer = Offer { modes: Vec::new(), others };
        let error = offer.check("/dev/video0").expect_err("nothing to read").to_string();
        assert!(
            error.starts_with("/dev/video0: limen cannot read its pixel formats (NV12, H264)"),
            "{error}"
        );
        assert!(error.contains("YUYV, YU12, MJPEG, RGB24 or GREY") && !error.contains("ribbon"), "{error}");
        let known = Offer { modes: vec![mode(PixelFormat::Grey, 640, 480, 30.0)], ..offer };
        assert!(known.check("/dev/video0").is_ok());
    }

    #[test]
    fn an_open_size_is_met_at_the_wanted_one_or_the_next_step_above() {
        assert_eq!(step_near(640, 32, 1920, 1), 640);
        assert_eq!(step_near(640, 2, 8192, 16), 642);
        assert_eq!(step_near(640, 16, 320, 16), 320);
        assert_eq!(step_near(640, 800, 1920, 0), 800);
    }

    #[test]
    fn pixel_formats_and_their_codes_belong_together() {
        let formats =
            [PixelFormat::Yuyv, PixelFormat::Mjpeg, PixelFormat::Grey, PixelFormat::Rgb24, PixelFormat::Yu12];
        for format in formats {
            assert_eq!(format_of(code_of(format)), Some(format));
        }
        assert_eq!(format_of(b"H264"), None);
    }
}
