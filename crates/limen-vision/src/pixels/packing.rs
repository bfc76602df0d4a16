//! How a row's bytes are packed, and the arithmetic from them to RGB.

use crate::frame::PixelFormat;

/// How a row's bytes are to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// Y0 U Y1 V.
    Yuyv,
    /// One byte a pixel.
    Grey,
    /// R G B.
    Rgb,
}

impl Packing {
    /// Of a format that has rows of whole pixels.
    pub fn of(format: PixelFormat) -> Option<Self> {
        match format {
            PixelFormat::Yuyv => Some(Self::Yuyv),
            PixelFormat::Grey => Some(Self::Grey),
            PixelFormat::Rgb24 => Some(Self::Rgb),
            PixelFormat::Mjpeg | PixelFormat::Yu12 | PixelFormat::Yu12Full => None,
        }
    }

    /// Bytes a pixel.
    pub fn pixel(self) -> usize {
        match self {
            Self::Yuyv => 2,
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }

    /// Decodes pixels of a row, whole pairs of them where pairs share their colour.
    pub fn decode(self, source: &[u8], target: &mut [u8]) {
        match self {
            Self::Yuyv => decode_yuyv(source, target),
            Self::Grey => decode_grey(source, target),
            Self::Rgb => target.copy_from_slice(source),
        }
    }
}

/// Pairs of pixels that share their colour; `source` has two bytes a pixel, `target` three.
fn decode_yuyv(source: &[u8], target: &mut [u8]) {
    for (&[y0, u, y1, v], pair) in source.as_chunks::<4>().0.iter().zip(target.as_chunks_mut::<6>().0) {
        let tint = tint(u, v);
        let ([r0, g0, b0], [r1, g1, b1]) = (coloured(y0, tint), coloured(y1, tint));
        *pair = [r0, g0, b0, r1, g1, b1];
    }
}

/// The colour of a pair Y0 U Y1 V as if it were one pixel.
pub(super) fn mean_of_pair([y0, u, y1, v]: [u8; 4]) -> [u8; 3] {
    let y = 19077 * (i32::from(y0) + i32::from(y1) - 32) / 2 + (1 << 13);
    tint(u, v).map(|tint| clamped((y + tint) >> 14))
}

/// What a pair's colour adds to red, green and blue. The factors are BT.601's 1.596, 0.392, 0.813 and 2.017
/// in 1/16384.
#[inline(always)]
fn tint(u: u8, v: u8) -> [i32; 3] {
    let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
    [26149 * v, -6419 * u - 13320 * v, 33050 * u]
}

/// One pixel of limited-range luminance (factor 1.164 in 1/16384) and its pair's tint.
#[inline(always)]
fn coloured(y: u8, tint: [i32; 3]) -> [u8; 3] {
    let y = 19077 * (i32::from(y) - 16) + (1 << 13);
    [clamped((y + tint[0]) >> 14), clamped((y + tint[1]) >> 14), clamped((y + tint[2]) >> 14)]
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
