//! Whether a nose stands out of a face: how it moves against the plane of the rest.
//!
//! Points on the nose and around it are chosen in a frame in which the face looks to the camera, and followed from there. A
//! homography takes the points around the nose from an earlier frame to now. A sheet, flat or nearly, takes the nose
//! along; a nose that stands out leads the turn of its head, and grows faster than the ears when it comes near.
//!
//! A turn is measured against the last frame in which the face was *at rest*, coming nearer against the frame in which
//! the points were chosen: the one is over in a second, the other takes its time.

use std::collections::VecDeque;
use std::time::Duration;

use limen_core::clock::Moment;

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
const LEVELS: usize = 2;
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
/// The largest turn and nod of a face that looks to the camera, in degrees: a camera may hang aside, and the mesh does not
/// always return to where it was.
const FRONTAL: (f32, f32) = (15.0, 30.0);
/// A face is at rest if its turn and nod stay within so many degrees for so long.
const RESTS: (f32, Duration) = (2.0, Duration::from_millis(200));
/// A face that has turned or nodded this far from its rest, in degrees, is measured against it.
pub(super) const TURNED: f32 = 6.0;
/// No nose swells by more than this, up or down: points that say so have lost it.
const SWELLS: f32 = 0.3;
/// A face at rest that has kept less than this share of its points gets others: too few would be left after a turn.
const KEPT: f32 = 0.75;
/// Points chosen in a face of another size, by more than these factors, have other corners: they are chosen anew.
const SAME_SIZE: std::ops::Range<f32> = 0.6..1.8;

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

/// How a face has changed. Sides are those of the picture: right is larger x.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parallax {
    /// The change of the mesh's turn since the face was at rest, in degrees.
    pub yaw: f32,
    /// The change of the mesh's nod since then, in degrees.
    pub pitch: f32,
    /// The change since then of the nose tip's distance from the line of nasion and philtrum, over the length of that
    /// line; by the mesh.
    pub nose_offset: f32,
    /// The size of the face, over that in the frame in which its points were chosen.
    pub growth: f32,
    /// How the nose moved against the plane of the rest of the face, by the followed points: since the face was at rest
    /// if it is turned or nodded, otherwise since the points were chosen. `None` if too few are left.
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
    /// The face when its points were chosen.
    first: Measured,
    /// The face when it was at rest last.
    rest: Measured,
    /// The frames of the last moments, the newest at the end.
    recent: VecDeque<(Moment, Measured)>,
    points: Vec<Followed>,
    /// The last frame, and where its mesh is in it.
    last: Pyramid,
    last_mesh: Vec<Point>,
}

/// Where points were, and where they are now.
type Moves = (Vec<Point>, Vec<Point>);

/// A point of the face, in the upright square.
#[derive(Debug)]
struct Followed {
    /// Where it was chosen.
    first: Point,
    /// Where it was when the face was at rest.
    rest: Point,
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
    /// Follows the points into the next frame of the same track, and measures. `None` while there are no points: the
    /// first frame in which the face looks to the camera has them. If too few are left, or the face has another size, a
    /// later one has others.
    pub fn see(&mut self, view: &dyn View, mesh: &Mesh, taken: Moment) -> Option<Parallax> {
        let measured = Measured::of(mesh);
        let to_square = to_square(mesh)?;
        let places = || mesh.points.iter().map(|point| to_square.apply(*point)).collect();
        let pyramid = || Pyramid::new(Grey::of(&warp(view, &to_square, SIDE, SIDE)), LEVELS);
        let Some(anchor) = &mut self.anchor else {
            if measured.is_frontal() {
                self.anchor = Some(Anchor::new(measured, places(), pyramid()));
            }
            return None;
        };
        let parallax = anchor.see(taken, measured, places(), pyramid());
        if anchor.is_worn(&parallax) && (measured.is_frontal() || anchor.is_back(&parallax)) {
            let worn = self.anchor.take();
            self.anchor = worn.map(|worn| Anchor::new(measured, worn.last_mesh, worn.last));
        }
        Some(parallax)
    }

    /// Whether there are points to measure by.
    pub fn has_anchor(&self) -> bool {
        self.anchor.is_some()
    }
}

