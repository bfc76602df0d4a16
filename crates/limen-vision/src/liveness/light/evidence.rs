//! What the light shows of one face: by how much nose and sides become brighter when it is lit, over several changes.

use std::collections::VecDeque;
use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::{LightChange, LogRatio, TrackId};

use super::model::LightModel;
use super::reflection::Reflection;
use super::spans::spans;

/// The most frames that are kept: ten seconds of them.
const MOST_FRAMES: usize = 300;
/// So many times the light must have been seen lit and dark beside each other: a head that moves becomes brighter and
/// darker too.
const FEWEST_PAIRS: usize = 3;
/// A face of which nothing becomes brighter by as much as this says nothing; the logarithm of the factor.
const LEAST_ANSWER: f32 = 0.03;
/// How many times its own standard error an answer must be, of so many pairs: three, four and so on. By Student's t, of
/// answers that are chance alone one in two hundred is.
const SURE: [f32; 10] = [9.92, 5.84, 4.60, 4.03, 3.71, 3.50, 3.36, 3.25, 3.17, 3.11];

/// By how much a face becomes brighter when the light is lit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The nose: the logarithm of the factor.
    pub nose: f32,
    /// The sides.
    pub sides: f32,
    /// What is beside the face, if that is in the picture.
    pub beside: Option<f32>,
    /// The standard error of `nose - sides`.
    pub error: f32,
    /// The larger of the standard errors of both.
    pub noise: f32,
    /// Over how many pairs of a lit and a dark time.
    pub pairs: usize,
}

impl Difference {
    /// Whether the face answers to the light at all.
    pub fn is_answer(&self) -> bool {
        let answer = self.nose.max(self.sides);
        let Some(more) = self.pairs.checked_sub(FEWEST_PAIRS) else { return false };
        let sure = SURE[more.min(SURE.len() - 1)];
        answer >= LEAST_ANSWER && answer >= sure * self.noise
    }

    /// The normalised difference, -1 to 1: how much more the nose answers than the sides, over the whole answer. A sheet has
    /// about 0, whatever the strength of the light. And its standard error.
    ///
    /// A camera that takes back its exposure makes both darker alike, so that the sides may answer by less than nothing. That
    /// changes a head's from less than 1 to 1, and leaves a sheet's at 0.
    pub fn normalised(&self) -> (f32, f32) {
        let whole = self.nose.max(self.sides).max(0.0) - self.nose.min(self.sides).min(0.0);
        ((self.nose - self.sides) / whole, self.error / whole)
    }
}

/// What the light has shown of the face of one track.
#[derive(Debug, Default)]
pub struct LightEvidence {
    track: Option<TrackId>,
    frames: VecDeque<(Moment, Reflection)>,
}

impl LightEvidence {
    /// Adds a frame of the nearest face. Another track begins anew.
    pub fn add(&mut self, track: TrackId, taken: Moment, seen: Option<Reflection>) {
        if self.track != Some(track) {
            *self = Self { track: Some(track), frames: VecDeque::new() };
        }
        if self.frames.back().is_some_and(|(newest, _)| taken <= *newest) {
            return;
        }
        if self.frames.len() == MOST_FRAMES {
            self.frames.pop_front();
        }
        self.frames.extend(seen.map(|seen| (taken, seen)));
    }

    /// By how much the face became brighter with the light. `changes`: those of the line, the oldest first; `delay`: how long
    /// the picture lags behind it. `None` without two lights that frames show.
    pub fn difference(&self, changes: &[LightChange], delay: Duration) -> Option<Difference> {
        let lights: Vec<(bool, Option<Mean>)> =
            spans(changes, delay).map(|span| (span.lit, self.mean(|taken| span.shows_in(taken)))).collect();
        let steps = pairs(&lights);
        let of = |value: &dyn Fn(&Mean) -> f32| mean_and_error(steps.iter().map(value));
        let (nose, nose_error) = of(&|step| step.nose)?;
        let (sides, sides_error) = of(&|step| step.sides)?;
        let (_, error) = of(&|step| step.nose - step.sides)?;
        let noise = nose_error.max(sides_error);
        let beside = mean_and_error(steps.iter().filter_map(|step| step.beside)).map(|(mean, _)| mean);
        Some(Difference { nose, sides, beside, error, noise, pairs: steps.len() })
    }

    /// What the light says of the face so far; `None`: nothing, because the face does not answer to it.
    pub fn ratio(&self, changes: &[LightChange], delay: Duration, model: &LightModel) -> Option<LogRatio> {
        let difference = self.difference(changes, delay).filter(Difference::is_answer)?;
        let (normalised, error) = difference.normalised();
        Some(model.ratio(normalised, error))
    }

    /// The mean over the frames that show one light.
    fn mean(&self, shows: impl Fn(Moment) -> bool) -> Option<Mean> {
        let seen = || self.frames.iter().filter(|(taken, _)| shows(*taken)).map(|(_, seen)| seen);
        let beside = mean_and_error(seen().filter_map(|seen| seen.beside));
        Some(Mean {
            nose: mean_and_error(seen().map(|seen| seen.nose))?.0,
            sides: mean_and_error(seen().map(|seen| seen.sides))?.0,
            beside: beside.map(|(mean, _)| mean),
        })
    }
}

/// What several frames of one light show, or by how much that changes.
#[derive(Debug, Clone, Copy)]
struct Mean {
    nose: f32,
    sides: f32,
    beside: Option<f32>,
}

/// Lit minus dark, of lights that follow each other. No light counts twice, so that the pairs do not depend on each
/// other.
fn pairs(lights: &[(bool, Option<Mean>)]) -> Vec<Mean> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(two) = lights.get(at..at + 2) {
        let step = step(two);
        at += if step.is_some() { 2 } else { 1 };
        found.extend(step);
    }
    found
}

/// Lit minus dark, of two lights.
fn step(pair: &[(bool, Option<Mean>)]) -> Option<Mean> {
    let [(first_is_lit, first), (second_is_lit, second)] = pair else { return None };
    if first_is_lit == second_is_lit {
        return None;
    }
    let (lit, dark) = if *first_is_lit { (first, second) } else { (second, first) };
    let (lit, dark) = (lit.as_ref()?, dark.as_ref()?);
    Some(Mean {
        nose: lit.nose - dark.nose,
        sides: lit.sides - dark.sides,
        beside: lit.beside.zip(dark.beside).map(|(lit, dark)| lit - dark),
    })
}

/// The mean, and its standard error; that of one value is infinite. `None` without values.
fn mean_and_error(values: impl Iterator<Item = f32> + Clone) -> Option<(f32, f32)> {
    let count = values.clone().count();
    if count == 0 {
        return None;
    }
    let mean = values.clone().sum::<f32>() / count as f32;
    let squares = values.map(|value| (value - mean) * (value - mean)).sum::<f32>();
    let error = if count > 1 { (squares / (count - 1) as f32 / count as f32).sqrt() } else { f32::INFINITY };
    Some((mean, error))
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
