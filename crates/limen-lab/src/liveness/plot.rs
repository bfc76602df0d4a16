//! Histograms of the scores as SVG: one below the other, a species each, over one axis.

use std::path::Path;

use plotters::prelude::*;

use crate::EvaluationError;
use crate::plot::Drawn;

/// The width of a picture and the height of one histogram, in pixels.
const SIZE: (u32, u32) = (800, 150);
/// Scores beyond these are counted in the first or the last step.
const SPAN: f32 = 20.0;
/// Steps of a histogram.
const STEPS: usize = 80;
const PEOPLE: RGBColor = RGBColor(0, 114, 178);
const ATTACK: RGBColor = RGBColor(213, 94, 0);

/// The scores of one species.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredSpecies {
    /// Its name.
    pub name: String,
    /// Whether these are people.
    pub live: bool,
    /// The score of each clip; none if there was no evidence.
    pub scores: Vec<Option<f32>>,
}

/// Draws a histogram for each species, with the limit from which a score is enough.
///
/// # Errors
/// The file cannot be written.
pub fn write_histograms(
    file: &Path,
    what: &str,
    limit: f32,
    species: &[ScoredSpecies],
) -> Result<(), EvaluationError> {
    draw(file, what, limit, species)
        .map_err(|error| EvaluationError::Plot { file: file.to_owned(), what: error.to_string() })
}

fn draw(file: &Path, what: &str, limit: f32, species: &[ScoredSpecies]) -> Drawn {
    let rows = species.len().max(1);
    let height = SIZE.1 * u32::try_from(rows).unwrap_or(u32::MAX / SIZE.1);
    let area = SVGBackend::new(file, (SIZE.0, height)).into_drawing_area();
    area.fill(&WHITE)?;
    for (row, one) in area.split_evenly((rows, 1)).iter().zip(species) {
        let shares = shares(&one.scores);
        let highest = shares.iter().map(|(_, share)| *share).fold(0.01, f64::max);
        let span = f64::from(SPAN);
        let mut chart = ChartBuilder::on(row)
            .caption(caption(one), ("sans-serif", 15))
            .margin(6)
            .x_label_area_size(34)
            .y_label_area_size(56)
            .build_cartesian_2d(-span..span, 0.0..highest * 1.05)?;
        chart
            .configure_mesh()
            .x_desc(what)
            .y_labels(3)
            .y_label_formatter(&|share| format!("{:.0} %", 100.0 * share))
            .draw()?;
        let colour = if one.live { PEOPLE } else { ATTACK };
        chart.draw_series(AreaSeries::new(shares, 0.0, colour.mix(0.3)).border_style(colour))?;
        let at = f64::from(limit);
        chart.draw_series(LineSeries::new([(at, 0.0), (at, highest * 1.05)], BLACK.stroke_width(2)))?;
    }
    area.present()?;
    Ok(())
}

fn caption(species: &ScoredSpecies) -> String {
    let ScoredSpecies { name, live, scores } = species;
    let whose = if *live { "people" } else { "attack" };
    match scores.iter().filter(|score| score.is_none()).count() {
        0 => format!("{name} ({whose}): {} clips", scores.len()),
        none => format!("{name} ({whose}): {} clips, {none} without evidence", scores.len()),
    }
}

/// The share of all clips in each step, as an outline.
fn shares(scores: &[Option<f32>]) -> Vec<(f64, f64)> {
    let mut counts = [0_u64; STEPS];
    for score in scores.iter().flatten() {
        let place = (score.clamp(-SPAN, SPAN) + SPAN) / (2.0 * SPAN) * STEPS as f32;
        counts[(place as usize).min(STEPS - 1)] += 1;
    }
    let width = f64::from(2.0 * SPAN) / STEPS as f64;
    let corners = |(index, count): (usize, u64)| {
        let (left, share) =
            (index as f64 * width - f64::from(SPAN), count as f64 / scores.len().max(1) as f64);
        [(left, share), (left + width, share)]
    };
    counts.into_iter().enumerate().flat_map(corners).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clip_is_in_the_histogram_and_those_without_evidence_are_in_its_caption() {
        let scores = vec![Some(-99.0), Some(0.1), Some(0.2), Some(99.0), None];
        let shares = shares(&scores);
        assert_eq!(shares.len(), 2 * STEPS);
        assert_eq!((shares[0].1, shares[2 * STEPS - 1].1), (0.2, 0.2));
        assert_eq!(shares.iter().map(|(_, share)| share).sum::<f64>(), 1.6);
        let species = ScoredSpecies { name: "print".to_owned(), live: false, scores };
        assert_eq!(caption(&species), "print (attack): 5 clips, 1 without evidence");
    }

    #[test]
    fn a_picture_has_a_histogram_for_each_species() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("scores.svg");
        let one = |name: &str, live| ScoredSpecies { name: name.to_owned(), live, scores: vec![Some(3.0)] };
        write_histograms(&file, "log ratio", 2.0, &[one("head", true), one("print", false)]).expect("drawn");
        let svg = std::fs::read_to_string(&file).expect("written");
        assert!(svg.contains("head (people): 1 clips") && svg.contains("print (attack): 1 clips"));
    }
}
