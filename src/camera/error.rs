//! What can be wrong with a camera. Each message names the camera and the remedy.

use std::io;
use std::path::Path;

use limen_core::person::printable_path;
use thiserror::Error;

use super::rpicam::error::RpicamError;

/// What can be wrong with a camera or a recording.
#[derive(Debug, Error)]
pub enum CameraError {
    /// There is no such device node, or no camera behind it.
    #[error("{device}: no camera there; plug it in, or see `limen camera list`")]
    Missing {
        /// The camera's device node.
        device: String,
    },
    /// This user may not open the device node.
    #[error("{device}: not permitted; add this user to the group video (usermod -aG video USER)")]
    NotPermitted {
        /// The camera's device node.
        device: String,
    },
    /// Another program is streaming from the camera.
    #[error("{device}: another program is using this camera; `fuser -v {device}` names it")]
    Busy {
        /// The camera's device node.
        device: String,
    },
    /// A loopback device to which no program writes yet.
    #[error(
        "{device}: nobody feeds this loopback device yet ({source}); start the program that writes to it"
    )]
    NotReady {
        /// The camera's device node.
        device: String,
        /// The kernel's error.
        source: io::Error,
    },
    /// The device exists, but delivers no pictures.
    #[error("{device}: this is not a capture device; `limen camera list` shows those that are")]
    NotACamera {
        /// The camera's device node.
        device: String,
    },
    /// The driver shows pictures from a program.
    #[error(
        "{device}: the driver {driver:?} shows pictures from a program, not from a lens, so anybody on this \
             machine could open the door; use a real camera, or say allow-virtual = true if this is a test"
    )]
    Virtual {
        /// The camera's device node.
        device: String,
        /// The name of the driver.
        driver: String,
    },
    /// The camera is not the configured one.
    #[error(
        "{device}: the configuration pins the camera {expected:?}, but {found:?} is plugged in; \
         put the right one back, or correct `identity`"
    )]
    WrongCamera {
        /// The camera's device node.
        device: String,
        /// The configured identity.
        expected: String,
        /// The identity of the camera that is there.
        found: String,
    },
    /// The camera offers no mode that these settings allow.
    #[error(
        "{device}: none of what it offers fits (offered: {offered}; wanted: {wanted}); correct format, width and \
         height, or leave them out"
    )]
    NoUsableMode {
        /// The camera's device node.
        device: String,
        /// The modes that it offers, as text.
        offered: String,
        /// The settings, as text.
        wanted: String,
    },
    /// All pixel formats of the camera are unknown.
    #[error("{device}: limen cannot read its pixel formats ({offered}); {remedy}")]
    UnknownFormats {
        /// The camera's device node.
        device: String,
        /// The formats that it offers, as text.
        offered: String,
        /// What to do.
        remedy: String,
    },
    /// The device hands over its pictures in several buffers, which the `v4l` crate cannot take.
    #[error(
        "{device}: its driver {driver:?} has the multi-planar interface alone, which limen does not read; take a USB camera, \
         or driver = \"rpicam\" for a camera module of a Raspberry Pi (README, Cameras)"
    )]
    MultiPlanar {
        /// The camera's device node.
        device: String,
        /// The name of the driver.
        driver: String,
    },
    /// The raw side of a ribbon-cable camera. It shows nothing until libcamera has set up the devices behind
    /// it.
    #[error(
        "{device}: this is the raw side of a ribbon-cable camera (driver {driver:?}), whose pictures only libcamera can \
         make; write driver = \"rpicam\" instead of device, or take a USB camera with YUYV or MJPEG (README, Cameras)"
    )]
    RawSide {
        /// The camera's device node.
        device: String,
        /// The name of the driver.
        driver: String,
    },
    /// A module on a ribbon cable gives no pictures.
    #[error(transparent)]
    Rpicam(#[from] RpicamError),
    /// The camera offered one mode and set up another.
    #[error(
        "{device}: asked for {wanted}, the camera answered {got}; choose a mode from `limen camera list`"
    )]
    ModeRefused {
        /// The camera's device node.
        device: String,
        /// The mode that was asked for, as text.
        wanted: String,
        /// The mode that the driver set up, as text.
        got: String,
    },
    /// The kernel refused an operation.
    #[error("{device}: {doing} failed: {source}; unplug and replug the camera, try another USB socket")]
    Refused {
        /// The camera's device node.
        device: String,
        /// The operation that failed.
        doing: &'static str,
        /// The kernel's error.
        source: io::Error,
    },
    /// The camera worked and is now gone.
    #[error("{device}: the camera was lost: {source}; check its cable and its power supply")]
    Lost {
        /// The camera's device node.
        device: String,
        /// The kernel's error.
        source: io::Error,
    },
    /// The camera is open but delivers no frames.
    #[error("{device}: no frame for {seconds} s; check the camera's cable and its power supply")]
    Stalled {
        /// The name of the source.
        device: String,
        /// How long it was waited for, in seconds.
        seconds: u64,
    },
    /// A recording without pictures.
    #[error("{place}: no pictures to show; give one at least")]
    NothingToReplay {
        /// What the source calls itself.
        place: String,
    },
    /// All pictures of a recording have been shown.
    #[error("{place}: the recording is at its end")]
    Ended {
        /// The name of the source.
        place: String,
    },
    /// A snapshot could not be written.
    #[error(
        "{file}: the snapshot could not be written: {source}; name a file that does not exist, in a folder \
             that this user may write to"
    )]
    Snapshot {
        /// The snapshot's file.
        file: String,
        /// The error of the system.
        source: io::Error,
    },
}

impl CameraError {
    /// What the kernel's answer to opening a device means.
    pub(super) fn unopened(device: &Path, source: io::Error) -> Self {
        let device = printable_path(device);
        match source.raw_os_error() {
            Some(libc::ENOENT | libc::ENXIO | libc::ENODEV) => Self::Missing { device },
            Some(libc::EACCES | libc::EPERM) => Self::NotPermitted { device },
            Some(libc::EBUSY) => Self::Busy { device },
            Some(libc::ENOTTY | libc::EISDIR) => Self::NotACamera { device },
            _ => Self::Refused { device, doing: "opening", source },
        }
    }

    /// The meaning of the kernel's error in a later operation. `loopback`: the device shows what a program
    /// writes to it.
    pub(super) fn refused(device: &Path, loopback: bool, doing: &'static str, source: io::Error) -> Self {
        let device = printable_path(device);
        match source.raw_os_error() {
            Some(libc::EBUSY | libc::EINVAL | libc::EIO) if loopback => Self::NotReady { device, source },
            Some(libc::EBUSY) => Self::Busy { device },
            Some(libc::ENODEV) => Self::Missing { device },
            _ => Self::Refused { device, doing, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_without_a_writer_is_not_ready_and_not_broken() {
        let busy = || io::Error::from_raw_os_error(libc::EBUSY);
        let device = Path::new("/dev/video9");
        let error = CameraError::refused(device, true, "starting the stream", busy());
        assert!(matches!(error, CameraError::NotReady { .. }));
        let error = CameraError::refused(device, false, "starting the stream", busy());
        assert!(matches!(error, CameraError::Busy { .. }));
    }
}
