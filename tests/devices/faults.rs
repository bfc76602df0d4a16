//! Every fault ends with the line locked, whole records, and the daemon back at work where it can be.

use std::fs;
use std::time::Duration;

use limen::camera::snapshot::encode_jpeg;
use limen::control::Request;
use limen::frame::{Picture, PixelFormat};

use super::bench::{
    AT_ONCE, DECISION, Feeder, LONG, RELAY, Running, VIVID, WATCHED, command, frame, lock_command, opened,
    within,
};
use crate::support::{Site, nobody, visitor};

/// A daemon that must not open although somebody enrolled is shown.
fn never_opens(site: &Site, feeder: &Feeder) -> Running {
    let running = Running::start(site);
    feeder.show(&visitor("obama2"));
    assert!(RELAY.stays_low(WATCHED), "{}", running.log());
    running
}

/// The daemon ends with exit code 3 and these words.
fn refuses_to_start(site: &Site, words: &str) {
    let mut running = Running::spawn(site);
    assert_eq!(running.ends(LONG), Some(3));
    assert!(running.log().contains(words), "{}", running.log());
}

fn flat(value: u8) -> Picture {
    Picture::from_fn(640, 480, |_, _| [value; 3])
}

guest_tests! {
    fn a_killed_daemon_leaves_a_line_that_limen_lock_locks_and_a_gap_in_the_records() {
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

    fn a_stalled_camera_locks_and_the_door_works_again_when_it_shows_pictures() {
        let site = Site::with_obama();
        site.configure("[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true", "");
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        assert!(running.sees());
        running.ask(Request::Unlock { seconds: 30 }).expect("accepted");
        assert!(RELAY.rises(AT_ONCE));
        feeder.stall();
        assert!(RELAY.falls(Duration::from_secs(3)), "no frame for 2 s is a fault");
        assert!(site.has_record("fault"));
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(LONG), "{}", running.log());
        assert!(site.has_record("recovered"));
    }

    fn an_unplugged_camera_locks() {
        let site = Site::with_obama();
        site.configure("[camera]\ndevice = \"/dev/video0\"\nallow-virtual = true", "");
        let running = Running::start(&site);
        assert!(running.sees());
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

    fn a_truncated_frame_now_and_then_is_dropped_and_the_door_opens_all_the_same() {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Mjpeg, &nobody());
        let running = Running::start(&site);
        let whole = frame(&visitor("obama2"), PixelFormat::Mjpeg);
        feeder.show_bytes(whole[..whole.len() / 2].to_vec());
        assert!(within(LONG, || running.log().contains("cut off before its end")), "{}", running.log());
        assert!(!RELAY.is_high());
        feeder.show_bytes(whole);
        assert!(RELAY.rises(DECISION));
    }

    fn corrupt_frames_never_open_and_never_end_the_daemon() {
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

    fn black_white_and_grey_pictures_never_open() {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &flat(0));
        let _running = Running::start(&site);
        for value in [0, 128, 255] {
            feeder.show(&flat(value));
            assert!(RELAY.stays_low(Duration::from_secs(1)));
        }
    }

    fn a_virtual_camera_without_permission_opens_nothing() {
        let site = Site::with_obama();
        site.configure("[camera]\ndevice = \"/dev/video10\"", "");
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = never_opens(&site, &feeder);
        assert!(running.log().contains("allow-virtual"), "{}", running.log());
    }

    fn another_camera_than_the_pinned_one_opens_nothing() {
        let site = Site::with_obama();
        let camera =
            "[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true\nidentity = \"uvcvideo:C920:usb-1.2\"";
        site.configure(camera, "");
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = never_opens(&site, &feeder);
        assert!(running.log().contains("uvcvideo:C920:usb-1.2"), "{}", running.log());
    }

    fn a_full_disk_opens_nothing_and_says_so() {
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

    fn a_gallery_of_garbage_leaves_the_old_one_in_force() {
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

    fn a_line_that_somebody_holds_is_named_with_its_holder() {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let _first = Running::start(&site);
        let second = Site::with_obama();
        second.configure_loopback();
        refuses_to_start(&second, "/dev/gpiochip0 line 17: in use by limen");
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "the first goes on");
    }

    fn a_missing_chip_is_named() {
        let site = Site::with_obama();
        site.configure("[camera]\ndevice = \"/dev/video10\"", "chip = \"/dev/gpiochip9\"");
        refuses_to_start(&site, "/dev/gpiochip9: no GPIO chip there");
    }

    fn rppal_on_another_machine_says_which_driver_to_use() {
        let site = Site::with_obama();
        site.write("limen.toml", "[door]\ndriver = \"rppal\"\npin = 17\naccept-photo-risk = true\n[paths]\nstate = \"state\"\nruntime = \"run\"\n");
        refuses_to_start(&site, "use driver = \"gpiochip\"");
    }

    fn a_model_file_that_was_replaced_is_refused_at_start() {
        let site = Site::with_obama();
        site.write("mine.onnx", "another file");
        let more = format!("[model]\npath = \"mine.onnx\"\nsha256 = \"{}\"", "0f".repeat(32));
        site.configure("[camera]\ndevice = \"/dev/video10\"", &more);
        refuses_to_start(&site, "put the original file back");
        assert!(!RELAY.is_high());
    }

    fn too_little_memory_ends_locked() {
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

    fn two_hundred_reloads_leak_neither_descriptors_nor_threads() {
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
}
