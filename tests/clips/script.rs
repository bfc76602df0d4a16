//! Prompts to turn the head, and when and how they are answered.

use limen_core::event::{Draw, Side};

use super::random::Random;
use super::space::Angles;

/// As `clip.toml` says it.
pub const fn name(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
        Side::Up => "up",
    }
}

/// The side that is not asked for.
pub const fn other(side: Side) -> Side {
    match side {
        Side::Left => Side::Right,
        Side::Right | Side::Up => Side::Left,
    }
}

/// A prompt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub side: Side,
    /// In seconds of the clip.
    pub at: f32,
}

/// One turn to a side and back. Times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    pub side: Side,
    pub begins: f32,
    /// From straight to turned.
    pub takes: f32,
    /// How long it stays turned.
    pub holds: f32,
    /// From turned to straight.
    pub back: f32,
    /// In degrees.
    pub angle: f32,
}

/// When people begin to turn after a prompt, in seconds, and how much that differs.
const REACTION: (f32, f32) = (0.4, 0.08);
/// The share of a turn after which it counts.
const ENOUGH: f32 = 0.8;

impl Answer {
    /// As people answer who want to be let in.
    pub fn to(step: Step, random: &mut Random) -> Self {
        let (mean, deviation) = REACTION;
        let (least, most) = if step.side == Side::Up { (20.0, 26.0) } else { (25.0, 32.0) };
        Self {
            side: step.side,
            begins: step.at + (mean + deviation * random.normal()).clamp(0.2, 0.9),
            takes: random.between(0.25, 0.4),
            holds: random.between(0.15, 0.25),
            back: random.between(0.25, 0.4),
            angle: random.between(least, most),
        }
    }

    pub fn ends(&self) -> f32 {
        self.begins + self.takes + self.holds + self.back
    }

    /// How far it is turned, 0 to 1.
    fn share(&self, time: f32) -> f32 {
        let there = smooth((time - self.begins) / self.takes);
        there - smooth((time - self.begins - self.takes - self.holds) / self.back)
    }
}

/// From 0 to 1, slow at both ends.
fn smooth(share: f32) -> f32 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// A challenge and what is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    pub steps: Vec<Step>,
    pub answers: Vec<Answer>,
}

impl Script {
    /// Three or four steps, both sides among them, each answered: a prompt comes after its wait, when the face is
    /// straight again.
    pub fn drawn(from: f32, may_ask_up: bool, random: &mut Random) -> Self {
        let mut script = Self { steps: Vec::new(), answers: Vec::new() };
        let (mut waits_from, mut straight) = (from, from);
        let bytes = std::array::from_fn(|_| random.below(256) as u8);
        for asked in Draw::from_bytes(bytes, may_ask_up).steps() {
            let at = (waits_from + asked.wait.as_secs_f32()).max(straight);
            let step = Step { side: asked.side, at };
            let answer = Answer::to(step, random);
            waits_from = answer.begins + ENOUGH * answer.takes;
            straight = answer.ends();
            script.steps.push(step);
            script.answers.push(answer);
        }
        script
    }

    /// To the left and to the right, over and over, at the same distances: a video that was once taken.
    pub fn fixed(from: f32, turns: u32, random: &mut Random) -> Self {
        let (first, period) = (random.pick(&[Side::Left, Side::Right]), random.between(1.2, 1.7));
        let answer = |turn: u32| {
            let side = if turn.is_multiple_of(2) { first } else { other(first) };
            Answer::to(Step { side, at: from + turn as f32 * period }, random)
        };
        Self { steps: Vec::new(), answers: (0..turns).map(answer).collect() }
    }

    /// Turns to these sides that begin at these times, unasked.
    pub fn of<const N: usize>(turns: [(Side, f32); N]) -> Self {
        let turn = |(side, begins)| Answer { side, begins, takes: 0.5, holds: 0.3, back: 0.5, angle: 30.0 };
        Self { steps: Vec::new(), answers: turns.map(turn).to_vec() }
    }

    /// The same times, with at least one turn to another side.
    pub fn in_another_order(mut self, random: &mut Random) -> Self {
        let certain = random.below(self.answers.len());
        for (number, answer) in self.answers.iter_mut().enumerate() {
            if number == certain || random.chance(0.4) {
                answer.side = other(answer.side);
            }
        }
        self
    }

    /// The same turns, before their prompts or too late after them.
    pub fn at_other_times(mut self, random: &mut Random) -> Self {
        let late = if random.chance(0.5) { random.between(-1.1, -0.7) } else { random.between(1.4, 2.2) };
        for answer in &mut self.answers {
            answer.begins = (answer.begins + late).max(0.0);
        }
        self
    }

    /// The same turns, this much farther.
    pub fn farther(mut self, times: f32) -> Self {
        for answer in &mut self.answers {
            answer.angle *= times;
        }
        self
    }

    /// When the last turn is over.
    pub fn ends(&self) -> f32 {
        self.answers.iter().map(Answer::ends).fold(0.0, f32::max)
    }

    /// How the head, or the sheet, is turned.
    pub fn angles(&self, time: f32) -> Angles {
        let mut angles = Angles::default();
        for answer in &self.answers {
            let turned = answer.angle * answer.share(time);
            match answer.side {
                Side::Left => angles.yaw += turned,
                Side::Right => angles.yaw -= turned,
                Side::Up => angles.pitch += turned,
            }
        }
        angles
    }

    /// The side to which it turns, and how far of the way it is, 0 to 1.
    pub fn turning(&self, time: f32) -> Option<(Side, f32)> {
        let shares = self.answers.iter().map(|answer| (answer.side, answer.share(time)));
        shares.filter(|(_, share)| *share > 0.0).max_by(|a, b| a.1.total_cmp(&b.1))
    }
}
