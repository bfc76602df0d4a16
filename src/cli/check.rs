//! `limen check`: every problem at once, before the door depends on it.

mod doubles;
mod entry;
mod readable;

use std::sync::Arc;

use serde_json::json;

use super::context::{Context, shown};
use super::demo::photographs;
use super::output::{BAD, GOOD, NOTE, say, say_json, styled};
use super::speed::{can_decide, usual_frame};
use super::store::BESIDE;
use super::trouble::{Answer, Trouble};
use crate::camera::FrameSource as _;
use crate::camera::v4l::V4lCamera;
use crate::clock::Now;
use crate::config::{ConfigError, Settings};
use crate::control::{Request, ask};
use crate::door::pin::Pin;
use crate::door::{self, Driver};
use crate::embedding::Crops;
use crate::enrol::version_of;
use crate::files::{Trust, check_folder};
use crate::gallery::store::KeyPlace;
use crate::gallery::{Gallery, StoreError};
use crate::matching::thresholds::{Case, Thresholds};
use crate::pipeline::{Attempt, scoring, thresholds};
use crate::vision::model::Models;

/// Find every mistake in configuration, gallery, models, devices and file rights. Exit code 1 if there is one.
///
/// With --json one object a finding: level (ok, note, problem), part, text.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Leave camera, GPIO and the folders of the installation alone: for another machine than the door's
    #[arg(long)]
    without_devices: bool,
}

/// Collects what was found and prints it as it comes.
struct Report {
    json: bool,
    problems: usize,
}

impl Report {
    fn ok(&mut self, part: &str, text: &str) {
        self.line("ok", GOOD, part, text);
    }

    fn note(&mut self, part: &str, text: &str) {
        self.line("note", NOTE, part, text);
    }

    fn problem(&mut self, part: &str, text: &str) {
        self.problems += text.lines().count().max(1);
        text.lines().for_each(|line| self.line("problem", BAD, part, line));
    }

    fn line(&self, level: &str, style: anstyle::Style, part: &str, text: &str) {
        if self.json {
            say_json(&json!({ "level": level, "part": part, "text": text }));
        } else {
            say(&format!("{} {part:<14} {text}", styled(style, level, 8)));
        }
    }

    /// Says what was found; the value, if there is one, goes on to the next check.
    fn take<T, E: ToString>(&mut self, part: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.problem(part, &error.to_string())).ok()
    }
}

pub fn check(context: &Context, arguments: &Arguments) -> Result<Answer, Trouble> {
    let mut report = Report { json: context.json, problems: 0 };
    let Some(settings) = check_configuration(context, &mut report) else {
        return Ok(end(&report));
    };
    if let Some(models) = check_models(&mut report, &settings) {
        let gallery = check_gallery(context, &mut report, &settings, &models);
        gallery.iter().for_each(|gallery| check_look_alikes(&mut report, &settings, gallery));
        gallery.iter().for_each(|gallery| doubles::check_doubles(&mut report, &settings, &models, gallery));
        check_thresholds(&mut report, &settings, &models, gallery.as_ref());
        if !arguments.without_devices {
            check_speed(&mut report, &settings, &models);
        }
        if let Some(gallery) = &gallery {
            check_access(&mut report, &settings, gallery);
        }
    }
    if !arguments.without_devices {
        check_folders(&mut report, &settings);
        readable::check_readable(context, &mut report, &settings);
        check_camera(context, &mut report, &settings);
    }
    check_door(context, &mut report, &settings, arguments.without_devices);
    if !arguments.without_devices {
        entry::check_entry(context, &mut report, &settings);
    }
    Ok(end(&report))
}

fn end(report: &Report) -> Answer {
    if !report.json {
        match report.problems {
            0 => say(&format!("\n{}", styled(GOOD, "no problems", 0))),
            1 => say(&format!("\n{}", styled(BAD, "1 problem", 0))),
            n => say(&format!("\n{}", styled(BAD, &format!("{n} problems"), 0))),
        }
    }
    Answer::of(report.problems == 0)
}

