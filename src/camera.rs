//! The camera room: from a device or a recording to frames.
//!
//! A *source* delivers frames, only the newest. A *live source* is one that may control a real lock. The two
//! are different traits, and the second is sealed, so that recorded pictures cannot open a door by mistake:
//! such a program does not compile.
//!
//! | file | contents |
//! |---|---|
//! | `v4l` | the kernel's video devices; the only file that names the `v4l` crate |
//! | `rpicam` | camera modules on a ribbon cable, through `limen-camera.service` |
//! | `open` | opens whichever of the two the settings name |
//! | `mode` | which of the offered formats and sizes to use |
//! | `reopen` | what to do while the camera is missing |
//! | `replay` | photographs and recorded frames, for demo, tests and bench |
//! | `snapshot` | writes one picture to a file |
//! | `listing` | the connected cameras, for `limen camera list` |
//! | `error` | why there is no frame, and what to do about it |

use std::path::{Path, PathBuf};
use std::time::Duration;

use limen_core::person::{printable, printable_path};
use limen_vision::field::FieldOfView;
use limen_vision::frame::{Frame, Orientation, PixelFormat};

mod error;
pub mod listing;
pub mod mode;
pub mod open;
pub mod reopen;
pub mod replay;
pub mod rpicam;
pub mod snapshot;
pub mod v4l;

pub use error::CameraError;

use rpicam::settings::ModuleSettings;

/// The picture size for which the vision is made, in pixels: enough for a face at two metres, cheap enough
/// for a Pi 3.
pub const CAMERA_SIZE: (u32, u32) = (640, 480);

/// A source of frames.
pub trait FrameSource: Send {
    /// The newest frame; waits at most `timeout` for one. Older frames that nobody fetched are dropped.
    ///
    /// `Ok(None)`: no frame came within `timeout` (the vision loop uses at most 500 ms).
    ///
    /// # Errors
    /// After an error the source cannot be used any more.
    fn next(&mut self, timeout: Duration) -> Result<Option<Frame>, CameraError>;

    /// The name of this source, for people.
    fn describe(&self) -> String;

    /// Whether it still sets itself up and has shown nothing yet, which is waited for longer.
    fn is_starting(&self) -> bool {
        false
    }
}

/// A source that shows what is in front of the door now. Only live sources are connected to a real lock.
pub trait LiveSource: FrameSource + sealed::Live {
    /// Which camera it is.
    fn identity(&self) -> &CameraIdentity;
}

/// Seals [`LiveSource`]: no type outside this room can be live.
mod sealed {
    pub trait Live {}
}

/// What the pictures come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CameraDriver {
    /// A video device of the kernel.
    #[default]
    V4l2,
    /// A module on a ribbon cable, through `limen-camera.service`.
    Rpicam,
}

/// Which camera, and how to set it up. [`mode::choose`] decides what is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSettings {
    /// What the pictures come through.
    pub driver: CameraDriver,
    /// The device node, or better a stable link such as `/dev/v4l/by-path/...`.
    pub device: PathBuf,
    /// The required pixel format.
    pub format: Option<PixelFormat>,
    /// The required width, in pixels.
    pub width: Option<u32>,
    /// The required height, in pixels.
    pub height: Option<u32>,
    /// The frame rate to ask for, in frames per second. The driver uses the nearest that it has.
    pub fps: Option<u32>,
    /// The identity that the camera must have, as [`CameraIdentity`] writes it.
    pub identity: Option<String>,
    /// Whether to accept drivers whose pictures come from a program, not from a lens.
    pub allow_virtual: bool,
    /// How the camera is mounted.
    pub orientation: Orientation,
    /// Which part of its upright picture is looked at, and how large a face must be.
    pub field: FieldOfView,
    /// How a module is set up; counts for [`CameraDriver::Rpicam`] only.
    pub module: ModuleSettings,
}

impl CameraSettings {
    /// The defaults for a device: nothing is required, virtual drivers are refused.
    pub fn for_device(device: impl Into<PathBuf>) -> Self {
        Self {
            driver: CameraDriver::V4l2,
            device: device.into(),
            format: None,
            width: None,
            height: None,
            fps: None,
            identity: None,
            allow_virtual: false,
            orientation: Orientation::UPRIGHT,
            field: FieldOfView::default(),
            module: ModuleSettings::default(),
        }
    }

    /// The camera's name in messages.
    fn place(&self) -> String {
        match self.driver {
            CameraDriver::V4l2 => printable_path(&self.device),
            CameraDriver::Rpicam => format!("camera {} of rpicam-vid", self.module.camera),
        }
    }

    /// Checks that the camera is the configured one, and has a lens.
    fn check(&self, found: &CameraIdentity) -> Result<(), CameraError> {
        let device = self.place();
        if found.is_virtual() && !self.allow_virtual {
            return Err(CameraError::Virtual { device, driver: printable(&found.driver, 40) });
        }
        let found = found.to_string();
        match &self.identity {
            Some(expected) if *expected != found => {
                Err(CameraError::WrongCamera { device, expected: expected.clone(), found })
            }
            _ => Ok(()),
        }
    }
}

