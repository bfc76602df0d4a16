//! A frame as the camera sent it, decoded only where it is read.
//!
//! The small copy for the detector is made from the undecoded bytes: averaging and the conversion from YUV to
//! RGB are both sums, so their order changes only the rounding. Parts in full resolution are decoded to the
//! same bytes as [`decode`](super::decode::decode) gives. A JPEG cannot be decoded in parts, so it is decoded
//! as a whole.

use std::borrow::Cow;

use super::decode::{self, PixelError};
use super::packing::Packing;
use super::rows::Rows;
use crate::frame::{Area, Frame, Glance, Orientation, Picture, PictureRegion, View};
use crate::geometry::Rect;

/// A frame whose length and size were checked.
pub struct Raw<'a> {
    pixels: RawPixels<'a>,
    orientation: Orientation,
}

enum RawPixels<'a> {
    /// As it is stored.
    Jpeg(Picture),
    Rows(Rows<'a>),
}

impl<'a> Raw<'a> {
    /// Checks a frame, and decodes it if it is a JPEG.
    pub fn of(frame: &'a Frame) -> Result<Self, PixelError> {
        let pixels = match Packing::of(frame.format) {
            Some(packing) => RawPixels::Rows(Rows::of(frame, packing)?),
            None => RawPixels::Jpeg(decode::decode_stored(frame)?),
        };
        Ok(Self { pixels, orientation: frame.orientation })
    }

    /// The width and height of the stored picture.
    fn stored(&self) -> (u32, u32) {
        match &self.pixels {
            RawPixels::Jpeg(picture) => (picture.width(), picture.height()),
            RawPixels::Rows(rows) => (rows.width, rows.height),
        }
    }
}

