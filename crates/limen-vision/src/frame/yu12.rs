//! Planar 4:2:0: a plane of luminance, then two of colour with half the columns and half the rows. Read where it lies,
//! without a packed copy of the whole.

use std::borrow::Cow;

use fast_image_resize::PixelType;

use super::view::shrink;
use super::{Area, Frame, Glance, PixelFormat};

/// Which numbers stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    /// 16 to 235, as V4L2 drivers send it.
    Limited,
    /// 0 to 255, as JPEG and `rpicam-vid` have it.
    Full,
}

/// The three planes of a frame.
#[derive(Clone, Copy)]
pub(crate) struct Planes<'a> {
    luma: &'a [u8],
    blue: &'a [u8],
    red: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
    range: Range,
}

/// Whether a format has these planes.
pub(crate) fn is_planar(format: PixelFormat) -> bool {
    range_of(format).is_some()
}

fn range_of(format: PixelFormat) -> Option<Range> {
    match format {
        PixelFormat::Yu12 => Some(Range::Limited),
        PixelFormat::Yu12Full => Some(Range::Full),
        PixelFormat::Yuyv | PixelFormat::Mjpeg | PixelFormat::Grey | PixelFormat::Rgb24 => None,
    }
}

/// How many bytes all three planes have; `None` if the rows cannot be halved or overlap.
pub(crate) fn length(width: u32, height: u32, stride: usize) -> Option<usize> {
    let even = width.is_multiple_of(2) && height.is_multiple_of(2) && stride.is_multiple_of(2);
    if !even || stride < width as usize {
        return None;
    }
    let luma = stride.checked_mul(height as usize)?;
    luma.checked_add(luma / 2)
}

impl<'a> Planes<'a> {
    /// The planes of a frame of such a format; `None` if it has fewer bytes than [`length`] says.
    pub(crate) fn of(frame: &'a Frame) -> Option<Self> {
        let range = range_of(frame.format)?;
        let whole = frame.bytes.get(..length(frame.width, frame.height, frame.stride)?)?;
        let (luma, colour) = whole.split_at(frame.stride * frame.height as usize);
        let (blue, red) = colour.split_at(colour.len() / 2);
        let (width, height) = (frame.width as usize, frame.height as usize);
        Some(Self { luma, blue, red, width, height, stride: frame.stride, range })
    }

    /// The brightness of the whole.
    pub(crate) fn glance(&self) -> Glance {
        let line = |y: usize| &self.luma[y * self.stride..];
        Glance::of(self.width as u32, self.height as u32, 1, line)
    }

    /// The whole in `width` x `height` pixels of RGB: each plane is averaged, then the colours are made.
    pub(crate) fn shrunk(&self, width: u32, height: u32) -> Vec<u8> {
        let plane = |bytes: &[u8], part: usize| {
            let (columns, rows, stride) = (self.width / part, self.height / part, self.stride / part);
            let tight = tight(bytes, columns, rows, stride);
            shrink(&tight, columns as u32, rows as u32, PixelType::U8, width, height)
        };
        let (luma, blue, red) = (plane(self.luma, 1), plane(self.blue, 2), plane(self.red, 2));
        let colours = blue.iter().zip(&red).map(|(blue, red)| self.range.tint(*blue, *red));
        luma.iter().zip(colours).flat_map(|(luma, tint)| self.range.coloured(*luma, tint)).collect()
    }

    /// The pixels of an area as RGB. It must begin at an even column and have an even width.
    pub(crate) fn rgb(&self, area: Area) -> Vec<u8> {
        let Area { left, top, width, height } = area;
        let (left, top, width) = (left as usize, top as usize, width as usize);
        let mut rgb = vec![0; width * height as usize * 3];
        for (y, target) in (top..).zip(rgb.chunks_exact_mut(width * 3)) {
            let luma = &self.luma[y * self.stride + left..][..width];
            let colour = y / 2 * (self.stride / 2) + left / 2;
            let (blue, red) = (&self.blue[colour..][..width / 2], &self.red[colour..][..width / 2]);
            let pairs = luma.as_chunks::<2>().0.iter().zip(blue.iter().zip(red));
            for ((&[first, second], (blue, red)), pair) in pairs.zip(target.as_chunks_mut::<6>().0) {
                let tint = self.range.tint(*blue, *red);
                let ([r0, g0, b0], [r1, g1, b1]) =
                    (self.range.coloured(first, tint), self.range.coloured(second, tint));
                *pair = [r0, g0, b0, r1, g1, b1];
            }
        }
        rgb
    }
}

