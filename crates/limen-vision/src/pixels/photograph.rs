//! Reads a photograph that a person gives, to enrol somebody or to ask who it is.
//!
//! Photographs come from phones, scanners and attackers. The first bytes, not the name, tell the kind of
//! file. The size is checked before memory is allocated. An error says what the file is and what to do.

use std::fs::{File, OpenOptions};
use std::io::{self, Cursor, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, Limits, RgbImage};
use limen_core::person::printable_path;
use thiserror::Error;

use super::jpeg::{self, JpegFault};
use super::scale::shrink;
use crate::frame::Picture;

/// The largest file, in bytes: three times the size of a good phone's photograph.
pub const MAX_FILE: u64 = 32 << 20;
/// The shortest side, in pixels: no face fits into less.
pub const MIN_SIDE: u32 = 20;
/// The longest side, in pixels.
pub const MAX_SIDE: u32 = 12_000;
/// The largest number of pixels: 150 MB decoded, which fits into a Pi with 1 GB.
pub const MAX_PIXELS: u64 = 50_000_000;
/// The largest memory for decoding, in bytes.
const MAX_MEMORY: u64 = 256 << 20;
/// Pictures are scaled down to this longer side, in pixels: more detail than the networks use.
pub const LONGEST_SIDE: u32 = 1600;

/// Why a photograph cannot be used.
#[derive(Debug, Error)]
pub enum PhotographError {
    /// There is no such file.
    #[error("{file}: there is no such file; check the name and the folder")]
    Missing {
        /// The file's name.
        file: String,
    },
    /// This user may not read the file.
    #[error("{file}: not permitted to read it; `chmod u+r {file}`, or give it to the user that runs limen")]
    NotPermitted {
        /// The file's name.
        file: String,
    },
    /// The path is no regular file, but a folder, a device or the like.
    #[error("{file}: this is not a file; name a photograph in it")]
    NotAFile {
        /// The name that was given.
        file: String,
    },
    /// The file could not be read.
    #[error("{file}: cannot be read: {source}; copy it again")]
    Unreadable {
        /// The file's name.
        file: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The file is empty.
    #[error("{file}: the file is empty; copy it again")]
    Empty {
        /// The file's name.
        file: String,
    },
    /// The file is larger than [`MAX_FILE`].
    #[error("{file}: larger than {} MiB; save it smaller", MAX_FILE >> 20)]
    FileTooLarge {
        /// The file's name.
        file: String,
    },
    /// The file is of another kind.
    #[error("{file}: this is {what}; save it as JPEG or PNG")]
    OtherFormat {
        /// The file's name.
        file: String,
        /// The kind of file, by its first bytes.
        what: &'static str,
    },
    /// The picture has too few pixels.
    #[error(
        "{file}: only {width}x{height} pixels; a face needs far more, at least {} a side are read",
        MIN_SIDE
    )]
    TooSmall {
        /// The file's name.
        file: String,
        /// The width, in pixels.
        width: u32,
        /// The height, in pixels.
        height: u32,
    },
    /// The picture has too many pixels, or needs too much memory.
    #[error(
        "{file}: {width}x{height} is too large; scale it down to at most {} megapixels",
        MAX_PIXELS / 1_000_000
    )]
    TooLarge {
        /// The file's name.
        file: String,
        /// The width, in pixels.
        width: u32,
        /// The height, in pixels.
        height: u32,
    },
    /// The picture ends too early.
    #[error("{file}: the picture is cut off before its end; copy it again")]
    Truncated {
        /// The file's name.
        file: String,
    },
    /// The picture's bytes are wrong.
    #[error("{file}: the picture is damaged ({reason}); copy or export it again")]
    Damaged {
        /// The file's name.
        file: String,
        /// The error of the decoder.
        reason: String,
    },
    /// A CMYK picture without the mark that says how its colours are stored.
    #[error("{file}: a JPEG in print colours (CMYK) that cannot be converted; save it as RGB")]
    PrintColours {
        /// The file's name.
        file: String,
    },
}

/// Whether the name is that of a photograph: `.jpg`, `.jpeg` or `.png`, in upper or lower case.
pub fn is_photograph(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default().to_ascii_lowercase();
    file.is_file() && ["jpg", "jpeg", "png"].iter().any(|known| ending == *known)
}

/// Reads a photograph from a file; see [`photograph_from_bytes`].
pub fn load_photograph(path: &Path) -> Result<Picture, PhotographError> {
    photograph_from_bytes(&read(path)?, &printable_path(path))
}

/// Decodes a JPEG or PNG: upright as its EXIF says, transparent parts white, at most [`LONGEST_SIDE`] pixels
/// long. `file` names it in errors.
pub fn photograph_from_bytes(bytes: &[u8], file: &str) -> Result<Picture, PhotographError> {
    let (picture, orientation) = match sniff(bytes) {
        FileKind::Empty => {
            return Err(PhotographError::Empty { file: file.to_owned() });
        }
        FileKind::Other(what) => {
            return Err(PhotographError::OtherFormat { file: file.to_owned(), what });
        }
        FileKind::Jpeg => decode_jpeg(bytes, file)?,
        FileKind::Png => decode_png(bytes, file)?,
    };
    Ok(upright(shrink(picture, LONGEST_SIDE), orientation))
}

/// Reads a whole file of at most [`MAX_FILE`] bytes.
fn read(path: &Path) -> Result<Vec<u8>, PhotographError> {
    let file = || printable_path(path);
    let failed = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => PhotographError::Missing { file: file() },
        ErrorKind::PermissionDenied => PhotographError::NotPermitted { file: file() },
        _ => PhotographError::Unreadable { file: file(), source },
    };
    let opened = open(path).map_err(failed)?;
    if !opened.metadata().map_err(failed)?.is_file() {
        return Err(PhotographError::NotAFile { file: file() });
    }
    let mut bytes = Vec::new();
    opened.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(PhotographError::FileTooLarge { file: file() });
    }
    Ok(bytes)
}

