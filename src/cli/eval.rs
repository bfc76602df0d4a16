//! `limen eval`: measures error rates, with intervals, on photographs of known people.

mod listed;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use limen_core::embedding::{Crops, ModelDigest};
use limen_core::person::printable_path;
use limen_lab::pairs::{Pair, read_pairs};
use limen_lab::pictures::{Collection, Embedded};
use limen_lab::rates::{PairHistogram, rates};
use limen_lab::sides::{ComparisonMethod, LabelledFace, compare};
use limen_vision::analyst::Analyst;
use limen_vision::matching::scoring::Scoring;
use limen_vision::model::{EmbedderChoice, Models};
use limen_vision::quality::Gate;

use super::context::CommandContext;
use super::number::whole;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, progress, say, say_json};
use crate::config::Settings;
use crate::pipeline::centred;
use listed::ListedPairs;
use report::EvaluationReport;

/// The false accept rates of the table.
const FARS: [f64; 5] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2];
/// The most pictures of a template or a probe.
const MOST: usize = 20;
/// The default number of random draws.
const DRAWS: u16 = 20;

/// Measure error rates on photographs of known people, one folder per person. Intervals hold 95 % of a
/// bootstrap by identity.
///
/// Every picture is compared with every other, or with --gallery N templates of N pictures with probes of the
/// rest, as the mean of repeated random draws. Scores are centred with the model's cohort, if it has one.
///
/// With --json one object per network: model, images, failures, failed [{file, why}], no_picture [name],
/// one_picture [name], pairs, pairs_missing [{pair, why}], accuracy, accuracy_in_tenths, accuracy_low,
/// accuracy_high, eer, eer_low, eer_high, tar [{far, threshold, tar, low, high}], genuine, impostor, draws,
/// templates, probe_frames, cohort, crops; rates as fractions.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// FOLDER/PERSON/*.jpg or *.png
    #[arg(long, value_name = "FOLDER")]
    images: PathBuf,
    /// Pairs as in Labeled Faces in the Wild, for the accuracy
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    /// Write roc.svg, det.svg, scores.svg, curve.csv and, with --pairs, scores.csv into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// A file that keeps embeddings, so that the same pictures are embedded only once
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// Pictures fused into one probe, with --gallery N
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = whole(1..=MOST as u16))]
    probe_frames: u16,
    /// Random draws of templates and probes, with --gallery N
    #[arg(long, value_name = "D", default_value_t = DRAWS, value_parser = whole(1..=1000_u16))]
    draws: u16,
    /// Measure this network, by its name or file, instead of the configured one; may be repeated to compare
    /// several in one plot
    #[arg(long = "model", value_name = "NAME|FILE")]
    models: Vec<String>,
    /// Embed the plain crop only
    #[arg(long)]
    plain: bool,
    /// Compare by distance, without the cohort
    #[arg(long)]
    distance: bool,
    /// Threads to work with [default: one per processor core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

pub fn eval(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let how = comparison(context, arguments)?;
    let settings = context.settings()?;
    let collection = Collection::scan(&arguments.images)?;
    let pairs = arguments.pairs.as_deref().map(read_pairs).transpose()?;
    let choices = match arguments.models.as_slice() {
        [] => vec![settings.model.clone()],
        named => named.iter().map(|model| choice(model, &settings)).collect::<Result<_, _>>()?,
    };
    let mut reports = Vec::new();
    for choice in choices {
        let models = Models::load(&choice)?;
        let cohort = if arguments.distance { None } else { models.cohort() };
        let scoring = centred(models.embedder.entry(), cohort)?;
        reports.push(evaluate(&collection, pairs.as_deref(), models, &scoring, how, arguments)?);
    }
    if let Some(folder) = &arguments.out {
        let written = report::write_out(folder, &reports)?;
        written.iter().for_each(|file| note(&format!("wrote {}", printable_path(file))));
    }
    for report in &reports {
        if context.json {
            say_json(&report.to_json());
        } else {
            report.lines().iter().for_each(|line| say(line));
        }
    }
    Ok(CommandOutcome::Yes)
}