/// A plane's bytes without padding between rows.
fn tight(bytes: &[u8], columns: usize, rows: usize, stride: usize) -> Cow<'_, [u8]> {
    if stride == columns {
        return Cow::Borrowed(&bytes[..columns * rows]);
    }
    Cow::Owned(bytes.chunks(stride).take(rows).flat_map(|line| &line[..columns]).copied().collect())
}

impl Range {
    /// What the colour of four pixels adds to red, green and blue, in 1/16384. The factors of BT.601 are 1.596, 0.392,
    /// 0.813 and 2.017 for limited range, and 1.402, 0.344, 0.714 and 1.772 for full range.
    #[inline(always)]
    fn tint(self, blue: u8, red: u8) -> [i32; 3] {
        let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
        match self {
            Self::Limited => [26149 * red, -6419 * blue - 13320 * red, 33050 * blue],
            Self::Full => [22970 * red, -5638 * blue - 11700 * red, 29032 * blue],
        }
    }

    /// One pixel of this luminance and tint.
    #[inline(always)]
    fn coloured(self, luma: u8, tint: [i32; 3]) -> [u8; 3] {
        let luma = match self {
            Self::Limited => 19077 * (i32::from(luma) - 16),
            Self::Full => i32::from(luma) << 14,
        };
        tint.map(|tint| ((luma + (1 << 13) + tint) >> 14).clamp(0, 255) as u8)
    }
}

#[cfg(test)]
mod tests {
    use limen_core::clock::Moment;

    use super::*;

    fn frame(format: PixelFormat, width: u32, height: u32, stride: usize, bytes: Vec<u8>) -> Frame {
        Frame { format, width, height, stride, bytes, taken: Moment::default(), sequence: 0 }
    }

    fn whole(frame: &Frame) -> Vec<u8> {
        let area = Area { left: 0, top: 0, width: frame.width, height: frame.height };
        Planes::of(frame).expect("whole").rgb(area)
    }

    #[test]
    fn black_white_and_the_primaries_come_out_right_in_both_ranges() {
        let limited = [([16, 128, 128], [0; 3]), ([235, 128, 128], [255; 3]), ([81, 90, 240], [255, 0, 0])];
        let full = [([0, 128, 128], [0; 3]), ([255, 128, 128], [255; 3]), ([76, 85, 255], [254, 0, 0])];
        for (format, cases) in [(PixelFormat::Yu12, limited), (PixelFormat::Yu12Full, full)] {
            for ([luma, blue, red], colour) in cases {
                let rgb = whole(&frame(format, 2, 2, 2, vec![luma, luma, luma, luma, blue, red]));
                let near =
                    |pixel: &[u8]| pixel.iter().zip(colour).all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 2);
                assert!(rgb.chunks(3).all(near), "{format:?} {rgb:?}");
            }
        }
    }

    #[test]
    fn padding_between_rows_is_not_seen() {
        let tight =
            frame(PixelFormat::Yu12, 4, 2, 4, vec![20, 60, 100, 140, 30, 70, 110, 150, 90, 160, 120, 200]);
        let padded = vec![20, 60, 100, 140, 9, 9, 30, 70, 110, 150, 9, 9, 90, 160, 9, 120, 200, 9];
        let padded = frame(PixelFormat::Yu12, 4, 2, 6, padded);
        assert_eq!(whole(&tight), whole(&padded));
        let [one, other] = [&tight, &padded].map(|frame| Planes::of(frame).expect("whole"));
        assert_eq!(one.shrunk(2, 1), other.shrunk(2, 1));
        assert_eq!(one.glance().difference(&other.glance()), 0.0);
    }

    #[test]
    fn a_frame_that_lacks_bytes_or_cannot_be_halved_has_no_planes() {
        assert!(Planes::of(&frame(PixelFormat::Yu12, 4, 2, 4, vec![0; 11])).is_none());
        for (width, height, stride) in [(3, 2, 4), (4, 3, 4), (4, 2, 2), (4, 2, 5), (2, 2, usize::MAX - 1)] {
            assert_eq!(length(width, height, stride), None, "{width}x{height} {stride}");
        }
        assert_eq!(length(640, 480, 640), Some(460_800));
    }
}
