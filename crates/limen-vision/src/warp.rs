//! Cuts an upright crop of a given size out of a picture, by a similarity transform.

use std::borrow::Cow;

use crate::frame::{Area, Orientation, Picture, View};
use crate::geometry::{Point, Rect, Similarity};

/// The largest distance between samples, in picture pixels. Above it, a crop takes two samples a side per
/// pixel; above twice as much, picture pixels are merged first.
const SPACING: f32 = 1.25;
/// The largest number of pixels per side that are merged into one: enough for a face that fills a frame of
/// 30,000 pixels.
const MAX_MERGED: usize = 64;
/// The pixels around a crop that interpolation reads.
const MARGIN: f32 = 2.0;

/// Cuts a crop of `width` x `height` out of a picture.
///
/// `to_crop` maps coordinates of the upright picture to crop coordinates; a picture that is stored otherwise is sampled in
/// another order, not turned. In both, pixel (0, 0) covers 0..1, so its centre
/// is at (0.5, 0.5). Outside the picture the edge is repeated. Shrinking averages, so that fine patterns do
/// not alias: over two samples a side, and over squares of picture pixels if these samples are more than 1.25
/// pixels apart. A crop takes about the same time for any size of face.
pub fn warp(view: &dyn View, to_crop: &Similarity, width: u32, height: u32) -> Picture {
    let from_crop =
        FromCrop { upright: to_crop.inverse(), orientation: view.orientation(), stored: view.stored_size() };
    let apart = from_crop.upright.scale();
    let covered = covered(&from_crop, width, height);
    let part = view.part(&covered);
    let area = Area::touched(&covered, from_crop.stored.0, from_crop.stored.1);
    // Casts saturate, so any number is in the range.
    let many = ((apart / SPACING) as usize).clamp(1, MAX_MERGED);
    let (pixels, left, top) = if many == 1 {
        (part.picture, part.left, part.top)
    } else {
        let inner = Area { left: area.left - part.left, top: area.top - part.top, ..area };
        (Cow::Owned(merge(&part.picture, inner, many)), area.left, area.top)
    };
    let source = SampledArea { pixels: &pixels, from_crop, left, top, many };
    if apart <= SPACING { source.sampled::<1>(width, height) } else { source.sampled::<2>(width, height) }
}

/// From a crop to the stored pixels.
#[derive(Clone, Copy)]
struct FromCrop {
    /// From the crop to the upright picture.
    upright: Similarity,
    orientation: Orientation,
    stored: (u32, u32),
}

impl FromCrop {
    /// The place in the stored picture for one in the crop.
    fn apply(&self, point: Point) -> Point {
        self.orientation.to_stored(self.upright.apply(point), self.stored)
    }

    /// The way in the stored picture for a step to the right in the crop.
    fn right(&self) -> Point {
        self.orientation.way_to_stored(Point::new(self.upright.a, self.upright.b))
    }
}

/// The box in the stored picture around a crop's corners, with a margin.
fn covered(from_crop: &FromCrop, width: u32, height: u32) -> Rect {
    let (right, bottom) = (width as f32, height as f32);
    let corners = [(0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom)]
        .map(|(x, y)| from_crop.apply(Point::new(x, y)));
    let least = |of: fn(&Point) -> f32| corners.iter().map(of).fold(f32::INFINITY, f32::min) - MARGIN;
    let most = |of: fn(&Point) -> f32| corners.iter().map(of).fold(f32::NEG_INFINITY, f32::max) + MARGIN;
    let (left, top) = (least(|p| p.x), least(|p| p.y));
    Rect { left, top, width: most(|p| p.x) - left, height: most(|p| p.y) - top }
}

/// The area with each square of `many` pixels a side averaged into one; at the right and lower edges squares
/// are smaller.
fn merge(picture: &Picture, area: Area, many: usize) -> Picture {
    let (pitch, start) = (picture.width() as usize * 3, area.left as usize * 3);
    let columns = (area.width as usize).div_ceil(many);
    let lines: Vec<&[u8]> = picture
        .rgb()
        .chunks_exact(pitch)
        .skip(area.top as usize)
        .take(area.height as usize)
        .map(|line| &line[start..start + area.width as usize * 3])
        .collect();
    let mut rgb = Vec::with_capacity(columns * lines.len().div_ceil(many) * 3);
    let mut sums = vec![0u32; area.width as usize * 3];
    for band in lines.chunks(many) {
        sums.fill(0);
        for line in band {
            for (sum, value) in sums.iter_mut().zip(*line) {
                *sum += u32::from(*value);
            }
        }
        for square in sums.as_chunks::<3>().0.chunks(many) {
            let mut sum = [0; 3];
            for [r, g, b] in square {
                sum = [sum[0] + r, sum[1] + g, sum[2] + b];
            }
            let count = (band.len() * square.len()) as u32;
            let mean = |sum: u32| ((sum + count / 2) / count) as u8;
            rgb.extend([mean(sum[0]), mean(sum[1]), mean(sum[2])]);
        }
    }
    let height = lines.len().div_ceil(many);
    Picture::new(columns as u32, height as u32, rgb).expect("an area has pixels, and so have its squares")
}

