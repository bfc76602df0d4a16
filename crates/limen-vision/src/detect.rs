//! Finds faces in a picture: a box, six key points and a score for each.
//!
//! The picture is padded to a square and shrunk to the network's input. The network gives one box per anchor
//! (896 anchors in two grids). Boxes that overlap are merged, weighted by their scores.

use super::model::{ModelError, ModelNetwork};
use crate::frame::{Area, View};
use crate::geometry::{Point, Rect, Similarity};

/// The lowest score, 0 to 1, of a face. Of 4,307 press photographs 0.5 misses 37, 0.4 misses 3. The landmark
/// network then rejects a box that holds no face.
pub const MIN_SCORE: f32 = 0.4;
/// Boxes that overlap more than this (intersection over union) are the same face.
pub const MERGE_OVERLAP: f32 = 0.3;
/// The largest number of faces taken from one picture, best first, so that a crowd cannot slow the door down.
pub const MAX_FACES: usize = 8;

/// A face that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// The box around the face, in pixels of the picture. It may reach outside the picture.
    pub bounds: Rect,
    /// Right eye, left eye, nose tip, mouth, right ear, left ear; right and left as the person sees them.
    pub keypoints: [Point; 6],
    /// The score, 0 to 1.
    pub score: f32,
}

impl Detection {
    /// The same face, moved, scaled and turned. The key points turn with it; the box stays upright.
    pub fn moved(&self, by: &Similarity) -> Self {
        let scale = by.scale();
        let centre = by.apply(self.bounds.centre());
        Self {
            bounds: Rect::around(centre, self.bounds.width * scale, self.bounds.height * scale),
            keypoints: self.keypoints.map(|point| by.apply(point)),
            score: self.score,
        }
    }
}

/// Finds the faces in a picture, best score first, at most [`MAX_FACES`].
pub fn detect(network: &ModelNetwork, view: &dyn View) -> Result<Vec<Detection>, ModelError> {
    detect_in(network, view, view.whole())
}

/// Finds the faces in a part of a picture, as [`detect`] does; boxes and key points are in pixels of the picture.
pub fn detect_in(network: &ModelNetwork, view: &dyn View, part: Area) -> Result<Vec<Detection>, ModelError> {
    let letterbox = Letterbox::fit(part, network.input_size().0);
    let faces = faces_of(network, &letterbox.shrink(view))?;
    Ok(faces.into_iter().map(|face| letterbox.to_picture(face)).collect())
}

/// Finds the faces in a picture after turning it upside down. Boxes and key points are in the picture's own
/// pixels.
pub fn detect_upside_down(network: &ModelNetwork, view: &dyn View) -> Result<Vec<Detection>, ModelError> {
    let letterbox = Letterbox::fit(view.whole(), network.input_size().0);
    let upright = letterbox.shrink(view);
    let turned: Vec<u8> = upright.as_chunks::<3>().0.iter().rev().flatten().copied().collect();
    let faces = faces_of(network, &turned)?;
    Ok(faces.into_iter().map(|face| letterbox.to_picture(letterbox.turned_back(face))).collect())
}

/// The faces in the network's square input, in pixels of the input.
fn faces_of(network: &ModelNetwork, square: &[u8]) -> Result<Vec<Detection>, ModelError> {
    let (side, _) = network.input_size();
    let outputs = network.run(square)?;
    Ok(merge(decode(&outputs[0], &outputs[1], side as f32)))
}

/// The place of a part of a picture in the network's square input.
struct Letterbox {
    part: Area,
    side: u32,
    width: u32,
    height: u32,
    left: u32,
    top: u32,
    scale: f32,
}

impl Letterbox {
    fn fit(part: Area, side: u32) -> Self {
        let longer = part.width.max(part.height);
        let shrunk =
            |length: u32| ((f64::from(length) * f64::from(side) / f64::from(longer)).round() as u32).max(1);
        let (width, height) = (shrunk(part.width), shrunk(part.height));
        Self {
            part,
            side,
            width,
            height,
            left: (side - width) / 2,
            top: (side - height) / 2,
            scale: longer as f32 / side as f32,
        }
    }

    fn shrink(&self, view: &dyn View) -> Vec<u8> {
        let small = view.shrunk_part(self.part, self.width, self.height);
        let mut square = vec![0u8; self.side as usize * self.side as usize * 3];
        let row = self.width as usize * 3;
        for (y, line) in small.chunks_exact(row).enumerate() {
            let start = ((self.top as usize + y) * self.side as usize + self.left as usize) * 3;
            square[start..start + row].copy_from_slice(line);
        }
        square
    }

    /// Converts a face that was found in the square turned upside down to pixels of the upright square.
    fn turned_back(&self, face: Detection) -> Detection {
        let side = self.side as f32;
        let back = |p: Point| Point::new(side - p.x, side - p.y);
        Detection {
            bounds: Rect::around(back(face.bounds.centre()), face.bounds.width, face.bounds.height),
            keypoints: face.keypoints.map(back),
            score: face.score,
        }
    }

    fn to_picture(&self, face: Detection) -> Detection {
        let (left, top) = (self.left as f32, self.top as f32);
        let (first, upper) = (self.part.left as f32, self.part.top as f32);
        let moved =
            |p: Point| Point::new((p.x - left) * self.scale + first, (p.y - top) * self.scale + upper);
        let corner = moved(Point::new(face.bounds.left, face.bounds.top));
        Detection {
            bounds: Rect {
                left: corner.x,
                top: corner.y,
                width: face.bounds.width * self.scale,
                height: face.bounds.height * self.scale,
            },
            keypoints: face.keypoints.map(moved),
            score: face.score,
        }
    }
}

