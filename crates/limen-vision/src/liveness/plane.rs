//! How a flat thing moves from one picture to another: a homography, fitted to points that were followed.
//!
//! Source: Hartley and Zisserman, "Multiple View Geometry", 2nd edition, algorithm 4.2 (normalised direct linear
//! transform), with the last number fixed at 1. Outliers are left out by the median of squares: Rousseeuw 1984.

use crate::geometry::Point;

/// The fewest points that give a homography.
const FEWEST: usize = 4;
/// Samples of four points that are tried: with a third of outliers the chance to miss all good ones is 1 in 10,000.
const SAMPLES: usize = 40;
/// A point belongs to the plane if it lies within this many robust standard deviations.
const BELONGS: f32 = 2.5;
/// The smallest standard deviation, in pixels, that points are held against.
const LEAST_DEVIATION: f32 = 0.3;

/// A map of the plane: (x, y) goes to (a x + b y + c, d x + e y + f) / (g x + h y + 1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Homography([f32; 8]);

impl Homography {
    /// Where the map takes a point; not finite on the horizon.
    pub fn apply(&self, point: Point) -> Point {
        let [a, b, c, d, e, f, g, h] = self.0;
        let below = g * point.x + h * point.y + 1.0;
        Point::new((a * point.x + b * point.y + c) / below, (d * point.x + e * point.y + f) / below)
    }

    /// The least-squares map from `from` to `to`; `None` with fewer than four points, or if they lie in a line.
    pub fn fit(from: &[Point], to: &[Point]) -> Option<Self> {
        if from.len() != to.len() || from.len() < FEWEST {
            return None;
        }
        let (before, after) = (Normal::of(from)?, Normal::of(to)?);
        let (mut matrix, mut right) = ([[0.0f64; 8]; 8], [0.0f64; 8]);
        for (from, to) in from.iter().zip(to) {
            let ((x, y), (u, v)) = (before.apply(*from), after.apply(*to));
            let rows = [
                ([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y], u),
                ([0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y], v),
            ];
            for (row, value) in rows {
                for (i, one) in row.iter().enumerate() {
                    right[i] += one * value;
                    for (j, other) in row.iter().enumerate() {
                        matrix[i][j] += one * other;
                    }
                }
            }
        }
        solve(matrix, right).and_then(|solved| Self::denormalised(solved, &before, &after))
    }

    /// The map that most of the points follow, fitted to those which do. The samples are the same at every call.
    pub fn fit_most(from: &[Point], to: &[Point]) -> Option<Self> {
        if from.len() != to.len() || from.len() < 2 * FEWEST {
            return Self::fit(from, to);
        }
        let mut sampler = Sampler(0x9e37_79b9_7f4a_7c15);
        let mut best: Option<(f32, Self)> = None;
        for _ in 0..SAMPLES {
            let chosen = sampler.four(from.len());
            let Some(map) = Self::fit(&chosen.map(|i| from[i]), &chosen.map(|i| to[i])) else { continue };
            let median = median(from.iter().zip(to).map(|(from, to)| map.apply(*from).distance(*to)));
            if best.as_ref().is_none_or(|(least, _)| median < *least) {
                best = Some((median, map));
            }
        }
        let (median, map) = best?;
        // 1.4826 makes the median of a normal distribution's errors its standard deviation.
        let most = (1.4826 * median).max(LEAST_DEVIATION) * BELONGS;
        let belongs = |pair: &(&Point, &Point)| map.apply(*pair.0).distance(*pair.1) <= most;
        let (from, to): (Vec<Point>, Vec<Point>) = from.iter().zip(to).filter(belongs).unzip();
        Self::fit(&from, &to)
    }

    fn denormalised(solved: [f64; 8], before: &Normal, after: &Normal) -> Option<Self> {
        let [a, b, c, d, e, f, g, h] = solved;
        let normal = [[a, b, c], [d, e, f], [g, h, 1.0]];
        let (s, (tx, ty)) = (after.scale, after.centre);
        let back = [[1.0 / s, 0.0, tx], [0.0, 1.0 / s, ty], [0.0, 0.0, 1.0]];
        let (s, (tx, ty)) = (before.scale, before.centre);
        let there = [[s, 0.0, -s * tx], [0.0, s, -s * ty], [0.0, 0.0, 1.0]];
        let map = times(times(back, normal), there);
        let last = map[2][2];
        let numbers = map.as_flattened()[..8].iter().map(|value| (value / last) as f32);
        let mut found = [0.0; 8];
        found.iter_mut().zip(numbers).for_each(|(place, number)| *place = number);
        found.iter().all(|number| number.is_finite()).then_some(Self(found))
    }
}

