//! What the vision reads of a frame: a glance at the whole, a small copy of the whole, and parts in full
//! resolution.
//!
//! A frame as the camera sent it can give all three without decoding all of it. That saves most of the work
//! for an empty doorway.

use std::borrow::Cow;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::area::Area;
use super::orientation::Orientation;
use super::picture::Picture;
use crate::geometry::Rect;

/// A frame or picture that can be read in parts, and that is upright for whoever reads it.
pub trait View {
    /// The width of the upright picture in pixels, at least 1.
    fn width(&self) -> u32;

    /// The height of the upright picture in pixels, at least 1.
    fn height(&self) -> u32;

    /// How the stored pixels lie.
    fn orientation(&self) -> Orientation {
        Orientation::UPRIGHT
    }

    /// The rough brightness over a part of the upright picture, which lies in it. The cells are in the order of the
    /// stored pixels.
    fn glance_at(&self, area: Area) -> Glance;

    /// A part of the upright picture, which lies in it, in `width` x `height` pixels (at least 1 each), averaged over
    /// the source pixels: packed RGB.
    fn shrunk_part(&self, area: Area, width: u32, height: u32) -> Vec<u8>;

    /// At least the pixels of this box *of the stored picture* that lie in it; if none do, the nearest ones.
    fn part(&self, area: &Rect) -> PictureRegion<'_>;

    /// The rough brightness over the whole picture.
    fn glance(&self) -> Glance {
        self.glance_at(self.whole())
    }

    /// The whole in `width` x `height` pixels (at least 1 each), averaged over the source pixels: packed RGB.
    fn shrunk(&self, width: u32, height: u32) -> Vec<u8> {
        self.shrunk_part(self.whole(), width, height)
    }

    /// All pixels of the upright picture.
    fn whole(&self) -> Area {
        Area::whole(self.width(), self.height())
    }

    /// The width and the height of the stored picture.
    fn stored_size(&self) -> (u32, u32) {
        self.orientation().swapped((self.width(), self.height()))
    }
}

/// A part of a larger picture.
#[derive(Debug, Clone)]
pub struct PictureRegion<'a> {
    /// The pixels of the part.
    pub picture: Cow<'a, Picture>,
    /// The column of its first pixel in the larger picture.
    pub left: u32,
    /// The row of its first pixel in the larger picture.
    pub top: u32,
}

/// The mean brightness, 0 to 255, of each cell of a coarse grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance(Vec<f32>);

/// If the cells' standard deviation, of 255, is below this, there is no scene. A lens under tape or a hand,
/// or a black night, gives only sensor noise, with less than 1 in a cell's mean. An empty white wall, darker
/// in the corners, gives more than 4.
const MIN_DEVIATION: f32 = 2.5;

impl Glance {
    /// Cells per row. The smallest face that passes the gate covers three.
    pub const COLUMNS: usize = 32;
    /// Rows of cells.
    pub const ROWS: usize = 24;
    /// How many lines of pixels are read per row of cells.
    const LINES: usize = 4;
    /// About how many pixels are read per line.
    const ACROSS: usize = 320;

    /// Whether the brightness is the same everywhere: the camera is covered or blinded, or there is no light.
    pub fn shows_nothing(&self) -> bool {
        let count = self.0.len().max(1) as f32;
        let mean = self.0.iter().sum::<f32>() / count;
        let variance = self.0.iter().map(|cell| (cell - mean) * (cell - mean)).sum::<f32>() / count;
        variance < MIN_DEVIATION * MIN_DEVIATION
    }

    /// The glance at a picture of `width` x `height`. `line` gives the bytes of a row. A pixel has `pixel`
    /// bytes, of which the first is its brightness.
    pub fn of<'a>(width: u32, height: u32, pixel: usize, line: impl Fn(usize) -> &'a [u8]) -> Self {
        let (width, height) = (width as usize, height as usize);
        let step = (width / Self::ACROSS).max(1);
        let mut cells = Vec::with_capacity(Self::COLUMNS * Self::ROWS);
        for row in 0..Self::ROWS {
            let mut sums = [0u32; Self::COLUMNS];
            let mut counts = [0u32; Self::COLUMNS];
            for number in 0..Self::LINES {
                let y = (row * Self::LINES + number) * height / (Self::ROWS * Self::LINES);
                let bytes = line(y);
                for (column, (sum, count)) in sums.iter_mut().zip(&mut counts).enumerate() {
                    let first = column * width / Self::COLUMNS;
                    let end = ((column + 1) * width / Self::COLUMNS).max(first + 1);
                    let seen = bytes[first * pixel..].iter().step_by(step * pixel);
                    let many = (end - first).div_ceil(step);
                    *sum += seen.take(many).map(|byte| u32::from(*byte)).sum::<u32>();
                    *count += many as u32;
                }
            }
            cells.extend(sums.iter().zip(&counts).map(|(sum, count)| *sum as f32 / *count as f32));
        }
        Self(cells)
    }

    /// The mean brightness of the cells, row by row.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.0.chunks_exact(Self::COLUMNS)
    }

    /// The largest difference of a cell.
    pub fn difference(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }
}

