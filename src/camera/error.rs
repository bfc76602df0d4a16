//! What can be wrong with a camera, said so that the reader knows which one and what to do about it.

use std::io;
use std::path::Path;

use thiserror::Error;

use super::shown;

/// What can be wrong with a camera or a recording.
#[derive(Debug, Error)]
pub enum CameraError {
    /// No such device node, or nothing behind it.
    #[error("{device}: no camera there; plug it in, or see `limen camera list`")]
    Missing {
        /// The device.
        device: String,
    },
    /// The device node may not be opened by this user.
    #[error("{device}: not permitted; add this user to the group video (usermod -aG video USER)")]
    NotPermitted {
        /// The device.
        device: String,
    },
    /// Another program streams from it.
    #[error("{device}: another program is using this camera; `fuser -v {device}` names it")]
    Busy {
        /// The device.
        device: String,
    },
    /// A loopback device to which nobody writes yet.
    #[error(
        "{device}: nobody feeds this loopback device yet ({source}); start the program that writes to it"
    )]
    NotReady {
        /// The device.
        device: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// It exists, but delivers no pictures.
    #[error("{device}: this is not a capture device; `limen camera list` shows those that are")]
    NotACamera {
        /// The device.
        device: String,
    },
    /// A driver that shows what a program feeds it.
    #[error(
        "{device}: the driver {driver:?} shows pictures from a program, not from a lens, so anybody on this \
             machine could open the door; use a real camera, or say allow-virtual = true if this is a test"
    )]
    Virtual {
        /// The device.
        device: String,
        /// Its driver.
        driver: String,
    },
    /// Not the camera that the configuration names.
    #[error(
        "{device}: the configuration pins the camera {expected:?}, but {found:?} is plugged in; \
         put the right one back, or correct `identity`"
    )]
    WrongCamera {
        /// The device.
        device: String,
        /// What the configuration says.
        expected: String,
        /// What answered.
        found: String,
    },
    /// Nothing that it offers can be used with these settings.
    #[error(
        "{device}: none of what it offers fits (offered: {offered}; wanted: {wanted}); correct format, width and \
         height, or leave them out"
    )]
    NoUsableMode {
        /// The device.
        device: String,
        /// What it offers, as text.
        offered: String,
        /// What was asked for, as text.
        wanted: String,
    },
    /// All its pixel formats are unknown.
    #[error(
        "{device}: limen cannot read its pixel formats ({offered}); use a camera with YUYV, MJPEG, RGB24 or GREY, as \
         nearly every USB camera has"
    )]
    UnknownFormats {
        /// The device.
        device: String,
        /// What it offers, as text.
        offered: String,
    },
    /// The raw side of a ribbon-cable camera, which shows nothing until libcamera has set up what is behind it.
    #[error(
        "{device}: this is the raw side of a ribbon-cable camera (driver {driver:?}), whose pictures only libcamera can \
         make; limen cannot use it; take a USB camera with YUYV or MJPEG (README, Cameras)"
    )]
    RawSide {
        /// The device.
        device: String,
        /// Its driver.
        driver: String,
    },
    /// It promised one mode and set up another.
    #[error(
        "{device}: asked for {wanted}, the camera answered {got}; choose a mode from `limen camera list`"
    )]
    ModeRefused {
        /// The device.
        device: String,
        /// What was asked for.
        wanted: String,
        /// What the driver set up.
        got: String,
    },
    /// The kernel refused a step.
    #[error("{device}: {doing} failed: {source}; unplug and replug the camera, try another USB socket")]
    Refused {
        /// The device.
        device: String,
        /// Which step.
        doing: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// It was there and is not any more.
    #[error("{device}: the camera was lost: {source}; check its cable and its power supply")]
    Lost {
        /// The device.
        device: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// It is open but shows nothing.
    #[error("{device}: no frame for {seconds} s; check the camera's cable and its power supply")]
    Stalled {
        /// What the source calls itself.
        device: String,
        /// How long it was waited for.
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
        /// What the source calls itself.
        place: String,
    },
    /// A snapshot could not be written.
    #[error(
        "{file}: the snapshot could not be written: {source}; name a file that does not exist, in a folder \
             that this user may write to"
    )]
    Snapshot {
        /// The file.
        file: String,
        /// What was wrong.
        source: io::Error,
    },
}

impl CameraError {
    /// What the kernel's answer to opening a device means.
    pub(super) fn unopened(device: &Path, source: io::Error) -> Self {
        let device = shown(device);
        match source.raw_os_error() {
            Some(libc::ENOENT | libc::ENXIO | libc::ENODEV) => Self::Missing { device },
            Some(libc::EACCES | libc::EPERM) => Self::NotPermitted { device },
            Some(libc::EBUSY) => Self::Busy { device },
            Some(libc::ENOTTY | libc::EISDIR) => Self::NotACamera { device },
            _ => Self::Refused { device, doing: "opening", source },
        }
    }

    /// What the kernel's refusal of a later step means; `loopback`: the device shows what a program writes to
    /// it.
    pub(super) fn refused(device: &Path, loopback: bool, doing: &'static str, source: io::Error) -> Self {
        let device = shown(device);
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