/// Moves points so that their centre is 0 and their mean distance from it 1: the sums stay exact.
struct Normal {
    centre: (f64, f64),
    scale: f64,
}

impl Normal {
    fn of(points: &[Point]) -> Option<Self> {
        let count = points.len() as f64;
        let sum = points.iter().fold((0.0, 0.0), |(x, y), p| (x + f64::from(p.x), y + f64::from(p.y)));
        let centre = (sum.0 / count, sum.1 / count);
        let away = |p: &Point| (f64::from(p.x) - centre.0).hypot(f64::from(p.y) - centre.1);
        let mean = points.iter().map(away).sum::<f64>() / count;
        (mean.is_finite() && mean > 1e-6).then_some(Self { centre, scale: 1.0 / mean })
    }

    fn apply(&self, point: Point) -> (f64, f64) {
        let (x, y) = (f64::from(point.x) - self.centre.0, f64::from(point.y) - self.centre.1);
        (x * self.scale, y * self.scale)
    }
}

fn times(left: [[f64; 3]; 3], right: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let cell = |row: usize, column: usize| (0..3).map(|k| left[row][k] * right[k][column]).sum();
    std::array::from_fn(|row| std::array::from_fn(|column| cell(row, column)))
}

/// Gauss with pivots; `None` if the equations do not decide every number.
fn solve(mut matrix: [[f64; 8]; 8], mut right: [f64; 8]) -> Option<[f64; 8]> {
    for column in 0..8 {
        let pivot =
            (column..8).max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))?;
        if matrix[pivot][column].abs() < 1e-9 {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let (upper, lower) = matrix.split_at_mut(column + 1);
        let (known, unknown) = right.split_at_mut(column + 1);
        let pivot = upper[column];
        for (line, value) in lower.iter_mut().zip(unknown) {
            let factor = line[column] / pivot[column];
            line.iter_mut().zip(&pivot).skip(column).for_each(|(cell, above)| *cell -= factor * above);
            *value -= factor * known[column];
        }
    }
    for row in (0..8).rev() {
        let known: f64 = (row + 1..8).map(|k| matrix[row][k] * right[k]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

/// Numbers that look random, the same at every run: splitmix64.
struct Sampler(u64);

impl Sampler {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Four different numbers below `count`, which is at least four.
    fn four(&mut self, count: usize) -> [usize; 4] {
        let mut chosen = [usize::MAX; 4];
        let mut known = 0;
        while known < 4 {
            let number = (self.next() % count as u64) as usize;
            if !chosen.contains(&number) {
                chosen[known] = number;
                known += 1;
            }
        }
        chosen
    }
}

/// The median of numbers; infinite if one is none, or if there are none.
fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> =
        values.map(|value| if value.is_nan() { f32::INFINITY } else { value }).collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: Homography = Homography([1.1, 0.2, 5.0, -0.1, 0.9, -3.0, 0.001, -0.0005]);

    fn grid() -> Vec<Point> {
        (0..36).map(|i| Point::new((i % 6 * 20) as f32, (i / 6 * 20) as f32)).collect()
    }

    #[test]
    fn a_fit_recovers_the_map_that_moved_the_points() {
        let from = grid();
        let to: Vec<Point> = from.iter().map(|p| TRUTH.apply(*p)).collect();
        let fitted = Homography::fit(&from, &to).expect("a map");
        assert!(from.iter().zip(&to).all(|(from, to)| fitted.apply(*from).distance(*to) < 1e-2));
    }

    #[test]
    fn a_third_of_the_points_that_move_otherwise_do_not_move_the_plane() {
        let from = grid();
        let moved = |(i, p): (usize, &Point)| {
            let at = TRUTH.apply(*p);
            if i % 3 == 0 { Point::new(at.x + 9.0, at.y - 4.0) } else { at }
        };
        let to: Vec<Point> = from.iter().enumerate().map(moved).collect();
        let fitted = Homography::fit_most(&from, &to).expect("a map");
        let off = |i: usize| fitted.apply(from[i]).distance(to[i]);
        assert!(off(1) < 0.05 && off(14) < 0.05, "{} {}", off(1), off(14));
        assert!((off(0) - 9.85).abs() < 0.1, "{}", off(0));
    }

    #[test]
    fn points_in_a_line_too_few_points_and_numbers_that_are_none_have_no_map() {
        let line: Vec<Point> = (0..9).map(|i| Point::new(i as f32, 2.0 * i as f32)).collect();
        assert_eq!(Homography::fit(&line, &line), None);
        assert_eq!(Homography::fit(&grid()[..3], &grid()[..3]), None);
        assert_eq!(Homography::fit_most(&[Point::new(f32::NAN, 0.0); 9], &grid()[..9]), None);
    }
}
