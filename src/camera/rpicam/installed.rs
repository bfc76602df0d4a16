//! What a camera module needs on this machine, and which of it is missing, for `limen check`.

use std::fs;
use std::path::{Path, PathBuf};

use limen_files::ServiceUser;

use super::program::Program;
use super::unit::{CameraUnit, USER};

/// The group that may open the devices of cameras.
const GROUP: &str = "video";

/// What is missing for a camera module on this machine, each with its remedy; the first is the one to mend first.
pub fn missing() -> Vec<String> {
    let group = fs::read_to_string("/etc/group").unwrap_or_default();
    let program = Program::installed().check().err().map(|error| error.to_string());
    let user = user_trouble(ServiceUser::named(USER).as_ref(), number_of(GROUP, &group));
    let unit = CameraUnit::installed();
    program
        .into_iter()
        .chain(user)
        .chain(device_trouble(Path::new("/dev")))
        .chain(unit_trouble(&unit.socket))
        .collect()
}

fn user_trouble(user: Option<&ServiceUser>, video: Option<u32>) -> Option<String> {
    let Some(user) = user else {
        return Some(format!("there is no user {USER}; `sudo make install` creates it"));
    };
    let is_member = video.is_some_and(|video| user.groups.contains(&video));
    (!is_member).then(|| {
        format!(
            "user {USER} is not in group {GROUP}, which may open cameras; sudo usermod -aG {GROUP} {USER}"
        )
    })
}

/// libcamera sets up the module's chain of devices, and takes memory for pictures from a heap.
fn device_trouble(folder: &Path) -> Vec<String> {
    let has = |start: &str, folder: PathBuf| {
        let mut names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.any(|name| name.to_string_lossy().starts_with(start))
    };
    let mut missing = Vec::new();
    if !has("media", folder.to_owned()) {
        missing.push(
            "there is no /dev/media*: the kernel has found no camera module; check the ribbon cable with the power off, \
             and camera_auto_detect=1 in /boot/firmware/config.txt"
                .to_owned(),
        );
    }
    if !has("", folder.join("dma_heap")) {
        missing.push(
            "there is no /dev/dma_heap/*, where pictures lie; use the kernel of Raspberry Pi OS".to_owned(),
        );
    }
    missing
}

fn unit_trouble(socket: &Path) -> Option<String> {
    (!socket.exists()).then(|| {
        "limen-camera.service does not run; start it: sudo systemctl enable --now limen-camera".to_owned()
    })
}

/// The id of a group, from the text of `/etc/group`.
fn number_of(name: &str, groups: &str) -> Option<u32> {
    let mut lines = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    lines.find(|fields| fields.first() == Some(&name))?.get(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(groups: &[u32]) -> ServiceUser {
        ServiceUser { name: USER.to_owned(), uid: 990, gid: 990, groups: groups.to_vec() }
    }

    #[test]
    fn the_units_user_must_be_there_and_may_open_cameras() {
        let video = number_of(GROUP, "root:x:0:\nvideo:x:44:limen,limen-camera\n");
        assert_eq!(video, Some(44));
        assert!(user_trouble(None, video).is_some_and(|said| said.contains("make install")));
        assert!(
            user_trouble(Some(&user(&[990])), video).is_some_and(|said| said.contains("usermod -aG video"))
        );
        assert_eq!(user_trouble(Some(&user(&[990, 44])), video), None);
    }

    #[test]
    fn a_machine_without_the_devices_is_told_which() {
        let folder = tempfile::tempdir().expect("a folder");
        let said = device_trouble(folder.path());
        assert!(said[0].contains("/dev/media*") && said[1].contains("/dev/dma_heap"), "{said:?}");
        fs::write(folder.path().join("media0"), "").expect("written");
        fs::create_dir(folder.path().join("dma_heap")).expect("made");
        fs::write(folder.path().join("dma_heap/linux,cma"), "").expect("written");
        assert_eq!(device_trouble(folder.path()), [""; 0]);
    }

    #[test]
    fn a_unit_that_does_not_run_is_named_with_the_command_that_starts_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let said = unit_trouble(&folder.path().join("camera.sock")).expect("nothing there");
        assert!(said.contains("systemctl enable --now limen-camera"), "{said}");
        assert_eq!(unit_trouble(folder.path()), None);
    }
}
