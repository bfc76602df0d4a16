//! `limen run` on a real V4L2 device and a real GPIO chip, in a guest: what opens the door, and that every
//! fault ends with the line locked. See `devices/README.md`.

mod bench;

use std::fs;
use std::time::{Duration, Instant};

use bench::{Feeder, LONG, Line, RELAY, Running, VIVID, guest, within};
use limen::camera::snapshot::encode_jpeg;
use limen::control::Request;
use limen::frame::{Picture, PixelFormat};

use crate::support::{Ran, Site, limen, nobody, visitor};

/// `unlock-seconds` of the tests' configuration.
const UNLOCK: Duration = Duration::from_secs(2);
/// A face that opens does so within this; a frame takes 30 ms here, three are needed.
const DECISION: Duration = Duration::from_secs(5);
/// What is locked by a command or a signal is locked within this.
const AT_ONCE: Duration = Duration::from_millis(500);
/// Long enough to open, were it to.
const WATCHED: Duration = Duration::from_secs(3);

fn opens_and_closes(format: PixelFormat, enrolled: &str) {
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(format, &nobody());
    let _running = Running::start(&site);
    assert!(RELAY.stays_low(Duration::from_millis(500)));
    feeder.show(&visitor(enrolled));
    assert!(RELAY.rises(DECISION));
    let risen = Instant::now();
    feeder.show(&nobody());
    assert!(RELAY.falls(LONG));
    let held = risen.elapsed();
    assert!(held >= UNLOCK - Duration::from_millis(200) && held <= UNLOCK + AT_ONCE, "{held:?}");
    feeder.show(&visitor("biden"));
    assert!(RELAY.stays_low(WATCHED), "a stranger");
    feeder.show(&nobody());
    assert!(within(LONG, || site.has_record("refused")));
    assert_eq!(site.kinds().iter().filter(|kind| *kind == "granted").count(), 1);
}

/// A site, its camera showing somebody enrolled, and the daemon with the door open.
fn opened(site: &Site) -> (Feeder, Running) {
    site.configure_loopback();
    let feeder = Feeder::start(PixelFormat::Yuyv, &visitor("obama2"));
    let running = Running::start(site);
    assert!(RELAY.rises(DECISION), "{}", running.log());
    (feeder, running)
}

/// A daemon that must not open although somebody enrolled is shown.
fn never_opens(site: &Site, feeder: &Feeder) -> Running {
    let running = Running::start(site);
    feeder.show(&visitor("obama2"));
    assert!(RELAY.stays_low(WATCHED), "{}", running.log());
    running
}

fn lock_command(site: &Site) -> Ran {
    limen([std::ffi::OsStr::new("--config"), site.path("limen.toml").as_ref(), "lock".as_ref()])
}

fn flat(value: u8) -> Picture {
    Picture::from_fn(640, 480, |_, _| [value; 3])
}

/// Runs a system command of the guest.
fn command(line: &str) {
    let status = std::process::Command::new("sh").args(["-c", line]).status().expect("a shell");
    assert!(status.success(), "{line}");
}

#[test]
fn an_enrolled_face_opens_for_its_time_and_a_strangers_does_not_in_yuyv() {
    if guest("an_enrolled_face_opens_for_its_time_and_a_strangers_does_not_in_yuyv") {
        opens_and_closes(PixelFormat::Yuyv, "obama2");
    }
}

#[test]
fn an_enrolled_face_opens_for_its_time_and_a_strangers_does_not_in_mjpeg() {
    if guest("an_enrolled_face_opens_for_its_time_and_a_strangers_does_not_in_mjpeg") {
        opens_and_closes(PixelFormat::Mjpeg, "obama2");
    }
}

#[test]
fn an_enrolled_face_opens_for_its_time_and_a_strangers_does_not_in_grey() {
    if guest("an_enrolled_face_opens_for_its_time_and_a_strangers_does_not_in_grey") {
        // obama2 without colour lies at the threshold.
        opens_and_closes(PixelFormat::Grey, "obama3");
    }
}

