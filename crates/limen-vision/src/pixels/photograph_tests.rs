//! Every good kind of photograph is read, and every bad one gives its own error.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::*;
use crate::pixels::jpeg::tests::{sample, sample_picture};

fn read_bytes(bytes: &[u8]) -> Result<Picture, PhotographError> {
    photograph_from_bytes(bytes, "ada.jpg")
}

fn png(bytes: &[u8], width: u32, height: u32, colour: ExtendedColorType) -> Vec<u8> {
    let mut file = Vec::new();
    PngEncoder::new(&mut file).write_image(bytes, width, height, colour).expect("a small picture");
    file
}

fn plain_png(width: u32, height: u32) -> Vec<u8> {
    png(&vec![90; width as usize * height as usize], width, height, ExtendedColorType::L8)
}

/// The PNG with a chunk inserted after its header (33 bytes: signature and IHDR).
fn with_chunk(png: &[u8], kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("small").to_be_bytes();
    let named = [kind.as_slice(), body].concat();
    let sum = crc(&named).to_be_bytes();
    [&png[..33], &length[..], &named[..], &sum[..], &png[33..]].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(
            sum ^ u32::from(byte),
            |sum, _| {
                if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 }
            },
        )
    })
}

#[test]
fn a_jpeg_and_a_png_are_read() {
    let picture = read_bytes(&sample(64, 48)).expect("a JPEG");
    assert_eq!((picture.width(), picture.height()), (64, 48));
    let original = sample_picture(64, 48);
    let lossless = png(original.rgb(), 64, 48, ExtendedColorType::Rgb8);
    assert_eq!(read_bytes(&lossless).expect("a PNG"), original);
}

#[test]
fn grey_and_sixteen_bits_become_eight_bit_colours() {
    assert_eq!(read_bytes(&plain_png(30, 20)).expect("grey").pixel(3, 3), [90; 3]);
    let deep = [0xFFFFu16, 0x8080, 0x0000].map(u16::to_ne_bytes).concat().repeat(30 * 20);
    let deep = png(&deep, 30, 20, ExtendedColorType::Rgb16);
    assert_eq!(read_bytes(&deep).expect("16 bits").pixel(0, 0), [255, 128, 0]);
}

#[test]
fn transparent_parts_become_white() {
    let glass = png(&[10, 20, 30, 0].repeat(30 * 20), 30, 20, ExtendedColorType::Rgba8);
    assert_eq!(read_bytes(&glass).expect("transparent").pixel(0, 0), [255; 3]);
    let solid = png(&[10, 20, 30, 255].repeat(30 * 20), 30, 20, ExtendedColorType::Rgba8);
    assert_eq!(read_bytes(&solid).expect("opaque").pixel(0, 0), [10, 20, 30]);
}

#[test]
fn a_telephones_picture_is_turned_upright() {
    // A TIFF header and one entry: orientation (0x0112), type SHORT, one value, 6 = turn clockwise.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let picture = Picture::from_fn(64, 32, |x, _| if x < 32 { [255; 3] } else { [0; 3] });
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 95);
    encoder.set_exif_metadata(exif).expect("JPEG takes EXIF");
    encoder.encode(picture.rgb(), 64, 32, ExtendedColorType::Rgb8).expect("a small picture");
    let upright = read_bytes(&file).expect("a JPEG");
    assert_eq!((upright.width(), upright.height()), (32, 64));
    assert!(upright.pixel(16, 5)[0] > 200 && upright.pixel(16, 60)[0] < 50);
}

#[test]
fn a_large_picture_is_scaled_down() {
    let picture = read_bytes(&plain_png(3200, 100)).expect("large");
    assert_eq!((picture.width(), picture.height()), (LONGEST_SIDE, 50));
}

#[test]
fn the_content_decides_and_not_the_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("really-a-png.jpg");
    std::fs::write(&path, plain_png(30, 20)).expect("writable");
    assert!(load_photograph(&path).is_ok());
}

