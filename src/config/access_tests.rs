//! What the configuration may say about who may when, and what each mistake is answered with.

use std::time::Duration;

use jiff::civil::DateTime;
use limen_core::person::GroupId;
use limen_core::policy::access::WhenClockUnknown;

use crate::config::Settings;
use crate::config::tests::{answers, good};

const OFFICE: &str = "[[schedule]]\nname = \"office\"\n\
                      windows = [{ days = [\"mon-fri\"], from = \"07:00\", until = \"19:00\" }]\n";

/// A schedule with these windows, the first in line 4.
fn windows(windows: &str) -> String {
    format!("[[schedule]]\nname = \"office\"\nwindows = [\n{windows}]\n")
}

fn is_open(settings: &Settings, at: &str) -> bool {
    let at: DateTime = at.parse().expect("a time");
    settings.access.schedules[0].window_at(at, &settings.access.calendar).is_some()
}

#[test]
fn a_schedule_has_windows_of_days_holidays_and_exceptions() {
    let settings = good(
        "[site]\ntime-zone = \"Europe/Berlin\"\n\
         [[holiday]]\nname = \"Christmas Day\"\nevery-year = \"12-25\"\n\
         [[holiday]]\nname = \"Summer\"\ndate = 2027-08-02\nuntil = 2027-08-06\n\
         [[schedule]]\nname = \"office\"\nholidays = \"closed\"\nwindows = [\n\
         { days = [\"mon-wed\", \"fri\"], from = \"07:00\", until = \"19:00\" },\n\
         { days = [\"sat-sun\"], from = \"22:00\", until = \"24:00\" },\n]\n\
         exceptions = [\n{ date = 2026-12-24, from = \"07:00\", until = \"12:00\" },\n\
         { date = 2026-12-24, from = \"13:00\", until = \"14:00\" },\n{ date = 2026-12-31, closed = true },\n]\n",
    );
    for (at, open) in [
        ("2026-12-21 07:00", true),
        ("2026-12-17 12:00", false),
        ("2026-12-20 23:59", true),
        ("2026-12-24 11:59", true),
        ("2026-12-24 12:30", false),
        ("2026-12-24 13:30", true),
        ("2026-12-25 12:00", false),
        ("2026-12-31 12:00", false),
        ("2027-08-06 12:00", false),
        ("2027-08-09 12:00", true),
    ] {
        assert_eq!(is_open(&settings, at), open, "{at}");
    }
    assert_eq!(settings.access.calendar.zone_name(), "Europe/Berlin");
}

#[test]
fn a_group_has_schedules_and_terms() {
    let settings = good(&format!(
        "{OFFICE}[access]\nwhen-clock-unknown = \"believe\"\n[[group]]\nname = \"keyholders\"\n\
         [[group]]\nname = \"vault\"\nschedules = [\"office\"]\nfirst-person-in = [\"keyholders\"]\n\
         two-person = [\"vault\", \"keyholders\"]\ntwo-person-seconds = 20\nanti-passback-minutes = 10\n"
    ));
    let access = &settings.access;
    assert_eq!(access.when_clock_unknown, WhenClockUnknown::Believe);
    assert!(settings.risks().iter().any(|risk| risk.starts_with("when-clock-unknown")));
    let id = |text| GroupId::new(text).expect("an id");
    let vault = &access.groups[&id("vault")];
    assert_eq!(vault.schedules[0].name, "office");
    assert_eq!(vault.first_person_in, [id("keyholders")]);
    let two = vault.two_person.as_ref().expect("a rule");
    assert_eq!((two.groups.len(), two.within), (2, Duration::from_secs(20)));
    assert_eq!(vault.anti_passback, Some(Duration::from_secs(600)));
    assert!(!access.groups[&id("keyholders")].is_limited_by_time());
}

#[test]
fn windows_that_overlap_or_end_before_they_begin_are_refused_with_their_line() {
    answers(
        &windows(
            "{ days = [\"mon-fri\"], from = \"07:00\", until = \"12:00\" },\n\
             { days = [\"fri-sat\"], from = \"11:00\", until = \"14:00\" },\n",
        ),
        "limen.toml:5: schedule \"office\" windows: 11:00 to 14:00 overlaps 07:00 to 12:00 of line 4 on fri; make",
    );
    good(&windows(
        "{ days = [\"mon-fri\"], from = \"07:00\", until = \"12:00\" },\n\
         { days = [\"mon-fri\"], from = \"12:00\", until = \"14:00\" },\n",
    ));
    answers(
        &windows("{ from = \"22:00\", until = \"06:00\" },\n"),
        "limen.toml:4: schedule \"office\" windows: ends at 06:00, but begins at 22:00; for a night",
    );
    answers(
        &windows("{ from = \"08:00\", until = \"08:00\" },\n"),
        "limen.toml:4: schedule \"office\" windows: ends at",
    );
}

