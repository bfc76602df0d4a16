//! Checks a JPEG before the decoder gets it, for frames and photographs.
//!
//! The decoder does not fail on a truncated picture, but fills the rest with grey, and it needs the Huffman
//! tables, which many USB cameras omit. So the segments are read first: where the picture ends, its size, and
//! whether it has tables.
//!
//! Glossary: a *marker* is 0xFF and another byte; a *scan* is the coded picture; *DHT* is a segment with
//! Huffman tables, *SOF* the header with the size, *EOI* the end marker.

use std::borrow::Cow;
use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::{ColorType, ImageDecoder};
use thiserror::Error;

use crate::frame::Picture;

/// Why bytes are no complete JPEG.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum JpegFault {
    /// The bytes do not begin like a JPEG.
    #[error("it is not a JPEG")]
    NotJpeg,
    /// The bytes end before the end marker.
    #[error("it is cut off before its end")]
    Truncated,
    /// The segments are wrong, or the decoder refused the picture.
    #[error("it is damaged ({0})")]
    Damaged(String),
}

/// What the segments say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outline {
    /// The width, in pixels.
    pub width: u16,
    /// The height, in pixels.
    pub height: u16,
    /// The number of channels: 1 grey, 3 colour, 4 print colours (CMYK).
    pub components: u8,
    /// Whether an Adobe program wrote it; these store print colours inverted.
    pub adobe: bool,
    /// Whether it has Huffman tables.
    pub tables: bool,
    /// The position of the first scan's marker; 0 if there is no scan.
    first_scan: usize,
    /// The position after the end marker; cameras may send padding there.
    end: usize,
}

const SOI: [u8; 2] = [0xFF, 0xD8];
const DHT: u8 = 0xC4;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const ADOBE: u8 = 0xEE;

/// Reads the segments up to the end marker.
pub fn outline(bytes: &[u8]) -> Result<Outline, JpegFault> {
    if !bytes.starts_with(&SOI) {
        return Err(JpegFault::NotJpeg);
    }
    let mut found = Outline::default();
    let mut at = SOI.len();
    loop {
        let (marker, behind) = next_marker(bytes, at).ok_or(JpegFault::Truncated)?;
        at = behind;
        if marker == EOI {
            found.end = behind;
            return checked(found);
        }
        if stands_alone(marker) {
            continue;
        }
        let segment = segment(bytes, behind)?;
        match marker {
            DHT => found.tables = true,
            SOS if found.first_scan == 0 => found.first_scan = behind - 2,
            ADOBE => found.adobe = found.adobe || segment.starts_with(b"Adobe"),
            _ if is_frame_header(marker) => read_frame_header(segment, &mut found)?,
            _ => {}
        }
        at = behind + 2 + segment.len();
    }
}

/// The bytes up to the end marker. If the picture has no Huffman tables, the standard ones are inserted.
pub(super) fn with_tables<'a>(bytes: &'a [u8], outline: &Outline) -> Cow<'a, [u8]> {
    let whole = &bytes[..outline.end];
    if outline.tables {
        return Cow::Borrowed(whole);
    }
    let (head, scan) = whole.split_at(outline.first_scan);
    Cow::Owned([head, standard_tables().as_slice(), scan].concat())
}

/// Decodes a grey or colour JPEG that [`outline`] found to be complete.
pub(super) fn decode(bytes: &[u8], outline: &Outline) -> Result<Picture, JpegFault> {
    let damaged = |what: &dyn std::fmt::Display| JpegFault::Damaged(what.to_string());
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let (width, height) = decoder.dimensions();
    if (width, height) != (u32::from(outline.width), u32::from(outline.height)) {
        return Err(damaged(&"two different sizes"));
    }
    let colour = decoder.color_type();
    let mut buffer = vec![0; usize::try_from(decoder.total_bytes()).unwrap_or(0)];
    decoder.read_image(&mut buffer).map_err(|error| damaged(&error))?;
    let rgb = match colour {
        ColorType::Rgb8 => buffer,
        ColorType::L8 => buffer.into_iter().flat_map(|grey| [grey; 3]).collect(),
        _ => return Err(damaged(&"an unusual colour space")),
    };
    Picture::new(width, height, rgb).ok_or_else(|| damaged(&"no pixels"))
}

/// The next marker from `at` on, and the position after it. In a scan, 0xFF 0x00 stands for a plain 0xFF, and
/// 0xFF may be repeated before a marker.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let found =
        bytes.get(at..)?.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF))?;
    let behind = at + found + 2;
    Some((bytes[behind - 1], behind))
}

/// Whether no length follows the marker, as with restart markers.
fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xD0..=0xD8)
}

fn is_frame_header(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, DHT | 0xC8 | 0xCC)
}

/// The body of the segment whose length field is at `at`.
fn segment(bytes: &[u8], at: usize) -> Result<&[u8], JpegFault> {
    let length = bytes.get(at..at + 2).ok_or(JpegFault::Truncated)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if length < 2 {
        return Err(JpegFault::Damaged("a segment without length".to_owned()));
    }
    bytes.get(at + 2..at + length).ok_or(JpegFault::Truncated)
}

