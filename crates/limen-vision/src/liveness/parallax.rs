//! Whether a nose stands out of a face: how it moves against the plane of the rest.
//!
//! Points on the nose and around it are followed from an *anchor*, a frame in which the face looked to the camera. A
//! homography takes the points around the nose from the anchor to now. A sheet, flat or nearly, takes the nose along; a
//! nose that stands out leads the turn of its head, and grows faster than the ears when it comes near.

use super::corners::corners;
use super::flow::follow;
use super::grey::{Grey, Pyramid};
use super::plane::Homography;
use crate::frame::View;
use crate::geometry::{Point, Similarity};
use crate::landmarks::Mesh;
use crate::warp::warp;

/// The sides of the upright square that is cut out around the face, in pixels.
const SIDE: u32 = 128;
/// The distance between the eyes in that square, in pixels; as seen from the front, however the head is turned.
const EYES: f32 = 40.0;
/// The levels of the pyramid: a point may move by about 20 pixels of the square between frames.
const LEVELS: usize = 3;
/// The most points that are followed on the nose and around it. A nose has weak corners: among those of eyes and mouth
/// few of its own would be chosen.
const POINTS: (usize, usize) = (16, 40);
/// The smallest distance between two of them, in pixels of the square, on the nose and around it: not all of them in the
/// eyes.
const APART: (f32, f32) = (3.0, 6.0);
/// The fewest points of the nose, and of the rest, that give a measurement.
const FEWEST: (usize, usize) = (3, 12);
/// A nose reaches this far from its centre, in distances between the eyes.
const NOSE_RADIUS: f32 = 0.33;
/// The largest turn and nod of an anchor, in degrees.
const FRONTAL: (f32, f32) = (10.0, 20.0);

/// The numbers of mesh points, as in MediaPipe's face mesh.
mod point {
    pub const NOSE: [usize; 5] = [4, 195, 2, 98, 327];
    pub const NOSE_TIP: usize = 4;
    pub const NASION: usize = 168;
    pub const PHILTRUM: usize = 164;
    pub const OVAL: [usize; 36] = [
        10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148,
        176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
    ];
    pub const RIGHT_EYE: [usize; 2] = [33, 133];
    pub const LEFT_EYE: [usize; 2] = [362, 263];
}

/// How a face has changed since its anchor. Sides are those of the picture: right is larger x.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parallax {
    /// The change of the mesh's turn, in degrees.
    pub yaw: f32,
    /// The change of the mesh's nod, in degrees.
    pub pitch: f32,
    /// The change of the nose tip's distance from the line of nasion and philtrum, over the length of that line; by
    /// the mesh.
    pub nose_offset: f32,
    /// The size of the face, over that of the anchor.
    pub growth: f32,
    /// How the nose moved against the plane of the rest, by the followed points; `None` if too few are left.
    pub nose: Option<Residual>,
}

/// What is left of a movement after the plane's movement is taken away, in distances between the eyes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Residual {
    /// To the right in the upright face.
    pub x: f32,
    /// Down in the upright face.
    pub y: f32,
    /// How much larger the nose has become than the plane makes it: the logarithm of the factor.
    pub swell: f32,
    /// The median distance of the points around the nose from their plane: how well it is known.
    pub rest: f32,
}

/// Follows the points of one face.
#[derive(Debug, Default)]
pub struct Follower {
    anchor: Option<Anchor>,
}

#[derive(Debug)]
struct Anchor {
    mesh: Measured,
    points: Vec<Followed>,
    last: Pyramid,
}

/// Where points were in the anchor, and where they are now.
type Moves = (Vec<Point>, Vec<Point>);

#[derive(Debug)]
struct Followed {
    /// Where it was in the anchor, in the upright square.
    first: Point,
    /// Where it was last; `None` once it is lost.
    last: Option<Point>,
    on_the_nose: bool,
}

/// What the mesh alone says of a face.
#[derive(Debug, Clone, Copy)]
struct Measured {
    yaw: f32,
    pitch: f32,
    nose_offset: f32,
    size: f32,
}

