//! The measured tables of a manifest: the score for each false accept rate of one comparison.
//!
//! A table belongs to one combination of cohort, crops, photographs and frames, and says nothing about
//! others. Between two measured rates the score is interpolated over the logarithm of the rate. Below the
//! smallest rate nothing is known; its score is the strictest there is.

use limen_core::embedding::{Crops, Score};
use limen_core::person::printable;
use serde::Deserialize;

use super::case::Case;
use super::error::ThresholdError;

/// The probability that a stranger is accepted: above 0, at most 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Rate(f64);

impl Rate {
    /// Makes a rate; `None` for any other number and for NaN.
    pub fn new(value: f64) -> Option<Self> {
        (value > 0.0 && value <= 1.0).then_some(Self(value))
    }

    pub fn get(self) -> f64 {
        self.0
    }

    /// The rate of one comparison with which `comparisons` independent ones reach this rate: 1 - (1 -
    /// rate)^(1 / comparisons).
    pub fn of_each_of(self, comparisons: f64) -> Self {
        Self(-(f64::ln_1p(-self.0) / comparisons).exp_m1()).kept_above_zero()
    }

    /// The inverse: the rate that `comparisons` comparisons with this rate reach.
    pub fn of_any_of(self, comparisons: f64) -> Self {
        Self(-(f64::ln_1p(-self.0) * comparisons).exp_m1()).kept_above_zero()
    }

    fn kept_above_zero(self) -> Self {
        Self(self.0.clamp(f64::MIN_POSITIVE, 1.0))
    }

    fn larger(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

/// A table as it is written in the manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SaidTable {
    cohort: String,
    crops: String,
    templates: usize,
    frames: u32,
    #[serde(default)]
    fitted_below: f64,
    /// Pairs of a false accept rate of one comparison and a score, in the order of falling rates.
    rates: Vec<(f64, f32)>,
}

/// A rate and its score.
#[derive(Debug, Clone, Copy)]
struct TableRow {
    rate: Rate,
    score: Score,
}

/// The table of one combination, in the order of falling rates.
#[derive(Debug, Clone)]
pub(super) struct Table {
    crops: String,
    templates: usize,
    frames: u32,
    fitted_below: f64,
    highest: TableRow,
    /// The other rows, at least one.
    lower: Vec<TableRow>,
}

impl Table {
    fn check(said: SaidTable) -> Result<Self, &'static str> {
        if said.rates.len() < 2 {
            return Err("it needs two points or more");
        }
        if said.templates == 0 || said.frames == 0 {
            return Err("templates and frames count from 1");
        }
        if !(0.0..=1.0).contains(&said.fitted_below) {
            return Err("fitted-below must lie between 0 and 1");
        }
        let may_be_negative = said.cohort != "none";
        let row = |(rate, score): &(f64, f32)| {
            let score = Score::new(*score).filter(|score| may_be_negative || score.get() >= 0.0)?;
            Some(TableRow { rate: Rate::new(*rate)?, score })
        };
        let rows: Option<Vec<TableRow>> = said.rates.iter().map(row).collect();
        let rows =
            rows.ok_or("rates must lie between 0 and 1, and scores be finite; distances are not negative")?;
        if !rows.windows(2).all(|pair| pair[0].rate > pair[1].rate && pair[0].score >= pair[1].score) {
            return Err("rates and scores must fall from row to row");
        }
        Ok(Self {
            crops: said.crops,
            templates: said.templates,
            frames: said.frames,
            fitted_below: said.fitted_below,
            highest: rows[0],
            lower: rows[1..].to_vec(),
        })
    }

    fn lowest(&self) -> TableRow {
        self.lower.last().copied().unwrap_or(self.highest)
    }

    /// Each row with the next one.
    fn pairs(&self) -> impl Iterator<Item = (TableRow, TableRow)> {
        let higher = std::iter::once(&self.highest).chain(&self.lower);
        higher.copied().zip(self.lower.iter().copied())
    }

    pub fn score_at(&self, rate: Rate) -> Score {
        if rate >= self.highest.rate {
            return self.highest.score;
        }
        let Some((high, low)) = self.pairs().find(|(_, low)| rate >= low.rate) else {
            return self.lowest().score;
        };
        let share = (high.rate.get().ln() - rate.get().ln()) / (high.rate.get().ln() - low.rate.get().ln());
        let (far, near) = (high.score.get(), low.score.get());
        // Between the two scores. If rounding makes it infinite, use the stricter one.
        Score::new(far + (near - far) * share as f32).unwrap_or(low.score).clamp(low.score, high.score)
    }

    pub fn rate_at(&self, score: Score) -> Rate {
        if score > self.highest.score {
            return Rate(1.0);
        }
        let Some((high, low)) = self.pairs().find(|(_, low)| score >= low.score) else {
            return self.lowest().rate;
        };
        let (far, near) = (high.score.get(), low.score.get());
        let share = f64::from((far - score.get()) / (far - near).max(f32::MIN_POSITIVE));
        let (high, low) = (high.rate.get().ln(), low.rate.get().ln());
        Rate((high + (low - high) * share.clamp(0.0, 1.0)).exp()).kept_above_zero()
    }

