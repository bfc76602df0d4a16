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
        self.format.row_bytes(self.width)
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
        let advice = self.others.iter().find_map(|code| advice_on(code));
        let remedy = match advice {
            Some(advice) => advice.to_owned(),
            None => format!(
                "use a camera with YUYV or MJPEG, as nearly every USB camera has, or one of {}",
                readable()
            ),
        };
        Err(CameraError::UnknownFormats { device: device.to_owned(), offered, remedy })
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
    let format = settings.format.map_or("any that limen reads", PixelFormat::name);
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
    PixelFormat::ALL.into_iter().find(|format| code_of(*format) == code)
}

/// The driver's four-character code of a format.
pub fn code_of(format: PixelFormat) -> &'static [u8; 4] {
    match format {
        PixelFormat::Yuyv => b"YUYV",
        PixelFormat::Uyvy => b"UYVY",
        PixelFormat::Nv12 => b"NV12",
        PixelFormat::Nv21 => b"NV21",
        PixelFormat::Yu12 | PixelFormat::Yu12Full => b"YU12",
        PixelFormat::Yv12 => b"YV12",
        PixelFormat::Mjpeg => b"MJPG",
        PixelFormat::Rgb24 => b"RGB3",
        PixelFormat::Bgr24 => b"BGR3",
        PixelFormat::Rgbx => b"XB24",
        PixelFormat::Xbgr => b"XR24",
        PixelFormat::Grey => b"GREY",
        PixelFormat::Y10 => b"Y10 ",
        PixelFormat::Y12 => b"Y12 ",
        PixelFormat::Y16 => b"Y16 ",
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

/// Cheapest and best first: half a byte of colour a pixel or a whole one needs no decoder, MJPEG costs milliseconds, three
/// and four bytes a pixel the most USB bandwidth, and grey lacks the colour that the network was trained with.
fn cost(format: PixelFormat) -> u8 {
    match format {
        PixelFormat::Yuyv => 0,
        PixelFormat::Uyvy => 1,
        PixelFormat::Nv12
        | PixelFormat::Nv21
        | PixelFormat::Yu12
        | PixelFormat::Yu12Full
        | PixelFormat::Yv12 => 2,
        PixelFormat::Mjpeg => 3,
        PixelFormat::Rgb24 | PixelFormat::Bgr24 => 4,
        PixelFormat::Rgbx | PixelFormat::Xbgr => 5,
        PixelFormat::Grey => 6,
        PixelFormat::Y10 | PixelFormat::Y12 | PixelFormat::Y16 => 7,
    }
}

/// The formats that limen reads, for a message.
pub fn readable() -> String {
    PixelFormat::ALL.map(PixelFormat::name).join(", ")
}

/// What is behind a compressed format that limen does not read, and what to do; `None` if it is no such format.
fn advice_on(code: &str) -> Option<&'static str> {
    let compressed = ["H264", "AVC1", "HEVC", "VP80", "VP90", "MPG4", "FWHT"];
    compressed.contains(&code).then_some(
        "H.264 and its like show a damaged picture for seconds after a lost frame; set the camera to MJPEG or YUYV, with its \
         own tool or with `v4l2-ctl --set-fmt-video`",
    )
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

    fn of_others(codes: &[&str]) -> Offer {
        Offer { modes: Vec::new(), others: codes.iter().map(|code| (*code).to_owned()).collect() }
    }

    #[test]
    fn a_camera_of_unknown_formats_is_told_which_it_offers_and_nothing_of_ribbon_cables() {
        let offer = of_others(&["BA81", "pRAA"]);
        let error = offer.check("/dev/video0").expect_err("nothing to read").to_string();
        assert!(
            error.starts_with("/dev/video0: limen cannot read its pixel formats (BA81, pRAA)"),
            "{error}"
        );
        assert!(
            error.contains("YUYV or MJPEG") && error.contains("NV12") && !error.contains("ribbon"),
            "{error}"
        );
        let known = Offer { modes: vec![mode(PixelFormat::Grey, 640, 480, 30.0)], ..offer };
        assert!(known.check("/dev/video0").is_ok());
    }

    #[test]
    fn a_camera_that_sends_h264_alone_is_refused_by_name_with_what_to_set() {
        let error = of_others(&["H264"]).check("/dev/video0").expect_err("nothing to read").to_string();
        assert!(error.contains("(H264)") && error.contains("set the camera to MJPEG or YUYV"), "{error}");
    }

    #[test]
    fn a_camera_with_nv12_alone_is_used_and_one_with_yuyv_too_is_not_used_in_nv12() {
        let [nv12, yuyv] = [PixelFormat::Nv12, PixelFormat::Yuyv].map(|format| mode(format, 640, 480, 30.0));
        assert_eq!(choose(&[nv12], &any()), Some(nv12));
        assert_eq!(choose(&[nv12, yuyv], &any()), Some(yuyv));
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
        for format in PixelFormat::ALL {
            assert_eq!(format_of(code_of(format)), Some(format));
        }
        assert_eq!(format_of(b"H264"), None);
    }
}
