//! Who may when, from the files to the answer of the commands.

use std::ffi::OsStr;

use crate::support::{Ran, Site, limen};

const RULES: &str = "[site]
time-zone = \"Europe/Berlin\"
[[holiday]]
name = \"Christmas Day\"
every-year = \"12-25\"
[[schedule]]
name = \"office\"
windows = [{ days = [\"mon-fri\"], from = \"07:00\", until = \"19:00\" }]
exceptions = [{ date = 2026-12-24, from = \"07:00\", until = \"12:00\" }]
[[schedule]]
name = \"nights\"
windows = [{ from = \"02:00\", until = \"03:00\" }]
[[group]]
name = \"staff\"
schedules = [\"office\"]
[[group]]
name = \"guards\"
schedules = [\"nights\"]
[[group]]
name = \"vault\"
schedules = [\"office\"]
first-person-in = [\"staff\"]
two-person = [\"vault\"]
anti-passback-minutes = 10
";

const PEOPLE: [(&str, &str); 6] = [
    ("ada", "groups = [\"staff\"]"),
    ("bob", "groups = [\"staff\"]\nvalid-until = 2026-11-30"),
    ("eve", "groups = [\"staff\"]\nsuspended = true"),
    ("gus", "groups = [\"guards\"]"),
    ("vic", "groups = [\"vault\"]"),
    ("kim", ""),
];

/// `id` with photographs that `who` does not open.
fn person(id: &str, rest: &str) -> String {
    format!("[[person]]\nid = \"{id}\"\nname = \"{id}\"\nphotos = [\"{id}.jpg\"]\n{rest}\n")
}

fn site(rules: &str, people: &[(&str, &str)]) -> Site {
    let site = Site::empty();
    site.write("limen.toml", rules);
    let text: String = people.iter().map(|(id, rest)| person(id, rest)).collect();
    site.write("gallery.toml", text);
    site
}

/// Runs `limen` with this site's configuration.
fn run(site: &Site, arguments: &[&str]) -> Ran {
    let config = site.path("limen.toml");
    limen([OsStr::new("--config"), config.as_ref()].into_iter().chain(arguments.iter().map(OsStr::new)))
}

fn who(id: &str, at: &str) -> Ran {
    run(&site(RULES, &PEOPLE), &["who", id, "--at", at])
}

#[test]
fn who_says_yes_or_no_and_why() {
    for (id, at, code, words) in [
        ("ada", "2026-12-21 07:00", 0, "staff: office is open 07:00 to 19:00 (Mon 2026-12-21)"),
        ("ada", "2026-12-21 19:00", 1, "closed (Mon 2026-12-21) and opens next on Tue 2026-12-22 at 07:00"),
        ("ada", "2026-12-24 11:59", 0, "open 07:00 to 12:00 (Thu 2026-12-24, an exception)"),
        ("ada", "2026-12-24 18:00", 1, "an exception) and opens next on Mon 2026-12-28 at 07:00"),
        ("ada", "2026-12-25 12:00", 1, "closed (Fri 2026-12-25, \"Christmas Day\")"),
        ("bob", "2026-11-30 12:00", 0, "valid until 2026-11-30"),
        ("bob", "2026-12-01 12:00", 1, "only valid until 2026-11-30"),
        ("eve", "2026-12-21 12:00", 1, "suspended in the gallery file"),
        ("kim", "2026-12-25 03:00", 0, "in no group, which means at any time"),
        ("vic", "2026-12-21 12:00", 0, "after somebody of staff was let in on that day"),
        ("vic", "2026-12-21 12:00", 0, "with another person of vault within 30 seconds"),
        ("vic", "2026-12-21 12:00", 0, "if not let in during the last 10 minutes"),
        ("gus", "2027-03-28 01:59", 1, "opens next on Mon 2027-03-29 at 02:00"),
    ] {
        let ran = who(id, at);
        assert_eq!(ran.code, code, "{id} {at}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(words), "{id} {at}: {}", ran.out);
    }
}

#[test]
fn who_explains_times_that_never_come_and_those_that_come_twice() {
    let never = who("gus", "2027-03-28 02:30");
    assert_eq!(never.code, 2);
    let words = "never comes in Europe/Berlin: the clocks are put forward to 03:00";
    assert!(never.err.contains(words), "{}", never.err);
    let twice = who("gus", "2026-10-25 02:30");
    assert_eq!(twice.code, 0, "{}", twice.err);
    assert!(twice.err.contains("comes twice in Europe/Berlin") && twice.err.contains("both count"));
}

#[test]
fn who_answers_in_json_with_its_reasons() {
    let ran = run(&site(RULES, &PEOPLE), &["--json", "who", "ada", "--at", "2026-12-25 12:00"]);
    let answer = &ran.json()[0];
    assert_eq!((ran.code, &answer["allowed"], &answer["id"]), (1, &false.into(), &"ada".into()));
    assert_eq!(answer["time_zone"], "Europe/Berlin");
    let reasons = answer["reasons"].as_array().expect("a list");
    assert!(reasons.iter().any(|reason| reason["rule"] == "schedule" && reason["says"] == "no"), "{answer}");
}

#[test]
fn who_and_show_take_a_time_in_the_same_forms() {
    let at_noon = ["2026-12-22 12:00", "2026-12-22T12:00", "2026-12-22T11:00Z", "2026-12-22 12:00+01:00"];
    let site = site(RULES, &PEOPLE);
    for at in at_noon {
        let ran = run(&site, &["--json", "who", "ada", "--at", at]);
        assert_eq!(ran.json()[0]["at"], "2026-12-22T12:00:00", "{at}: {}", ran.err);
    }
    for time in at_noon.iter().chain(&["2026-12-22", "2h", "30 min", "2h ago", "in 2h"]) {
        assert_ne!(run(&site, &["who", "kim", "--at", time]).code, 2, "{time}");
        assert_eq!(run(&site, &["audit", "show", "--since", time]).code, 0, "{time}");
    }
    let wrong = run(&site, &["audit", "show", "--since", "tomorrow"]);
    assert!(wrong.err.contains("'--since <TIME>': is no time; write 2026-12-24, "), "{}", wrong.err);
}

#[test]
fn who_answers_bad_questions_with_the_remedy() {
    for (id, at, words) in [
        (
            "ada",
            "tomorrow",
            "'tomorrow' for '--at <TIME>': is no time; write 2026-12-24, \"2026-12-24 18:00\"",
        ),
        ("ada", "2026-02-30 18:00", "is no time; write 2026-12-24"),
        ("nobody", "2026-12-24 18:00", "\"nobody\" is not enrolled; `limen people` lists who is"),
        ("No Body", "2026-12-24 18:00", "may have only a-z, 0-9 and '-'"),
    ] {
        let ran = who(id, at);
        assert_eq!(ran.code, 2, "{id} {at}");
        assert!(ran.err.contains(words), "{id} {at}: {}", ran.err);
    }
}

#[test]
fn a_group_that_the_configuration_does_not_have_is_named_with_its_line() {
    let wrong = site(RULES, &[("ada", "groups = [\"staff\", \"stuff\"]")]);
    let ran = run(&wrong, &["who", "ada"]);
    assert_eq!(ran.code, 2);
    let words = "gallery.toml:5: person \"ada\" groups: no group is called \"stuff\"; use one of guards, staff, vault";
    assert!(ran.err.contains(words), "{}", ran.err);
    let twice = site(RULES, &[("ada", "groups = [\"staff\", \"staff\"]")]);
    let ran = run(&twice, &["who", "ada"]);
    assert!(
        ran.err.contains("gallery.toml:5: person \"ada\" groups: \"staff\" is listed twice"),
        "{}",
        ran.err
    );
    let none = site("", &[("ada", "groups = [\"staff\"]")]);
    let ran = run(&none, &["who", "ada"]);
    assert!(ran.err.contains("the configuration has no [[group]]; add one"), "{}", ran.err);
}

#[test]
fn people_are_listed_with_their_groups() {
    let site = site(RULES, &PEOPLE);
    assert_eq!(run(&site, &["--json", "people"]).json()[0]["groups"], serde_json::json!(["staff"]));
    assert!(run(&site, &["people", "show", "bob"]).out.contains("until 2026-11-30, in staff"));
}

#[test]
fn check_finds_schedules_that_nobody_can_ever_use() {
    let rules = "[site]\ntime-zone = \"Europe/Berlin\"\n\
         [[schedule]]\nname = \"past\"\nexceptions = [{ date = 2020-01-01, from = \"07:00\", until = \"19:00\" }]\n\
         [[schedule]]\nname = \"feast\"\nholidays = \"only\"\nwindows = [{ from = \"07:00\", until = \"19:00\" }]\n\
         [[schedule]]\nname = \"unused\"\nwindows = [{ from = \"07:00\", until = \"19:00\" }]\n\
         [[schedule]]\nname = \"lonely\"\nwindows = [{ from = \"07:00\", until = \"19:00\" }]\n\
         [[group]]\nname = \"visitors\"\nschedules = [\"past\", \"feast\"]\n\
         [[group]]\nname = \"empty\"\nschedules = [\"lonely\"]\n\
         [[group]]\nname = \"vault\"\ntwo-person = [\"vault\"]\n";
    let site = Site::with_obama();
    site.copy("biden");
    site.write("limen.toml", rules);
    let people = person("obama", "groups = [\"visitors\"]") + &person("biden", "groups = [\"vault\"]");
    site.write("gallery.toml", people);
    let ran = run(&site, &["check", "--without-devices"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    for words in [
        "schedule \"past\" never opens",
        "schedule \"feast\" never opens",
        "schedule \"unused\": no group names it",
        "group \"empty\": nobody is in it",
        "person \"obama\" can never enter: none of their groups has a schedule that opens",
        "person \"biden\" can never enter: nobody can be the second person",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    assert!(!ran.out.contains("schedule \"lonely\""), "{}", ran.out);
    let new_group = "[[schedule]]\nname = \"lonely\"\nwindows = [{ from = \"07:00\", until = \"19:00\" }]\n\
                     [[group]]\nname = \"empty\"\nschedules = [\"lonely\"]\n";
    let groups = "[[group]]\nname = \"visitors\"\n[[group]]\nname = \"vault\"\n";
    site.write("limen.toml", format!("{groups}{new_group}"));
    let ran = run(&site, &["check", "--without-devices"]);
    assert_eq!(ran.code, 0, "a new group with nobody in it yet is no problem: {}", ran.out);
    assert!(ran.out.contains("group \"empty\": nobody is in it"), "{}", ran.out);
}

#[test]
fn every_mistake_about_schedules_is_listed_at_once_with_its_line() {
    let rules = "[site]\ntime-zone = \"Mars/Olympus\"\n[[schedule]]\nname = \"office\"\nwindows = [\n\
                 { days = [\"mon\"], from = \"09:00\", until = \"08:00\" },\n\
                 { days = [\"moon\"], from = \"09:00\", until = \"10:00\" },\n]\n\
                 [[group]]\nname = \"staff\"\nschedules = [\"home\"]\n";
    let ran = run(&site(rules, &PEOPLE), &["who", "ada"]);
    assert_eq!(ran.code, 2);
    for place in ["limen.toml:2:", "limen.toml:6:", "limen.toml:7:", "limen.toml:11:"] {
        assert!(ran.err.contains(place), "{place}\n{}", ran.err);
    }
}
