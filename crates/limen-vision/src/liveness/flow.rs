//! Follows points from one picture to the next: Lucas-Kanade over an image pyramid.
//!
//! Source: Bouguet, "Pyramidal implementation of the Lucas Kanade feature tracker", Intel 2000. A point is looked for in
//! the smallest pictures first; each larger one refines where it is. It is then followed back, and lost if it does not
//! come back to where it began.

use super::grey::{Level, Pyramid};
use crate::geometry::Point;

/// The sides of the square that is compared around a point, in pixels of each level.
pub const WINDOW: usize = 15;
const VALUES: usize = WINDOW * WINDOW;
/// The most refinements per level.
const STEPS: usize = 20;
/// A refinement smaller than this, in pixels, is the last one of its level.
const STILL: f32 = 0.01;
/// The smaller eigenvalue of the gradients' matrix, per pixel of the window, below which there is nothing to hold on to;
/// luminance 0 to 255.
const MIN_EIGENVALUE: f32 = 0.4;
/// How far, in pixels, a point that was followed there and back may end from where it began.
const COMES_BACK: f32 = 1.0;

/// Where a point of one picture is in another one; `None` if it is lost.
///
/// `guess` is where to begin, at the first level. Both pyramids have the same levels.
pub fn follow(from: &Pyramid, to: &Pyramid, point: Point, guess: Point) -> Option<Point> {
    let there = one_way(from, to, point, guess)?;
    // Where it should come back to is known, so that the largest level is enough.
    let back = refine(to.levels.first()?, from.levels.first()?, there, point)?;
    (back.distance(point) <= COMES_BACK).then_some(there)
}

fn one_way(from: &Pyramid, to: &Pyramid, point: Point, guess: Point) -> Option<Point> {
    let mut found = guess;
    for (number, (from, to)) in from.levels.iter().zip(&to.levels).enumerate().rev() {
        let scale = 1.0 / (1 << number) as f32;
        let scaled = |point: Point| Point::new(point.x * scale, point.y * scale);
        // A small picture may end too near to the point; then the guess stands until a larger one.
        let refined = refine(from, to, scaled(point), scaled(found));
        match refined {
            Some(refined) => found = Point::new(refined.x / scale, refined.y / scale),
            None if number == 0 => return None,
            None => {}
        }
    }
    Some(found)
}

/// The point's place in one level; `None` if there is nothing to hold on to, or if it leaves the picture.
fn refine(from: &Level, to: &Level, point: Point, guess: Point) -> Option<Point> {
    let (mut here, mut right, mut down) = ([0.0; VALUES], [0.0; VALUES], [0.0; VALUES]);
    let inside = from.grey.patch(point, WINDOW, &mut here)
        && from.right.patch(point, WINDOW, &mut right)
        && from.down.patch(point, WINDOW, &mut down);
    let gradients = inside.then(|| Gradients::of(&right, &down))?;
    if gradients.smaller_eigenvalue() < MIN_EIGENVALUE {
        return None;
    }
    let (mut at, mut there) = (guess, [0.0; VALUES]);
    for _ in 0..STEPS {
        if !to.grey.patch(at, WINDOW, &mut there) {
            return None;
        }
        let step = gradients.step(&here, &there, &right, &down);
        at = Point::new(at.x + step.x, at.y + step.y);
        if step.x.hypot(step.y) < STILL {
            break;
        }
    }
    (at.x.is_finite() && at.y.is_finite()).then_some(at)
}

/// The sums of products of the gradients in a window.
struct Gradients {
    across: f32,
    both: f32,
    along: f32,
}

impl Gradients {
    fn of(right: &[f32; VALUES], down: &[f32; VALUES]) -> Self {
        Self { across: product(right, right), both: product(right, down), along: product(down, down) }
    }

    fn smaller_eigenvalue(&self) -> f32 {
        let (sum, difference) = (self.across + self.along, self.across - self.along);
        (sum - (difference * difference + 4.0 * self.both * self.both).sqrt()) / (2 * VALUES) as f32
    }

