//! From the false accept rate a site can bear to the score that gives it.
//!
//! The manifest has measured tables: for so many photographs in a template and so many frames in a probe,
//! which score accepts which share of strangers. A mean lies nearer to everybody than a single picture
//! does, so a table for single pictures is not valid for means; one measured with a cohort is not valid
//! without. Between two measured rates the score is interpolated over the logarithm of the rate; beyond the
//! table the strictest row holds. Without a cohort a score is a distance.

use serde::Deserialize;
use thiserror::Error;

use crate::embedding::Crops;

/// Independent tries that one attempt (one track, at most 10 s) is counted as. An assumption: frames of
/// one track are nearly one picture, but people move and the light changes, so more than one.
pub const TRIES_PER_ATTEMPT: u32 = 3;

/// Why there is no threshold.
#[derive(Debug, Error, PartialEq)]
pub enum ThresholdError {
    /// The manifest is not readable here.
    #[error("the error-rate tables of the model manifest cannot be read: {0}")]
    Unreadable(String),
    /// A model that was never measured.
    #[error(
        "model {0} has no error-rate table for cohort = {1:?}: set [recognition] max-distance, \
         and know that its false accept rate is then unknown"
    )]
    NoTable(String, String),
    /// A table that is not a table.
    #[error("model {model}: error-rate table {table}: {what}")]
    Table {
        /// Whose.
        model: String,
        /// Which.
        table: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// How a table was measured: a rate of one combination says nothing about another.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Table {
    cohort: String,
    crops: String,
    templates: usize,
    frames: u32,
    #[serde(default)]
    fitted_below: f64,
    /// Pairs of false accept rate of one comparison and score, the rate falling.
    rates: Vec<(f64, f32)>,
}

/// What is compared: the key of a table, and how many people are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// Enrolled people, each compared with.
    pub people: usize,
    /// Photographs in the template.
    pub photographs: usize,
    /// Frames in the probe.
    pub frames: u32,
    /// Of which crops the probe is; templates always hold the mirrored crop too.
    pub crops: Crops,
}

/// Scores for a target, or one fixed distance.
#[derive(Debug, Clone)]
pub struct Thresholds {
    tables: Vec<Table>,
    choice: Choice,
}

#[derive(Debug, Clone, Copy)]
enum Choice {
    /// False accepts an attempt, and tries an attempt.
    Target {
        far: f64,
        tries: u32,
    },
    Fixed(f32),
}

#[derive(Deserialize)]
struct ManifestPart {
    model: Vec<ModelPart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ModelPart {
    name: String,
    #[serde(default)]
    error_rates: Vec<Table>,
}

impl Thresholds {
    /// The tables of a model in a manifest, measured with this cohort (`"none"` for none), aiming at `far`
    /// false accepts an attempt (0 to 1) with this many tries each.
    pub fn for_target(
        manifest: &str,
        model: &str,
        cohort: &str,
        far: f64,
        tries: u32,
    ) -> Result<Self, ThresholdError> {
        let tables = tables_of(manifest, model, cohort)?;
        if tables.is_empty() {
            return Err(ThresholdError::NoTable(model.to_owned(), cohort.to_owned()));
        }
        Ok(Self { tables, choice: Choice::Target { far, tries } })
    }

    /// One fixed distance, not centred; the tables, where there are any, only tell what it means.
    pub fn fixed(manifest: &str, model: &str, distance: f32) -> Result<Self, ThresholdError> {
        Ok(Self { tables: tables_of(manifest, model, "none")?, choice: Choice::Fixed(distance) })
    }

    /// Whether they follow from error rates; else they are one fixed distance.
    pub fn follow_from_rates(&self) -> bool {
        matches!(self.choice, Choice::Target { .. })
    }

    /// The same tables, asked for a rate of one comparison instead; `None` for a model without tables.
    pub fn of_one_comparison(&self, rate: f64) -> Option<Self> {
        let choice = Choice::Target { far: rate, tries: 1 };
        (!self.tables.is_empty()).then(|| Self { tables: self.tables.clone(), choice })
    }

    /// The score up to which the nearest person counts as the one shown.
    pub fn threshold(&self, case: Case) -> f32 {
        match self.choice {
            Choice::Fixed(distance) => distance,
            Choice::Target { far, tries } => {
                let rate = rate_of_one_comparison(far, case.people, tries);
                self.rows(case).map(|table| table.score_at(rate)).fold(f32::INFINITY, f32::min)
            }
        }
    }

