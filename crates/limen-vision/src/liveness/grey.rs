//! Grey pictures of numbers, their gradients, and the pyramid in which points are followed.

use crate::frame::Picture;
use crate::geometry::Point;

/// A grey picture; a value is a luminance of 0 to 255, or a gradient of it.
///
/// The centre of pixel (0, 0) is at (0, 0), as in OpenCV, whose results the tests hold these against.
#[derive(Debug, Clone)]
pub struct Grey {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Grey {
    /// The luminance of a picture, by the weights of BT.601.
    pub fn of(picture: &Picture) -> Self {
        let luma = |p: &[u8]| 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2]);
        let values = picture.rgb().chunks_exact(3).map(luma).collect();
        Self { width: picture.width() as usize, height: picture.height() as usize, values }
    }

    /// A picture from a function of column and row.
    pub fn from_fn(width: usize, height: usize, mut value: impl FnMut(usize, usize) -> f32) -> Self {
        let values = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| value(x, y));
        Self { width, height, values: values.collect() }
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The value in a column and a row that exist.
    pub fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.width + x]
    }

    /// The rows, from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// Writes the square of `side` x `side` values around a point into `patch`, interpolated between pixels; false if it
    /// reaches outside the picture.
    pub fn patch(&self, centre: Point, side: usize, patch: &mut [f32]) -> bool {
        let half = (side / 2) as f32;
        let (left, top) = (centre.x - half, centre.y - half);
        let (x, y) = (left.floor(), top.floor());
        let inside = x >= 0.0
            && y >= 0.0
            && x as usize + side < self.width
            && y as usize + side < self.height
            && patch.len() == side * side;
        if !inside {
            return false;
        }
        let (right, down) = (left - x, top - y);
        let weights =
            [(1.0 - right) * (1.0 - down), right * (1.0 - down), (1.0 - right) * down, right * down];
        for (row, line) in patch.chunks_exact_mut(side).enumerate() {
            let first = (y as usize + row) * self.width + x as usize;
            let upper = &self.values[first..=first + side];
            let lower = &self.values[first + self.width..=first + self.width + side];
            for (value, (a, b)) in line.iter_mut().zip(upper.windows(2).zip(lower.windows(2))) {
                *value = weights[0] * a[0] + weights[1] * a[1] + weights[2] * b[0] + weights[3] * b[1];
            }
        }
        true
    }

    /// Half as wide and half as high, smoothed by five binomial weights before: one step of a Gaussian pyramid.
    pub fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut across = Vec::with_capacity(width * self.height);
        for row in self.rows() {
            across.extend((0..width).map(|x| smoothed(|by| row[mirrored(2 * x, by, self.width)])));
        }
        let value = |x: usize, y: usize| smoothed(|by| across[mirrored(2 * y, by, self.height) * width + x]);
        Self::from_fn(width, height, value)
    }

    /// The gradient to the right and the gradient down, per pixel, by Scharr's weights.
    pub fn gradients(&self) -> (Self, Self) {
        let rows = |y: usize| [mirrored(y, -1, self.height), y, mirrored(y, 1, self.height)];
        let columns = |x: usize| [mirrored(x, -1, self.width), x, mirrored(x, 1, self.width)];
        let right = |x: usize, y: usize| {
            let [left, _, right] = columns(x);
            let [above, here, below] = rows(y).map(|y| self.at(right, y) - self.at(left, y));
            (3.0 * (above + below) + 10.0 * here) / 32.0
        };
        let down = |x: usize, y: usize| {
            let [above, _, below] = rows(y);
            let [left, here, right] = columns(x).map(|x| self.at(x, below) - self.at(x, above));
            (3.0 * (left + right) + 10.0 * here) / 32.0
        };
        (Self::from_fn(self.width, self.height, right), Self::from_fn(self.width, self.height, down))
    }
}

/// The place `by` steps from `at`, mirrored at the edges without repeating them.
fn mirrored(at: usize, by: isize, size: usize) -> usize {
    let last = size.saturating_sub(1);
    let to = at.saturating_add_signed(by);
    let before = by.unsigned_abs().saturating_sub(at);
    if by < 0 && before > 0 {
        before.min(last)
    } else if to > last {
        (2 * last).saturating_sub(to)
    } else {
        to
    }
}

/// The mean of five values by the binomial weights 1, 4, 6, 4, 1.
fn smoothed(value: impl Fn(isize) -> f32) -> f32 {
    (value(-2) + value(2) + 4.0 * (value(-1) + value(1)) + 6.0 * value(0)) / 16.0
}

/// A picture at several sizes, each half as large as the one before, with its gradients.
#[derive(Debug, Clone)]
pub struct Pyramid {
    /// The levels, the largest first.
    pub levels: Vec<Level>,
}

/// One size of a picture.
#[derive(Debug, Clone)]
pub struct Level {
    /// The luminance.
    pub grey: Grey,
    /// The gradient to the right, per pixel.
    pub right: Grey,
    /// The gradient down, per pixel.
    pub down: Grey,
}

impl Pyramid {
    /// The pyramid of a picture with this number of levels, at least one.
    pub fn new(grey: Grey, levels: usize) -> Self {
        let mut greys = vec![grey];
        while greys.len() < levels.max(1) {
            greys.extend(greys.last().map(Grey::halved));
        }
        let level = |grey: Grey| {
            let (right, down) = grey.gradients();
            Level { grey, right, down }
        };
        Self { levels: greys.into_iter().map(level).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_has_the_same_gradient_everywhere_but_at_the_edges() {
        let (right, down) = Grey::from_fn(9, 7, |x, y| 3.0 * x as f32 - 2.0 * y as f32).gradients();
        assert!((right.at(4, 3) - 3.0).abs() < 1e-5 && (down.at(4, 3) + 2.0).abs() < 1e-5);
        assert_eq!(right.at(0, 3), 0.0, "mirrored at the edge");
    }

    #[test]
    fn places_are_mirrored_at_both_edges() {
        let places: Vec<_> = (-2..=2).map(|by| mirrored(0, by, 5)).collect();
        assert_eq!(places, [2, 1, 0, 1, 2]);
        let places: Vec<_> = (-2..=2).map(|by| mirrored(4, by, 5)).collect();
        assert_eq!(places, [2, 3, 4, 3, 2]);
        assert_eq!((mirrored(0, -2, 1), mirrored(0, 2, 1), mirrored(1, 2, 2)), (0, 0, 0));
    }

    #[test]
    fn halving_keeps_what_is_even_and_rounds_the_size_up() {
        let half = Grey::from_fn(7, 5, |_, _| 40.0).halved();
        assert_eq!((half.width(), half.height()), (4, 3));
        assert!(half.rows().flatten().all(|value| (value - 40.0).abs() < 1e-4));
    }

    #[test]
    fn a_patch_lies_between_pixels_and_inside_the_picture() {
        let ramp = Grey::from_fn(8, 8, |x, y| x as f32 + 10.0 * y as f32);
        let mut patch = [0.0; 9];
        assert!(ramp.patch(Point::new(3.25, 4.5), 3, &mut patch));
        assert!((patch[4] - 48.25).abs() < 1e-4 && (patch[0] - 37.25).abs() < 1e-4);
        for outside in [Point::new(0.5, 4.0), Point::new(4.0, 7.5), Point::new(f32::NAN, 4.0)] {
            assert!(!ramp.patch(outside, 3, &mut patch), "{outside:?}");
        }
    }
}
