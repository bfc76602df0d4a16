//! Whether a picture shows anything: a covered, blinded or unlit camera gives the same value everywhere.

use crate::frame::Picture;

/// So many samples in each direction tell a scene from none.
const GRID: u32 = 32;
/// Standard deviation of brightness, of 255, below which there is no scene. A lens under tape or a hand and a black
/// night give sensor noise, 1 to 3; an empty white wall, darker in the corners, gives more than 5.
const MIN_DEVIATION: f64 = 4.0;

/// The same value everywhere, up to noise.
pub(super) fn shows_nothing(picture: &Picture) -> bool {
    let (width, height) = (picture.width(), picture.height());
    let at = |step: u32, length: u32| (step * length / GRID).min(length.saturating_sub(1));
    let (mut sum, mut squares) = (0.0, 0.0);
    for y in (0..GRID).map(|step| at(step, height)) {
        for x in (0..GRID).map(|step| at(step, width)) {
            let [r, g, b] = picture.pixel(i64::from(x), i64::from(y));
            // Rec. 601 luma, as cameras weigh colours.
            let luma = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
            sum += luma;
            squares += luma * luma;
        }
    }
    let count = f64::from(GRID * GRID);
    let mean = sum / count;
    squares / count - mean * mean < MIN_DEVIATION * MIN_DEVIATION
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number from 0 to 6 that looks random.
    fn noise(x: u32, y: u32) -> u8 {
        ((x * 7919 + y * 104_729).wrapping_mul(2_654_435_761) >> 28) as u8 % 7
    }

    #[test]
    fn a_covered_lens_shows_nothing_and_a_dim_scene_something() {
        for level in [2, 120, 240] {
            let covered = Picture::from_fn(640, 480, |x, y| [level + noise(x, y); 3]);
            assert!(shows_nothing(&covered), "{level}");
        }
        let dim = Picture::from_fn(640, 480, |x, y| [if x / 80 % 2 == 0 { 10 } else { 22 } + noise(x, y); 3]);
        assert!(!shows_nothing(&dim));
    }
}