impl View for Picture {
    fn width(&self) -> u32 {
        Self::width(self)
    }

    fn height(&self) -> u32 {
        Self::height(self)
    }

    fn glance_at(&self, area: Area) -> Glance {
        // Green is the largest part of brightness.
        let row = self.width() as usize * 3;
        let first = area.left as usize * 3 + 1;
        let line = |y: usize| &self.rgb()[(y + area.top as usize) * row + first..];
        Glance::of(area.width, area.height, 3, line)
    }

    fn shrunk_part(&self, area: Area, width: u32, height: u32) -> Vec<u8> {
        let source = Packed { bytes: self.rgb(), width: self.width(), height: self.height() };
        source.shrunk(PixelType::U8x3, area, width, height)
    }

    fn part(&self, _area: &Rect) -> PictureRegion<'_> {
        PictureRegion { picture: Cow::Borrowed(self), left: 0, top: 0 }
    }
}

/// Packed bytes without padding, of this many pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed<'a> {
    pub bytes: &'a [u8],
    pub width: u32,
    pub height: u32,
}

impl Packed<'_> {
    /// A part scaled to another size, each channel by itself, averaged over the source pixels. Nothing outside the part
    /// is read.
    pub fn shrunk(self, pixel: PixelType, area: Area, width: u32, height: u32) -> Vec<u8> {
        let source = ImageRef::new(self.width, self.height, self.bytes, pixel)
            .expect("a picture has exactly its bytes");
        let mut target = Image::new(width, height, pixel);
        // Four bytes here are a pair of pixels, not a colour with alpha.
        let mut options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).use_alpha(false);
        if area != Area::whole(self.width, self.height) {
            let Area { left, top, width, height } = area;
            options = options.crop(left.into(), top.into(), width.into(), height.into());
        }
        Resizer::new()
            .resize(&source, &mut target, &options)
            .expect("both images have the same pixel type, and the part lies in the source");
        target.into_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_sees_a_change_of_a_cell_and_where_nothing_changed_none() {
        let wall = Picture::from_fn(640, 480, |x, y| [(x / 4) as u8, (y / 3) as u8, 90]);
        let cell = |x: u32, y: u32| (300..320).contains(&x) && (200..220).contains(&y);
        let mark = Picture::from_fn(640, 480, |x, y| {
            if cell(x, y) { [200; 3] } else { [(x / 4) as u8, (y / 3) as u8, 90] }
        });
        assert_eq!(wall.glance().difference(&wall.glance()), 0.0);
        assert!(wall.glance().difference(&mark.glance()) > 100.0);
    }

    #[test]
    fn a_glance_at_the_smallest_picture_is_its_brightness() {
        let dot = Picture::from_fn(1, 1, |_, _| [0, 70, 0]).glance();
        assert_eq!(dot.difference(&Picture::from_fn(1, 1, |_, _| [0, 60, 0]).glance()), 10.0);
    }

    #[test]
    fn a_covered_lens_shows_nothing_and_a_dim_scene_something() {
        /// A number from 0 to 6 that looks random.
        fn noise(x: u32, y: u32) -> u8 {
            ((x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 28) as u8 % 7
        }
        for level in [2, 120, 240] {
            let covered = Picture::from_fn(640, 480, |x, y| [level + noise(x, y); 3]);
            assert!(covered.glance().shows_nothing(), "{level}");
        }
        let dim = Picture::from_fn(640, 480, |x, y| [if x / 80 % 2 == 0 { 10 } else { 22 } + noise(x, y); 3]);
        assert!(!dim.glance().shows_nothing());
    }
}
