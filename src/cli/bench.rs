//! `limen bench`: measures how long each stage takes on this machine.

mod serve;
mod stages;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use limen_core::embedding::{Crops, Embedding};
use limen_core::people::{Gallery, Person, Standing};
use limen_core::person::{PersonId, PersonName};
use limen_core::policy::Event;
use limen_vision::follow::Vision;
use limen_vision::frame::Frame;
use limen_vision::matching::{Matcher, Prepared};
use limen_vision::model::Models;
use serde_json::{Value, json};

use super::context::{CommandContext, face_in, photograph};
use super::demo::photographs;
use super::number::whole;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{FAINT, STRONG, progress, say, say_json, styled};
use super::speed::{FramePlayer, FrameUse, hallway, yuyv};
use crate::config::Settings;
use crate::pipeline::{observe, rule, scoring};
use stages::{STAGES, milliseconds, times_of};

/// Frames that are not counted, while caches and clock rates settle.
const WARM_UP: usize = 5;
/// The time between two frames of a camera with 30 frames per second.
const CAMERA_INTERVAL: Duration = Duration::from_millis(33);

/// Measure how long each stage takes, from a 640x480 YUYV frame with a face to a decision, on one core.
///
/// With --json one object: stages [{stage, p50_ms, p95_ms, p99_ms}], followed_frame [the same, between two
/// searches], empty_frame [the same, without a face], still_scene [the same, if nothing has moved], first_ms
/// and tenth_ms [at 30 frames per second], peak_rss_mib, load_ms, templates, model.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many frames are measured
    #[arg(long, default_value_t = 200, value_parser = whole(10..=100_000_u64))]
    frames: u64,
    /// How many made-up people the gallery has
    #[arg(long, default_value_t = 10_000, value_parser = whole(1..=100_000_u64))]
    templates: u64,
    /// A photograph with a face instead of the built-in one
    #[arg(long, value_name = "FILE")]
    photo: Option<PathBuf>,
    /// Measure the frames that another program names, one at a time
    ///
    /// Each line of standard input names a file with the bytes of a 640x480 frame, YUYV or RGB, and may add a space and
    /// the milliseconds since the frame before. Each is answered with one line of JSON: ms {stage: ...}, faces,
    /// compared. A line about the program comes first, once it is ready: model, templates, load_ms.
    #[arg(long, conflicts_with_all = ["frames", "photo"])]
    serve: bool,
}

/// The times of one stage, sorted once they are all measured.
#[derive(Default)]
struct Times(Vec<Duration>);

pub fn bench(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let settings = context.settings()?;
    let start = Instant::now();
    let models = context.models(&settings)?;
    let load = start.elapsed();
    let people = usize::try_from(arguments.templates).unwrap_or(usize::MAX);
    if arguments.serve {
        say_json(&json!({
            "model": models.digest().to_string(), "templates": people, "load_ms": milliseconds(load),
        }));
        let vision = Vision::new(Arc::clone(&models), settings.recognition.gate, Crops::Plain);
        let matcher = among(people, &settings, &models)?;
        return serve::serve(vision, matcher, std::io::stdin().lock());
    }
    let with_face = match &arguments.photo {
        Some(photo) => {
            let picture = photograph(photo)?;
            face_in(&super::context::analyst(&settings, &models), &picture, photo)?;
            picture
        }
        None => photographs::ENROLLED.picture()?,
    };
    let mut matcher = among(people, &settings, &models)?;
    let (first, tenth) = first_and_tenth(&models, &settings, &mut matcher, &yuyv(&with_face))?;
    let rounds = usize::try_from(arguments.frames).unwrap_or(usize::MAX);
    let (face, empty) = ([yuyv(&with_face)], [yuyv(&hallway(90)), yuyv(&hallway(130))]);
    let mut measured = Vec::new();
    for (name, title, frames, wanted) in [
        ("stages", "640x480 YUYV frame with a face", &face[..], FrameUse::Search),
        ("followed_frame", "the same between two searches", &face[..], FrameUse::Follow),
        ("empty_frame", "640x480 YUYV frame without a face", &empty[..], FrameUse::Search),
        ("still_scene", "the same, if nothing has moved", &empty[..1], FrameUse::Rest),
    ] {
        let vision = Vision::new(Arc::clone(&models), settings.recognition.gate, Crops::Plain);
        let expect_face = frames.len() == 1 && wanted != FrameUse::Rest;
        let mut player = FramePlayer::new(vision, wanted);
        measured.push((name, title, measure(&mut player, &mut matcher, frames, rounds, expect_face)?));
    }
    let rss = peak_rss_mib();
    if context.json {
        let mut report = json!({
            "first_ms": milliseconds(first), "tenth_ms": milliseconds(tenth), "peak_rss_mib": rss,
            "load_ms": milliseconds(load), "templates": people, "model": models.digest().to_string(),
        });
        for (name, _, stages) in &measured {
            report[*name] = to_json(stages).into();
        }
        say_json(&report);
        return Ok(CommandOutcome::Yes);
    }
    let entry = models.embedder.entry();
    say(&format!("model {} ({}), {people} templates, {rounds} frames", entry.name, models.digest().short()));
    for (_, title, stages) in &measured {
        table(title, stages).iter().for_each(|line| say(line));
    }
    let [first, tenth] = [first, tenth].map(milliseconds);
    say(&format!("at 30 frames per second the first frame took {first:.1} ms, the tenth {tenth:.1} ms"));
    say(&format!("models loaded and self-tested in {:.0} ms; peak memory {rss:.0} MiB", milliseconds(load)));
    if let Some(loss) = &entry.quantisation {
        say(&format!(
            "int8 against float: embeddings differ by {:.4} on average; TAR at FAR 1e-4 {:.1} % against {:.1} %",
            loss.mean_l2_difference,
            100.0 * loss.tar_int8,
            100.0 * loss.tar_float
        ));
    }
    Ok(CommandOutcome::Yes)
}