/// The centre of each anchor as a fraction of the input: 16x16 cells with two anchors, 8x8 cells with six.
fn anchors() -> impl Iterator<Item = Point> {
    [(16u16, 2usize), (8, 6)].into_iter().flat_map(|(grid, each)| {
        (0..grid).flat_map(move |row| {
            (0..grid).flat_map(move |column| {
                let centre = |cell: u16| (f32::from(cell) + 0.5) / f32::from(grid);
                std::iter::repeat_n(Point::new(centre(column), centre(row)), each)
            })
        })
    })
}

/// Boxes and key points in pixels of the network's input, for anchors above [`MIN_SCORE`].
fn decode(boxes: &[f32], scores: &[f32], side: f32) -> Vec<Detection> {
    let threshold = (MIN_SCORE / (1.0 - MIN_SCORE)).ln();
    boxes
        .chunks_exact(16)
        .zip(scores)
        .zip(anchors())
        .filter(|((raw, logit), _)| **logit >= threshold && raw.iter().all(|v| v.is_finite()))
        .map(|((raw, &logit), anchor)| {
            let origin = Point::new(anchor.x * side, anchor.y * side);
            let point = |i: usize| Point::new(raw[i] + origin.x, raw[i + 1] + origin.y);
            Detection {
                bounds: Rect::around(point(0), raw[2].max(0.0), raw[3].max(0.0)),
                keypoints: std::array::from_fn(|k| point(4 + 2 * k)),
                score: 1.0 / (1.0 + (-logit).exp()),
            }
        })
        .collect()
}

/// Weighted non-maximum suppression: each group of overlapping boxes becomes its mean, weighted by the
/// scores.
fn merge(mut candidates: Vec<Detection>) -> Vec<Detection> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut faces = Vec::new();
    while let Some(best) = candidates.first().cloned() {
        if faces.len() == MAX_FACES {
            break;
        }
        let (group, rest): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|other| other.bounds.iou(&best.bounds) > MERGE_OVERLAP);
        // A box without area overlaps nothing, not even itself. It is dropped, so that the loop ends.
        candidates = if group.is_empty() { rest.into_iter().skip(1).collect() } else { rest };
        if !group.is_empty() {
            faces.push(weighted_mean(&group, best.score));
        }
    }
    faces
}

fn weighted_mean(group: &[Detection], score: f32) -> Detection {
    let total: f32 = group.iter().map(|d| d.score).sum();
    let mean =
        |value: &dyn Fn(&Detection) -> f32| group.iter().map(|d| d.score * value(d)).sum::<f32>() / total;
    Detection {
        bounds: Rect {
            left: mean(&|d| d.bounds.left),
            top: mean(&|d| d.bounds.top),
            width: mean(&|d| d.bounds.width),
            height: mean(&|d| d.bounds.height),
        },
        keypoints: std::array::from_fn(|k| {
            Point::new(mean(&|d| d.keypoints[k].x), mean(&|d| d.keypoints[k].y))
        }),
        score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(left: f32, score: f32) -> Detection {
        Detection {
            bounds: Rect { left, top: 0.0, width: 10.0, height: 10.0 },
            keypoints: [Point::default(); 6],
            score,
        }
    }

    #[test]
    fn there_are_896_anchors_and_the_first_sits_in_the_first_cell() {
        assert_eq!(anchors().count(), 896);
        assert_eq!(anchors().next(), Some(Point::new(0.5 / 16.0, 0.5 / 16.0)));
    }

    #[test]
    fn overlapping_boxes_become_one_and_lean_to_the_better_score() {
        let merged = merge(vec![face(0.0, 0.9), face(2.0, 0.6), face(100.0, 0.7)]);
        assert_eq!(merged.len(), 2);
        assert!((merged[0].bounds.left - 0.8).abs() < 1e-5);
        assert_eq!(merged[0].score, 0.9);
    }

    #[test]
    fn boxes_without_area_are_dropped() {
        let mut flat = face(0.0, 0.9);
        flat.bounds.width = 0.0;
        assert_eq!(merge(vec![flat, face(0.0, 0.8)]).len(), 1);
    }

    #[test]
    fn a_crowd_is_cut_to_the_best() {
        let crowd = (0..20).map(|i| face(i as f32 * 50.0, 0.5 + i as f32 / 100.0)).collect();
        assert_eq!(merge(crowd).len(), MAX_FACES);
    }

    #[test]
    fn a_face_seen_upside_down_is_turned_back_around_the_middle() {
        let letterbox = Letterbox::fit(Area::whole(128, 128), 128);
        let back = letterbox.turned_back(face(20.0, 0.9));
        assert_eq!((back.bounds.left, back.bounds.top), (98.0, 118.0));
        assert_eq!(letterbox.turned_back(back), face(20.0, 0.9));
    }

    #[test]
    fn a_letterbox_maps_its_own_corners_back() {
        let letterbox = Letterbox::fit(Area::whole(640, 480), 128);
        let whole =
            Detection { bounds: Rect { left: 0.0, top: 16.0, width: 128.0, height: 96.0 }, ..face(0.0, 1.0) };
        let mapped = letterbox.to_picture(whole.clone()).bounds;
        assert_eq!((mapped.left, mapped.top, mapped.width, mapped.height), (0.0, 0.0, 640.0, 480.0));
        let part = Area { left: 30, top: 70, width: 640, height: 480 };
        let moved = Letterbox::fit(part, 128).to_picture(whole).bounds;
        assert_eq!((moved.left, moved.top, moved.width), (30.0, 70.0, 640.0));
    }
}
