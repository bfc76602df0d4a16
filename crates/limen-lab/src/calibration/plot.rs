//! A gallery's genuine and impostor scores as SVG, with the threshold.

use std::path::Path;

use plotters::prelude::*;

use super::Calibration;
use super::counts::{STEP, ScoreHistogram};
use crate::EvaluationError;
use crate::plot::{Drawn, SIZE, builder, histograms, mark};

/// Histogram steps per row, so that a small gallery's histogram has few gaps.
const STEPS: usize = 2;

/// Writes both histograms into a file.
pub fn write_histograms(file: &Path, title: &str, found: &Calibration) -> Result<(), EvaluationError> {
    draw(file, title, found)
        .map_err(|error| EvaluationError::Plot { file: file.to_owned(), what: error.to_string() })
}

fn draw(file: &Path, title: &str, found: &Calibration) -> Drawn {
    let threshold = f64::from(found.door.threshold_of_a_photograph.get());
    let genuine = outline(&found.genuine.histogram, found.genuine.comparisons);
    let impostor = outline(&found.impostors.counts.histogram, found.impostors.counts.comparisons);
    let points = || genuine.iter().chain(&impostor);
    let highest = points().map(|point| point.1).fold(1e-6, f64::max) * 1.05;
    let (left, right) = points()
        .map(|point| point.0)
        .fold((threshold - 0.1, threshold + 0.1), |(low, high), score| (low.min(score), high.max(score)));
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = builder(&area, &format!("Scores of the gallery: {title}"))
        .build_cartesian_2d(left..right, 0.0..highest)?;
    chart
        .configure_mesh()
        .x_desc("score, smaller is more alike")
        .y_desc("share of comparisons")
        .y_label_formatter(&|share| format!("{:.1} %", 100.0 * share))
        .draw()?;
    histograms(&mut chart, genuine, impostor)?;
    mark(&mut chart, format!("threshold of one photograph, {threshold:.3}"), threshold, highest)?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperMiddle)
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}

/// A histogram as fractions per step; empty steps are zero.
fn outline(histogram: &ScoreHistogram, comparisons: u64) -> Vec<(f64, f64)> {
    let width = f64::from(STEP) * STEPS as f64;
    let total = comparisons.max(1) as f64;
    let rows = histogram.rows(STEPS).into_iter();
    rows.flat_map(|(lower, count)| {
        let (lower, share) = (f64::from(lower), count as f64 / total);
        [(lower, 0.0), (lower, share), (lower + width, share), (lower + width, 0.0)]
    })
    .collect()
}
