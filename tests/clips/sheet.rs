//! A photograph on paper, and a board with a hole that hides where the paper ends.

use limen_vision::geometry::{Point, Rect};

use super::canvas::{Canvas, Colour};
use super::space::{Lens, Pose};
use super::still::Still;
use super::surface::{Bend, Surface};
use super::texture::Texture;

/// A picture of a face at this scale.
#[derive(Debug)]
pub struct Shown {
    pub texture: Texture,
    /// What lies at the origin of the sheet, in pixels of the picture.
    pub centre: Point,
    /// Pixels of the picture to a metre of the sheet.
    pub density: f32,
}

impl Shown {
    /// A photograph whose face is `size` times as large as a real one.
    pub fn of(still: &Still, size: f32) -> Self {
        Self {
            texture: Texture::of(still.picture.clone()),
            centre: still.centre(),
            density: still.density() / size,
        }
    }

    /// The same, mirrored.
    pub fn mirrored(still: &Still, size: f32) -> Self {
        let centre = Point::new(still.picture.width() as f32 - 1.0 - still.centre().x, still.centre().y);
        Self { texture: Texture::of(still.picture.mirrored()), centre, density: still.density() / size }
    }

    /// A place of the sheet as a place of the picture.
    pub fn place(&self, [x, y]: [f32; 2]) -> Point {
        Point::new(self.centre.x + x * self.density, self.centre.y + y * self.density)
    }

    /// How many pixels of the picture a pixel of the camera takes, from so far.
    pub fn shrunk(&self, lens: &Lens, pose: &Pose) -> f32 {
        self.density * pose.at[2] / lens.focal
    }

    /// The part of this area that the picture covers.
    pub fn covered(&self, area: Rect) -> Rect {
        let (width, height) = (self.texture.picture().width() as f32, self.texture.picture().height() as f32);
        let left = area.left.max(-self.centre.x / self.density);
        let top = area.top.max(-self.centre.y / self.density);
        let right = (area.left + area.width).min((width - self.centre.x) / self.density);
        let bottom = (area.top + area.height).min((height - self.centre.y) / self.density);
        Rect { left, top, width: right - left, height: bottom - top }
    }
}

/// A print.
#[derive(Debug)]
pub struct Sheet {
    pub shown: Shown,
    pub area: Rect,
}

impl Sheet {
    /// A print that is cut to this size, in metres, about the face.
    pub fn cut(shown: Shown, width: f32, height: f32) -> Self {
        // More below the face than above, as a portrait has.
        let around = Rect { left: -width / 2.0, top: -0.45 * height, width, height };
        Self { area: shown.covered(around), shown }
    }

    pub fn surface(&self, pose: Pose, bend: Option<Bend>) -> Surface {
        Surface { pose, bend, area: self.area }
    }

    pub fn draw(&self, canvas: &mut Canvas, lens: &Lens, pose: Pose, bend: Option<Bend>) {
        let level = self.shown.texture.level(self.shown.shrunk(lens, &pose));
        self.surface(pose, bend).draw(canvas, lens, |at| Some(level.nearest(self.shown.place(at))));
    }
}

/// A board with an oval hole for a face, before a print.
#[derive(Debug, Clone, Copy)]
pub struct Board {
    pub colour: Colour,
    pub width: f32,
    pub height: f32,
    /// Half the width and half the height of the hole.
    pub hole: [f32; 2],
}

impl Board {
    pub fn draw(&self, canvas: &mut Canvas, lens: &Lens, pose: Pose) {
        let area =
            Rect { left: -self.width / 2.0, top: -self.height / 2.0, width: self.width, height: self.height };
        let outside = |[x, y]: [f32; 2]| (x / self.hole[0]).hypot(y / self.hole[1]) > 1.0;
        let surface = Surface { pose, bend: None, area };
        surface.draw(canvas, lens, |at| outside(at).then_some(self.colour));
    }
}
