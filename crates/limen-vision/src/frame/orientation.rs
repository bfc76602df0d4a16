//! How a camera is mounted, and where a place of the upright picture lies in the one that it sends.
//!
//! Nothing copies the frame to turn it. What reads it (the small copy for the detector, crops, the glance) reads it in
//! another order.

use super::area::Area;
use super::picture::Picture;
use crate::geometry::{Point, Rect};

/// What makes the camera's picture upright: it is turned clockwise by quarters, and then perhaps mirrored left to right.
///
/// The *stored* picture is the one that the camera sends; the *upright* one is what everything else sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Orientation {
    quarters: u8,
    mirror: bool,
}

impl Orientation {
    /// The camera's picture is upright.
    pub const UPRIGHT: Self = Self::new(0, false);

    /// All eight.
    pub const ALL: [Self; 8] = [
        Self::UPRIGHT,
        Self::new(1, false),
        Self::new(2, false),
        Self::new(3, false),
        Self::new(0, true),
        Self::new(1, true),
        Self::new(2, true),
        Self::new(3, true),
    ];

    /// Turned clockwise by this many quarters, and then mirrored left to right.
    pub const fn new(quarters: u8, mirror: bool) -> Self {
        Self { quarters: quarters % 4, mirror }
    }

    /// By how many degrees the picture is turned clockwise: 0, 90, 180 or 270.
    pub fn degrees(self) -> u32 {
        90 * u32::from(self.quarters)
    }

    /// Whether the picture is mirrored left to right after it was turned.
    pub fn is_mirrored(self) -> bool {
        self.mirror
    }

    /// The width and height of the upright picture for those of the stored one, and the other way round.
    pub fn swapped(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.quarters % 2 == 1 { (height, width) } else { (width, height) }
    }

    /// Where a point of the upright picture lies in the stored one, of this size. Pixel (0, 0) covers 0..1.
    pub fn to_stored(self, point: Point, stored: (u32, u32)) -> Point {
        let (width, height) = (stored.0 as f32, stored.1 as f32);
        let across = self.swapped(stored).0 as f32;
        let x = if self.mirror { across - point.x } else { point.x };
        let y = point.y;
        match self.quarters {
            0 => Point::new(x, y),
            1 => Point::new(y, height - x),
            2 => Point::new(width - x, height - y),
            _ => Point::new(width - y, x),
        }
    }

    /// The way in the stored picture for a way in the upright one.
    pub fn way_to_stored(self, way: Point) -> Point {
        let x = if self.mirror { -way.x } else { way.x };
        match self.quarters {
            0 => Point::new(x, way.y),
            1 => Point::new(way.y, -x),
            2 => Point::new(-x, -way.y),
            _ => Point::new(-way.y, x),
        }
    }

    /// Where a box of the upright picture lies in the stored one, of this size.
    pub fn box_to_stored(self, bounds: &Rect, stored: (u32, u32)) -> Rect {
        let one = self.to_stored(Point::new(bounds.left, bounds.top), stored);
        let far = Point::new(bounds.left + bounds.width, bounds.top + bounds.height);
        let other = self.to_stored(far, stored);
        Rect {
            left: one.x.min(other.x),
            top: one.y.min(other.y),
            width: (one.x - other.x).abs(),
            height: (one.y - other.y).abs(),
        }
    }

    /// Where pixels of the upright picture lie in the stored one, of this size; they must be in it.
    pub fn area_to_stored(self, area: Area, stored: (u32, u32)) -> Area {
        let (across, _) = self.swapped(stored);
        let left = if self.mirror { across.saturating_sub(area.left + area.width) } else { area.left };
        let (right, bottom) = (left + area.width, area.top + area.height);
        let (left, top) = match self.quarters {
            0 => (left, area.top),
            1 => (area.top, stored.1.saturating_sub(right)),
            2 => (stored.0.saturating_sub(right), stored.1.saturating_sub(bottom)),
            _ => (stored.0.saturating_sub(bottom), left),
        };
        let (width, height) = self.swapped((area.width, area.height));
        Area { left, top, width, height }
    }

    /// The upright picture.
    pub fn upright(self, stored: Picture) -> Picture {
        let turned = if self.quarters == 0 { stored } else { stored.turned(self.quarters) };
        if self.mirror { turned.mirrored() } else { turned }
    }

