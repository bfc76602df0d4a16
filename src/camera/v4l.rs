//! The kernel's video devices. Only this file and those below it name the `v4l` crate.
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
//!   again when a stream that cannot be stopped is dropped, which would end the process. See `calls`.
//! - The slice that it returns is the whole mapping. It is cut to what the driver wrote.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use limen_core::clock::Moment;
use limen_core::person::printable_path;
use limen_vision::frame::{Frame, Orientation};
use v4l::Device;
use v4l::buffer::{Flags, Metadata};
use v4l::io::mmap::Stream;
use v4l::io::traits::CaptureStream;

use super::mode::{self, CaptureMode, Offer};
use super::{CAMERA_SIZE, CameraError, CameraIdentity, CameraSettings, FrameSource, LiveSource, sealed};
use crate::clocks;
use calls::{caught, release};
use node::{DeviceNode, Layout};

mod calls;
mod node;

/// The largest number of frames dropped in one call, so that a device that is always readable cannot block
/// it.
const MAX_DRAIN: usize = 64;
/// How far in the future a time stamp may lie. The clocks of USB cameras are converted to the kernel's with
/// an error of some milliseconds, and some drivers stamp the end of a frame but deliver it at its start.
const CLOCK_ERROR: Duration = Duration::from_millis(100);

/// A camera that is streaming.
pub struct V4lCamera {
    device: PathBuf,
    identity: CameraIdentity,
    layout: Layout,
    orientation: Orientation,
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
        let layout = node.set_up(chosen, settings)?;
        let stream = node.start()?;
        let DeviceNode { path, identity, .. } = node;
        let (orientation, stream) = (settings.orientation, Some(stream));
        Ok(Self { device: path, identity, layout, orientation, stream, dropped: 0 })
    }

    /// The mode in which it delivers.
    pub fn mode(&self) -> CaptureMode {
        self.layout.mode
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
            let came = bytes.len().min(meta.bytesused as usize);
            Ok((bytes[..self.layout.of_frame(came)].to_vec(), *meta))
        });
        let (bytes, meta) = arrived.map_err(|error| self.lost(error))?;
        let taken = time_taken(&meta, watched, clocks::moment());
        let (Some(taken), false, false) = (taken, bytes.is_empty(), meta.flags.contains(Flags::ERROR)) else {
            self.dropped += 1;
            return Ok(None);
        };
        Ok(Some(Frame {
            format: self.layout.mode.format,
            width: self.layout.mode.width,
            height: self.layout.mode.height,
            stride: self.layout.stride,
            bytes,
            orientation: self.orientation,
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
        let mounted = match self.orientation {
            Orientation::UPRIGHT => String::new(),
            turned => format!(", {turned}"),
        };
        format!("{} ({}), {}{mounted}", printable_path(&self.device), self.identity, self.layout.mode)
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

/// The name of a device's driver, camera or not; `None` if it does not answer.
pub(super) fn driver_of(device: &Path) -> Option<String> {
    let abilities = caught(|| Device::with_path(device)?.query_caps()).ok()?;
    Some(abilities.driver)
}

/// The camera behind a device and the modes that limen can use. It changes nothing.
pub(super) fn survey(device: &Path) -> Result<(CameraIdentity, Offer), CameraError> {
    let node = DeviceNode::open(device)?;
    let offer = node.offer(CAMERA_SIZE)?;
    Ok((node.identity, offer))
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

#[cfg(test)]
#[path = "v4l_tests.rs"]
mod tests;
