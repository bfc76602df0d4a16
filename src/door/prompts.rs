//! The two prompt lights: they tell whoever stands at the door to which side to turn the head.
//!
//! ```text
//!    to the left, to the right: that side blinks     straight to the camera: both steady     nothing: both dark
//! ```

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::{Prompt, Side};

use super::lines::OutputLine;

/// Half of a blink: 2.5 blinks a second are seen from the corner of the eye, and are slow enough for everybody.
const HALF_BLINK: Duration = Duration::from_millis(200);
/// The longest time that one prompt is shown. A whole attempt is shorter; whoever shows a prompt for longer hangs.
pub const LONGEST_PROMPT: Duration = Duration::from_secs(8);

/// What one light does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glow {
    Dark,
    Steady,
    Blinking,
}

/// The light on the person's left and that on the right, if they are wired. A failure is logged once and never stops
/// the door.
pub struct PromptLights {
    left: Option<Box<dyn OutputLine>>,
    right: Option<Box<dyn OutputLine>>,
    /// What was asked for last, also after it has ended by itself.
    asked: Option<Prompt>,
    /// When it was asked for; `None` if nothing is shown.
    since: Option<Moment>,
    /// Whether a light that blinks is lit now.
    lit: bool,
    turns: Option<Moment>,
    complained: bool,
}

impl PromptLights {
    /// These lights, both dark.
    pub(super) fn new(left: Option<Box<dyn OutputLine>>, right: Option<Box<dyn OutputLine>>) -> Self {
        Self { left, right, asked: None, since: None, lit: false, turns: None, complained: false }
    }

    /// Lights that are not wired.
    pub fn none() -> Self {
        Self::new(None, None)
    }

    /// Shows this prompt from now on, for [`LONGEST_PROMPT`] at most. Returns whether it is a new one: to ask for the
    /// same prompt again changes nothing.
    pub fn show(&mut self, now: Moment, prompt: Option<Prompt>) -> bool {
        if prompt == self.asked {
            return false;
        }
        self.asked = prompt;
        self.since = prompt.map(|_| now);
        self.lit = true;
        self.turns = self.blinks().then_some(now + HALF_BLINK);
        self.drive();
        true
    }

    /// When to call [`Self::let_time_pass`] next. `None`: no call is needed.
    pub fn next_turn(&self) -> Option<Moment> {
        let end = self.since.map(|since| since + LONGEST_PROMPT);
        [self.turns, end].into_iter().flatten().min()
    }

    /// Blinks, and ends a prompt that has lasted too long.
    pub fn let_time_pass(&mut self, now: Moment) {
        if self.since.is_some_and(|since| now >= since + LONGEST_PROMPT) {
            (self.since, self.turns) = (None, None);
            self.drive();
        }
        if self.turns.is_some_and(|turns| now >= turns) {
            self.lit = !self.lit;
            self.turns = Some(now + HALF_BLINK);
            self.drive();
        }
    }

    fn blinks(&self) -> bool {
        self.glows().contains(&Glow::Blinking)
    }

    /// What the left and the right light do now. Two lights cannot ask to look up; both blink.
    fn glows(&self) -> [Glow; 2] {
        match self.asked.filter(|_| self.since.is_some()) {
            None => [Glow::Dark; 2],
            Some(Prompt::Turn(Side::Left)) => [Glow::Blinking, Glow::Dark],
            Some(Prompt::Turn(Side::Right)) => [Glow::Dark, Glow::Blinking],
            Some(Prompt::Turn(Side::Up)) => [Glow::Blinking; 2],
            Some(Prompt::Straight | Prompt::Good) => [Glow::Steady; 2],
            // These two lights only say where to look. The red one says that it was wrong.
            Some(Prompt::Again | Prompt::Wrong) => [Glow::Dark; 2],
        }
    }

    fn drive(&mut self) {
        let glows = self.glows();
        for (light, glow) in [&mut self.left, &mut self.right].into_iter().zip(glows) {
            let on = glow == Glow::Steady || (glow == Glow::Blinking && self.lit);
            let driven = light.as_mut().map_or(Ok(()), |light| light.drive(on));
            if let (Err(error), false) = (driven, self.complained) {
                self.complained = true;
                log::warn!("a prompt light of the door does not work: {error}");
            }
        }
    }
}

impl Drop for PromptLights {
    fn drop(&mut self) {
        self.since = None;
        self.drive();
    }
}

/// How many short tones tell this prompt to who does not see the lights; 0: none.
pub fn tones(prompt: Option<Prompt>) -> u8 {
    match prompt {
        Some(Prompt::Turn(Side::Left)) => 1,
        Some(Prompt::Turn(Side::Right)) => 2,
        Some(Prompt::Turn(Side::Up)) => 3,
        Some(Prompt::Straight | Prompt::Good | Prompt::Again | Prompt::Wrong) | None => 0,
    }
}

#[cfg(test)]
#[path = "prompts_tests.rs"]
mod tests;