impl Follower {
    /// Follows the points into the next frame of the same track, and measures; `None` for an anchor, which the first
    /// frontal frame becomes. If too few points are left, a later frontal frame becomes the anchor.
    pub fn see(&mut self, view: &dyn View, mesh: &Mesh) -> Option<Parallax> {
        let measured = Measured::of(mesh);
        let to_square = to_square(mesh)?;
        let pyramid = || Pyramid::new(Grey::of(&warp(view, &to_square, SIDE, SIDE)), LEVELS);
        let Some(anchor) = &mut self.anchor else {
            if measured.is_frontal() {
                self.anchor = Some(Anchor::new(measured, mesh, &to_square, pyramid()));
            }
            return None;
        };
        let parallax = anchor.see(measured, pyramid());
        if parallax.nose.is_none() && measured.is_frontal() {
            *anchor = Anchor::new(measured, mesh, &to_square, anchor.last.clone());
        }
        Some(parallax)
    }

    /// Whether there is an anchor to measure against.
    pub fn has_anchor(&self) -> bool {
        self.anchor.is_some()
    }

    /// Begins anew with the next frontal frame.
    pub fn forget(&mut self) {
        self.anchor = None;
    }
}

impl Anchor {
    fn new(measured: Measured, mesh: &Mesh, to_square: &Similarity, pyramid: Pyramid) -> Self {
        let place = |index: &usize| to_square.apply(mesh.points[*index]);
        let oval = point::OVAL.each_ref().map(place);
        let nose = mean(point::NOSE.each_ref().map(place));
        let on_the_nose = |at: Point| at.distance(nose) < NOSE_RADIUS * EYES;
        let found = |nose: bool, most: usize, apart: f32| {
            let wanted = |at: Point| on_the_nose(at) == nose && is_inside(at, &oval);
            let found = pyramid.levels.first().map(|level| corners(level, most, apart, wanted));
            let followed = move |at: Point| Followed { first: at, last: Some(at), on_the_nose: nose };
            found.unwrap_or_default().into_iter().map(followed)
        };
        let points = found(true, POINTS.0, APART.0).chain(found(false, POINTS.1, APART.1)).collect();
        Self { mesh: measured, points, last: pyramid }
    }

    fn see(&mut self, now: Measured, pyramid: Pyramid) -> Parallax {
        for point in &mut self.points {
            point.last = point.last.and_then(|last| follow(&self.last, &pyramid, last, last));
        }
        self.last = pyramid;
        Parallax {
            yaw: now.yaw - self.mesh.yaw,
            pitch: now.pitch - self.mesh.pitch,
            nose_offset: now.nose_offset - self.mesh.nose_offset,
            growth: now.size / self.mesh.size,
            nose: self.residual(),
        }
    }

    fn residual(&self) -> Option<Residual> {
        let moves = |nose: bool| {
            let kept = self.points.iter().filter(move |point| point.on_the_nose == nose);
            kept.filter_map(|point| Some((point.first, point.last?))).unzip()
        };
        let (nose, rest): (Moves, Moves) = (moves(true), moves(false));
        if nose.0.len() < FEWEST.0 || rest.0.len() < FEWEST.1 {
            return None;
        }
        let plane = Homography::fit_most(&rest.0, &rest.1)?;
        let left = |(from, to): (&Point, &Point)| {
            let moved = plane.apply(*from);
            Point::new((to.x - moved.x) / EYES, (to.y - moved.y) / EYES)
        };
        let of_nose: Vec<Point> = nose.0.iter().zip(&nose.1).map(left).collect();
        let of_rest = rest.0.iter().zip(&rest.1).map(left).map(|off| off.x.hypot(off.y));
        let by_plane: Vec<Point> = nose.0.iter().map(|from| plane.apply(*from)).collect();
        let residual = Residual {
            x: median(of_nose.iter().map(|off| off.x)),
            y: median(of_nose.iter().map(|off| off.y)),
            swell: Similarity::fit(&by_plane, &nose.1)?.scale().ln(),
            rest: median(of_rest),
        };
        [residual.x, residual.y, residual.swell].iter().all(|number| number.is_finite()).then_some(residual)
    }
}

