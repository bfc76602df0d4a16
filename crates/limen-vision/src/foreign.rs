//! Checks whether a face is like the faces on which the error rates were measured.
//!
//! Embeddings of faces that are covered, washed out, half in the dark, stretched or blocky lie near each
//! other, whoever the people are: with the same drawn mask, one stranger in eight is below the score that one
//! in a thousand should be below. No threshold is valid for such faces. docs/conditions.md says what each
//! limit costs and what it stops.

use std::ops::RangeInclusive;

use limen_core::event::Unusable;

use super::align::SIDE;
use crate::frame::Picture;
use crate::geometry::Point;

/// The width of a crop, in pixels.
const WIDTH: usize = SIDE as usize;
/// The side of a cell, in pixels. Flat areas are found by the means of cells, so that noise does not matter.
const CELL: usize = 5;
/// The side of a window, in cells.
const WINDOW: usize = 3;
/// A window is flat if the deviation of its cells is less than this fraction of the deviation of the crop's
/// pixels.
const FLAT: f32 = 0.04;
/// The largest fraction of flat windows between eyebrows and chin.
const MAX_FLAT_FACE: f32 = 0.066;
/// The same above the eyebrows, where a hat may be, for photographs that become templates.
const MAX_FLAT_FOREHEAD: f32 = 0.23;
/// The smallest standard deviation of the luminance, of 255. It is less with fog, a dirty lens or light into
/// the lens.
const MIN_CONTRAST: f32 = 12.0;
/// From this luminance on a pixel is overexposed.
const BLOWN: f32 = 250.0;
/// The largest fraction of such pixels in the face.
const MAX_BLOWN: f32 = 0.02;
/// The smallest ratio of the luminance of the face's darker half to the brighter half.
const MIN_EVENNESS: f32 = 0.4;
/// The smallest ratio of the lower quartile of detail to its mean. The small blocks of a strongly compressed
/// JPEG have no detail inside.
const MIN_LOW_DETAIL: f32 = 0.13;
/// Large blocks: that ratio is below the first number, and the ratio of detail to that of 3x3 means is above
/// the second.
const BLOCKS: (f32, f32) = (0.2, 0.38);
/// The largest detail, in percent of contrast: more is noise.
const MAX_DETAIL: f32 = 100.0;
/// The ratio of width to height of an upright face's mesh, for photographs that become templates. Small faces
/// go down to 0.77.
const PROPORTIONS: RangeInclusive<f32> = 0.76..=0.99;
/// The least detail across and along, in percent of contrast, for photographs that become templates.
const MIN_DETAIL_EACH_WAY: f32 = 2.5;
/// The smallest ratio of the lesser of these to the greater: a moving camera blurs one of them.
const MIN_LESSER_DETAIL: f32 = 0.6;

/// A part of a crop: rows, columns.
type Zone = [std::ops::Range<usize>; 2];

/// The face, in pixels of the crop.
const FACE: Zone = [30..125, 30..120];
/// The windows from eyebrows to chin, and those above.
const FACE_WINDOWS: Zone = [6..26, 5..23];
const FOREHEAD_WINDOWS: Zone = [0..7, 5..23];

/// Refuses a face unlike those that were measured; `crop` is the aligned crop of [`SIDE`].
pub(super) fn check(crop: &Picture) -> Result<(), Unusable> {
    let luma = Plane::of(crop);
    let contrast = luma.deviation();
    let detail = luma.detail(&[0..WIDTH, 0..WIDTH]);
    if contrast < MIN_CONTRAST {
        Err(Unusable::LowContrast)
    } else if luma.share(|value| value >= BLOWN) > MAX_BLOWN {
        Err(Unusable::TooBright)
    } else if luma.evenness() < MIN_EVENNESS {
        Err(Unusable::UnevenLight)
    } else if flat_share(&luma, FACE_WINDOWS) > MAX_FLAT_FACE {
        Err(Unusable::Covered)
    } else if 100.0 * mean(&detail) > MAX_DETAIL * contrast || is_made_of_blocks(&luma, &detail) {
        Err(Unusable::Coarse)
    } else {
        Ok(())
    }
}

/// Refuses what does harm only in a template's photograph: strangers who are blurred or stretched alike, or
/// wear the same hat, resemble each other, but not a person on a good photograph. The points of `mesh` are in
/// pixels of the crop.
pub(super) fn check_template(crop: &Picture, mesh: &[Point]) -> Result<(), Unusable> {
    let luma = Plane::of(crop);
    let contrast = luma.deviation().max(1.0);
    let [across, along] = [(1, 0), (0, 1)].map(|way| 100.0 * luma.detail_along(way) / contrast);
    let (lesser, greater) = (across.min(along), across.max(along));
    if lesser < MIN_DETAIL_EACH_WAY || lesser < MIN_LESSER_DETAIL * greater {
        Err(Unusable::Blurred)
    } else if flat_share(&luma, FOREHEAD_WINDOWS) > MAX_FLAT_FOREHEAD {
        Err(Unusable::Covered)
    } else if !PROPORTIONS.contains(&proportion(mesh)) {
        Err(Unusable::Stretched)
    } else {
        Ok(())
    }
}

