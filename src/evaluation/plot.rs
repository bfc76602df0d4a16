//! Curves and histograms as SVG, for a report.

use std::path::{Path, PathBuf};

use plotters::coord::ranged1d::ValueFormatter;
use plotters::coord::{CoordTranslate, ranged1d::Ranged};
use plotters::prelude::*;

use super::EvaluationError;
use super::rates::{Distances, upper_end};

/// Width and height of a picture, in pixels.
const SIZE: (u32, u32) = (800, 560);
/// The smallest rate on a logarithmic axis.
const LEAST: f64 = 1e-6;
const GENUINE: RGBColor = RGBColor(0, 114, 178);
const IMPOSTOR: RGBColor = RGBColor(213, 94, 0);

/// Writes `roc.svg`, `det.svg` and `scores.svg` into a folder, and says where they are.
pub fn write_plots(
    folder: &Path,
    title: &str,
    distances: &Distances,
) -> Result<Vec<PathBuf>, EvaluationError> {
    let curve: Vec<(f64, f64)> = distances.curve().into_iter().filter(|(far, _)| *far >= LEAST).collect();
    let det: Vec<(f64, f64)> =
        curve.iter().map(|(far, tar)| (*far, 1.0 - tar)).filter(|(_, frr)| *frr >= 1e-4).collect();
    let plots = ["roc.svg", "det.svg", "scores.svg"].map(|name| folder.join(name));
    let failed = |plot: &Path, what: String| EvaluationError::Plot { file: plot.to_owned(), what };
    roc(&plots[0], title, curve).map_err(|e| failed(&plots[0], e.to_string()))?;
    detection_error(&plots[1], title, det).map_err(|e| failed(&plots[1], e.to_string()))?;
    histogram(&plots[2], title, distances).map_err(|e| failed(&plots[2], e.to_string()))?;
    Ok(plots.to_vec())
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn roc(file: &Path, title: &str, curve: Vec<(f64, f64)>) -> Drawn {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart =
        builder(&area, &format!("ROC: {title}")).build_cartesian_2d((LEAST..1.0).log_scale(), 0.0..1.0)?;
    mesh(&mut chart, "false accept rate", "true accept rate")?;
    chart.draw_series(LineSeries::new(curve, GENUINE.stroke_width(2)))?;
    area.present()?;
    Ok(())
}

fn detection_error(file: &Path, title: &str, curve: Vec<(f64, f64)>) -> Drawn {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = builder(&area, &format!("DET: {title}"))
        .build_cartesian_2d((LEAST..1.0).log_scale(), (1e-4..1.0).log_scale())?;
    mesh(&mut chart, "false accept rate", "false reject rate")?;
    chart.draw_series(LineSeries::new(curve, GENUINE.stroke_width(2)))?;
    area.present()?;
    Ok(())
}

fn histogram(file: &Path, title: &str, distances: &Distances) -> Drawn {
    let shares = |counts: &[u64]| -> Vec<(f64, f64)> {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        let share = |(index, count): (usize, &u64)| (f64::from(upper_end(index)), *count as f64 / total);
        counts.iter().enumerate().map(share).collect()
    };
    let genuine = shares(&distances.genuine_histogram);
    let impostor = shares(&distances.impostor_histogram);
    let highest = genuine.iter().chain(&impostor).map(|(_, share)| *share).fold(0.0, f64::max);
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = builder(&area, &format!("Distances: {title}"))
        .build_cartesian_2d(0.0..1.4, 0.0..highest.max(1e-6) * 1.05)?;
    chart
        .configure_mesh()
        .x_desc("distance")
        .y_desc("share of pairs")
        .y_label_formatter(&|share| format!("{:.1} %", 100.0 * share))
        .draw()?;
    for (name, colour, points) in [("same person", GENUINE, genuine), ("two people", IMPOSTOR, impostor)] {
        chart
            .draw_series(AreaSeries::new(points, 0.0, colour.mix(0.3)).border_style(colour))?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], colour.filled()));
    }
    chart.configure_series_labels().background_style(WHITE).border_style(BLACK).draw()?;
    area.present()?;
    Ok(())
}

fn builder<'a, 'b>(
    area: &'a DrawingArea<SVGBackend<'b>, plotters::coord::Shift>,
    caption: &str,
) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(area);
    builder.caption(caption, ("sans-serif", 20)).margin(14).x_label_area_size(46).y_label_area_size(64);
    builder
}

/// Axes of rates, with names.
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