#[test]
fn green_shines_while_open_and_red_for_a_stranger() {
    if !guest("green_shines_while_open_and_red_for_a_stranger") {
        return;
    }
    let site = Site::with_obama();
    site.configure("[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true", "green = 22\nred = 23");
    let feeder = Feeder::start(PixelFormat::Yuyv, &visitor("obama2"));
    let _running = Running::start(&site);
    assert!(Line(22).rises(DECISION) && RELAY.is_high());
    feeder.show(&nobody());
    assert!(Line(22).falls(LONG) && RELAY.falls(AT_ONCE));
    feeder.show(&visitor("biden"));
    assert!(Line(23).rises(DECISION) && !RELAY.is_high());
    feeder.show(&nobody());
    assert!(Line(23).falls(LONG));
}

#[test]
fn an_active_low_relay_is_high_while_locked() {
    if !guest("an_active_low_relay_is_high_while_locked") {
        return;
    }
    let site = Site::with_obama();
    let door = "active = \"low\"\nexternal-pull = true";
    site.configure("[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true", door);
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let running = Running::start(&site);
    assert!(RELAY.is_high());
    feeder.show(&visitor("obama2"));
    assert!(RELAY.falls(DECISION), "{}", running.log());
    feeder.show(&nobody());
    assert!(RELAY.rises(LONG));
}

#[test]
fn a_killed_daemon_leaves_a_line_that_limen_lock_locks_and_a_gap_in_the_records() {
    if !guest("a_killed_daemon_leaves_a_line_that_limen_lock_locks_and_a_gap_in_the_records") {
        return;
    }
    let site = Site::with_obama();
    let (feeder, mut running) = opened(&site);
    running.signal(libc::SIGKILL);
    assert!(running.ends(LONG).is_some());
    let ran = lock_command(&site);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("/dev/gpiochip0 line 17") && RELAY.falls(AT_ONCE));
    feeder.show(&nobody());
    drop(running);
    let _again = Running::start(&site);
    assert!(site.has_record("gap"));
}

fn a_signal_locks_and_ends(number: i32) {
    let site = Site::with_obama();
    let (_feeder, mut running) = opened(&site);
    running.signal(number);
    assert!(RELAY.falls(AT_ONCE));
    assert_eq!(running.ends(Duration::from_secs(1)), Some(0), "{}", running.log());
    assert_eq!(site.kinds().last().map(String::as_str), Some("stopped"));
}

#[test]
fn sigterm_in_the_middle_of_an_unlock_locks_and_ends_within_a_second() {
    if guest("sigterm_in_the_middle_of_an_unlock_locks_and_ends_within_a_second") {
        a_signal_locks_and_ends(libc::SIGTERM);
    }
}

#[test]
fn sigint_in_the_middle_of_an_unlock_locks_and_ends_within_a_second() {
    if guest("sigint_in_the_middle_of_an_unlock_locks_and_ends_within_a_second") {
        a_signal_locks_and_ends(libc::SIGINT);
    }
}

#[test]
fn sighup_in_the_middle_of_an_unlock_reloads_and_the_unlock_ends_in_its_time() {
    if !guest("sighup_in_the_middle_of_an_unlock_reloads_and_the_unlock_ends_in_its_time") {
        return;
    }
    let site = Site::with_obama();
    let (feeder, running) = opened(&site);
    feeder.show(&nobody());
    running.signal(libc::SIGHUP);
    assert!(RELAY.falls(UNLOCK + AT_ONCE));
    let loads = || site.kinds().iter().filter(|kind| *kind == "gallery-loaded").count();
    assert!(within(LONG, || loads() == 2));
}

#[test]
fn a_command_locks_in_the_middle_of_an_unlock() {
    if !guest("a_command_locks_in_the_middle_of_an_unlock") {
        return;
    }
    let site = Site::with_obama();
    let (feeder, _running) = opened(&site);
    feeder.show(&nobody());
    assert_eq!(lock_command(&site).code, 0);
    assert!(RELAY.falls(AT_ONCE));
}

