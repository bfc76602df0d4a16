//! Cuts an upright crop of a given size out of a picture through a similarity transform.

use crate::frame::Picture;
use crate::geometry::{Point, Similarity};

/// The most samples a side taken for one target pixel; beyond that a face fills a frame of 2,400 pixels.
const MAX_SAMPLES: u32 = 8;

/// Where a crop's pixels come from, and what they are.
///
/// `to_crop` takes picture coordinates to crop coordinates; in both, pixel (0, 0) covers 0..1, so its
/// centre is at (0.5, 0.5). Outside the picture the edge is repeated. Shrinking averages, so that fine
/// patterns do not alias.
pub fn warp(picture: &Picture, to_crop: &Similarity, width: u32, height: u32) -> Picture {
    let from_crop = to_crop.inverse();
    let samples = (from_crop.scale() - 0.25).ceil().clamp(1.0, MAX_SAMPLES as f32) as u32;
    if samples == 1 {
        return Picture::from_fn(width, height, |x, y| {
            let at = from_crop.apply(Point::new(x as f32 + 0.5, y as f32 + 0.5));
            bilinear(picture, at).map(|v| (v + 0.5) as u8)
        });
    }
    let step = 1.0 / samples as f32;
    let share = step * step;
    Picture::from_fn(width, height, |x, y| {
        let mut sum = [0.0f32; 3];
        for sy in 0..samples {
            for sx in 0..samples {
                let at = Point::new(x as f32 + (sx as f32 + 0.5) * step, y as f32 + (sy as f32 + 0.5) * step);
                let value = bilinear(picture, from_crop.apply(at));
                sum.iter_mut().zip(value).for_each(|(s, v)| *s += v * share);
            }
        }
        sum.map(|v| (v + 0.5) as u8)
    })
}

/// The picture's value at a point, interpolated between the four pixel centres around it.
#[inline]
fn bilinear(picture: &Picture, at: Point) -> [f32; 3] {
    let (x, y) = (at.x - 0.5, at.y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let (column, row) = (left as i64, top as i64);
    let inside = column >= 0
        && row >= 0
        && column + 1 < i64::from(picture.width())
        && row + 1 < i64::from(picture.height());
    let corners = if inside {
        let stride = picture.width() as usize * 3;
        let start = row as usize * stride + column as usize * 3;
        let upper = &picture.rgb()[start..start + 6];
        let lower = &picture.rgb()[start + stride..start + stride + 6];
        [
            [upper[0], upper[1], upper[2]],
            [upper[3], upper[4], upper[5]],
            [lower[0], lower[1], lower[2]],
            [lower[3], lower[4], lower[5]],
        ]
    } else {
        [
            picture.pixel(column, row),
            picture.pixel(column + 1, row),
            picture.pixel(column, row + 1),
            picture.pixel(column + 1, row + 1),
        ]
    };
    std::array::from_fn(|c| {
        let [a, b, d, e] = corners.map(|corner| f32::from(corner[c]));
        let upper = a + (b - a) * fx;
        let lower = d + (e - d) * fx;
        upper + (lower - upper) * fy
    })
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