/// A matcher whose gallery has `people` made-up people.
fn among(people: usize, settings: &Settings, models: &Models) -> Result<Matcher, CommandError> {
    let gallery = made_up(people, entry_size(models), models.digest())?;
    let scoring = scoring(&settings.recognition, models)?;
    let rule = rule(settings, models, &scoring)?;
    Ok(Matcher::new(rule, Arc::new(Prepared::new(gallery, scoring))))
}

/// How many numbers an embedding has.
fn entry_size(models: &Models) -> usize {
    let outputs = &models.embedder.entry().outputs;
    outputs.first().and_then(|output| output.shape.last()).copied().unwrap_or(0)
}

/// The times of the first and the tenth frame after the start, at the rate of a camera: between two frames the caches
/// get cold.
fn first_and_tenth(
    models: &Arc<Models>,
    settings: &Settings,
    matcher: &mut Matcher,
    frame: &Frame,
) -> Result<(Duration, Duration), CommandError> {
    let vision = Vision::new(Arc::clone(models), settings.recognition.gate, Crops::Plain);
    let mut player = FramePlayer::new(vision, FrameUse::Search);
    let mut times = Vec::new();
    for _ in 0..10 {
        std::thread::sleep(CAMERA_INTERVAL);
        let start = Instant::now();
        if let Some((seen, _)) = player.show(frame)? {
            observe(matcher, &seen.look, None);
        }
        times.push(start.elapsed());
    }
    Ok((times[0], times[9]))
}

/// Shows the frames in turn until `rounds` of them are measured.
fn measure(
    player: &mut FramePlayer,
    matcher: &mut Matcher,
    frames: &[Frame],
    rounds: usize,
    expect_face: bool,
) -> Result<[Times; STAGES.len()], CommandError> {
    let mut times: [Times; STAGES.len()] = Default::default();
    let bar = progress(rounds, "measuring");
    let mut warm = 0;
    for frame in frames.iter().cycle() {
        if times[0].0.len() == rounds {
            break;
        }
        let Some((seen, before_match)) = player.show(frame)? else { continue };
        let start = Instant::now();
        let events = observe(matcher, &seen.look, None);
        let matched = start.elapsed();
        if expect_face && !events.iter().any(|event| matches!(event, Event::Observed(_))) {
            let what = "no usable face in the picture scaled to 640x480; use another one";
            return Err(CommandError::Device(what.to_owned()));
        }
        bar.inc(1);
        if warm < WARM_UP {
            warm += 1;
            continue;
        }
        for (times, measured) in times.iter_mut().zip(times_of(&seen, before_match, matched)) {
            times.0.push(measured);
        }
    }
    bar.finish_and_clear();
    for times in &mut times {
        times.0.sort_unstable();
    }
    Ok(times)
}

impl Times {
    /// The smallest time that `percent` of all times do not exceed, in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().map_or(0.0, milliseconds)
    }
}

fn table(title: &str, stages: &[Times]) -> Vec<String> {
    let mut lines = vec![styled(STRONG, title, 0)];
    lines.push(styled(FAINT, &format!("  {:<10}{:>9}{:>9}{:>9}  ms", "stage", "p50", "p95", "p99"), 0));
    for (stage, times) in STAGES.iter().zip(stages) {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| times.percentile(percent));
        lines.push(format!("  {stage:<10}{p50:>9.2}{p95:>9.2}{p99:>9.2}"));
    }
    lines
}

fn to_json(stages: &[Times]) -> Vec<Value> {
    let one = |(stage, times): (&&str, &Times)| {
        let [p50, p95, p99] = [50, 95, 99].map(|percent| times.percentile(percent));
        json!({ "stage": stage, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99 })
    };
    STAGES.iter().zip(stages).map(one).collect()
}

/// People whose templates are points on the unit sphere, the same ones in every run.
fn made_up(
    people: usize,
    dimensions: usize,
    model: limen_core::embedding::ModelDigest,
) -> Result<Gallery, CommandError> {
    // Knuth's multiplicative generator: nobody's secrets depend on it.
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let person = |index: usize| {
        let values: Vec<f32> = (0..dimensions).map(|_| next()).collect();
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        let sample = Embedding::new(values.iter().map(|v| v / length).collect::<Vec<_>>())?;
        let id = PersonId::new(&format!("made-up-{index}")).ok()?;
        Person::new(id, PersonName::new("Nobody").ok()?, Standing::default(), vec![sample], 1)
    };
    let people: Option<Vec<Person>> = (0..people).map(person).collect();
    let people =
        people.ok_or_else(|| CommandError::Device("the model has no usable output size".to_owned()))?;
    Ok(Gallery::new(people, model))
}

/// The largest resident memory of this process so far, from /proc; 0 without /proc.
fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|n| n.trim().parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
