//! `limen bench`: how long does each stage take on this machine?

mod serve;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::context::{Context, face_of};
use super::demo::photographs;
use super::output::{FAINT, STRONG, progress, say, say_json, styled};
use super::trouble::{Answer, Trouble};
use crate::camera::CAMERA_SIZE;
use crate::camera::photograph::load_photograph;
use crate::camera::pixels::encode_yuyv;
use crate::camera::scale::fit_picture;
use crate::clock::Moment;
use crate::config::Settings;
use crate::embedding::{Crops, Embedding};
use crate::frame::{Frame, Picture, PixelFormat};
use crate::gallery::{Gallery, Person, Standing};
use crate::matching::{Matcher, Prepared};
use crate::person::{PersonId, PersonName};
use crate::pipeline::{observe, rule, scoring, see};
use crate::policy::Event;
use crate::vision::model::Models;
use crate::vision::{Analyst, Vision};

/// The stages, in the order in which a frame meets them.
const STAGES: [&str; 7] = ["decode", "detect", "landmarks", "align", "embed", "match", "total"];
/// Rounds that are not counted: caches and clock rates settle.
const WARM_UP: usize = 5;

/// How long each stage takes, from a 640x480 YUYV frame with a face to a decision, on one core.
///
/// With --json one object: stages [{stage, p50_ms, p95_ms, p99_ms}], empty_frame [the same, without a face],
/// peak_rss_mib, load_ms, templates, model.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Frames measured
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(10..=100_000))]
    frames: u64,
    /// People in the gallery that is compared with, made up
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    templates: u64,
    /// A photograph with a face instead of the built-in one
    #[arg(long, value_name = "FILE")]
    photo: Option<PathBuf>,
    /// Measure frames that somebody else names: each line of standard input is a file with the bytes of a 640x480
    /// frame, YUYV or RGB, and is answered with a line {ms: {stage: ...}, faces, compared}; the first line is about
    /// the program, once it is ready
    #[arg(long, conflicts_with_all = ["frames", "photo"])]
    serve: bool,
}

/// One stage's times.
#[derive(Default)]
struct Times(Vec<Duration>);

/// The way of a frame that is measured.
struct Bench {
    vision: Vision,
    matcher: Matcher,
}

/// What one frame gave.
struct Pass {
    /// Of each of [`STAGES`].
    times: [Duration; STAGES.len()],
    /// Found in the frame.
    faces: usize,
    /// A face was embedded and compared with the gallery.
    compared: bool,
}

pub fn bench(context: &Context, arguments: &Arguments) -> Result<Answer, Trouble> {
    let settings = context.settings()?;
    let start = Instant::now();
    let models = context.models(&settings)?;
    let load = start.elapsed();
    let people = usize::try_from(arguments.templates).unwrap_or(usize::MAX);
    let mut bench = Bench::new(&settings, &models, people)?;
    if arguments.serve {
        say_json(&json!({
            "model": models.digest().to_string(), "templates": people, "load_ms": milliseconds(load),
        }));
        return serve::serve(&mut bench, std::io::stdin().lock());
    }
    let with_face = match &arguments.photo {
        Some(photo) => {
            face_of(&super::context::analyst(&settings, &models), photo)?;
            load_photograph(photo)?
        }
        None => photographs::ENROLLED.picture()?,
    };
    let empty = Picture::from_fn(CAMERA_SIZE.0, CAMERA_SIZE.1, |x, y| [(x / 4) as u8, (y / 3) as u8, 90]);
    let rounds = usize::try_from(arguments.frames).unwrap_or(usize::MAX);
    let stages = measure(&mut bench, &yuyv(&with_face), rounds, true)?;
    let empty_stages = measure(&mut bench, &yuyv(&empty), rounds, false)?;
    let rss = peak_rss_mib();
    if context.json {
        say_json(&json!({
            "stages": to_json(&stages), "empty_frame": to_json(&empty_stages), "peak_rss_mib": rss,
            "load_ms": milliseconds(load), "templates": people, "model": models.digest().to_string(),
        }));
        return Ok(Answer::Yes);
    }
    let entry = models.embedder.entry();
    say(&format!("model {} ({}), {people} templates, {rounds} frames", entry.name, models.digest().short()));
    for line in table("640x480 YUYV frame with a face", &stages) {
        say(&line);
    }
    for line in table("640x480 YUYV frame without a face", &empty_stages) {
        say(&line);
    }
    say(&format!("models loaded and self-tested in {:.0} ms; peak memory {rss:.0} MiB", milliseconds(load)));
    if let Some(loss) = &entry.quantisation {
        say(&format!(
            "int8 against float: embeddings differ by {:.4} on average; TAR at FAR 1e-4 {:.1} % against {:.1} %",
            loss.mean_l2_difference,
            100.0 * loss.tar_int8,
            100.0 * loss.tar_float
        ));
    }
    Ok(Answer::Yes)
}

