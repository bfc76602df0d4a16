//! Curves and histograms as SVG, for a report.

use std::path::{Path, PathBuf};

use plotters::coord::ranged1d::ValueFormatter;
use plotters::coord::types::RangedCoordf64;
use plotters::coord::{CoordTranslate, ranged1d::Ranged};
use plotters::prelude::*;

use super::EvaluationError;
use super::rates::{PairHistogram, upper_end};

/// The size of a picture, in pixels.
pub(super) const SIZE: (u32, u32) = (800, 560);
/// The smallest rate on a logarithmic axis.
const LEAST: f64 = 1e-6;
/// Steps of a histogram with less than this fraction do not widen the axis.
const VISIBLE: f64 = 1e-4;
const GENUINE: RGBColor = RGBColor(0, 114, 178);
const IMPOSTOR: RGBColor = RGBColor(213, 94, 0);
/// Colours that colour-blind people can tell apart (Okabe and Ito).
const CURVES: [RGBColor; 6] = [
    GENUINE,
    IMPOSTOR,
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
];

/// One evaluation in a plot.
#[derive(Debug, Clone, Copy)]
pub struct Plotted<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// The scores of its pairs.
    pub histogram: &'a PairHistogram,
    /// A score to mark, and its name.
    pub threshold: Option<(&'a str, f32)>,
}

/// Writes `roc.svg` and `det.svg` with all evaluations into a folder, and `scores.svg` (`scores-2.svg`, ...)
/// for each one. Returns the paths.
pub fn write_plots(folder: &Path, plotted: &[Plotted<'_>]) -> Result<Vec<PathBuf>, EvaluationError> {
    let mut written = Vec::new();
    let mut write = |name: String, draw: &dyn Fn(&Path) -> Drawn| {
        let file = folder.join(name);
        draw(&file).map_err(|e| EvaluationError::Plot { file: file.clone(), what: e.to_string() })?;
        written.push(file);
        Ok::<_, EvaluationError>(())
    };
    write("roc.svg".to_owned(), &|file| roc(file, plotted))?;
    write("det.svg".to_owned(), &|file| detection_error(file, plotted))?;
    for (index, one) in plotted.iter().enumerate() {
        let name = if index == 0 { "scores.svg".to_owned() } else { format!("scores-{}.svg", index + 1) };
        write(name, &|file| histogram(file, one))?;
    }
    Ok(written)
}

pub(super) type Drawn = Result<(), Box<dyn std::error::Error>>;

/// FAR and TAR at each step, from the smallest rate shown.
fn curve(plotted: &Plotted<'_>) -> Vec<(f64, f64)> {
    let curve = plotted.histogram.curve().into_iter();
    curve.map(|(_, far, tar)| (far, tar)).filter(|(far, _)| *far >= LEAST).collect()
}

fn roc(file: &Path, plotted: &[Plotted<'_>]) -> Drawn {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let lowest = plotted.iter().flat_map(curve).map(|(_, tar)| tar).fold(1.0, f64::min);
    let from = if lowest > 0.5 { 0.5 } else { 0.0 };
    let mut chart = builder(&area, "ROC").build_cartesian_2d((LEAST..1.0).log_scale(), from..1.0)?;
    mesh(&mut chart, "false accept rate (FAR)", "true accept rate (TAR)")?;
    curves(&mut chart, plotted.iter().map(|one| (one.name, curve(one))), SeriesLabelPosition::LowerRight)?;
    area.present()?;
    Ok(())
}

fn detection_error(file: &Path, plotted: &[Plotted<'_>]) -> Drawn {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart =
        builder(&area, "DET").build_cartesian_2d((LEAST..1.0).log_scale(), (1e-4..1.0).log_scale())?;
    mesh(&mut chart, "false accept rate (FAR)", "false reject rate (FRR)")?;
    let refused = |one: &Plotted<'_>| -> Vec<(f64, f64)> {
        curve(one).into_iter().map(|(far, tar)| (far, 1.0 - tar)).filter(|(_, frr)| *frr >= 1e-4).collect()
    };
    curves(&mut chart, plotted.iter().map(|one| (one.name, refused(one))), SeriesLabelPosition::UpperRight)?;
    area.present()?;
    Ok(())
}

fn curves<'a, X, Y>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
    lines: impl Iterator<Item = (impl Into<String>, Vec<(f64, f64)>)>,
    legend: SeriesLabelPosition,
) -> Drawn
where
    X: Ranged<ValueType = f64> + 'a,
    Y: Ranged<ValueType = f64> + 'a,
    Cartesian2d<X, Y>: CoordTranslate<From = (f64, f64)>,
{
    for (index, (name, points)) in lines.enumerate() {
        let colour = CURVES[index % CURVES.len()];
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 14, y)], colour.stroke_width(2)));
    }
    let mut labels = chart.configure_series_labels();
    labels.position(legend).background_style(WHITE).border_style(BLACK).draw()?;
    Ok(())
}

