//! Points, boxes and the similarity transform that aligns a face.

/// A point in pixels: x to the right, y down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// The column, in pixels.
    pub x: f32,
    /// The row, in pixels.
    pub y: f32,
}

impl Point {
    /// The point in column `x`, row `y`.
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The Euclidean distance, in pixels.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point half-way to `other`.
    pub fn midpoint(self, other: Self) -> Self {
        Self::new((self.x + other.x) / 2.0, (self.y + other.y) / 2.0)
    }
}

/// An upright box in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// The left edge: a column, in pixels.
    pub left: f32,
    /// The top edge: a row, in pixels.
    pub top: f32,
    /// The width in pixels, not negative.
    pub width: f32,
    /// The height in pixels, not negative.
    pub height: f32,
}

impl Rect {
    /// The box of this size around `centre`.
    pub fn around(centre: Point, width: f32, height: f32) -> Self {
        Self { left: centre.x - width / 2.0, top: centre.y - height / 2.0, width, height }
    }

    /// The centre of the box.
    pub fn centre(&self) -> Point {
        Point::new(self.left + self.width / 2.0, self.top + self.height / 2.0)
    }

    /// The same box in a picture that is `by` times as large.
    pub fn scaled(&self, by: f32) -> Self {
        Self { left: self.left * by, top: self.top * by, width: self.width * by, height: self.height * by }
    }

    /// The area in square pixels, not negative.
    pub fn area(&self) -> f32 {
        self.width.max(0.0) * self.height.max(0.0)
    }

    /// Intersection over union, 0 (apart) to 1 (equal).
    pub fn iou(&self, other: &Self) -> f32 {
        let shared = self.shared(other);
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }

    /// The fraction of the smaller box that lies in the other, 0 to 1.
    pub fn share_in(&self, other: &Self) -> f32 {
        let smaller = self.area().min(other.area());
        if smaller > 0.0 { self.shared(other) / smaller } else { 0.0 }
    }

    fn shared(&self, other: &Self) -> f32 {
        let width = (self.left + self.width).min(other.left + other.width) - self.left.max(other.left);
        let height = (self.top + self.height).min(other.top + other.height) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }
}

/// A rotation, uniform scale and shift: (x, y) goes to (a x - b y + tx, b x + a y + ty).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// The scale times the cosine of the angle.
    pub a: f32,
    /// The scale times the sine of the angle.
    pub b: f32,
    /// The shift to the right, in pixels.
    pub tx: f32,
    /// The shift down, in pixels.
    pub ty: f32,
}

impl Similarity {
    /// The least-squares similarity (without reflection) that takes `from` to `to`.
    ///
    /// `None` with fewer than two points, or if all points of `from` are equal. Source: Umeyama 1991, in the
    /// plane, in complex form: the scaled rotation is sum(conj(p) q) / sum(|p|^2) over centred points.
    pub fn fit(from: &[Point], to: &[Point]) -> Option<Self> {
        if from.len() != to.len() || from.len() < 2 {
            return None;
        }
        let (p0, q0) = (mean(from), mean(to));
        let (mut dot, mut cross, mut norm) = (0.0f64, 0.0f64, 0.0f64);
        for (p, q) in from.iter().zip(to) {
            let (px, py) = (f64::from(p.x) - p0.0, f64::from(p.y) - p0.1);
            let (qx, qy) = (f64::from(q.x) - q0.0, f64::from(q.y) - q0.1);
            dot += px * qx + py * qy;
            cross += px * qy - py * qx;
            norm += px * px + py * py;
        }
        if norm.is_nan() || norm < 1e-9 {
            return None;
        }
        let (a, b) = (dot / norm, cross / norm);
        let fitted = Self {
            a: a as f32,
            b: b as f32,
            tx: (q0.0 - a * p0.0 + b * p0.1) as f32,
            ty: (q0.1 - b * p0.0 - a * p0.1) as f32,
        };
        (fitted.scale().is_finite() && fitted.scale() > 1e-6).then_some(fitted)
    }

    /// Takes `centre` to the centre of a square of `side`, and a line at `angle` (radians, clockwise) to a
    /// horizontal one, with this scale.
    pub fn around(centre: Point, angle: f32, scale: f32, side: f32) -> Self {
        let (a, b) = (scale * angle.cos(), -scale * angle.sin());
        Self {
            a,
            b,
            tx: side / 2.0 - (a * centre.x - b * centre.y),
            ty: side / 2.0 - (b * centre.x + a * centre.y),
        }
    }

    /// The transformed point.
    pub fn apply(&self, point: Point) -> Point {
        Point::new(
            self.a * point.x - self.b * point.y + self.tx,
            self.b * point.x + self.a * point.y + self.ty,
        )
    }

    /// The transform that undoes this one.
    pub fn inverse(&self) -> Self {
        let norm = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / norm, -self.b / norm);
        Self { a, b, tx: -(a * self.tx - b * self.ty), ty: -(b * self.tx + a * self.ty) }
    }

    /// The scale: target pixels per source pixel.
    pub fn scale(&self) -> f32 {
        self.a.hypot(self.b)
    }
}

fn mean(points: &[Point]) -> (f64, f64) {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + f64::from(p.x), y + f64::from(p.y)));
    (x / n, y / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_recovers_the_transform_it_was_made_with() {
        let truth = Similarity { a: 0.8, b: -0.6, tx: 12.0, ty: -3.0 };
        let from = [Point::new(0.0, 0.0), Point::new(10.0, 1.0), Point::new(4.0, 9.0)];
        let to = from.map(|p| truth.apply(p));
        let fitted = Similarity::fit(&from, &to).expect("three distinct points");
        assert!((fitted.a - truth.a).abs() < 1e-5 && (fitted.ty - truth.ty).abs() < 1e-4);
        let back = fitted.inverse().apply(to[2]);
        assert!(back.distance(from[2]) < 1e-4);
    }

    #[test]
    fn points_that_fall_together_have_no_fit() {
        assert_eq!(Similarity::fit(&[Point::default(); 3], &[Point::new(1.0, 1.0); 3]), None);
        assert_eq!(Similarity::fit(&[Point::new(f32::NAN, 0.0); 3], &[Point::default(); 3]), None);
    }

    #[test]
    fn overlap_is_one_for_the_same_box_and_zero_for_boxes_apart() {
        let here = Rect { left: 0.0, top: 0.0, width: 2.0, height: 2.0 };
        let there = Rect { left: 5.0, ..here };
        assert_eq!(here.iou(&here), 1.0);
        assert_eq!(here.iou(&there), 0.0);
        let part = Rect { width: 1.0, ..here };
        assert_eq!((part.share_in(&here), here.share_in(&part), here.share_in(&there)), (1.0, 1.0, 0.0));
    }
}
