//! How much of an image is taken through a step at a time.

use crate::kernels::image::Image;

/// Pixels that are taken through a step at a time: what they have in channels stays in the nearest cache, and the
/// weights are read seldom enough.
const PIXELS_AT_A_TIME: usize = 64;

/// How many rows of an image are taken through a step at a time: about as many as [`PIXELS_AT_A_TIME`] fill, and
/// all but the last time the same number.
pub(super) fn rows_at_a_time(image: &Image) -> usize {
    let rows = (PIXELS_AT_A_TIME / image.width.max(1)).max(1);
    let times = image.height.div_ceil(rows).max(1);
    image.height.div_ceil(times).max(1)
}