impl Measured {
    fn of(mesh: &Mesh) -> Self {
        let [tip, nasion, philtrum] =
            [point::NOSE_TIP, point::NASION, point::PHILTRUM].map(|index| mesh.points[index]);
        let (across, down) = (philtrum.x - nasion.x, philtrum.y - nasion.y);
        let length = across.hypot(down).max(1e-3);
        // The line's normal to the right in the upright face.
        let nose_offset = ((tip.x - nasion.x) * down - (tip.y - nasion.y) * across) / (length * length);
        Self { yaw: mesh.pose.yaw, pitch: mesh.pose.pitch, nose_offset, size: eye_distance(mesh) }
    }

    fn is_frontal(&self) -> bool {
        self.yaw.abs() <= FRONTAL.0 && self.pitch.abs() <= FRONTAL.1
    }
}

/// The distance between the eyes in space, in pixels of the picture: a turn does not change it.
pub(super) fn eye_distance(mesh: &Mesh) -> f32 {
    let depth = |eye: [usize; 2]| (mesh.depth[eye[0]] + mesh.depth[eye[1]]) / 2.0;
    let (right, left) = mesh.eyes();
    right.distance(left).hypot(depth(point::LEFT_EYE) - depth(point::RIGHT_EYE))
}

/// The transform to the upright square around a face.
fn to_square(mesh: &Mesh) -> Option<Similarity> {
    let scale = EYES / eye_distance(mesh);
    let angle = mesh.pose.roll.to_radians();
    let usable = scale.is_finite() && scale > 0.0 && angle.is_finite();
    // Pixel centres lie at whole numbers there.
    usable.then(|| Similarity::around(mesh.centre(), angle, scale, SIDE as f32))
}

fn mean<const N: usize>(points: [Point; N]) -> Point {
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.x, y + point.y));
    Point::new(x / N as f32, y / N as f32)
}

