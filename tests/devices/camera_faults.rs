//! A camera that stalls, vanishes, lies or shows nothing: the door stays locked, and opens again afterwards.

use std::time::Duration;

use limen::control::Request;
use limen_vision::frame::PixelFormat;
use limen_vision::pixels::encode::encode_jpeg;

use super::camera::{Feeder, Unplugged, flat, frame, frame_of_size};
use super::harness::{AT_ONCE, DECISION, LONG, RELAY, Running, WATCHED, within};
use crate::support::{Site, nobody, visitor};

/// A camera without frames is a fault after 2 s; the line falls at once then.
const CAMERA_LOST: Duration = Duration::from_secs(3);
/// Whoever plugs a camera in again waits no longer than the longest pause between two tries, and a frame.
const CAMERA_BACK: Duration = Duration::from_secs(8);

/// A daemon that must not open although somebody enrolled is shown.
fn never_opens(site: &Site, feeder: &Feeder) -> Running {
    let running = Running::start(site);
    feeder.show(&visitor("obama2"));
    assert!(RELAY.stays_low(WATCHED), "{}", running.log());
    running
}

/// A camera in this format that sends frames of a quarter of the size that was agreed.
fn small_frames_open_nothing(format: PixelFormat) {
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(format, &nobody());
    let running = Running::start(&site);
    assert!(running.sees());
    feeder.show_bytes(frame_of_size(&visitor("obama2"), format, (320, 240)));
    assert!(within(LONG, || running.log().contains("frames dropped so far")), "{}", running.log());
    assert!(RELAY.stays_low(WATCHED), "{}", running.log());
    feeder.show(&visitor("obama2"));
    assert!(RELAY.rises(DECISION), "{}", running.log());
}

guest_tests! {
    fn a_stalled_camera_locks_and_the_door_works_again_when_it_shows_pictures() {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let running = Running::start(&site);
        assert!(running.sees());
        assert!(running.unlocks(AT_ONCE));
        feeder.stall();
        assert!(RELAY.falls(Duration::from_secs(3)), "no frame for 2 s is a fault");
        assert!(site.has_record("fault"));
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(LONG), "{}", running.log());
        assert!(site.has_record("recovered"));
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

    fn an_unplugged_camera_locks_and_is_taken_back_when_it_is_plugged_in_again() {
        let site = Site::with_obama();
        site.configure("[camera]\ndevice = \"/dev/video0\"\nallow-virtual = true", "");
        let running = Running::start(&site);
        assert!(running.sees());
        assert!(running.unlocks(AT_ONCE));
        let unplugged = Unplugged::now();
        assert!(RELAY.falls(CAMERA_LOST), "{}", running.log());
        assert!(within(LONG, || site.has_record("fault")));
        drop(unplugged);
        assert!(within(CAMERA_BACK, || site.has_record("recovered")), "{}", running.log());
        assert!(running.sees());
        assert!(running.unlocks(AT_ONCE));
    }

    fn raw_frames_of_another_size_than_agreed_open_nothing() {
        small_frames_open_nothing(PixelFormat::Yuyv);
    }

    fn jpegs_of_another_size_than_agreed_open_nothing() {
        small_frames_open_nothing(PixelFormat::Mjpeg);
    }
}