#[test]
fn times_and_days_that_do_not_exist_are_refused_with_those_that_do() {
    answers(
        &windows("{ days = [\"mon-fry\"], from = \"07:00\", until = \"12:00\" },\n"),
        "limen.toml:4: schedule \"office\" windows days: \"mon-fry\" is no day of the week; use mon, tue, wed",
    );
    answers(
        &windows("{ days = [], from = \"07:00\", until = \"12:00\" },\n"),
        "limen.toml:4: schedule \"office\" windows days: names no day",
    );
    answers(
        &windows("{ from = \"7am\", until = \"12:00\" },\n"),
        "limen.toml:4: schedule \"office\" windows from: \"7am\" is no time of day; write 07:30",
    );
    answers(
        &windows("{ from = \"07:00\" },\n"),
        "limen.toml:4: schedule \"office\" windows: has no until; add until",
    );
    answers(
        "[site]\ntime-zone = \"Europe/Atlantis\"\n",
        "limen.toml:2: [site] time-zone: \"Europe/Atlantis\" is no time zone that this machine knows; write one that",
    );
}

#[test]
fn names_that_nothing_has_are_refused_with_those_that_something_has() {
    let group = |rest: &str| format!("{OFFICE}[[group]]\nname = \"staff\"\n{rest}\n");
    answers(
        &group("schedules = [\"ofice\"]"),
        "limen.toml:6: group \"staff\" schedules: no [[schedule]] is called \"ofice\"; use office, or add it",
    );
    answers(
        &group("first-person-in = [\"keyholders\"]"),
        "limen.toml:6: group \"staff\" first-person-in: no [[group]] is called \"keyholders\"; use staff",
    );
    answers(&group("schedules = []"), "limen.toml:6: group \"staff\" schedules: names nothing");
    answers(
        &group("schedules = [\"office\", \"office\"]"),
        "limen.toml:6: group \"staff\" schedules: \"office\" is listed twice",
    );
    answers(
        &format!("{OFFICE}{OFFICE}"),
        "limen.toml:5: [[schedule]] name: \"office\" is also the name in line 2",
    );
    answers(
        "[[group]]\nname = \"The staff\"\n",
        "limen.toml:2: [[group]] name: \"The staff\" may have only a-z",
    );
    answers(
        "[[group]]\nschedule = [\"office\"]\n",
        "limen.toml:2: [group] schedule: there is no such key; did you mean schedules?",
    );
    answers("[[schedule]]\nname = \"empty\"\n", "limen.toml:1: schedule \"empty\": has no windows");
}

#[test]
fn terms_that_contradict_themselves_are_refused() {
    let group = |rest: &str| format!("[[group]]\nname = \"vault\"\n{rest}\n");
    answers(
        &group("first-person-in = [\"vault\"]"),
        "limen.toml:3: group \"vault\" first-person-in: names only the group itself, so that nobody",
    );
    answers(
        &group("two-person-seconds = 20"),
        "limen.toml:1: group \"vault\" two-person-seconds: has no two-person beside it",
    );
    answers(
        &group("two-person = [\"vault\"]\ntwo-person-seconds = 1"),
        "limen.toml:4: group \"vault\" two-person-seconds: 1 is out of range; use 5 to 300 seconds",
    );
    answers(
        &group("anti-passback-minutes = 0"),
        "limen.toml:3: group \"vault\" anti-passback-minutes: 0 is out of range; use 1 to 1440 minutes",
    );
    answers(
        "[access]\nwhen-clock-unknown = \"allow\"\n",
        "limen.toml:2: [access] when-clock-unknown: \"allow\" is not known; use \"refuse\" or \"believe\"",
    );
}

#[test]
fn holidays_and_exceptions_are_days_and_do_not_contradict_each_other() {
    answers(
        "[[holiday]]\nname = \"x\"\ndate = 2026-08-02\nuntil = 2026-08-01\n",
        "limen.toml:4: [[holiday]] until: 2026-08-01 is before date, 2026-08-02; name a later day",
    );
    answers(
        "[[holiday]]\ndate = 2026-08-02\nuntil = 2027-08-01\n",
        "limen.toml:3: [[holiday]] until: 2027-08-01 is more than 100 days after date",
    );
    answers("[[holiday]]\nname = \"x\"\n", "limen.toml:1: [[holiday]]: needs either date or every-year");
    answers(
        "[[holiday]]\nevery-year = \"25-12\"\n",
        "limen.toml:2: [[holiday]] every-year: \"25-12\" is no month and day; write \"12-25\"",
    );
    answers(
        "[[holiday]]\ndate = 2026-08-02T10:00:00\n",
        "limen.toml:2: [[holiday]] date: is not a day; write a date without time",
    );
    let exceptions = |rest: &str| format!("{OFFICE}exceptions = [\n{rest}]\n");
    answers(
        &exceptions(
            "{ date = 2026-12-24, closed = true },\n{ date = 2026-12-24, from = \"07:00\", until = \"08:00\" },\n",
        ),
        "limen.toml:6: schedule \"office\" exceptions: 2026-12-24 is in line 5 already, and the two contradict",
    );
    answers(
        &exceptions("{ date = 2026-12-24, closed = true, from = \"07:00\" },\n"),
        "limen.toml:5: schedule \"office\" exceptions: is closed and has times",
    );
    answers(&exceptions("{ closed = true },\n"), "limen.toml:5: schedule \"office\" exceptions: has no date");
}

#[test]
fn the_examples_in_the_shipped_file_are_a_configuration() {
    let shipped = include_str!("../../config/limen.toml");
    let examples: Vec<&str> = shipped.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    let keypad = "[keypad]\ndevice = \"/dev/input/by-id/usb-Keypad-event-kbd\"";
    let settings = good(&format!("{}\n{keypad}", examples.join("\n")));
    assert!(settings.access.schedules.len() >= 2 && settings.access.groups.len() >= 2);
}
