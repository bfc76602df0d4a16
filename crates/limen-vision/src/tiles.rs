//! The squares in which a camera's frame is searched.
//!
//! The detector sees a square of 128 pixels a side. A picture much wider or taller than a square would lose most of them
//! to padding, and a face of 100 pixels in 1280 would be too small for it. So such a picture is searched in squares as
//! wide as its shorter side. They overlap by more than half: a face that one of them cuts lies whole in the next.

use super::detect::{Detection, detect_in};
use super::model::{ModelError, ModelNetwork};
use super::search::{distinct, is_cut};
use crate::frame::{Area, View};

/// Up to this proportion, longer side to shorter side, the picture is one square: 4:3 loses a quarter to padding, and for
/// that the detector is measured.
const ONE_SQUARE: (u32, u32) = (7, 5);
/// From one square to the next, in fifths of its side.
const STEP: u32 = 2;

/// The squares of a part of a picture; at most four, which a part thinner than 2:1 fills with padding.
pub(super) fn tiles(part: Area) -> Vec<Area> {
    let (longer, shorter) = (part.width.max(part.height), part.width.min(part.height));
    if u64::from(longer) * u64::from(ONE_SQUARE.1) <= u64::from(shorter) * u64::from(ONE_SQUARE.0) {
        return vec![part];
    }
    let side = shorter.max(longer.div_ceil(2));
    let steps = (longer - side).div_ceil((side * STEP / 5).max(1)).max(1);
    let tile = |step: u32| {
        // Even, because pairs of pixels share their colour.
        let start = ((longer - side) * step / steps) & !1;
        if part.width > part.height {
            Area { left: part.left + start, width: side, ..part }
        } else {
            Area { top: part.top + start, height: side, ..part }
        }
    };
    (0..=steps).map(tile).collect()
}

/// The faces in a part of a camera's frame, each once; in pixels of the frame.
pub(super) fn detect_in_tiles(
    network: &ModelNetwork,
    view: &dyn View,
    part: Area,
) -> Result<Vec<Detection>, ModelError> {
    let tiles = tiles(part);
    if let [whole] = tiles[..] {
        return detect_in(network, view, whole);
    }
    let (mut whole, mut cut) = (Vec::new(), Vec::new());
    for tile in tiles {
        for face in detect_in(network, view, tile)? {
            if is_cut(&face.bounds, &tile, &part) { cut.push(face) } else { whole.push(face) }
        }
    }
    let best_first = |a: &Detection, b: &Detection| b.score.total_cmp(&a.score);
    whole.sort_by(best_first);
    cut.sort_by(best_first);
    // What a border cuts counts only where no square has it whole.
    Ok(distinct(whole.into_iter().chain(cut)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(width: u32, height: u32) -> Vec<Area> {
        tiles(Area { left: 10, top: 20, width, height })
    }

    #[test]
    fn a_picture_of_4_to_3_is_one_square_either_way_up() {
        for (width, height) in [(640, 480), (480, 640), (800, 800), (1, 1)] {
            assert_eq!(sides(width, height), [Area { left: 10, top: 20, width, height }]);
        }
    }

    #[test]
    fn a_wide_and_a_tall_picture_are_three_squares_that_overlap_by_more_than_half() {
        let square = |left, top| Area { left, top, width: 720, height: 720 };
        assert_eq!(sides(1280, 720), [square(10, 20), square(290, 20), square(570, 20)]);
        assert_eq!(sides(720, 1280), [square(10, 20), square(10, 300), square(10, 580)]);
    }

    #[test]
    fn a_strip_has_four_parts_at_most_and_they_reach_to_its_ends() {
        for (width, height) in [(1280, 10), (4096, 1), (3, 1), (2, 1), (1000, 600)] {
            let tiles = sides(width, height);
            assert!(tiles.len() <= 4, "{width}x{height}: {tiles:?}");
            let last = tiles.last().expect("one at least");
            assert!(last.left + last.width + 1 >= 10 + width && last.left + last.width <= 10 + width);
            assert!(tiles.windows(2).all(|two| two[1].left <= two[0].left + two[0].width));
        }
    }
}
