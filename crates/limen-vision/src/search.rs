//! Where to search for faces in a photograph after the whole was searched.
//!
//! The detector sees every picture at 128 pixels a side, and a face needs about a seventh of them: it does
//! not find a person photographed from head to foot. So parts of the photograph are searched too, halves
//! before quarters. Parts overlap by half, so that each face that fits into half a part lies completely in
//! one of them.

use super::detect::{Detection, MAX_FACES, detect};
use super::model::{ModelError, ModelNetwork};
use crate::frame::{Area, Picture, View as _};
use crate::geometry::{Point, Rect, Similarity};

/// The longer side of the photograph divided by a part's side, one search after the other. A face too small
/// for the last search has too few pixels to compare.
const PARTS: [u32; 2] = [2, 4];
/// The smallest side of a part, in pixels: a face that the detector misses in it has too few pixels to
/// compare.
const LEAST_SIDE: u32 = 160;
/// If a larger fraction than this of the smaller box lies in the other box, both are the same face, seen in
/// two parts.
const SAME_FACE: f32 = 0.4;
/// A box nearer than this, in pixels, to a border inside the photograph is cut by it.
const BORDER: f32 = 2.0;

/// The parts of a photograph, one search after the other.
pub(super) fn looks(width: u32, height: u32) -> impl Iterator<Item = Vec<Area>> {
    let side = move |part: &u32| (width.max(height) / part, *part);
    PARTS.iter().map(side).filter(|(side, _)| *side >= LEAST_SIDE).map(move |(side, _)| {
        let rows = starts(height, side);
        let columns = starts(width, side);
        let part = |top: u32, left: u32| Area {
            left,
            top,
            width: side.min(width - left),
            height: side.min(height - top),
        };
        rows.iter().flat_map(|top| columns.iter().map(|left| part(*top, *left))).collect()
    })
}

/// The starts of the parts in a row: half a part from one to the next, the last part at the end.
fn starts(length: u32, side: u32) -> Vec<u32> {
    let last = length.saturating_sub(side);
    let steps = last.div_ceil(side / 2);
    (0..=steps).map(|step| (step * (side / 2)).min(last)).collect()
}

/// The faces in these parts of a photograph, each once, best first, at most [`MAX_FACES`].
pub(super) fn in_parts(
    network: &ModelNetwork,
    photograph: &Picture,
    parts: &[Area],
) -> Result<Vec<Detection>, ModelError> {
    let mut found = Vec::new();
    for part in parts {
        let all = photograph.whole();
        let whole = |face: &Detection| !is_cut(&face.bounds, part, &all);
        let shift = Similarity { a: 1.0, b: 0.0, tx: part.left as f32, ty: part.top as f32 };
        let faces = detect(network, &photograph.cut(*part))?;
        found.extend(faces.iter().map(|face| face.moved(&shift)).filter(whole));
    }
    Ok(each_once(found))
}

/// Whether a border of the part that is not one of the whole cuts the box.
pub(super) fn is_cut(bounds: &Rect, part: &Area, whole: &Area) -> bool {
    let end = |area: &Area| (area.left + area.width, area.top + area.height);
    let ((right, bottom), (last, lowest)) = (end(part), end(whole));
    let corner = Point::new(bounds.left + bounds.width, bounds.top + bounds.height);
    (part.left > whole.left && bounds.left < part.left as f32 + BORDER)
        || (part.top > whole.top && bounds.top < part.top as f32 + BORDER)
        || (right < last && corner.x > right as f32 - BORDER)
        || (bottom < lowest && corner.y > bottom as f32 - BORDER)
}

fn each_once(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    distinct(found)
}

/// The faces without those that an earlier one shows too, at most [`MAX_FACES`].
pub(super) fn distinct(found: impl IntoIterator<Item = Detection>) -> Vec<Detection> {
    let mut faces: Vec<Detection> = Vec::new();
    for face in found {
        let known = faces.iter().any(|other| other.bounds.share_in(&face.bounds) > SAME_FACE);
        if !known && faces.len() < MAX_FACES {
            faces.push(face);
        }
    }
    faces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_photograph_and_overlap_by_half() {
        let looks: Vec<_> = looks(1200, 1600).collect();
        assert_eq!(looks.len(), 2);
        for (parts, side) in looks.iter().zip([800, 400]) {
            let covered = |x: u32, y: u32| {
                parts.iter().any(|p| {
                    (p.left..=p.left + p.width - side / 2).contains(&x)
                        && (p.top..=p.top + p.height - side / 2).contains(&y)
                })
            };
            for (x, y) in [(0, 0), (1200 - side / 2, 1600 - side / 2), (333, 777), (799, 1199)] {
                assert!(covered(x, y), "what begins at {x}, {y} and is half a part large");
            }
            assert!(parts.iter().all(|p| p.left + p.width <= 1200 && p.top + p.height <= 1600));
        }
    }

    #[test]
    fn a_small_photograph_has_no_parts_and_a_strip_has_thin_ones() {
        assert_eq!(looks(300, 319).count(), 0);
        let strip: Vec<_> = looks(640, 100).collect();
        assert_eq!(strip[0].len(), 3);
        assert!(strip[0].iter().all(|part| part.height == 100));
    }

    fn face(left: f32, top: f32, side: f32, score: f32) -> Detection {
        let bounds = Rect { left, top, width: side, height: side };
        Detection { bounds, keypoints: [Point::default(); 6], score }
    }

    #[test]
    fn a_face_that_two_parts_show_is_one_and_two_are_two() {
        let found =
            vec![face(100.0, 100.0, 80.0, 0.6), face(104.0, 98.0, 82.0, 0.9), face(400.0, 100.0, 80.0, 0.7)];
        let faces = each_once(found);
        assert_eq!(faces.iter().map(|face| face.score).collect::<Vec<_>>(), [0.9, 0.7]);
    }

    #[test]
    fn a_box_is_cut_by_the_border_of_a_part_and_not_by_that_of_the_photograph() {
        let photograph = Area::whole(400, 400);
        let corner = Area { left: 0, top: 0, width: 200, height: 200 };
        assert!(!is_cut(&face(-5.0, 20.0, 50.0, 0.5).bounds, &corner, &photograph));
        assert!(is_cut(&face(160.0, 20.0, 50.0, 0.5).bounds, &corner, &photograph));
        let last = Area { left: 200, top: 200, ..corner };
        assert!(!is_cut(&face(380.0, 380.0, 50.0, 0.5).bounds, &last, &photograph));
        assert!(is_cut(&face(190.0, 300.0, 50.0, 0.5).bounds, &last, &photograph));
    }
}
