//! Angles and places in space, and the lens that takes them to a picture.
//!
//! Metres; x to the right in the picture, y down, z away from the camera, which is at the origin.

use limen_vision::geometry::Point;

/// A place or a direction.
pub type Vector = [f32; 3];

pub fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub fn minus(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// How a thing is turned, in degrees; zero faces the camera.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Angles {
    /// To the left of the person shown: to the right in the picture.
    pub yaw: f32,
    /// Up.
    pub pitch: f32,
    /// Clockwise in the picture.
    pub roll: f32,
}

/// The rotation of [`Angles`]: yaw, then pitch, then roll.
#[derive(Debug, Clone, Copy)]
pub struct Rotation([Vector; 3]);

impl Rotation {
    pub fn of(angles: Angles) -> Self {
        let (sy, cy) = angles.yaw.to_radians().sin_cos();
        let (sp, cp) = angles.pitch.to_radians().sin_cos();
        let (sr, cr) = angles.roll.to_radians().sin_cos();
        // Roll after pitch, times yaw.
        let [a, b, c] = [[cr, -sr * cp, -sr * sp], [sr, cr * cp, cr * sp], [0.0, -sp, cp]];
        let row = |r: Vector| [r[0] * cy + r[2] * sy, r[1], r[2] * cy - r[0] * sy];
        Self([row(a), row(b), row(c)])
    }

    pub fn apply(&self, v: Vector) -> Vector {
        self.0.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    /// The inverse of [`Rotation::apply`].
    pub fn undo(&self, v: Vector) -> Vector {
        let [a, b, c] = self.0;
        [0, 1, 2].map(|column| a[column] * v[0] + b[column] * v[1] + c[column] * v[2])
    }
}

/// Where a thing is and how it is turned.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pose {
    pub angles: Angles,
    pub at: Vector,
}

/// A pinhole camera.
#[derive(Debug, Clone, Copy)]
pub struct Lens {
    pub width: u32,
    pub height: u32,
    /// In pixels.
    pub focal: f32,
}

impl Lens {
    fn middle(&self) -> Point {
        Point::new(self.width as f32 / 2.0, self.height as f32 / 2.0)
    }

    /// Where a place before the camera is seen.
    pub fn project(&self, place: Vector) -> Point {
        let scale = self.focal / place[2].max(1e-3);
        Point::new(self.middle().x + place[0] * scale, self.middle().y + place[1] * scale)
    }

    /// The direction that a pixel sees, one metre deep.
    pub fn ray(&self, x: u32, y: u32) -> Vector {
        let middle = self.middle();
        [(x as f32 - middle.x) / self.focal, (y as f32 - middle.y) / self.focal, 1.0]
    }
}
