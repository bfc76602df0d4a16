//! `limen eval`: error rates with intervals, measured on photographs of known people.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::context::{Context, shown};
use super::output::{FAINT, STRONG, note, progress, say, say_json, styled};
use super::trouble::{Answer, Trouble};
use crate::embedding::{Crops, Embedding};
use crate::evaluation::accuracy::{Accuracy, Scored, accuracy};
use crate::evaluation::pairs::{Pair, read_pairs};
use crate::evaluation::pictures::{Both, Collection};
use crate::evaluation::plot::write_plots;
use crate::evaluation::rates::{Distances, Estimate, Side, TarAtFar, accuracy_interval, is_right};
use crate::vision::Analyst;
use crate::vision::quality::Gate;

/// The rates asked for.
const FARS: [f64; 5] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];

/// Error rates on photographs of known people, a folder a person; intervals hold 95 % of a bootstrap by
/// identity.
///
/// With --json one object: pairs, accuracy, accuracy_in_tenths, accuracy_low, accuracy_high, eer, eer_low,
/// eer_high, tar [{far, threshold, tar, low, high}], images, failures, genuine, impostor, model; rates as
/// fractions.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// FOLDER/PERSON/*.jpg or *.png
    #[arg(long, value_name = "FOLDER")]
    images: PathBuf,
    /// Pairs as in Labeled Faces in the Wild, for the accuracy
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    /// Write roc.svg, det.svg, scores.svg and scores.csv there
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Keep embeddings there, and take them from there where model and picture are the same
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// Compare templates of so many photographs with probes, instead of single photographs with each other
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=20))]
    gallery_photos: Option<u16>,
    /// Photographs fused into one probe, with --gallery-photos
    #[arg(long, value_name = "M", default_value_t = 1, requires = "gallery_photos",
          value_parser = clap::value_parser!(u16).range(1..=20))]
    probe_frames: u16,
    /// Embed the plain crop only
    #[arg(long)]
    plain: bool,
    /// Threads
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Everything measured.
struct Report {
    images: usize,
    failures: usize,
    pairs: usize,
    accuracy: Option<(Accuracy, Estimate)>,
    eer: Estimate,
    tar: Vec<TarAtFar>,
    distances: Distances,
    model: String,
}

