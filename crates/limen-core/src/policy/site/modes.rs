//! Modes: what the schedules say, unless a command says otherwise.

use std::sync::Arc;

use crate::clock::Now;
use crate::event::{Mode, ModeSource};
use crate::policy::access::AccessRules;
use crate::policy::access::schedule::Schedule;

/// Which mode is in force, and why.
#[derive(Debug, Default)]
pub struct Modes {
    commanded: Option<(Mode, ModeSource)>,
    scheduled: Mode,
    in_force: Mode,
    /// The minute for which the schedules were asked, and whether the clock was trusted.
    asked: Option<(i64, bool)>,
}

impl Modes {
    /// The mode in force.
    pub fn in_force(&self) -> Mode {
        self.in_force
    }

    /// What put the mode into force.
    pub fn source(&self) -> ModeSource {
        self.commanded.map_or(ModeSource::Schedule, |(_, source)| source)
    }

    /// The mode that was commanded; `None` while the schedules decide.
    pub fn commanded(&self) -> Option<Mode> {
        self.commanded.map(|(mode, _)| mode)
    }

    /// The mode of the schedules, whatever is commanded.
    pub fn scheduled(&self) -> Mode {
        self.scheduled
    }

    /// A schedule had the door in lock-down before the start. It goes on until the schedules say that it is
    /// over.
    pub fn recall_lock_down(&mut self) {
        self.scheduled = Mode::LockDown;
        self.asked = None;
    }

    /// A mode is commanded; `None`: the schedules decide again.
    pub fn command(&mut self, mode: Option<(Mode, ModeSource)>) {
        self.commanded = mode;
    }

    /// The schedules were replaced: they are asked again.
    pub fn ask_again(&mut self) {
        self.asked = None;
    }

    /// Puts the mode of this moment into force. Returns the mode, if it differs from the one before.
    pub fn turn(&mut self, access: &AccessRules, now: Now) -> Option<Mode> {
        let asked = (now.wall.utc.as_second().div_euclid(60), now.wall.synchronised);
        if self.asked != Some(asked) {
            self.asked = Some(asked);
            self.scheduled = scheduled(access, now, self.scheduled);
        }
        let mode = self.commanded.map_or(self.scheduled, |(mode, _)| mode);
        (std::mem::replace(&mut self.in_force, mode) != mode).then_some(mode)
    }
}

/// The mode of the schedules. While the site's time is unknown a lock-down goes on: it may not be over.
fn scheduled(access: &AccessRules, now: Now, before: Mode) -> Mode {
    let Some(local) = access.local_time(now.wall) else {
        let goes_on = before == Mode::LockDown && !access.modes.lock_down.is_empty();
        return if goes_on { before } else { Mode::Normal };
    };
    let open = |schedules: &[Arc<Schedule>]| {
        schedules.iter().any(|schedule| schedule.window_at(local, &access.calendar).is_some())
    };
    if open(&access.modes.lock_down) {
        Mode::LockDown
    } else if open(&access.modes.office_open) {
        Mode::OfficeOpen
    } else {
        Mode::Normal
    }
}
