//! How a head or a sheet is carried: it stands and sways, is held in a hand, shaken, or comes nearer.

use super::random::Random;
use super::space::{Angles, Pose, Vector};

/// A swing of one of the six freedoms: x, y, z in metres, yaw, pitch, roll in degrees.
#[derive(Debug, Clone, Copy)]
struct Swing {
    freedom: usize,
    size: f32,
    hertz: f32,
    phase: f32,
}

/// Towards the camera, in seconds and metres.
#[derive(Debug, Clone, Copy)]
pub struct Approach {
    pub begins: f32,
    pub ends: f32,
    pub from: f32,
}

/// Where a thing is over time, but for its turns.
#[derive(Debug, Clone)]
pub struct Movement {
    base: Pose,
    swings: Vec<Swing>,
    approach: Option<Approach>,
}

impl Movement {
    /// On a tripod, so far away.
    pub fn still(distance: f32, random: &mut Random) -> Self {
        let angles = Angles {
            yaw: random.between(-4.0, 4.0),
            pitch: random.between(-6.0, 6.0),
            roll: random.between(-4.0, 4.0),
        };
        let aside: Vector = [random.between(-0.04, 0.04), random.between(-0.03, 0.03), 0.0];
        let at = [aside[0] * distance / 0.5, aside[1] * distance / 0.5, distance];
        Self { base: Pose { angles, at }, swings: Vec::new(), approach: None }
    }

    /// A person who stands and sways a little.
    pub fn standing(distance: f32, random: &mut Random) -> Self {
        Self::still(distance, random).swinging([0.006, 0.003, 0.006, 1.2, 0.9, 0.7], (0.15, 0.9), random)
    }

    /// A sheet or a screen in a hand.
    pub fn held(distance: f32, random: &mut Random) -> Self {
        Self::standing(distance, random).swinging([0.001, 0.001, 0.002, 0.5, 0.5, 0.4], (2.0, 5.0), random)
    }

    /// Shaken to and fro.
    pub fn shaken(self, random: &mut Random) -> Self {
        let size = random.between(0.008, 0.022);
        self.swinging([size, size / 2.0, size / 3.0, 3.0, 3.0, 3.0], (1.0, 2.5), random)
    }

    /// Somebody who walks up, steps and looks about a little on the way, and stands then.
    pub fn walking(self, approach: Approach) -> Self {
        Self { approach: Some(approach), ..self }
    }

    fn swinging(mut self, sizes: [f32; 6], (least, most): (f32, f32), random: &mut Random) -> Self {
        for (freedom, size) in sizes.into_iter().enumerate() {
            for _ in 0..2 {
                self.swings.push(Swing {
                    freedom,
                    size: size * random.between(0.5, 1.0),
                    hertz: random.between(least, most),
                    phase: random.between(0.0, std::f32::consts::TAU),
                });
            }
        }
        self
    }

    /// At this time, with these turns.
    pub fn pose(&self, time: f32, turned: Angles) -> Pose {
        let mut freedoms = [0.0; 6];
        for swing in &self.swings {
            let angle = std::f32::consts::TAU * swing.hertz * time + swing.phase;
            freedoms[swing.freedom] += swing.size * angle.sin();
        }
        let [x, y, z, yaw, pitch, roll] = freedoms;
        let Pose { angles, at } = self.base;
        let (aside, up, distance) = self.walked(time);
        let scale = distance / at[2];
        Pose {
            angles: Angles {
                yaw: angles.yaw + yaw + turned.yaw,
                pitch: angles.pitch + pitch + turned.pitch,
                roll: angles.roll + roll + turned.roll,
            },
            at: [at[0] * scale + x + aside, at[1] * scale + y + up, distance + z],
        }
    }

    /// How far a step goes aside and up, and how far away it is.
    fn walked(&self, time: f32) -> (f32, f32, f32) {
        let there = self.base.at[2];
        let Some(Approach { begins, ends, from }) = self.approach else { return (0.0, 0.0, there) };
        let share = ((time - begins) / (ends - begins)).clamp(0.0, 1.0);
        // Steady, and slower at the end.
        let way = 1.0 - (1.0 - share).powf(1.5);
        let step = std::f32::consts::TAU * 0.9 * time;
        let (aside, up) = (0.012 * step.sin(), 0.012 * (2.0 * step).sin());
        (aside * (1.0 - way), up * (1.0 - way), from + (there - from) * way)
    }
}