fn check_configuration(context: &Context, report: &mut Report) -> Option<Settings> {
    let file = shown(context.config_file());
    let settings = match context.trusted_settings() {
        Ok(settings) => settings,
        Err(trouble) => {
            report.problem("configuration", &trouble.to_string());
            // Rights are one thing; what the file says may be looked at all the same.
            let text = std::fs::read_to_string(context.config_file()).ok()?;
            match Settings::parse(&text, context.config_file()) {
                Ok(settings) => settings,
                Err(ConfigError::Wrong(_) | ConfigError::File(_)) => return None,
            }
        }
    };
    report.ok("configuration", &file);
    settings.warnings.iter().for_each(|warning| report.note("configuration", warning));
    settings.risks().iter().for_each(|risk| report.note("configuration", risk));
    Some(settings)
}

fn check_models(report: &mut Report, settings: &Settings) -> Option<Arc<Models>> {
    let models = report.take("models", Models::load(&settings.model))?;
    let entry = models.embedder.entry();
    report.ok("models", &format!("{} {}: digest, shapes and self-test", entry.name, models.digest().short()));
    if !entry.trained {
        report.problem("models", &format!("{} is untrained; it must never drive a lock", entry.name));
    }
    Some(models)
}

fn check_gallery(
    context: &Context,
    report: &mut Report,
    settings: &Settings,
    models: &Arc<Models>,
) -> Option<Gallery> {
    let enrolled = report.take("gallery", context.enrolled(settings, models))?;
    enrolled.built.notes.iter().for_each(|mistake| report.note("gallery", &mistake.to_string()));
    check_store(context, report, settings, models, &enrolled.store_trouble);
    let gallery = enrolled.built.gallery;
    let (people, templates) = (gallery.people().len(), gallery.templates());
    report.ok("gallery", &format!("{}: {people} people, {templates} templates", shown(&settings.gallery)));
    if people == 0 {
        report.note("gallery", "nobody is enrolled; `limen enroll ID --name NAME PHOTO` enrols somebody");
    }
    for person in gallery.people().iter().filter(|person| person.singles.len() == 1) {
        report.note(
            "gallery",
            &format!("{} has one template only; two or three are recognised better", person.id),
        );
    }
    Some(gallery)
}

/// The templates on the disk: what of them is not used, and where the key lies.
fn check_store(
    context: &Context,
    report: &mut Report,
    settings: &Settings,
    models: &Models,
    trouble: &[StoreError],
) {
    for error in trouble {
        // A systemd credential is there for the service alone.
        let harmless = error.may_be_replaced() || matches!(error, StoreError::NoKey { .. });
        if harmless || error.altered().is_some() {
            report.note("store", &error.to_string());
        } else {
            report.problem("store", &error.to_string());
        }
    }
    let vault = settings.vault();
    if context.gallery().is_none() && vault.file().exists() {
        report.take("store", vault.check_model(&version_of(models)));
        if let KeyPlace::Own(_) = vault.key() {
            report.note("store", BESIDE);
        }
    }
}

fn check_look_alikes(report: &mut Report, settings: &Settings, gallery: &Gallery) {
    for (one, other, _) in settings.recognition.look_alikes.pairs() {
        for id in [one, other].into_iter().filter(|id| gallery.get(id).is_none()) {
            let text =
                format!("the pair {one}, {other}: {id} is not enrolled; correct the id or remove the pair");
            report.note("look-alikes", &text);
        }
    }
}

fn check_thresholds(report: &mut Report, settings: &Settings, models: &Models, gallery: Option<&Gallery>) {
    let Some(scoring) = report.take("threshold", scoring(&settings.recognition, models)) else { return };
    let thresholds = thresholds(&settings.recognition, models, &scoring, Attempt::Track);
    let Some(thresholds) = report.take("threshold", thresholds) else { return };
    let case = Case {
        people: gallery.map_or(1, |gallery| gallery.people().len().max(1)),
        photographs: gallery.and_then(|g| g.people().iter().map(|p| p.singles.len()).min()).unwrap_or(1),
        frames: u32::try_from(settings.rules.frames).unwrap_or(u32::MAX),
        crops: Crops::Plain,
    };
    report.ok("threshold", &threshold_in_words(&thresholds, case));
    if thresholds.is_extrapolated(case) {
        report.note("threshold", "it lies below the rates that were counted, on a fitted tail of the table");
    }
}

