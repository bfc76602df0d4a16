//! How the bytes of a row are packed, and the arithmetic from them to RGB.

use crate::frame::PixelFormat;

/// How a frame's bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Two pixels that share their colour in four bytes.
    Pairs(Pairs),
    /// One byte a pixel.
    Grey,
    /// Two bytes a pixel, the lower one first, with this many bits below the upper eight.
    Deep(u32),
    /// Three or four bytes a pixel, of which these are red, green and blue.
    Colours {
        /// The bytes of a pixel.
        pixel: usize,
        /// Which of them are red, green and blue.
        order: [usize; 3],
    },
    /// A plane of luminance, and behind it colour for squares of four pixels.
    Planes(Planes),
}

/// The order in which two pixels that share their colour lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairs {
    /// Y0 U Y1 V.
    Yuyv,
    /// U Y0 V Y1.
    Uyvy,
}

/// Where the colour of squares of four pixels lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planes {
    /// In one plane, U V U V.
    Nv12,
    /// In one plane, V U V U.
    Nv21,
    /// In two planes, U before V, with rows half as long as those of luminance.
    Yu12,
    /// The same in full range.
    Yu12Full,
    /// In two planes, V before U.
    Yv12,
}

/// Which numbers stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    /// 16 to 235, as V4L2 drivers send it.
    Limited,
    /// 0 to 255, as JPEG and `rpicam-vid` have it.
    Full,
}

impl Packing {
    /// Of a format that has rows.
    pub fn of(format: PixelFormat) -> Option<Self> {
        let colours = |pixel, order| Self::Colours { pixel, order };
        match format {
            PixelFormat::Yuyv => Some(Self::Pairs(Pairs::Yuyv)),
            PixelFormat::Uyvy => Some(Self::Pairs(Pairs::Uyvy)),
            PixelFormat::Nv12 => Some(Self::Planes(Planes::Nv12)),
            PixelFormat::Nv21 => Some(Self::Planes(Planes::Nv21)),
            PixelFormat::Yu12 => Some(Self::Planes(Planes::Yu12)),
            PixelFormat::Yu12Full => Some(Self::Planes(Planes::Yu12Full)),
            PixelFormat::Yv12 => Some(Self::Planes(Planes::Yv12)),
            PixelFormat::Grey => Some(Self::Grey),
            PixelFormat::Y10 => Some(Self::Deep(2)),
            PixelFormat::Y12 => Some(Self::Deep(4)),
            PixelFormat::Y16 => Some(Self::Deep(8)),
            PixelFormat::Rgb24 => Some(colours(3, [0, 1, 2])),
            PixelFormat::Bgr24 => Some(colours(3, [2, 1, 0])),
            PixelFormat::Rgbx => Some(colours(4, [0, 1, 2])),
            PixelFormat::Xbgr => Some(colours(4, [2, 1, 0])),
            PixelFormat::Mjpeg => None,
        }
    }

    /// Bytes a pixel, of the first plane where there are several.
    pub fn pixel(self) -> usize {
        match self {
            Self::Pairs(_) | Self::Deep(_) => 2,
            Self::Grey | Self::Planes(_) => 1,
            Self::Colours { pixel, .. } => pixel,
        }
    }

    /// Whether pixels share their colour with the one beside them.
    pub fn has_pairs(self) -> bool {
        matches!(self, Self::Pairs(_) | Self::Planes(_))
    }

    /// Which byte of a pixel tells its brightness best.
    pub fn brightness(self) -> usize {
        match self {
            Self::Pairs(Pairs::Yuyv) | Self::Grey | Self::Planes(_) => 0,
            Self::Pairs(Pairs::Uyvy) | Self::Deep(_) => 1,
            // Green is the largest part of it.
            Self::Colours { order, .. } => order[1],
        }
    }

    /// Decodes pixels of a row of a packing without planes, whole pairs of them where pairs share their colour.
    pub fn decode(self, source: &[u8], target: &mut [u8]) {
        match self {
            Self::Pairs(order) => decode_pairs(source, order, target),
            Self::Grey | Self::Planes(_) => decode_grey(source, target),
            Self::Deep(low) => {
                for (pixel, value) in target.as_chunks_mut::<3>().0.iter_mut().zip(upper_bytes(source, low)) {
                    *pixel = [value; 3];
                }
            }
            Self::Colours { pixel: 3, order: [0, 1, 2] } => target.copy_from_slice(source),
            Self::Colours { pixel, order } => {
                for (bytes, colour) in source.chunks_exact(pixel).zip(target.as_chunks_mut::<3>().0) {
                    *colour = order.map(|at| bytes[at]);
                }
            }
        }
    }
}