fn read_frame_header(segment: &[u8], found: &mut Outline) -> Result<(), JpegFault> {
    let &[_precision, high, low, wide, narrow, components, ..] = segment else {
        return Err(JpegFault::Damaged("a short frame header".to_owned()));
    };
    found.height = u16::from_be_bytes([high, low]);
    found.width = u16::from_be_bytes([wide, narrow]);
    found.components = components;
    Ok(())
}

fn checked(found: Outline) -> Result<Outline, JpegFault> {
    if found.first_scan == 0 || found.width == 0 || found.height == 0 {
        return Err(JpegFault::Damaged("no picture in it".to_owned()));
    }
    Ok(found)
}

/// The DHT segment of ITU T.81, annex K.3.3, which a motion JPEG without tables implies.
fn standard_tables() -> Vec<u8> {
    let mut body = Vec::new();
    for (class_and_number, lengths, values) in [
        (0x00, &LUMA_DC_LENGTHS, &DC_VALUES[..]),
        (0x10, &LUMA_AC_LENGTHS, &LUMA_AC_VALUES[..]),
        (0x01, &CHROMA_DC_LENGTHS, &DC_VALUES[..]),
        (0x11, &CHROMA_AC_LENGTHS, &CHROMA_AC_VALUES[..]),
    ] {
        body.push(class_and_number);
        body.extend_from_slice(lengths);
        body.extend_from_slice(values);
    }
    let length = u16::try_from(body.len() + 2).expect("four tables of fixed size are 418 bytes");
    let mut table = vec![0xFF, DHT];
    table.extend_from_slice(&length.to_be_bytes());
    table.extend_from_slice(&body);
    table
}

const LUMA_DC_LENGTHS: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const CHROMA_DC_LENGTHS: [u8; 16] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const DC_VALUES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const LUMA_AC_LENGTHS: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D];
const CHROMA_AC_LENGTHS: [u8; 16] = [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77];
#[rustfmt::skip]
const LUMA_AC_VALUES: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22,
    0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0, 0x24, 0x33,
    0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x34,
    0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55,
    0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76,
    0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96,
    0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5,
    0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4,
    0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1,
    0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,
];
#[rustfmt::skip]
const CHROMA_AC_VALUES: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13,
    0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0, 0x15, 0x62,
    0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26, 0x27, 0x28, 0x29,
    0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x53, 0x54,
    0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75,
    0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94,
    0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3,
    0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2,
    0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA,
    0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA,
];

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::pixels::encode::encode_jpeg;

    /// A colourful picture as JPEG, for the tests of the modules here.
    pub fn sample(width: u32, height: u32) -> Vec<u8> {
        encode_jpeg(&sample_picture(width, height)).expect("small pictures can be encoded")
    }

    /// The picture in [`sample`]: two gradients.
    pub fn sample_picture(width: u32, height: u32) -> Picture {
        Picture::from_fn(width, height, |x, y| [(x * 255 / width) as u8, (y * 255 / height) as u8, 90])
    }

    /// The same JPEG without Huffman tables, as many USB cameras send it.
    pub fn without_tables(jpeg: &[u8]) -> Vec<u8> {
        let mut kept = SOI.to_vec();
        let mut at = 2;
        while let Some((marker, behind)) = next_marker(jpeg, at) {
            let end = behind + 2 + segment(jpeg, behind).expect("the encoder writes whole segments").len();
            if marker != DHT {
                kept.extend_from_slice(&jpeg[behind - 2..end]);
            }
            at = end;
            if marker == SOS {
                break;
            }
        }
        kept.extend_from_slice(&jpeg[at..]);
        kept
    }

    #[test]
    fn the_outline_names_size_and_colours() {
        let found = outline(&sample(40, 24)).expect("a whole JPEG");
        assert_eq!((found.width, found.height, found.components), (40, 24, 3));
        assert!(found.tables && !found.adobe);
    }

    #[test]
    fn padding_behind_the_end_is_cut_off() {
        let jpeg = sample(16, 16);
        let padded = [jpeg.as_slice(), &[0; 100][..]].concat();
        let found = outline(&padded).expect("the end marker is there");
        assert_eq!(with_tables(&padded, &found).as_ref(), jpeg.as_slice());
    }

    #[test]
    fn every_truncation_is_noticed() {
        let jpeg = sample(16, 16);
        for length in 2..jpeg.len() {
            assert!(outline(&jpeg[..length]).is_err(), "{length} of {} bytes", jpeg.len());
        }
        assert_eq!(outline(&jpeg[..jpeg.len() - 2]), Err(JpegFault::Truncated));
    }

    #[test]
    fn missing_tables_are_put_in() {
        let jpeg = sample(32, 16);
        let bare = without_tables(&jpeg);
        let found = outline(&bare).expect("still a whole JPEG");
        assert!(!found.tables && bare.len() + 400 < jpeg.len());
        let mended = decode(&with_tables(&bare, &found), &found).expect("the standard tables fit");
        assert_eq!(mended, decode(&jpeg, &found).expect("a whole JPEG"));
    }

    #[test]
    fn anything_else_is_not_a_jpeg() {
        assert_eq!(outline(b""), Err(JpegFault::NotJpeg));
        assert_eq!(outline(b"\x89PNG"), Err(JpegFault::NotJpeg));
        assert!(matches!(outline(&[0xFF, 0xD8, 0xFF, 0xD9]), Err(JpegFault::Damaged(_))));
    }
}