/// Opens without blocking, so that a named pipe is refused at once.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
}

enum FileKind {
    Empty,
    Jpeg,
    Png,
    Other(&'static str),
}

/// The kind of file, by its first bytes.
fn sniff(bytes: &[u8]) -> FileKind {
    let brand = bytes.get(8..12).unwrap_or_default();
    match bytes {
        [] => FileKind::Empty,
        [0xFF, 0xD8, ..] => FileKind::Jpeg,
        [0x89, b'P', b'N', b'G', ..] => FileKind::Png,
        [b'G', b'I', b'F', b'8', ..] => FileKind::Other("a GIF"),
        [b'R', b'I', b'F', b'F', ..] if brand == b"WEBP" => FileKind::Other("a WebP picture"),
        [b'B', b'M', ..] => FileKind::Other("a BMP picture"),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => FileKind::Other("a TIFF or raw camera picture"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => FileKind::Other(match brand {
            b"avif" | b"avis" => "an AVIF picture",
            b"heic" | b"heix" | b"mif1" | b"msf1" | b"hevc" => "a HEIC picture (a telephone's)",
            _ => "a film",
        }),
        [b'%', b'P', b'D', b'F', ..] => FileKind::Other("a PDF"),
        _ => FileKind::Other("not a picture that limen knows"),
    }
}

fn decode_jpeg(bytes: &[u8], file: &str) -> Result<(Picture, Orientation), PhotographError> {
    let outline = jpeg::outline(bytes).map_err(|fault| jpeg_fault(fault, file))?;
    check_size(u32::from(outline.width), u32::from(outline.height), file)?;
    // Adobe's programs invert print colours, and the decoder expects that; for other programs it is unknown.
    if outline.components == 4 && !outline.adobe {
        return Err(PhotographError::PrintColours { file: file.to_owned() });
    }
    let orientation = JpegDecoder::new(Cursor::new(bytes))
        .and_then(|mut decoder| decoder.orientation())
        .unwrap_or(Orientation::NoTransforms);
    let whole = jpeg::with_tables(bytes, &outline);
    let picture = jpeg::decode(&whole, &outline).map_err(|fault| jpeg_fault(fault, file))?;
    Ok((picture, orientation))
}

fn jpeg_fault(fault: JpegFault, file: &str) -> PhotographError {
    match fault {
        JpegFault::Truncated => PhotographError::Truncated { file: file.to_owned() },
        JpegFault::NotJpeg => PhotographError::OtherFormat { file: file.to_owned(), what: "not a JPEG" },
        JpegFault::Damaged(reason) => PhotographError::Damaged { file: file.to_owned(), reason },
    }
}

fn decode_png(bytes: &[u8], file: &str) -> Result<(Picture, Orientation), PhotographError> {
    let (width, height) =
        png_size(bytes).ok_or_else(|| PhotographError::Truncated { file: file.to_owned() })?;
    check_size(width, height, file)?;
    let failed = |error| png_fault(error, width, height, file);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(failed)?;
    if decoder.is_apng().map_err(failed)? {
        let what = "an animated PNG, and which of its pictures is meant is not clear";
        return Err(PhotographError::OtherFormat { file: file.to_owned(), what });
    }
    if decoder.total_bytes() > MAX_MEMORY {
        return Err(PhotographError::TooLarge { file: file.to_owned(), width, height });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    let picture = Picture::new(width, height, over_white(image));
    Ok((picture.ok_or_else(|| damaged("no pixels", file))?, orientation))
}

/// The size in the header chunk, which is always the first one.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

fn png_fault(error: ImageError, width: u32, height: u32, file: &str) -> PhotographError {
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            PhotographError::Truncated { file: file.to_owned() }
        }
        ImageError::Limits(_) => PhotographError::TooLarge { file: file.to_owned(), width, height },
        other => damaged(&other.to_string(), file),
    }
}

fn damaged(reason: &str, file: &str) -> PhotographError {
    PhotographError::Damaged { file: file.to_owned(), reason: limen_core::person::printable(reason, 200) }
}

fn check_size(width: u32, height: u32, file: &str) -> Result<(), PhotographError> {
    if width.min(height) < MIN_SIDE {
        return Err(PhotographError::TooSmall { file: file.to_owned(), width, height });
    }
    if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PhotographError::TooLarge { file: file.to_owned(), width, height });
    }
    Ok(())
}

/// Eight bits per channel, with white behind transparent parts.
fn over_white(image: DynamicImage) -> Vec<u8> {
    if !image.has_alpha() {
        return image.into_rgb8().into_raw();
    }
    let blend = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u32::from(colour), u32::from(alpha));
        ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let rgba = image.into_rgba8().into_raw();
    rgba.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, a]| [blend(r, a), blend(g, a), blend(b, a)]).collect()
}

fn upright(picture: Picture, orientation: Orientation) -> Picture {
    if orientation == Orientation::NoTransforms {
        return picture;
    }
    let image = RgbImage::from_raw(picture.width(), picture.height(), picture.rgb().to_vec())
        .expect("a picture has exactly the bytes of its size");
    let mut image = DynamicImage::ImageRgb8(image);
    image.apply_orientation(orientation);
    Picture::new(image.width(), image.height(), image.into_rgb8().into_raw())
        .expect("turning a picture keeps its number of pixels")
}

#[cfg(test)]
#[path = "photograph_tests.rs"]
mod tests;
