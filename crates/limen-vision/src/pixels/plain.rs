//! A plain packer and a plain reader of every format, pixel by pixel, that the tests hold the others against.

use limen_core::clock::Moment;

use crate::frame::{Frame, Orientation, Picture, PixelFormat};

/// Luminance and colour, limited-range BT.601.
fn yuv([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(f64::from);
    let y = 16.0 + 0.2568 * r + 0.5041 * g + 0.0979 * b;
    let u = 128.0 - 0.1482 * r - 0.2910 * g + 0.4392 * b;
    let v = 128.0 + 0.4392 * r - 0.3678 * g - 0.0714 * b;
    [y, u, v].map(|value| value.round() as u8)
}

/// A picture as the frame of a camera of this format, with so many bytes of padding at the end of each row. Colour is that
/// of the first pixel of those that share it; a grey format has the red channel.
pub(super) fn packed(picture: &Picture, format: PixelFormat, padding: usize) -> Frame {
    let (width, height) = (picture.width(), picture.height());
    let at = |x: u32, y: u32| picture.pixel(x.into(), y.into());
    let line = |pixel: &dyn Fn(u32) -> Vec<u8>, step: usize| -> Vec<u8> {
        (0..width).step_by(step).flat_map(pixel).chain(vec![0xEE; padding]).collect()
    };
    let each = |pixel: &dyn Fn(u32, u32) -> Vec<u8>| -> Vec<u8> {
        (0..height).flat_map(|y| line(&|x| pixel(x, y), 1)).collect()
    };
    let pairs = |order: [usize; 4]| -> Vec<u8> {
        let pair = |x: u32, y: u32| {
            let ([y0, u, v], [y1, ..]) = (yuv(at(x, y)), yuv(at(x + 1, y)));
            order.map(|which| [y0, u, y1, v][which]).to_vec()
        };
        (0..height).flat_map(|y| line(&|x| pair(x, y), 2)).collect()
    };
    let luminance = || each(&|x, y| vec![yuv(at(x, y))[0]]);
    let both = |order: [usize; 2]| -> Vec<u8> {
        let colour = |x: u32, y: u32| order.map(|which| yuv(at(x, y))[which]).to_vec();
        (0..height).step_by(2).flat_map(|y| line(&|x| colour(x, y), 2)).collect()
    };
    let one = |which: usize| -> Vec<u8> {
        let row =
            |y: u32| (0..width).step_by(2).map(move |x| yuv(at(x, y))[which]).chain(vec![0xEE; padding / 2]);
        (0..height).step_by(2).flat_map(row).collect()
    };
    let deep = |bits: u32| each(&|x, y| (u16::from(at(x, y)[0]) << (bits - 8) | 1).to_le_bytes().to_vec());
    let bytes = match format {
        PixelFormat::Yuyv => pairs([0, 1, 2, 3]),
        PixelFormat::Uyvy => pairs([1, 0, 3, 2]),
        PixelFormat::Nv12 => [luminance(), both([1, 2])].concat(),
        PixelFormat::Nv21 => [luminance(), both([2, 1])].concat(),
        PixelFormat::Yu12 => [luminance(), one(1), one(2)].concat(),
        PixelFormat::Yv12 => [luminance(), one(2), one(1)].concat(),
        PixelFormat::Rgb24 => each(&|x, y| at(x, y).to_vec()),
        PixelFormat::Bgr24 => each(&|x, y| at(x, y).into_iter().rev().collect()),
        PixelFormat::Rgbx => each(&|x, y| at(x, y).into_iter().chain([0x55]).collect()),
        PixelFormat::Xbgr => each(&|x, y| at(x, y).into_iter().rev().chain([0x55]).collect()),
        PixelFormat::Grey => each(&|x, y| vec![at(x, y)[0]]),
        PixelFormat::Y10 => deep(10),
        PixelFormat::Y12 => deep(12),
        PixelFormat::Y16 => deep(16),
        PixelFormat::Mjpeg | PixelFormat::Yu12Full => unreachable!("no such frame is packed"),
    };
    let stride = format.row_bytes(width) + padding;
    let (orientation, taken) = (Orientation::UPRIGHT, Moment::default());
    Frame { format, width, height, stride, bytes, orientation, taken, sequence: 0 }
}

/// The colour of a pixel of a frame without padding, read as the format's definition says.
fn read(frame: &Frame, x: usize, y: usize) -> [f64; 3] {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let byte = |at: usize| f64::from(frame.bytes[at]);
    let packed = |bytes: usize| (y * width + x) * bytes;
    let rgb = |[y, u, v]: [f64; 3]| {
        let (y, u, v) = (1.164_383 * (y - 16.0), u - 128.0, v - 128.0);
        [y + 1.596_027 * v, y - 0.391_762 * u - 0.812_968 * v, y + 2.017_232 * u].map(|c| c.clamp(0.0, 255.0))
    };
    let (all, quarter) = (width * height, width * height / 4);
    let square = y / 2 * (width / 2) + x / 2;
    let two = (y * width + x / 2 * 2) * 2;
    let deep = |bits: i32| {
        [(byte(packed(2)) + 256.0 * byte(packed(2) + 1)) / 2f64.powi(bits - 8); 3].map(f64::floor)
    };
    match frame.format {
        PixelFormat::Yuyv => rgb([byte(packed(2)), byte(two + 1), byte(two + 3)]),
        PixelFormat::Uyvy => rgb([byte(packed(2) + 1), byte(two), byte(two + 2)]),
        PixelFormat::Nv12 => rgb([byte(packed(1)), byte(all + 2 * square), byte(all + 2 * square + 1)]),
        PixelFormat::Nv21 => rgb([byte(packed(1)), byte(all + 2 * square + 1), byte(all + 2 * square)]),
        PixelFormat::Yu12 => rgb([byte(packed(1)), byte(all + square), byte(all + quarter + square)]),
        PixelFormat::Yv12 => rgb([byte(packed(1)), byte(all + quarter + square), byte(all + square)]),
        PixelFormat::Rgb24 => [0, 1, 2].map(|channel| byte(packed(3) + channel)),
        PixelFormat::Bgr24 => [2, 1, 0].map(|channel| byte(packed(3) + channel)),
        PixelFormat::Rgbx => [0, 1, 2].map(|channel| byte(packed(4) + channel)),
        PixelFormat::Xbgr => [2, 1, 0].map(|channel| byte(packed(4) + channel)),
        PixelFormat::Grey => [byte(packed(1)); 3],
        PixelFormat::Y10 => deep(10),
        PixelFormat::Y12 => deep(12),
        PixelFormat::Y16 => deep(16),
        PixelFormat::Mjpeg | PixelFormat::Yu12Full => unreachable!("no such frame is read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::decode::{PixelError, decode};
    use crate::pixels::raw::Raw;

    /// Every value of every byte, in an order that looks random.
    fn noise(format: PixelFormat) -> Frame {
        let flat = packed(&Picture::from_fn(64, 32, |_, _| [0; 3]), format, 0);
        let bytes = (0..flat.bytes.len() as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 23) as u8);
        let bytes: Vec<u8> = bytes.collect();
        // Ten and twelve bits leave the uppermost ones empty.
        let low = match format {
            PixelFormat::Y10 => 3,
            PixelFormat::Y12 => 15,
            _ => 255,
        };
        let cut = |(at, byte): (usize, &u8)| if at % 2 == 1 { byte & low } else { *byte };
        Frame { bytes: bytes.iter().enumerate().map(cut).collect(), ..flat }
    }

    fn formats() -> impl Iterator<Item = PixelFormat> {
        PixelFormat::ALL.into_iter().filter(|format| *format != PixelFormat::Mjpeg)
    }

    #[test]
    fn every_format_is_read_as_its_definition_says() {
        for frame in formats().map(noise) {
            let picture = decode(&frame).expect("whole");
            for (x, y) in (0..64).flat_map(|x| (0..32).map(move |y| (x, y))) {
                let found = picture.pixel(x as i64, y as i64).map(f64::from);
                let wanted = read(&frame, x, y);
                let near = found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 0.76);
                assert!(near, "{frame:?} at {x}, {y}: {found:?} for {wanted:?}");
            }
        }
    }

    #[test]
    fn padding_at_the_end_of_rows_changes_nothing_in_any_format() {
        let scene = Picture::from_fn(64, 48, |x, y| [(x * 4) as u8, (y * 5) as u8, (x * y) as u8]);
        for format in formats() {
            let tight = decode(&packed(&scene, format, 0)).expect("whole");
            for padding in [2, 12, 64] {
                let padded = packed(&scene, format, padding);
                assert_eq!(decode(&padded).expect("whole"), tight, "{padded:?}");
                let cut = if matches!(format, PixelFormat::Yu12 | PixelFormat::Yv12) {
                    padding / 2
                } else {
                    padding
                };
                let bytes = padded.bytes[..padded.bytes.len() - cut].to_vec();
                assert_eq!(decode(&Frame { bytes, ..padded }).expect("the last row needs none"), tight);
            }
        }
    }

    #[test]
    fn a_frame_with_too_few_or_too_many_bytes_is_refused_in_any_format() {
        for frame in formats().map(noise) {
            let whole = frame.bytes.len();
            for length in [0, 1, whole / 2, whole - 1, whole + 4096, 3 * whole + 4096] {
                let lying = Frame { bytes: vec![128; length], ..frame.clone() };
                assert!(matches!(decode(&lying), Err(PixelError::Length { got, .. }) if got == length));
                assert!(Raw::of(&lying).is_err(), "{lying:?}");
            }
            assert!(
                decode(&Frame { bytes: vec![128; whole + 4095], ..frame }).is_ok(),
                "rounded up to a page"
            );
        }
    }

    #[test]
    fn a_shape_that_a_format_cannot_have_is_refused() {
        for format in formats() {
            let row = format.row_bytes(64);
            let shape = |width, height, stride| {
                let bytes = vec![0; 64 * 64 * 4];
                decode(&Frame { width, height, stride, bytes, ..noise(format) })
            };
            for (width, height, stride) in [(0, 2, row), (64, 0, row), (64, 4, row - 1), (5000, 2, 90_000)] {
                let found = shape(width, height, stride);
                assert!(
                    matches!(found, Err(PixelError::Shape { .. })),
                    "{format:?} {width}x{height} {stride}"
                );
            }
            assert!(shape(64, 4, usize::MAX).is_err() && shape(4096, 4096, usize::MAX / 2).is_err());
        }
        for format in [PixelFormat::Nv12, PixelFormat::Nv21, PixelFormat::Yu12, PixelFormat::Yv12] {
            let odd = Frame { width: 63, ..noise(format) };
            assert!(matches!(decode(&odd), Err(PixelError::Shape { .. })));
            let odd = Frame { height: 31, ..noise(format) };
            assert!(matches!(decode(&odd), Err(PixelError::Shape { .. })));
        }
    }

    #[test]
    fn a_frame_has_as_many_bytes_as_its_format_says() {
        for frame in formats().map(noise) {
            assert_eq!(frame.format.frame_bytes(frame.stride, frame.height), Some(frame.bytes.len()));
        }
    }
}
