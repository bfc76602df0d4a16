//! Galleries that are refused: what stays in force, what a start does, and that whoever was taken out is out.

use std::fs;

use limen::control::Request;

use crate::daemon::{Running, of_kind};
use crate::support::{Site, limen, nobody, visitor};
use crate::templates::{configured, enrolled};

/// Obama, with or without more lines.
fn person(more: &str) -> String {
    format!("[[person]]\nid = \"obama\"\nname = \"Barack Obama\"\nphotos = [\"obama.jpg\"]\n{more}\n")
}

/// An entry that the daemon refuses.
const MISTAKE: &str = "[[person]]\nid = \"eve\"\nname = \"Eve\"\nphotos = [\"missing.jpg\"]\n";

/// The start's first record of a gallery, and how often somebody was let in.
fn started(site: &Site, rules: &str) -> (Vec<serde_json::Value>, usize) {
    fs::remove_dir_all(site.path("audit")).expect("records");
    let running = Running::start_by(rules, site, vec![visitor("obama2")], 6);
    running.loaded();
    let records = running.finish();
    let granted = of_kind(&records, "granted").len();
    (records, granted)
}

#[test]
fn a_start_with_a_refused_gallery_file_takes_the_last_good_one_less_whom_the_file_takes_out() {
    let (site, _) = enrolled();
    site.write("gallery.toml", person("") + MISTAKE);
    let (records, granted) = started(&site, "");
    assert_eq!(granted, 1, "{records:#?}");
    let refused = of_kind(&records, "gallery-refused");
    let what = refused[0]["what"].as_str().expect("what");
    assert!(what.contains("missing.jpg") && what.contains("the last good gallery is in force"), "{what}");

    site.write("gallery.toml", MISTAKE);
    let (records, granted) = started(&site, "");
    assert_eq!(granted, 0, "{records:#?}");
    // Nor does anything of an older state bring them back.
    site.write("gallery.toml", person("") + MISTAKE);
    assert_eq!(started(&site, "").1, 0);
    site.write("gallery.toml", "garbage");
    assert_eq!(started(&site, "[gallery]\nat-boot = \"last-good\"\n").1, 0);
}

#[test]
fn a_start_with_a_suspension_in_a_refused_gallery_file_lets_nobody_suspended_in() {
    let (site, _) = enrolled();
    site.write("gallery.toml", person("suspended = true") + MISTAKE);
    let (records, granted) = started(&site, "");
    assert_eq!(granted, 0, "{records:#?}");
    assert_eq!(of_kind(&records, "refused")[0]["refusal"]["why"], "suspended", "{records:#?}");
}

#[test]
fn of_a_gallery_file_that_is_no_toml_a_start_lets_nobody_in_unless_the_site_says_so() {
    let (site, _) = enrolled();
    site.write("gallery.toml", "garbage");
    let (records, granted) = started(&site, "");
    assert_eq!(granted, 0, "{records:#?}");
    let refused = of_kind(&records, "gallery-refused");
    let what = refused[0]["what"].as_str().expect("what");
    assert!(what.ends_with("nobody enters by face"), "{what}");
    let (records, granted) = started(&site, "[gallery]\nat-boot = \"last-good\"\n");
    assert_eq!(granted, 1, "{records:#?}");
    let refused = of_kind(&records, "gallery-refused");
    let what = refused[0]["what"].as_str().expect("what");
    assert!(what.ends_with("STILL CAN ENTER"), "{what}");
}

#[test]
fn an_older_last_good_gallery_put_back_is_not_used() {
    let (site, _) = enrolled();
    let old = fs::read(site.path("state/gallery.last")).expect("kept");
    site.write("gallery.toml", person("suspended = true"));
    Running::start(&site, vec![nobody()], 1).finish();
    site.write("state/gallery.last", old);
    site.write("gallery.toml", "garbage");
    let (records, granted) = started(&site, "[gallery]\nat-boot = \"last-good\"\n");
    assert_eq!(granted, 0, "{records:#?}");
    assert!(of_kind(&records, "gallery-loaded").is_empty(), "{records:#?}");
}

#[test]
fn somebody_removed_while_no_daemon_runs_is_in_no_last_good_gallery() {
    let (site, _) = enrolled();
    site.write("gallery.toml", person("") + MISTAKE);
    let ran = configured(&site, &["people", "remove", "obama"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    site.write("gallery.toml", "garbage");
    assert_eq!(started(&site, "[gallery]\nat-boot = \"last-good\"\n").1, 0);
}

#[test]
fn removing_somebody_is_in_force_whatever_else_is_wrong_in_the_gallery_file() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody()], 100);
    running.loaded();
    site.write("gallery.toml", person("") + MISTAKE);
    let ran = configured(&site, &["people", "remove", "obama"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("that is in force; everything else in the gallery file waits"), "{}", ran.err);
    assert!(ran.err.contains("missing.jpg"), "{}", ran.err);
    assert_eq!(running.ask(Request::Status).expect("an answer")["people"], 0);
    running.finish();
}

#[test]
fn who_cannot_be_removed_from_a_file_that_is_no_toml_still_can_enter_and_that_is_said() {
    let site = Site::with_obama();
    let running = Running::start(&site, vec![nobody()], 60);
    running.loaded();
    site.write("gallery.toml", person("") + "[[person]\n");
    let ran = configured(&site, &["people", "remove", "obama"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("obama STILL CAN ENTER"), "{}", ran.err);
    assert!(ran.err.contains("gallery.toml:6: a section's name is not written right"), "{}", ran.err);
    let status = running.ask(Request::Status).expect("an answer");
    assert_eq!(status["people"], 1);
    assert_eq!(status["alarms"], serde_json::json!(["gallery-fault"]), "it is said until it ends");
    running.finish();
}

#[test]
fn who_cannot_be_removed_because_the_configuration_has_a_mistake_still_can_enter() {
    let site = Site::with_obama();
    let config = site.write("limen.toml", "[door]\ndriver = \"magic\"\n");
    let config = config.to_str().expect("UTF-8");
    for command in [["people", "remove", "obama"], ["pin", "obama", "--remove"]] {
        let ran = limen(["--config", config].into_iter().chain(command));
        assert_eq!(ran.code, 3, "{}", ran.err);
        assert!(ran.err.contains("limen.toml:2: "), "{}", ran.err);
        assert!(ran.err.trim_end().ends_with("obama STILL CAN ENTER"), "{}", ran.err);
    }
}

#[test]
fn check_lists_every_mistake_of_a_gallery_in_one_go() {
    let site = Site::with_obama();
    let group = person("groups = [\"nobody\"]");
    let outside = MISTAKE.replace("eve", "joe").replace("missing.jpg", "../x.jpg");
    let nameless = "[[person]]\nname = \"Lee\"\nphotos = [\"lost.jpg\"]\n".to_owned();
    let misspelt = "[[person]]\nid = \"kim\"\nnam = \"Kim\"\n";
    site.write("gallery.toml", group + MISTAKE + &outside + &nameless + misspelt);
    let ran = configured(&site, &["check", "--without-devices"]);
    assert_eq!(ran.code, 1);
    for part in [
        "gallery.toml:5: person \"obama\" groups",
        "missing.jpg",
        "../x.jpg",
        "lost.jpg",
        "gallery.toml:19: ",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
}
