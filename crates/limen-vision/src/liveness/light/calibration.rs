//! How long the picture lags behind the light's line, and whether the light changes the picture at all.
//!
//! The scene is looked at while the light is lit and dark in turns. The delay is the one by which the picture follows the line
//! best; somebody who walks through the picture does not follow it.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::LightChange;

use crate::frame::Glance;

/// How long a light is calibrated.
pub const CALIBRATION: Duration = Duration::from_secs(5);
/// The longest delay that is looked for, and the step from one to the next.
const DELAYS: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(10));
/// The picture is looked at in so many blocks, across and down.
const BLOCKS: (usize, usize) = (8, 6);
/// The share of blocks that must change: a light reaches the frame of a door, and not the street.
const SHARE: usize = 6;
/// The brightness, of 255, by which these must change.
const LEAST_CHANGE: f32 = 2.0;
/// How well they must follow the line: the correlation, at most 1.
const FOLLOWS: f32 = 0.6;
/// In each of so many parts of the time they must change by at least half as much as in the whole: somebody who walks by
/// at the right moment does so once.
const PARTS: usize = 3;
/// The fewest frames of each light.
const FEWEST: usize = 10;
/// The fewest changes of the line.
const FEWEST_CHANGES: usize = 6;
/// The most frames that are kept: a camera of 60 frames a second for the whole time.
const MOST_FRAMES: usize = 320;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// How long the picture lags behind the line.
    pub delay: Duration,
    /// By how much the picture becomes brighter where it changes most, of 255.
    pub change: f32,
}

/// Looks at the scene while the light is lit and dark.
#[derive(Debug, Default)]
pub struct Calibration {
    frames: Vec<(Moment, Vec<f32>)>,
}

impl Calibration {
    /// Adds a frame.
    pub fn add(&mut self, taken: Moment, glance: &Glance) {
        if self.frames.len() < MOST_FRAMES {
            self.frames.push((taken, blocks(glance)));
        }
    }

    /// What the frames show. `changes`: those of the line, the oldest first. `None`: the picture does not follow the light.
    pub fn result(&self, changes: &[LightChange]) -> Option<Calibrated> {
        if changes.len() < FEWEST_CHANGES {
            return None;
        }
        let steps = (DELAYS.0.as_millis() / DELAYS.1.as_millis()) as u32;
        let tried = (0..=steps).filter_map(|step| self.change(changes, DELAYS.1 * step));
        let best = tried.max_by(|one, other| one.follows.total_cmp(&other.follows))?;
        let enough = best.found.change >= LEAST_CHANGE && best.follows >= FOLLOWS && best.is_steady;
        enough.then_some(best.found)
    }

    /// By how much the blocks that change most do so with this delay, and how well they follow the line.
    fn change(&self, changes: &[LightChange], delay: Duration) -> Option<Tried> {
        let (first, last) = (changes.first()?.at + delay, changes.last()?.at + delay);
        let within = self.frames.iter().filter(|(taken, _)| *taken >= first && *taken < last);
        let frames: Vec<Seen<'_>> =
            within.map(|(taken, blocks)| Seen { lit: is_lit(changes, *taken, delay), blocks }).collect();
        let lit = frames.iter().filter(|seen| seen.lit).count();
        if lit.min(frames.len() - lit) < FEWEST {
            return None;
        }
        let mut blocks: Vec<(usize, f32)> =
            (0..BLOCKS.0 * BLOCKS.1).map(|block| (block, brighter(&frames, &[block]))).collect();
        blocks.sort_by(|one, other| other.1.total_cmp(&one.1));
        blocks.truncate(BLOCKS.0 * BLOCKS.1 / SHARE);
        let blocks: Vec<usize> = blocks.into_iter().map(|(block, _)| block).collect();
        let change = brighter(&frames, &blocks);
        let is_steady =
            frames.chunks(frames.len().div_ceil(PARTS)).all(|part| brighter(part, &blocks) >= change / 2.0);
        let pairs = frames.iter().map(|seen| (f32::from(u8::from(seen.lit)), seen.brightness(&blocks)));
        Some(Tried { found: Calibrated { delay, change }, follows: correlation(pairs), is_steady })
    }
}

/// A frame, and what the light was in it.
struct Seen<'a> {
    lit: bool,
    blocks: &'a [f32],
}

impl Seen<'_> {
    /// The mean brightness of these blocks.
    fn brightness(&self, blocks: &[usize]) -> f32 {
        blocks.iter().map(|block| self.blocks[*block]).sum::<f32>() / blocks.len() as f32
    }
}

/// By how much these blocks are brighter in lit frames than in dark ones.
fn brighter(frames: &[Seen<'_>], blocks: &[usize]) -> f32 {
    let mean = |wanted: bool| {
        let of = frames.iter().filter(|seen| seen.lit == wanted).map(|seen| seen.brightness(blocks));
        let (count, sum) = of.fold((0, 0.0), |(count, sum), brightness| (count + 1, sum + brightness));
        sum / count as f32
    };
    mean(true) - mean(false)
}

/// One delay that was tried.
struct Tried {
    found: Calibrated,
    follows: f32,
    is_steady: bool,
}

/// What the light was when a frame was taken.
fn is_lit(changes: &[LightChange], taken: Moment, delay: Duration) -> bool {
    let before = changes.partition_point(|change| change.at + delay <= taken);
    before.checked_sub(1).is_some_and(|last| changes[last].lit)
}

/// The mean brightness of each block.
fn blocks(glance: &Glance) -> Vec<f32> {
    let (across, down) = (Glance::COLUMNS / BLOCKS.0, Glance::ROWS / BLOCKS.1);
    let mut sums = vec![0.0; BLOCKS.0 * BLOCKS.1];
    for (row, cells) in glance.rows().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            sums[row / down * BLOCKS.0 + column / across] += cell / (across * down) as f32;
        }
    }
    sums
}

/// Pearson's correlation; 0 where one side does not change.
fn correlation(pairs: impl Iterator<Item = (f32, f32)> + Clone) -> f32 {
    let count = pairs.clone().count().max(1) as f32;
    let (x, y) = pairs.clone().fold((0.0, 0.0), |(x, y), pair| (x + pair.0 / count, y + pair.1 / count));
    let add = |(xy, xx, yy): (f32, f32, f32), pair: (f32, f32)| {
        let (x, y) = (pair.0 - x, pair.1 - y);
        (xy + x * y, xx + x * x, yy + y * y)
    };
    let (xy, xx, yy) = pairs.fold((0.0, 0.0, 0.0), add);
    let both = (xx * yy).sqrt();
    if both > 0.0 { xy / both } else { 0.0 }
}

#[cfg(test)]
#[path = "calibration_tests.rs"]
mod tests;
