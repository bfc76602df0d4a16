//! A frame as the camera sent it, decoded only where it is read.
//!
//! The small copy for the detector is made from the undecoded bytes: averaging and the conversion from YUV to
//! RGB are both sums, so their order changes only the rounding. Parts in full resolution are decoded to the
//! same bytes as [`decode`](super::decode::decode) gives. A JPEG cannot be decoded in parts, so it is decoded
//! as a whole.

use std::borrow::Cow;

use fast_image_resize::PixelType;

use super::decode::{self, PixelError};
use super::packing::{Packing, mean_of_pair};
use crate::frame::yu12::{self, Planes};
use crate::frame::{Area, Frame, Glance, Picture, PictureRegion, View, shrink};
use crate::geometry::Rect;

/// A frame whose length and size were checked.
pub struct Raw<'a>(RawPixels<'a>);

enum RawPixels<'a> {
    Jpeg(Picture),
    Rows(&'a Frame, Packing),
    Planes(&'a Frame, Planes<'a>),
}

impl<'a> Raw<'a> {
    /// Checks a frame, and decodes it if it is a JPEG.
    pub fn of(frame: &'a Frame) -> Result<Self, PixelError> {
        if yu12::is_planar(frame.format) {
            return Ok(Self(RawPixels::Planes(frame, decode::check_planes(frame)?)));
        }
        match Packing::of(frame.format) {
            Some(packing) => {
                decode::check_rows(frame, packing)?;
                Ok(Self(RawPixels::Rows(frame, packing)))
            }
            None => Ok(Self(RawPixels::Jpeg(decode::decode(frame)?))),
        }
    }
}

impl View for Raw<'_> {
    fn width(&self) -> u32 {
        match &self.0 {
            RawPixels::Jpeg(picture) => picture.width(),
            RawPixels::Rows(frame, _) | RawPixels::Planes(frame, _) => frame.width,
        }
    }

    fn height(&self) -> u32 {
        match &self.0 {
            RawPixels::Jpeg(picture) => picture.height(),
            RawPixels::Rows(frame, _) | RawPixels::Planes(frame, _) => frame.height,
        }
    }

    fn glance(&self) -> Glance {
        match &self.0 {
            RawPixels::Jpeg(picture) => picture.glance(),
            RawPixels::Planes(_, planes) => planes.glance(),
            RawPixels::Rows(frame, packing) => {
                // Green is the largest part of brightness.
                let skip = usize::from(*packing == Packing::Rgb);
                let line = |y: usize| &frame.bytes[y * frame.stride + skip..];
                Glance::of(frame.width, frame.height, packing.pixel(), line)
            }
        }
    }

    fn shrunk(&self, width: u32, height: u32) -> Vec<u8> {
        let (frame, packing) = match &self.0 {
            RawPixels::Jpeg(picture) => return picture.shrunk(width, height),
            RawPixels::Planes(_, planes) => return planes.shrunk(width, height),
            RawPixels::Rows(frame, packing) => (frame, packing),
        };
        let bytes = tight(frame, *packing);
        let shrunk = |pixel, columns| shrink(&bytes, columns, frame.height, pixel, width, height);
        match packing {
            Packing::Rgb => shrunk(PixelType::U8x3, frame.width),
            Packing::Grey => {
                shrunk(PixelType::U8, frame.width).into_iter().flat_map(|grey| [grey; 3]).collect()
            }
            Packing::Yuyv => {
                let pairs = shrunk(PixelType::U8x4, frame.width / 2);
                pairs.as_chunks::<4>().0.iter().flat_map(|pair| mean_of_pair(*pair)).collect()
            }
        }
    }

    fn part(&self, area: &Rect) -> PictureRegion<'_> {
        let (frame, packing) = match &self.0 {
            RawPixels::Jpeg(picture) => return picture.part(area),
            RawPixels::Planes(frame, planes) => return part_of_planes(frame, planes, area),
            RawPixels::Rows(frame, packing) => (frame, *packing),
        };
        let touched = Area::touched(area, frame.width, frame.height);
        let touched = if packing == Packing::Yuyv { whole_pairs(touched) } else { touched };
        let Area { left, top, width, height } = touched;
        let row = width as usize * packing.pixel();
        let mut rgb = vec![0; width as usize * height as usize * 3];
        for (y, target) in (top as usize..).zip(rgb.chunks_exact_mut(width as usize * 3)) {
            let start = y * frame.stride + left as usize * packing.pixel();
            packing.decode(&frame.bytes[start..start + row], target);
        }
        region(Area { left, top, width, height }, rgb)
    }
}