    /// Packed RGB of a small stored picture of `width` x `height`, made upright.
    pub(crate) fn upright_rgb(self, rgb: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
        if self == Self::UPRIGHT {
            return rgb;
        }
        let pixels = rgb.as_chunks::<3>().0;
        let (across, down) = self.swapped((width, height));
        let step = self.way_to_stored(Point::new(1.0, 0.0));
        let step = step.x as isize + step.y as isize * width as isize;
        let mut upright = Vec::with_capacity(rgb.len());
        for y in 0..down {
            let middle = self.to_stored(Point::new(0.5, y as f32 + 0.5), (width, height));
            // Middles of pixels of a small picture are exact in a float.
            let mut at = middle.y as isize * width as isize + middle.x as isize;
            for _ in 0..across {
                upright.extend(pixels.get(at as usize).unwrap_or(&[0; 3]));
                at += step;
            }
        }
        upright
    }
}

impl std::fmt::Display for Orientation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.degrees(), self.mirror) {
            (0, false) => write!(f, "upright"),
            (0, true) => write!(f, "mirrored"),
            (degrees, false) => write!(f, "turned by {degrees} degrees"),
            (degrees, true) => write!(f, "turned by {degrees} degrees and mirrored"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: (u32, u32) = (6, 4);

    fn stored() -> Picture {
        Picture::from_fn(STORED.0, STORED.1, |x, y| [x as u8, y as u8, 7])
    }

    #[test]
    fn a_pixel_of_the_upright_picture_is_where_its_middle_lies_in_the_stored_one() {
        for orientation in Orientation::ALL {
            let upright = orientation.upright(stored());
            assert_eq!((upright.width(), upright.height()), orientation.swapped(STORED));
            for (x, y) in (0..upright.width()).flat_map(|x| (0..upright.height()).map(move |y| (x, y))) {
                let at = orientation.to_stored(Point::new(x as f32 + 0.5, y as f32 + 0.5), STORED);
                let there = stored().pixel(at.x.floor() as i64, at.y.floor() as i64);
                assert_eq!(upright.pixel(i64::from(x), i64::from(y)), there, "{orientation:?} at {x}, {y}");
            }
        }
    }

    #[test]
    fn rotate_90_takes_the_left_column_to_the_top_and_mirror_then_swaps_left_and_right() {
        let turned = Orientation::new(1, false).upright(stored());
        assert_eq!((turned.pixel(0, 0), turned.pixel(3, 0)), ([0, 3, 7], [0, 0, 7]));
        let mirrored = Orientation::new(1, true).upright(stored());
        assert_eq!((mirrored.pixel(0, 0), mirrored.pixel(3, 0)), ([0, 0, 7], [0, 3, 7]));
    }

    #[test]
    fn a_small_copy_is_made_upright_as_a_picture_is() {
        for orientation in Orientation::ALL {
            let upright = orientation.upright_rgb(stored().rgb().to_vec(), STORED.0, STORED.1);
            assert_eq!(upright, orientation.upright(stored()).rgb(), "{orientation:?}");
        }
    }

    #[test]
    fn pixels_and_boxes_of_the_upright_picture_are_found_in_the_stored_one() {
        let area = Area { left: 1, top: 0, width: 2, height: 3 };
        for orientation in Orientation::ALL {
            let there = stored().cut(orientation.area_to_stored(area, STORED));
            assert_eq!(
                orientation.upright(there),
                orientation.upright(stored()).cut(area),
                "{orientation:?}"
            );
            let bounds = Rect { left: 1.0, top: 0.0, width: 2.0, height: 3.0 };
            let found = orientation.box_to_stored(&bounds, STORED);
            assert_eq!(
                Area::touched(&Rect { width: found.width - 0.5, height: found.height - 0.5, ..found }, 6, 4),
                orientation.area_to_stored(area, STORED)
            );
        }
    }

    #[test]
    fn ways_turn_as_places_do() {
        for orientation in Orientation::ALL {
            let place = |x, y| orientation.to_stored(Point::new(x, y), STORED);
            let (from, to) = (place(1.0, 2.0), place(1.5, 4.0));
            let way = orientation.way_to_stored(Point::new(0.5, 2.0));
            assert_eq!((to.x - from.x, to.y - from.y), (way.x, way.y), "{orientation:?}");
        }
    }
}
