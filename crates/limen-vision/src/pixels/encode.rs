//! From a picture to JPEG: for snapshots, and for photographs taken at the door.

use std::io;

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use crate::frame::Picture;

/// The JPEG quality in percent: no visible loss, a tenth of the bytes.
const QUALITY: u8 = 90;

/// The picture as JPEG. It fails if a side is longer than 65535 pixels.
pub fn encode_jpeg(picture: &Picture) -> io::Result<Vec<u8>> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(picture.rgb(), picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .map_err(io::Error::other)?;
    Ok(jpeg)
}