impl View for Raw<'_> {
    fn width(&self) -> u32 {
        self.orientation.swapped(self.stored()).0
    }

    fn height(&self) -> u32 {
        self.orientation.swapped(self.stored()).1
    }

    fn orientation(&self) -> Orientation {
        self.orientation
    }

    fn glance_at(&self, area: Area) -> Glance {
        let area = self.orientation.area_to_stored(area, self.stored());
        match &self.pixels {
            RawPixels::Jpeg(picture) => picture.glance_at(area),
            RawPixels::Rows(rows) => rows.glance_at(area),
        }
    }

    fn shrunk_part(&self, area: Area, width: u32, height: u32) -> Vec<u8> {
        let area = self.orientation.area_to_stored(area, self.stored());
        let (width, height) = self.orientation.swapped((width, height));
        let small = match &self.pixels {
            RawPixels::Jpeg(picture) => picture.shrunk_part(area, width, height),
            RawPixels::Rows(rows) => rows.shrunk(area, width, height),
        };
        self.orientation.upright_rgb(small, width, height)
    }

    fn part(&self, area: &Rect) -> PictureRegion<'_> {
        match &self.pixels {
            RawPixels::Jpeg(picture) => picture.part(area),
            RawPixels::Rows(rows) => {
                let area = rows.readable(Area::touched(area, rows.width, rows.height));
                let picture = Cow::Owned(rows.picture(area));
                PictureRegion { picture, left: area.left, top: area.top }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::PixelFormat;
    use crate::geometry::Similarity;
    use crate::pixels::decode::decode;
    use crate::pixels::jpeg::tests::sample;
    use crate::pixels::plain::packed;
    use crate::warp::warp;

    fn shares_colour(format: PixelFormat) -> bool {
        Packing::of(format).is_some_and(Packing::has_pairs)
    }

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

    /// The scene in every format, with padding at the end of rows and without.
    fn frames() -> Vec<Frame> {
        let picture = scene(320, 240);
        let formats = PixelFormat::ALL.into_iter().filter(|format| *format != PixelFormat::Mjpeg);
        let rows = formats.flat_map(|format| [0, 12].map(|padding| packed(&picture, format, padding)));
        let jpeg = Frame { bytes: sample(320, 240), ..packed(&picture, PixelFormat::Grey, 0) };
        rows.chain([Frame { format: PixelFormat::Mjpeg, stride: 0, ..jpeg }]).collect()
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
        for format in PixelFormat::ALL.into_iter().filter(|format| *format != PixelFormat::Mjpeg) {
            let frame = packed(&picture, format, 0);
            let raw = Raw::of(&frame).expect("whole").shrunk(128, 96);
            let whole = decode(&frame).expect("whole").shrunk(128, 96);
            let apart = || raw.iter().zip(&whole).map(|(a, b)| u32::from(a.abs_diff(*b)));
            let (most, sum) = (apart().max(), apart().sum::<u32>());
            let allowed = if shares_colour(format) { (4, raw.len() as u32 * 3 / 4) } else { (0, 0) };
            assert!(
                most <= Some(allowed.0) && sum <= allowed.1,
                "{frame:?}: {most:?}, {sum} of {}",
                raw.len()
            );
        }
    }

    /// The largest difference of two bytes at the same place.
    fn apart(one: &[u8], other: &[u8]) -> u8 {
        assert_eq!(one.len(), other.len());
        one.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
    }

    #[test]
    fn a_turned_frame_is_read_as_the_upright_picture_is() {
        for (frame, orientation) in
            frames().into_iter().flat_map(|frame| Orientation::ALL.map(|each| (frame.clone(), each)))
        {
            let frame = Frame { orientation, ..frame };
            let (raw, whole) = (Raw::of(&frame).expect("whole"), decode(&frame).expect("whole"));
            assert_eq!((raw.width(), raw.height()), (whole.width(), whole.height()));
            // Where pixels share their colour, it is averaged before it is cut to a byte; elsewhere only rounding differs.
            let allowed = if shares_colour(frame.format) { 40 } else { 1 };
            let (width, height) = (raw.width() / 5, raw.height() / 5);
            assert!(apart(&raw.shrunk(width, height), &whole.shrunk(width, height)) <= allowed, "{frame:?}");
            let part = Area { left: 40, top: 60, width: 120, height: 100 };
            let (small, wanted) = (raw.shrunk_part(part, 30, 25), whole.shrunk_part(part, 30, 25));
            assert!(apart(&small, &wanted) <= allowed, "{frame:?} {orientation:?}");
            let to_crop = Similarity { a: 0.7, b: 0.2, tx: -30.0, ty: -40.0 };
            let (crop, wanted) = (warp(&raw, &to_crop, 90, 80), warp(&whole, &to_crop, 90, 80));
            assert!(apart(crop.rgb(), wanted.rgb()) <= 1, "{frame:?} {orientation:?}");
        }
    }

    #[test]
    fn a_glance_at_a_part_of_a_turned_frame_sees_what_moves_there_and_not_beside_it() {
        for orientation in Orientation::ALL {
            let dark = |x: u32, y: u32| (20..60).contains(&x) && (30..70).contains(&y);
            let upright = |marked: bool| {
                let (width, height) = orientation.swapped((320, 240));
                Picture::from_fn(width, height, |x, y| if marked && dark(x, y) { [0; 3] } else { [120; 3] })
            };
            // The opposite turn, and a mirror that undoes itself.
            let opposite = |picture: Picture| {
                let picture = if orientation.is_mirrored() { picture.mirrored() } else { picture };
                picture.turned(4 - (orientation.degrees() / 90) as u8)
            };
            let [before, after] = [false, true].map(|marked| {
                let stored = opposite(upright(marked));
                Frame { orientation, ..packed(&stored, PixelFormat::Rgb24, 0) }
            });
            let (before, after) = (Raw::of(&before).expect("whole"), Raw::of(&after).expect("whole"));
            let change = |area| before.glance_at(area).difference(&after.glance_at(area));
            assert!(change(Area { left: 0, top: 0, width: 64, height: 80 }) > 50.0, "{orientation:?}");
            assert_eq!(change(Area { left: 64, top: 0, width: 100, height: 100 }), 0.0, "{orientation:?}");
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
