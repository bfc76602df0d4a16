//! Whether what surrounds a face moves as the face does: a print or a screen takes its own background along.
//!
//! A door's camera does not move, so the scene behind a head stays where it is. Where the rest of the picture moves too, the
//! camera does, or a sheet fills its view; then nothing is said.

use super::grey::Grey;
use crate::geometry::{Point, Rect};

/// Where is looked beside and above a face, from the middle of its box, in sizes of the box. Hair, a hood and the collar
/// are nearer.
const AROUND: [(f32, f32); 3] = [(-1.05, -0.1), (1.05, -0.1), (0.0, -1.15)];
/// The rest of the picture is farther away from the face than this, in sizes of the box.
const FAR: f32 = 1.7;
/// How far a face must have moved, in pixels of the small picture, and how much its size may have changed.
const MOVED: f32 = 3.0;
const SAME_SIZE: f32 = 0.08;
/// The side of a patch, in pixels.
const SIDE: usize = 9;
/// The mean squared difference from which on two patches are different: noise alone gives less.
const DIFFERENT: f32 = 90.0;
/// Of two places a patch is at the first if the difference there is less than this part of that at the second.
const CLEARLY: f32 = 0.3;
/// The places of the rest of the picture that are looked at, in sizes of the picture.
const REST: [(f32, f32); 8] =
    [(0.1, 0.15), (0.1, 0.5), (0.1, 0.85), (0.3, 0.12), (0.7, 0.12), (0.9, 0.15), (0.9, 0.5), (0.9, 0.85)];

/// What surrounds the face of one track.
#[derive(Debug, Default)]
pub struct Surround {
    before: Option<(Grey, Rect)>,
}

impl Surround {
    /// Looks at a small picture and the box of the face in it. Whether the face has moved since it was at another place,
    /// what is around it moved along, and the rest of the picture did not.
    pub fn moves_along(&mut self, now: Grey, face: Rect) -> bool {
        let Some((before, was)) = &self.before else {
            self.before = Some((now, face));
            return false;
        };
        let (from, to) = (was.centre(), face.centre());
        let shift = Point::new(to.x - from.x, to.y - from.y);
        let grew = (face.width / was.width.max(1.0)).ln().abs() > SAME_SIZE;
        if !grew && shift.x.hypot(shift.y) < MOVED {
            return false;
        }
        let moves = !grew && is_carried(before, &now, was, shift);
        self.before = Some((now, face));
        moves
    }
}

fn is_carried(before: &Grey, now: &Grey, was: &Rect, shift: Point) -> bool {
    let (middle, size) = (was.centre(), was.width.max(was.height));
    let beside = |(x, y): (f32, f32)| Point::new(middle.x + x * size, middle.y + y * size);
    let of_picture = |(x, y): (f32, f32)| Point::new(x * now.width() as f32, y * now.height() as f32);
    let mut around = AROUND.into_iter().map(beside);
    let mut rest = REST.into_iter().map(of_picture).filter(|at| at.distance(middle) > FAR * size);
    around.all(|at| step_of(before, now, at, shift) == Some(Step::Along))
        && rest.any(|at| step_of(before, now, at, shift) == Some(Step::Stays))
}

#[derive(PartialEq, Eq)]
enum Step {
    /// It has moved as the face has.
    Along,
    /// It is where it was.
    Stays,
}

/// What the patch at this place of the picture before has done; `None` if that cannot be told.
fn step_of(before: &Grey, now: &Grey, at: Point, shift: Point) -> Option<Step> {
    let (mut there, mut here) = ([0.0; SIDE * SIDE], [0.0; SIDE * SIDE]);
    if !before.patch(at, SIDE, &mut there) || !now.patch(at, SIDE, &mut here) {
        return None;
    }
    let stays = difference(&there, &here);
    // The boxes are not exact.
    let near = (-1..=1).flat_map(|x| (-1..=1).map(move |y| (x as f32, y as f32)));
    let along = near.filter_map(|(x, y)| {
        let to = Point::new(at.x + shift.x + x, at.y + shift.y + y);
        now.patch(to, SIDE, &mut here).then(|| difference(&there, &here))
    });
    let along = along.min_by(f32::total_cmp)?;
    if stays > DIFFERENT && along < CLEARLY * stays {
        Some(Step::Along)
    } else {
        (along > DIFFERENT && stays < CLEARLY * along).then_some(Step::Stays)
    }
}

/// The mean squared difference of two patches, whatever their means: light changes.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    let count = a.len() as f32;
    let mean = a.iter().zip(b).map(|(a, b)| a - b).sum::<f32>() / count;
    a.iter().zip(b).map(|(a, b)| (a - b - mean).powi(2)).sum::<f32>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A texture without a period.
    fn texture(x: f32, y: f32) -> f32 {
        128.0 + 50.0 * (x * 0.61).sin() * (y * 0.37).cos() + 40.0 * (x * 0.23 + y * 0.41).sin()
    }

    /// A wall, and before it a sheet of this half width whose middle is at `at`; its face is 30 pixels wide.
    fn scene(at: f32, half: f32, wall: f32) -> (Grey, Rect) {
        let grey = Grey::from_fn(160, 120, |x, y| {
            let (x, y) = (x as f32, y as f32);
            let on_the_sheet = (x - at).abs() < half && (y - 60.0).abs() < half;
            if on_the_sheet { texture(3.0 * (x - at), y) } else { texture(x - wall, 2.0 * y + 17.0) }
        });
        (grey, Rect { left: at - 15.0, top: 45.0, width: 30.0, height: 30.0 })
    }

    fn carried(half: f32, wall: f32) -> bool {
        let mut surround = Surround::default();
        let (first, second) = (scene(75.0, half, 0.0), scene(81.0, half, wall));
        !surround.moves_along(first.0, first.1) && surround.moves_along(second.0, second.1)
    }

    #[test]
    fn what_a_sheet_shows_around_a_face_moves_along_and_a_wall_behind_a_head_stays() {
        assert!(carried(48.0, 0.0), "a large print");
        assert!(!carried(18.0, 0.0), "a head");
    }

    #[test]
    fn where_everything_moves_it_is_the_camera() {
        assert!(!carried(48.0, 6.0) && !carried(18.0, 6.0));
    }

    #[test]
    fn a_face_that_does_not_move_or_comes_nearer_says_nothing() {
        let mut surround = Surround::default();
        for at in [75.0, 76.0, 75.5] {
            let (grey, face) = scene(at, 48.0, 0.0);
            assert!(!surround.moves_along(grey, face));
        }
        let (grey, mut face) = scene(82.0, 48.0, 0.0);
        face.width *= 1.2;
        assert!(!surround.moves_along(grey, face));
    }

    #[test]
    fn a_face_at_the_edge_says_nothing() {
        let mut surround = Surround::default();
        for at in [8.0, 14.0] {
            let (grey, face) = scene(at, 48.0, 0.0);
            assert!(!surround.moves_along(grey, face));
        }
    }
}
