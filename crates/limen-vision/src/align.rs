//! Cuts the aligned crop that the face network was trained on.

use super::landmarks::Mesh;
use super::warp::warp;
use crate::frame::{Picture, View};
use crate::geometry::{Point, Similarity};

/// The side, in pixels, of the crop for which `ANCHORS` and the gate's limits on light and detail hold.
pub const SIDE: u32 = 150;

/// Mesh points and their places in the 150x150 crop: the medians over 400 faces aligned as in training (the
/// corners of both eyes and the base of the nose at fixed points).
const ANCHORS: [(usize, Point); 8] = [
    (33, Point::new(35.8, 45.7)),
    (133, Point::new(59.5, 47.2)),
    (362, Point::new(88.6, 47.4)),
    (263, Point::new(112.6, 45.9)),
    (2, Point::new(74.0, 86.0)),
    (168, Point::new(74.1, 43.4)),
    (61, Point::new(52.0, 103.8)),
    (291, Point::new(97.1, 103.6)),
];

/// The similarity from the picture to a crop of `side` pixels; `None` if the mesh has collapsed to a point.
pub fn to_crop(mesh: &Mesh, side: u32) -> Option<Similarity> {
    let scale = side as f32 / SIDE as f32;
    let from = ANCHORS.map(|(index, _)| mesh.points[index]);
    let to = ANCHORS.map(|(_, at)| Point::new(at.x * scale, at.y * scale));
    Similarity::fit(&from, &to)
}

/// The aligned crop of `side` x `side` pixels.
pub fn crop(view: &dyn View, to_crop: &Similarity, side: u32) -> Picture {
    warp(view, to_crop, side, side)
}
