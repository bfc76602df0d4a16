//! The camera room: from a lens (or a file) to a frame. What a frame's bytes mean is told by `limen_vision`.
//!
//! A *source* delivers frames, newest only; a *live source* is one that a real lock may listen to. The two
//! are different traits, and the second one is sealed: recorded pictures can then not open a door by any
//! wiring mistake, because the program that tries does not compile.
//!
//! | file | what it knows |
//! |---|---|
//! | `v4l` | the kernel's video devices; the only file that names the `v4l` crate |
//! | `mode` | which of the offered formats and sizes to take |
//! | `reopen` | what to do while the camera is away |
//! | `replay` | photographs and recorded frames, for the demo, tests and bench |
//! | `snapshot` | one picture into a new file |
//! | `listing` | what is plugged in, for `limen camera list` |
//! | `error` | why there is no frame, and what to do about it |

use std::path::{Path, PathBuf};
use std::time::Duration;

use limen_core::person::printable;
use limen_vision::frame::{Frame, PixelFormat};

mod error;
pub mod listing;
pub mod mode;
pub mod reopen;
pub mod replay;
pub mod snapshot;
pub mod v4l;

pub use error::CameraError;

/// The size that the vision is made for, in pixels: enough for a face at two metres, cheap enough for a Pi 3.
pub const CAMERA_SIZE: (u32, u32) = (640, 480);

/// Something that delivers frames.
pub trait FrameSource: Send {
    /// The newest frame, waiting at most `timeout` for one; older ones that nobody fetched are thrown away.
    ///
    /// `Ok(None)`: nothing came within `timeout` (the vision loop polls with at most 500 ms). After an error
    /// the source is of no more use, except [`CameraError::Recording`], which skips one picture.
    fn next(&mut self, timeout: Duration) -> Result<Option<Frame>, CameraError>;

    /// What this source is, for people.
    fn describe(&self) -> String;
}

/// A source that shows what is in front of the door now; only such a one is ever wired to a real lock.
pub trait LiveSource: FrameSource + sealed::Live {}

/// Keeps [`LiveSource`] closed: no type outside this room can claim to be live.
mod sealed {
    pub trait Live {}
}

/// Which camera, and how it is to be set up; whatever is `None` is chosen by [`mode::choose`].
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSettings {
    /// The device node, or better a stable link such as `/dev/v4l/by-path/...`.
    pub device: PathBuf,
    /// Insist on this pixel format.
    pub format: Option<PixelFormat>,
    /// Insist on this width, in pixels.
    pub width: Option<u32>,
    /// Insist on this height, in pixels.
    pub height: Option<u32>,
    /// Frames a second to ask for; the driver takes its nearest.
    pub fps: Option<u32>,
    /// The camera that must be behind the device, as [`CameraIdentity`] writes it.
    pub identity: Option<String>,
    /// Accept drivers whose pictures come from a program instead of a lens.
    pub allow_virtual: bool,
}

impl CameraSettings {
    /// The defaults for a device: everything chosen by itself, virtual drivers refused.
    pub fn for_device(device: impl Into<PathBuf>) -> Self {
        Self {
            device: device.into(),
            format: None,
            width: None,
            height: None,
            fps: None,
            identity: None,
            allow_virtual: false,
        }
    }

    /// Whether the camera that answered is the one that is meant, and has a lens.
    fn check(&self, found: &CameraIdentity) -> Result<(), CameraError> {
        let device = shown(&self.device);
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

/// Which camera answered: the driver's, the product's and the socket's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraIdentity {
    /// For example `uvcvideo`.
    pub driver: String,
    /// For example `HD Pro Webcam C920`.
    pub card: String,
    /// For example `usb-0000:01:00.0-1.2`.
    pub bus: String,
}

/// Drivers whose pictures come from a program. The list is of those known; a computer that pretends to be a
/// USB camera (the UVC gadget of a Pi Zero or a phone) cannot be told from a real one, which is why the
/// camera is pinned by identity as well.
pub const VIRTUAL_DRIVERS: [&str; 8] =
    ["vivid", "vimc", "vicodec", "vim2m", "visl", "v4l2 loopback", "v4l2loopback", "akvcam"];

/// Drivers of the raw side of a ribbon-cable camera: of a Raspberry Pi up to 4, and of a 5.
const RAW_DRIVERS: [&str; 2] = ["unicam", "rp1-cfe"];

/// Drivers that look like cameras and only work on pictures of others.
const PROCESSORS: [&str; 2] = ["bcm2835-isp", "pispbe"];

impl CameraIdentity {
    /// Whether it is the raw side of a ribbon-cable camera.
    fn is_raw_side(&self) -> bool {
        RAW_DRIVERS.contains(&self.driver.as_str())
    }

    /// Whether it is no camera, whatever it says.
    fn is_processor(&self) -> bool {
        PROCESSORS.contains(&self.driver.as_str())
    }

    /// Whether such an answer to starting its stream means that something before it has to be set up first. A USB
    /// camera, or a program, answers so for another reason.
    fn waits_for_others(&self, answer: &std::io::Error) -> bool {
        let built_in = self.bus.starts_with("platform:") && !self.is_virtual();
        built_in && matches!(answer.raw_os_error(), Some(libc::EINVAL | libc::EPIPE | libc::ENOLINK))
    }

    fn raw_side(&self, device: &Path) -> CameraError {
        CameraError::RawSide { device: shown(device), driver: printable(&self.driver, 40) }
    }

    /// Whether the pictures come from a program instead of a lens.
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

/// A path as messages show it.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
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