fn part_of_planes(frame: &Frame, planes: &Planes<'_>, area: &Rect) -> PictureRegion<'static> {
    let touched = whole_pairs(Area::touched(area, frame.width, frame.height));
    region(touched, planes.rgb(touched))
}

fn region(area: Area, rgb: Vec<u8>) -> PictureRegion<'static> {
    let Area { left, top, width, height } = area;
    let picture = Picture::new(width, height, rgb).expect("the bytes were allocated for exactly this size");
    PictureRegion { picture: Cow::Owned(picture), left, top }
}

/// The frame's bytes without padding between rows.
fn tight(frame: &Frame, packing: Packing) -> Cow<'_, [u8]> {
    let (row, height) = (frame.width as usize * packing.pixel(), frame.height as usize);
    if frame.stride == row {
        return Cow::Borrowed(&frame.bytes[..row * height]);
    }
    Cow::Owned(frame.bytes.chunks(frame.stride).take(height).flat_map(|line| &line[..row]).copied().collect())
}

/// The area extended to whole pairs: an even first column and an even width. The width of such a frame is
/// even.
fn whole_pairs(area: Area) -> Area {
    let left = area.left & !1;
    Area { left, width: (area.left + area.width - left).next_multiple_of(2), ..area }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PixelFormat;
    use crate::pixels::decode::{decode, encode_yu12, encode_yuyv};
    use crate::pixels::jpeg::tests::sample;
    use limen_core::clock::Moment;

    /// A scene with edges, gradients and colours.
    fn scene(width: u32, height: u32) -> Picture {
        Picture::from_fn(width, height, |x, y| {
            let wave = ((x * 7 + y * 3) % 61 * 4) as u8;
            if (x / 40 + y / 30) % 2 == 0 {
                [wave, (y % 256) as u8, 60]
            } else {
                [200, wave / 2, (x % 256) as u8]
            }
        })
    }

    fn frames() -> Vec<Frame> {
        let picture = scene(320, 240);
        let padded = |bytes: &[u8], row: usize| -> Vec<u8> {
            bytes.chunks_exact(row).flat_map(|line| line.iter().copied().chain([7; 12])).collect()
        };
        let frame = |format, stride, bytes| Frame {
            format,
            width: 320,
            height: 240,
            stride,
            bytes,
            taken: Moment::default(),
            sequence: 0,
        };
        let (yuyv, grey) =
            (encode_yuyv(&picture), picture.rgb().iter().step_by(3).copied().collect::<Vec<u8>>());
        vec![
            frame(PixelFormat::Yuyv, 640 + 12, padded(&yuyv, 640)),
            frame(PixelFormat::Yuyv, 640, yuyv),
            frame(PixelFormat::Grey, 320 + 12, padded(&grey, 320)),
            frame(PixelFormat::Grey, 320, grey),
            frame(PixelFormat::Rgb24, 960, picture.rgb().to_vec()),
            frame(PixelFormat::Mjpeg, 0, sample(320, 240)),
            frame(PixelFormat::Yu12, 320, encode_yu12(&picture)),
            frame(PixelFormat::Yu12Full, 320, encode_yu12(&picture)),
        ]
    }

    #[test]
    fn a_part_is_the_same_piece_of_the_decoded_frame() {
        for frame in frames() {
            let (raw, whole) = (Raw::of(&frame).expect("whole"), decode(&frame).expect("whole"));
            assert_eq!((raw.width(), raw.height()), (320, 240));
            for area in [
                Rect { left: 31.5, top: 20.0, width: 90.0, height: 77.7 },
                Rect { left: -50.0, top: -9.0, width: 60.0, height: 20.0 },
                Rect { left: 300.0, top: 200.0, width: 90.0, height: 90.0 },
                Rect { left: 5e6, top: 5e6, width: 9.0, height: 9.0 },
            ] {
                let part = raw.part(&area);
                let wanted = Area::touched(&area, 320, 240);
                assert!(part.left <= wanted.left && part.top <= wanted.top, "{frame:?}");
                assert!(part.left + part.picture.width() >= wanted.left + wanted.width, "{frame:?}");
                assert!(part.top + part.picture.height() >= wanted.top + wanted.height, "{frame:?}");
                for (x, y) in
                    (0..part.picture.width()).flat_map(|x| (0..part.picture.height()).map(move |y| (x, y)))
                {
                    let there = whole.pixel(i64::from(x + part.left), i64::from(y + part.top));
                    assert_eq!(
                        part.picture.pixel(i64::from(x), i64::from(y)),
                        there,
                        "{frame:?} at {x}, {y}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_small_copy_is_that_of_the_decoded_frame_within_rounding() {
        // Gradients, and edges of brightness and colour.
        let picture = Picture::from_fn(640, 480, |x, y| {
            let (across, down) = ((x / 4) as u8, (y / 4) as u8);
            if (x / 40 + y / 30) % 2 == 0 {
                [across + 40, down + 60, 90]
            } else {
                [90, down + 50, across + 60]
            }
        });
        let grey = picture.rgb().iter().step_by(3).copied().collect();
        for (format, stride, bytes) in [
            (PixelFormat::Yuyv, 1280, encode_yuyv(&picture)),
            (PixelFormat::Grey, 640, grey),
            (PixelFormat::Rgb24, 1920, picture.rgb().to_vec()),
            (PixelFormat::Yu12Full, 640, encode_yu12(&picture)),
        ] {
            let taken = Moment::default();
            let frame = Frame { format, width: 640, height: 480, stride, bytes, taken, sequence: 0 };
            let raw = Raw::of(&frame).expect("whole").shrunk(128, 96);
            let whole = decode(&frame).expect("whole").shrunk(128, 96);
            let apart = || raw.iter().zip(&whole).map(|(a, b)| u32::from(a.abs_diff(*b)));
            let (most, sum) = (apart().max(), apart().sum::<u32>());
            let allowed = match format {
                PixelFormat::Yuyv => (4, raw.len() as u32 * 3 / 4),
                // What is out of range is cut off before the mean there, after it here.
                PixelFormat::Yu12Full => (12, raw.len() as u32),
                _ => (0, 0),
            };
            assert!(
                most <= Some(allowed.0) && sum <= allowed.1,
                "{frame:?}: {most:?}, {sum} of {}",
                raw.len()
            );
        }
    }

    #[test]
    fn a_glance_at_the_bytes_sees_what_moves() {
        for frame in frames().into_iter().filter(|frame| frame.format != PixelFormat::Mjpeg) {
            let before = Raw::of(&frame).expect("whole").glance();
            assert_eq!(before.difference(&Raw::of(&frame).expect("whole").glance()), 0.0);
            let mut moved = frame.clone();
            let line = moved.stride;
            moved.bytes[100 * line..130 * line].iter_mut().for_each(|byte| *byte = byte.wrapping_add(90));
            assert!(before.difference(&Raw::of(&moved).expect("whole").glance()) > 20.0, "{frame:?}");
        }
    }

    #[test]
    fn a_frame_that_cannot_be_decoded_cannot_be_looked_at() {
        for frame in frames() {
            let short = Frame { bytes: frame.bytes[..frame.bytes.len() / 2].to_vec(), ..frame };
            assert_eq!(Raw::of(&short).err(), decode(&short).err());
            assert!(Raw::of(&short).is_err());
        }
    }
}
