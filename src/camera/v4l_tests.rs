//! Tests that need no device; vivid and v4l2loopback test the rest.

use v4l::Timestamp;

use super::*;
use crate::clocks;

fn open(device: &Path) -> CameraError {
    V4lCamera::open(&CameraSettings::for_device(device)).err().expect("no camera there")
}

fn stamped(flags: Flags, taken: Duration) -> Metadata {
    let timestamp = Timestamp { sec: taken.as_secs() as _, usec: taken.subsec_micros() as _ };
    Metadata { flags, timestamp, ..Metadata::default() }
}

/// The same moment on CLOCK_MONOTONIC, which differs after the machine has slept.
fn monotonic(moment: Moment) -> Duration {
    moment.since(clocks::from_monotonic(Duration::ZERO))
}

#[test]
fn a_missing_device_and_one_that_is_no_camera_are_told_apart() {
    assert!(matches!(open(Path::new("/dev/no-such-camera")), CameraError::Missing { .. }));
    assert!(matches!(open(Path::new("/dev/null")), CameraError::NotACamera { .. }));
    assert!(matches!(open(Path::new("/dev")), CameraError::NotACamera { .. }));
}

#[test]
fn a_panic_in_the_crate_is_an_error() {
    let error = caught::<()>(|| panic!("Invalid colorspace")).expect_err("it panicked");
    assert!(error.to_string().contains("makes no sense"));
}

#[test]
fn a_monotonic_stamp_is_the_frames_time_and_one_from_the_future_is_none() {
    let now = clocks::moment();
    let past = now - Duration::from_millis(300);
    let meta = stamped(Flags::TIMESTAMP_MONOTONIC, monotonic(past));
    let taken = time_taken(&meta, false, now).expect("in the past");
    assert!(taken.since(past) < Duration::from_millis(5) && past.since(taken) < Duration::from_millis(5));
    let meta = stamped(Flags::TIMESTAMP_MONOTONIC, monotonic(now + Duration::from_secs(1)));
    assert_eq!(time_taken(&meta, false, now), None);
    assert_eq!(time_taken(&meta, true, now), Some(now), "it came while we waited");
}

#[test]
fn a_stamp_a_little_in_the_future_is_now() {
    let now = clocks::moment();
    let meta = stamped(Flags::TIMESTAMP_MONOTONIC, monotonic(now + Duration::from_millis(40)));
    assert_eq!(time_taken(&meta, false, now), Some(now));
}

#[test]
fn a_frame_without_a_stamp_counts_only_if_it_came_while_we_waited() {
    let meta = stamped(Flags::TIMESTAMP_COPY, Duration::from_secs(1));
    let now = clocks::moment();
    assert_eq!(time_taken(&meta, true, now), Some(now));
    assert_eq!(time_taken(&meta, false, now), None);
}
