//! Chooses points that can be followed: corners, by Shi and Tomasi.
//!
//! Source: Shi and Tomasi, "Good features to track", CVPR 1994. A corner is where the smaller eigenvalue of the
//! gradients' matrix is large: the picture changes there in both directions.

use super::grey::Level;
use crate::geometry::Point;

/// Half the side, in pixels, of the window whose gradients are added up: 5 x 5 pixels.
const REACH: usize = 2;
/// The fraction of the best corner's eigenvalue that a corner must have.
const QUALITY: f32 = 0.005;

/// The best corners of a level, at most `most`, at least `apart` pixels from each other, where `wanted` says so.
pub fn corners(level: &Level, most: usize, apart: f32, wanted: impl Fn(Point) -> bool) -> Vec<Point> {
    let (width, height) = (level.grey.width(), level.grey.height());
    let mut found = Vec::new();
    for y in (REACH..height.saturating_sub(REACH)).step_by(2) {
        for x in (REACH..width.saturating_sub(REACH)).step_by(2) {
            let at = Point::new(x as f32, y as f32);
            if wanted(at) {
                found.push((smaller_eigenvalue(level, x, y), at));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let least = found.first().map_or(0.0, |(best, _)| best * QUALITY).max(f32::MIN_POSITIVE);
    let mut chosen: Vec<Point> = Vec::new();
    for (strength, at) in found {
        if strength < least || chosen.len() >= most {
            break;
        }
        if chosen.iter().all(|other| other.distance(at) >= apart) {
            chosen.push(at);
        }
    }
    chosen
}

fn smaller_eigenvalue(level: &Level, x: usize, y: usize) -> f32 {
    let (mut across, mut both, mut along) = (0.0, 0.0, 0.0);
    for row in y - REACH..=y + REACH {
        for column in x - REACH..=x + REACH {
            let (right, down) = (level.right.at(column, row), level.down.at(column, row));
            across += right * right;
            both += right * down;
            along += down * down;
        }
    }
    let (sum, difference): (f32, f32) = (across + along, across - along);
    (sum - (difference * difference + 4.0 * both * both).sqrt()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::super::grey::{Grey, Pyramid};
    use super::*;

    /// A dark picture with one bright square.
    fn square() -> Level {
        let bright = |x: usize, y: usize| (20..40).contains(&x) && (20..40).contains(&y);
        let grey = Grey::from_fn(64, 64, |x, y| if bright(x, y) { 200.0 } else { 20.0 });
        Pyramid::new(grey, 1).levels.remove(0)
    }

    #[test]
    fn the_corners_of_a_square_are_found_and_not_its_edges() {
        let found = corners(&square(), 4, 6.0, |_| true);
        assert_eq!(found.len(), 4);
        for corner in [(20.0, 20.0), (39.0, 20.0), (20.0, 39.0), (39.0, 39.0)] {
            let corner = Point::new(corner.0, corner.1);
            assert!(found.iter().any(|at| at.distance(corner) < 3.0), "{corner:?}: {found:?}");
        }
    }

    #[test]
    fn a_flat_picture_and_one_without_room_have_no_corners() {
        let flat = |side| Pyramid::new(Grey::from_fn(side, side, |_, _| 90.0), 1).levels.remove(0);
        assert_eq!(corners(&flat(32), 9, 3.0, |_| true), []);
        assert_eq!(corners(&flat(3), 9, 3.0, |_| true), []);
        assert_eq!(corners(&square(), 9, 3.0, |at| at.x > 60.0), []);
    }
}
