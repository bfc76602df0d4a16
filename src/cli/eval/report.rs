//! The result of an evaluation, as text, as JSON and as files.

use std::fs;
use std::path::{Path, PathBuf};

use limen_core::embedding::Crops;
use limen_core::person::printable_path;
use limen_lab::bootstrap::Estimate;
use limen_lab::plot::{Plotted, write_plots};
use limen_lab::rates::{PairHistogram, Rates, TarAtFar};
use limen_lab::sides::ComparisonMethod;
use serde_json::{Value, json};

use super::listed::ListedPairs;
use crate::cli::outcome::CommandError;
use crate::cli::output::{FAINT, STRONG, styled};

/// The most names that the text shows; JSON has all.
const SHOWN: usize = 5;
/// The false accept rate whose threshold is marked in the histogram.
const MARKED: f64 = 1e-4;

/// All measurements of one model.
pub struct EvaluationReport {
    pub model: String,
    pub cohort: String,
    pub crops: Crops,
    pub how: ComparisonMethod,
    pub images: usize,
    /// Pictures without an embedding, and why.
    pub failed: Vec<(PathBuf, String)>,
    /// Folders without a picture.
    pub no_picture: Vec<String>,
    /// People with one picture.
    pub one_picture: Vec<String>,
    pub rates: Rates,
    pub histogram: PairHistogram,
    pub genuine: u64,
    pub impostors: u64,
    pub listed: Option<ListedPairs>,
    pub people: usize,
}

impl EvaluationReport {
    /// The lines of the text.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![styled(STRONG, &self.model, 0), self.what_was_compared()];
        lines.extend(self.what_was_not());
        lines.extend(self.accuracy_line());
        let eer = &self.rates.eer;
        lines.push(format!("equal error rate: {} % ({})", percent(eer.value), range(eer)));
        lines.push(styled(FAINT, &format!("{:>8}{:>9}{:>9}   95 % of draws", "FAR", "score", "TAR %"), 0));
        lines.extend(self.rates.tar.iter().rev().map(tar_line));
        lines
    }

    fn what_was_compared(&self) -> String {
        let sides = match self.how {
            ComparisonMethod::Singles => "single pictures".to_owned(),
            ComparisonMethod::Gallery { photos, frames, draws } => {
                format!("templates of {photos} with probes of {frames}, the mean of {draws} random draws")
            }
        };
        let crops = if self.crops == Crops::Plain { "plain" } else { "mirrored" };
        format!(
            "{sides}; crops {crops}, cohort {}; {} genuine and {} impostor pairs of {} people",
            self.cohort, self.genuine, self.impostors, self.people
        )
    }

    /// The lines about what had to be left out, with names.
    fn what_was_not(&self) -> Vec<String> {
        let failed = self.failed.iter().map(|(file, why)| format!("{}: {why}", printable_path(file)));
        let missing = self.listed.iter().flat_map(|listed| &listed.missing).map(|(_, why)| why.clone());
        [
            (format!("of {} pictures without a usable face", self.images), failed.collect::<Vec<_>>()),
            ("folders without a picture".to_owned(), self.no_picture.clone()),
            ("people with one picture, who count only as strangers".to_owned(), self.one_picture.clone()),
            ("listed pairs that could not be compared".to_owned(), missing.collect()),
        ]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{} {what}: {}", names.len(), some_of(&names)))
        .collect()
    }

    fn accuracy_line(&self) -> Option<String> {
        let listed = self.listed.as_ref()?;
        let (accuracy, interval) = listed.accuracy(self.people)?;
        Some(format!(
            "accuracy on {} listed pairs: {} % at score {:.3} ({}), in tenths {} %",
            listed.pairs.len(),
            percent(accuracy.best),
            accuracy.threshold,
            range(&interval),
            percent(accuracy.in_tenths)
        ))
    }

    /// The object for `--json`.
    pub fn to_json(&self) -> Value {
        let accuracy = self.listed.as_ref().and_then(|listed| listed.accuracy(self.people));
        let missing = self.listed.iter().flat_map(|listed| &listed.missing);
        let (templates, frames, draws) = match self.how {
            ComparisonMethod::Singles => (1, 1, 1),
            ComparisonMethod::Gallery { photos, frames, draws } => (photos, frames, draws),
        };
        json!({
            "model": self.model, "cohort": self.cohort,
            "crops": if self.crops == Crops::Plain { "plain" } else { "mirrored" },
            "images": self.images, "failures": self.failed.len(),
            "failed": self.failed.iter()
                .map(|(file, why)| json!({ "file": printable_path(file), "why": why })).collect::<Vec<_>>(),
            "no_picture": self.no_picture, "one_picture": self.one_picture,
            "pairs": self.listed.as_ref().map_or(0, |listed| listed.pairs.len()),
            "pairs_missing": missing
                .map(|(pair, why)| json!({ "pair": pair, "why": why })).collect::<Vec<_>>(),
            "accuracy": accuracy.map(|(accuracy, _)| accuracy.best),
            "accuracy_in_tenths": accuracy.map(|(accuracy, _)| accuracy.in_tenths),
            "accuracy_low": accuracy.map(|(_, interval)| interval.low),
            "accuracy_high": accuracy.map(|(_, interval)| interval.high),
            "eer": number(self.rates.eer.value),
            "eer_low": number(self.rates.eer.low), "eer_high": number(self.rates.eer.high),
            "tar": self.rates.tar.iter().rev().map(|rate| json!({
                "far": rate.far, "threshold": rate.threshold, "tar": number(rate.tar.value),
                "low": number(rate.tar.low), "high": number(rate.tar.high),
            })).collect::<Vec<_>>(),
            "genuine": self.genuine, "impostor": self.impostors,
            "draws": draws, "templates": templates, "probe_frames": frames,
        })
    }

    fn marked(&self) -> Option<(&'static str, f32)> {
        let rate = self.rates.tar.iter().find(|rate| rate.far == MARKED)?;
        Some(("FAR 1e-4", rate.threshold?))
    }
}

