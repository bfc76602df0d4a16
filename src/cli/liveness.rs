//! `limen liveness eval`: measures on clips how often attacks are let in, and people refused.

mod report;

use std::path::PathBuf;
use std::sync::Arc;

use limen_core::person::printable_path;
use limen_lab::bootstrap::in_parallel;
use limen_lab::liveness::attempt::{AskMode, AttemptRules, attempts, check, score};
use limen_lab::liveness::clip::{Clip, ClipError, read_clips};
use limen_lab::liveness::evidence::vision;
use limen_lab::liveness::features::features;
use limen_lab::liveness::plot::write_histograms;
use limen_lab::liveness::watch::watch;
use limen_vision::model::Models;
use serde_json::json;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, progress, say, say_json};
use crate::config::Settings;
use report::{JudgedClip, LivenessReport};

/// The subcommands of `limen liveness`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Measure on clips how often attacks are let in (APCER, for each species) and people refused (BPCER)
    ///
    /// DIR/SPECIES/CLIP has the frames 000000.jpg, 000001.jpg, ... and clip.toml, explained in docs/liveness.md. A
    /// clip of a person is one attempt with the prompts that the clip answered. An attack without prompts is tried with
    /// 20 challenges drawn by lot, each with one retry. Bounds are Clopper-Pearson's, two-sided, 95 %.
    ///
    /// With --json one object: species [{species, attempts, accepted, apcer, low, high}], live [attempts of people],
    /// bpcer, bpcer_low, bpcer_high [of those that responded], non_response, asked; rates as fractions.
    Eval(Arguments),
}

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder of clips, DIR/SPECIES/CLIP
    #[arg(long, value_name = "DIR")]
    clips: PathBuf,
    /// What is measured
    #[arg(long, value_name = "MODE", default_value = "challenge")]
    mode: ModeChoice,
    /// The same seed draws the same challenges
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write histograms of the scores to this file, as SVG
    #[arg(long, value_name = "FILE", conflicts_with = "features")]
    out: Option<PathBuf>,
    /// First print each clip: what has become of its attempts, and when
    #[arg(long, conflicts_with = "features")]
    each: bool,
    /// Print what is measured on every frame instead, one JSON object per line, for models/fit
    ///
    /// species, clip, live, taken_ms, yaw, pitch, nose_offset, growth, nose_x, nose_y, swell, rest; null if not measured.
    #[arg(long)]
    features: bool,
    /// Threads to work with [default: one per processor core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ModeChoice {
    /// Whether somebody is let in by what they do anyway
    Motion,
    /// Whether somebody answers a challenge
    Challenge,
}

pub fn liveness(context: &CommandContext, command: &Command) -> Result<CommandOutcome, CommandError> {
    let Command::Eval(arguments) = command;
    let mode = match arguments.mode {
        ModeChoice::Motion => AskMode::Motion,
        ModeChoice::Challenge => AskMode::Challenge,
    };
    let settings = context.settings()?;
    let clips = read_clips(&arguments.clips)?;
    if arguments.features {
        return print_features(arguments, &clips, &context.models(&settings)?);
    }
    clips.iter().try_for_each(|clip| check(clip, mode))?;
    let models = context.models(&settings)?;
    let rules = AttemptRules {
        mode,
        frames: settings.rules.frames,
        limits: models.liveness_limits(),
        // Looking up is not asked: its error is not measured.
        may_ask_up: false,
        seed: arguments.seed,
    };
    let judged = judge(arguments, &clips, &models, &settings, &rules)?;
    if arguments.each && !context.json {
        judged.iter().for_each(|clip| say(&clip.line()));
    }
    let report = LivenessReport::new(mode, judged);
    if let Some(file) = &arguments.out {
        let (what, limit) = match mode {
            AskMode::Motion => ("log ratio of the whole track", rules.limits.solid),
            AskMode::Challenge => ("log ratio of the weaker of both turns", rules.limits.turn),
        };
        write_histograms(file, what, limit.get(), &report.scored())?;
        note(&format!("wrote {}", printable_path(file)));
    }
    if context.json {
        say_json(&report.to_json());
    } else {
        report.lines().iter().for_each(|line| say(line));
    }
    Ok(CommandOutcome::Yes)
}

/// All attempts of all clips.
fn judge(
    arguments: &Arguments,
    clips: &[Clip],
    models: &Arc<Models>,
    settings: &Settings,
    rules: &AttemptRules,
) -> Result<Vec<JudgedClip>, CommandError> {
    of_all(arguments, clips, "watching", |clip, done| {
        let frames = watch(clip, vision(models, settings.recognition.gate), done)?;
        Ok(JudgedClip {
            species: clip.species.clone(),
            name: clip.name.clone(),
            live: clip.live,
            attempts: attempts(clip, &frames, rules),
            score: score(&frames, rules.mode),
        })
    })
}

fn print_features(
    arguments: &Arguments,
    clips: &[Clip],
    models: &Arc<Models>,
) -> Result<CommandOutcome, CommandError> {
    let all = of_all(arguments, clips, "measuring", |clip, done| features(clip, models, done))?;
    all.iter().flatten().for_each(|frame| say_json(&json!(frame)));
    Ok(CommandOutcome::Yes)
}

/// Does this with every clip, on several threads, in the order of the clips.
fn of_all<T: Send>(
    arguments: &Arguments,
    clips: &[Clip],
    what: &str,
    work: impl Fn(&Clip, &dyn Fn()) -> Result<T, ClipError> + Sync,
) -> Result<Vec<T>, CommandError> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.threads.unwrap_or_else(cores);
    let bar = progress(clips.iter().map(|clip| clip.frames.len()).sum(), what);
    let found = in_parallel(clips.len(), threads, |index| work(&clips[index], &|| bar.inc(1)));
    bar.finish_and_clear();
    Ok(found.into_iter().collect::<Result<_, _>>()?)
}
