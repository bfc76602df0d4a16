//! Which mode of liveness a file means, and what is refused.

use super::*;
use crate::config::Settings;
use crate::config::tests::{answers, good};

const REAL: &str = "driver = \"gpiochip\"\npin = 17\n";
const DRY: &str = "driver = \"dry-run\"\n";
const PROMPTS: &str = "prompt-left = 24\nprompt-right = 25\n";
const RISK: &str = "accept-photo-risk = true\n";
const KEYPAD: &str = "[keypad]\ndevice = \"/dev/input/by-id/usb-Keypad-event-kbd\"\n";

/// A file with this value of `liveness`, or none, and these lines of `[door]`.
fn file(liveness: Option<&str>, door: &[&str]) -> String {
    let liveness = liveness.map(|mode| format!("[recognition]\nliveness = \"{mode}\"\n")).unwrap_or_default();
    format!("{liveness}[door]\n{}", door.concat())
}

fn mode(settings: &Settings) -> LivenessMode {
    settings.rules.liveness.mode
}

fn warns_of_the_missing_key(settings: &Settings) -> bool {
    settings.warnings.iter().any(|warning| warning.starts_with("[recognition] liveness: is off, because"))
}

#[test]
fn a_file_without_the_key_asks_everybody_if_it_can_and_else_goes_by_motion() {
    for driver in [REAL, DRY] {
        assert_eq!(mode(&good(&file(None, &[driver]))), LivenessMode::Motion);
        assert_eq!(mode(&good(&file(None, &[driver, PROMPTS]))), LivenessMode::Challenge);
    }
    let settings = good("");
    assert_eq!(mode(&settings), LivenessMode::Motion);
    assert!(settings.warnings.is_empty() && !settings.rules.liveness.prompts);
}

#[test]
fn an_older_file_that_accepts_the_risk_stays_off_and_says_so() {
    for door in [&[REAL, RISK][..], &[DRY, RISK], &[REAL, RISK, PROMPTS]] {
        let settings = good(&file(None, door));
        assert_eq!(mode(&settings), LivenessMode::Off, "{door:?}");
        assert!(warns_of_the_missing_key(&settings), "{door:?}: {:?}", settings.warnings);
    }
    let risks = good(&file(None, &[REAL, RISK])).risks();
    assert!(risks.iter().any(|risk| risk.starts_with("accept-photo-risk: a photograph")), "{risks:?}");
}

#[test]
fn the_key_decides_where_it_is_there() {
    for (said, expected) in [("motion", LivenessMode::Motion), ("off", LivenessMode::Off)] {
        for door in [&[DRY][..], &[DRY, PROMPTS], &[REAL, RISK], &[REAL, RISK, PROMPTS]] {
            let settings = good(&file(Some(said), door));
            assert_eq!(mode(&settings), expected, "{said}, {door:?}");
            assert!(!warns_of_the_missing_key(&settings));
        }
    }
    let settings = good(&file(Some("challenge"), &[REAL, PROMPTS]));
    assert_eq!(mode(&settings), LivenessMode::Challenge);
    assert!(settings.rules.liveness.prompts && settings.risks().is_empty());
}

#[test]
fn a_real_lock_without_liveness_needs_the_accepted_risk_and_with_it_needs_none() {
    answers(
        &file(Some("off"), &[REAL]),
        "limen.toml:2: [door] accept-photo-risk: with liveness = \"off\" a photograph of an enrolled person can open the door; \
         if you accept that, write accept-photo-risk = true",
    );
    answers(
        &file(Some("off"), &[REAL, "accept-photo-risk = false\n"]),
        "limen.toml:6: [door] accept-photo-risk",
    );
    let settings = good(&file(Some("motion"), &[REAL]));
    assert!(!settings.risks().iter().any(|risk| risk.contains("photograph")));
}

#[test]
fn an_accepted_risk_that_has_no_effect_is_a_warning() {
    let settings = good(&file(Some("motion"), &[REAL, RISK]));
    assert!(settings.warnings.iter().any(|warning| warning.contains("accept-photo-risk: has no effect")));
    assert!(!settings.risks().iter().any(|risk| risk.contains("photograph")));
}

#[test]
fn a_challenge_that_nobody_can_see_is_refused() {
    answers(
        &file(Some("challenge"), &[DRY]),
        "limen.toml:2: [recognition] liveness: \"challenge\" asks everybody to turn the head, and there are no lights that \
         ask; add [door] prompt-left = N and prompt-right = N",
    );
    answers(
        &file(Some("photo"), &[DRY]),
        "limen.toml:2: [recognition] liveness: \"photo\" is not known; use \"challenge\" or \"motion\" or \"off\"",
    );
}

#[test]
fn a_pin_may_follow_an_unsure_attempt_where_there_is_a_keypad() {
    let pin = "[liveness]\nafter-unsure = \"pin\"\n";
    assert_eq!(good("").rules.liveness.after_unsure, AfterUnsure::Refuse);
    assert_eq!(good(&format!("{pin}{KEYPAD}")).rules.liveness.after_unsure, AfterUnsure::Pin);
    answers(
        pin,
        "limen.toml:2: [liveness] after-unsure: \"pin\" needs a keypad to enter it; add [keypad] device",
    );
    answers(
        "[liveness]\nafter-unsure = \"card\"\n",
        "limen.toml:2: [liveness] after-unsure: \"card\" is not known",
    );
}

#[test]
fn nothing_counts_as_a_solid_head_before_the_limits_of_the_networks_are_known() {
    assert_eq!(good("").rules.liveness.limits, LivenessLimits::UNREACHABLE);
}
