//! A camera module through `limen camera serve`, with a stand-in for `rpicam-vid` at its place: from a frame to the relay,
//! and what goes wrong on the way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use limen_vision::frame::{Picture, PixelFormat};

use super::camera::frame;
use super::harness::{AT_ONCE, DECISION, LONG, RELAY, Running, WATCHED, command, program, within};
use crate::support::{Site, nobody, project, visitor};

/// From a fault to a locked door.
const LOCKED: Duration = Duration::from_secs(2);
/// The folder that the stand-in goes by.
const FOLDER: &str = "/run/stand-in";

/// The unit of the camera. Its user is root here, and `make test-systemd` has the real one.
struct Unit {
    child: Child,
    log: PathBuf,
}

impl Unit {
    fn start(site: &Site, first: &Picture) -> Self {
        fs::create_dir_all(FOLDER).expect("the guest's memory");
        put_stand_in();
        fs::write(
            Path::new(FOLDER).join("modules"),
            "0 : imx708 [4608x2592 10-bit RGGB] (/base/i2c@1/imx708@1a)\n",
        )
        .expect("written");
        let log = site.path("unit.log");
        goes_wrong("none");
        show(first);
        let child = program()
            .args(["camera", "serve"])
            .stdin(Stdio::null())
            .stderr(fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("the program starts");
        let unit = Self { child, log };
        assert!(within(LONG, || Path::new("/run/limen-camera/camera.sock").exists()), "{}", unit.log());
        unit
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts the stand-in among the guest's programs and the unit's user among its users, without touching this machine's own:
/// the guest's root is this machine's, so copies in memory are laid over both.
fn put_stand_in() {
    if Path::new("/run/programs/all").exists() {
        return;
    }
    let script = project("tests/stand_in/rpicam-vid");
    let script = script.display();
    command(&format!(
        "mkdir -p /run/programs/real /run/programs/all /run/limen-camera && mount --bind /usr/bin /run/programs/real && \
         ln -s /run/programs/real/* /run/programs/all/ && rm -f /run/programs/all/rpicam-vid && \
         sed 's|FOLDER|{FOLDER}|g' '{script}' >/run/programs/all/rpicam-vid && \
         chmod 755 /run/programs /run/programs/all /run/programs/all/rpicam-vid && \
         mount --bind /run/programs/all /usr/bin && \
         cp /etc/passwd /run/passwd && echo 'limen-camera:x:0:0::/:/bin/false' >>/run/passwd && \
         mount --bind /run/passwd /etc/passwd"
    ));
}

/// In one step, because the stand-in may be reading it.
fn put(name: &str, bytes: &[u8]) {
    let new = Path::new(FOLDER).join("new");
    fs::write(&new, bytes).and_then(|()| fs::rename(&new, Path::new(FOLDER).join(name))).expect("memory");
}

fn show(picture: &Picture) {
    put("frame", &frame(picture, PixelFormat::Yu12Full));
}

fn goes_wrong(fault: &str) {
    put("fault", format!("{fault}\n").as_bytes());
}

fn configured() -> Site {
    let site = Site::with_obama();
    site.configure("[camera]\ndriver = \"rpicam\"", "");
    site
}

/// Each fault locks a door that a command holds open, is told, and is over by itself when the camera is well again.
fn lock_and_are_taken_back(faults: &[(&str, &str)]) {
    let site = configured();
    let unit = Unit::start(&site, &nobody());
    let running = Running::start(&site);
    assert!(running.sees(), "{}{}", running.log(), unit.log());
    for (number, (fault, said)) in (1..).zip(faults) {
        assert!(running.unlocks(AT_ONCE), "{fault}: {}", running.log());
        goes_wrong(fault);
        assert!(RELAY.falls(LOCKED), "{fault}: {}", running.log());
        assert!(within(LONG, || running.log().contains(said)), "{fault}: {}", running.log());
        goes_wrong("none");
        let recovered = || site.count_of("recovered", "camera") >= number;
        assert!(within(LONG, recovered), "{fault}: {}{}", running.log(), unit.log());
        assert!(running.sees(), "{fault}: {}", running.log());
    }
    show(&visitor("obama2"));
    assert!(RELAY.rises(DECISION), "{}", running.log());
}

guest_tests! {
    fn from_the_first_frame_of_a_camera_module_to_the_relay_it_takes_less_than_a_second() {
        let site = configured();
        let unit = Unit::start(&site, &nobody());
        let running = Running::start(&site);
        assert!(running.sees(), "{}{}", running.log(), unit.log());
        let mut took = Vec::new();
        for _ in 0..5 {
            show(&visitor("obama2"));
            let shown = Instant::now();
            assert!(RELAY.rises(DECISION), "{}", running.log());
            took.push(shown.elapsed());
            show(&nobody());
            assert!(RELAY.falls(LONG));
            // Long enough for the track to end.
            assert!(RELAY.stays_low(Duration::from_secs(1)));
        }
        took.sort();
        println!("from the first frame of a module to the relay: median {:?}, all {took:?}", took[2]);
        // The guest is slow, and another one runs beside it.
        assert!(took[2] <= Duration::from_secs(1), "{took:?}");
        show(&visitor("biden"));
        assert!(RELAY.stays_low(WATCHED), "a stranger");
    }

    fn frames_of_a_camera_module_that_are_not_what_was_agreed_lock_and_it_is_taken_back() {
        lock_and_are_taken_back(&[
            ("stalls", "no frame for"),
            ("half", "a frame ended after 230400 of 460800 bytes"),
            ("smaller", "metadata came after 115200 bytes of a frame of 460800"),
            ("larger", "more than the 460800 bytes of a frame came without its metadata"),
            ("dies", "the camera is on fire"),
        ]);
    }

    fn metadata_of_a_camera_module_that_does_not_fit_its_frames_locks_and_it_is_taken_back() {
        lock_and_are_taken_back(&[
            ("early", "metadata came after 0 bytes"),
            ("missing", "of a frame came without its metadata"),
            ("garbage", "a line of metadata is not NAME=VALUE"),
            ("zeros", "a line of metadata is longer than 4096 bytes"),
            ("megabyte", "a line of metadata is longer than 4096 bytes"),
        ]);
    }

    fn stamps_of_a_camera_module_that_cannot_be_lock_and_it_is_taken_back() {
        lock_and_are_taken_back(&[
            ("future", "ms in the future"),
            ("before-boot", "before the machine was started"),
            ("old", "ms ago, although it has just come"),
            ("repeated", "two frames have the same stamp"),
            ("backwards", "earlier than the one before it"),
        ]);
    }

    fn a_killed_unit_of_a_camera_module_locks_and_the_module_is_found_when_it_runs_again() {
        let site = configured();
        let unit = Unit::start(&site, &nobody());
        let running = Running::start(&site);
        assert!(running.sees(), "{}{}", running.log(), unit.log());
        assert!(running.unlocks(AT_ONCE));
        drop(unit);
        assert!(RELAY.falls(LOCKED), "{}", running.log());
        let _unit = Unit::start(&site, &visitor("obama2"));
        assert!(RELAY.rises(LONG), "{}", running.log());
    }

    fn a_program_that_is_not_roots_shows_the_door_nothing() {
        let site = configured();
        let unit = Unit::start(&site, &visitor("obama2"));
        command("chown 1000 /usr/bin/rpicam-vid");
        let running = Running::start(&site);
        assert!(RELAY.stays_low(WATCHED), "{}", running.log());
        assert!(running.log().contains("rpicam-vid: user 1000 could replace"), "{}{}", running.log(), unit.log());
        command("chown 0 /usr/bin/rpicam-vid");
        assert!(RELAY.rises(LONG), "{}", running.log());
    }
}
