//! A status of the daemon as text for Prometheus. Reads only numbers and names of the program's own from it; so the name
//! of who is let in, and the words of an error, stay out.

use limen_core::event::{AlarmKind, Mode, Part};
use serde_json::{Map, Value, json};

use crate::page::{Kind, Labels, Page};

/// The type of the text, for HTTP.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether silent alarms are told: who reads metrics may stand at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SilentAlarms {
    /// As if there were no such alarm.
    Hidden,
    /// Like all others.
    Told,
}

/// The text for a daemon that does not answer.
pub fn down() -> String {
    let mut page = Page::default();
    up(&mut page, false);
    page.into_text()
}

/// The text of a status, as the socket answers it. What a daemon of another version does not tell is left out.
pub fn text(status: &Value, silent: SilentAlarms) -> String {
    let mut page = Page::default();
    up(&mut page, true);
    about_the_program(&mut page, status);
    about_the_door(&mut page, status);
    about_alarms(&mut page, status, silent);
    about_decisions(&mut page, &status["metrics"]);
    about_challenges(&mut page, &status["metrics"]);
    about_frames(&mut page, status);
    about_parts(&mut page, status);
    about_records(&mut page, status);
    about_the_gallery(&mut page, status);
    page.into_text()
}

fn up(page: &mut Page, answers: bool) {
    page.single("limen_up", Kind::Gauge, "Whether the daemon answers.", &json!(answers));
}

fn about_the_program(page: &mut Page, status: &Value) {
    let told = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
    let (version, model) = (told("version"), told("model"));
    let labels = vec![("version", version.as_str()), ("model", model.as_str())];
    page.family(
        "limen_build_info",
        Kind::Gauge,
        "Version of the program and digest of its model; always 1.",
        [(labels, &json!(1))],
    );
    let help = "When this was read, in seconds since 1970 by the clock of the door.";
    page.single("limen_status_timestamp_seconds", Kind::Gauge, help, &status["metrics"]["at"]);
    page.single("limen_uptime_seconds", Kind::Gauge, "Since when the daemon runs.", &status["uptime_s"]);
    let help = "Whether the kernel calls the clock synchronised.";
    page.single("limen_clock_synchronised", Kind::Gauge, help, &status["clock_synchronised"]);
}

fn about_the_door(page: &mut Page, status: &Value) {
    let unlocked = status["state"].as_str().map_or(Value::Null, |state| json!(state == "unlocked"));
    page.single("limen_lock_unlocked", Kind::Gauge, "Whether the door is unlocked.", &unlocked);
    let help = "Whether the door stands open; 0 also without a contact.";
    page.single("limen_door_open", Kind::Gauge, help, &status["door_open"]);
    let Some(mode) = status["mode"].as_str() else { return };
    let modes: Vec<_> = Mode::ALL.iter().map(|one| (one.name(), json!(one.name() == mode))).collect();
    page.family("limen_mode", Kind::Gauge, "1 for the mode in force.", labelled("mode", &modes));
}

fn about_alarms(page: &mut Page, status: &Value, silent: SilentAlarms) {
    let is_told = |alarm: &&AlarmKind| silent == SilentAlarms::Told || !alarm.is_silent();
    let kinds = || AlarmKind::ALL.iter().filter(is_told);
    if let Some(active) = status["alarms"].as_array() {
        let held: Vec<_> =
            kinds().map(|kind| (kind.name(), json!(active.iter().any(|name| name == kind.name())))).collect();
        let help = "1 for an alarm that holds, or that nobody has acknowledged.";
        page.family("limen_alarm_active", Kind::Gauge, help, labelled("alarm", &held));
    }
    let counts = &status["metrics"]["alarms"];
    let raised: Vec<_> = kinds().map(|kind| (kind.name(), counts[kind.name()].clone())).collect();
    let help = "How often an alarm was raised.";
    page.family("limen_alarms_total", Kind::Counter, help, labelled("alarm", &raised));
}