/// Writes plots, curves and the scores of the listed pairs into a folder. Returns the paths of the files.
///
/// # Errors
/// A file cannot be written.
pub fn write_out(folder: &Path, reports: &[EvaluationReport]) -> Result<Vec<PathBuf>, CommandError> {
    let failed = |error: std::io::Error| CommandError::Device(format!("{}: {error}", printable_path(folder)));
    fs::create_dir_all(folder).map_err(failed)?;
    let plotted: Vec<Plotted<'_>> = reports
        .iter()
        .map(|report| Plotted {
            name: &report.model,
            histogram: &report.histogram,
            threshold: report.marked(),
        })
        .collect();
    let mut written = write_plots(folder, &plotted)?;
    let mut write = |name: &str, text: String| {
        let file = folder.join(name);
        fs::write(&file, text).map_err(failed)?;
        written.push(file);
        Ok::<_, CommandError>(())
    };
    write("curve.csv", curves(reports))?;
    if reports.iter().any(|report| report.listed.is_some()) {
        write("scores.csv", listed_scores(reports))?;
    }
    Ok(written)
}

fn curves(reports: &[EvaluationReport]) -> String {
    let mut csv = "model,score,far,tar\n".to_owned();
    for report in reports {
        for (score, far, tar) in report.histogram.curve() {
            csv += &format!("{},{score:.3},{far},{tar}\n", report.model);
        }
    }
    csv
}

fn listed_scores(reports: &[EvaluationReport]) -> String {
    let mut csv = "model,genuine,score\n".to_owned();
    for report in reports {
        for (_, _, pair) in report.listed.iter().flat_map(|listed| &listed.pairs) {
            csv += &format!("{},{},{}\n", report.model, u8::from(pair.genuine), pair.score);
        }
    }
    csv
}

fn tar_line(rate: &TarAtFar) -> String {
    match rate.threshold {
        Some(threshold) => {
            format!("{:>8.0e}{threshold:>9.3}{:>9}   {}", rate.far, percent(rate.tar.value), range(&rate.tar))
        }
        None => format!("{:>8.0e}{:>9}{:>9}   too few pairs", rate.far, "-", "-"),
    }
}

fn some_of(names: &[String]) -> String {
    let some = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN { format!("{some}, ... (all with --json)") } else { some }
}

fn percent(share: f64) -> String {
    format!("{:.2}", 100.0 * share)
}

fn range(estimate: &Estimate) -> String {
    format!("{} to {}", percent(estimate.low), percent(estimate.high))
}

fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { Value::Null }
}