fn histogram(file: &Path, plotted: &Plotted<'_>) -> Drawn {
    let shares = |counts: &[u64]| -> Vec<(f64, f64)> {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        let share = |(index, count): (usize, &u64)| (f64::from(upper_end(index)), *count as f64 / total);
        counts.iter().enumerate().map(share).collect()
    };
    let genuine = shares(&plotted.histogram.genuine);
    let impostor = shares(&plotted.histogram.impostor);
    let highest = genuine.iter().chain(&impostor).map(|(_, share)| *share).fold(1e-6, f64::max);
    let seen = || genuine.iter().chain(&impostor).filter(|(_, share)| *share > VISIBLE).map(|(at, _)| *at);
    let across = seen().fold(f64::INFINITY, f64::min) - 0.05..seen().fold(f64::NEG_INFINITY, f64::max) + 0.05;
    let across = if across.is_empty() { 0.0..1.0 } else { across };
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = builder(&area, &format!("Scores: {}", plotted.name))
        .build_cartesian_2d(across, 0.0..highest * 1.05)?;
    chart
        .configure_mesh()
        .x_desc("score (smaller is more alike)")
        // Adding zero turns a negative zero into a positive one.
        .x_label_formatter(&|score| format!("{:.1}", score + 0.0))
        .y_desc("share of pairs")
        .y_label_formatter(&|share| format!("{:.1} %", 100.0 * share))
        .draw()?;
    histograms(&mut chart, genuine, impostor)?;
    if let Some((name, score)) = plotted.threshold {
        mark(&mut chart, format!("{name}: {score:.3}"), f64::from(score), highest * 1.05)?;
    }
    chart.configure_series_labels().background_style(WHITE).border_style(BLACK).draw()?;
    area.present()?;
    Ok(())
}

/// A chart with scores across and fractions upwards.
pub(super) type ScoreChart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Draws the scores of genuine and impostor pairs as areas.
pub(super) fn histograms(
    chart: &mut ScoreChart<'_, '_>,
    genuine: Vec<(f64, f64)>,
    impostor: Vec<(f64, f64)>,
) -> Drawn {
    for (name, colour, points) in [("same person", GENUINE, genuine), ("two people", IMPOSTOR, impostor)] {
        chart
            .draw_series(AreaSeries::new(points, 0.0, colour.mix(0.3)).border_style(colour))?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], colour.filled()));
    }
    Ok(())
}

/// Marks a score by a vertical line.
pub(super) fn mark(chart: &mut ScoreChart<'_, '_>, name: String, score: f64, height: f64) -> Drawn {
    chart
        .draw_series(LineSeries::new([(score, 0.0), (score, height)], BLACK.stroke_width(2)))?
        .label(name)
        .legend(|(x, y)| PathElement::new([(x, y), (x + 14, y)], BLACK.stroke_width(2)));
    Ok(())
}

/// A chart with a caption and space for axes.
pub(super) fn builder<'a, 'b>(
    area: &'a DrawingArea<SVGBackend<'b>, plotters::coord::Shift>,
    caption: &str,
) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(area);
    builder.caption(caption, ("sans-serif", 20)).margin(14).x_label_area_size(46).y_label_area_size(64);
    builder
}

/// Draws axes of rates, with their names.
fn mesh<X, Y>(
    chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, Y>>,
    across: &str,
    up: &str,
) -> Drawn
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Cartesian2d<X, Y>: CoordTranslate<From = (f64, f64)>,
{
    let rate = |value: &f64| if *value < 1e-3 { format!("{value:.0e}") } else { format!("{value}") };
    chart
        .configure_mesh()
        .x_desc(across)
        .y_desc(up)
        .x_label_formatter(&rate)
        .y_label_formatter(&|value: &f64| {
            format!("{:.4}", value).trim_end_matches('0').trim_end_matches('.').to_owned()
        })
        .draw()?;
    Ok(())
}