    /// The shift that makes `there` most like `here`, to first order.
    fn step(
        &self,
        here: &[f32; VALUES],
        there: &[f32; VALUES],
        right: &[f32; VALUES],
        down: &[f32; VALUES],
    ) -> Point {
        let (mut x, mut y) = (0.0, 0.0);
        for (((here, there), right), down) in here.iter().zip(there).zip(right).zip(down) {
            let missing = here - there;
            x += missing * right;
            y += missing * down;
        }
        let determinant = self.across * self.along - self.both * self.both;
        Point::new(
            (self.along * x - self.both * y) / determinant,
            (self.across * y - self.both * x) / determinant,
        )
    }
}

fn product(one: &[f32; VALUES], other: &[f32; VALUES]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::super::grey::Grey;
    use super::*;

    fn pattern(x: f64, y: f64) -> f64 {
        let waves = 50.0 * (0.35 * x + 0.1 * y).sin() + 40.0 * (0.27 * y - 0.05 * x).sin();
        128.0 + waves + 25.0 * (0.13 * x - 0.19 * y + 1.0).sin()
    }

    /// The pattern moved by x' = a x - b y + tx, y' = b x + a y + ty, in whole values of luminance.
    fn moved(a: f64, b: f64, tx: f64, ty: f64) -> Pyramid {
        let value = |x: usize, y: usize| {
            let (x, y) = (x as f64 - tx, y as f64 - ty);
            let n = a * a + b * b;
            pattern((a * x + b * y) / n, (a * y - b * x) / n).round().clamp(0.0, 255.0) as f32
        };
        Pyramid::new(Grey::from_fn(96, 96, value), 3)
    }

    /// Points, and where `calcOpticalFlowPyrLK` of OpenCV 5.0.0 finds them: window 15 x 15, two further levels, 30 steps,
    /// 0.001 pixels.
    const OPENCV: [(Point, Point); 6] = [
        (Point::new(30.0, 30.0), Point::new(33.235_336, 30.168_12)),
        (Point::new(48.0, 40.0), Point::new(51.322_445, 41.987_3)),
        (Point::new(60.0, 55.0), Point::new(63.024_45, 57.926_7)),
        (Point::new(40.0, 64.0), Point::new(41.859_7, 66.570_32)),
        (Point::new(66.0, 30.0), Point::new(70.519_82, 32.285_873)),
        (Point::new(33.5, 47.25), Point::new(35.830_27, 48.948_177)),
    ];

    #[test]
    fn points_are_found_where_opencv_finds_them() {
        let (from, to) = (moved(1.0, 0.0, 0.0, 0.0), moved(1.04, 0.05, 3.4, -2.2));
        for (point, wanted) in OPENCV {
            let found = one_way(&from, &to, point, point).expect("followed");
            assert!(found.distance(wanted) < 0.05, "{point:?}: {found:?}, OpenCV {wanted:?}");
        }
    }

    #[test]
    fn a_point_that_does_not_move_stays() {
        let still = moved(1.0, 0.0, 0.0, 0.0);
        let point = Point::new(48.0, 48.0);
        assert_eq!(follow(&still, &still, point, point), Some(point));
    }

    #[test]
    fn a_point_is_lost_on_a_flat_picture_outside_and_where_it_does_not_come_back() {
        let still = moved(1.0, 0.0, 0.0, 0.0);
        let flat = Pyramid::new(Grey::from_fn(96, 96, |_, _| 90.0), 3);
        let other = Pyramid::new(Grey::from_fn(96, 96, |x, y| ((x * 7919 + y * 104_729) % 251) as f32), 3);
        let point = Point::new(48.0, 48.0);
        assert_eq!(follow(&flat, &still, point, point), None);
        assert_eq!(follow(&still, &still, Point::new(2.0, 2.0), point), None);
        assert_eq!(follow(&still, &still, Point::new(f32::NAN, 2.0), point), None);
        let kept = (20..76).step_by(8).filter(|x| {
            let point = Point::new(*x as f32, 48.0);
            follow(&still, &other, point, point).is_some()
        });
        assert!(kept.count() <= 1, "hardly a point of another picture comes back");
    }
}
