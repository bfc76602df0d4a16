//! One clip: a scene before a camera over time.

use limen_vision::frame::Picture;

use super::camera::{Backdrop, Camera};
use super::canvas::Canvas;
use super::random::Random;
use super::script::{self, Step};
use super::space::Lens;

/// Paints what is before the hallway at a time, in seconds.
pub type Scene = Box<dyn Fn(f32, &Lens, &mut Canvas)>;

/// How long the hallway is empty at the beginning, in seconds.
pub const EMPTY: f32 = 0.4;

/// A clip that has not been rendered yet.
pub struct Clip {
    pub live: bool,
    pub camera: Camera,
    /// What it was asked; `None` if it answers nobody.
    pub steps: Option<Vec<Step>>,
    pub seconds: f32,
    /// Whose face it is.
    pub shown: String,
    pub backdrop: Backdrop,
    pub seed: u64,
    pub scene: Scene,
}

impl Clip {
    pub fn count(&self) -> u32 {
        (self.seconds * self.camera.fps as f32) as u32
    }

    pub fn frame(&self, number: u32) -> Picture {
        let time = number as f32 / self.camera.fps as f32;
        let mut noise = Random::of(self.seed, "noise", u64::from(number));
        self.camera.shoot(&self.backdrop, &mut noise, |canvas, lens| {
            if time >= EMPTY {
                (self.scene)(time, lens, canvas);
            }
        })
    }

    /// `clip.toml`: what is so, how fast, and what was asked when.
    pub fn description(&self) -> String {
        let Camera { width, height, fps, .. } = self.camera;
        let mut text = format!("# {}, {width}x{height}\nlive = {}\nfps = {fps}\n", self.shown, self.live);
        if let Some(steps) = &self.steps {
            let sides: Vec<&str> = steps.iter().map(|step| script::name(step.side)).collect();
            let times: Vec<u32> = steps.iter().map(|step| (step.at * 1000.0) as u32).collect();
            text += &format!("challenge = {sides:?}\nat-ms = {times:?}\n");
        }
        text
    }
}
