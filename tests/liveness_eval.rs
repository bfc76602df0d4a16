//! `limen liveness eval` on made-up clips: what it prints, and what it says of clips that it cannot measure.

use std::path::Path;

use limen_vision::frame::Picture;
use limen_vision::pixels::encode::encode_jpeg;

use crate::support::{Ran, Site, limen, visitor};

const ATTACK: &str = "live = false\nfps = 10\n";
const PERSON: &str = "live = true\nfps = 10\nchallenge = [\"left\", \"right\"]\nat-ms = [600, 1500]\n";

/// A clip of one of the demo's photographs that stands still for two seconds.
fn still(site: &Site, clip: &str, facts: &str) {
    let folder = site.path("clips").join(clip);
    std::fs::create_dir_all(&folder).expect("a folder");
    let bytes = encode_jpeg(&visitor("obama")).expect("encoded");
    (0..20).for_each(|number| write(&folder, &format!("{number:06}.jpg"), &bytes));
    write(&folder, "clip.toml", facts.as_bytes());
}

fn write(folder: &Path, name: &str, contents: &[u8]) {
    std::fs::write(folder.join(name), contents).expect("written");
}

fn eval(site: &Site, arguments: &[&str]) -> Ran {
    let clips = site.path("clips");
    let mut all = vec!["liveness", "eval", "--clips", clips.to_str().expect("UTF-8")];
    all.extend(arguments);
    limen(all)
}

/// A site with one still print.
fn print() -> Site {
    let site = Site::empty();
    still(&site, "print-flat/one", ATTACK);
    site
}

#[test]
fn a_photograph_that_stands_still_is_never_accepted() {
    let site = print();
    still(&site, "person/one", PERSON);
    let plot = site.path("scores.svg");
    let ran = eval(&site, &["--json", "--seed", "7", "--out", plot.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = &ran.json()[0];
    let print = &report["species"][0];
    assert_eq!((&print["species"], &print["attempts"]), (&"print-flat".into(), &20.into()));
    assert_eq!((&print["accepted"], &print["apcer"]), (&0.into(), &0.0.into()));
    assert!(print["high"].as_f64().is_some_and(|high| (0.16..0.17).contains(&high)), "{print}");
    assert_eq!(
        (&report["live"], &report["non_response"], &report["asked"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert!(report["bpcer"].is_null(), "nobody responded");
    let svg = std::fs::read_to_string(plot).expect("written");
    assert!(svg.contains("print-flat (attack): 1 clips") && svg.contains("person (people): 1 clips"));
}

#[test]
fn without_being_asked_a_photograph_that_stands_still_is_not_accepted_either() {
    let ran = eval(&print(), &["--mode", "motion"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let row = ran.out.lines().find(|line| line.starts_with("print-flat")).expect("a row");
    assert_eq!(row.split_whitespace().take(4).collect::<Vec<_>>(), ["print-flat", "1", "0", "0.00"]);
    assert!(row.ends_with("unsure 1"), "{row}");
}

#[test]
fn what_is_measured_on_every_frame_is_printed_for_fitting() {
    let ran = eval(&print(), &["--features"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let frames = ran.json();
    assert_eq!(frames.len(), 20);
    let mut keys: Vec<&str> = frames[5].as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    let wanted = [
        "clip",
        "growth",
        "live",
        "nose_offset",
        "nose_x",
        "nose_y",
        "pitch",
        "rest",
        "species",
        "swell",
        "taken_ms",
        "yaw",
    ];
    assert_eq!(keys, wanted);
    assert!(frames[0]["yaw"].is_null(), "the first frontal frame is what the others are measured against");
    assert_eq!((&frames[5]["taken_ms"], &frames[5]["live"]), (&500.0.into(), &false.into()));
    assert!(frames[5]["yaw"].as_f64().is_some_and(|yaw| yaw.abs() < 3.0), "{}", frames[5]);
}

#[test]
fn clips_that_cannot_be_measured_are_named_with_the_key_and_the_remedy() {
    for (facts, code, words) in [
        ("live = true\nfps = 10\n", 2, "clip.toml: challenge: is missing, and a person is measured with"),
        ("fps = 10\n", 2, "clip.toml:1: \"live\" is missing; add it"),
        ("live = false\nfsp = 10\n", 2, "clip.toml:2: [fsp]: there is no such key; did you mean fps?"),
        ("live = false\nfps = \"10\"\n", 2, "clip.toml:2: [fps]: is text, and should be a number; write it"),
        ("live = false\n", 2, "nothing says when the frames were taken; write fps = 15"),
        ("live = false\ntimes-ms = [0, 50, 20]\n", 2, "clip.toml:2: [times-ms]: 20 does not come after 50"),
        ("live = false\ntimes-ms = [0, 50]\n", 2, "times-ms: has 2 times for 20 frames; write one for each"),
        (
            "live = true\nfps = 10\nchallenge = [\"links\"]\nat-ms = [1]\n",
            2,
            "clip.toml:3: [challenge]: \"links\" is no side; use \"left\", \"right\" or \"up\"",
        ),
        (
            "live = true\nfps = 10\nchallenge = [\"left\"]\n",
            2,
            "clip.toml:3: [challenge]: has no time; write when each was asked",
        ),
        (
            "live = true\nfps = 10\nchallenge = [\"left\"]\nat-ms = [9000]\n",
            2,
            "challenge: something is asked at 9000 ms, but the last frame was taken at 1900 ms",
        ),
    ] {
        let site = print();
        write(&site.path("clips/print-flat/one"), "clip.toml", facts.as_bytes());
        let ran = eval(&site, &[]);
        assert_eq!(ran.code, code, "{facts}: {}", ran.err);
        assert!(ran.err.contains(words), "{facts}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}

#[test]
fn folders_and_frames_that_cannot_be_measured_are_named_with_the_remedy() {
    let site = Site::empty();
    let none = eval(&site, &[]);
    assert_eq!(none.code, 3);
    assert!(none.err.contains("clips: "), "{}", none.err);
    let folder = |site: &Site| site.path("clips/print-flat/one");
    let refused = |spoil: &dyn Fn(&Path), code: i32, words: &str| {
        let site = print();
        spoil(&folder(&site));
        let ran = eval(&site, &[]);
        assert_eq!(ran.code, code, "{words}: {}", ran.err);
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    };
    let remove = |file: &'static str| move |at: &Path| std::fs::remove_file(at.join(file)).expect("removed");
    refused(&remove("clip.toml"), 2, "one/clip.toml: is not there; write it, with live = true or false");
    refused(&remove("000007.jpg"), 2, "000007.jpg: is missing between other frames; number them");
    let small = encode_jpeg(&Picture::from_fn(32, 24, |_, _| [90; 3])).expect("encoded");
    refused(&|at| write(at, "000003.jpg", &small), 2, "000003.jpg: is 32x24, and the first frame is");
    refused(&|at| write(at, "000003.jpg", b"no picture"), 3, "000003.jpg");
    let empty = |at: &Path| {
        for number in 0..20 {
            std::fs::remove_file(at.join(format!("{number:06}.jpg"))).expect("removed");
        }
    };
    refused(&empty, 2, "print-flat/one: no frames; name them 000000.jpg, 000001.jpg, ...");
}