/// Whether a point lies in a polygon: a ray from it crosses the edges an odd number of times.
fn is_inside(at: Point, polygon: &[Point]) -> bool {
    let next = polygon.iter().cycle().skip(1);
    let crossed = |(a, b): &(&Point, &Point)| {
        (a.y > at.y) != (b.y > at.y) && at.x < a.x + (at.y - a.y) / (b.y - a.y) * (b.x - a.x)
    };
    polygon.iter().zip(next).filter(crossed).count() % 2 == 1
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Picture;
    use crate::landmarks::{POINTS, Pose};

    const CENTRE: Point = Point::new(160.0, 120.0);

    /// A mesh of a face that looks to the camera: eyes 60 pixels apart, the nose between them and the chin.
    fn frontal() -> Mesh {
        let mut points = vec![CENTRE; POINTS];
        for (number, index) in point::OVAL.iter().enumerate() {
            let angle = std::f32::consts::TAU * number as f32 / point::OVAL.len() as f32;
            points[*index] = Point::new(CENTRE.x + 65.0 * angle.sin(), CENTRE.y - 85.0 * angle.cos());
        }
        let places = [(33, -42.0, -20.0), (133, -18.0, -20.0), (362, 18.0, -20.0), (263, 42.0, -20.0)];
        let nose = [(168, 0.0, -20.0), (4, 0.0, 12.0), (195, 0.0, 0.0), (2, 0.0, 22.0), (98, -12.0, 18.0)];
        for (index, x, y) in places.into_iter().chain(nose).chain([(327, 12.0, 18.0), (164, 0.0, 32.0)]) {
            points[index] = Point::new(CENTRE.x + x, CENTRE.y + y);
        }
        let pose = Pose { yaw: 0.0, pitch: 0.0, roll: 0.0 };
        Mesh { points, depth: vec![0.0; POINTS], presence: 1.0, pose }
    }

    /// A picture of waves; where `from` says, the pixel shows another place of it.
    fn picture(from: impl Fn(Point) -> Point) -> Picture {
        Picture::from_fn(320, 240, |x, y| {
            let Point { x, y } = from(Point::new(x as f32, y as f32));
            let waves = 50.0 * (0.41 * x + 0.1 * y).sin() + 40.0 * (0.37 * y - 0.05 * x).sin();
            [(128.0 + waves + 25.0 * (0.23 * x - 0.19 * y).sin()) as u8; 3]
        })
    }

    fn nose_of(second: &Picture) -> Residual {
        let mut follower = Follower::default();
        assert_eq!(follower.see(&picture(|at| at), &frontal()), None, "the anchor");
        let parallax = follower.see(second, &frontal()).expect("a measurement");
        assert!(parallax.yaw == 0.0 && (parallax.growth - 1.0).abs() < 1e-6 && parallax.nose_offset == 0.0);
        parallax.nose.expect("enough points")
    }

    #[test]
    fn a_nose_that_moves_with_the_plane_of_its_face_is_flat() {
        // Turned, moved and seen askew, as a sheet is: 1 / (1 + 0.0004 x).
        let askew = |at: Point| {
            let (x, y) = (at.x - CENTRE.x, at.y - CENTRE.y);
            let depth = 1.0 + 0.0004 * x;
            Point::new(
                CENTRE.x + (0.97 * x + 0.03 * y - 2.0) / depth,
                CENTRE.y + (0.02 * x + 0.98 * y + 1.5) / depth,
            )
        };
        let nose = nose_of(&picture(askew));
        assert!(nose.x.hypot(nose.y) < 0.01 && nose.rest < 0.01, "{nose:?}");
    }

    #[test]
    fn a_nose_that_leads_is_seen_by_how_much_and_in_which_direction() {
        let nose_centre = Point::new(CENTRE.x, CENTRE.y + 14.0);
        let leading = |at: Point| {
            let lead = 6.0 * (-(at.distance(nose_centre) / 26.0).powi(4)).exp();
            Point::new(at.x - lead, at.y)
        };
        let nose = nose_of(&picture(leading));
        assert!(
            (0.06..0.12).contains(&nose.x) && nose.y.abs() < 0.02,
            "6 of 60 pixels to the right: {nose:?}"
        );
    }

    #[test]
    fn a_nose_that_grows_faster_than_its_face_swells() {
        let centre = Point::new(CENTRE.x, CENTRE.y + 9.6);
        let grown = |at: Point| {
            let by = 1.0 - 0.06 * (-(at.distance(centre) / 26.0).powi(4)).exp();
            Point::new(centre.x + (at.x - centre.x) * by, centre.y + (at.y - centre.y) * by)
        };
        let nose = nose_of(&picture(grown));
        assert!((0.02..0.10).contains(&nose.swell) && nose.x.hypot(nose.y) < 0.03, "by 6 %: {nose:?}");
    }

    #[test]
    fn a_face_whose_points_are_lost_gets_another_anchor_when_it_looks_to_the_camera_again() {
        let (view, dark) = (picture(|at| at), Picture::from_fn(320, 240, |_, _| [3; 3]));
        let mut follower = Follower::default();
        for shown in [&view, &dark, &view] {
            follower.see(shown, &frontal());
        }
        assert!(follower.see(&view, &frontal()).expect("measured").nose.is_some());
    }

    #[test]
    fn a_face_that_is_turned_or_has_no_size_is_no_anchor() {
        let mut follower = Follower::default();
        let (view, mut turned, mut nothing) = (picture(|at| at), frontal(), frontal());
        turned.pose.yaw = 25.0;
        nothing.points.fill(CENTRE);
        for mesh in [&turned, &nothing, &turned] {
            assert_eq!(follower.see(&view, mesh), None);
        }
        assert!(follower.anchor.is_none());
    }

    #[test]
    fn points_that_are_lost_leave_the_mesh_alone_to_speak() {
        let mut follower = Follower::default();
        assert_eq!(follower.see(&picture(|at| at), &frontal()), None);
        let dark = Picture::from_fn(320, 240, |_, _| [3; 3]);
        assert_eq!(follower.see(&dark, &frontal()).expect("measured").nose, None);
        assert_eq!(follower.see(&picture(|at| at), &frontal()).expect("measured").nose, None, "lost is lost");
    }
}
