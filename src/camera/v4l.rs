//! The kernel's video devices. The only file that names the `v4l` crate.
//!
//! What the crate does not do, and this file does for it:
//!
//! - After a timeout its `next()` queues a buffer that the kernel still owns, which breaks the stream. So it
//!   is called only when poll(2) reports a frame. For that the stream must run before the first `next()`: all
//!   buffers but number 0 are queued and streaming is started by hand. Buffer 0 is the one that `next()` then
//!   queues as if it had just been read.
//! - Frames wait in the queue during slow inference: every call empties it and keeps the newest. If a driver
//!   has no monotonic time stamps, a frame counts only if it arrives *while we wait*, because the age of the
//!   others is unknown.
//! - It panics if a driver's answer surprises it (a name that is not UTF-8, an unknown colour space), and
//!   again when a stream that cannot be stopped is dropped, which would end the process. See `caught` and
//!   `release`.
//! - The slice that it returns is the whole mapping. It is cut to what the driver wrote.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use limen_core::clock::Moment;
use limen_core::person::{printable, printable_path};
use limen_vision::frame::Frame;
use limen_vision::pixels::decode;
use v4l::buffer::{Flags, Metadata, Type};
use v4l::capability::Flags as Ability;
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::mmap::Stream;
use v4l::io::traits::{CaptureStream, Stream as _};
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, FourCC, Fraction};

use super::mode::{self, CaptureMode, Offer};
use super::{CAMERA_SIZE, CameraError, CameraIdentity, CameraSettings, FrameSource, LiveSource, sealed};
use crate::clocks;

/// Enough buffers that the driver can fill one while another is read.
const BUFFERS: u32 = 4;
/// The kernel's limit (VIDEO_MAX_FRAME); a driver may give more buffers than were asked for.
const MAX_BUFFERS: usize = 32;
/// The largest number of frames dropped in one call, so that a device that is always readable cannot block
/// it.
const MAX_DRAIN: usize = 64;
/// The frame rate to ask for if the configuration names none, in frames per second. More needs work and gains
/// nothing.
const USUAL_FPS: u32 = 30;
/// How far in the future a time stamp may lie. The clocks of USB cameras are converted to the kernel's with
/// an error of some milliseconds, and some drivers stamp the end of a frame but deliver it at its start.
const CLOCK_ERROR: Duration = Duration::from_millis(100);

/// A camera that is streaming.
pub struct V4lCamera {
    device: PathBuf,
    identity: CameraIdentity,
    mode: CaptureMode,
    stride: usize,
    stream: Option<Stream<'static>>,
    dropped: u64,
}

impl V4lCamera {
    /// Opens the device, checks that it is the camera that the settings mean, chooses a mode and starts
    /// streaming.
    pub fn open(settings: &CameraSettings) -> Result<Self, CameraError> {
        let node = DeviceNode::open(&settings.device)?;
        settings.check(&node.identity)?;
        let wanted = (settings.width.unwrap_or(CAMERA_SIZE.0), settings.height.unwrap_or(CAMERA_SIZE.1));
        let offer = node.offer(wanted)?;
        offer.check(&printable_path(&settings.device))?;
        let chosen =
            mode::choose(&offer.modes, settings).ok_or_else(|| node.no_mode(&offer.modes, settings))?;
        let (mode, stride) = node.set_up(chosen, settings)?;
        let stream = node.start()?;
        let DeviceNode { path, identity, .. } = node;
        Ok(Self { device: path, identity, mode, stride, stream: Some(stream), dropped: 0 })
    }

    /// The mode in which it delivers.
    pub fn mode(&self) -> CaptureMode {
        self.mode
    }

