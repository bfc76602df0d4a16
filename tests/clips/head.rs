//! A solid head: the mesh of a photograph with its depth, and hair around it that falls back.

use std::ops::Range;

use limen_vision::geometry::Point;

use super::canvas::Canvas;
use super::space::{Lens, Pose, Rotation, Vector, add, minus};
use super::still::Still;
use super::texture::{Level, Texture};
use super::triangles::triangles;

/// The outline of the mesh, as in MediaPipe's face mesh.
const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// Rings around the outline: how much wider, how much farther back in metres, and how much hides what is behind.
const RINGS: [(f32, f32, f32); 4] =
    [(1.12, 0.015, 1.0), (1.25, 0.03, 1.0), (1.38, 0.055, 1.0), (1.5, 0.08, 0.0)];
/// What the head turns about, from between the cheeks: the neck.
const NECK: Vector = [0.0, 0.03, 0.07];

/// A head of which one photograph is known.
#[derive(Debug)]
pub struct Head {
    texture: Texture,
    points: Vec<HeadPoint>,
    triangles: Vec<[usize; 3]>,
    /// Pixels of the photograph to a metre.
    density: f32,
}

/// A point of the head: first those of the mesh, then those of the rings.
#[derive(Debug, Clone, Copy)]
struct HeadPoint {
    /// In metres from between the cheeks.
    place: Vector,
    /// In the photograph.
    shown: Point,
    /// 1 where it hides what is behind.
    share: f32,
}

impl Head {
    pub fn of(still: &Still) -> Self {
        let (centre, depth, density) = (still.centre(), still.depth(), still.density());
        let place = |at: Point, back: f32| {
            [(at.x - centre.x) / density, (at.y - centre.y) / density, (back - depth) / density]
        };
        let mesh = still.mesh.points.iter().zip(&still.mesh.depth);
        let face = mesh.map(|(at, back)| HeadPoint { place: place(*at, *back), shown: *at, share: 1.0 });
        let outline = OVAL.map(|number| still.mesh.points[number]);
        let middle = mean(&outline);
        let ring = |(wider, back, share): (f32, f32, f32)| {
            OVAL.map(|number| {
                let at = still.mesh.points[number];
                let shown =
                    Point::new(middle.x + (at.x - middle.x) * wider, middle.y + (at.y - middle.y) * wider);
                let place = add(place(shown, still.mesh.depth[number]), [0.0, 0.0, back]);
                // There is nothing to see beyond the photograph.
                HeadPoint { place, shown, share: if still.has(shown) { share } else { 0.0 } }
            })
        };
        let points: Vec<HeadPoint> = face.chain(RINGS.into_iter().flat_map(ring)).collect();
        let shown: Vec<Point> = points.iter().map(|point| point.shown).collect();
        Self { texture: Texture::of(still.picture.clone()), triangles: triangles(&shown), points, density }
    }

    /// Where the points are, first those of the mesh.
    pub fn places(&self, pose: Pose) -> Vec<Vector> {
        let rotation = Rotation::of(pose.angles);
        let place = |point: &HeadPoint| add(rotation.apply(minus(point.place, NECK)), add(NECK, pose.at));
        self.points.iter().map(place).collect()
    }

    /// Paints the triangles, the farthest first.
    pub fn draw(&self, canvas: &mut Canvas, lens: &Lens, pose: Pose) {
        let level = self.texture.level(self.density * pose.at[2] / lens.focal);
        let places = self.places(pose);
        let seen: Vec<Point> = places.iter().map(|place| lens.project(*place)).collect();
        let depth = |corners: &[usize; 3]| corners.iter().map(|corner| places[*corner][2]).sum::<f32>();
        let mut order = self.triangles.clone();
        order.sort_by(|a, b| depth(b).total_cmp(&depth(a)));
        for corners in order {
            self.draw_one(canvas, level, corners, corners.map(|corner| seen[corner]));
        }
    }

    fn draw_one(&self, canvas: &mut Canvas, level: Level<'_>, corners: [usize; 3], seen: [Point; 3]) {
        let [a, b, c] = seen;
        let twice = |a: Point, b: Point, at: Point| (b.x - a.x) * (at.y - a.y) - (b.y - a.y) * (at.x - a.x);
        let area = twice(a, b, c);
        if area.abs() < 1e-3 {
            return;
        }
        let points = corners.map(|corner| self.points[corner]);
        let pixels = canvas.around(&seen, 0.0);
        // How the share of each corner changes from one pixel of a row to the next.
        let steps = [b.y - c.y, c.y - a.y, a.y - b.y].map(|step| step / area);
        for y in pixels.rows.0..pixels.rows.1 {
            let first = Point::new(pixels.columns.0 as f32, y as f32);
            let shares =
                [twice(b, c, first), twice(c, a, first), twice(a, b, first)].map(|share| share / area);
            for column in columns(shares, steps, pixels.columns.1 - pixels.columns.0) {
                let share = |corner: usize| shares[corner] + steps[corner] * column as f32;
                let (a, b, c) = (share(0), share(1), share(2));
                let mix = |of: [f32; 3]| of[0] * a + of[1] * b + of[2] * c;
                let shown = Point::new(mix(points.map(|p| p.shown.x)), mix(points.map(|p| p.shown.y)));
                let hides = mix(points.map(|p| p.share)).clamp(0.0, 1.0);
                canvas.paint(pixels.columns.0 + column, y, level.nearest(shown), hides);
            }
        }
    }
}

/// The columns of a row, of so many, in which all three shares are positive.
fn columns(shares: [f32; 3], steps: [f32; 3], count: u32) -> Range<u32> {
    let (mut from, mut to) = (0.0_f32, count as f32 - 1.0);
    for (share, step) in shares.into_iter().zip(steps) {
        if step > 0.0 {
            from = from.max(-share / step);
        } else if step < 0.0 {
            to = to.min(-share / step);
        } else if share < 0.0 {
            return 0..0;
        }
    }
    // A little wider, so that nothing shines through where triangles meet.
    (from - 1e-3).ceil().max(0.0) as u32..((to + 1e-3).floor() + 1.0).max(0.0) as u32
}

fn mean(points: &[Point]) -> Point {
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.x, y + point.y));
    Point::new(x / points.len() as f32, y / points.len() as f32)
}
