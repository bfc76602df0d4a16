//! Opens the camera that the settings name, whatever its driver.

use super::rpicam::source::RpicamCamera;
use super::v4l::V4lCamera;
use super::{CameraDriver, CameraError, CameraSettings, LiveSource};

/// Opens the camera.
///
/// # Errors
/// There is none, or it is not the one that the settings mean.
pub fn open(settings: &CameraSettings) -> Result<Box<dyn LiveSource>, CameraError> {
    Ok(match settings.driver {
        CameraDriver::V4l2 => Box::new(V4lCamera::open(settings)?),
        CameraDriver::Rpicam => Box::new(RpicamCamera::open(settings)?),
    })
}
