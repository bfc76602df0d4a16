//! The input lines as the policy knows them: the state of each, how often it changes, whether it can be
//! believed.
//!
//! A line *chatters* if it changes more often than a hand can move it: a loose wire, a broken contact,
//! somebody who plays with it. Its changes are then counted together in one record, and a chattering contact
//! says nothing about the door.

use std::time::Duration;

use crate::clock::Moment;
use crate::event::{Fact, Input};

/// A line with more changes than this within [`CHATTER_WINDOW`] chatters.
const CHATTER: u32 = 20;
/// The time in which changes are counted; also how long a line must not change to be believed again.
pub const CHATTER_WINDOW: Duration = Duration::from_secs(2);
/// An exit button that is pressed for longer than this is stuck.
const STUCK: Duration = Duration::from_secs(60);

/// What a change means.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The line has not changed.
    None,
    /// The line changed: to be recorded, and believed.
    Moved(Fact),
    /// The line changed while it chatters: counted for a later record.
    Chatters,
}

#[derive(Debug, Clone, Copy, Default)]
struct InputState {
    active: bool,
    /// When it last changed.
    changed: Option<Moment>,
    /// When the window began in which `changes` are counted.
    window: Option<Moment>,
    changes: u32,
    chatters: bool,
    /// Changes that are not recorded yet.
    unrecorded: u32,
}

/// All four lines.
#[derive(Debug, Default)]
pub struct Lines([InputState; 4]);

impl Lines {
    /// Whether a line is active.
    pub fn is_active(&self, input: Input) -> bool {
        self.line(input).active
    }

    /// Takes the present state of a line.
    pub fn set(&mut self, now: Moment, input: Input, active: bool, at_start: bool) -> Change {
        let line = self.line_mut(input);
        if at_start {
            *line = InputState { active, changed: Some(now), ..InputState::default() };
            return Change::Moved(Fact::Input { input, active, changes: 1, at_start });
        }
        if line.active == active {
            return Change::None;
        }
        line.active = active;
        line.count(now);
        if line.chatters {
            line.unrecorded += 1;
            return Change::Chatters;
        }
        Change::Moved(Fact::Input { input, active, changes: 1, at_start })
    }

    /// The lines that no longer chatter, each with its state and the record of its changes.
    pub fn calmed(&mut self, now: Moment) -> Vec<(Input, bool, Fact)> {
        let mut calm = Vec::new();
        for input in Input::ALL {
            let line = self.line_mut(input);
            if line.chatters && line.is_still(now) {
                let (active, changes) = (line.active, std::mem::take(&mut line.unrecorded).max(1));
                line.chatters = false;
                line.window = None;
                calm.push((input, active, Fact::Input { input, active, changes, at_start: false }));
            }
        }
        calm
    }

    /// The records of changes that are not recorded yet, so that none is lost when the daemon ends.
    pub fn unrecorded(&mut self) -> Vec<Fact> {
        let mut facts = Vec::new();
        for input in Input::ALL {
            let line = self.line_mut(input);
            let changes = std::mem::take(&mut line.unrecorded);
            if changes > 0 {
                facts.push(Fact::Input { input, active: line.active, changes, at_start: false });
            }
        }
        facts
    }

    /// Whether a line chatters, or the exit button is stuck.
    pub fn are_faulty(&self, now: Moment) -> bool {
        self.0.iter().any(|line| line.chatters) || self.stuck_at().is_some_and(|at| now >= at)
    }

    /// When the next line no longer chatters, or is stuck.
    pub fn next_change(&self, now: Moment) -> Option<Moment> {
        let still = self.0.iter().filter(|line| line.chatters).filter_map(|line| line.changed);
        still.map(|changed| changed + CHATTER_WINDOW).chain(self.stuck_at().filter(|at| *at > now)).min()
    }

    fn stuck_at(&self) -> Option<Moment> {
        let rex = self.line(Input::Rex);
        rex.changed.filter(|_| rex.active).map(|since| since + STUCK)
    }

    fn line(&self, input: Input) -> &InputState {
        &self.0[input as usize]
    }

    fn line_mut(&mut self, input: Input) -> &mut InputState {
        &mut self.0[input as usize]
    }
}

impl InputState {
    fn count(&mut self, now: Moment) {
        self.changed = Some(now);
        match self.window {
            Some(begun) if now.since(begun) < CHATTER_WINDOW => self.changes += 1,
            _ => (self.window, self.changes) = (Some(now), 1),
        }
        self.chatters |= self.changes > CHATTER;
    }

    fn is_still(&self, now: Moment) -> bool {
        self.changed.is_none_or(|changed| now.since(changed) >= CHATTER_WINDOW)
    }
}
