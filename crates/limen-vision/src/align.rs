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

/// The aligned crop, as large as the template says; `None` if the mesh has collapsed to a point.
pub fn cut(view: &dyn View, mesh: &Mesh, template: &CropTemplate) -> Option<Picture> {
    to_crop(mesh, template).map(|to_crop| warp(view, &to_crop, template.side(), template.side()))
}

/// The point that lies farthest from its place in the crop, and how far, in pixels of the crop.
pub fn worst_placed(mesh: &Mesh, to_crop: &Similarity, template: &CropTemplate) -> Option<(usize, f32)> {
    let off = |point: usize, at: Point| to_crop.apply(mesh.points[point]).distance(at);
    let all = template.anchors().iter().map(|anchor| (anchor.point, off(anchor.point, anchor.at)));
    all.max_by(|one, other| one.1.total_cmp(&other.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landmarks::{POINTS, Pose};

    fn mesh(place: impl Fn(usize) -> Point) -> Mesh {
        let points: Vec<Point> = (0..POINTS).map(place).collect();
        let pose = Pose { yaw: 0.0, pitch: 0.0, roll: 0.0 };
        Mesh { depth: vec![0.0; points.len()], points, presence: 1.0, pose }
    }

    /// Points all over a picture, nowhere near those of a face.
    fn scattered() -> Mesh {
        mesh(|i| Point::new((i * 37 % 101) as f32 * 1.7 + 30.0, (i * 53 % 97) as f32 * 2.3 + 11.0))
    }

    /// The fit as it was when all networks had one crop.
    fn as_ever(mesh: &Mesh, side: u32) -> Option<Similarity> {
        let of_150 = [
            (33, 35.8, 45.7),
            (133, 59.5, 47.2),
            (362, 88.6, 47.4),
            (263, 112.6, 45.9),
            (2, 74.0, 86.0),
            (168, 74.1, 43.4),
            (61, 52.0, 103.8),
            (291, 97.1, 103.6),
        ];
        let scale = side as f32 / 150.0;
        let from = of_150.map(|(index, ..)| mesh.points[index]);
        let to = of_150.map(|(_, x, y)| Point::new(x * scale, y * scale));
        Similarity::fit(&from, &to)
    }

    #[test]
    fn the_crops_of_dlib_and_openface_are_cut_as_ever_bit_for_bit() {
        let found = |crop: Crop, side| to_crop(&scattered(), &crop.for_side(side));
        assert_eq!(found(Crop::DLIB, 150), as_ever(&scattered(), 150));
        assert_eq!(found(Crop::OPENFACE, 96), as_ever(&scattered(), 96));
        assert_eq!(to_crop(&scattered(), &gates_crop()), as_ever(&scattered(), 150));
    }

    #[test]
    fn a_face_that_lies_as_a_crop_has_it_is_not_moved() {
        for (name, crop) in Crop::NAMED {
            let template = crop.for_side(112);
            let place =
                |i| template.anchors().iter().find(|a| a.point == i).map_or(Point::default(), |a| a.at);
            let lying = mesh(place);
            let fitted = to_crop(&lying, &template).expect("points apart");
            assert!((fitted.scale() - 1.0).abs() < 1e-5 && fitted.b.abs() < 1e-5, "{name}: {fitted:?}");
            let (_, off) = worst_placed(&lying, &fitted, &template).expect("eight points");
            assert!(off < 1e-3, "{name}: {off}");
        }
    }

    #[test]
    fn the_point_that_lies_worst_is_named() {
        let template = Crop::ARCFACE.for_side(112);
        let mut lying =
            mesh(|i| template.anchors().iter().find(|a| a.point == i).map_or(Point::default(), |a| a.at));
        lying.points[61].y += 60.0;
        let fitted = to_crop(&lying, &template).expect("points apart");
        assert_eq!(worst_placed(&lying, &fitted, &template).expect("eight points").0, 61);
    }

    #[test]
    fn a_mesh_in_one_point_has_no_crop() {
        assert_eq!(to_crop(&mesh(|_| Point::new(3.0, 4.0)), &gates_crop()), None);
    }
}