/// Numbers in an embedding.
fn entry_size(models: &Models) -> usize {
    let outputs = &models.embedder.entry().outputs;
    outputs.first().and_then(|output| output.shape.last()).copied().unwrap_or(0)
}

impl Bench {
    /// Compares what it sees with so many made-up people.
    fn new(settings: &Settings, models: &Arc<Models>, people: usize) -> Result<Self, Trouble> {
        let gallery = made_up(people, entry_size(models), models.digest())?;
        let scoring = scoring(&settings.recognition, models)?;
        let rule = rule(settings, models, &scoring)?;
        let matcher = Matcher::new(rule, Arc::new(Prepared::new(Arc::new(gallery), scoring)));
        let analyst = Analyst::new(Arc::clone(models), settings.recognition.gate, Crops::Plain);
        Ok(Self { vision: Vision::new(analyst), matcher })
    }

    /// From a frame's bytes to what the policy hears.
    fn pass(&mut self, frame: &Frame) -> Result<Pass, Trouble> {
        let start = Instant::now();
        let seen = see(&mut self.vision, frame).map_err(|error| Trouble::Device(error.to_string()))?;
        let before_match = start.elapsed();
        let events = observe(&mut self.matcher, &seen.look);
        let total = start.elapsed();
        let timing = seen.look.timing;
        Ok(Pass {
            times: [
                seen.decode,
                timing.detect,
                timing.landmarks,
                timing.align,
                timing.embed,
                total - before_match,
                total,
            ],
            faces: seen.look.faces,
            compared: events.iter().any(|event| matches!(event, Event::Observed(_))),
        })
    }
}

fn measure(
    bench: &mut Bench,
    frame: &Frame,
    rounds: usize,
    expect_face: bool,
) -> Result<[Times; STAGES.len()], Trouble> {
    let mut times: [Times; STAGES.len()] = Default::default();
    let bar = progress(rounds, "measuring");
    for round in 0..rounds + WARM_UP {
        let pass = bench.pass(&Frame { taken: Moment::now(), ..frame.clone() })?;
        if expect_face && !pass.compared {
            let what = "no usable face in the picture scaled to 640x480; use another one";
            return Err(Trouble::Device(what.to_owned()));
        }
        bar.inc(1);
        if round < WARM_UP {
            continue;
        }
        for (times, measured) in times.iter_mut().zip(pass.times) {
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
    /// The smallest time that `percent` of all do not exceed.
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

fn yuyv(picture: &Picture) -> Frame {
    let (width, height) = CAMERA_SIZE;
    packed(PixelFormat::Yuyv, 2, encode_yuyv(&fit_picture(picture, width, height)))
}

/// A frame of the camera's size, with so many bytes a pixel.
fn packed(format: PixelFormat, pixel: usize, bytes: Vec<u8>) -> Frame {
    let (width, height) = CAMERA_SIZE;
    let stride = width as usize * pixel;
    Frame { format, width, height, stride, bytes, taken: Moment::default(), sequence: 0 }
}

/// People whose templates are points on the unit sphere, always the same ones.
fn made_up(
    people: usize,
    dimensions: usize,
    model: crate::embedding::ModelDigest,
) -> Result<Gallery, Trouble> {
    // Knuth's multiplicative generator: nobody's secrets depend on it.
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let person = |index: usize| {
        let values: Vec<f32> = (0..dimensions).map(|_| next()).collect();
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        let single = Embedding::new(values.iter().map(|v| v / length).collect::<Vec<_>>())?;
        let id = PersonId::new(&format!("made-up-{index}")).ok()?;
        Person::new(id, PersonName::new("Nobody").ok()?, Standing::default(), vec![single], 1)
    };
    let people: Option<Vec<Person>> = (0..people).map(person).collect();
    let people = people.ok_or_else(|| Trouble::Device("the model has no usable output size".to_owned()))?;
    Ok(Gallery::new(people, model))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The most memory that this process ever had resident, from /proc; 0 where there is none.
fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|n| n.trim().parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
