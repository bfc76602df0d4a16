//! How answers are given: every one of several questions, complete or not at all, for people and for programs.

use std::fs::File;

use serde_json::json;

use crate::support::{Ran, Site, limen, limen_fed, limen_into, photo, project};

/// A disk that is full.
fn full() -> File {
    File::options().write(true).open("/dev/full").expect("every Linux has it")
}

/// A pipe that nobody reads.
fn unread() -> std::io::PipeWriter {
    std::io::pipe().expect("a pipe").1
}

/// Photographs of which the second is none.
fn three(site: &Site) -> [String; 3] {
    let empty = site.write("empty.jpg", "");
    [photo("obama2"), empty, photo("obama3")].map(|path| path.to_str().expect("UTF-8").to_owned())
}

fn identify(site: &Site, photos: &[&str]) -> Ran {
    site.limen(&[&["--json", "identify"], photos].concat())
}

#[test]
fn a_bad_photograph_has_its_line_and_the_others_are_looked_at() {
    let site = Site::with_obama();
    let [one, empty, other] = three(&site);
    let ran = site.limen(&["identify", &one, &empty, &other]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.out);
    assert!(lines[0].contains("obama2.jpg: obama (") && lines[2].contains("obama3.jpg: obama ("));
    assert!(lines[1].ends_with("empty.jpg: failed (the file is empty; copy it again)"), "{}", lines[1]);
    assert!(ran.err.contains("1 of 3 photographs could not be looked at"), "{}", ran.err);

    let said = identify(&site, &[&one, &empty, &other]);
    assert_eq!(said.code, 3);
    let objects = said.json();
    assert_eq!((objects.len(), &objects[0]["id"], &objects[2]["id"]), (3, &"obama".into(), &"obama".into()));
    assert_eq!(objects[1]["photo"], empty.as_str());
    assert!(objects[1]["error"].as_str().expect("words").contains("the file is empty"));
}

#[test]
fn verify_names_both_photographs_that_are_none() {
    let site = Site::empty();
    let (empty, text) = (site.write("empty.jpg", ""), site.write("text.jpg", "hello"));
    let (empty, text) = (empty.to_str().expect("UTF-8"), text.to_str().expect("UTF-8"));
    let ran = limen(["verify", empty, text]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("empty.jpg: the file is empty") && ran.err.contains("text.jpg: this is not a"));
    let photos: Vec<_> =
        limen(["--json", "verify", empty, text]).json().iter().map(|o| o["photo"].clone()).collect();
    assert_eq!(photos, [json!(empty), json!(text)]);
}

#[test]
fn a_dash_reads_a_photograph_from_standard_input_once() {
    let site = Site::with_obama();
    let gallery = site.path("gallery.toml");
    let gallery = gallery.to_str().expect("UTF-8");
    let bytes = std::fs::read(photo("obama2")).expect("committed");
    let ran = limen_fed(["--json", "--gallery", gallery, "identify", "-"], &bytes);
    assert_eq!((ran.code, &ran.json()[0]["id"]), (0, &"obama".into()), "{}", ran.err);
    let other = photo("obama");
    let ran = limen_fed(["verify", other.to_str().expect("UTF-8"), "-"], &bytes);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = limen_fed(["--gallery", gallery, "identify", "-"], b"");
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("-: failed (the file is empty"), "{}", ran.out);
    let ran = limen_fed(["verify", "-", "-"], &bytes);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("name it once"), "{}", ran.err);
}

#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let site = Site::with_obama();
    let gallery = site.path("gallery.toml");
    let gallery = gallery.to_str().expect("UTF-8");
    let obama = photo("obama2");
    let obama = obama.to_str().expect("UTF-8");
    for arguments in [
        &["--gallery", gallery, "people"][..],
        &["--gallery", gallery, "--json", "people"],
        &["--gallery", gallery, "identify", obama],
        &["verify", obama, obama],
        &["models"],
        &["--help"],
        &["identify", "--help"],
        &["--version"],
        &["-V"],
    ] {
        let ran = limen_into(full(), arguments);
        assert_eq!(ran.code, 3, "{arguments:?}: {}", ran.err);
        let words = "standard output: No space left on device";
        assert!(ran.err.contains(words) && ran.err.contains("incomplete"), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn whoever_stops_reading_has_what_they_wanted() {
    let site = Site::with_obama();
    let gallery = site.path("gallery.toml");
    for arguments in [&["--gallery", gallery.to_str().expect("UTF-8"), "people"][..], &["--help"]] {
        let ran = limen_into(unread(), arguments);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
fn a_command_does_its_work_even_if_nobody_can_be_told() {
    let site = Site::with_obama();
    let gallery = site.path("gallery.toml");
    let remove = ["--gallery", gallery.to_str().expect("UTF-8"), "people", "remove", "obama"];
    assert_eq!(limen_into(full(), remove).code, 3);
    assert!(!std::fs::read_to_string(gallery).expect("text").contains("obama"));
}

#[test]
fn with_json_an_error_is_an_object_in_the_answers_place() {
    let site = Site::empty();
    site.write("gallery.toml", "[[persons]]\n");
    let ran = site.limen(&["--json", "people"]);
    let said = ran.json();
    assert_eq!((ran.code, said.len(), &said[0]["exit_code"]), (2, 1, &2.into()), "{}", ran.out);
    assert!(said[0]["error"].as_str().expect("words").contains("did you mean person?"), "{}", ran.out);
    assert!(ran.err.contains("did you mean person?"), "people read it as well: {}", ran.err);

    let ran = limen(["--json", "--config", "/no/such/limen.toml", "status"]);
    assert_eq!((ran.code, &ran.json()[0]["exit_code"]), (3, &3.into()));
    for wrong in [&["--json", "identify"][..], &["--json", "identfy", "a.jpg"], &["people", "--json", "--no"]]
    {
        let ran = limen(wrong);
        assert_eq!((ran.code, &ran.json()[0]["exit_code"]), (2, &2.into()), "{wrong:?}");
        assert!(ran.err.contains("Usage") || ran.err.contains("--help"), "{wrong:?}: {}", ran.err);
    }
}

#[test]
fn the_version_names_what_the_program_was_built_from() {
    let ran = limen(["--version"]);
    assert_eq!(ran.code, 0);
    let version = env!("CARGO_PKG_VERSION");
    assert!(ran.out.starts_with(&format!("limen {version}\ncommit ")), "{}", ran.out);
    assert!(ran.out.contains("\ntarget ") && ran.out.contains("-linux-"), "{}", ran.out);
    assert!(ran.out.contains("\nmodel  embedding-int8 "), "{}", ran.out);
    let said = limen(["--json", "--version"]).json();
    assert_eq!((&said[0]["version"], &said[0]["model"]), (&version.into(), &"embedding-int8".into()));
    let head = std::process::Command::new("git")
        .args(["-C", project("").to_str().expect("UTF-8"), "rev-parse", "HEAD"])
        .output();
    // A tarball has no commit.
    if let Some(head) = head.ok().filter(|head| head.status.success() && project(".git").exists()) {
        let head = String::from_utf8_lossy(&head.stdout).into_owned();
        let commit = said[0]["commit"].as_str().expect("git knows one");
        assert!(commit.len() >= 12 && head.starts_with(commit), "{commit} is not {head}");
    }
}

#[test]
fn the_help_says_how_to_see_more_in_the_log() {
    let ran = limen(["--help"]);
    assert!(ran.out.contains("LIMEN_LOG") && ran.out.contains("debug"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
}
