//! A frame as the camera sent it, and a decoded picture.

mod area;
mod orientation;
mod picture;
mod view;

pub use area::Area;
pub use orientation::Orientation;
pub use picture::Picture;
pub(crate) use view::Packed;
pub use view::{Glance, PictureRegion, View};

use limen_core::clock::Moment;

/// The pixel formats of cameras. Luminance and colour are full-range or limited-range BT.601 as webcams send them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// 4:2:2 packed, bytes Y0 U Y1 V.
    Yuyv,
    /// 4:2:2 packed, bytes U Y0 V Y1.
    Uyvy,
    /// 4:2:0: a plane of luminance, and one of U V.
    Nv12,
    /// 4:2:0: a plane of luminance, and one of V U.
    Nv21,
    /// 4:2:0 in three planes, Y U V; also called I420. Rows of U and V are half as long as those of Y.
    Yu12,
    /// The same in full range, as `rpicam-vid` writes it. No V4L2 camera is asked for it.
    Yu12Full,
    /// 4:2:0 in three planes, Y V U.
    Yv12,
    /// One JPEG per frame, possibly without Huffman tables.
    Mjpeg,
    /// Three bytes per pixel: R G B.
    Rgb24,
    /// Three bytes per pixel: B G R.
    Bgr24,
    /// Four bytes per pixel: R G B, and one that means nothing.
    Rgbx,
    /// Four bytes per pixel: B G R, and one that means nothing.
    Xbgr,
    /// One byte of luminance per pixel (infrared cameras).
    Grey,
    /// Ten bits of luminance in two bytes per pixel, the lower one first.
    Y10,
    /// Twelve bits of luminance in two bytes per pixel, the lower one first.
    Y12,
    /// Sixteen bits of luminance per pixel, the lower byte first.
    Y16,
}

impl PixelFormat {
    /// All formats that a V4L2 camera may have.
    pub const ALL: [Self; 15] = [
        Self::Yuyv,
        Self::Uyvy,
        Self::Nv12,
        Self::Nv21,
        Self::Yu12,
        Self::Yv12,
        Self::Mjpeg,
        Self::Rgb24,
        Self::Bgr24,
        Self::Rgbx,
        Self::Xbgr,
        Self::Grey,
        Self::Y10,
        Self::Y12,
        Self::Y16,
    ];

    /// The format's name in configuration, documentation and log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yuyv => "YUYV",
            Self::Uyvy => "UYVY",
            Self::Nv12 => "NV12",
            Self::Nv21 => "NV21",
            Self::Yu12 => "YU12",
            Self::Yu12Full => "YU12-FULL",
            Self::Yv12 => "YV12",
            Self::Mjpeg => "MJPEG",
            Self::Rgb24 => "RGB24",
            Self::Bgr24 => "BGR24",
            Self::Rgbx => "RGBX",
            Self::Xbgr => "XBGR",
            Self::Grey => "GREY",
            Self::Y10 => "Y10",
            Self::Y12 => "Y12",
            Self::Y16 => "Y16",
        }
    }

    /// The bytes of a row of `width` pixels without padding; where there are several planes, of the first one.
    pub const fn row_bytes(self, width: u32) -> usize {
        let pixel = match self {
            Self::Nv12 | Self::Nv21 | Self::Yu12 | Self::Yu12Full | Self::Yv12 | Self::Mjpeg | Self::Grey => {
                1
            }
            Self::Yuyv | Self::Uyvy | Self::Y10 | Self::Y12 | Self::Y16 => 2,
            Self::Rgb24 | Self::Bgr24 => 3,
            Self::Rgbx | Self::Xbgr => 4,
        };
        width as usize * pixel
    }

    /// The bytes of a whole frame with rows this many bytes apart; `None` for JPEGs, whose length differs.
    pub fn frame_bytes(self, stride: usize, height: u32) -> Option<usize> {
        let height = height as usize;
        let lines = match self {
            Self::Mjpeg => return None,
            Self::Nv12 | Self::Nv21 | Self::Yu12 | Self::Yu12Full | Self::Yv12 => height + height / 2,
            _ => height,
        };
        Some(stride.saturating_mul(lines))
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
    /// How the camera is mounted. `width`, `height` and `bytes` are those of the picture that it sends.
    pub orientation: Orientation,
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
