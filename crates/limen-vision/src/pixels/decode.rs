//! From a camera's bytes to a picture.
//!
//! A camera's bytes are not trusted. A length that does not fit the negotiated size, or a JPEG that is cut
//! off, damaged or of another size, is an error and never a panic, and no memory is allocated before the size
//! is checked. No check here finds a JPEG that is damaged in the middle and ends properly. Its picture is
//! partly nonsense, but the policy needs several frames that agree.

use super::fault::check_sides;
use super::jpeg;
use super::packing::{Packing, clamped};
use super::rows::Rows;
use crate::frame::{Area, Frame, Picture};

pub use super::fault::{MAX_SIDE, PixelError};

/// Decodes a frame, and makes it upright.
pub fn decode(frame: &Frame) -> Result<Picture, PixelError> {
    decode_stored(frame).map(|stored| frame.orientation.upright(stored))
}

/// Decodes a frame as the camera sent it, not turned.
pub(super) fn decode_stored(frame: &Frame) -> Result<Picture, PixelError> {
    let Some(packing) = Packing::of(frame.format) else { return decode_mjpeg(frame) };
    Ok(Rows::of(frame, packing)?.picture(Area::whole(frame.width, frame.height)))
}

/// Packs a picture as YUYV, limited-range BT.601 (luminance 16 to 235), as USB cameras send it: the inverse
/// of [`decode`], except for rounding and the halved colour resolution. An odd last column is doubled, so the
/// frame is then one pixel wider.
pub fn encode_yuyv(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(picture.rgb().len());
    for row in picture.rgb().chunks_exact(picture.width() as usize * 3) {
        for pair in row.chunks(6) {
            let first = [pair[0], pair[1], pair[2]].map(i32::from);
            let second = if pair.len() == 6 { [pair[3], pair[4], pair[5]].map(i32::from) } else { first };
            let mean = [0, 1, 2].map(|i| (first[i] + second[i] + 1) / 2);
            bytes.extend_from_slice(&[luminance(first), blueness(mean), luminance(second), redness(mean)]);
        }
    }
    bytes
}

/// Puts a picture into planes of full-range BT.601, as `rpicam-vid` writes it: the inverse of [`decode`] for
/// [`PixelFormat::Yu12Full`](crate::frame::PixelFormat::Yu12Full), except for rounding and the quartered colour
/// resolution. An odd last column or row is left out.
pub fn encode_yu12(picture: &Picture) -> Vec<u8> {
    let (width, height) = (picture.width() as usize & !1, picture.height() as usize & !1);
    let at = |x: usize, y: usize| picture.pixel(x as i64, y as i64).map(f32::from);
    let squares = || (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (2 * x, 2 * y)));
    let mean = |(x, y)| {
        let corners = [at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)];
        [0, 1, 2].map(|i| corners.iter().map(|corner| corner[i]).sum::<f32>() / 4.0)
    };
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let luma = pixels.map(|(x, y)| at(x, y)).map(|[r, g, b]| 0.299 * r + 0.587 * g + 0.114 * b);
    let blue = squares().map(mean).map(|[r, g, b]| 128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b);
    let red = squares().map(mean).map(|[r, g, b]| 128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b);
    // Casts saturate.
    luma.chain(blue).chain(red).map(|value| value.round() as u8).collect()
}

fn luminance([r, g, b]: [i32; 3]) -> u8 {
    clamped(16 + ((66 * r + 129 * g + 25 * b + 128) >> 8))
}

fn blueness([r, g, b]: [i32; 3]) -> u8 {
    clamped(128 + ((-38 * r - 74 * g + 112 * b + 128) >> 8))
}

fn redness([r, g, b]: [i32; 3]) -> u8 {
    clamped(128 + ((112 * r - 94 * g - 18 * b + 128) >> 8))
}

