//! The small picture of a whole frame, in which what is around a face is looked at.

use super::grey::Grey;
use crate::frame::{Picture, View};

/// Its width, in pixels; its height follows.
const WIDTH: u32 = 160;

/// The luminance of a frame, small, and its pixels for each of the frame's.
pub fn small(view: &dyn View) -> (Grey, f32) {
    let width = WIDTH.min(view.width());
    let height = (view.height() * width / view.width().max(1)).max(1);
    let rgb = view.shrunk(width, height);
    let picture = Picture::from_fn(width, height, |x, y| {
        let first = ((y * width + x) * 3) as usize;
        [rgb[first], rgb[first + 1], rgb[first + 2]]
    });
    (Grey::of(&picture), width as f32 / view.width().max(1) as f32)
}
