//! A sheet in space, flat or bent to a cylinder: where its points are, and what a pixel sees of it.

use limen_vision::geometry::Rect;

use super::canvas::{Canvas, Colour};
use super::space::{Lens, Pose, Rotation, Vector, add, minus};

/// The line about which a sheet is bent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// As around a pillar.
    Upright,
    /// As around a beam.
    Level,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bend {
    pub axis: Axis,
    /// In metres; the middle comes towards the camera, or goes away from it if negative.
    pub radius: f32,
}

/// A sheet whose origin is at its pose.
#[derive(Debug, Clone, Copy)]
pub struct Surface {
    pub pose: Pose,
    pub bend: Option<Bend>,
    /// The sheet, in metres along it from its origin.
    pub area: Rect,
}

/// How many points of each side the outline in the picture is taken from.
const OUTLINE: u32 = 12;

impl Surface {
    /// Where a point of the sheet is, in metres before the camera.
    pub fn place(&self, [x, y]: [f32; 2]) -> Vector {
        let local = match self.bend {
            None => [x, y, 0.0],
            Some(Bend { axis, radius }) => {
                let bent = |along: f32| {
                    let (sin, cos) = (along / radius).sin_cos();
                    (radius * sin, radius - radius * cos)
                };
                match axis {
                    Axis::Upright => [bent(x).0, y, bent(x).1],
                    Axis::Level => [x, bent(y).0, bent(y).1],
                }
            }
        };
        add(Rotation::of(self.pose.angles).apply(local), self.pose.at)
    }

    /// The point of the sheet that a ray from `origin` meets, both in the sheet's own space.
    fn meet(&self, origin: Vector, ray: Vector) -> Option<[f32; 2]> {
        let Some(Bend { axis, radius }) = self.bend else {
            let far = -origin[2] / ray[2];
            return (far > 0.0).then(|| [origin[0] + far * ray[0], origin[1] + far * ray[1]]);
        };
        let (bent, straight) = match axis {
            Axis::Upright => (0, 1),
            Axis::Level => (1, 0),
        };
        let depth = origin[2] - radius;
        let a = ray[bent] * ray[bent] + ray[2] * ray[2];
        let b = origin[bent] * ray[bent] + depth * ray[2];
        let c = origin[bent] * origin[bent] + depth * depth - radius * radius;
        let root = (b * b - a * c).max(0.0).sqrt();
        let far = (-b - root * radius.signum()) / a;
        let across = (origin[bent] + far * ray[bent]) / radius;
        let along = radius * across.atan2(-(depth + far * ray[2]) / radius);
        let level = origin[straight] + far * ray[straight];
        let meets = b * b > a * c && far > 0.0;
        meets.then_some(if bent == 0 { [along, level] } else { [level, along] })
    }

    /// Paints every point of the sheet that a pixel sees; `None` is a hole.
    pub fn draw(&self, canvas: &mut Canvas, lens: &Lens, colour: impl Fn([f32; 2]) -> Option<Colour>) {
        let rotation = Rotation::of(self.pose.angles);
        let origin = rotation.undo(minus([0.0; 3], self.pose.at));
        let pixels = canvas.around(&self.outline().map(|place| lens.project(place)).collect::<Vec<_>>(), 3.0);
        let inside = |[x, y]: [f32; 2]| {
            let Rect { left, top, width, height } = self.area;
            x >= left && y >= top && x <= left + width && y <= top + height
        };
        // From one pixel of a row to the next, every ray changes by as much.
        let step = rotation.undo([1.0 / lens.focal, 0.0, 0.0]);
        for y in pixels.rows.0..pixels.rows.1 {
            let mut ray = rotation.undo(lens.ray(pixels.columns.0, y));
            for x in pixels.columns.0..pixels.columns.1 {
                let met = self.meet(origin, ray).filter(|at| inside(*at));
                if let Some(seen) = met.and_then(&colour) {
                    canvas.paint(x, y, seen, 1.0);
                }
                ray = add(ray, step);
            }
        }
    }

    /// Points all over the sheet.
    fn outline(&self) -> impl Iterator<Item = Vector> {
        let share = |step: u32| step as f32 / (OUTLINE - 1) as f32;
        (0..OUTLINE * OUTLINE).map(move |index| {
            let (x, y) = (share(index % OUTLINE), share(index / OUTLINE));
            self.place([self.area.left + x * self.area.width, self.area.top + y * self.area.height])
        })
    }
}