fn decode_mjpeg(frame: &Frame) -> Result<Picture, PixelError> {
    check_sides(frame)?;
    let outline = jpeg::outline(&frame.bytes)?;
    if (u32::from(outline.width), u32::from(outline.height)) != (frame.width, frame.height) {
        return Err(PixelError::OtherSize {
            promised: format!("{}x{}", frame.width, frame.height),
            found: format!("{}x{}", outline.width, outline.height),
        });
    }
    Ok(jpeg::decode(&jpeg::with_tables(&frame.bytes, &outline), &outline)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Orientation, PixelFormat};
    use crate::pixels::jpeg::JpegFault;
    use crate::pixels::jpeg::tests::{sample, sample_picture, without_tables};
    use crate::pixels::rows::PAGE;
    use limen_core::clock::Moment;

    fn frame(format: PixelFormat, width: u32, height: u32, stride: usize, bytes: Vec<u8>) -> Frame {
        let (taken, orientation) = (Moment::default(), Orientation::UPRIGHT);
        Frame { format, width, height, stride, bytes, orientation, taken, sequence: 0 }
    }

    fn near(a: &Picture, b: &Picture, most: u8) -> bool {
        a.rgb().iter().zip(b.rgb()).all(|(x, y)| x.abs_diff(*y) <= most)
    }

    #[test]
    fn limited_range_black_white_and_the_primaries_come_out_right() {
        for (bytes, colour) in [
            ([16, 128, 16, 128], [0, 0, 0]),
            ([235, 128, 235, 128], [255, 255, 255]),
            ([81, 90, 81, 240], [255, 0, 0]),
            ([145, 54, 145, 34], [0, 255, 0]),
            ([41, 240, 41, 110], [0, 0, 255]),
        ] {
            let picture = decode(&frame(PixelFormat::Yuyv, 2, 1, 4, bytes.to_vec())).expect("two pixels");
            for x in 0..2 {
                let near = picture.pixel(x, 0).iter().zip(colour).all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 2);
                assert!(near, "{bytes:?} gave {:?}", picture.pixel(x, 0));
            }
        }
    }

    #[test]
    fn packing_and_decoding_yuyv_gives_the_picture_back() {
        let picture = Picture::from_fn(64, 32, |x, y| [(x * 4 / 8 * 8) as u8, (y * 8) as u8, 77]);
        let packed = frame(PixelFormat::Yuyv, 64, 32, 128, encode_yuyv(&picture));
        assert!(near(&decode(&packed).expect("whole"), &picture, 12));
    }

    #[test]
    fn padding_at_the_end_of_rows_is_left_out() {
        let grey = frame(PixelFormat::Grey, 2, 2, 4, vec![1, 2, 99, 99, 3, 4, 99, 99]);
        let picture = decode(&grey).expect("whole");
        assert_eq!(picture.rgb(), [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
        let rgb = frame(PixelFormat::Rgb24, 1, 2, 4, vec![1, 2, 3, 99, 4, 5, 6]);
        assert_eq!(decode(&rgb).expect("the last row needs no padding").rgb(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_frame_of_a_wrong_length_is_refused() {
        for length in [0, 1, 640 * 480 * 2 - 1, 640 * 480 * 2 + PAGE, 1280 * 720 * 2] {
            let lying = frame(PixelFormat::Yuyv, 640, 480, 1280, vec![128; length]);
            assert!(matches!(decode(&lying), Err(PixelError::Length { got, .. }) if got == length));
        }
    }

    #[test]
    fn an_impossible_shape_is_refused() {
        for (width, height, stride) in [(0, 2, 4), (2, 0, 4), (3, 2, 8), (4, 2, 7), (5000, 2, 10_000)] {
            let odd = frame(PixelFormat::Yuyv, width, height, stride, vec![0; 64]);
            assert!(matches!(decode(&odd), Err(PixelError::Shape { .. })), "{width}x{height}, {stride}");
        }
        let huge = frame(PixelFormat::Grey, 4, 4, usize::MAX, vec![0; 16]);
        assert!(matches!(decode(&huge), Err(PixelError::Length { .. })));
    }

    #[test]
    fn what_is_put_into_planes_comes_back_in_full_range() {
        let picture = sample_picture(64, 48);
        let planar = frame(PixelFormat::Yu12Full, 64, 48, 64, encode_yu12(&picture));
        assert!(near(&decode(&planar).expect("whole"), &picture, 40));
        for ([luma, blue, red], colour) in
            [([0, 128, 128], [0; 3]), ([255, 128, 128], [255; 3]), ([76, 85, 255], [254, 0, 0])]
        {
            let two = frame(PixelFormat::Yu12Full, 2, 2, 2, vec![luma, luma, luma, luma, blue, red]);
            assert!(near(&decode(&two).expect("whole"), &Picture::from_fn(2, 2, |_, _| colour), 2));
        }
        let short = Frame { bytes: planar.bytes[1..].to_vec(), ..planar };
        assert!(matches!(decode(&short), Err(PixelError::Length { wanted: 4608, got: 4607, .. })));
    }

    #[test]
    fn a_jpeg_frame_is_decoded_with_and_without_its_tables() {
        let jpeg = sample(64, 48);
        let whole = decode(&frame(PixelFormat::Mjpeg, 64, 48, 0, jpeg.clone())).expect("whole");
        assert!(near(&whole, &sample_picture(64, 48), 30));
        let bare = frame(PixelFormat::Mjpeg, 64, 48, 0, without_tables(&jpeg));
        assert_eq!(decode(&bare).expect("the standard tables are put in"), whole);
    }

    #[test]
    fn a_jpeg_of_another_size_is_refused() {
        let other = frame(PixelFormat::Mjpeg, 640, 480, 0, sample(64, 48));
        assert!(matches!(decode(&other), Err(PixelError::OtherSize { .. })));
    }

    #[test]
    fn a_truncated_jpeg_is_an_error() {
        let jpeg = sample(64, 48);
        let half = frame(PixelFormat::Mjpeg, 64, 48, 0, jpeg[..jpeg.len() / 2].to_vec());
        assert_eq!(decode(&half), Err(PixelError::Jpeg(JpegFault::Truncated)));
    }

    #[test]
    fn a_corrupt_jpeg_never_panics() {
        let jpeg = sample(64, 48);
        for at in 0..jpeg.len() {
            for damage in [0x00, 0x5A, 0xFF] {
                let mut corrupt = jpeg.clone();
                corrupt[at] = damage;
                // Whether it still decodes depends on the byte; the test is that it returns.
                let _ = decode(&frame(PixelFormat::Mjpeg, 64, 48, 0, corrupt));
            }
        }
    }
}
