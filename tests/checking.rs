//! What `limen check` says: one verdict a thing, few lines for many findings, and what to do where there is nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;

use crate::support::{Ran, Site, limen, models, photo};

/// `limen check` of a site's configuration, on another machine than the door's.
fn check(site: &Site, more: &[&str]) -> Ran {
    let config = site.path("limen.toml");
    let all = [&["--config", config.to_str().expect("UTF-8"), "check", "--without-devices"], more].concat();
    limen(all)
}

fn lines_of<'a>(ran: &'a Ran, start: &str) -> Vec<&'a str> {
    ran.out.lines().filter(|line| line.starts_with(start)).collect()
}

/// So many people, each with one embedding in the file.
fn crowd(people: usize) -> String {
    let model = models().digest();
    let mut gallery = String::new();
    for person in 0..people {
        let mut values = [0.01_f32; 128];
        values[person % 128] = 1.0;
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        let bytes: Vec<u8> = values.iter().flat_map(|value| (value / length).to_le_bytes()).collect();
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        gallery.push_str(&format!(
            "[[person]]\nid = \"p{person}\"\nname = \"Somebody\"\nembeddings = [{{ model = \"{model}\", data = \"{data}\" }}]\n"
        ));
    }
    gallery
}

#[test]
fn without_a_configuration_it_is_said_where_one_comes_from() {
    for command in ["check", "people", "models"] {
        let ran = limen(["--config", "/no/such/limen.toml", command]);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(said.contains("/no/such/limen.toml: there is no such configuration"), "{command}: {said}");
        for remedy in ["make install", "--config FILE", "--gallery FILE"] {
            assert!(said.contains(remedy), "{command}: {said}");
        }
    }
}

#[test]
fn commands_about_people_say_so_too_and_do_not_look_for_a_gallery_that_nobody_named() {
    if Path::new("/etc/limen").exists() {
        return;
    }
    let photo = photo("obama");
    let photo = photo.to_str().expect("UTF-8");
    let commands: [&[&str]; 6] = [
        &["identify", photo],
        &["enroll", "ada", "--name", "Ada", photo],
        &["people"],
        &["people", "remove", "ada"],
        &["who", "ada"],
        &["pin", "ada", "--remove"],
    ];
    for command in commands {
        let ran = limen(command);
        assert!(ran.err.contains("/etc/limen/limen.toml: there is no such configuration"), "{}", ran.err);
        assert!(ran.err.contains("--gallery FILE"), "{}", ran.err);
    }
}