/// The identity of a camera: its driver, its product and its connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraIdentity {
    /// The name of the driver, for example `uvcvideo`.
    pub driver: String,
    /// The name of the product, for example `HD Pro Webcam C920`.
    pub card: String,
    /// The connector, for example `usb-0000:01:00.0-1.2`.
    pub bus: String,
}

/// Known drivers whose pictures come from a program. A computer that acts as a USB camera (the UVC gadget of
/// a Pi Zero or a phone) looks like a real one; that is why the camera's identity is configured as well.
pub const VIRTUAL_DRIVERS: [&str; 8] =
    ["vivid", "vimc", "vicodec", "vim2m", "visl", "v4l2 loopback", "v4l2loopback", "akvcam"];

/// Drivers of the raw side of a ribbon-cable camera: of Raspberry Pis up to 4, and of a Pi 5.
const RAW_DRIVERS: [&str; 2] = ["unicam", "rp1-cfe"];

/// Drivers that look like cameras, but only process the pictures of others.
const PROCESSORS: [&str; 2] = ["bcm2835-isp", "pispbe"];

impl CameraIdentity {
    /// Whether this is the raw side of a ribbon-cable camera.
    fn is_raw_side(&self) -> bool {
        RAW_DRIVERS.contains(&self.driver.as_str())
    }

    /// Whether this is no camera, although it says so.
    fn is_processor(&self) -> bool {
        PROCESSORS.contains(&self.driver.as_str())
    }

    /// Whether this error at the start of streaming means that a device before it must be set up first. USB
    /// cameras and programs give the same error for other reasons.
    fn waits_for_others(&self, answer: &std::io::Error) -> bool {
        let built_in = self.bus.starts_with("platform:") && !self.is_virtual();
        built_in && matches!(answer.raw_os_error(), Some(libc::EINVAL | libc::EPIPE | libc::ENOLINK))
    }

    fn multi_planar(&self, device: &Path) -> CameraError {
        CameraError::MultiPlanar { device: printable_path(device), driver: printable(&self.driver, 40) }
    }

    fn raw_side(&self, device: &Path) -> CameraError {
        CameraError::RawSide { device: printable_path(device), driver: printable(&self.driver, 40) }
    }

    /// Whether the pictures come from a program, not from a lens.
    pub fn is_virtual(&self) -> bool {
        VIRTUAL_DRIVERS.contains(&self.driver.as_str()) || self.bus.contains("v4l2loopback")
    }
}

impl std::fmt::Display for CameraIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}:{}",
            printable(&self.driver, 40),
            printable(&self.card, 60),
            printable(&self.bus, 60)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(driver: &str, bus: &str) -> CameraIdentity {
        CameraIdentity { driver: driver.into(), card: "C".into(), bus: bus.into() }
    }

    #[test]
    fn an_identity_is_written_as_driver_card_and_bus() {
        assert_eq!(identity("uvcvideo", "usb-1.2").to_string(), "uvcvideo:C:usb-1.2");
    }

    #[test]
    fn the_raw_side_of_a_ribbon_camera_is_known_by_its_driver_and_by_what_it_answers() {
        for (driver, bus) in [("unicam", "platform:fe801000.csi"), ("rp1-cfe", "platform:1f00128000.csi")] {
            assert!(identity(driver, bus).is_raw_side());
        }
        assert!(!identity("uvcvideo", "usb-1.2").is_raw_side());
        assert!(identity("bcm2835-isp", "platform:bcm2835-isp").is_processor());
        let answers = |driver, bus, errno| {
            identity(driver, bus).waits_for_others(&std::io::Error::from_raw_os_error(errno))
        };
        assert!(answers("another-csi", "platform:1000.csi", libc::EPIPE));
        assert!(!answers("another-csi", "platform:1000.csi", libc::EBUSY));
        assert!(
            !answers("uvcvideo", "usb-1.2", libc::EPIPE)
                && !answers("vivid", "platform:vivid-000", libc::EINVAL)
        );
    }

    #[test]
    fn an_identity_cannot_disguise_a_log_line() {
        assert!(!identity("a\nb", "x").to_string().contains('\n'));
    }

    #[test]
    fn drivers_fed_by_a_program_are_virtual() {
        assert!(identity("vivid", "platform:vivid-000").is_virtual());
        assert!(identity("v4l2 loopback", "platform:v4l2loopback-000").is_virtual());
        assert!(!identity("uvcvideo", "usb-0000:01:00.0-1.2").is_virtual());
    }

    #[test]
    fn a_camera_fed_by_a_program_needs_permission() {
        let mut settings = CameraSettings::for_device("/dev/video0");
        let vivid = identity("vivid", "platform:vivid-000");
        assert!(matches!(settings.check(&vivid), Err(CameraError::Virtual { .. })));
        settings.allow_virtual = true;
        assert!(settings.check(&vivid).is_ok());
    }

    #[test]
    fn a_pinned_camera_is_the_only_one_accepted() {
        let mut settings = CameraSettings::for_device("/dev/video0");
        settings.identity = Some("uvcvideo:C:usb-1.2".to_owned());
        assert!(settings.check(&identity("uvcvideo", "usb-1.2")).is_ok());
        let message = settings.check(&identity("uvcvideo", "usb-1.3")).expect_err("another").to_string();
        assert!(message.contains("usb-1.2") && message.contains("usb-1.3"), "{message}");
    }
}
