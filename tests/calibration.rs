//! What `limen calibrate` says of small galleries, and what it writes.

use std::io::Write as _;
use std::os::unix::net::UnixListener;

use limen::control::SOCKET;

use crate::support::{Ran, Site, limen};

/// A site with these people, each with photographs of the demo.
fn site(people: &[(&str, &[&str])]) -> Site {
    let site = Site::empty();
    let mut gallery = String::new();
    for (id, photos) in people {
        photos.iter().for_each(|photo| site.copy(photo));
        let files: Vec<String> = photos.iter().map(|photo| format!("\"{photo}.jpg\"")).collect();
        gallery.push_str(&format!(
            "[[person]]\nid = \"{id}\"\nname = \"Somebody\"\nphotos = [{}]\n",
            files.join(", ")
        ));
    }
    site.write("gallery.toml", gallery);
    site.write(
        "limen.toml",
        "# Ours.\n[recognition]\nmargin = 0.05 # usual\n[paths]\nstate = \"state\"\nruntime = \"run\"\n",
    );
    site
}

/// With the site's configuration instead of its gallery alone.
fn configured(site: &Site, arguments: &[&str]) -> Ran {
    let config = site.path("limen.toml");
    let mut all = vec!["--config", config.to_str().expect("UTF-8")];
    all.extend(arguments);
    limen(all)
}

#[test]
fn a_sound_gallery_keeps_its_target_and_is_told_what_to_expect() {
    let site = site(&[("barack", &["obama", "obama2", "obama3"]), ("joe", &["biden"])]);
    let ran = site.limen(&["--json", "calibrate"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let report = &ran.json()[0];
    assert_eq!((&report["people"], &report["singles"], &report["pairs"]), (&2.into(), &4.into(), &1.into()));
    assert_eq!((&report["genuine"]["comparisons"], &report["genuine"]["tar"]), (&3.into(), &1.0.into()));
    assert_eq!((&report["impostor"]["comparisons"], &report["impostor"]["far"]), (&4.into(), &0.0.into()));
    assert_eq!(report["impostor"]["far_below"], 0.75);
    assert_eq!(report["too_few"], serde_json::json!([{ "id": "joe", "singles": 1 }]));
    assert_eq!(report["advice"]["target_far"], 1e-4);
    let days = report["days_to_a_false_accept"].as_f64().expect("measured");
    assert!((days - 500.0).abs() < 1.0, "{days}");
    let told = site.limen(&["calibrate", "--visitors", "40"]);
    for part in
        ["one false accept in 250 days at 40 visitors", "TAR 100 %", "keep target-far = 1e-4", "joe (1)", "#"]
    {
        assert!(told.out.contains(part), "{part}\n{}", told.out);
    }
}

#[test]
fn a_photograph_of_somebody_else_is_named() {
    let site = site(&[("mix", &["obama", "obama2", "biden"])]);
    let ran = site.limen(&["--json", "calibrate"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let disagreeing = &ran.json()[0]["disagreeing"];
    assert_eq!(disagreeing.as_array().map(Vec::len), Some(1), "{disagreeing}");
    assert_eq!((&disagreeing[0]["id"], &disagreeing[0]["photograph"]), (&"mix".into(), &"biden.jpg".into()));
}

#[test]
fn one_person_under_two_ids_cannot_be_told_apart() {
    let site = site(&[("barack", &["obama"]), ("barry", &["obama2", "obama3"])]);
    let ran = site.limen(&["--json", "calibrate"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let pair = &ran.json()[0]["look_alikes"][0];
    assert_eq!(
        (&pair["people"], &pair["separable"]),
        (&serde_json::json!(["barack", "barry"]), &false.into())
    );
    assert!(site.limen(&["calibrate"]).out.contains("barack and barry cannot be told apart by any margin"));
}

#[test]
fn look_alikes_get_a_margin_in_the_proposal_and_by_write_in_the_configuration() {
    let site = site(&[("barack", &["obama"]), ("barry", &["obama2"])]);
    let before = std::fs::read_to_string(site.path("limen.toml")).expect("written");
    let out = site.path("out");
    let ran = configured(&site, &["calibrate", "--out", out.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("margin 0.10 is proposed"), "{}", ran.out);
    let read = |name: &str| std::fs::read_to_string(out.join(name)).expect("written");
    let pair = "[[recognition.look-alikes]]\npeople = [\"barack\", \"barry\"]\nmargin = 0.10\n";
    assert!(read("limen-proposal.toml").contains(pair));
    assert!(read("limen-proposal.toml").contains("# target-far = 1e-4 is kept: "));
    assert!(read("calibration.svg").contains("<svg"));
    assert_eq!(std::fs::read_to_string(site.path("limen.toml")).expect("there"), before, "only by --write");

    assert_eq!(configured(&site, &["calibrate", "--write"]).code, 1);
    let after = std::fs::read_to_string(site.path("limen.toml")).expect("there");
    assert!(after.starts_with("# Ours.\n[recognition]\nmargin = 0.05 # usual\n"), "{after}");
    assert!(after.contains(pair), "{after}");
    let again = configured(&site, &["calibrate", "--write"]);
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    assert!(again.out.contains("margin 0.10 is configured"), "{}", again.out);
    assert!(again.err.contains("nothing to change"), "{}", again.err);
}

#[test]
fn a_proposal_that_the_daemon_refuses_is_taken_out_of_the_configuration() {
    let site = site(&[("barack", &["obama"]), ("barry", &["obama2"])]);
    let before = std::fs::read_to_string(site.path("limen.toml")).expect("written");
    std::fs::create_dir(site.path("run")).expect("a folder");
    let listener = UnixListener::bind(site.path("run").join(SOCKET)).expect("listening");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answered = writeln!(stream, "{{\"v\":1,\"ok\":false,\"error\":\"a mistake\"}}");
            answered.expect("answered");
        }
    });
    let ran = configured(&site, &["calibrate", "--write"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("limen.toml:\na mistake"), "{}", ran.err);
    assert!(!ran.err.contains("limen: changed "), "nothing is: {}", ran.err);
    assert_eq!(std::fs::read_to_string(site.path("limen.toml")).expect("there"), before);
}

#[test]
fn without_people_or_configuration_there_is_an_answer_all_the_same() {
    let site = Site::empty();
    let ran = site.limen(&["--json", "calibrate"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = &ran.json()[0];
    assert_eq!((&report["people"], &report["genuine"]["tar"]), (&0.into(), &serde_json::Value::Null));
    assert_eq!(site.limen(&["calibrate"]).code, 0);
    let strict = site.limen(&["--json", "calibrate", "--target-far", "1e-6"]);
    assert!(strict.json()[0]["threshold"].as_f64() < report["threshold"].as_f64());
    assert_eq!(site.limen(&["calibrate", "--target-far", "0.5"]).code, 2);
    let refused = site.limen(&["calibrate", "--write"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--config FILE"), "{}", refused.err);
}

#[test]
fn check_names_whoever_is_in_a_pair_and_not_enrolled() {
    let site = site(&[("joe", &["biden"])]);
    site.write(
        "limen.toml",
        "[[recognition.look-alikes]]\npeople = [\"joe\", \"jill\"]\nmargin = 0.1\n[paths]\nstate = \"state\"\n",
    );
    let ran = configured(&site, &["check", "--without-devices"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("jill is not enrolled"), "{}", ran.out);
    assert!(!ran.out.contains("joe is not enrolled"), "{}", ran.out);
}
