//! What can be wrong with a frame's bytes, and the bounds of its size.

use thiserror::Error;

use super::jpeg::JpegFault;
use crate::frame::Frame;

/// The longest side of a frame, in pixels: longer than any door camera's, and 48 MiB decoded.
pub const MAX_SIDE: u32 = 4096;

/// Why a frame cannot be decoded.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum PixelError {
    /// The dimensions are zero, huge or odd, or rows overlap.
    #[error("a {format} frame cannot be {width}x{height} with rows {stride} bytes apart")]
    Shape {
        /// The name of the format.
        format: &'static str,
        /// The width, in pixels.
        width: u32,
        /// The height, in pixels.
        height: u32,
        /// The bytes from the start of one row to the next.
        stride: usize,
    },
    /// The frame has too few or too many bytes for its size.
    #[error("a {format} frame of {width}x{height} has {wanted} bytes, the camera sent {got}")]
    Length {
        /// The name of the format.
        format: &'static str,
        /// The width, in pixels.
        width: u32,
        /// The height, in pixels.
        height: u32,
        /// The bytes that this size needs.
        wanted: usize,
        /// The bytes that the camera sent.
        got: usize,
    },
    /// The JPEG's size is not the negotiated one.
    #[error("the camera promised {promised} and sent a JPEG of {found}")]
    OtherSize {
        /// The negotiated size.
        promised: String,
        /// The size in the JPEG.
        found: String,
    },
    /// The bytes are no complete JPEG.
    #[error("the camera's JPEG is unusable: {0}")]
    Jpeg(#[from] JpegFault),
}

/// Checks that there are pixels and not too many.
pub(super) fn check_sides(frame: &Frame) -> Result<(), PixelError> {
    let sides = 1..=MAX_SIDE;
    if sides.contains(&frame.width) && sides.contains(&frame.height) { Ok(()) } else { Err(shape(frame)) }
}

/// The error of a frame whose size or rows cannot be.
pub(super) fn shape(frame: &Frame) -> PixelError {
    PixelError::Shape {
        format: frame.format.name(),
        width: frame.width,
        height: frame.height,
        stride: frame.stride,
    }
}