#[test]
fn a_person_taken_out_in_the_middle_of_an_unlock_is_locked_out_at_once() {
    if !guest("a_person_taken_out_in_the_middle_of_an_unlock_is_locked_out_at_once") {
        return;
    }
    let site = Site::with_obama();
    let (_feeder, running) = opened(&site);
    site.write("gallery.toml", "");
    running.ask(Request::Reload).expect("in force");
    assert!(RELAY.falls(AT_ONCE));
    assert!(RELAY.stays_low(WATCHED));
}

#[test]
fn a_stalled_camera_locks_and_the_door_works_again_when_it_shows_pictures() {
    if !guest("a_stalled_camera_locks_and_the_door_works_again_when_it_shows_pictures") {
        return;
    }
    let site = Site::with_obama();
    site.configure("[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true", "");
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let running = Running::start(&site);
    running.ask(Request::Unlock { seconds: 30 }).expect("accepted");
    assert!(RELAY.rises(AT_ONCE));
    feeder.stall();
    assert!(RELAY.falls(Duration::from_secs(3)), "no frame for 2 s is a fault");
    assert!(site.has_record("fault"));
    feeder.show(&visitor("obama2"));
    assert!(RELAY.rises(LONG), "{}", running.log());
    assert!(site.has_record("recovered"));
}

#[test]
fn an_unplugged_camera_locks() {
    if !guest("an_unplugged_camera_locks") {
        return;
    }
    let site = Site::with_obama();
    site.configure("[camera]\ndevice = \"/dev/video0\"\nallow-virtual = true", "");
    let running = Running::start(&site);
    assert!(within(LONG, || running.ask(Request::Status).is_ok_and(|s| s["frames"].as_u64() > Some(3))));
    running.ask(Request::Unlock { seconds: 30 }).expect("accepted");
    assert!(RELAY.rises(AT_ONCE));
    let device = v4l::Device::with_path(VIVID).expect("vivid");
    let controls = device.query_controls().expect("a list");
    let unplug = controls.iter().find(|control| control.name == "Disconnect").expect("vivid can");
    // The kernel answers after the device is gone.
    let _ = device.set_control(v4l::Control { id: unplug.id, value: v4l::control::Value::Boolean(true) });
    assert!(RELAY.falls(Duration::from_secs(3)), "{}", running.log());
    assert!(within(LONG, || site.has_record("fault")));
}

#[test]
fn a_truncated_frame_now_and_then_is_dropped_and_the_door_opens_all_the_same() {
    if !guest("a_truncated_frame_now_and_then_is_dropped_and_the_door_opens_all_the_same") {
        return;
    }
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(PixelFormat::Mjpeg, &nobody());
    let running = Running::start(&site);
    let whole = bench::frame(&visitor("obama2"), PixelFormat::Mjpeg);
    feeder.show_bytes(whole[..whole.len() / 2].to_vec());
    assert!(within(LONG, || running.log().contains("cut off before its end")), "{}", running.log());
    assert!(!RELAY.is_high());
    feeder.show_bytes(whole);
    assert!(RELAY.rises(DECISION));
}

#[test]
fn corrupt_frames_never_open_and_never_end_the_daemon() {
    if !guest("corrupt_frames_never_open_and_never_end_the_daemon") {
        return;
    }
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(PixelFormat::Mjpeg, &nobody());
    let running = Running::start(&site);
    let whole = encode_jpeg(&visitor("obama2")).expect("encoded");
    for seed in 1..40_usize {
        let noise =
            |(index, byte): (usize, &u8)| if index > 20 && index % 97 == seed { !byte } else { *byte };
        feeder.show_bytes(whole.iter().enumerate().map(noise).collect());
        assert!(RELAY.stays_low(Duration::from_millis(80)));
    }
    assert!(running.ask(Request::Status).is_ok());
}

