//! From the false accept rate that a site can tolerate to the threshold.
//!
//! The manifest has measured tables (`table`): for a number of photographs in a template and of frames in a
//! probe, the score that accepts each fraction of strangers. A mean lies nearer to everybody than a single
//! picture, so a table for single pictures is not valid for means, and one measured with a cohort is not
//! valid without. If the target is below the smallest rate of a table, the table's strictest score is used
//! and the target is not met: [`Thresholds::promise`] says so. Without a cohort a score is a distance.

mod case;
mod error;
mod table;

use limen_core::embedding::{Crops, Distance, Metric, Score};

use table::{Rate, RateTables};

pub use case::Case;
pub use error::ThresholdError;

/// How many independent tries one attempt (one track, at most 10 s) counts as. This is an assumption: frames
/// of one track are almost the same picture, but people move and the light changes, so it is more than one.
pub const TRIES_PER_ATTEMPT: u32 = 3;

/// The distance of opposite directions. Vectors that are compared as they are may be farther apart.
const LARGEST_ANGLE: f32 = 2.0;

/// The target and what the tables can reach: false accepts per attempt, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// The target rate.
    pub asked: f64,
    /// The rate that is reached: the target, or a larger one if the tables have no threshold for it and so
    /// many people.
    pub met: f64,
    /// The largest number of people for which the target is met.
    pub people: usize,
}

impl Promise {
    /// Whether the target is met.
    pub fn is_kept(&self) -> bool {
        self.met <= self.asked
    }

    /// The promise with the larger rate.
    fn worse(self, other: Self) -> Self {
        if other.met > self.met { other } else { self }
    }
}

/// Scores for a target rate, or one fixed distance.
#[derive(Debug, Clone)]
pub struct Thresholds(Choice);

#[derive(Debug, Clone)]
enum Choice {
    /// The false accepts per attempt, and the tries per attempt.
    Target { tables: RateTables, far: Rate, tries: u32 },
    /// A fixed distance. The tables, if there are any, only tell its rate.
    Fixed { distance: Distance, tables: Option<RateTables> },
}

impl Thresholds {
    /// The tables of a model in a manifest, measured with this cohort (`"none"` without one), for a target of
    /// `far` false accepts per attempt (above 0, at most 1) with this many tries each.
    pub fn for_target(
        manifest: &str,
        model: &str,
        cohort: &str,
        far: f64,
        tries: u32,
    ) -> Result<Self, ThresholdError> {
        let far = Rate::new(far).ok_or(ThresholdError::Rate(far))?;
        match RateTables::read(manifest, model, cohort)? {
            Some(tables) => Ok(Self(Choice::Target { tables, far, tries })),
            None => Err(ThresholdError::NoTable(model.to_owned(), cohort.to_owned())),
        }
    }

    /// One fixed distance, not centred, for a model with this metric.
    pub fn fixed(
        manifest: &str,
        model: &str,
        metric: Metric,
        distance: Distance,
    ) -> Result<Self, ThresholdError> {
        let tables = RateTables::read(manifest, model, "none")?;
        let measured_below =
            || tables.as_ref().is_some_and(|tables| tables.highest_score() < distance.into());
        if distance.get() > LARGEST_ANGLE && (metric == Metric::Cosine || measured_below()) {
            return Err(ThresholdError::AcceptsEverybody(distance));
        }
        Ok(Self(Choice::Fixed { distance, tables }))
    }

    /// Whether the scores follow from error rates, and are not one fixed distance.
    pub fn follow_from_rates(&self) -> bool {
        matches!(self.0, Choice::Target { .. })
    }

    /// The same tables with a target for one comparison; `None` for a model without tables, or if `rate` is
    /// no rate.
    pub fn of_one_comparison(&self, rate: f64) -> Option<Self> {
        let (tables, far) = (self.tables()?.clone(), Rate::new(rate)?);
        Some(Self(Choice::Target { tables, far, tries: 1 }))
    }

    /// The threshold: up to this score the nearest person counts as the one shown.
    pub fn threshold(&self, case: Case) -> Score {
        match &self.0 {
            Choice::Fixed { distance, .. } => (*distance).into(),
            Choice::Target { tables, far, tries } => {
                tables.score_at(case, far.of_each_of(comparisons(case.people, *tries)))
            }
        }
    }

    /// The false accepts per attempt at a score; `None` for a model without tables.
    pub fn rate_of(&self, score: Score, case: Case) -> Option<f64> {
        let one = self.tables()?.rate_at(case, score);
        let tries = match &self.0 {
            Choice::Target { tries, .. } => *tries,
            Choice::Fixed { .. } => TRIES_PER_ATTEMPT,
        };
        Some(one.of_any_of(comparisons(case.people, tries)).get())
    }

    /// Whether the threshold is on a fitted tail of the table, not on counted comparisons.
    pub fn is_extrapolated(&self, case: Case) -> bool {
        match &self.0 {
            Choice::Fixed { .. } => false,
            Choice::Target { tables, far, tries } => {
                tables.is_fitted_at(case, far.of_each_of(comparisons(case.people, *tries)))
            }
        }
    }

    /// The target and what is reached in a case; `None` for a fixed distance, which promises nothing.
    pub fn promise(&self, case: Case) -> Option<Promise> {
        let Choice::Target { tables, far, tries } = &self.0 else { return None };
        let least = tables.least_rate(case);
        let met = least.of_any_of(comparisons(case.people, *tries)).get().max(far.get());
        // Rounding may reduce the number by one person, but never increase it.
        let comparisons = f64::ln_1p(-far.get()) / f64::ln_1p(-least.get());
        let people = (comparisons / f64::from((*tries).max(1)) * (1.0 - 1e-9)).floor() as usize;
        Some(Promise { asked: far.get(), met, people })
    }

    /// The worst promise of all cases at a door: probes of `frames` frames, with either crops, against
    /// templates with these numbers of photographs. `None` for a fixed distance.
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

    fn tables(&self) -> Option<&RateTables> {
        match &self.0 {
            Choice::Target { tables, .. } => Some(tables),
            Choice::Fixed { tables, .. } => tables.as_ref(),
        }
    }
}

/// The comparisons per attempt, at least one.
fn comparisons(people: usize, tries: u32) -> f64 {
    people.max(1) as f64 * f64::from(tries.max(1))
}

#[cfg(test)]
mod tests;
