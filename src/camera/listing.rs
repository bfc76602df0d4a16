//! The connected cameras and their modes, for `limen camera list`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use limen_core::person::{printable, printable_path};
use serde::Serialize;

use super::mode::CaptureMode;
use super::{CameraError, v4l};

/// The largest number of device nodes that are checked; the kernel numbers them up to 255.
const MAX_NODES: usize = 256;

/// The cameras of this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The cameras, by device number.
    pub cameras: Vec<CameraListing>,
    /// The number of all video devices.
    pub devices: usize,
    /// The drivers of the devices that are no cameras, each once.
    pub others: Vec<String>,
}

/// Drivers that every Raspberry Pi has, with a camera module and without: codecs and picture processors.
const OF_A_RASPBERRY_PI: [&str; 6] =
    ["bcm2835-codec", "bcm2835-isp", "rpivid", "rpi-hevc-dec", "pispbe", "bcm2835-codec-decode"];

impl Listing {
    /// Whether the devices that are no cameras are those of a Raspberry Pi.
    pub fn is_raspberry_pi(&self) -> bool {
        self.others.iter().any(|driver| OF_A_RASPBERRY_PI.contains(&driver.as_str()))
    }
}

/// One video device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CameraListing {
    /// The device node.
    pub device: String,
    /// Stable names that lead to the device. Use one of them in the configuration.
    pub links: Vec<String>,
    /// The value for `identity` in the configuration.
    pub identity: Option<String>,
    /// The name of the product.
    pub card: Option<String>,
    /// Whether its pictures come from a program.
    #[serde(rename = "virtual")]
    pub is_virtual: bool,
    /// The modes that limen can use.
    pub modes: Vec<ListedMode>,
    /// Why the camera cannot be used, with the remedy.
    pub error: Option<String>,
}

/// A [`CaptureMode`] for people and for JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedMode {
    /// The name of the pixel format.
    pub format: &'static str,
    /// The width, in pixels.
    pub width: u32,
    /// The height, in pixels.
    pub height: u32,
    /// The highest frame rate, in frames per second; `None` if the driver does not say.
    pub fps: Option<f32>,
}

impl From<CaptureMode> for ListedMode {
    fn from(mode: CaptureMode) -> Self {
        Self { format: mode.format.name(), width: mode.width, height: mode.height, fps: mode.fps }
    }
}

/// All capture devices, by number. Nodes that are no cameras (codecs, metadata) are omitted. Cameras that
/// cannot be opened are listed with the reason.
pub fn list() -> Listing {
    list_in(Path::new("/dev"))
}

fn list_in(folder: &Path) -> Listing {
    let nodes = nodes(folder);
    let (mut cameras, mut others) = (Vec::new(), BTreeSet::new());
    for device in &nodes {
        match look_at(device) {
            Some(camera) => cameras.push(camera),
            None => others.extend(v4l::driver_of(device).map(|driver| printable(&driver, 40))),
        }
    }
    Listing { cameras, devices: nodes.len(), others: others.into_iter().collect() }
}

fn look_at(device: &Path) -> Option<CameraListing> {
    let mut listing = CameraListing {
        device: printable_path(device),
        links: links_to(device, Path::new("/dev/v4l")),
        identity: None,
        card: None,
        is_virtual: false,
        modes: Vec::new(),
        error: None,
    };
    match v4l::survey(device) {
        Ok((identity, offer)) => {
            listing.identity = Some(identity.to_string());
            listing.card = Some(printable(&identity.card, 60));
            listing.is_virtual = identity.is_virtual();
            listing.error = offer.check(&listing.device).err().map(|error| error.to_string());
            listing.modes = offer.modes.into_iter().map(ListedMode::from).collect();
        }
        Err(CameraError::NotACamera { .. }) => return None,
        Err(error) => listing.error = Some(error.to_string()),
    }
    Some(listing)
}

/// The folder's `video0`, `video1`, ... in the order of their numbers.
fn nodes(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = entries(folder)
        .filter_map(|path| {
            let number = path.file_name()?.to_str()?.strip_prefix("video")?.parse().ok()?;
            Some((number, path))
        })
        .take(MAX_NODES)
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// The links in `by-id` and `by-path` that lead to the device.
fn links_to(device: &Path, folder: &Path) -> Vec<String> {
    let Ok(device) = device.canonicalize() else {
        return Vec::new();
    };
    let mut links: Vec<String> = ["by-id", "by-path"]
        .iter()
        .flat_map(|kind| entries(&folder.join(kind)))
        .filter(|link| link.canonicalize().is_ok_and(|target| target == device))
        .map(|link| printable_path(&link))
        .collect();
    links.sort();
    links
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nodes_are_ordered_by_number_and_others_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["video10", "video2", "video", "videos", "null"] {
            std::fs::write(folder.path().join(name), "").expect("writable");
        }
        let names = ["video2", "video10"].map(|name| folder.path().join(name));
        assert_eq!(nodes(folder.path()), names);
    }

    #[test]
    fn the_stable_links_of_a_device_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let device = folder.path().join("video0");
        std::fs::write(&device, "").expect("writable");
        std::fs::create_dir(folder.path().join("by-path")).expect("writable");
        let link = folder.path().join("by-path/usb-1-index0");
        symlink("../video0", &link).expect("writable");
        symlink("../video9", folder.path().join("by-path/usb-2-index0")).expect("writable");
        assert_eq!(links_to(&device, folder.path()), [printable_path(&link)]);
    }

    #[test]
    fn devices_that_are_no_cameras_are_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["video10", "video11"] {
            symlink("/dev/null", folder.path().join(name)).expect("writable");
        }
        let nothing = Listing { cameras: Vec::new(), devices: 2, others: Vec::new() };
        assert_eq!(list_in(folder.path()), nothing);
    }

    #[test]
    fn what_is_no_camera_is_not_listed() {
        assert_eq!(look_at(Path::new("/dev/null")), None);
    }
}