#[test]
fn black_white_and_grey_pictures_never_open() {
    if !guest("black_white_and_grey_pictures_never_open") {
        return;
    }
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(PixelFormat::Yuyv, &flat(0));
    let _running = Running::start(&site);
    for value in [0, 128, 255] {
        feeder.show(&flat(value));
        assert!(RELAY.stays_low(Duration::from_secs(1)));
    }
}

#[test]
fn a_camera_that_comes_late_is_found() {
    if !guest("a_camera_that_comes_late_is_found") {
        return;
    }
    let site = Site::with_obama();
    site.configure_loopback();
    let running = Running::start(&site);
    assert!(within(LONG, || site.has_record("fault")), "{}", running.log());
    let _feeder = Feeder::start(PixelFormat::Yuyv, &visitor("obama2"));
    assert!(RELAY.rises(LONG), "{}", running.log());
}

#[test]
fn a_virtual_camera_without_permission_opens_nothing() {
    if !guest("a_virtual_camera_without_permission_opens_nothing") {
        return;
    }
    let site = Site::with_obama();
    site.configure("[camera]\ndevice = \"/dev/video10\"", "");
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let running = never_opens(&site, &feeder);
    assert!(running.log().contains("allow-virtual"), "{}", running.log());
}

#[test]
fn another_camera_than_the_pinned_one_opens_nothing() {
    if !guest("another_camera_than_the_pinned_one_opens_nothing") {
        return;
    }
    let site = Site::with_obama();
    let camera =
        "[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true\nidentity = \"uvcvideo:C920:usb-1.2\"";
    site.configure(camera, "");
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let running = never_opens(&site, &feeder);
    assert!(running.log().contains("uvcvideo:C920:usb-1.2"), "{}", running.log());
}

#[test]
fn a_full_disk_opens_nothing_and_says_so() {
    if !guest("a_full_disk_opens_nothing_and_says_so") {
        return;
    }
    let site = Site::with_obama();
    let audit = site.path("small");
    fs::create_dir(&audit).expect("a folder");
    command(&format!("mount -t tmpfs -o size=16k,mode=700 small {}", audit.display()));
    let more = format!("[audit]\nfolder = \"{}\"", audit.display());
    site.configure("[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true", &more);
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let running = Running::start(&site);
    // Whatever is left of the 16 KiB.
    let _ = fs::write(audit.join("filler"), [0; 16384]);
    for _ in 0..60 {
        let _ = running.ask(Request::Reload);
        if running.log().contains("audit file") {
            break;
        }
    }
    feeder.show(&visitor("obama2"));
    assert!(RELAY.stays_low(WATCHED), "{}", running.log());
    assert!(running.log().contains("No space left"), "{}", running.log());
    fs::remove_file(audit.join("filler")).expect("removed");
    feeder.show(&nobody());
    std::thread::sleep(Duration::from_secs(1));
    feeder.show(&visitor("obama2"));
    assert!(RELAY.rises(DECISION), "with room again: {}", running.log());
    drop(running);
    command(&format!("umount {}", audit.display()));
}

#[test]
fn a_gallery_of_garbage_leaves_the_old_one_in_force() {
    if !guest("a_gallery_of_garbage_leaves_the_old_one_in_force") {
        return;
    }
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let running = Running::start(&site);
    site.write("gallery.toml", [0xff, 0xfe, 0x00]);
    running.signal(libc::SIGHUP);
    assert!(within(LONG, || site.has_record("gallery-refused")));
    feeder.show(&visitor("obama2"));
    assert!(RELAY.rises(DECISION));
}

#[test]
fn setting_the_clock_changes_no_deadline() {
    if !guest("setting_the_clock_changes_no_deadline") {
        return;
    }
    let site = Site::with_obama();
    let (feeder, _running) = opened(&site);
    let risen = Instant::now();
    feeder.show(&nobody());
    command("date -s '2001-01-01' >/dev/null && date -s '2035-01-01' >/dev/null");
    assert!(RELAY.falls(LONG));
    assert!(risen.elapsed() <= UNLOCK + AT_ONCE, "{:?}", risen.elapsed());
}

