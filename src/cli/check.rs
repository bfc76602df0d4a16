//! `limen check`: finds every problem at once, before the door depends on it.

mod disk_space;
mod duplicates;
mod entry;
mod gateway;
mod liveness;
mod photographs;
mod readable;
mod report;

use std::sync::Arc;

use limen_core::embedding::Crops;
use limen_core::people::Gallery;
use limen_core::person::printable_path;
use limen_files::{Trust, check_folder};
use limen_vision::matching::thresholds::{Case, Promise, Thresholds};
use limen_vision::model::Models;

use super::context::CommandContext;
use super::demo::photographs::ENROLLED;
use super::outcome::{CommandError, CommandOutcome, model_in_words};
use super::speed::{can_decide, usual_frame};
use super::store::BESIDE;
use crate::camera::CameraDriver;
use crate::camera::open::open;
use crate::camera::rpicam::installed;
use crate::clocks;
use crate::config::{ConfigError, Settings, VIRTUAL_CAMERA_OPENS};
use crate::control::{Request, ask};
use crate::door::pin::Pin;
use crate::door::{self, Driver};
use crate::enrol::{Enrolled, version_of};
use crate::gallery::StoreError;
use crate::gallery::store::KeyPlace;
use crate::pipeline::{Attempt, promise, same_face, scoring, shortfall, thresholds};
use report::CheckReport;

/// Find every mistake in configuration, gallery, models, devices and file rights. Exit code 1 if there is one.
///
/// With --gallery and without --config only that gallery is checked, and no device. With --json one object per finding:
/// level (ok, note, problem), part, text. JSON has all findings; the text has only the first few of each kind.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do not check camera, GPIO and the folders of the installation, for a machine that is not the door's
    #[arg(long)]
    without_devices: bool,
    /// Check every enrolled photograph again, even if there are more than 200; it takes up to a second each
    #[arg(long)]
    photographs: bool,
}

pub fn check(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let mut report = CheckReport::new(context.json);
    // A gallery alone has no devices.
    let installed = context.file_of_settings().is_some() || context.gallery().is_none();
    let devices = installed && !arguments.without_devices;
    let Some(settings) = check_configuration(context, &mut report, installed) else {
        return Ok(report.end());
    };
    if let Some(models) = check_models(&mut report, &settings) {
        if installed {
            liveness::check_comparison(&mut report, &settings, &models);
        }
        check_people(context, &mut report, &settings, &models, installed);
        photographs::check_photographs(context, &mut report, &settings, &models, arguments.photographs);
        if devices {
            check_speed(&mut report, &settings, &models);
        }
    }
    if devices {
        check_folders(&mut report, &settings);
        readable::check_readable(context, &mut report, &settings);
        disk_space::check_room(&mut report, &settings);
        check_camera(context, &mut report, &settings);
    }
    if installed {
        liveness::check_liveness(&mut report, &settings);
        check_door(context, &mut report, &settings, arguments.without_devices);
    }
    if devices {
        entry::check_entry(context, &mut report, &settings);
        gateway::check_gateway(&mut report, &settings);
    }
    Ok(report.end())
}

fn check_configuration(
    context: &CommandContext,
    report: &mut CheckReport,
    installed: bool,
) -> Option<Settings> {
    if !installed {
        report.note("configuration", "none is read if only --gallery is given; --config FILE names one");
        return Some(context.with_gallery(Settings::defaults()));
    }
    let settings = match context.trusted_settings() {
        Ok(settings) => {
            report.ok("configuration", &printable_path(context.config_file()));
            settings
        }
        Err(error) => {
            report.problem("configuration", &error.to_string());
            // If only the file's rights are wrong, its text is checked all the same.
            let ConfigError::File(_) = error else { return None };
            let text = std::fs::read_to_string(context.config_file()).ok()?;
            report.take("configuration", Settings::parse(&text, context.config_file()))?
        }
    };
    report.notes("configuration", &settings.warnings);
    for risk in settings.risks() {
        // A site may choose to take the other risks; with this one the door protects nothing.
        match risk == VIRTUAL_CAMERA_OPENS {
            true => report.problem("configuration", &risk),
            false => report.note("configuration", &risk),
        }
    }
    Some(settings)
}