pub fn eval(context: &Context, arguments: &Arguments) -> Result<Answer, Trouble> {
    let settings = context.settings()?;
    let models = context.models(&settings)?;
    let model = format!("{} {}", models.embedder.entry().name, models.digest().short());
    let collection = Collection::scan(&arguments.images)?;
    let pairs = arguments.pairs.as_deref().map(read_pairs).transpose()?;
    let analyst = Analyst::new(models, Gate::wide_open(), Crops::Mirrored);
    let bar = progress(collection.pictures.len(), "embedding");
    let threads =
        arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let embedded = collection.embed(&analyst, arguments.cache.as_deref(), threads, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let faces: Vec<Option<Embedding>> =
        embedded.into_iter().map(|both| both.map(|both| chosen(both, arguments.plain))).collect();
    let distances = compare(&collection, &faces, arguments)?;
    let scored = pairs.as_deref().map(|pairs| score_pairs(&collection, &faces, pairs)).unwrap_or_default();
    let report = Report {
        images: faces.len(),
        failures: faces.iter().filter(|face| face.is_none()).count(),
        pairs: scored.len(),
        accuracy: (!scored.is_empty()).then(|| measure_accuracy(&scored, collection.people.len())),
        eer: distances.eer(),
        tar: distances.tar_at(&FARS),
        distances,
        model,
    };
    if let Some(folder) = &arguments.out {
        write_out(folder, &report, &scored)?;
    }
    if context.json {
        say_json(&to_json(&report));
    } else {
        tell(&report);
    }
    Ok(Answer::Yes)
}

fn chosen(both: Both, plain: bool) -> Embedding {
    if plain { both.plain } else { both.mirrored }
}

fn compare(
    collection: &Collection,
    faces: &[Option<Embedding>],
    arguments: &Arguments,
) -> Result<Distances, Trouble> {
    let people = collection.people.len();
    let sides: Vec<Side> = collection
        .pictures
        .iter()
        .zip(faces)
        .filter_map(|(known, face)| Some(Side { person: known.person, embedding: face.clone()? }))
        .collect();
    let distances = match arguments.gallery_photos {
        None => Distances::among(&sides, people),
        Some(photos) => {
            let (templates, probes) =
                templates_and_probes(&sides, photos.into(), arguments.probe_frames.into());
            Distances::between(&templates, &probes, people)
        }
    };
    if distances.genuine() == 0 || distances.impostors == 0 {
        let what = "no pairs to compare: it needs people with several photographs that show a face";
        return Err(Trouble::Usage(what.to_owned()));
    }
    Ok(distances)
}

/// Of each person the first photographs as a template, the rest in probes of so many.
fn templates_and_probes(sides: &[Side], photos: usize, frames: usize) -> (Vec<Side>, Vec<Side>) {
    let mean = |sides: &[Side]| {
        let embedding = Embedding::mean(sides.iter().map(|side| &side.embedding))?;
        Some(Side { person: sides[0].person, embedding })
    };
    let (mut templates, mut probes) = (Vec::new(), Vec::new());
    for person in sides.chunk_by(|a, b| a.person == b.person) {
        if person.len() >= photos + frames {
            templates.extend(mean(&person[..photos]));
            probes.extend(person[photos..].chunks_exact(frames).filter_map(mean));
        } else {
            probes.extend(person.chunks_exact(frames).filter_map(mean));
        }
    }
    (templates, probes)
}

/// A listed pair: both people, and the distance.
type ListedPair = (usize, usize, Scored);

fn score_pairs(collection: &Collection, faces: &[Option<Embedding>], pairs: &[Pair]) -> Vec<ListedPair> {
    let index: HashMap<&Path, usize> =
        collection.pictures.iter().enumerate().map(|(index, known)| (known.file.as_path(), index)).collect();
    let find = |file: &Path| {
        let index = *index.get(file)?;
        Some((collection.pictures[index].person, faces[index].as_ref()?))
    };
    let scored: Vec<ListedPair> = pairs
        .iter()
        .filter_map(|pair| {
            let ((a, first), (b, second)) = (find(&pair.first)?, find(&pair.second)?);
            Some((a, b, Scored { distance: first.l2(second), genuine: pair.genuine }))
        })
        .collect();
    if scored.len() < pairs.len() {
        note(&format!("{} of {} pairs lack a face or a file", pairs.len() - scored.len(), pairs.len()));
    }
    scored
}

fn measure_accuracy(listed: &[ListedPair], people: usize) -> (Accuracy, Estimate) {
    let scored: Vec<Scored> = listed.iter().map(|pair| pair.2).collect();
    let found = accuracy(&scored);
    let decided: Vec<(usize, usize, bool)> =
        listed.iter().map(|(a, b, pair)| (*a, *b, is_right(pair, found.threshold))).collect();
    (found, accuracy_interval(found.best, &decided, people))
}

fn tell(report: &Report) {
    let percent = |value: f64| format!("{:.2}", 100.0 * value);
    let range = |estimate: &Estimate| format!("{} to {}", percent(estimate.low), percent(estimate.high));
    say(&styled(STRONG, &report.model, 0));
    say(&format!(
        "{} pictures, {} without a usable face; {} genuine and {} impostor pairs",
        report.images,
        report.failures,
        report.distances.genuine(),
        report.distances.impostors
    ));
    if let Some((accuracy, interval)) = &report.accuracy {
        say(&format!(
            "accuracy on {} listed pairs: {} % at distance {:.3} ({}), in tenths {} %",
            report.pairs,
            percent(accuracy.best),
            accuracy.threshold,
            range(interval),
            percent(accuracy.in_tenths)
        ));
    }
    say(&format!("equal error rate: {} % ({})", percent(report.eer.value), range(&report.eer)));
    say(&styled(FAINT, &format!("{:>8}{:>11}{:>9}   95 % of draws", "FAR", "distance", "TAR %"), 0));
    for rate in &report.tar {
        match rate.threshold {
            Some(threshold) => say(&format!(
                "{:>8.0e}{threshold:>11.3}{:>9}   {}",
                rate.far,
                percent(rate.tar.value),
                range(&rate.tar)
            )),
            None => say(&format!("{:>8.0e}{:>11}{:>9}   too few pairs", rate.far, "-", "-")),
        }
    }
}

fn to_json(report: &Report) -> Value {
    let number = |value: f64| if value.is_finite() { json!(value) } else { Value::Null };
    let tar: Vec<Value> = report
        .tar
        .iter()
        .map(|rate| {
            json!({
                "far": rate.far, "threshold": rate.threshold, "tar": number(rate.tar.value),
                "low": number(rate.tar.low), "high": number(rate.tar.high),
            })
        })
        .collect();
    let accuracy = report.accuracy.as_ref();
    json!({
        "pairs": report.pairs,
        "accuracy": accuracy.map(|(accuracy, _)| accuracy.best),
        "accuracy_in_tenths": accuracy.map(|(accuracy, _)| accuracy.in_tenths),
        "accuracy_low": accuracy.map(|(_, interval)| interval.low),
        "accuracy_high": accuracy.map(|(_, interval)| interval.high),
        "eer": number(report.eer.value), "eer_low": number(report.eer.low), "eer_high": number(report.eer.high),
        "tar": tar, "images": report.images, "failures": report.failures,
        "genuine": report.distances.genuine(), "impostor": report.distances.impostors, "model": report.model,
    })
}

fn write_out(folder: &Path, report: &Report, scored: &[ListedPair]) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| Trouble::Device(format!("{}: {error}", shown(folder)));
    fs::create_dir_all(folder).map_err(failed)?;
    let plots = write_plots(folder, &report.model, &report.distances)?;
    plots.iter().for_each(|plot| note(&format!("wrote {}", shown(plot))));
    if !scored.is_empty() {
        let rows =
            scored.iter().map(|(_, _, pair)| format!("{},{}\n", u8::from(pair.genuine), pair.distance));
        let csv = String::from("genuine,distance\n") + &rows.collect::<String>();
        let file = folder.join("scores.csv");
        fs::write(&file, csv).map_err(failed)?;
        note(&format!("wrote {}", shown(&file)));
    }
    Ok(())
}
