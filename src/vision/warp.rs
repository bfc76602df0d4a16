//! Cuts an upright crop of a given size out of a picture through a similarity transform.

use crate::frame::{Area, Picture, View};
use crate::geometry::{Point, Rect, Similarity};

/// The most samples a side taken for one target pixel; beyond that a face fills a frame of 2,400 pixels.
const MAX_SAMPLES: u32 = 8;
/// Pixels around a crop that interpolation touches.
const MARGIN: f32 = 2.0;

/// Where a crop's pixels come from, and what they are.
///
/// `to_crop` takes picture coordinates to crop coordinates; in both, pixel (0, 0) covers 0..1, so its
/// centre is at (0.5, 0.5). Outside the picture the edge is repeated. Shrinking averages, so that fine
/// patterns do not alias.
pub fn warp(view: &dyn View, to_crop: &Similarity, width: u32, height: u32) -> Picture {
    let from_crop = to_crop.inverse();
    let patch = Patch::of(view, &covered(&from_crop, width, height));
    let samples = (from_crop.scale() - 0.25).ceil().clamp(1.0, MAX_SAMPLES as f32) as u32;
    let step = 1.0 / samples as f32;
    let share = step * step;
    let mut rgb = vec![0; width as usize * height as usize * 3];
    for (y, line) in (0..height).zip(rgb.chunks_exact_mut(width as usize * 3)) {
        for (x, pixel) in (0..width).zip(line.as_chunks_mut::<3>().0) {
            let mut sum = [0.0f32; 4];
            for sy in 0..samples {
                for sx in 0..samples {
                    let (right, down) = ((sx as f32 + 0.5) * step, (sy as f32 + 0.5) * step);
                    let value = patch.at(from_crop.apply(Point::new(x as f32 + right, y as f32 + down)));
                    sum.iter_mut().zip(value).for_each(|(s, v)| *s += v * share);
                }
            }
            let [r, g, b, _] = sum.map(|v| (v + 0.5) as u8);
            *pixel = [r, g, b];
        }
    }
    Picture::new(width, height, rgb).expect("a crop has pixels, and the bytes were made for its size")
}

/// The upright box in the picture that a crop's corners span, with a margin.
fn covered(from_crop: &Similarity, width: u32, height: u32) -> Rect {
    let (right, bottom) = (width as f32, height as f32);
    let corners = [(0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom)]
        .map(|(x, y)| from_crop.apply(Point::new(x, y)));
    let least = |of: fn(&Point) -> f32| corners.iter().map(of).fold(f32::INFINITY, f32::min) - MARGIN;
    let most = |of: fn(&Point) -> f32| corners.iter().map(of).fold(f32::NEG_INFINITY, f32::max) + MARGIN;
    let (left, top) = (least(|p| p.x), least(|p| p.y));
    Rect { left, top, width: most(|p| p.x) - left, height: most(|p| p.y) - top }
}

/// The pixels that a crop is made of, as floats: four at once are interpolated, the fourth means nothing.
struct Patch {
    area: Area,
    pixels: Vec<[f32; 4]>,
}

impl Patch {
    fn of(view: &dyn View, covered: &Rect) -> Self {
        let area = Area::touched(covered, view.width(), view.height());
        let part = view.part(covered);
        let row = part.picture.width() as usize * 3;
        let (left, top) = ((area.left - part.left) as usize * 3, (area.top - part.top) as usize);
        let mut pixels = Vec::with_capacity(area.width as usize * area.height as usize);
        for line in part.picture.rgb().chunks_exact(row).skip(top).take(area.height as usize) {
            let line = &line[left..left + area.width as usize * 3];
            let floats = |&[r, g, b]: &[u8; 3]| [f32::from(r), f32::from(g), f32::from(b), 0.0];
            pixels.extend(line.as_chunks::<3>().0.iter().map(floats));
        }
        Self { area, pixels }
    }

    /// The picture's value at a point, interpolated between the four pixel centres around it.
    #[inline]
    fn at(&self, at: Point) -> [f32; 4] {
        let (x, y) = (at.x - 0.5, at.y - 0.5);
        let (left, top) = (floor(x), floor(y));
        let (fx, fy) = (x - left, y - top);
        let column = left as i64 - i64::from(self.area.left);
        let row = top as i64 - i64::from(self.area.top);
        let [a, b, d, e] = self.corners(column, row);
        std::array::from_fn(|c| {
            let upper = a[c] + (b[c] - a[c]) * fx;
            let lower = d[c] + (e[c] - d[c]) * fx;
            upper + (lower - upper) * fy
        })
    }

    /// The pixel in this column and row of the patch, the next, and the two below.
    #[inline]
    fn corners(&self, column: i64, row: i64) -> [[f32; 4]; 4] {
        let (width, height) = (i64::from(self.area.width), i64::from(self.area.height));
        if (0..width - 1).contains(&column) && (0..height - 1).contains(&row) {
            // Inside a patch, whose pixels are counted by a usize.
            let start = (row as usize).wrapping_mul(width as usize).wrapping_add(column as usize);
            let (upper, lower) = (&self.pixels[start..], &self.pixels[start.wrapping_add(width as usize)..]);
            return [upper[0], upper[1], lower[0], lower[1]];
        }
        self.outer_corners(column, row)
    }

    /// The same where the patch ends, which is where the picture ends: its edge is repeated.
    #[cold]
    fn outer_corners(&self, column: i64, row: i64) -> [[f32; 4]; 4] {
        let (width, height) = (i64::from(self.area.width), i64::from(self.area.height));
        [(column, row), (column + 1, row), (column, row + 1), (column + 1, row + 1)].map(|(x, y)| {
            let (x, y) = (x.clamp(0, width - 1), y.clamp(0, height - 1));
            self.pixels[(y * width + x) as usize]
        })
    }
}

/// `f32::floor` is a call into a library on processors that are taken to have no instruction for it.
#[inline]
fn floor(value: f32) -> f32 {
    let towards_zero = value as i32 as f32;
    if towards_zero > value { towards_zero - 1.0 } else { towards_zero }
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
    fn rounding_down_is_that_of_the_library() {
        for value in [-2.5f32, -2.0, -0.1, -0.0, 0.0, 0.9, 1.0, 639.5, -1e9, 8_388_609.0] {
            assert_eq!(floor(value), value.floor(), "{value}");
        }
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