    /// The false accepts an attempt that a score means, or `None` for a model without tables.
    pub fn rate_of(&self, score: f32, case: Case) -> Option<f64> {
        let one = self
            .rows(case)
            .map(|table| table.rate_at(score))
            .fold(None, |worst: Option<f64>, rate| Some(worst.map_or(rate, |w| w.max(rate))))?;
        let tries = match self.choice {
            Choice::Target { tries, .. } => tries,
            Choice::Fixed(_) => TRIES_PER_ATTEMPT,
        };
        Some(1.0 - (1.0 - one.min(1.0)).powf(case.people.max(1) as f64 * f64::from(tries)))
    }

    /// Whether the threshold lies where the table is a fitted tail rather than counted.
    pub fn is_extrapolated(&self, case: Case) -> bool {
        match self.choice {
            Choice::Fixed(_) => false,
            Choice::Target { far, tries } => {
                let rate = rate_of_one_comparison(far, case.people, tries);
                self.rows(case).any(|table| rate < table.fitted_below)
            }
        }
    }

    /// The rows of the key; every row if the key is missing, so that the strictest decides.
    fn rows(&self, case: Case) -> impl Iterator<Item = &Table> {
        let most_templates = self.tables.iter().map(|t| t.templates).max().unwrap_or(1);
        let most_frames = self.tables.iter().map(|t| t.frames).max().unwrap_or(1);
        let templates = case.photographs.clamp(1, most_templates);
        let frames = case.frames.clamp(1, most_frames);
        let is_key = move |t: &&Table| {
            t.templates == templates && t.frames == frames && is_measured_with(&t.crops, case.crops)
        };
        let known = self.tables.iter().any(|t| is_key(&t));
        self.tables.iter().filter(move |t| !known || is_key(t))
    }
}

/// Whether a table was measured with probes of these crops.
fn is_measured_with(table: &str, probe: Crops) -> bool {
    table
        == match probe {
            Crops::Plain => "mirrored-template",
            Crops::Mirrored => "mirrored",
        }
}

impl Table {
    fn score_at(&self, rate: f64) -> f32 {
        let points = self.rates.windows(2).find(|pair| rate <= pair[0].0 && rate >= pair[1].0);
        match points {
            Some(pair) => {
                let [(high, far), (low, near)] = [pair[0], pair[1]];
                let share = (high.ln() - rate.ln()) / (high.ln() - low.ln());
                far + (near - far) * share as f32
            }
            None if rate > self.rates[0].0 => self.rates[0].1,
            None => self.rates[self.rates.len() - 1].1,
        }
    }

