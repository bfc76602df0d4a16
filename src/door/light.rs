//! The light on faces: dark and lit in turns, in an order that was drawn by lot, while a face is judged.
//!
//! The thread that drives it says when each change was made: frames are matched with that.

use std::collections::VecDeque;
use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::{LightChange, LightPattern};

use super::level::Level;
use super::lines::OutputLine;

/// How many of the last changes are kept: more than a pattern has.
const KEPT: usize = 2 * LightPattern::BYTES;

/// What is known of the light.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LightState {
    /// The last changes of the line, the oldest first.
    pub changes: VecDeque<LightChange>,
    /// Why the line cannot be driven. `None` if it can be driven, or there is none.
    pub trouble: Option<String>,
}

impl LightState {
    /// The changes in one piece, the oldest first.
    pub fn changes(&self) -> Vec<LightChange> {
        self.changes.iter().copied().collect()
    }
}

/// The light, if one is wired. A failure is logged once and never stops the door.
pub struct FaceLight {
    line: Option<Box<dyn OutputLine>>,
    /// What was asked for last, also after it is over.
    asked: Option<LightPattern>,
    /// When it began; `None` if it is over.
    since: Option<Moment>,
    /// When it changes next.
    turns: Option<Moment>,
    lit: bool,
    state: Level<LightState>,
    complained: bool,
}

impl FaceLight {
    /// A light on this line, dark.
    pub(super) fn new(line: Option<Box<dyn OutputLine>>) -> Self {
        Self {
            line,
            asked: None,
            since: None,
            turns: None,
            lit: false,
            state: Level::default(),
            complained: false,
        }
    }

    /// A light that is not wired.
    pub fn none() -> Self {
        Self::new(None)
    }

    /// What others may know of the light.
    pub fn state(&self) -> &Level<LightState> {
        &self.state
    }

    /// Lights and darkens by this pattern from now on; `None`: stays dark. To ask for the same pattern again changes
    /// nothing: it goes on, or is over.
    pub fn show(&mut self, now: Moment, pattern: Option<LightPattern>) {
        if pattern == self.asked {
            return;
        }
        self.since = pattern.as_ref().map(|_| now);
        self.turns =
            pattern.as_ref().and_then(|pattern| pattern.next_change(Duration::ZERO)).map(|at| now + at);
        self.asked = pattern;
        // Also where it was dark already: the first dark time of a pattern begins here.
        self.drive(now, false);
    }

    /// When to call [`Self::let_time_pass`] next. `None`: no call is needed.
    pub fn next_turn(&self) -> Option<Moment> {
        self.turns
    }

    /// Changes the light when its time has come.
    pub fn let_time_pass(&mut self, now: Moment) {
        let (Some(pattern), Some(since)) = (&self.asked, self.since) else { return };
        let lit = pattern.is_lit(now.since(since));
        self.turns = pattern.next_change(now.since(since)).map(|at| since + at);
        if self.turns.is_none() {
            self.since = None;
        }
        if lit != self.lit {
            self.drive(now, lit);
        }
    }

    fn drive(&mut self, now: Moment, lit: bool) {
        self.lit = lit;
        let Some(line) = &mut self.line else { return };
        let driven = line.drive(lit);
        if let (Err(error), false) = (&driven, self.complained) {
            self.complained = true;
            log::warn!("the light on faces does not work: {error}");
        }
        self.state.change(|state| {
            state.trouble = driven.err().map(|error| error.to_string());
            if state.trouble.is_some() {
                // Nobody knows what the light was.
                return state.changes.clear();
            }
            state.changes.push_back(LightChange { at: now, lit });
            if state.changes.len() > KEPT {
                state.changes.pop_front();
            }
        });
    }
}

impl Drop for FaceLight {
    fn drop(&mut self) {
        if let Some(line) = &mut self.line {
            // The thread that would hear of a failure is over.
            let _ = line.drive(false);
        }
    }
}

#[cfg(test)]
#[path = "light_tests.rs"]
mod tests;
