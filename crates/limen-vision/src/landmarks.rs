//! Places the mesh of 468 points on a detected face and computes its pose.

use super::detect::Detection;
use super::model::{MESH_POINTS, ModelError, ModelNetwork};
use super::warp::warp;
use crate::frame::View;
use crate::geometry::{Point, Similarity};

/// The number of points of the mesh.
pub const POINTS: usize = MESH_POINTS;
/// How much larger than the detector's box the network's square input is.
const REGION: f32 = 1.5;

/// The numbers of mesh points, as in MediaPipe's face mesh.
mod point {
    pub const RIGHT_EYE_OUTER: usize = 33;
    pub const RIGHT_EYE_INNER: usize = 133;
    pub const LEFT_EYE_INNER: usize = 362;
    pub const LEFT_EYE_OUTER: usize = 263;
    pub const FOREHEAD: usize = 10;
    pub const CHIN: usize = 152;
    pub const RIGHT_CHEEK: usize = 234;
    pub const LEFT_CHEEK: usize = 454;
}

/// The mesh of one face.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// The points, in pixels of the picture.
    pub points: Vec<Point>,
    /// The depth of each point, in pixels of the picture; smaller is nearer to the camera.
    pub depth: Vec<f32>,
    /// How sure the network is that there is a face, 0 to 1.
    pub presence: f32,
    /// The direction of the head.
    pub pose: Pose,
}

/// The direction of the head in degrees; zero is straight to the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// The turn to one side.
    pub yaw: f32,
    /// The nod up or down.
    pub pitch: f32,
    /// The angle of the line between the eyes in the picture's plane, clockwise, -180 to 180.
    pub roll: f32,
}

impl Mesh {
    /// The centres of the person's right and left eye.
    pub fn eyes(&self) -> (Point, Point) {
        (
            self.points[point::RIGHT_EYE_OUTER].midpoint(self.points[point::RIGHT_EYE_INNER]),
            self.points[point::LEFT_EYE_OUTER].midpoint(self.points[point::LEFT_EYE_INNER]),
        )
    }

    /// The mean of the points.
    pub fn centre(&self) -> Point {
        let count = self.points.len().max(1) as f32;
        let (x, y) = self.points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
        Point::new(x / count, y / count)
    }

    /// The upper left and lower right corners of the box around the points.
    pub fn extent(&self) -> (Point, Point) {
        let none =
            (Point::new(f32::INFINITY, f32::INFINITY), Point::new(f32::NEG_INFINITY, f32::NEG_INFINITY));
        self.points.iter().fold(none, |(least, most), p| {
            (Point::new(least.x.min(p.x), least.y.min(p.y)), Point::new(most.x.max(p.x), most.y.max(p.y)))
        })
    }
}

/// Places the mesh on a detected face.
pub fn find_mesh(network: &ModelNetwork, view: &dyn View, face: &Detection) -> Result<Mesh, ModelError> {
    let (side, _) = network.input_size();
    let to_crop = upright_region(face, side as f32);
    let outputs = network.run(warp(view, &to_crop, side, side).rgb())?;
    let presence = 1.0 / (1.0 + (-outputs[1][0]).exp());
    let from_crop = to_crop.inverse();
    let raw: Vec<[f32; 3]> = outputs[0].chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
    if raw.len() != POINTS || raw.iter().flatten().any(|v| !v.is_finite()) {
        return Err(ModelError::NotFinite { name: network.entry().name.clone() });
    }
    let mut mesh = Mesh {
        points: raw.iter().map(|p| from_crop.apply(Point::new(p[0], p[1]))).collect(),
        depth: raw.iter().map(|p| p[2] * from_crop.scale()).collect(),
        presence,
        pose: pose(&raw),
    };
    mesh.pose.roll = roll(mesh.eyes());
    Ok(mesh)
}

/// The transform to a square around the face, larger by [`REGION`], in which the eyes are level.
fn upright_region(face: &Detection, side: f32) -> Similarity {
    let [right_eye, left_eye, ..] = face.keypoints;
    let angle = (left_eye.y - right_eye.y).atan2(left_eye.x - right_eye.x);
    let scale = side / (face.bounds.width.max(face.bounds.height).max(1.0) * REGION);
    Similarity::around(face.bounds.centre(), angle, scale, side)
}

/// The angle of the line from the person's right eye to the left one, in degrees, clockwise.
fn roll((right, left): (Point, Point)) -> f32 {
    (left.y - right.y).atan2(left.x - right.x).to_degrees()
}

/// Yaw from the depths of the two cheeks and pitch from those of forehead and chin, on the upright crop; no
/// roll.
fn pose(raw: &[[f32; 3]]) -> Pose {
    let degrees = |depth: f32, extent: f32| depth.atan2(extent.abs().max(1e-3)).to_degrees();
    let [right, left] = [raw[point::RIGHT_CHEEK], raw[point::LEFT_CHEEK]];
    let [top, bottom] = [raw[point::FOREHEAD], raw[point::CHIN]];
    Pose {
        yaw: degrees(left[2] - right[2], left[0] - right[0]),
        pitch: degrees(top[2] - bottom[2], top[1] - bottom[1]),
        roll: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Rect;

    #[test]
    fn the_region_levels_the_eyes_and_centres_the_box() {
        let face = Detection {
            bounds: Rect { left: 100.0, top: 50.0, width: 100.0, height: 80.0 },
            keypoints: [
                Point::new(120.0, 80.0),
                Point::new(160.0, 120.0),
                Point::default(),
                Point::default(),
                Point::default(),
                Point::default(),
            ],
            score: 1.0,
        };
        let to_crop = upright_region(&face, 192.0);
        let [right, left] = [face.keypoints[0], face.keypoints[1]].map(|p| to_crop.apply(p));
        assert!((right.y - left.y).abs() < 1e-3 && right.x < left.x);
        assert!(to_crop.apply(face.bounds.centre()).distance(Point::new(96.0, 96.0)) < 1e-3);
        assert!((to_crop.scale() - 192.0 / 150.0).abs() < 1e-5);
    }

    #[test]
    fn a_head_that_leans_clockwise_has_a_positive_roll() {
        assert_eq!(roll((Point::new(10.0, 10.0), Point::new(30.0, 10.0))), 0.0);
        assert_eq!(roll((Point::new(10.0, 10.0), Point::new(10.0, 30.0))), 90.0);
        assert_eq!(roll((Point::new(30.0, 10.0), Point::new(10.0, 10.0))).abs(), 180.0);
    }

    #[test]
    fn a_face_seen_from_the_front_has_no_yaw() {
        let mut raw = vec![[0.0f32; 3]; POINTS];
        raw[point::RIGHT_CHEEK] = [50.0, 90.0, 20.0];
        raw[point::LEFT_CHEEK] = [150.0, 90.0, 20.0];
        raw[point::CHIN] = [100.0, 160.0, 0.0];
        raw[point::FOREHEAD] = [100.0, 40.0, 0.0];
        assert_eq!(pose(&raw), Pose { yaw: 0.0, pitch: 0.0, roll: 0.0 });
        raw[point::LEFT_CHEEK][2] = 120.0;
        assert!((pose(&raw).yaw - 45.0).abs() < 1e-3);
    }
}