    fn rate_at(&self, score: f32) -> f64 {
        let points = self.rates.windows(2).find(|pair| score <= pair[0].1 && score >= pair[1].1);
        match points {
            Some(pair) => {
                let [(high, far), (low, near)] = [pair[0], pair[1]];
                let share = f64::from((far - score) / (far - near).max(f32::MIN_POSITIVE));
                (high.ln() + (low.ln() - high.ln()) * share).exp()
            }
            None if score > self.rates[0].1 => 1.0,
            None => self.rates[self.rates.len() - 1].0,
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        let falling = self.rates.windows(2).all(|pair| pair[0].0 > pair[1].0 && pair[0].1 >= pair[1].1);
        let may_be_negative = self.cohort != "none";
        let sane = self.rates.iter().all(|(rate, score)| {
            *rate > 0.0 && *rate <= 1.0 && score.is_finite() && (may_be_negative || *score >= 0.0)
        });
        if self.rates.len() < 2 {
            Err("it needs two points or more")
        } else if !sane {
            Err("rates must lie between 0 and 1, and scores be finite; distances are not negative")
        } else if !falling {
            Err("rates and scores must fall from row to row")
        } else if self.templates == 0 || self.frames == 0 {
            Err("templates and frames count from 1")
        } else {
            Ok(())
        }
    }
}

/// The rate of one comparison at which an attempt, `people` comparisons on each of `tries` tries, reaches
/// `far`: 1 - (1 - far)^(1 / (people * tries)), comparisons taken as independent.
pub fn rate_of_one_comparison(far: f64, people: usize, tries: u32) -> f64 {
    let comparisons = people.max(1) as f64 * f64::from(tries.max(1));
    -(f64::ln_1p(-far) / comparisons).exp_m1()
}

fn tables_of(manifest: &str, model: &str, cohort: &str) -> Result<Vec<Table>, ThresholdError> {
    let part: ManifestPart =
        toml::from_str(manifest).map_err(|e| ThresholdError::Unreadable(e.to_string()))?;
    let tables: Vec<Table> = part
        .model
        .into_iter()
        .filter(|m| m.name == model)
        .flat_map(|m| m.error_rates)
        .filter(|t| t.cohort == cohort)
        .collect();
    for table in &tables {
        table.check().map_err(|what| ThresholdError::Table {
            model: model.to_owned(),
            table: format!("{} of {} templates, {} frames", table.crops, table.templates, table.frames),
            what,
        })?;
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [[model]]
        name = "m"
        [[model.error-rates]]
        cohort = "none"
        crops = "mirrored"
        templates = 1
        frames = 1
        fitted-below = 1e-5
        rates = [[1e-2, 0.6], [1e-4, 0.5], [1e-6, 0.4]]
        [[model.error-rates]]
        cohort = "none"
        crops = "mirrored"
        templates = 2
        frames = 2
        rates = [[1e-2, 0.5], [1e-4, 0.4], [1e-6, 0.3]]
        [[model.error-rates]]
        cohort = "none"
        crops = "mirrored-template"
        templates = 1
        frames = 1
        rates = [[1e-2, 0.62], [1e-4, 0.52], [1e-6, 0.42]]
        [[model.error-rates]]
        cohort = "c"
        crops = "mirrored"
        templates = 1
        frames = 1
        rates = [[1e-2, -0.1], [1e-4, -0.2]]
    "#;

    const ONE: Case = Case { people: 1, photographs: 1, frames: 1, crops: Crops::Mirrored };

    fn target(far: f64) -> Thresholds {
        Thresholds::for_target(MANIFEST, "m", "none", far, 1).expect("tables")
    }

    #[test]
    fn a_measured_rate_gives_its_measured_distance() {
        assert!((target(1e-4).threshold(ONE) - 0.5).abs() < 1e-4);
        assert!((target(1e-3).threshold(ONE) - 0.55).abs() < 1e-4);
    }

    #[test]
    fn a_rate_of_one_comparison_is_asked_for_whatever_was_chosen() {
        let fixed = Thresholds::fixed(MANIFEST, "m", 0.9).expect("tables");
        let one = fixed.of_one_comparison(1e-4).expect("tables");
        assert!((one.threshold(ONE) - 0.5).abs() < 1e-4);
        assert!(Thresholds::fixed("model = []", "m", 0.9).expect("none").of_one_comparison(1e-4).is_none());
    }

    #[test]
    fn more_people_and_more_tries_need_a_smaller_distance() {
        let one = target(1e-4).threshold(ONE);
        assert!(target(1e-4).threshold(Case { people: 100, ..ONE }) < one);
        let tries = Thresholds::for_target(MANIFEST, "m", "none", 1e-4, 10).expect("tables");
        assert!(tries.threshold(ONE) < one);
    }

    #[test]
    fn a_missing_key_takes_the_strictest_row() {
        assert!((target(1e-4).threshold(Case { frames: 2, ..ONE }) - 0.4).abs() < 1e-4);
        let many = Case { photographs: 9, frames: 9, ..ONE };
        assert!((target(1e-4).threshold(many) - 0.4).abs() < 1e-4);
    }

    #[test]
    fn crops_have_tables_of_their_own() {
        let of = |crops| target(1e-4).threshold(Case { crops, ..ONE });
        assert!((of(Crops::Plain) - 0.52).abs() < 1e-4);
        assert!((of(Crops::Mirrored) - 0.5).abs() < 1e-4);
    }

    #[test]
    fn a_table_of_one_cohort_is_not_valid_for_another() {
        let centred = Thresholds::for_target(MANIFEST, "m", "c", 1e-4, 1).expect("tables");
        assert!((centred.threshold(ONE) + 0.2).abs() < 1e-4);
        assert!(Thresholds::for_target(MANIFEST, "m", "another", 1e-4, 1).is_err());
    }

    #[test]
    fn below_the_table_its_last_distance_holds() {
        assert_eq!(target(1e-9).threshold(ONE), 0.4);
    }

    #[test]
    fn a_fixed_distance_tells_what_it_means() {
        let fixed = Thresholds::fixed(MANIFEST, "m", 0.5).expect("tables");
        assert_eq!(fixed.threshold(Case { people: 1000, ..ONE }), 0.5);
        let rate = fixed.rate_of(0.5, ONE).expect("measured");
        assert!((rate - 3e-4).abs() < 1e-5, "{rate}");
    }

    #[test]
    fn rates_below_the_counted_range_are_marked() {
        assert!(target(1e-6).is_extrapolated(ONE));
        assert!(!target(1e-4).is_extrapolated(ONE));
    }

    #[test]
    fn a_model_that_was_never_measured_has_no_threshold() {
        let error = Thresholds::for_target(MANIFEST, "other", "none", 1e-4, 1).expect_err("no table");
        assert!(error.to_string().contains("max-distance"));
    }

    #[test]
    fn tables_that_rise_or_hold_nonsense_are_refused() {
        for (from, to) in [("0.4]]", "0.7]]"), ("1e-6", "2.0"), ("0.6", "nan"), ("0.4]]", "-0.4]]")] {
            let text = MANIFEST.replacen(from, to, 1);
            assert!(Thresholds::for_target(&text, "m", "none", 1e-4, 1).is_err(), "{to}");
        }
    }
}
