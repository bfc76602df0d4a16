//! The crop of a network: where eight points of the mesh lie in its input, as in its training.
//!
//! A network recognises nobody by another crop than its own, so a manifest must name it. Templates carry it in their
//! digest.

use limen_core::embedding::ModelDigest;
use serde::Deserialize;
use thiserror::Error;

use crate::geometry::Point;

/// The number of points of the mesh.
pub const MESH_POINTS: usize = 468;
/// How many points fix a crop.
const POINTS: usize = 8;
/// The smallest root mean square distance of the places from their middle, as a share of the input's side. Named crops
/// have 0.21 to 0.23.
const LEAST_SPREAD: f32 = 0.05;

/// A point of the mesh, and its place in a crop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anchor {
    /// The number of the point, 0 to 467.
    pub point: usize,
    /// Its place, in pixels of the crop.
    pub at: Point,
}

const fn anchor(point: usize, x: f32, y: f32) -> Anchor {
    Anchor { point, at: Point::new(x, y) }
}

/// The medians over 400 faces in 150x150 crops aligned as in dlib's training: the corners of both eyes and the base of
/// the nose at fixed points.
const DLIB: [Anchor; POINTS] = [
    anchor(33, 35.8, 45.7),
    anchor(133, 59.5, 47.2),
    anchor(362, 88.6, 47.4),
    anchor(263, 112.6, 45.9),
    anchor(2, 74.0, 86.0),
    anchor(168, 74.1, 43.4),
    anchor(61, 52.0, 103.8),
    anchor(291, 97.1, 103.6),
];

/// The same for 112x112 crops aligned as in ArcFace's training: eyes, tip of the nose and corners of the mouth at
/// fixed points.
const ARCFACE: [Anchor; POINTS] = [
    anchor(33, 29.9, 51.5),
    anchor(133, 46.0, 52.3),
    anchor(362, 65.8, 52.4),
    anchor(263, 82.0, 51.5),
    anchor(2, 55.9, 78.1),
    anchor(168, 55.9, 49.6),
    anchor(61, 40.8, 90.7),
    anchor(291, 71.4, 90.5),
];

/// The crop that a manifest names, for a square input of any side.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "WrittenCrop")]
pub struct Crop {
    /// The side for which the places hold; without one they are in pixels of the input, whatever its side.
    side: Option<u32>,
    anchors: [Anchor; POINTS],
}

impl Crop {
    /// The crop of dlib's face network, of 150 pixels.
    pub const DLIB: Self = Self { side: Some(150), anchors: DLIB };
    /// The crop of ArcFace and the networks trained like it, of 112 pixels.
    pub const ARCFACE: Self = Self { side: Some(112), anchors: ARCFACE };
    /// The crop of nn4.small2 here, of 96 pixels: dlib's, scaled.
    pub const OPENFACE: Self = Self::DLIB;
    /// The crops that have a name.
    pub const NAMED: [(&str, Self); 3] =
        [("dlib-150", Self::DLIB), ("arcface-112", Self::ARCFACE), ("openface-96", Self::OPENFACE)];

    /// The crop for an input of `side` pixels.
    pub fn for_side(&self, side: u32) -> CropTemplate {
        let scale = self.side.map_or(1.0, |of| side as f32 / of as f32);
        let scaled = |place: Point| Point::new(place.x * scale, place.y * scale);
        CropTemplate { side, anchors: self.anchors.map(|a| Anchor { at: scaled(a.at), ..a }) }
    }
}

/// A crop for an input of one side: what a face is fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct CropTemplate {
    side: u32,
    anchors: [Anchor; POINTS],
}

impl CropTemplate {
    /// The side of the input, in pixels.
    pub fn side(&self) -> u32 {
        self.side
    }

    /// The points, and their places in pixels of the crop.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// The root mean square distance of the places from their middle, in pixels.
    pub fn spread(&self) -> f32 {
        let count = self.anchors.len() as f32;
        let sum = self.anchors.iter().fold(Point::default(), |s, a| Point::new(s.x + a.at.x, s.y + a.at.y));
        let middle = Point::new(sum.x / count, sum.y / count);
        (self.anchors.iter().map(|a| a.at.distance(middle).powi(2)).sum::<f32>() / count).sqrt()
    }

    /// The digest of templates that a network makes of this crop. With dlib's it is that of the network's file: all
    /// networks had this crop before manifests named one, and their templates stay valid.
    pub fn mark(&self, network: ModelDigest) -> ModelDigest {
        if *self == Crop::DLIB.for_side(self.side) {
            return network;
        }
        let mut marked = network.0.to_vec();
        for Anchor { point, at } in &self.anchors {
            marked.extend((*point as u64).to_le_bytes());
            marked.extend([at.x, at.y].iter().flat_map(|place| place.to_le_bytes()));
        }
        ModelDigest::of(&marked)
    }