    fn is_fitted_at(&self, rate: Rate) -> bool {
        rate.get() < self.fitted_below
    }

    fn is_of(&self, key: &TableKey) -> bool {
        self.templates == key.templates && self.frames == key.frames && self.crops == key.crops
    }
}

/// The key of a table.
struct TableKey {
    crops: &'static str,
    templates: usize,
    frames: u32,
}

/// The tables of one model and one cohort, at least one.
#[derive(Debug, Clone)]
pub(super) struct RateTables {
    first: Table,
    others: Vec<Table>,
}

#[derive(Deserialize)]
struct ManifestPart {
    #[serde(default)]
    model: Vec<ModelPart>,
    #[serde(default)]
    concatenation: Vec<ModelPart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ModelPart {
    name: String,
    #[serde(default)]
    error_rates: Vec<SaidTable>,
}

impl RateTables {
    /// Reads the tables of a model in a manifest that were measured with this cohort; `None` if there are
    /// none.
    pub fn read(manifest: &str, model: &str, cohort: &str) -> Result<Option<Self>, ThresholdError> {
        let part: ManifestPart = toml::from_str(manifest).map_err(|error| ThresholdError::Unreadable {
            message: printable(error.message(), 300),
            at: error.span(),
        })?;
        let models = part.model.into_iter().chain(part.concatenation).filter(|part| part.name == model);
        let said = models.flat_map(|part| part.error_rates).filter(|table| table.cohort == cohort);
        let checked = said.map(|table| {
            let name = format!("{} of {} templates, {} frames", table.crops, table.templates, table.frames);
            Table::check(table).map_err(|what| ThresholdError::Table {
                model: model.to_owned(),
                table: name,
                what,
            })
        });
        let mut tables = checked.collect::<Result<Vec<Table>, _>>()?.into_iter();
        Ok(tables.next().map(|first| Self { first, others: tables.collect() }))
    }

    fn all(&self) -> impl Iterator<Item = &Table> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The tables for a case: those of its own combination, or all if it was not measured, so that the
    /// strictest decides.
    fn of(&self, case: Case) -> impl Iterator<Item = &Table> {
        let key = self.key(case);
        let known = self.all().any(|table| table.is_of(&key));
        self.all().filter(move |table| !known || table.is_of(&key))
    }

    /// If there are more photographs or frames than measured, the most that were measured count.
    fn key(&self, case: Case) -> TableKey {
        let most = |of: fn(&Table) -> usize| self.all().map(of).fold(1, usize::max);
        let frames = usize::try_from(case.frames).unwrap_or(usize::MAX);
        let frames = frames.clamp(1, most(|table| table.frames as usize));
        TableKey {
            crops: name_of(case.crops),
            templates: case.photographs.clamp(1, most(|table| table.templates)),
            frames: u32::try_from(frames).unwrap_or(u32::MAX),
        }
    }

    /// The strictest score for a case at a rate of one comparison.
    pub fn score_at(&self, case: Case, rate: Rate) -> Score {
        let scores = self.of(case).map(|table| table.score_at(rate));
        scores.min().unwrap_or_else(|| self.first.score_at(rate))
    }

    /// The largest rate of one comparison that a score can mean in a case.
    pub fn rate_at(&self, case: Case, score: Score) -> Rate {
        let rates = self.of(case).map(|table| table.rate_at(score));
        rates.reduce(Rate::larger).unwrap_or_else(|| self.first.rate_at(score))
    }

    /// The largest score that was measured.
    pub fn highest_score(&self) -> Score {
        self.all().map(|table| table.highest.score).fold(self.first.highest.score, Score::max)
    }

    /// The smallest rate of one comparison that all tables of a case have.
    pub fn least_rate(&self, case: Case) -> Rate {
        let rates = self.of(case).map(|table| table.lowest().rate);
        rates.reduce(Rate::larger).unwrap_or_else(|| self.first.lowest().rate)
    }

    /// Whether a rate is on the fitted tail of one of the case's tables, not on counted comparisons.
    pub fn is_fitted_at(&self, case: Case, rate: Rate) -> bool {
        self.of(case).any(|table| table.is_fitted_at(rate))
    }
}

/// The name of these crops in a table.
fn name_of(crops: Crops) -> &'static str {
    match crops {
        Crops::Plain => "mirrored-template",
        Crops::Mirrored => "mirrored",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_lies_above_nothing_and_is_no_more_than_certain() {
        for value in [f64::NAN, f64::INFINITY, 0.0, -1e-4, 1.1] {
            assert_eq!(Rate::new(value), None, "{value}");
        }
        assert!(Rate::new(1.0).is_some());
    }

    #[test]
    fn the_rates_of_one_comparison_and_of_many_are_each_other_s_inverse_however_small() {
        for (rate, comparisons) in [(1e-4, 3.0), (1e-8, 3e5), (1e-12, 1.0), (0.5, 2.0)] {
            let rate = Rate::new(rate).expect("a rate");
            let back = rate.of_each_of(comparisons).of_any_of(comparisons);
            assert!((back.get() / rate.get() - 1.0).abs() < 1e-9, "{rate:?} {back:?}");
        }
        assert_eq!(Rate(1.0).of_each_of(3.0), Rate(1.0));
    }
}