#[test]
fn a_gallery_alone_is_checked_without_a_configuration_and_without_devices() {
    let site = Site::with_obama();
    let ran = site.limen(&["check"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("1 people, 1 templates") && !ran.out.contains("camera"), "{}", ran.out);
    site.write("gallery.toml", "[[person]]\nid = \"Ada\"\nname = \"Ada\"\nphotos = [\"obama.jpg\"]\n");
    let ran = site.limen(&["check"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("gallery.toml:2: [[person]] id"), "{}", ran.out);
}

#[test]
fn a_photograph_that_is_none_is_named_once() {
    let site = Site::with_obama();
    site.write("obama.jpg", "");
    let ran = site.limen(&["check"]);
    let said = lines_of(&ran, "problem  gallery");
    assert_eq!((ran.code, said.len()), (1, 1), "{}", ran.out);
    assert_eq!(said[0].matches("obama.jpg").count(), 1, "{}", said[0]);
    assert!(said[0].ends_with("the file is empty; copy it again"), "{}", said[0]);
}

#[test]
fn a_configuration_has_one_verdict() {
    let site = Site::with_obama();
    let file = site.write("limen.toml", "");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("its owner may");
    let ran = check(&site, &[]);
    let verdicts: Vec<&str> = ran.out.lines().filter(|line| line.contains("limen.toml")).collect();
    assert_eq!((ran.code, verdicts.len()), (1, 1), "{}", ran.out);
    assert!(verdicts[0].starts_with("problem") && verdicts[0].contains("can be written by others"));

    site.write("limen.toml", "[camera]\nfps = 0\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("its owner may");
    let ran = check(&site, &[]);
    assert_eq!(lines_of(&ran, "problem").len(), 2, "what it says is looked at all the same: {}", ran.out);
}

#[test]
fn a_large_gallery_is_summarised_and_the_threshold_comes_first() {
    let site = Site::empty();
    site.write("gallery.toml", crowd(40));
    site.write("limen.toml", "");
    let ran = check(&site, &[]);
    let samples: Vec<_> =
        ran.out.lines().enumerate().filter(|(_, line)| line.contains("one template")).collect();
    let [(at, said)] = samples[..] else { panic!("{}", ran.out) };
    assert!(said.contains("40 of 40 people (p0, p1, p10, ...) have one template only"), "{said}");
    let threshold = ran.out.lines().position(|line| line.starts_with("ok") && line.contains("threshold"));
    assert!(threshold.is_some_and(|threshold| threshold < at), "{}", ran.out);
    assert!(ran.out.lines().count() < 20, "{}", ran.out);
}

#[test]
fn many_problems_of_a_kind_are_listed_in_part_counted_in_full_and_all_there_for_programs() {
    let site = Site::with_obama();
    site.write(
        "limen.toml",
        (0..30)
            .map(|n| {
                format!(
                    "[[schedule]]\nname = \"s{n}\"\nwindows = [{{ from = \"07:00\", until = \"08:00\" }}]\n"
                )
            })
            .collect::<String>(),
    );
    let ran = check(&site, &[]);
    assert_eq!(ran.code, 1);
    assert_eq!(lines_of(&ran, "problem").len(), 6, "{}", ran.out);
    assert!(ran.out.contains("... and 25 more like these; --json lists all"), "{}", ran.out);
    assert!(ran.out.ends_with("30 problems\n"), "{}", ran.out);
    let said = check(&site, &["--json"]).json();
    assert_eq!(said.iter().filter(|finding| finding["level"] == "problem").count(), 30);
}

#[test]
fn pictures_from_a_program_before_a_real_lock_are_a_problem() {
    let site = Site::with_obama();
    let door = "[door]\ndriver = \"gpiochip\"\npin = 17\naccept-photo-risk = true\n";
    site.write("limen.toml", format!("[camera]\nallow-virtual = true\n{door}"));
    let ran = check(&site, &[]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let problems = lines_of(&ran, "problem");
    assert_eq!(problems.len(), 1, "{}", ran.out);
    assert!(problems[0].contains("allow-virtual: with a real lock") && problems[0].contains("= false"));
    site.write("limen.toml", "[camera]\nallow-virtual = true\n");
    let ran = check(&site, &[]);
    assert_eq!(ran.code, 0, "a dry run moves nothing: {}", ran.out);
    assert!(lines_of(&ran, "note").iter().any(|line| line.contains("allow-virtual")), "{}", ran.out);
}

#[test]
fn what_people_write_who_do_not_know_the_format_is_answered_in_words() {
    let site = Site::with_obama();
    site.write(
        "limen.toml",
        "[door]\npin = \"17\"\nunlock-second = 5\n[camera]\nallow-virtual = \"no\"\n[audt]\nkeep = 3\n",
    );
    let ran = check(&site, &[]);
    assert_eq!(ran.code, 1);
    for words in [
        "limen.toml:2: [door] pin: is text, and should be a whole number; write it without quotation marks: 17",
        "limen.toml:3: [door] unlock-second: there is no such key; did you mean unlock-seconds?",
        "limen.toml:5: [camera] allow-virtual: is text, and should be true or false",
        "limen.toml:6: [audt]: there is no such section; did you mean audit?",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    site.write("limen.toml", "[door]\ndriver = \u{201c}gpiochip\u{201d}\n");
    assert!(check(&site, &[]).out.contains("limen.toml:2: has quotation marks that are not straight"));
    let day =
        "[[person]]\nid = \"ada\"\nname = \"Ada\"\nphotos = [\"obama.jpg\"]\nvalid-until = 30.06.2027\n";
    site.write("gallery.toml", day);
    let ran = site.limen(&["check"]);
    assert!(ran.out.contains("gallery.toml:5: is no date; write valid-until = 2027-06-30"), "{}", ran.out);
}

#[test]
fn a_network_that_does_not_say_how_a_turned_face_compares_with_itself_is_noted() {
    let site = Site::with_obama();
    let said = |embedding: &str| {
        site.write("limen.toml", format!("[model]\nembedding = \"{embedding}\"\n"));
        check(&site, &[]).out.contains("does not say how far a turned face may be")
    };
    assert!(said("mobilefacenet") && !said("int8"));
}
