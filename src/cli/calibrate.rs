//! `limen calibrate`: proposes this site's threshold and margins from its own gallery.

mod findings;
mod json;
mod report;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use limen_core::people::Gallery;
use limen_core::person::printable_path;
use limen_files::remedy;
use limen_lab::calibration::genuine::Disagreeing;
use limen_lab::calibration::look_alikes::LookAlike;
use limen_lab::calibration::plot::write_histograms;
use limen_lab::calibration::{CalibrationSite, calibrate as measure};

use super::context::CommandContext;
use super::in_force::bring_configuration_into_force;
use super::number::whole;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, say_json};
use crate::config::Settings;
use crate::config::edit::{Proposal, ProposedPair};
use crate::gallery::Roster;
use crate::gallery::roster::RosterEntry;
use crate::pipeline::{Attempt, scoring, shortfall, thresholds};
use findings::CalibrationReport;

/// Propose threshold and margins from the site's own gallery. Exit code 1 if people look alike, photographs
/// disagree or the target is not met.
///
/// All people are compared with each other, and each photograph with the person's others. The result is a
/// proposal: the configuration changes only with --write. With --json one object, explained in
/// docs/calibration.md: people, singles, pairs, threshold, far, days_to_a_false_accept, genuine, impostor,
/// cohort, by_person, look_alikes, disagreeing, too_few, incomparable, advice, notes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many strangers try to enter per day, for the expected false accepts
    #[arg(long, value_name = "M", default_value_t = 20, value_parser = whole(1..=1_000_000_u32))]
    visitors: u32,
    /// Use this target instead of the configured one
    #[arg(long, value_name = "FAR", conflicts_with = "write", value_parser = target)]
    target_far: Option<f64>,
    /// Write calibration.svg and limen-proposal.toml into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write the proposal into the configuration, and ask a running daemon to reload; if it refuses, this is undone
    #[arg(long)]
    write: bool,
}

/// Parses a target that the configuration accepts, 1e-8 to 1e-1.
fn target(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(far) if (1e-8..=1e-1).contains(&far) => Ok(far),
        _ => Err("use 1e-8 to 1e-1".to_owned()),
    }
}

pub fn calibrate(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let mut settings = context.settings_of_gallery()?;
    if arguments.write && context.file_of_settings().is_none() {
        let what = "--write needs a configuration to write to: name it with --config FILE";
        return Err(CommandError::Usage(what.to_owned()));
    }
    if let Some(far) = arguments.target_far {
        (settings.recognition.target_far, settings.recognition.max_distance) = (far, None);
    }
    let report = look_at(context, &settings, arguments.visitors)?;
    let proposal = propose(&report);
    if context.json {
        say_json(&json::report(&report));
    } else {
        report.notes.iter().for_each(|text| note(text));
        report::tell(&report, &proposal);
    }
    if let Some(folder) = &arguments.out {
        write_out(folder, &report, &proposal)?;
    }
    if let (true, Some(file)) = (arguments.write, context.file_of_settings()) {
        write_configuration(context, &settings, file, &proposal)?;
    }
    Ok(CommandOutcome::of(report.warnings() == 0))
}

fn look_at<'a>(
    context: &CommandContext,
    settings: &'a Settings,
    visitors: u32,
) -> Result<CalibrationReport<'a>, CommandError> {
    let models = context.models(settings)?;
    let built = context.enrolled(settings, &models)?.built;
    let recognition = &settings.recognition;
    let scoring = scoring(recognition, &models)?;
    let found = measure(&CalibrationSite {
        gallery: &built.gallery,
        scoring: &scoring,
        thresholds: &thresholds(recognition, &models, &scoring, Attempt::Track)?,
        target_far: recognition.max_distance.is_none().then_some(recognition.target_far),
        frames: u32::try_from(settings.rules.frames).unwrap_or(u32::MAX),
        margin: recognition.margin,
        look_alikes: &recognition.look_alikes,
    });
    let roster = Roster::load(&settings.gallery, context.trust())?;
    Ok(CalibrationReport {
        gallery: printable_path(&settings.gallery),
        model: format!("{} {}", models.embedder.entry().name, models.digest().short()),
        cohort: scoring.cohort().to_owned(),
        settings,
        visitors,
        photographs: found.disagreeing.iter().map(|one| name_of(one, &built.gallery, &roster)).collect(),
        found,
        notes: built.notes.iter().map(ToString::to_string).collect(),
    })
}

/// The photograph's file, or the number of the embedding in the gallery file.
fn name_of(sample: &Disagreeing, gallery: &Gallery, roster: &Roster) -> String {
    let photographs = gallery.get(&sample.person).map_or(0, |person| person.photographs);
    let entry: Option<&RosterEntry> = roster.people.iter().find(|entry| entry.id == sample.person);
    let photo = entry.and_then(|entry| entry.photos.get(sample.sample));
    match photo {
        Some(photo) if sample.sample < photographs => printable_path(&photo.path),
        _ => format!("embedding {} in the file", sample.sample.saturating_sub(photographs) + 1),
    }
}

fn propose(report: &CalibrationReport<'_>) -> Proposal {
    let found = &report.found;
    let current = report.settings.recognition.target_far;
    let mut about = vec![
        format!(
            "Proposed by `limen calibrate` from {} people and {} templates.",
            found.people, found.samples
        ),
        "Nothing of this is in force before it is in the configuration.".to_owned(),
    ];
    about.extend(found.door.promise.as_ref().and_then(shortfall));
    about.extend(found.look_alikes.iter().filter_map(words::inseparable));
    let advised = found.advice.target_far.filter(|far| *far < current);
    if let (None, Some(kept)) = (advised, found.advice.target_far) {
        about.push(format!("target-far = {kept:e} is kept: {}.", words::reason(found)));
    }
    let pair = |pair: &LookAlike| {
        let (margin, people) = (pair.proposed()?, pair.people.clone());
        Some(ProposedPair { people, margin, why: words::resemblance(pair) })
    };
    Proposal {
        about,
        target_far: advised.map(|far| (far, words::reason(found))),
        look_alikes: found.look_alikes.iter().filter_map(pair).collect(),
    }
}

fn write_out(folder: &Path, report: &CalibrationReport<'_>, proposal: &Proposal) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| {
        CommandError::Device(format!("{}: {error}{}", printable_path(folder), remedy(&error)))
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let (plot, fragment) = (folder.join("calibration.svg"), folder.join("limen-proposal.toml"));
    write_histograms(&plot, &report.model, &report.found)?;
    fs::write(&fragment, proposal.fragment()).map_err(failed)?;
    [plot, fragment].iter().for_each(|file| note(&format!("wrote {}", printable_path(file))));
    Ok(())
}

fn write_configuration(
    context: &CommandContext,
    settings: &Settings,
    file: &Path,
    proposal: &Proposal,
) -> Result<(), CommandError> {
    if proposal.is_empty() {
        note(&format!("nothing to change in {}", printable_path(file)));
        return Ok(());
    }
    let edited = proposal.write(file)?;
    bring_configuration_into_force(context, settings, file, &edited).into_result()?;
    note(&format!("changed {}", printable_path(file)));
    Ok(())
}
