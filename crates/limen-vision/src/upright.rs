//! Checks which way up a face is.
//!
//! The detector takes many upside-down faces for upright ones, with the eyes where the mouth is, and the mesh
//! follows it. Crops of such faces resemble each other, whoever the people are. So the picture is also
//! searched upside down: the way that shows the face more clearly is the way up.

use limen_core::event::{TrackId, Unusable};

use super::detect::{Detection, detect, detect_upside_down};
use super::landmarks::Mesh;
use super::model::{ModelError, ModelNetwork};
use super::warp::warp;
use crate::frame::View;
use crate::geometry::{Point, Rect, Similarity};

/// How much larger than the mesh the searched square is. With 2.3 or 3.8 the two searches cannot be told
/// apart.
const REGION: f32 = 3.0;
/// How much more, at least, an upside-down face scores in the turned picture. Of 495 upright faces, with the
/// 150 hardest of 4,305 among them, one scored 0.10 more and no other more than 0.03; 209 upside-down faces
/// scored at least 0.11 more.
const CLEARLY: f32 = 0.06;
/// A box whose centre is farther than this from the square's centre, as a fraction of its side, is another
/// face.
const OFF_CENTRE: f32 = 0.2;
/// A face turned by more degrees than this lies on its side.
const ON_ITS_SIDE: f32 = 60.0;
/// A face turned by more degrees than this is upside down.
const UPSIDE_DOWN: f32 = 120.0;
/// After this many upside-down faces in a row, the camera is taken to be mounted upside down.
const FACES_TO_TELL: u32 = 3;

/// Whether the face of this mesh is clearer when the picture is turned upside down.
pub(super) fn is_upside_down(
    detector: &ModelNetwork,
    view: &dyn View,
    mesh: &Mesh,
) -> Result<bool, ModelError> {
    let (side, _) = detector.input_size();
    let square = warp(view, &levelled(mesh, side as f32), side, side);
    let upright = clearness(&detect(detector, &square)?, side as f32);
    let turned = clearness(&detect_upside_down(detector, &square)?, side as f32);
    Ok(turned > upright + CLEARLY)
}

/// The score of the face in the middle of a square; 0 if there is none.
fn clearness(found: &[Detection], side: f32) -> f32 {
    let middle = Point::new(side / 2.0, side / 2.0);
    let away = |face: &Detection| face.bounds.centre().distance(middle);
    let here = found.iter().filter(|face| away(face) < side * OFF_CENTRE);
    here.map(|face| face.score).fold(0.0, f32::max)
}

/// The transform to a square of `side` around the mesh in which the eyes are level.
fn levelled(mesh: &Mesh, side: f32) -> Similarity {
    let angle = mesh.pose.roll.to_radians();
    let (least, most) = mesh.extent();
    let scale = side / ((most.x - least.x).max(most.y - least.y).max(1.0) * REGION);
    Similarity::around(mesh.centre(), angle, scale, side)
}

/// What is wrong with a face that is turned by `roll` degrees in the picture's plane.
pub(super) fn tilt(roll: f32) -> Unusable {
    match roll.abs() {
        roll if roll > UPSIDE_DOWN => Unusable::UpsideDown,
        roll if roll > ON_ITS_SIDE => Unusable::OnItsSide,
        _ => Unusable::Tilted,
    }
}

/// Where a box of a turned picture lay before the picture, of this size, was turned clockwise by `quarters`
/// quarters.
pub(super) fn turned_back(bounds: &Rect, quarters: u8, width: u32, height: u32) -> Rect {
    let (right, bottom) = (bounds.left + bounds.width, bounds.top + bounds.height);
    let (left, top) = match quarters % 4 {
        0 => (bounds.left, bounds.top),
        1 => (bounds.top, height as f32 - right),
        2 => (width as f32 - right, height as f32 - bottom),
        _ => (width as f32 - bottom, bounds.left),
    };
    let on_its_side = quarters % 2 == 1;
    let (width, height) =
        if on_its_side { (bounds.height, bounds.width) } else { (bounds.width, bounds.height) };
    Rect { left, top, width, height }
}

/// Notices a camera that is mounted upside down.
#[derive(Debug, Default)]
pub(super) struct Mounting {
    upside_down: u32,
    last: Option<TrackId>,
}

impl Mounting {
    /// Notes a face that is upright or upside down. Returns true once, when the camera must be mounted upside
    /// down.
    pub fn saw(&mut self, track: TrackId, upside_down: bool) -> bool {
        if !upside_down {
            *self = Self::default();
            return false;
        }
        let is_new = self.last.replace(track) != Some(track);
        self.upside_down = self.upside_down.saturating_add(u32::from(is_new));
        is_new && self.upside_down == FACES_TO_TELL
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    fn look(left: f32, score: f32) -> Detection {
        let bounds = Rect { left, top: 44.0, width: 40.0, height: 40.0 };
        Detection { bounds, keypoints: [Point::default(); 6], score }
    }

    #[test]
    fn the_face_in_the_middle_counts_and_no_other() {
        assert_eq!(clearness(&[look(44.0, 0.6), look(50.0, 0.5), look(0.0, 0.9)], 128.0), 0.6);
        assert_eq!(clearness(&[look(0.0, 0.9)], 128.0), 0.0);
    }

    #[test]
    fn a_leaning_head_is_tilted_and_a_turned_photograph_lies_or_stands_on_its_head() {
        let said = [41.0, -59.0, 90.0, -100.0, 170.0].map(tilt);
        let [tilted, side] = [Unusable::Tilted, Unusable::OnItsSide];
        assert_eq!(said, [tilted, tilted, side, side, Unusable::UpsideDown]);
    }

    #[test]
    fn a_box_is_turned_back_to_where_it_was() {
        let bounds = Rect { left: 5.0, top: 7.0, width: 10.0, height: 20.0 };
        // In a picture of 100 x 50, turned: its left column became the first row.
        let once = Rect { left: 50.0 - 27.0, top: 5.0, width: 20.0, height: 10.0 };
        assert_eq!(turned_back(&once, 1, 100, 50), bounds);
        let twice = Rect { left: 100.0 - 15.0, top: 50.0 - 27.0, ..bounds };
        assert_eq!(turned_back(&twice, 2, 100, 50), bounds);
        let thrice = Rect { left: 7.0, top: 100.0 - 15.0, width: 20.0, height: 10.0 };
        assert_eq!(turned_back(&thrice, 3, 100, 50), bounds);
    }

    #[test]
    fn three_people_upside_down_tell_of_the_camera_once_and_one_upright_begins_anew() {
        let mut mounting = Mounting::default();
        let mut saw = |track, upside_down| mounting.saw(TrackId(track), upside_down);
        let told = [saw(1, true), saw(1, true), saw(2, true), saw(2, true), saw(3, true), saw(4, true)];
        assert_eq!(told, [false, false, false, false, true, false]);
        assert!(!saw(5, false) && !saw(6, true) && !saw(7, true) && saw(8, true));
    }
}
