//! Somebody before the door's camera who sees its prompt lights and answers them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use limen_core::event::Side;
use limen_vision::frame::PixelFormat;

use super::camera::{Feeder, frame};
use super::harness::Line;
use crate::clips::random::Random;
use crate::clips::script::{Answer, Script, Step, other};
use crate::clips::turntable::Turntable;

/// The lights, on the person's left and right.
pub const LEFT: Line = Line(24);
pub const RIGHT: Line = Line(25);

/// How often the actor looks at the lights.
const GLANCE: Duration = Duration::from_millis(10);

/// What an actor does when asked to turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Turns there, 0.4 s later.
    Answers,
    /// Turns to the other side.
    Mistakes,
    /// Stands still.
    Stands,
}

/// What has been seen of the lights: one alone that is lit asks for its side, both mean straight. A light that blinks
/// is dark half of the time, and still the same prompt.
#[derive(Debug, Default)]
struct Watch {
    before: (bool, bool),
    asked: Option<Side>,
}

impl Watch {
    /// The side that is asked for from now on.
    fn see(&mut self, lit: (bool, bool)) -> Option<Side> {
        // The two lines are not driven at the same moment.
        if std::mem::replace(&mut self.before, lit) != lit {
            return None;
        }
        let asked = match lit {
            (true, true) => None,
            (true, false) => Some(Side::Left),
            (false, true) => Some(Side::Right),
            (false, false) => return None,
        };
        let is_new = asked != self.asked;
        self.asked = asked;
        asked.filter(|_| is_new)
    }
}

/// Stands before the loopback camera until dropped.
pub struct Actor {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Side>>>,
}

impl Actor {
    /// Steps before the camera of this feeder.
    pub fn enters(feeder: &Arc<Feeder>, subject: &Turntable, manner: Manner, seed: u64) -> Self {
        let frames: Vec<Vec<u8>> =
            subject.pictures().iter().map(|picture| frame(picture, PixelFormat::Yuyv)).collect();
        let (feeder, stop) = (Arc::clone(feeder), Arc::new(AtomicBool::new(false)));
        let ended = Arc::clone(&stop);
        let thread = std::thread::spawn(move || act(&feeder, &frames, manner, seed, &ended));
        Self { stop, thread: Some(thread) }
    }

    /// Steps aside. Returns what was asked for, in order.
    pub fn leaves(mut self) -> Vec<Side> {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it has not left");
        thread.join().expect("an actor who does not stumble")
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn act(feeder: &Feeder, frames: &[Vec<u8>], manner: Manner, seed: u64, ended: &AtomicBool) -> Vec<Side> {
    let (begun, mut random) = (Instant::now(), Random::of(seed, "actor", 0));
    let (mut watch, mut asked) = (Watch::default(), Vec::new());
    let mut turns = Script { steps: Vec::new(), answers: Vec::new() };
    let mut shown = None;
    while !ended.load(Ordering::Relaxed) {
        let now = begun.elapsed().as_secs_f32();
        if let Some(side) = watch.see((LEFT.is_high(), RIGHT.is_high())) {
            asked.push(side);
            let side = if manner == Manner::Mistakes { other(side) } else { side };
            if manner != Manner::Stands {
                turns.answers.push(Answer::to(Step { side, at: now }, &mut random));
            }
        }
        let picture = Turntable::nearest(turns.angles(now).yaw);
        if shown.replace(picture) != Some(picture) {
            feeder.show_bytes(frames[picture].clone());
        }
        std::thread::sleep(GLANCE);
    }
    asked
}
