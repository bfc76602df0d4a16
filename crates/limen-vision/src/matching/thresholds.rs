//! From the false accept rate a site can bear to the score that gives it.
//!
//! The manifest has measured tables (`table`): for so many photographs in a template and so many frames in a
//! probe, which score accepts which share of strangers. A mean lies nearer to everybody than a single picture
//! does, so a table for single pictures is not valid for means; one measured with a cohort is not valid
//! without. Below the least rate of a table its strictest score holds, and the target is not kept:
//! [`Thresholds::promise`] says so. Without a cohort a score is a distance.

mod table;

use limen_core::embedding::{Crops, Distance, Metric, Score};
use thiserror::Error;

use table::{Rate, Tables};

/// Independent tries that one attempt (one track, at most 10 s) is counted as. An assumption: frames of
/// one track are nearly one picture, but people move and the light changes, so more than one.
pub const TRIES_PER_ATTEMPT: u32 = 3;

/// Opposite directions are so far apart; vectors that are compared as they are may be farther.
const LARGEST_ANGLE: f32 = 2.0;

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
    /// A target that is no rate.
    #[error("{0} is no false accept rate; use more than 0, to 1")]
    Rate(f64),
    /// A fixed distance that nobody's face is beyond.
    #[error(
        "[recognition] max-distance = {0} accepts everybody with this model; use a smaller one, 2 at most"
    )]
    AcceptsEverybody(Distance),
    /// Nothing tells how far two frames of one face may be apart.
    #[error(
        "model {0}: neither its manifest nor an error-rate table without a cohort says how far apart two frames of \
         one face may be; add same-face = DISTANCE to its manifest (models/README.md)"
    )]
    NoSameFace(String),
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

/// What is asked of the tables, and what they give: false accepts an attempt, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// The target.
    pub asked: f64,
    /// The rate that is met: the target, or a larger one where the tables do not reach far enough for so many people.
    pub met: f64,
    /// The most people for whom the tables keep the target.
    pub people: usize,
}

impl Promise {
    /// Whether the target is met.
    pub fn is_kept(&self) -> bool {
        self.met <= self.asked
    }

    /// The one that promises less.
    fn worse(self, other: Self) -> Self {
        if other.met > self.met { other } else { self }
    }
}

/// Scores for a target, or one fixed distance.
#[derive(Debug, Clone)]
pub struct Thresholds(Choice);

#[derive(Debug, Clone)]
enum Choice {
    /// False accepts an attempt, and tries an attempt.
    Target { tables: Tables, far: Rate, tries: u32 },
    /// The tables, where there are any, only tell what it means.
    Fixed { distance: Distance, tables: Option<Tables> },
}

impl Thresholds {
    /// The tables of a model in a manifest, measured with this cohort (`"none"` for none), aiming at `far`
    /// false accepts an attempt (above 0, to 1) with this many tries each.
    pub fn for_target(
        manifest: &str,
        model: &str,
        cohort: &str,
        far: f64,
        tries: u32,
    ) -> Result<Self, ThresholdError> {
        let far = Rate::new(far).ok_or(ThresholdError::Rate(far))?;
        match Tables::read(manifest, model, cohort)? {
            Some(tables) => Ok(Self(Choice::Target { tables, far, tries })),
            None => Err(ThresholdError::NoTable(model.to_owned(), cohort.to_owned())),
        }
    }

    /// One fixed distance, not centred, of a model that is compared by this metric.
    pub fn fixed(
        manifest: &str,
        model: &str,
        metric: Metric,
        distance: Distance,
    ) -> Result<Self, ThresholdError> {
        let tables = Tables::read(manifest, model, "none")?;
        let measured_below =
            || tables.as_ref().is_some_and(|tables| tables.highest_score() < distance.into());
        if distance.get() > LARGEST_ANGLE && (metric == Metric::Cosine || measured_below()) {
            return Err(ThresholdError::AcceptsEverybody(distance));
        }
        Ok(Self(Choice::Fixed { distance, tables }))
    }

    /// Whether they follow from error rates; else they are one fixed distance.
    pub fn follow_from_rates(&self) -> bool {
        matches!(self.0, Choice::Target { .. })
    }

    /// The same tables, asked for a rate of one comparison instead; `None` for a model without tables, or what
    /// is no rate.
    pub fn of_one_comparison(&self, rate: f64) -> Option<Self> {
        let (tables, far) = (self.tables()?.clone(), Rate::new(rate)?);
        Some(Self(Choice::Target { tables, far, tries: 1 }))
    }

    /// The score up to which the nearest person counts as the one shown.
    pub fn threshold(&self, case: Case) -> Score {
        match &self.0 {
            Choice::Fixed { distance, .. } => (*distance).into(),
            Choice::Target { tables, far, tries } => {
                tables.score_at(case, far.of_each_of(comparisons(case.people, *tries)))
            }
        }
    }

    /// The false accepts an attempt that a score means, or `None` for a model without tables.
    pub fn rate_of(&self, score: Score, case: Case) -> Option<f64> {
        let one = self.tables()?.rate_at(case, score);
        let tries = match &self.0 {
            Choice::Target { tries, .. } => *tries,
            Choice::Fixed { .. } => TRIES_PER_ATTEMPT,
        };
        Some(one.of_any_of(comparisons(case.people, tries)).get())
    }

    /// Whether the threshold lies where the table is a fitted tail rather than counted.
    pub fn is_extrapolated(&self, case: Case) -> bool {
        match &self.0 {
            Choice::Fixed { .. } => false,
            Choice::Target { tables, far, tries } => {
                tables.is_fitted_at(case, far.of_each_of(comparisons(case.people, *tries)))
            }
        }
    }

    /// What is asked of a case, and what is met; `None` for a fixed distance, which promises nothing.
    pub fn promise(&self, case: Case) -> Option<Promise> {
        let Choice::Target { tables, far, tries } = &self.0 else { return None };
        let least = tables.least_rate(case);
        let met = least.of_any_of(comparisons(case.people, *tries)).get().max(far.get());
        // Rounding may take one person away, never give one.
        let comparisons = f64::ln_1p(-far.get()) / f64::ln_1p(-least.get());
        let people = (comparisons / f64::from((*tries).max(1)) * (1.0 - 1e-9)).floor() as usize;
        Some(Promise { asked: far.get(), met, people })
    }

    /// The worst promise of all cases that a door meets: probes of `frames` frames, of either crops, against templates
    /// of these numbers of photographs. `None` for a fixed distance.
    pub fn promise_at_a_door(
        &self,
        people: usize,
        photographs: impl IntoIterator<Item = usize>,
        frames: u32,
    ) -> Option<Promise> {
        let crops = [Crops::Plain, Crops::Mirrored];
        let cases = photographs
            .into_iter()
            .flat_map(|photographs| crops.map(|crops| Case { people, photographs, frames, crops }));
        cases.filter_map(|case| self.promise(case)).reduce(Promise::worse)
    }

    fn tables(&self) -> Option<&Tables> {
        match &self.0 {
            Choice::Target { tables, .. } => Some(tables),
            Choice::Fixed { tables, .. } => tables.as_ref(),
        }
    }
}

/// Comparisons an attempt, at least one.
fn comparisons(people: usize, tries: u32) -> f64 {
    people.max(1) as f64 * f64::from(tries.max(1))
}

#[cfg(test)]
mod tests;
