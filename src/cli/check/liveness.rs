//! Says who is asked to turn the head, what the wiring can ask for, and whose PIN takes the place of the turn.

use limen_core::people::{ChallengeRule, Gallery};
use limen_core::policy::{AfterUnsure, LivenessMode};
use limen_vision::model::Models;

use super::report::CheckReport;
use crate::config::{Settings, liveness_name};
use crate::door::Driver;

/// The most people who are named in one line.
const NAMED: usize = 5;

/// Checks the mode against the wiring.
pub fn check_liveness(report: &mut CheckReport, settings: &Settings) {
    let rules = &settings.rules.liveness;
    let mode = liveness_name(rules.mode);
    match rules.mode {
        // With a real lock it is a risk, which is said already.
        LivenessMode::Off if settings.door.driver != Driver::DryRun => return,
        LivenessMode::Off => return report.note("liveness", "off: a photograph counts as the person"),
        LivenessMode::Challenge => {
            report.ok(
                "liveness",
                &format!("{mode}: everybody is asked to turn the head, by {}", means(settings)),
            );
        }
        LivenessMode::Motion if rules.prompts => {
            let text =
                format!("{mode}: who moved too little is asked to turn the head, by {}", means(settings));
            report.ok("liveness", &text);
        }
        LivenessMode::Motion => {
            let text = format!(
                "{mode}: who moved too little is refused, because nobody can be asked to turn the head; [door] prompt-left \
                 and prompt-right name two lights that ask"
            );
            report.note("liveness", &text);
        }
    }
    check_light(report, settings);
    if rules.after_unsure == AfterUnsure::Pin {
        report.note(
            "liveness",
            "after-unsure = \"pin\": after an attempt that was unsure the person's PIN lets in",
        );
    }
}

/// Says so if the network's manifest does not say how far a turned face may be from itself.
pub fn check_comparison(report: &mut CheckReport, settings: &Settings, models: &Models) {
    let is_asked = settings.rules.liveness.mode != LivenessMode::Off;
    if is_asked && !models.liveness_limits().compares {
        let text = format!(
            "{} does not say how far a turned face may be from the same face from the front, so a turn of somebody else would \
             count; add turned-self to its manifest (models/README.md), or use a network that has it",
            models.embedder.entry().name
        );
        report.note("liveness", &text);
    }
}

/// Says which light is lit while a face is judged.
fn check_light(report: &mut CheckReport, settings: &Settings) {
    let Some(line) = settings.door.light else { return };
    if settings.door.driver == Driver::DryRun {
        return report.note("light", "[camera.light]: driver = \"dry-run\" lights nothing");
    }
    let text = format!(
        "[camera.light]: the light on BCM {} is lit while a face is judged; `limen camera light` shows what the camera sees of it",
        line.pin
    );
    report.ok("light", &text);
}

/// What asks, with its lines.
fn means(settings: &Settings) -> String {
    let door = &settings.door;
    let lines = [("left", door.prompt_left), ("right", door.prompt_right)];
    let lights: Vec<String> = lines
        .into_iter()
        .filter_map(|(side, line)| Some(format!("the {side} light on BCM {}", line?.pin)))
        .collect();
    let tones = match door.buzzer {
        Some(line) => format!(", and tones of the buzzer on BCM {} (left one, right two)", line.pin),
        None => "; without a buzzer, who does not see them is not asked".to_owned(),
    };
    format!("{}{tones}", lights.join(" and "))
}

/// Lists the people whose PIN takes the place of the turn. They need a keypad.
pub fn check_waivers(report: &mut CheckReport, settings: &Settings, gallery: &Gallery) {
    let waived = gallery.people().iter().filter(|person| person.standing.challenge == ChallengeRule::Pin);
    let ids: Vec<&str> = waived.map(|person| person.id.as_str()).collect();
    if ids.is_empty() || settings.rules.liveness.mode == LivenessMode::Off {
        return;
    }
    let who = match ids.len() {
        ..=NAMED => ids.join(", "),
        more => format!("{}, ... ({more} people)", ids[..NAMED].join(", ")),
    };
    if settings.entry.keypad.is_none() {
        let text = format!("challenge = \"pin\": {who} cannot enter: there is no [keypad] for the PIN");
        return report.problem("liveness", &text);
    }
    report.note("liveness", &format!("challenge = \"pin\": a PIN instead of turning the head for {who}"));
}