/// Checks the gallery and what depends on it: threshold, look-alikes, groups. Results come before notes.
fn check_people(
    context: &CommandContext,
    report: &mut CheckReport,
    settings: &Settings,
    models: &Arc<Models>,
    installed: bool,
) {
    let enrolled = report.take("gallery", context.enrolled(settings, models));
    let gallery = enrolled.as_ref().map(|enrolled| &enrolled.built.gallery);
    if let Some(gallery) = gallery {
        let (people, templates) = (gallery.people().len(), gallery.templates());
        report.ok(
            "gallery",
            &format!("{}: {people} people, {templates} templates", printable_path(&settings.gallery)),
        );
    }
    check_thresholds(report, settings, models, gallery);
    let Some(Enrolled { built, store_trouble, .. }) = &enrolled else { return };
    check_store(context, report, settings, models, store_trouble);
    let notes: Vec<String> = built.notes.iter().map(ToString::to_string).collect();
    report.notes("gallery", &notes);
    check_samples(report, &built.gallery);
    check_look_alikes(report, settings, &built.gallery);
    duplicates::check_doubles(report, settings, models, &built.gallery);
    // The configuration defines the groups, and who is asked to turn the head.
    if installed {
        check_access(report, settings, &built.gallery);
        liveness::check_waivers(report, settings, &built.gallery);
    }
}

fn check_models(report: &mut CheckReport, settings: &Settings) -> Option<Arc<Models>> {
    let models = report.take("models", Models::load(&settings.model).map_err(model_in_words))?;
    let entry = models.embedder.entry();
    report.ok("models", &format!("{} {}: digest, shapes and self-test", entry.name, entry.digest.short()));
    if !entry.trained {
        report.problem("models", &format!("{} is untrained; it must never drive a lock", entry.name));
    }
    Some(models)
}

/// Notes that nobody is enrolled, or names in one line the people who have only one sample.
fn check_samples(report: &mut CheckReport, gallery: &Gallery) {
    const NAMED: usize = 3;
    let people = gallery.people();
    if people.is_empty() {
        report.note("gallery", "nobody is enrolled; `limen enroll ID --name NAME PHOTO` enrols somebody");
    }
    let samples: Vec<&str> =
        people.iter().filter(|person| person.samples.len() == 1).map(|person| person.id.as_str()).collect();
    let who = match samples.as_slice() {
        [] => return,
        [one] => format!("{one} has"),
        some if some.len() <= NAMED => format!("{} have", some.join(", ")),
        many => format!("{} of {} people ({}, ...) have", many.len(), people.len(), many[..NAMED].join(", ")),
    };
    report
        .note("gallery", &format!("{who} one template only; people with two or three are recognised better"));
}

/// Checks the templates on the disk: which are not used, and where their key is.
fn check_store(
    context: &CommandContext,
    report: &mut CheckReport,
    settings: &Settings,
    models: &Models,
    trouble: &[StoreError],
) {
    // Only the service can read a systemd credential.
    let harmless = |error: &&StoreError| {
        error.may_be_replaced() || matches!(error, StoreError::NoKey { .. }) || error.altered().is_some()
    };
    let (notes, problems): (Vec<&StoreError>, Vec<_>) = trouble.iter().partition(harmless);
    let texts = |errors: Vec<&StoreError>| errors.into_iter().map(ToString::to_string).collect::<Vec<_>>();
    report.notes("store", &texts(notes));
    report.all_problems("store", &texts(problems));
    let store_file = settings.store_file();
    if context.gallery().is_none() && store_file.file().exists() {
        report.take("store", store_file.check_model(&version_of(models)));
        if let KeyPlace::Own(_) = store_file.key() {
            report.note("store", BESIDE);
        }
    }
}

fn check_look_alikes(report: &mut CheckReport, settings: &Settings, gallery: &Gallery) {
    let mut notes = Vec::new();
    for (one, other, _) in settings.recognition.look_alikes.pairs() {
        for id in [one, other].into_iter().filter(|id| gallery.get(id).is_none()) {
            notes.push(format!(
                "the pair {one}, {other}: {id} is not enrolled; correct the id or remove the pair"
            ));
        }
    }
    report.notes("look-alikes", &notes);
}