/// Whether this machine is fast enough for a decision; a dry run may be slow.
fn check_speed(report: &mut Report, settings: &Settings, models: &Arc<Models>) {
    let Some(face) = report.take("speed", photographs::ENROLLED.picture()) else { return };
    let Some(usual) = report.take("speed", usual_frame(models, &face)) else { return };
    match can_decide(usual, settings.rules.frames) {
        Ok(said) => report.ok("speed", &said),
        Err(said) if settings.door.driver == Driver::DryRun => report.note("speed", &said),
        Err(said) => report.problem("speed", &said),
    }
}

fn threshold_in_words(thresholds: &Thresholds, case: Case) -> String {
    let score = thresholds.threshold(case);
    let meaning = match thresholds.rate_of(score, case) {
        Some(rate) => format!("a stranger's attempt succeeds about once in {:.0}", 1.0 / rate),
        None => "its error rate is unknown".to_owned(),
    };
    let Case { people, frames, .. } = case;
    format!("{score:.3} for {people} people and {frames} frames: {meaning}")
}

/// Who may when: what can never be of use.
fn check_access(report: &mut Report, settings: &Settings, gallery: &Gallery) {
    let access = &settings.access;
    let (schedules, groups) = (access.schedules.len(), access.groups.len());
    let zone = access.calendar.zone_name();
    report.ok("access", &format!("{groups} groups, {schedules} schedules, times of {zone}"));
    let people: Vec<_> = gallery.people().iter().map(|person| (&person.id, &person.standing)).collect();
    let findings = access.findings(&people, access.calendar.local(Now::read().wall));
    findings.problems.iter().for_each(|problem| report.problem("access", problem));
    findings.notes.iter().for_each(|note| report.note("access", note));
}

fn check_folders(report: &mut Report, settings: &Settings) {
    for folder in [&settings.paths.state, &settings.paths.runtime, &settings.audit.folder] {
        if folder.exists() {
            if report.take("folders", check_folder(folder, Trust::in_the_service())).is_some() {
                report.ok("folders", &shown(folder));
            }
        } else {
            report.note("folders", &format!("{} is made when the service starts", shown(folder)));
        }
    }
}

fn check_camera(context: &Context, report: &mut Report, settings: &Settings) {
    if ask(&context.socket(settings), Request::Status).is_ok() {
        return report.note("camera", "in use by the running daemon; `limen status` says how it does");
    }
    if let Some(camera) = report.take("camera", V4lCamera::open(&settings.camera)) {
        report.ok("camera", &camera.describe());
        if settings.camera.identity.is_none() {
            let text = format!("any camera is accepted; identity = \"{}\" pins this one", camera.identity());
            report.note("camera", &text);
        }
    }
}

fn check_door(context: &Context, report: &mut Report, settings: &Settings, without_devices: bool) {
    let door = &settings.door;
    if door.driver == Driver::DryRun {
        return report.note("door", "driver = \"dry-run\": nothing moves");
    }
    if let Some(pin) = door.pin {
        report.ok("door", &pin_in_words(pin));
        if let Some(other) = Pin::at_header(pin.bcm()).filter(|other| *other != pin) {
            let position = pin.bcm();
            report.note(
                "door",
                &format!("if header pin {position} was meant, that is BCM {other}: pin = {other}"),
            );
        }
    }
    if without_devices {
        return;
    }
    if ask(&context.socket(settings), Request::Status).is_ok() {
        return report.note("door", "the line is held by the running daemon");
    }
    if report.take("door", door::check_access(door)).is_some() {
        let others = door.inputs.len();
        let inputs = if others > 0 { format!(", {others} inputs are there") } else { String::new() };
        report.ok("door", &format!("the line can be driven{inputs}; `limen door test` tries them"));
    } else if door.driver == Driver::Gpiochip {
        for chip in door::chips() {
            report.note("door", &format!("{}: {} with {} lines", shown(&chip.path), chip.label, chip.lines));
        }
    }
}

fn pin_in_words(pin: Pin) -> String {
    format!("BCM {pin}, header pin {}, pulled {} at power-up", pin.header(), pull(pin))
}

fn pull(pin: Pin) -> &'static str {
    match pin.pull_at_power_up() {
        door::pin::ActiveLevel::High => "up",
        door::pin::ActiveLevel::Low => "down",
    }
}
