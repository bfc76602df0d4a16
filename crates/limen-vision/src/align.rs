//! Cuts the aligned crop that a face network was trained on.

use super::landmarks::Mesh;
use super::model::{Crop, CropTemplate};
use super::warp::warp;
use crate::frame::{Picture, View};
use crate::geometry::{Point, Similarity};

/// The side, in pixels, of the crop on which the gate measures light and detail, whatever the network's own crop is.
pub const SIDE: u32 = 150;

/// The crop on which the gate measures light and detail.
pub fn gates_crop() -> CropTemplate {
    Crop::DLIB.for_side(SIDE)
}

/// The similarity from the picture to a crop; `None` if the mesh has collapsed to a point.
pub fn to_crop(mesh: &Mesh, template: &CropTemplate) -> Option<Similarity> {
    let from: Vec<Point> = template.anchors().iter().map(|anchor| mesh.points[anchor.point]).collect();
    let to: Vec<Point> = template.anchors().iter().map(|anchor| anchor.at).collect();
    Similarity::fit(&from, &to)
}

/// The aligned crop, as large as the template says.
pub fn crop(view: &dyn View, to_crop: &Similarity, template: &CropTemplate) -> Picture {
    warp(view, to_crop, template.side(), template.side())
}

/// The point that lies farthest from its place in the crop, and how far, in pixels of the crop.
pub fn worst_placed(mesh: &Mesh, to_crop: &Similarity, template: &CropTemplate) -> Option<(usize, f32)> {
    let off = |point: usize, at: Point| to_crop.apply(mesh.points[point]).distance(at);
    let all = template.anchors().iter().map(|anchor| (anchor.point, off(anchor.point, anchor.at)));
    all.max_by(|one, other| one.1.total_cmp(&other.1))
}