    /// Checks that the places can belong to a crop of this side.
    pub(super) fn check(&self) -> Result<(), CropError> {
        let side = self.side as f32;
        let near = |place: f32| (-side..=2.0 * side).contains(&place);
        match self.anchors.iter().find(|anchor| !near(anchor.at.x) || !near(anchor.at.y)) {
            Some(Anchor { point, .. }) => Err(CropError::Place { point: *point, side: self.side }),
            None if self.spread() < LEAST_SPREAD * side => Err(CropError::Collapsed),
            None => Ok(()),
        }
    }
}

/// What to write for a crop.
const WRITE: &str = "write the one that the network was trained on: \"arcface-112\", \"dlib-150\", \"openface-96\", \
    or eight points of the mesh like { point = 33, at = [29.9, 51.5] } with their places in pixels of the input";

/// Why a manifest's crop is refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CropError {
    /// The manifest names none.
    #[error("crop is missing, without which nobody is recognised; {WRITE}")]
    Missing,
    /// It has this name.
    #[error("is no known crop; {WRITE}")]
    Unknown,
    /// There are so many points.
    #[error("has {0} points; {WRITE}")]
    Count(usize),
    /// The mesh has no point of this number.
    #[error("has a point {0}, but those of the mesh are 0 to 467; write the mesh's number")]
    Point(usize),
    /// A point has two places.
    #[error("has point {0} twice; write eight different points")]
    Twice(usize),
    /// A place is nowhere near the input.
    #[error(
        "crop: point {point} lies far outside the input of {side} pixels; write its place in pixels of the input"
    )]
    Place {
        /// The number of the point.
        point: usize,
        /// The side of the input, in pixels.
        side: u32,
    },
    /// The places cannot be told apart.
    #[error("crop: its points lie almost in one place; write where each lies in the input, in pixels")]
    Collapsed,
}

/// A crop as a manifest writes it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "is no crop; write a name, such as \"arcface-112\", or eight points of the mesh like \
                 { point = 33, at = [29.9, 51.5] } with their places in pixels of the input"
)]
enum WrittenCrop {
    Name(String),
    Points(Vec<WrittenAnchor>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAnchor {
    point: usize,
    at: [f32; 2],
}

impl TryFrom<WrittenCrop> for Crop {
    type Error = CropError;

    fn try_from(written: WrittenCrop) -> Result<Self, CropError> {
        match written {
            WrittenCrop::Name(name) => {
                let known = Self::NAMED.into_iter().find(|(known, _)| *known == name);
                known.map(|(_, crop)| crop).ok_or(CropError::Unknown)
            }
            WrittenCrop::Points(points) => of_points(&points),
        }
    }
}

fn of_points(points: &[WrittenAnchor]) -> Result<Crop, CropError> {
    let written: Vec<Anchor> = points.iter().map(|p| anchor(p.point, p.at[0], p.at[1])).collect();
    let anchors: [Anchor; POINTS] =
        written.try_into().map_err(|all: Vec<Anchor>| CropError::Count(all.len()))?;
    for (index, Anchor { point, .. }) in anchors.iter().enumerate() {
        if *point >= MESH_POINTS {
            return Err(CropError::Point(*point));
        }
        if anchors.iter().take(index).any(|before| before.point == *point) {
            return Err(CropError::Twice(*point));
        }
    }
    Ok(Crop { side: None, anchors })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_crop_grows_with_the_input() {
        for (name, crop) in Crop::NAMED {
            let (small, large) = (crop.for_side(50), crop.for_side(100));
            for (one, two) in small.anchors().iter().zip(large.anchors()) {
                assert!(one.point == two.point && (2.0 * one.at.x - two.at.x).abs() < 1e-4, "{name}");
            }
            assert!((2.0 * small.spread() - large.spread()).abs() < 1e-3, "{name}");
        }
    }

    #[test]
    fn the_crop_of_openface_is_that_of_dlib_as_ever() {
        assert_eq!(Crop::OPENFACE.for_side(96), Crop::DLIB.for_side(96));
        let eye = Crop::OPENFACE.for_side(96).anchors()[0].at;
        assert_eq!(eye, Point::new(35.8 * (96.0 / 150.0), 45.7 * (96.0 / 150.0)));
    }

    #[test]
    fn templates_of_another_crop_carry_another_digest_and_those_of_dlibs_that_of_the_file() {
        let file = ModelDigest::of(b"a network");
        let mark = |crop: &Crop, side| crop.for_side(side).mark(file);
        assert_eq!(mark(&Crop::DLIB, 150), file);
        assert_eq!(mark(&Crop::OPENFACE, 96), file);
        let arcface = mark(&Crop::ARCFACE, 112);
        assert_ne!(arcface, file);
        let mut moved = Crop::ARCFACE;
        moved.anchors[7].at.y += 0.1;
        assert_ne!(mark(&moved, 112), arcface);
        assert_eq!(mark(&Crop { side: None, ..Crop::ARCFACE }, 112), arcface, "the same points, written out");
    }
}