    /// The number of frames dropped since the camera was opened: damaged or empty as the driver says, dated
    /// in the future, or of unknown age.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether a frame (or an error) can be fetched within `wait`.
    fn readable(&mut self, wait: Duration) -> Result<bool, CameraError> {
        let Some(stream) = &self.stream else {
            return Err(self.lost(io::Error::from_raw_os_error(libc::ENODEV)));
        };
        let millis = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        match stream.handle().poll(libc::POLLIN, millis) {
            Ok(ready) => Ok(ready > 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(error) => Err(self.lost(error)),
        }
    }

    /// Fetches the frame that is there. `watched`: it came while this call waited for it.
    fn fetch(&mut self, watched: bool) -> Result<Option<Frame>, CameraError> {
        let Some(stream) = &mut self.stream else {
            return Ok(None);
        };
        let arrived = caught(|| {
            let (bytes, meta) = CaptureStream::next(stream)?;
            Ok((bytes[..bytes.len().min(meta.bytesused as usize)].to_vec(), *meta))
        });
        let (bytes, meta) = arrived.map_err(|error| self.lost(error))?;
        let taken = time_taken(&meta, watched, clocks::moment());
        let (Some(taken), false, false) = (taken, bytes.is_empty(), meta.flags.contains(Flags::ERROR)) else {
            self.dropped += 1;
            return Ok(None);
        };
        Ok(Some(Frame {
            format: self.mode.format,
            width: self.mode.width,
            height: self.mode.height,
            stride: self.stride,
            bytes,
            taken,
            sequence: u64::from(meta.sequence),
        }))
    }

    /// Makes the error of a lost camera: after it the stream cannot be used any more.
    fn lost(&mut self, source: io::Error) -> CameraError {
        self.close();
        CameraError::Lost { device: printable_path(&self.device), source }
    }

    fn close(&mut self) {
        if let Some(stream) = self.stream.take() {
            release(stream, &self.device);
        }
    }
}

impl FrameSource for V4lCamera {
    fn next(&mut self, timeout: Duration) -> Result<Option<Frame>, CameraError> {
        let deadline = Instant::now() + timeout;
        let mut newest = None;
        let mut watched = false;
        for _ in 0..MAX_DRAIN {
            if !self.readable(Duration::ZERO)? {
                if newest.is_some() {
                    break;
                }
                watched = true;
                if !self.readable(deadline.saturating_duration_since(Instant::now()))? {
                    break;
                }
            }
            newest = self.fetch(watched)?.or(newest);
        }
        Ok(newest)
    }

    fn describe(&self) -> String {
        format!("{} ({}), {}", printable_path(&self.device), self.identity, self.mode)
    }
}

impl sealed::Live for V4lCamera {}
impl LiveSource for V4lCamera {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }
}

impl Drop for V4lCamera {
    fn drop(&mut self) {
        self.close();
    }
}

/// The camera behind a device and the modes that limen can use. It changes nothing.
pub(super) fn survey(device: &Path) -> Result<(CameraIdentity, Offer), CameraError> {
    let node = DeviceNode::open(device)?;
    let offer = node.offer(CAMERA_SIZE)?;
    Ok((node.identity, offer))
}

/// An open capture device that is not streaming.
struct DeviceNode {
    path: PathBuf,
    device: Device,
    identity: CameraIdentity,
}

impl DeviceNode {
    fn open(path: &Path) -> Result<Self, CameraError> {
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
        // A loopback with exclusive capabilities is a capture device only while a program writes to it.
        if node.is_loopback() {
            return Err(node.refused("opening", io::Error::from_raw_os_error(libc::EBUSY)));
        }
        Err(CameraError::NotACamera { device: printable_path(path) })
    }

    /// The modes of the device. If a driver leaves the size open, the size nearest to `wanted`.
    fn offer(&self, wanted: (u32, u32)) -> Result<Offer, CameraError> {
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

    /// Sets the mode. Returns the mode that the driver set up, and the bytes from the start of one row to the
    /// next.
    fn set_up(
        &self,
        chosen: CaptureMode,
        settings: &CameraSettings,
    ) -> Result<(CaptureMode, usize), CameraError> {
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
        Ok((mode, (got.stride as usize).max(mode.tight_stride())))
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

    fn start(&self) -> Result<Stream<'static>, CameraError> {
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

    fn no_mode(&self, modes: &[CaptureMode], settings: &CameraSettings) -> CameraError {
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

/// Calls the `v4l` crate, which panics if it did not expect a driver's answer.
fn caught<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(io::Error::other("the driver's answer makes no sense")))
}

/// Stops and frees a stream. If it cannot be stopped, its destructor would panic, and then those of its
/// buffers, which would end the process with the door's line unchanged. Such a stream is leaked, and the
/// device stays busy.
fn release(mut stream: Stream<'static>, device: &Path) {
    match stream.stop() {
        Err(error) if error.raw_os_error() != Some(libc::ENODEV) => {
            log::warn!("{}: the stream cannot be stopped ({error}); restart limen", printable_path(device));
            std::mem::forget(stream);
        }
        _ => {
            if catch_unwind(AssertUnwindSafe(|| drop(stream))).is_err() {
                log::warn!("{}: the stream's buffers could not be freed", printable_path(device));
            }
        }
    }
}

/// When the frame was taken; `None` if that is not known well enough, or lies in the future.
fn time_taken(meta: &Metadata, watched: bool, now: Moment) -> Option<Moment> {
    if (meta.flags & Flags::TIMESTAMP_MASK) != Flags::TIMESTAMP_MONOTONIC {
        return watched.then_some(now);
    }
    let seconds = Duration::from_secs(u64::try_from(meta.timestamp.sec).unwrap_or(0));
    let micros = Duration::from_micros(u64::try_from(meta.timestamp.usec).unwrap_or(0));
    let taken = clocks::from_monotonic(seconds.saturating_add(micros));
    if taken <= now + CLOCK_ERROR { Some(taken.min(now)) } else { watched.then_some(now) }
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
#[path = "v4l_tests.rs"]
mod tests;
