//! Which part of a camera's picture is looked at, and how large a face must be to count: the street behind the door is
//! nobody's business.

use crate::frame::Area;
use crate::geometry::Rect;

/// A part of a picture, as fractions of its upright width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Region {
    /// The smallest width and height, as a fraction.
    pub const LEAST: f32 = 0.1;
    /// What sums of decimal fractions may exceed 1 by.
    const ROUNDING: f32 = 1e-4;

    /// The part that begins at this fraction from the left and from the top, and has this width and height. `None` if it
    /// is smaller than [`Region::LEAST`] or reaches outside.
    pub fn new([left, top, width, height]: [f32; 4]) -> Option<Self> {
        let fits = |from: f32, length: f32| {
            from >= 0.0 && length >= Self::LEAST && from + length <= 1.0 + Self::ROUNDING
        };
        (fits(left, width) && fits(top, height)).then_some(Self { left, top, width, height })
    }

    /// Its pixels in a picture of this size, rounded to even numbers, because pairs of pixels share their colour.
    fn area(&self, width: u32, height: u32) -> Area {
        let even = |fraction: f32, of: u32| (fraction * of as f32 / 2.0).round() as u32 * 2;
        let span = |from: f32, length: f32, of: u32| {
            let first = even(from, of).min(of - 1);
            (first, even(length, of).clamp(1, of - first))
        };
        let (left, columns) = span(self.left, self.width, width);
        let (top, rows) = span(self.top, self.height, height);
        Area { left, top, width: columns, height: rows }
    }
}

/// Which part of a camera's picture is looked at, and how large a face must be to count.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FieldOfView {
    /// The part in which faces are looked for; `None` for the whole picture.
    pub region: Option<Region>,
    /// The least height of the box around a face, as a fraction of the picture's height; 0 for any.
    pub min_face: f32,
}

impl FieldOfView {
    /// The pixels in which faces are looked for, in a picture of this size.
    pub fn area(&self, width: u32, height: u32) -> Area {
        self.region.map_or(Area::whole(width, height), |region| region.area(width, height))
    }

    /// Whether a face counts: the middle of its box lies in the region, and the box is large enough.
    pub fn shows(&self, bounds: &Rect, width: u32, height: u32) -> bool {
        let (area, centre) = (self.area(width, height), bounds.centre());
        let within = |at: f32, first: u32, length: u32| {
            at >= first as f32 && at < (first.saturating_add(length)) as f32
        };
        let inside = self.region.is_none()
            || (within(centre.x, area.left, area.width) && within(centre.y, area.top, area.height));
        inside && bounds.height >= self.min_face * height as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_lies_in_the_picture_and_is_not_a_slit() {
        assert!(Region::new([0.0, 0.0, 1.0, 1.0]).is_some());
        assert!(Region::new([0.7, 0.1, 0.3, 0.9]).is_some(), "0.7 + 0.3 may be a little above 1");
        for wrong in [
            [-0.1, 0.0, 0.5, 0.5],
            [0.0, 0.0, 0.05, 1.0],
            [0.6, 0.0, 0.5, 1.0],
            [0.0, 0.5, 1.0, 0.6],
            [f32::NAN, 0.0, 0.5, 0.5],
            [0.0, 0.0, f32::INFINITY, 1.0],
        ] {
            assert_eq!(Region::new(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn its_pixels_are_even_and_lie_in_every_picture() {
        let region = Region::new([0.25, 0.0, 0.5, 0.75]).expect("a region");
        let area = Area { left: 160, top: 0, width: 320, height: 360 };
        assert_eq!(FieldOfView { region: Some(region), min_face: 0.0 }.area(640, 480), area);
        for (width, height) in [(1, 1), (2, 3), (641, 481)] {
            for fractions in [[0.9, 0.9, 0.1, 0.1], [0.0, 0.0, 1.0, 1.0], [0.33, 0.5, 0.1, 0.5]] {
                let Area { left, top, width: columns, height: rows } =
                    Region::new(fractions).expect("a region").area(width, height);
                assert!(columns > 0 && rows > 0 && left + columns <= width && top + rows <= height);
            }
        }
    }

    #[test]
    fn a_face_counts_where_its_middle_lies_in_the_region_and_it_is_large_enough() {
        let region = Region::new([0.0, 0.0, 0.5, 1.0]);
        let field = FieldOfView { region, min_face: 0.2 };
        let face = |left: f32, side: f32| Rect { left, top: 100.0, width: side, height: side };
        assert!(field.shows(&face(250.0, 120.0), 640, 480), "its middle is at 310");
        assert!(!field.shows(&face(270.0, 120.0), 640, 480), "its middle is at 330");
        assert!(!field.shows(&face(100.0, 95.0), 640, 480), "a fifth of 480 is 96");
        assert!(FieldOfView::default().shows(&face(-500.0, 1.0), 640, 480), "by default every face counts");
    }
}
