//! A frame as the camera sent it, and a decoded picture.

mod area;
mod picture;
mod view;
pub(crate) mod yu12;

pub use area::Area;
pub use picture::Picture;
pub use view::{Glance, PictureRegion, View, shrink};

use limen_core::clock::Moment;

/// The pixel formats of cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// 4:2:2 packed, bytes Y0 U Y1 V; full-range or limited-range BT.601 as webcams send it.
    Yuyv,
    /// One JPEG per frame, possibly without Huffman tables.
    Mjpeg,
    /// One byte of luminance per pixel (infrared cameras).
    Grey,
    /// Three bytes per pixel: R G B.
    Rgb24,
    /// 4:2:0 in three planes, limited-range BT.601.
    Yu12,
    /// 4:2:0 in three planes, full-range BT.601, as `rpicam-vid` writes it.
    Yu12Full,
}

impl PixelFormat {
    /// The format's name in configuration, documentation and log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yuyv => "YUYV",
            Self::Mjpeg => "MJPEG",
            Self::Grey => "GREY",
            Self::Rgb24 => "RGB24",
            Self::Yu12 => "YU12",
            Self::Yu12Full => "YU12-FULL",
        }
    }
}

/// A frame as the camera sent it, not yet decoded.
#[derive(Clone)]
pub struct Frame {
    /// The format of `bytes`.
    pub format: PixelFormat,
    /// The width, in pixels.
    pub width: u32,
    /// The height, in pixels.
    pub height: u32,
    /// The bytes from the start of one row to the next; unused for MJPEG.
    pub stride: usize,
    /// The frame's bytes, as many as the driver wrote.
    pub bytes: Vec<u8>,
    /// When the sensor took the frame.
    pub taken: Moment,
    /// The driver's frame number. A gap means that frames were not read.
    pub sequence: u64,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Frame({} {}x{}, {} bytes, number {})",
            self.format.name(),
            self.width,
            self.height,
            self.bytes.len(),
            self.sequence
        )
    }
}