/// The fraction of flat windows, where something may cover the face.
fn flat_share(luma: &Plane, [rows, columns]: Zone) -> f32 {
    let (cells, limit) = (luma.means(CELL), FLAT * luma.deviation());
    let windows = rows.len() * columns.len();
    let all = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
    all.filter(|(row, column)| cells.window(*row, *column) < limit).count() as f32 / windows as f32
}

fn is_made_of_blocks(luma: &Plane, detail: &[f32]) -> bool {
    let mut inner = luma.detail(&FACE);
    let quarter = inner.len() / 4;
    let whole = mean(&inner).max(f32::MIN_POSITIVE);
    let (_, quartile, _) = inner.select_nth_unstable_by(quarter, f32::total_cmp);
    let low = *quartile / whole;
    let large = luma.means(3);
    let of_means = mean(&large.detail(&[0..large.side, 0..large.side])).max(f32::MIN_POSITIVE);
    low < MIN_LOW_DETAIL || (low < BLOCKS.0 && mean(detail) / of_means > BLOCKS.1)
}

/// The ratio of width to height.
fn proportion(mesh: &[Point]) -> f32 {
    let extent = |of: fn(&Point) -> f32| {
        let values = mesh.iter().map(of);
        values.clone().fold(f32::NEG_INFINITY, f32::max) - values.fold(f32::INFINITY, f32::min)
    };
    extent(|p| p.x) / extent(|p| p.y).max(f32::MIN_POSITIVE)
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

fn deviation(values: &[f32]) -> f32 {
    let middle = mean(values);
    (values.iter().map(|value| (value - middle).powi(2)).sum::<f32>() / values.len().max(1) as f32).sqrt()
}

/// A square of numbers.
struct Plane {
    side: usize,
    values: Vec<f32>,
}

impl Plane {
    /// The luminance of a crop (BT.601 weights), 0 to 255.
    fn of(crop: &Picture) -> Self {
        let luma = |p: &[u8; 3]| 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]);
        Self { side: crop.width() as usize, values: crop.rgb().as_chunks::<3>().0.iter().map(luma).collect() }
    }

    fn at(&self, row: usize, column: usize) -> f32 {
        self.values[row * self.side + column]
    }

    fn deviation(&self) -> f32 {
        deviation(&self.values)
    }

    /// The means of squares of `each` x `each` pixels.
    fn means(&self, each: usize) -> Self {
        let side = self.side / each;
        let square = |row: usize, column: usize| {
            let pixels = (0..each * each).map(|i| self.at(row * each + i / each, column * each + i % each));
            pixels.sum::<f32>() / (each * each) as f32
        };
        let values = (0..side * side).map(|i| square(i / side, i % side)).collect();
        Self { side, values }
    }

    /// The standard deviation of the window whose first cell is this one.
    fn window(&self, row: usize, column: usize) -> f32 {
        let cells: [f32; WINDOW * WINDOW] =
            std::array::from_fn(|i| self.at(row + i / WINDOW, column + i % WINDOW));
        deviation(&cells)
    }

    /// The absolute Laplacian of each value in a zone; each must have neighbours on all sides.
    fn detail(&self, [rows, columns]: &Zone) -> Vec<f32> {
        let inner = |range: &std::ops::Range<usize>| range.start.max(1)..range.end.min(self.side - 1);
        let laplacian = |row: usize, column: usize| {
            let around = self.at(row - 1, column) + self.at(row + 1, column);
            let beside = self.at(row, column - 1) + self.at(row, column + 1);
            (around + beside - 4.0 * self.at(row, column)).abs()
        };
        inner(rows).flat_map(|row| inner(columns).map(move |column| laplacian(row, column))).collect()
    }

    /// The mean absolute second difference in one direction: the columns and rows to the next value.
    fn detail_along(&self, (right, down): (usize, usize)) -> f32 {
        let inner = 1..self.side - 1;
        let difference = |row: usize, column: usize| {
            let [before, after] = [self.at(row - down, column - right), self.at(row + down, column + right)];
            (before + after - 2.0 * self.at(row, column)).abs()
        };
        let all = inner.clone().flat_map(|row| inner.clone().map(move |column| difference(row, column)));
        all.sum::<f32>() / (inner.len() * inner.len()) as f32
    }

    /// The fraction of the face's pixels for which `holds` is true.
    fn share(&self, holds: impl Fn(f32) -> bool) -> f32 {
        let [rows, columns] = FACE;
        let of = rows.len() * columns.len();
        let found = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        found.filter(|(row, column)| holds(self.at(*row, *column))).count() as f32 / of as f32
    }

    /// The ratio of the luminance of the face's darker half, left or right, to that of the brighter.
    fn evenness(&self) -> f32 {
        let [rows, columns] = FACE;
        let middle = columns.start + columns.len() / 2;
        let half = |columns: std::ops::Range<usize>| -> f32 {
            rows.clone().map(|row| columns.clone().map(|column| self.at(row, column)).sum::<f32>()).sum()
        };
        let (left, right) = (half(columns.start..middle), half(middle..columns.end));
        left.min(right) / left.max(right).max(1.0)
    }
}

#[cfg(test)]
#[path = "foreign_tests.rs"]
mod tests;
