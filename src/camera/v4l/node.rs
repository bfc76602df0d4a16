//! An open video device before it streams: who it is, what it offers, and its set-up.

use std::io;
use std::path::{Path, PathBuf};

use limen_core::person::{printable, printable_path};
use limen_vision::pixels::decode;
use v4l::buffer::Type;
use v4l::capability::Flags as Ability;
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::mmap::Stream;
use v4l::io::traits::{CaptureStream as _, Stream as _};
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, FourCC, Fraction};

use super::calls::{caught, release};
use crate::camera::mode::{self, CaptureMode, Offer};
use crate::camera::{CameraError, CameraIdentity, CameraSettings};

/// Enough buffers that the driver can fill one while another is read.
const BUFFERS: u32 = 4;
/// The kernel's limit (VIDEO_MAX_FRAME); a driver may give more buffers than were asked for.
const MAX_BUFFERS: usize = 32;
/// The frame rate to ask for if the configuration names none, in frames per second. More needs work and gains
/// nothing.
const USUAL_FPS: u32 = 30;

/// How a device lays out its frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// The mode that the driver set up.
    pub mode: CaptureMode,
    /// The bytes from the start of one row to the next.
    pub stride: usize,
    /// The bytes of a buffer, as the driver says; some drivers fill them all, whatever a frame needs.
    pub buffer: usize,
}

impl Layout {
    /// How many of the bytes that came are the frame's. A driver that fills its whole buffer with more than a frame has
    /// padding at its end; any other length is judged with the frame.
    pub fn of_frame(&self, came: usize) -> usize {
        let whole = self.mode.format.frame_bytes(self.stride, self.mode.height);
        whole.filter(|whole| came == self.buffer && came > *whole).unwrap_or(came)
    }
}

/// An open capture device that is not streaming.
pub(super) struct DeviceNode {
    /// The device node.
    pub path: PathBuf,
    device: Device,
    /// The camera's identity.
    pub identity: CameraIdentity,
}

impl DeviceNode {
    /// Opens a device; fails if it is no camera that limen can read.
    pub fn open(path: &Path) -> Result<Self, CameraError> {
        let device =
            caught(|| Device::with_path(path)).map_err(|error| CameraError::unopened(path, error))?;
        let abilities = caught(|| device.query_caps()).map_err(|error| CameraError::unopened(path, error))?;
        let identity = CameraIdentity { driver: abilities.driver, card: abilities.card, bus: abilities.bus };
        let node = Self { path: path.to_owned(), device, identity };
        let captures = abilities.capabilities.contains(Ability::VIDEO_CAPTURE | Ability::STREAMING);
        if captures && node.identity.is_raw_side() {
            return Err(node.identity.raw_side(path));
        }
        if captures && !node.identity.is_processor() {
            return Ok(node);
        }
        let planar = abilities.capabilities.contains(Ability::VIDEO_CAPTURE_MPLANE | Ability::STREAMING);
        // A codec takes pictures in as well.
        let takes = abilities.capabilities.contains(Ability::VIDEO_OUTPUT_MPLANE);
        if planar && !takes && !node.identity.is_processor() {
            return Err(node.identity.multi_planar(path));
        }
        // A loopback with exclusive capabilities is a capture device only while a program writes to it.
        if node.is_loopback() {
            return Err(node.refused("opening", io::Error::from_raw_os_error(libc::EBUSY)));
        }
        Err(CameraError::NotACamera { device: printable_path(path) })
    }

    /// The modes of the device. If a driver leaves the size open, the size nearest to `wanted`.
    pub fn offer(&self, wanted: (u32, u32)) -> Result<Offer, CameraError> {
        let formats = caught(|| self.device.enum_formats())
            .map_err(|error| self.refused("listing its formats", error))?;
        let mut offer = Offer::default();
        for fourcc in formats.iter().map(|format| format.fourcc) {
            let Some(format) = mode::format_of(&fourcc.repr) else {
                offer.others.push(printable(String::from_utf8_lossy(&fourcc.repr).trim(), 4));
                continue;
            };
            for (width, height) in self.sizes(fourcc, wanted) {
                offer.modes.push(CaptureMode {
                    format,
                    width,
                    height,
                    fps: self.fastest(fourcc, width, height),
                });
            }
        }
        if offer == Offer::default() && self.is_loopback() {
            return Err(self.refused("listing its formats", io::Error::from_raw_os_error(libc::EINVAL)));
        }
        Ok(offer)
    }

    /// Drivers that cannot list their sizes have one: the present one.
    fn sizes(&self, fourcc: FourCC, wanted: (u32, u32)) -> Vec<(u32, u32)> {
        match caught(|| self.device.enum_framesizes(fourcc)) {
            Ok(sizes) => sizes.into_iter().map(|offer| size_near(&offer.size, wanted)).collect(),
            Err(_) => {
                caught(|| self.device.format()).map(|now| (now.width, now.height)).into_iter().collect()
            }
        }
    }

    fn fastest(&self, fourcc: FourCC, width: u32, height: u32) -> Option<f32> {
        let intervals = caught(|| self.device.enum_frameintervals(fourcc, width, height)).ok()?;
        let rates = intervals.iter().filter_map(|offer| match &offer.interval {
            FrameIntervalEnum::Discrete(interval) => rate(interval),
            FrameIntervalEnum::Stepwise(steps) => rate(&steps.min),
        });
        rates.reduce(f32::max)
    }

