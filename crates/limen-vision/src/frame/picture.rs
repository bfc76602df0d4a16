//! A decoded picture, and what is cut, turned and mirrored of it.

use super::area::Area;

/// A decoded picture: packed RGB, one byte per channel, rows from the top, no padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// A picture of packed RGB bytes; `None` unless there are exactly `width * height * 3` and at least one
    /// pixel.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        let expected = (width as usize).checked_mul(height as usize)?.checked_mul(3)?;
        (expected > 0 && rgb.len() == expected).then_some(Self { width, height, rgb })
    }

    /// Makes a picture from a function of column and row.
    pub fn from_fn(width: u32, height: u32, mut pixel: impl FnMut(u32, u32) -> [u8; 3]) -> Self {
        assert!(width > 0 && height > 0, "a picture has at least one pixel");
        let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
        for y in 0..height {
            for x in 0..width {
                rgb.extend_from_slice(&pixel(x, y));
            }
        }
        Self { width, height, rgb }
    }

    /// The width in pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The height in pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The packed bytes: `width * height * 3`.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The pixel in column `x` of row `y`, both clamped to the picture's edge.
    pub fn pixel(&self, x: i64, y: i64) -> [u8; 3] {
        let x = x.clamp(0, i64::from(self.width) - 1) as usize;
        let y = y.clamp(0, i64::from(self.height) - 1) as usize;
        let at = (y * self.width as usize + x) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// A part of the picture; see [`Area::touched`] for an `area` that reaches outside.
    pub fn cut(&self, area: Area) -> Self {
        let left = area.left.min(self.width - 1);
        let top = area.top.min(self.height - 1);
        let width = area.width.clamp(1, self.width - left);
        let height = area.height.clamp(1, self.height - top);
        let start = left as usize * 3;
        let lines = self.rgb.chunks_exact(self.width as usize * 3).skip(top as usize).take(height as usize);
        let rgb = lines.flat_map(|line| &line[start..start + width as usize * 3]).copied().collect();
        Self { width, height, rgb }
    }

    /// The picture turned clockwise by this many quarters.
    pub fn turned(&self, quarters: u8) -> Self {
        let (right, bottom) = (i64::from(self.width) - 1, i64::from(self.height) - 1);
        let at = |x: u32, y: u32| (i64::from(x), i64::from(y));
        match quarters % 4 {
            0 => self.clone(),
            1 => Self::from_fn(self.height, self.width, |x, y| self.pixel(at(x, y).1, bottom - at(x, y).0)),
            2 => Self::from_fn(self.width, self.height, |x, y| {
                self.pixel(right - at(x, y).0, bottom - at(x, y).1)
            }),
            _ => Self::from_fn(self.height, self.width, |x, y| self.pixel(right - at(x, y).1, at(x, y).0)),
        }
    }

    /// The picture mirrored left to right.
    pub fn mirrored(&self) -> Self {
        let row = self.width as usize * 3;
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for line in self.rgb.chunks_exact(row) {
            for pixel in line.chunks_exact(3).rev() {
                rgb.extend_from_slice(pixel);
            }
        }
        Self { width: self.width, height: self.height, rgb }
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_needs_exactly_its_bytes() {
        assert!(Picture::new(2, 1, vec![0; 6]).is_some());
        assert!(Picture::new(2, 1, vec![0; 5]).is_none());
        assert!(Picture::new(0, 1, vec![]).is_none());
        assert!(Picture::new(u32::MAX, u32::MAX, vec![]).is_none());
    }

    #[test]
    fn four_quarters_turn_a_picture_round_and_the_first_takes_its_left_column_to_the_top() {
        let picture = Picture::from_fn(3, 2, |x, y| [x as u8, y as u8, 7]);
        let once = picture.turned(1);
        assert_eq!((once.width(), once.height()), (2, 3));
        assert_eq!([once.pixel(0, 0), once.pixel(1, 0)], [[0, 1, 7], [0, 0, 7]]);
        assert_eq!(once.turned(1), picture.turned(2));
        assert_eq!(once.turned(2), picture.turned(3));
        assert_eq!(once.turned(3), picture);
    }

    #[test]
    fn a_part_has_the_pixels_of_its_area_as_far_as_there_are_any() {
        let picture = Picture::from_fn(4, 3, |x, y| [x as u8, y as u8, 7]);
        let part = picture.cut(Area { left: 2, top: 1, width: 9, height: 1 });
        assert_eq!(part, Picture::from_fn(2, 1, |x, _| [x as u8 + 2, 1, 7]));
    }

    #[test]
    fn mirroring_twice_changes_nothing() {
        let picture = Picture::from_fn(3, 2, |x, y| [x as u8, y as u8, 7]);
        assert_eq!(picture.mirrored().pixel(0, 1), [2, 1, 7]);
        assert_eq!(picture.mirrored().mirrored(), picture);
    }
}
