//! A face that moves as people do opens for its time; a stranger's never does. In every format of a camera.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use limen_vision::frame::{Picture, PixelFormat};
use limen_vision::pixels::photograph::load_photograph;

use super::camera::{Feeder, SIZE, frame};
use super::harness::{AT_ONCE, DECISION, LONG, RELAY, Running, UNLOCK, skipped, within};
use crate::support::{Site, nobody, project, visitor};

/// A clip is watched from its beginning to its end.
const CLIP: Duration = Duration::from_secs(5);
/// Frames from one side to the other: two seconds.
const WALK: i64 = 30;
/// How far, in pixels.
const WAY: i64 = 90;

/// Somebody of the demo who walks by and comes back, as a camera's frames.
fn walking_past(name: &str, format: PixelFormat) -> Vec<Vec<u8>> {
    let seen = limen_vision::pixels::scale::fit_picture(&visitor(name), SIZE.0, SIZE.1);
    let there = (0..WALK).map(|step| step * WAY / WALK - WAY / 2);
    let steps: Vec<i64> = there.clone().chain(there.rev()).collect();
    let moved = |shift: i64| {
        Picture::from_fn(SIZE.0, SIZE.1, |x, y| seen.pixel(i64::from(x) - shift, i64::from(y) + shift / 6))
    };
    steps.into_iter().map(|shift| frame(&moved(shift), format)).collect()
}

/// Opens for its time to this clip, and then locks.
fn opens_for_its_time(feeder: &Feeder, running: &Running, clip: Vec<Vec<u8>>) {
    feeder.show_clip(clip);
    assert!(RELAY.rises(DECISION), "{}", running.log());
    let risen = Instant::now();
    feeder.show(&nobody());
    assert!(RELAY.falls(LONG));
    let held = risen.elapsed();
    assert!(held >= UNLOCK - Duration::from_millis(200) && held <= UNLOCK + AT_ONCE, "{held:?}");
}

fn who_walks_past_is_recognised(format: PixelFormat, enrolled: &str) {
    let site = Site::with_obama();
    site.configure_loopback();
    let feeder = Feeder::start(format, &nobody());
    let running = Running::start(&site);
    opens_for_its_time(&feeder, &running, walking_past(enrolled, format));
    feeder.show_clip(walking_past("biden", format));
    assert!(RELAY.stays_low(CLIP), "a stranger");
    feeder.show(&nobody());
    assert!(within(LONG, || site.has_record("refused")), "{}", running.log());
    let slow = site.count_of("fault", "audit");
    assert_eq!((site.count("granted") - slow, site.count("locked")), (1, 1));
}

/// Four seconds of a singer who turns, sings and waves, cut to head and shoulders; else says that the test
/// is skipped.
fn singer() -> Option<(tempfile::TempDir, Vec<PathBuf>)> {
    let video = project("../shared/video/two-people.mp4");
    if !video.exists() {
        skipped("clips", "no video in the folder beside the project");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let cut = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-ss", "3.6", "-t", "4.2", "-i"])
        .arg(&video)
        .args(["-vf", "crop=320:240:96:0,scale=640:480,fps=15", "-q:v", "2"])
        .arg(folder.path().join("%03d.jpg"))
        .status();
    if !cut.is_ok_and(|status| status.success()) {
        skipped("clips", "no ffmpeg");
        return None;
    }
    let mut stills: Vec<PathBuf> =
        fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("a still").path()).collect();
    stills.sort();
    assert!(stills.len() > 50, "{}", stills.len());
    Some((folder, stills))
}

fn clip_of(stills: &[PathBuf], format: PixelFormat) -> Vec<Vec<u8>> {
    let load = |still: &PathBuf| frame(&load_photograph(still).expect("a picture"), format);
    stills.iter().map(load).collect()
}

fn enrol_from(site: &Site, still: &Path) {
    let still = still.to_str().expect("UTF-8");
    let ran = site.limen(&["enroll", "singer", "--name", "Singer", still]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

guest_tests! {
    fn an_enrolled_face_that_walks_past_opens_and_a_strangers_does_not_in_yuyv() {
        who_walks_past_is_recognised(PixelFormat::Yuyv, "obama2");
    }

    fn an_enrolled_face_that_walks_past_opens_and_a_strangers_does_not_in_mjpeg() {
        who_walks_past_is_recognised(PixelFormat::Mjpeg, "obama2");
    }

    fn a_singer_in_a_video_opens_when_enrolled_from_one_still_and_is_a_stranger_before() {
        let Some((_folder, stills)) = singer() else { return };
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Mjpeg, &nobody());
        let running = Running::start(&site);
        let clip = clip_of(&stills, PixelFormat::Mjpeg);
        feeder.show_clip(clip.clone());
        assert!(RELAY.stays_low(CLIP), "nobody enrolled is in it");
        feeder.show(&nobody());
        assert!(within(LONG, || site.has_record("refused")), "{}", running.log());
        // 1.8 s into it he looks at the camera.
        enrol_from(&site, &stills[27]);
        assert!(running.ask(limen::control::Request::Reload).is_ok());
        opens_for_its_time(&feeder, &running, clip);
        assert!(site.records().iter().all(|record| record.fact["person"] != "obama"));
    }
}
