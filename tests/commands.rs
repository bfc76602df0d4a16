//! What each command says, and with which exit code.

use limen::camera::CAMERA_SIZE;
use limen_vision::frame::Picture;
use limen_vision::pixels::decode::encode_yuyv;
use limen_vision::pixels::scale::fit_picture;

use crate::support::{Site, limen, limen_told, nobody, photo, visitor};

#[test]
fn one_photograph_enrolled_identifies_the_others_and_refuses_the_stranger() {
    let site = Site::with_obama();
    for name in ["obama2", "obama3"] {
        let path = photo(name);
        let ran = site.limen(&["--json", "identify", path.to_str().expect("UTF-8")]);
        assert_eq!(ran.code, 0, "{name}: {}{}", ran.out, ran.err);
        let face = &ran.json()[0];
        assert_eq!(face["id"], "obama");
        assert!(face["score"].as_f64() < face["threshold"].as_f64());
        assert!(face["reason"].is_null());
    }
    let path = photo("biden");
    let ran = site.limen(&["--json", "identify", path.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        (&ran.json()[0]["id"], &ran.json()[0]["reason"]),
        (&serde_json::Value::Null, &"too-far".into())
    );
}

#[test]
fn verify_says_whether_two_photographs_show_one_person() {
    let [one, two, other] = ["obama", "obama2", "biden"].map(photo);
    let same = limen([std::ffi::OsStr::new("--json"), "verify".as_ref(), one.as_ref(), two.as_ref()]);
    assert_eq!((same.code, &same.json()[0]["same"]), (0, &true.into()));
    let differ = limen([std::ffi::OsStr::new("verify"), one.as_ref(), other.as_ref()]);
    assert_eq!(differ.code, 1);
    assert!(differ.out.starts_with("not the same person: score 0."), "{}", differ.out);
    assert!(differ.out.contains("(distance 0.8"), "{}", differ.out);
}

#[test]
fn a_person_is_enrolled_listed_shown_identified_and_removed() {
    let site = Site::empty();
    let (two, three) = (photo("obama2"), photo("obama3"));
    let enrolled = site.limen(&["enroll", "bo", "--name", "Bo", two.to_str().expect("UTF-8")]);
    assert_eq!(enrolled.code, 0, "{}", enrolled.err);
    let again = site.limen(&["enroll", "bo", three.to_str().expect("UTF-8")]);
    assert_eq!(again.code, 0, "{}", again.err);
    let listed = site.limen(&["--json", "people"]);
    assert_eq!(listed.json()[0]["photos"], serde_json::json!(["bo-1.jpg", "bo-2.jpg"]));
    assert!(site.limen(&["people", "show", "bo"]).out.contains("photograph bo-2.jpg"));
    assert_eq!(site.limen(&["identify", photo("obama").to_str().expect("UTF-8")]).code, 0);
    assert_eq!(site.limen(&["people", "remove", "bo"]).code, 0);
    assert_eq!(site.limen(&["identify", photo("obama").to_str().expect("UTF-8")]).code, 1);
}

#[test]
fn check_finds_every_problem_at_once_and_ends_with_one() {
    let site = Site::with_obama();
    site.write(
        "limen.toml",
        "[door]\ndriver = \"rppal\"\npin = 4\n[camera]\nfps = 0\n[recognition]\nliveness = \"off\"\n",
    );
    let config = site.path("limen.toml");
    let ran = limen([
        std::ffi::OsStr::new("check"),
        "--without-devices".as_ref(),
        "--config".as_ref(),
        config.as_ref(),
    ]);
    assert_eq!(ran.code, 1);
    for part in
        ["limen.toml:3: [door] pin: BCM 4 is pulled up", "limen.toml:5: [camera] fps", "accept-photo-risk"]
    {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
    site.write("limen.toml", "");
    let ran = limen([
        std::ffi::OsStr::new("check"),
        "--without-devices".as_ref(),
        "--config".as_ref(),
        config.as_ref(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("1 people, 1 templates") && ran.out.contains("no problems"), "{}", ran.out);
}

#[test]
fn bench_measures_every_stage() {
    let ran = limen(["--json", "bench", "--frames", "10"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = &ran.json()[0];
    let stages: Vec<&str> = report["stages"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|stage| stage["stage"].as_str().expect("a name"))
        .collect();
    assert_eq!(stages, ["decode", "detect", "landmarks", "align", "embed", "match", "total"]);
    assert!(report["peak_rss_mib"].as_f64().is_some_and(|mib| mib > 1.0));
}

#[test]
fn bench_answers_one_line_for_each_frame_that_is_named_and_stops_at_one_that_is_none() {
    let site = Site::empty();
    let frame = |name, picture: &Picture| {
        site.write(name, encode_yuyv(&fit_picture(picture, CAMERA_SIZE.0, CAMERA_SIZE.1)))
    };
    let face = frame("face.yuyv", &visitor("obama2"));
    let empty = frame("empty.yuyv", &nobody());
    let packed = site.write("empty.rgb", vec![90; 640 * 480 * 3]);
    let short = site.write("short.yuyv", [1, 2, 3]);
    let names = [face, empty, packed, short].map(|file| file.display().to_string()).join("\n");
    let ran = limen_told(["bench", "--serve", "--templates", "10"], &names);
    let said = ran.json();
    assert_eq!((said.len(), &said[0]["templates"]), (4, &10.into()), "{}{}", ran.out, ran.err);
    assert_eq!((&said[1]["faces"], &said[1]["compared"]), (&1.into(), &true.into()));
    for answer in &said[2..] {
        assert_eq!((&answer["faces"], &answer["compared"]), (&0.into(), &false.into()));
    }
    for stage in ["decode", "detect", "landmarks", "align", "embed", "match", "total"] {
        assert!(said[1]["ms"][stage].as_f64().is_some_and(|ms| ms > 0.0), "{stage}");
    }
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("short.yuyv: 3 bytes are no frame of 640x480"), "{}", ran.err);
}

#[test]
fn usage_ends_with_two_and_a_missing_file_with_three() {
    assert_eq!(limen(["identify"]).code, 2);
    assert_eq!(limen(["--config", "/no/such/limen.toml", "status"]).code, 3, "no daemon answers");
    let ran = limen(["verify", "/no/such.jpg", "/no/other.jpg"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("/no/such.jpg: there is no such file"), "{}", ran.err);
}
