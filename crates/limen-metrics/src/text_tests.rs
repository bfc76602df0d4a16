//! Tests of the text: which metrics there are, and who is in none of them.

use std::time::Duration;

use jiff::Timestamp;
use limen_core::clock::{Moment, Now, WallClock};
use limen_core::credential::Factor;
use limen_core::event::{
    AlarmKind, AlarmStep, ChallengeOutcome, Fact, FactorRefusal, GrantKind, Personal, Refusal, TrackId,
};
use limen_core::person::PersonId;

use super::*;
use crate::Counts;

const LABELS: [&str; 11] =
    ["version", "model", "outcome", "reason", "by", "mode", "alarm", "stage", "part", "factor", "le"];

fn now() -> Now {
    let wall = WallClock { utc: Timestamp::UNIX_EPOCH, synchronised: true };
    Now { moment: Moment::from_boot(Duration::from_secs(9)), wall }
}

fn ada() -> Personal<PersonId> {
    Personal(PersonId::new("ada").expect("an id"))
}

/// Every fact that names somebody.
fn facts_of_ada() -> Vec<Fact> {
    let person = || Some(ada());
    vec![
        Fact::Granted {
            grant: GrantKind::Face,
            person: person(),
            second: person(),
            factors: vec![Factor::Pin],
            liveness: None,
            track: Some(TrackId(1)),
            distance: Some(0.1),
            unlock_ms: None,
            caller: None,
        },
        Fact::Waiting { track: TrackId(1), person: ada(), seconds: 9, factors: Vec::new() },
        Fact::Challenged {
            track: TrackId(1),
            person: ada(),
            outcome: ChallengeOutcome::Passed,
            attempt: 1,
            took_ms: 3100,
        },
        Fact::FactorRefused {
            factor: Factor::Card,
            why: FactorRefusal::Wrong,
            person: person(),
            locked_out_s: Some(60),
        },
        Fact::Refused {
            track: TrackId(2),
            refusal: Refusal::Suspended,
            nearest: person(),
            distance: None,
            frames: 3,
        },
        Fact::GalleryLoaded {
            people: 1,
            templates: 2,
            added: vec![ada()],
            removed: vec![ada()],
            store: Some(4),
        },
        Fact::TemplateRefused { person: person() },
        Fact::GalleryRefused { what: Personal("ada/1.jpg is no photograph".to_owned()) },
        Fact::Alarm { alarm: AlarmKind::Duress, step: AlarmStep::Raised, caller: None },
        Fact::Alarm { alarm: AlarmKind::DoorForced, step: AlarmStep::Raised, caller: None },
    ]
}

/// A status with everything in it, while the door is open for Ada, who is forced.
fn status() -> Value {
    let mut counts = Counts::default();
    counts.saw(TrackId(1), Moment::from_boot(Duration::from_secs(8)));
    counts.frame(now(), [("detect", Duration::from_millis(4)), ("embed", Duration::from_millis(30))]);
    facts_of_ada().iter().for_each(|fact| counts.hear(now(), fact));
    counts.recorded(now(), 3, None);
    counts.recorded(now(), 5, Some(4));
    json!({
        "version": "0.1.0", "model": "65b09360", "state": "unlocked", "grant": "face", "person": "ada",
        "door_open": false, "mode": "normal", "alarms": ["duress", "door-forced"], "people": 1, "templates": 2,
        "frames": 70, "uptime_s": 9, "clock_synchronised": true, "failed_for_s": { "keypad": 2.5 },
        "trouble": [{ "part": "keypad", "what": "ada unplugged it", "for_s": 2.5 }],
        "audit_head": "ab:5", "audit_sealed": 4, "seal_every_s": 300, "metrics": counts.as_json(now()),
    })
}

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
}

/// The names of all labels of a text.
fn labels_of(text: &str) -> Vec<&str> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let labels = samples.filter_map(|line| Some(line.split_once('{')?.1.rsplit_once('}')?.0));
    labels.flat_map(|labels| labels.split(',')).filter_map(|label| Some(label.split_once('=')?.0)).collect()
}

#[test]
fn no_person_is_in_any_line_whatever_happens() {
    for silent in [SilentAlarms::Hidden, SilentAlarms::Told] {
        let text = text(&status(), silent);
        assert!(!text.contains("ada"), "{text}");
        assert!(labels_of(&text).iter().all(|label| LABELS.contains(label)), "{text}");
    }
}

#[test]
fn the_state_of_the_door_and_its_counts_are_told() {
    let text = text(&status(), SilentAlarms::Hidden);
    for line in [
        "limen_up 1",
        "limen_build_info{version=\"0.1.0\",model=\"65b09360\"} 1",
        "limen_lock_unlocked 1",
        "limen_door_open 0",
        "limen_mode{mode=\"normal\"} 1",
        "limen_mode{mode=\"lock-down\"} 0",
        "limen_alarm_active{alarm=\"door-forced\"} 1",
        "limen_alarm_active{alarm=\"tampered\"} 0",
        "limen_alarms_total{alarm=\"door-forced\"} 1",
        "limen_decisions_total{outcome=\"granted\",reason=\"recognised\"} 1",
        "limen_decisions_total{outcome=\"refused\",reason=\"suspended\"} 1",
        "limen_grants_total{by=\"face\"} 1",
        "limen_grants_total{by=\"fire\"} 0",
        "limen_factors_refused_total{factor=\"card\",reason=\"wrong\"} 1",
        "limen_decision_duration_seconds_bucket{le=\"1\"} 1",
        "limen_decision_duration_seconds_bucket{le=\"0.6\"} 0",
        "limen_asked_total 1",
        "limen_challenges_total{outcome=\"passed\"} 1",
        "limen_challenges_total{outcome=\"sheet\"} 0",
        "limen_challenge_duration_seconds_sum 3.1",
        "limen_frames_total 70",
        "limen_stage_duration_seconds_bucket{stage=\"embed\",le=\"0.05\"} 1",
        "limen_part_failed{part=\"keypad\"} 1",
        "limen_part_failed{part=\"camera\"} 0",
        "limen_clock_synchronised 1",
        "limen_people 1",
        "limen_templates 2",
        "limen_audit_records_total 5",
        "limen_audit_seal_interval_seconds 300",
        "limen_gallery_generation 4",
        "limen_config_reload_success 0",
    ] {
        has(&text, line);
    }
}

#[test]
fn duress_is_in_no_line_unless_it_is_asked_for() {
    assert!(!text(&status(), SilentAlarms::Hidden).contains("duress"));
    let told = text(&status(), SilentAlarms::Told);
    has(&told, "limen_alarm_active{alarm=\"duress\"} 1");
    has(&told, "limen_alarms_total{alarm=\"duress\"} 1");
}

#[test]
fn a_daemon_that_does_not_answer_is_down_and_nothing_else_is_said() {
    let samples: Vec<String> =
        down().lines().filter(|line| !line.starts_with('#')).map(ToOwned::to_owned).collect();
    assert_eq!(samples, ["limen_up 0"]);
}

#[test]
fn what_another_version_does_not_tell_is_left_out() {
    let text = text(&json!({ "version": "0.0.9", "people": "many", "metrics": [] }), SilentAlarms::Hidden);
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(samples, ["limen_up 1", "limen_build_info{version=\"0.0.9\",model=\"\"} 1"]);
}

#[test]
fn a_part_that_a_newer_daemon_names_is_told_when_it_fails() {
    let text = text(&json!({ "failed_for_s": { "lift": 2 } }), SilentAlarms::Hidden);
    has(&text, "limen_part_failed{part=\"lift\"} 1");
}