/// The pixels to sample: a part of a picture that begins at this column and row, each pixel the mean of a
/// square of `many` a side.
struct SampledArea<'a> {
    pixels: &'a Picture,
    from_crop: FromCrop,
    left: u32,
    top: u32,
    many: usize,
}

impl SampledArea<'_> {
    /// The crop; each pixel is the mean of `N` x `N` samples.
    fn sampled<const N: usize>(&self, width: u32, height: u32) -> Picture {
        let (each, share) = (1.0 / N as f32, 1.0 / (N * N) as f32);
        let many = self.many as f64;
        let step = self.from_crop.right();
        let [right, down] = [step.x, step.y].map(|way| fixed(f64::from(way * each) / many));
        let mut rgb = vec![0; width as usize * height as usize * 3];
        for (y, line) in (0..height).zip(rgb.chunks_exact_mut(width as usize * 3)) {
            let mut at: [[i64; 2]; N] = std::array::from_fn(|row| {
                let below = y as f32 + (row as f32 + 0.5) * each;
                let first = self.from_crop.apply(Point::new(0.5 * each, below));
                let place = |at: f32, start: u32| fixed((f64::from(at) - f64::from(start)) / many - 0.5);
                [place(first.x, self.left), place(first.y, self.top)]
            });
            for pixel in line.as_chunks_mut::<3>().0 {
                let mut sum = [0.5f32; 4];
                for _ in 0..N {
                    for [x, y] in &mut at {
                        let value = self.at(*x, *y);
                        for (sum, value) in sum.iter_mut().zip(value) {
                            *sum += value * share;
                        }
                        (*x, *y) = (x.wrapping_add(right), y.wrapping_add(down));
                    }
                }
                *pixel = [sum[0] as u8, sum[1] as u8, sum[2] as u8];
            }
        }
        Picture::new(width, height, rgb).expect("a crop has pixels, and the bytes were made for its size")
    }

    /// The value at a place, interpolated between the four pixels around it; an integer is the centre of a
    /// pixel. The last of the four numbers has no meaning: processors compute four at once.
    #[inline(always)]
    fn at(&self, x: i64, y: i64) -> [f32; 4] {
        let [a, b, c, d] = self.corners(x >> WHOLE, y >> WHOLE);
        mixed(mixed(a, b, fraction(x)), mixed(c, d, fraction(x)), fraction(y))
    }

    /// The pixel in this column and row, the next one, and the two below.
    #[inline(always)]
    fn corners(&self, column: i64, row: i64) -> [[f32; 4]; 4] {
        let (width, height) = (self.pixels.width() as usize, self.pixels.height() as usize);
        // Negative numbers become larger than any picture.
        let (x, y) = (column as usize, row as usize);
        if x.saturating_add(1) < width && y.saturating_add(1) < height {
            let upper = y.wrapping_mul(width).wrapping_add(x).wrapping_mul(3);
            let lower = upper.wrapping_add(width.wrapping_mul(3));
            // The six bytes of two pixels, and two more, which are missing after the last pair.
            let pair = |at: usize| self.pixels.rgb().get(at..).and_then(|rest| rest.first_chunk::<8>());
            if let (Some(upper), Some(lower)) = (pair(upper), pair(lower)) {
                return [four(upper, 0), four(upper, 3), four(lower, 0), four(lower, 3)];
            }
        }
        self.outer_corners(column, row)
    }

    /// The same at the edge of the picture, whose pixels are repeated.
    #[cold]
    #[inline(never)]
    fn outer_corners(&self, column: i64, row: i64) -> [[f32; 4]; 4] {
        let next = |at: i64| at.saturating_add(1);
        [(column, row), (next(column), row), (column, next(row)), (next(column), next(row))].map(|(x, y)| {
            let [r, g, b] = self.pixels.pixel(x, y).map(f32::from);
            [r, g, b, 0.0]
        })
    }
}

/// The binary digits after the point of a place.
const WHOLE: u32 = 32;

/// A place as a fixed-point number: sums of steps have no rounding that grows, and a shift gives the pixel
/// before it.
fn fixed(value: f64) -> i64 {
    (value * (1_u64 << WHOLE) as f64) as i64
}

/// The position of a place between two pixels, 0 to 1, in the 24 digits that a float holds.
#[inline(always)]
fn fraction(place: i64) -> f32 {
    ((place as u32) >> 8) as i32 as f32 * (1.0 / 16_777_216.0)
}

// Written out, because a `map` over arrays is a call in the profile of the demo and the tests.

