//! What cameras send and people hand in.

use limen_core::clock::Moment;
use limen_vision::frame::{Frame, Orientation, PixelFormat, View as _};
use limen_vision::pixels::decode::decode;
use limen_vision::pixels::photograph::{LONGEST_SIDE, photograph_from_bytes};
use limen_vision::pixels::raw::Raw;

/// The largest picture that is decoded here, in pixels: larger ones are slow and show nothing new. The bounds themselves
/// have tests of their own.
const MOST_PIXELS: u64 = 1 << 20;

/// A frame: one byte of format, width, height and stride of two each, then what the camera sends.
pub fn frame(bytes: &[u8]) {
    let Some((&[format, w0, w1, h0, h1, s0, s1], bytes)) = bytes.split_first_chunk() else { return };
    // The first four in the order in which the corpus counts them.
    let first = [PixelFormat::Yuyv, PixelFormat::Mjpeg, PixelFormat::Grey, PixelFormat::Rgb24];
    let later = PixelFormat::ALL.into_iter().filter(|format| !first.contains(format));
    let formats: Vec<PixelFormat> = first.into_iter().chain(later).chain([PixelFormat::Yu12Full]).collect();
    let frame = Frame {
        format: formats[usize::from(format) % formats.len()],
        width: u16::from_le_bytes([w0, w1]).into(),
        height: u16::from_le_bytes([h0, h1]).into(),
        stride: u16::from_le_bytes([s0, s1]).into(),
        bytes: bytes.to_vec(),
        orientation: Orientation::UPRIGHT,
        taken: Moment::default(),
        sequence: 0,
    };
    if u64::from(frame.width) * u64::from(frame.height) > MOST_PIXELS {
        return;
    }
    match decode(&frame) {
        Ok(picture) => {
            assert_eq!((picture.width(), picture.height()), (frame.width, frame.height));
            let raw = Raw::of(&frame).expect("what can be decoded can be read in parts");
            assert_eq!(raw.shrunk(16, 12).len(), 16 * 12 * 3);
            assert_eq!(raw.glance().difference(&raw.glance()), 0.0);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A photograph, by whatever its first bytes say that it is.
pub fn photograph(bytes: &[u8]) {
    if said_pixels(bytes) > MOST_PIXELS {
        return;
    }
    match photograph_from_bytes(bytes, "photograph") {
        Ok(picture) => {
            assert!(picture.width().max(picture.height()) <= LONGEST_SIDE);
            assert!(picture.width() >= 1 && picture.height() >= 1);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// How many pixels the header of a PNG or the largest frame header of a JPEG promises.
fn said_pixels(bytes: &[u8]) -> u64 {
    let pixels = |sides: &[u8], number: fn(&[u8]) -> u64| {
        let (one, other) = sides.split_at(sides.len() / 2);
        number(one).saturating_mul(number(other))
    };
    let number = |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit));
    if bytes.starts_with(b"\x89PNG") {
        return bytes.get(16..24).map_or(0, |sides| pixels(sides, number));
    }
    let headers = bytes.windows(9).filter(|nine| nine[0] == 0xFF && (0xC0..=0xCF).contains(&nine[1]));
    headers.map(|nine| pixels(&nine[5..9], number)).max().unwrap_or(0)
}