impl Pairs {
    /// The four bytes as Y0 U Y1 V.
    #[inline(always)]
    pub fn sorted(self, [a, b, c, d]: [u8; 4]) -> [u8; 4] {
        match self {
            Self::Yuyv => [a, b, c, d],
            Self::Uyvy => [b, a, d, c],
        }
    }
}

impl Planes {
    /// Whether colour lies in two planes.
    pub fn are_three(self) -> bool {
        matches!(self, Self::Yu12 | Self::Yu12Full | Self::Yv12)
    }

    /// Two bytes of colour, in the order in which they lie, as U and V.
    #[inline(always)]
    pub fn sorted(self, [first, second]: [u8; 2]) -> [u8; 2] {
        match self {
            Self::Nv12 | Self::Yu12 | Self::Yu12Full => [first, second],
            Self::Nv21 | Self::Yv12 => [second, first],
        }
    }

    /// The colour of a pixel with this luminance, and two bytes of colour in the order in which they lie.
    pub fn colour_of(self, y: u8, colour: [u8; 2]) -> [u8; 3] {
        let ([u, v], range) = (self.sorted(colour), self.range());
        range.coloured(y, range.tint(u, v))
    }

    fn range(self) -> Range {
        if self == Self::Yu12Full { Range::Full } else { Range::Limited }
    }
}

/// The upper eight of the `8 + low` bits of each number of two bytes. Bits above them, which no driver should set, are cut
/// off as brightest.
pub(super) fn upper_bytes(source: &[u8], low: u32) -> impl Iterator<Item = u8> {
    source.as_chunks::<2>().0.iter().map(move |pair| (u16::from_le_bytes(*pair) >> low).min(255) as u8)
}

/// Pairs of pixels that share their colour; `source` has two bytes a pixel, `target` three.
fn decode_pairs(source: &[u8], order: Pairs, target: &mut [u8]) {
    for (pair, two) in source.as_chunks::<4>().0.iter().zip(target.as_chunks_mut::<6>().0) {
        let [y0, u, y1, v] = order.sorted(*pair);
        *two = pair_of(y0, y1, Range::Limited, Range::Limited.tint(u, v));
    }
}

/// Pairs of pixels of a row of luminance, and the colour of each pair in the order that `planes` says.
pub(super) fn decode_luminance(
    luminance: &[u8],
    colour: impl Iterator<Item = [u8; 2]>,
    planes: Planes,
    target: &mut [u8],
) {
    let range = planes.range();
    let pairs = luminance.as_chunks::<2>().0.iter().zip(colour);
    for (([y0, y1], colour), two) in pairs.zip(target.as_chunks_mut::<6>().0) {
        let [u, v] = planes.sorted(colour);
        *two = pair_of(*y0, *y1, range, range.tint(u, v));
    }
}

#[inline(always)]
fn pair_of(y0: u8, y1: u8, range: Range, tint: [i32; 3]) -> [u8; 6] {
    let ([r0, g0, b0], [r1, g1, b1]) = (range.coloured(y0, tint), range.coloured(y1, tint));
    [r0, g0, b0, r1, g1, b1]
}

/// The colour of a pair Y0 U Y1 V as if it were one pixel.
pub(super) fn mean_of_pair([y0, u, y1, v]: [u8; 4]) -> [u8; 3] {
    let y = 19077 * (i32::from(y0) + i32::from(y1) - 32) / 2 + (1 << 13);
    Range::Limited.tint(u, v).map(|tint| clamped((y + tint) >> 14))
}

impl Range {
    /// What the colour of a pair adds to red, green and blue, in 1/16384. The factors of BT.601 are 1.596, 0.392, 0.813 and
    /// 2.017 for limited range, and 1.402, 0.344, 0.714 and 1.772 for full range.
    #[inline(always)]
    fn tint(self, u: u8, v: u8) -> [i32; 3] {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        match self {
            Self::Limited => [26149 * v, -6419 * u - 13320 * v, 33050 * u],
            Self::Full => [22970 * v, -5638 * u - 11700 * v, 29032 * u],
        }
    }

    /// One pixel of this luminance, by 1.164 in 1/16384 where the range is limited, and its pair's tint.
    #[inline(always)]
    fn coloured(self, y: u8, tint: [i32; 3]) -> [u8; 3] {
        let y = match self {
            Self::Limited => 19077 * (i32::from(y) - 16),
            Self::Full => i32::from(y) << 14,
        };
        tint.map(|tint| clamped((y + (1 << 13) + tint) >> 14))
    }
}

/// As a byte, at most 255 and at least 0.
#[inline(always)]
pub(super) fn clamped(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

fn decode_grey(source: &[u8], target: &mut [u8]) {
    for (&grey, pixel) in source.iter().zip(target.as_chunks_mut::<3>().0) {
        *pixel = [grey; 3];
    }
}