fn about_decisions(page: &mut Page, metrics: &Value) {
    let by_face = (vec![("outcome", "granted"), ("reason", "recognised")], &metrics["grants"]["face"]);
    let refused = entries(&metrics["refused"]);
    let refused = refused.map(|(reason, count)| (vec![("outcome", "refused"), ("reason", reason)], count));
    let help = "Faces that were let in, or refused and why.";
    page.family("limen_decisions_total", Kind::Counter, help, [by_face].into_iter().chain(refused));
    let help = "How often the door was unlocked, by what.";
    page.family("limen_grants_total", Kind::Counter, help, counted("by", &metrics["grants"]));
    let help = "From the first frame with a face to its grant; challenge and second factor included.";
    let times = [(Vec::new(), &metrics["decision_seconds"])];
    page.histograms("limen_decision_duration_seconds", help, times);
    let factors = metrics["factors_refused"].as_array().into_iter().flatten().filter_map(|told| {
        Some((
            vec![("factor", told["factor"].as_str()?), ("reason", told["reason"].as_str()?)],
            &told["count"],
        ))
    });
    let help = "PINs and cards that did not open the door.";
    page.family("limen_factors_refused_total", Kind::Counter, help, factors);
}

fn about_challenges(page: &mut Page, metrics: &Value) {
    let help = "Faces that were asked to turn the head, each once.";
    page.single("limen_asked_total", Kind::Counter, help, &metrics["asked"]);
    let help = "Attempts to turn the head when asked, by how they ended.";
    page.family("limen_challenges_total", Kind::Counter, help, counted("outcome", &metrics["challenges"]));
    let help = "How long an attempt took that was right.";
    page.histograms("limen_challenge_duration_seconds", help, [(Vec::new(), &metrics["challenge_seconds"])]);
}

fn about_frames(page: &mut Page, status: &Value) {
    let metrics = &status["metrics"];
    page.single("limen_frames_total", Kind::Counter, "Frames that were looked at.", &status["frames"]);
    let help = "When the last frame was looked at, in seconds since 1970 by the clock of the door.";
    page.single("limen_last_frame_timestamp_seconds", Kind::Gauge, help, &metrics["last_frame"]);
    let stages = entries(&metrics["stage_seconds"]).map(|(stage, told)| (vec![("stage", stage)], told));
    page.histograms("limen_stage_duration_seconds", "How long a stage of a frame took.", stages);
}

fn about_parts(page: &mut Page, status: &Value) {
    let Some(failed) = status["failed_for_s"].as_object() else { return };
    let parts: Vec<_> = Part::ALL.iter().map(|part| part.to_string()).collect();
    let others = failed.keys().filter(|name| !parts.contains(name));
    let parts: Vec<_> =
        parts.iter().chain(others).map(|part| (part.as_str(), json!(failed.contains_key(part)))).collect();
    let help = "1 for a part that fails now.";
    page.family("limen_part_failed", Kind::Gauge, help, labelled("part", &parts));
}

fn about_records(page: &mut Page, status: &Value) {
    let metrics = &status["metrics"];
    let help = "The number of the last record; it goes on over restarts.";
    page.single("limen_audit_records_total", Kind::Counter, help, &metrics["records"]);
    let help =
        "When records were last sealed, in seconds since 1970; none until the first seal since the start.";
    page.single("limen_audit_last_seal_timestamp_seconds", Kind::Gauge, help, &metrics["last_seal"]);
    let help = "How long the oldest record without a seal has waited for one; 0 if all are sealed.";
    page.single("limen_audit_unsealed_seconds", Kind::Gauge, help, &metrics["unsealed_s"]);
    let help = "How long records may wait for a seal, as configured.";
    page.single("limen_audit_seal_interval_seconds", Kind::Gauge, help, &status["seal_every_s"]);
}

fn about_the_gallery(page: &mut Page, status: &Value) {
    let metrics = &status["metrics"];
    page.single("limen_people", Kind::Gauge, "People who are enrolled.", &status["people"]);
    page.single("limen_templates", Kind::Gauge, "Templates of all people.", &status["templates"]);
    let help = "The generation of the template store in force; it never decreases.";
    page.single("limen_gallery_generation", Kind::Gauge, help, &metrics["gallery_generation"]);
    let help = "Whether the last reload of configuration and gallery came into force whole.";
    page.single("limen_config_reload_success", Kind::Gauge, help, &metrics["reload_succeeded"]);
}

/// Samples with one label each.
fn labelled<'a>(
    label: &'static str,
    samples: &'a [(&'a str, Value)],
) -> impl Iterator<Item = (Labels<'a>, &'a Value)> {
    samples.iter().map(move |(name, value)| (vec![(label, *name)], value))
}

/// The counts of an object, each with its key as the label.
fn counted<'a>(label: &'static str, counts: &'a Value) -> impl Iterator<Item = (Labels<'a>, &'a Value)> {
    entries(counts).map(move |(name, count)| (vec![(label, name)], count))
}

fn entries(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let fields: Option<&Map<_, _>> = object.as_object();
    fields.into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