#[test]
fn other_formats_are_named_with_the_remedy() {
    let files: [(&[u8], &str); 8] = [
        (b"GIF89a........", "a GIF"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"BM..............", "BMP"),
        (b"II*\0............", "TIFF"),
        (b"\0\0\0\x18ftypheic....", "HEIC"),
        (b"\0\0\0\x18ftypavif....", "AVIF"),
        (b"%PDF-1.7", "PDF"),
        (b"hello, I am a text", "not a picture"),
    ];
    for (bytes, what) in files {
        let message = read_bytes(bytes).expect_err("not a photograph").to_string();
        assert!(message.starts_with("ada.jpg") && message.contains(what), "{message}");
        assert!(message.contains("save it as JPEG or PNG"), "{message}");
    }
}

#[test]
fn an_animated_png_is_refused() {
    let animated = with_chunk(&plain_png(30, 20), b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
    let message = read_bytes(&animated).expect_err("animated").to_string();
    assert!(message.contains("animated PNG"), "{message}");
}

#[test]
fn an_empty_file_a_folder_and_a_missing_file_are_told_apart() {
    assert!(matches!(read_bytes(&[]), Err(PhotographError::Empty { .. })));
    let folder = tempfile::tempdir().expect("a folder");
    assert!(matches!(load_photograph(folder.path()), Err(PhotographError::NotAFile { .. })));
    let missing = load_photograph(&folder.path().join("no\u{1b}such.jpg"));
    let message = missing.expect_err("not there").to_string();
    assert!(message.contains("no such file") && !message.contains('\u{1b}'), "{message}");
}

#[test]
fn a_file_over_the_limit_is_refused_before_it_is_decoded() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("huge.png");
    File::create(&path).and_then(|file| file.set_len(MAX_FILE + 1)).expect("a sparse file");
    assert!(matches!(load_photograph(&path), Err(PhotographError::FileTooLarge { .. })));
}

#[test]
fn truncated_pictures_are_errors_and_not_half_grey() {
    let jpeg = sample(200, 200);
    assert!(matches!(read_bytes(&jpeg[..jpeg.len() / 2]), Err(PhotographError::Truncated { .. })));
    let original = sample_picture(200, 200);
    let png = png(original.rgb(), 200, 200, ExtendedColorType::Rgb8);
    for length in [10, 30, png.len() / 2] {
        let error = read_bytes(&png[..length]).expect_err("cut off");
        assert!(matches!(error, PhotographError::Truncated { .. }), "{length}: {error}");
    }
}

#[test]
fn damage_is_an_error() {
    let mut png = plain_png(64, 64);
    // The first byte of compressed data, after signature, header chunk and the data chunk's own header.
    png[41] ^= 0xFF;
    assert!(matches!(read_bytes(&png), Err(PhotographError::Damaged { .. })));
    let jpeg = [&[0xFF, 0xD8, 0xFF, 0xC0, 0, 1][..], &[0; 50][..]].concat();
    assert!(matches!(read_bytes(&jpeg), Err(PhotographError::Damaged { .. })));
}

#[test]
fn sizes_out_of_range_are_refused_before_memory_is_taken() {
    assert!(matches!(read_bytes(&plain_png(19, 400)), Err(PhotographError::TooSmall { width: 19, .. })));
    assert!(matches!(read_bytes(&plain_png(12_001, 20)), Err(PhotographError::TooLarge { .. })));
    let mut bomb = plain_png(30, 20);
    bomb[16..20].copy_from_slice(&11_000u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&11_000u32.to_be_bytes());
    assert!(matches!(read_bytes(&bomb), Err(PhotographError::TooLarge { .. })));
}

#[test]
fn print_colours_without_adobes_mark_are_refused() {
    let mut jpeg = sample(64, 48);
    let header = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame header");
    jpeg[header + 9] = 4;
    assert!(matches!(read_bytes(&jpeg), Err(PhotographError::PrintColours { .. })));
}