#[inline(always)]
fn mixed(a: [f32; 4], b: [f32; 4], part: f32) -> [f32; 4] {
    let lane = |lane: usize| a[lane] + (b[lane] - a[lane]) * part;
    [lane(0), lane(1), lane(2), lane(3)]
}

#[inline(always)]
fn four(bytes: &[u8; 8], first: usize) -> [f32; 4] {
    let lane = |lane: usize| f32::from(bytes[first + lane]);
    [lane(0), lane(1), lane(2), lane(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Similarity = Similarity { a: 1.0, b: 0.0, tx: 0.0, ty: 0.0 };

    #[test]
    fn the_identity_changes_nothing() {
        let picture = Picture::from_fn(5, 4, |x, y| [(x * 40) as u8, (y * 60) as u8, 9]);
        assert_eq!(warp(&picture, &IDENTITY, 5, 4), picture);
    }

    #[test]
    fn a_turned_crop_that_reaches_outside_is_that_of_the_whole_picture() {
        let whole = Picture::from_fn(64, 48, |x, y| [(x * 4) as u8, (y * 5) as u8, (x * y) as u8]);
        for (a, b, tx, ty) in [(1.3, 0.4, -30.0, -20.0), (0.9, -0.2, 5.0, 9.0), (2.0, 0.0, 20.0, -60.0)] {
            let to_crop = Similarity { a, b, tx, ty };
            let crop = warp(&whole, &to_crop, 40, 40);
            let from_crop = to_crop.inverse();
            for (x, y) in (0..40).flat_map(|x| (0..40).map(move |y| (x, y))) {
                let at = from_crop.apply(Point::new(x as f32 + 0.5, y as f32 + 0.5));
                let (left, top) = ((at.x - 0.5).floor(), (at.y - 0.5).floor());
                let (fx, fy) = (at.x - 0.5 - left, at.y - 0.5 - top);
                let value =
                    |right: i64, down: i64| f32::from(whole.pixel(left as i64 + right, top as i64 + down)[2]);
                let mixed = |down: i64| value(0, down) * (1.0 - fx) + value(1, down) * fx;
                let wanted = mixed(0) * (1.0 - fy) + mixed(1) * fy;
                let found = f32::from(crop.pixel(x, y)[2]);
                assert!((found - wanted).abs() < 0.51, "{found} for {wanted} at {x}, {y}");
            }
        }
    }

    #[test]
    fn a_ramp_stays_one_however_large_the_face() {
        let ramp = Picture::from_fn(1000, 800, |x, y| [(x / 4) as u8, (y / 4) as u8, ((x + y) / 8) as u8]);
        for apart in [0.3, 0.9, 1.25, 1.3, 2.4, 2.6, 3.7, 3.8, 5.0, 9.9] {
            let from_crop = Similarity { a: apart * 0.96, b: apart * 0.28, tx: 500.0, ty: 300.0 };
            let crop = warp(&ramp, &from_crop.inverse(), 32, 32);
            for (x, y) in (0..32).flat_map(|x| (0..32).map(move |y| (x, y))) {
                let at = from_crop.apply(Point::new(x as f32 + 0.5, y as f32 + 0.5));
                let wanted = [at.x / 4.0, at.y / 4.0, (at.x + at.y) / 8.0].map(|value| value - 0.5);
                for (found, wanted) in crop.pixel(x, y).into_iter().zip(wanted) {
                    assert!(
                        (f32::from(found) - wanted).abs() <= 1.0,
                        "{found} for {wanted} at {x}, {y}, {apart}"
                    );
                }
            }
        }
    }

    #[test]
    fn squares_are_averaged_and_what_is_left_at_the_edges_too() {
        let picture = Picture::from_fn(7, 5, |x, y| [(10 * x) as u8, (10 * y) as u8, 5]);
        let merged = merge(&picture, Area { left: 1, top: 1, width: 6, height: 4 }, 4);
        assert_eq!((merged.width(), merged.height()), (2, 1));
        assert_eq!(merged.rgb(), [25, 25, 5, 55, 25, 5]);
    }

    #[test]
    fn shrinking_averages_a_fine_pattern() {
        let stripes = Picture::from_fn(64, 64, |x, _| if x % 2 == 0 { [0; 3] } else { [255; 3] });
        let quarter = Similarity { a: 0.25, ..IDENTITY };
        let small = warp(&stripes, &quarter, 16, 16);
        assert!(small.rgb().iter().all(|&v| (100..=155).contains(&v)));
    }

    #[test]
    fn a_crop_outside_the_picture_repeats_the_edge() {
        let picture = Picture::from_fn(4, 4, |_, _| [50, 60, 70]);
        let away = Similarity { tx: 1000.0, ty: -1e9, ..IDENTITY };
        assert_eq!(warp(&picture, &away, 3, 3).pixel(1, 1), [50, 60, 70]);
    }
}
