//! A screen that shows a face: its bezel, its rows of pixels, and a lamp that it mirrors.

use limen_vision::geometry::Rect;

use super::canvas::{Canvas, Colour};
use super::random::Random;
use super::sheet::Shown;
use super::space::{Lens, Pose};
use super::surface::Surface;

/// A telephone, a tablet or a laptop.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// What shows the picture, in metres.
    pub width: f32,
    pub height: f32,
    /// The width of the frame around it, in metres, and its colour.
    pub bezel: f32,
    pub frame: Colour,
    /// From one pixel to the next, in metres.
    pitch: f32,
    /// How much darker it is between the pixels, 0 to 1. The camera's own pixels mix the two, which makes moire.
    gaps: f32,
    /// How light the screen is.
    light: Colour,
    /// A lamp that it mirrors: where, how wide, in metres, and how light, of 255.
    glare: ([f32; 2], f32, f32),
}

impl Screen {
    /// Telephone, tablet or laptop, held so that a face fits.
    pub fn drawn(random: &mut Random) -> Self {
        let (width, height) =
            random.pick(&[(0.15, 0.20), (0.20, 0.27), (0.31, 0.19), (0.34, 0.21), (0.08, 0.16)]);
        Self {
            width,
            height,
            bezel: random.between(0.004, 0.018),
            frame: [random.between(5.0, 60.0); 3],
            pitch: random.between(0.000_15, 0.000_35),
            gaps: random.between(0.03, 0.16),
            light: [random.between(0.8, 1.0), random.between(0.85, 1.05), random.between(0.9, 1.15)],
            glare: (
                [random.between(-0.5, 0.5) * width, random.between(-0.5, 0.5) * height],
                random.between(0.01, 0.04),
                random.between(0.0, 110.0),
            ),
        }
    }

    /// How large a face is on it, at most in life size.
    pub fn face(&self) -> f32 {
        (self.width / 0.26).min(self.height / 0.30).min(1.0)
    }

    pub fn draw(&self, canvas: &mut Canvas, lens: &Lens, pose: Pose, shown: &Shown) {
        let (width, height) = (self.width + 2.0 * self.bezel, self.height + 2.0 * self.bezel);
        let area = Rect { left: -width / 2.0, top: -height / 2.0, width, height };
        let level = shown.texture.level(shown.shrunk(lens, &pose));
        Surface { pose, bend: None, area }.draw(canvas, lens, |at| {
            let mirrored = self.mirrored(at, &pose);
            let own = if self.is_bezel(at) {
                self.frame
            } else {
                self.lit(at, level.at(shown.place(at)).unwrap_or([12.0; 3]))
            };
            Some(own.map(|channel| (channel + mirrored).min(255.0)))
        });
    }

    fn is_bezel(&self, [x, y]: [f32; 2]) -> bool {
        x.abs() > self.width / 2.0 || y.abs() > self.height / 2.0
    }

    /// What its pixels show: red, green and blue beside each other.
    fn lit(&self, [x, y]: [f32; 2], colour: Colour) -> Colour {
        let wave = |at: f32| 1.0 - self.gaps * (0.5 - 0.5 * (std::f32::consts::TAU * at / self.pitch).cos());
        let rows = wave(y);
        [0, 1, 2].map(|channel| {
            let beside = self.pitch * (channel as f32 - 1.0) / 3.0;
            colour[channel] * self.light[channel] * rows * wave(x + beside)
        })
    }

    /// The lamp, which walks over the screen when it turns.
    fn mirrored(&self, [x, y]: [f32; 2], pose: &Pose) -> f32 {
        let ([left, top], wide, light) = self.glare;
        let walk = |angle: f32| 2.0 * pose.at[2] * angle.to_radians().tan();
        let (x, y) = (x - left + walk(pose.angles.yaw), y - top - walk(pose.angles.pitch));
        light * (-(x * x + y * y) / (2.0 * wide * wide)).exp()
    }
}