    /// Sets the mode. Returns what the driver set up.
    pub fn set_up(&self, chosen: CaptureMode, settings: &CameraSettings) -> Result<Layout, CameraError> {
        let asked = Format::new(chosen.width, chosen.height, FourCC::new(mode::code_of(chosen.format)));
        let got = caught(|| self.device.set_format(&asked))
            .map_err(|error| self.refused("setting its picture format", error))?;
        let answered = mode::format_of(&got.fourcc.repr).map(|format| {
            let fps = self.set_rate(chosen, settings);
            CaptureMode { format, width: got.width, height: got.height, fps }
        });
        let sides = 1..=decode::MAX_SIDE;
        let usable = answered
            .filter(|mode| sides.contains(&mode.width) && sides.contains(&mode.height))
            .filter(|mode| mode::choose(&[*mode], settings).is_some());
        let mode = usable.ok_or_else(|| CameraError::ModeRefused {
            device: printable_path(&self.path),
            wanted: chosen.to_string(),
            got: format!("{} {}x{}", got.fourcc, got.width, got.height),
        })?;
        let stride = (got.stride as usize).max(mode.tight_stride());
        Ok(Layout { mode, stride, buffer: got.size as usize })
    }

    /// Asks for a frame rate and returns the driver's answer. If the driver refuses, it keeps its own rate,
    /// which is no error.
    fn set_rate(&self, chosen: CaptureMode, settings: &CameraSettings) -> Option<f32> {
        let usual = chosen.fps.map_or(USUAL_FPS, |fastest| USUAL_FPS.min(fastest.round().max(1.0) as u32));
        let wanted = settings.fps.unwrap_or(usual);
        let answer = caught(|| self.device.set_params(&Parameters::with_fps(wanted)));
        let got = answer.ok().and_then(|parameters| rate(&parameters.interval));
        if settings.fps.is_some() && got.is_none_or(|fps| (fps - wanted as f32).abs() > 0.5) {
            let got = got.map_or_else(|| "its own rate".to_owned(), |fps| format!("{fps} fps"));
            log::warn!("{}: asked for {wanted} fps, the camera keeps {got}", printable_path(&self.path));
        }
        got.or(chosen.fps)
    }

    /// Starts streaming.
    pub fn start(&self) -> Result<Stream<'static>, CameraError> {
        let mut stream = caught(|| Stream::with_buffers(&self.device, Type::VideoCapture, BUFFERS))
            .map_err(|error| self.refused("getting buffers", error))?;
        match caught(|| begin(&mut stream)) {
            Ok(()) => Ok(stream),
            Err(error) => {
                release(stream, &self.path);
                let waits = self.identity.waits_for_others(&error);
                Err(if waits {
                    self.identity.raw_side(&self.path)
                } else {
                    self.refused("starting the stream", error)
                })
            }
        }
    }

    fn is_loopback(&self) -> bool {
        self.identity.driver.contains("loopback")
    }

    fn refused(&self, doing: &'static str, source: io::Error) -> CameraError {
        CameraError::refused(&self.path, self.is_loopback(), doing, source)
    }

    /// The error of a camera that offers nothing that these settings allow.
    pub fn no_mode(&self, modes: &[CaptureMode], settings: &CameraSettings) -> CameraError {
        CameraError::NoUsableMode {
            device: printable_path(&self.path),
            offered: mode::offered(modes),
            wanted: mode::wanted(settings),
        }
    }
}

/// Queues all buffers that the driver has but the first, and starts streaming.
fn begin(stream: &mut Stream<'static>) -> io::Result<()> {
    for index in 1..MAX_BUFFERS {
        match stream.queue(index) {
            Ok(()) => {}
            Err(error) if index > 1 && error.raw_os_error() == Some(libc::EINVAL) => break,
            Err(error) => return Err(error),
        }
    }
    stream.start()
}

fn size_near(size: &FrameSizeEnum, wanted: (u32, u32)) -> (u32, u32) {
    match size {
        FrameSizeEnum::Discrete(size) => (size.width, size.height),
        FrameSizeEnum::Stepwise(range) => (
            mode::step_near(wanted.0, range.min_width, range.max_width, range.step_width),
            mode::step_near(wanted.1, range.min_height, range.max_height, range.step_height),
        ),
    }
}

/// The frame rate, in frames per second, of an interval in seconds.
fn rate(interval: &Fraction) -> Option<f32> {
    (interval.numerator > 0).then(|| interval.denominator as f32 / interval.numerator as f32)
}

#[cfg(test)]
mod tests {
    use limen_vision::frame::PixelFormat;

    use super::*;

    #[test]
    fn what_a_driver_fills_up_behind_a_frame_is_cut_off_and_another_length_is_left_to_be_judged() {
        let mode = CaptureMode { format: PixelFormat::Nv12, width: 640, height: 480, fps: None };
        let layout = Layout { mode, stride: 704, buffer: 524_288 };
        let whole = 704 * 720;
        assert_eq!(layout.of_frame(524_288), whole);
        for came in [0, whole - 1, whole, whole + 1, 700_000] {
            assert_eq!(layout.of_frame(came), came);
        }
        let jpeg = Layout { mode: CaptureMode { format: PixelFormat::Mjpeg, ..mode }, ..layout };
        assert_eq!(jpeg.of_frame(524_288), 524_288);
    }
}