impl Anchor {
    fn new(measured: Measured, mesh: Vec<Point>, pyramid: Pyramid) -> Self {
        let place = |index: &usize| mesh[*index];
        let oval = point::OVAL.each_ref().map(place);
        let nose = mean(point::NOSE.each_ref().map(place));
        let on_the_nose = |at: Point| at.distance(nose) < NOSE_RADIUS * EYES;
        let found = |nose: bool, most: usize, apart: f32| {
            let wanted = |at: Point| on_the_nose(at) == nose && is_inside(at, &oval);
            let found = pyramid.levels.first().map(|level| corners(level, most, apart, wanted));
            let followed =
                move |at: Point| Followed { first: at, rest: at, last: Some(at), on_the_nose: nose };
            found.unwrap_or_default().into_iter().map(followed)
        };
        let points = found(true, POINTS.0, APART.0).chain(found(false, POINTS.1, APART.1)).collect();
        Self {
            first: measured,
            rest: measured,
            recent: VecDeque::new(),
            points,
            last: pyramid,
            last_mesh: mesh,
        }
    }

    fn see(&mut self, taken: Moment, now: Measured, mesh: Vec<Point>, pyramid: Pyramid) -> Parallax {
        for point in &mut self.points {
            let followed = |last| follow(&self.last, &pyramid, last, moved(last, &self.last_mesh, &mesh));
            point.last = point.last.and_then(followed);
        }
        (self.last, self.last_mesh) = (pyramid, mesh);
        self.rest_at(taken, now);
        let (yaw, pitch) = (now.yaw - self.rest.yaw, now.pitch - self.rest.pitch);
        let is_turned = yaw.abs() >= TURNED || pitch.abs() >= TURNED;
        Parallax {
            yaw,
            pitch,
            nose_offset: now.nose_offset - self.rest.nose_offset,
            growth: now.size / self.first.size,
            nose: self.residual(if is_turned { |point| point.rest } else { |point| point.first }),
        }
    }

    /// Takes this frame for the one at rest, if it is: what the points have drifted by since the last one is forgotten.
    fn rest_at(&mut self, taken: Moment, now: Measured) {
        self.recent.push_back((taken, now));
        while self.recent.get(1).is_some_and(|(then, _)| taken.since(*then) >= RESTS.1) {
            self.recent.pop_front();
        }
        if now.is_frontal() && self.is_at_rest() {
            self.rest = now;
            for point in &mut self.points {
                point.rest = point.last.unwrap_or(point.rest);
            }
        }
    }

    /// Whether the last frames show one pose.
    fn is_at_rest(&self) -> bool {
        let (Some((first, _)), Some((last, now))) = (self.recent.front(), self.recent.back()) else {
            return false;
        };
        let is_near = |(_, then): &(Moment, Measured)| {
            (then.yaw - now.yaw).abs() <= RESTS.0 && (then.pitch - now.pitch).abs() <= RESTS.0
        };
        last.since(*first) >= RESTS.1 && self.recent.iter().all(is_near)
    }

    /// Whether other points are needed, here or later: in a face at rest few may be lost.
    fn is_worn(&self, parallax: &Parallax) -> bool {
        let left = self.points.iter().filter(|point| point.last.is_some()).count();
        let has_lost_many = (left as f32) < KEPT * self.points.len() as f32;
        parallax.nose.is_none() || !SAME_SIZE.contains(&parallax.growth) || has_lost_many && self.is_at_rest()
    }

    /// Whether the face points to where it did at rest.
    fn is_back(&self, parallax: &Parallax) -> bool {
        parallax.yaw.abs() < TURNED && parallax.pitch.abs() < TURNED
    }

    /// How the nose moved against the plane of the rest of the face, from where the points were to where they are.
    fn residual(&self, from: fn(&Followed) -> Point) -> Option<Residual> {
        let moves = |nose: bool| {
            let kept = self.points.iter().filter(move |point| point.on_the_nose == nose);
            kept.filter_map(|point| Some((from(point), point.last?))).unzip()
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
        let is_a_nose = residual.x.is_finite() && residual.y.is_finite() && residual.swell.abs() <= SWELLS;
        is_a_nose.then_some(residual)
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
        is_frontal(self.yaw, self.pitch)
    }
}

/// Whether a face that is turned and nods like this, in degrees, looks to the camera.
pub(super) fn is_frontal(yaw: f32, pitch: f32) -> bool {
    yaw.abs() <= FRONTAL.0 && pitch.abs() <= FRONTAL.1
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

/// Where a point would be now if it moved as the mesh does next to it: a fast turn moves points farther between two frames
/// than they can be followed from where they were.
fn moved(point: Point, before: &[Point], now: &[Point]) -> Point {
    let squared = |at: &Point| (at.x - point.x).powi(2) + (at.y - point.y).powi(2);
    let nearest = before.iter().zip(now).min_by(|a, b| squared(a.0).total_cmp(&squared(b.0)));
    nearest.map_or(point, |(then, now)| Point::new(point.x + now.x - then.x, point.y + now.y - then.y))
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
#[path = "parallax_tests.rs"]
mod tests;
