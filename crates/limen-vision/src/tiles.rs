//! The squares in which a camera's frame is searched.
//!
//! The detector sees a square of 128 pixels a side. A picture much wider or taller than a square would lose most of them
//! to padding, and a face of 100 pixels in 1280 would be too small for it. So such a picture is searched in four squares.
//! They overlap: a face that one of them cuts lies whole in the next.
//!
//! Of 300 faces of 100 and of 130 pixels, 150 and 286 were found in 640x480 as one square, none in 720x1280 as one square,
//! 41 of 200 of 100 pixels in three squares of 720, and 144 and 270 in these four of 640. `tests/tall_pictures.rs` counts.

use super::detect::{Detection, detect_in};
use super::model::{ModelError, ModelNetwork};
use super::search::{distinct, is_cut};
use crate::frame::{Area, View};

/// Up to this proportion, longer side to shorter side, the picture is one square: 4:3 loses a quarter to padding, and for
/// that the detector is measured.
const ONE_SQUARE: (u32, u32) = (7, 5);
/// The squares of a picture that is not one square.
const COUNT: u32 = 4;
/// The side of a square as a fraction of the shorter side, where the longer one is not more than twice as long. What is
/// left of the shorter side is so little that no whole face fits.
const OF_THE_SHORTER: (u32, u32) = (8, 9);

/// The squares of a part of a picture. They fill a part thinner than 2:1 with padding.
pub(super) fn tiles(part: Area) -> Vec<Area> {
    let (longer, shorter) = (part.width.max(part.height), part.width.min(part.height));
    if u64::from(longer) * u64::from(ONE_SQUARE.1) <= u64::from(shorter) * u64::from(ONE_SQUARE.0) {
        return vec![part];
    }
    let side = longer.div_ceil(2).max((shorter * OF_THE_SHORTER.0).div_ceil(OF_THE_SHORTER.1));
    let across = side.min(shorter);
    // Even, because pairs of pixels share their colour.
    let even = |start: u32| start & !1;
    let left_over = shorter - across;
    // In the middle, at one edge, at the other, in the middle.
    let beside = [left_over / 2, 0, left_over, left_over / 2];
    let tile = |(number, beside): (u32, u32)| {
        let (along, beside) = (even((longer - side) * number / (COUNT - 1)), even(beside));
        if part.width > part.height {
            Area { left: part.left + along, top: part.top + beside, width: side, height: across }
        } else {
            Area { left: part.left + beside, top: part.top + along, width: across, height: side }
        }
    };
    (0..COUNT).zip(beside).map(tile).collect()
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
    fn a_wide_and_a_tall_picture_are_four_squares_of_half_the_longer_side() {
        let square = |left, top| Area { left, top, width: 640, height: 640 };
        let wide = [square(10, 60), square(222, 20), square(436, 100), square(650, 60)];
        assert_eq!(sides(1280, 720), wide);
        let tall = wide.map(|tile| square(tile.top - 10, tile.left + 10));
        assert_eq!(sides(720, 1280), tall);
    }

    #[test]
    fn the_squares_of_a_strip_lie_in_it_and_reach_to_its_ends() {
        for (width, height) in [(1280, 10), (4096, 1), (3, 1), (2, 1), (1000, 600), (1500, 1000), (10, 1280)]
        {
            let tiles = sides(width, height);
            for Area { left, top, width: columns, height: rows } in &tiles {
                assert!(*columns > 0 && *rows > 0 && *left >= 10 && *top >= 20);
                assert!(
                    left + columns <= 10 + width && top + rows <= 20 + height,
                    "{width}x{height}: {tiles:?}"
                );
            }
            let last = tiles.last().expect("one at least");
            assert!(width < height || last.left + last.width + 1 >= 10 + width, "{tiles:?}");
            assert!(height < width || last.top + last.height + 1 >= 20 + height, "{tiles:?}");
        }
    }

    #[test]
    fn a_face_of_a_sixth_of_the_longer_side_lies_whole_in_a_square_wherever_it_stands_in_the_middle() {
        for (width, height) in [(1280, 720), (720, 1280), (1500, 1000), (1920, 1080)] {
            let (longer, tiles) = (width.max(height), sides(width, height));
            let face = longer / 6;
            let middle = |length: u32| {
                if length == longer { 0..=length - face } else { length / 16..=length - length / 16 - face }
            };
            for (x, y) in middle(width)
                .step_by(7)
                .flat_map(|x| middle(height).step_by(7).map(move |y| (x + 10, y + 20)))
            {
                let whole = |tile: &Area| {
                    (tile.left..=tile.left + tile.width - face).contains(&x)
                        && (tile.top..=tile.top + tile.height - face).contains(&y)
                };
                assert!(tiles.iter().any(whole), "{width}x{height}: {x}, {y}");
            }
        }
    }
}
