//! One subject before a camera, rendered once at each angle, for who must answer at once.

use limen_vision::frame::Picture;

use super::camera::Camera;
use super::canvas::Canvas;
use super::hallway::hallway;
use super::head::Head;
use super::random::Random;
use super::sheet::{Sheet, Shown};
use super::space::{Angles, Lens, Pose};
use super::still::Still;

/// The largest angle to either side, and from one picture to the next, in degrees.
const FARTHEST: i32 = 34;
const STEP: i32 = 2;
/// From the camera, in metres.
const AWAY: f32 = 0.55;
/// How much farther a print is turned than a head: as far as it is recognised.
const PRINTS: f32 = 1.7;

/// What a subject looks like at each angle.
pub struct Turntable {
    pictures: Vec<Picture>,
}

impl Turntable {
    pub fn head(still: &Still) -> Self {
        let head = Head::of(still);
        Self::rendered(Camera::CLEAR, |yaw, lens, canvas| head.draw(canvas, lens, standing(yaw)))
    }

    /// A large print, held upright.
    pub fn print(still: &Still) -> Self {
        let sheet = Sheet::cut(Shown::of(still, 1.0), 0.3, 0.36);
        Self::rendered(Camera::CLEAR, |yaw, lens, canvas| {
            sheet.draw(canvas, lens, standing(yaw * PRINTS), None);
        })
    }

    fn rendered(camera: Camera, draw: impl Fn(f32, &Lens, &mut Canvas)) -> Self {
        let backdrop =
            camera.facing(hallway(camera.width, camera.height, &mut Random::of(3, "turntable", 0)));
        let angles = (-FARTHEST..=FARTHEST).step_by(STEP as usize);
        let picture = |yaw: i32| {
            let mut noise = Random::of(3, "turntable noise", yaw.unsigned_abs().into());
            camera.shoot(&backdrop, &mut noise, |canvas, lens| draw(yaw as f32, lens, canvas))
        };
        Self { pictures: angles.map(picture).collect() }
    }

    /// All pictures, from the person's right to the left.
    pub fn pictures(&self) -> &[Picture] {
        &self.pictures
    }

    /// Which of the pictures is nearest to this angle, in degrees to the person's left.
    pub fn nearest(yaw: f32) -> usize {
        let step = ((yaw + FARTHEST as f32) / STEP as f32).round();
        step.clamp(0.0, (2 * FARTHEST / STEP) as f32) as usize
    }
}

fn standing(yaw: f32) -> Pose {
    Pose { angles: Angles { yaw, ..Angles::default() }, at: [0.0, 0.0, AWAY] }
}