/// A network by its name, or by its file, which a manifest must describe.
fn choice(model: &str, settings: &Settings) -> Result<EmbedderChoice, CommandError> {
    let packs = settings.paths.packs();
    let path = Path::new(model);
    if !path.is_file() {
        return EmbedderChoice::named(model, packs).ok_or_else(|| {
            let model = limen_core::person::printable(model, 80);
            CommandError::Usage(format!(
                "\"{model}\" is neither a file nor a model's name; see `limen models`"
            ))
        });
    }
    let sha256 = ModelDigest::of(&std::fs::read(path)?);
    Ok(EmbedderChoice::File { path: path.to_owned(), sha256, packs })
}

/// `--gallery` is a number here, where every other command has a file.
fn comparison(context: &CommandContext, arguments: &Arguments) -> Result<ComparisonMethod, CommandError> {
    let Some(photos) = context.gallery() else {
        return match arguments.probe_frames {
            1 => Ok(ComparisonMethod::Singles),
            _ => Err(CommandError::Usage(
                "--probe-frames needs --gallery N, the pictures in a template".to_owned(),
            )),
        };
    };
    let number = photos.to_str().and_then(|text| text.parse().ok()).filter(|n| (1..=MOST).contains(n));
    let photos = number.ok_or_else(|| {
        let what = format!("--gallery is the number of pictures in a template here, 1 to {MOST}");
        CommandError::Usage(what)
    })?;
    Ok(ComparisonMethod::Gallery {
        photos,
        frames: arguments.probe_frames.into(),
        draws: arguments.draws.into(),
    })
}

fn evaluate(
    collection: &Collection,
    pairs: Option<&[Pair]>,
    models: Arc<Models>,
    scoring: &Scoring,
    how: ComparisonMethod,
    arguments: &Arguments,
) -> Result<EvaluationReport, CommandError> {
    let threads =
        arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let model = format!("{} {}", models.embedder.entry().name, models.digest().short());
    let crops = if arguments.plain { Crops::Plain } else { Crops::Mirrored };
    let embedded = embed(collection, models, arguments.cache.as_deref(), threads)?;
    let known = collection.pictures.iter().zip(&embedded);
    let faces: Vec<LabelledFace> = known
        .filter_map(|(known, embedded)| {
            let both = embedded.as_ref().ok()?;
            let embedding = if crops == Crops::Plain { &both.plain } else { &both.mirrored };
            Some(LabelledFace { person: known.person, embedding: embedding.clone() })
        })
        .collect();
    let people = collection.people.len();
    let repeats = compare(&faces, people, scoring, how, threads);
    let (genuine, impostors) =
        repeats.iter().fold((0, 0), |sum, s| (sum.0 + s.genuine(), sum.1 + s.impostors()));
    if genuine == 0 || impostors == 0 {
        let what = "no pairs to compare: it needs people with several photographs that show a face";
        return Err(CommandError::Usage(what.to_owned()));
    }
    let listed = pairs.map(|pairs| ListedPairs::new(collection, &embedded, pairs, scoring, crops));
    Ok(EvaluationReport {
        model,
        cohort: scoring.cohort().to_owned(),
        crops,
        how,
        images: embedded.len(),
        failed: failures(collection, &embedded),
        no_picture: names(collection.people_with(0)),
        one_picture: names(collection.people_with(1)),
        rates: rates(&repeats, &FARS, threads),
        histogram: PairHistogram::of(&repeats),
        genuine,
        impostors,
        listed,
        people,
    })
}

fn embed(
    collection: &Collection,
    models: Arc<Models>,
    cache: Option<&Path>,
    threads: usize,
) -> Result<Vec<Embedded>, CommandError> {
    let analyst = Analyst::new(models, Gate::wide_open(), Crops::Mirrored);
    let bar = progress(collection.pictures.len(), "embedding");
    let embedded = collection.embed(&analyst, cache, threads, &|| bar.inc(1))?;
    bar.finish_and_clear();
    Ok(embedded)
}

fn names(names: Vec<&str>) -> Vec<String> {
    names.into_iter().map(|name| limen_core::person::printable(name, 80)).collect()
}

fn failures(collection: &Collection, embedded: &[Embedded]) -> Vec<(PathBuf, String)> {
    let known = collection.pictures.iter().zip(embedded);
    known.filter_map(|(known, face)| Some((known.file.clone(), face.as_ref().err()?.clone()))).collect()
}