#[test]
fn a_line_that_somebody_holds_is_named_with_its_holder() {
    if !guest("a_line_that_somebody_holds_is_named_with_its_holder") {
        return;
    }
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let _first = Running::start(&site);
    let second = Site::with_obama();
    second.configure_loopback();
    let mut running = Running::spawn(&second);
    assert_eq!(running.ends(LONG), Some(3));
    assert!(running.log().contains("/dev/gpiochip0 line 17: in use by limen"), "{}", running.log());
    feeder.show(&visitor("obama2"));
    assert!(RELAY.rises(DECISION), "the first goes on");
}

#[test]
fn a_missing_chip_is_named() {
    if !guest("a_missing_chip_is_named") {
        return;
    }
    let site = Site::with_obama();
    site.configure("[camera]\ndevice = \"/dev/video10\"", "chip = \"/dev/gpiochip9\"");
    let mut running = Running::spawn(&site);
    assert_eq!(running.ends(LONG), Some(3));
    assert!(running.log().contains("/dev/gpiochip9: no GPIO chip there"), "{}", running.log());
}

#[test]
fn rppal_on_another_machine_says_which_driver_to_use() {
    if !guest("rppal_on_another_machine_says_which_driver_to_use") {
        return;
    }
    let site = Site::with_obama();
    site.write("limen.toml", "[door]\ndriver = \"rppal\"\npin = 17\naccept-photo-risk = true\n[paths]\nstate = \"state\"\nruntime = \"run\"\n");
    let mut running = Running::spawn(&site);
    assert_eq!(running.ends(LONG), Some(3));
    assert!(running.log().contains("use driver = \"gpiochip\""), "{}", running.log());
}

#[test]
fn a_model_file_that_was_replaced_is_refused_at_start() {
    if !guest("a_model_file_that_was_replaced_is_refused_at_start") {
        return;
    }
    let site = Site::with_obama();
    site.write("mine.onnx", "another file");
    let more = format!("[model]\npath = \"mine.onnx\"\nsha256 = \"{}\"", "0f".repeat(32));
    site.configure("[camera]\ndevice = \"/dev/video10\"", &more);
    let mut running = Running::spawn(&site);
    assert_eq!(running.ends(LONG), Some(3));
    assert!(running.log().contains("put the original file back"), "{}", running.log());
    assert!(!RELAY.is_high());
}

#[test]
fn too_little_memory_ends_locked() {
    if !guest("too_little_memory_ends_locked") {
        return;
    }
    let site = Site::with_obama();
    site.configure_loopback();
    let run = format!(
        "ulimit -v 60000; exec {} --config {} run 2>/dev/null",
        env!("CARGO_BIN_EXE_limen"),
        site.path("limen.toml").display()
    );
    let status = std::process::Command::new("sh").args(["-c", &run]).status().expect("a shell");
    assert!(!status.success());
    assert!(!RELAY.is_high());
}

#[test]
fn two_hundred_reloads_leak_neither_descriptors_nor_threads() {
    if !guest("two_hundred_reloads_leak_neither_descriptors_nor_threads") {
        return;
    }
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let running = Running::start(&site);
    running.ask(Request::Reload).expect("in force");
    let before = running.resources();
    for _ in 0..200 {
        running.ask(Request::Reload).expect("in force");
    }
    assert!(within(LONG, || running.resources() == before), "{before:?} {:?}", running.resources());
    feeder.show(&visitor("obama2"));
    assert!(RELAY.rises(DECISION));
}

#[test]
fn door_test_pulses_the_line() {
    if !guest("door_test_pulses_the_line") {
        return;
    }
    let site = Site::with_obama();
    let config = site.configure_loopback();
    let pulse = std::thread::spawn(move || {
        limen([std::ffi::OsStr::new("--config"), config.as_ref(), "door".as_ref(), "test".as_ref()])
    });
    assert!(RELAY.rises(LONG) && RELAY.falls(LONG));
    let ran = pulse.join().expect("no panic");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("read back both times"));
}
