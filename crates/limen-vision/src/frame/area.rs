//! A rectangle of whole pixels.

use crate::geometry::Rect;

/// A rectangle of whole pixels, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// The first column.
    pub left: u32,
    /// The first row.
    pub top: u32,
    /// The number of columns, at least 1.
    pub width: u32,
    /// The number of rows, at least 1.
    pub height: u32,
}

impl Area {
    /// All pixels of a picture of this size.
    pub const fn whole(width: u32, height: u32) -> Self {
        Self { left: 0, top: 0, width, height }
    }

    /// The pixels that a box touches in a picture of `width` x `height`; if it touches none, the nearest
    /// ones.
    pub fn touched(area: &Rect, width: u32, height: u32) -> Self {
        let span = |from: f32, length: f32, most: u32| {
            // Casts saturate, and NaN becomes 0, so every box touches a pixel.
            let first = (from.floor() as u32).min(most - 1);
            let last = ((from + length).floor() as u32).clamp(first, most - 1);
            (first, last - first + 1)
        };
        let (left, columns) = span(area.left, area.width, width);
        let (top, rows) = span(area.top, area.height, height);
        Self { left, top, width: columns, height: rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_touches_pixels_wherever_it_lies() {
        let touched = |left, top, width, height| Area::touched(&Rect { left, top, width, height }, 64, 48);
        let all = Area { left: 0, top: 0, width: 64, height: 48 };
        assert_eq!(touched(-5.0, -5.0, 500.0, 500.0), all);
        assert_eq!(touched(10.5, 20.0, 2.0, 0.0), Area { left: 10, top: 20, width: 3, height: 1 });
        assert_eq!(touched(1e9, -1e9, 5.0, 5.0), Area { left: 63, top: 0, width: 1, height: 1 });
        assert_eq!(touched(f32::NAN, 0.0, 1.0, f32::INFINITY), Area { width: 1, ..all });
    }
}