fn check_thresholds(
    report: &mut CheckReport,
    settings: &Settings,
    models: &Models,
    gallery: Option<&Gallery>,
) {
    let Some(scoring) = report.take("threshold", scoring(&settings.recognition, models)) else { return };
    let thresholds = thresholds(&settings.recognition, models, &scoring, Attempt::Track);
    let Some(thresholds) = report.take("threshold", thresholds) else { return };
    report.take("threshold", same_face(&settings.recognition, models));
    let case = Case {
        people: gallery.map_or(1, |gallery| gallery.people().len().max(1)),
        photographs: gallery.and_then(|g| g.people().iter().map(|p| p.samples.len()).min()).unwrap_or(1),
        frames: u32::try_from(settings.rules.frames).unwrap_or(u32::MAX),
        crops: Crops::Plain,
    };
    let promised = gallery.and_then(|gallery| promise(&thresholds, gallery, settings.rules.frames));
    let said = threshold_in_words(&thresholds, case, promised);
    match promised.and_then(|promised| shortfall(&promised)) {
        Some(shortfall) => report.problem("threshold", &format!("{said}; {shortfall}")),
        None => report.ok("threshold", &said),
    }
}

/// Checks that this machine is fast enough for a decision. With a dry run a machine that is too slow is only a
/// note.
fn check_speed(report: &mut CheckReport, settings: &Settings, models: &Arc<Models>) {
    let Some(face) = report.take("speed", ENROLLED.picture()) else { return };
    let Some(usual) = report.take("speed", usual_frame(models, &face)) else { return };
    match can_decide(usual, settings.rules.frames) {
        Ok(said) => report.ok("speed", &said),
        Err(said) if settings.door.driver == Driver::DryRun => report.note("speed", &said),
        Err(said) => report.problem("speed", &said),
    }
}

fn threshold_in_words(thresholds: &Thresholds, case: Case, promised: Option<Promise>) -> String {
    let score = thresholds.threshold(case);
    let met = promised.map(|promised| promised.met).or_else(|| thresholds.rate_of(score, case));
    let meaning = match met {
        Some(rate) => format!("a stranger's attempt succeeds about once in {:.0}", 1.0 / rate),
        None => "its error rate is unknown".to_owned(),
    };
    let fitted = if thresholds.is_extrapolated(case) {
        " (extrapolated: the table has no rate as low as this)"
    } else {
        ""
    };
    let Case { people, frames, .. } = case;
    format!("{score:.3} for {people} people and {frames} frames: {meaning}{fitted}")
}

/// Checks the access rules for what can never have an effect.
fn check_access(report: &mut CheckReport, settings: &Settings, gallery: &Gallery) {
    let access = &settings.access;
    let (schedules, groups) = (access.schedules.len(), access.groups.len());
    let zone = access.calendar.zone_name();
    report.ok("access", &format!("{groups} groups, {schedules} schedules, times of {zone}"));
    let people: Vec<_> = gallery.people().iter().map(|person| (&person.id, &person.standing)).collect();
    let findings = access.findings(&people, access.calendar.local(clocks::now().wall));
    report.all_problems("access", &findings.problems);
    report.notes("access", &findings.notes);
}

fn check_folders(report: &mut CheckReport, settings: &Settings) {
    for folder in [&settings.paths.state, &settings.paths.runtime, &settings.audit.folder] {
        if folder.exists() {
            if report.take("folders", check_folder(folder, Trust::in_the_service())).is_some() {
                report.ok("folders", &printable_path(folder));
            }
        } else {
            report.note(
                "folders",
                &format!("{} will be created when the service starts", printable_path(folder)),
            );
        }
    }
}

fn check_camera(context: &CommandContext, report: &mut CheckReport, settings: &Settings) {
    if ask(&context.socket(settings), Request::Status).is_ok() {
        return report.note("camera", "in use by the running daemon; `limen status` says whether it works");
    }
    if settings.camera.driver == CameraDriver::Rpicam {
        let missing = installed::missing();
        if !missing.is_empty() {
            return report.all_problems("camera", &missing);
        }
    }
    if let Some(camera) = report.take("camera", open(&settings.camera)) {
        report.ok("camera", &camera.describe());
        if settings.camera.identity.is_none() {
            let text = format!("any camera is accepted; identity = \"{}\" pins this one", camera.identity());
            report.note("camera", &text);
        }
    }
}

fn check_door(
    context: &CommandContext,
    report: &mut CheckReport,
    settings: &Settings,
    without_devices: bool,
) {
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
            report.note(
                "door",
                &format!("{}: {} with {} lines", printable_path(&chip.path), chip.label, chip.lines),
            );
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
