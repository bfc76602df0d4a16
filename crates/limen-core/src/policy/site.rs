//! The site around the face: input lines, parts that fail, the camera's view, the mode, and the alarms of all these.
//!
//! ```text
//!    lines ---- moved, and believed ------> exit button, fire alarm, leaf of the door: the lock's business
//!    parts ---- failed -------------------> the lock is told, and who is seen or waits at the door
//!    mode ----- by schedule or command ---> the lock is told, and who waits at the door
//!
//!              condition begins           seen                   condition over
//!    (none) ------------------> raised ---------> seen, holds ----------------> cleared
//!                                 |  ^
//!                  condition over v  | begins again: raised once more
//!                              waits to be seen ---- seen ----> cleared
//! ```
//!
//! | what happens | transition |
//! |---|---|
//! | a line moves, or is still again | [`Site::line_is`], [`Site::calm_lines`] |
//! | a part fails, or is back | [`Site::part_failed`], [`Site::part_recovered`] |
//! | the picture shows nothing, or something | [`Site::view_is`] |
//! | another mode: kept, commanded, scheduled | [`Site::mode_kept`], [`Site::lock_down_kept`], [`Site::mode_commanded`], [`Site::turn_mode`] |
//! | somebody enters under duress | [`Site::duress`] |
//! | somebody has seen an alarm | [`Site::acknowledge`] |
//! | conditions begin and end | [`Site::watch`] |

mod alarms;
pub(super) mod lines;
mod modes;
mod parts;

use std::collections::BTreeMap;

pub use alarms::Alarm;
use alarms::Alarms;
use lines::{Change, Lines};
use modes::Modes;
use parts::Parts;
pub use parts::Trouble;

use super::commands::Denial;
use super::context::{Context, DoorReport, HeldOpen, Settings};
use super::event::{Action, Sound};
use crate::clock::Moment;
use crate::event::{AlarmKind, AlarmStep, Caller, Fact, Input, Mode, ModeSource, Part};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Site {
    lines: Lines,
    parts: Parts,
    modes: Modes,
    /// Since when the camera has shown nothing.
    blind_since: Option<Moment>,
    alarms: Alarms,
    /// That the door stands open for long was said.
    warned: bool,
    /// What is heard at the door.
    heard: Sound,
}

/// What comes of an event.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// For the shell.
    Do(Action),
    /// Another mode is in force.
    ModeTurned(Mode),
    /// A part has failed that had not.
    PartFailed(Part),
    /// The exit button was pressed.
    ExitPressed,
    /// The fire alarm releases the door, or no longer.
    FireIs(bool),
    /// The contact says that the door is open or closed.
    DoorMoved {
        open: bool,
        /// It was found so.
        at_start: bool,
    },
}

impl Site {
    /// The mode in force.
    pub fn mode(&self) -> Mode {
        self.modes.in_force()
    }

    /// The mode that somebody commanded, as long as the schedules do not decide.
    pub fn commanded_mode(&self) -> Option<Mode> {
        self.modes.commanded()
    }

    /// Whether a schedule has the door in lock-down, whatever is commanded.
    pub fn is_locked_down_by_schedule(&self) -> bool {
        self.modes.scheduled() == Mode::LockDown
    }

    /// Alarms that are not cleared, the gravest first.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.listed()
    }

    /// Parts that fail, since when and why.
    pub fn failed(&self) -> &BTreeMap<Part, Trouble> {
        self.parts.failed()
    }

    /// Since when a part fails.
    pub fn failed_since(&self, part: Part) -> Option<Moment> {
        self.parts.failed_since(part)
    }

    /// A part fails without which nobody is let in by their face.
    pub fn part_is_missing(&self) -> bool {
        self.parts.stop_the_door()
    }

    /// When time alone next changes something here.
    pub fn deadline(&self, now: Moment, settings: &Settings) -> Option<Moment> {
        let blind = self.blind_since.zip(settings.rules.door.blind).map(|(since, limit)| since + limit);
        blind.filter(|at| *at > now).into_iter().chain(self.lines.next_change(now)).min()
    }

    /// The schedules are others now.
    pub fn schedules_replaced(&mut self) {
        self.modes.ask_again();
    }

    /// An input line is at this now.
    pub fn line_is(&mut self, now: Moment, input: Input, active: bool, at_start: bool) -> Vec<Outcome> {
        let (record, is_believed) = match self.lines.set(now, input, active, at_start) {
            Change::None => return Vec::new(),
            Change::Moved(fact) => (Some(Outcome::Do(Action::Record(fact))), true),
            // Too much release is a door that stands open in a fire alarm; too little is worse.
            Change::Chatters => (None, input == Input::Fire),
        };
        let is_pressed = input == Input::Rex && active && is_believed && !at_start;
        let meaning = match is_pressed {
            true => Some(Outcome::ExitPressed),
            false => believed(input, active, at_start).filter(|_| is_believed),
        };
        record.into_iter().chain(meaning).collect()
    }

    /// Lines that chattered and are still again: what they did is recorded, and they are believed.
    pub fn calm_lines(&mut self, now: Moment) -> Vec<Outcome> {
        let calmed = self.lines.calmed(now).into_iter();
        calmed
            .flat_map(|(input, active, fact)| {
                let meaning = believed(input, active, false);
                std::iter::once(Outcome::Do(Action::Record(fact))).chain(meaning)
            })
            .collect()
    }

    /// The mode that was commanded before the start is in force again.
    pub fn mode_kept(&mut self, at: &Context<'_>, mode: Mode) -> Vec<Outcome> {
        self.modes.command(Some((mode, ModeSource::Kept)));
        self.turn_mode(at, None)
    }

    /// A schedule had the door in lock-down before the start.
    pub fn lock_down_kept(&mut self, at: &Context<'_>) -> Vec<Outcome> {
        self.modes.recall_lock_down();
        self.turn_mode(at, None)
    }

    /// A mode is commanded; none: that of the schedules. `in_budget`: the command is recorded in any case.
    pub fn mode_commanded(
        &mut self,
        at: &Context<'_>,
        mode: Option<Mode>,
        caller: Caller,
        in_budget: bool,
    ) -> Vec<Outcome> {
        self.modes.command(mode.map(|mode| (mode, ModeSource::Command)));
        let turned = self.turn_mode(at, Some(caller));
        if turned.is_empty() && in_budget {
            // It was in force already; who commanded it is recorded all the same.
            let (mode, source) = (self.modes.in_force(), self.modes.source());
            let record = Fact::Mode { mode, source, caller: Some(caller) };
            return vec![Outcome::Do(Action::Record(record))];
        }
        turned
    }

    /// Brings the mode of this moment into force, if it is another one than before.
    pub fn turn_mode(&mut self, at: &Context<'_>, caller: Option<Caller>) -> Vec<Outcome> {
        let Some(mode) = self.modes.turn(&at.settings.access, at.now) else { return Vec::new() };
        let record = Fact::Mode { mode, source: self.modes.source(), caller };
        vec![Outcome::Do(Action::Record(record)), Outcome::ModeTurned(mode)]
    }

    /// A part has failed.
    pub fn part_failed(&mut self, now: Moment, part: Part, what: String) -> Vec<Outcome> {
        let Some(record) = self.parts.fail(now, part, what) else { return Vec::new() };
        if part.stops_the_door() {
            // Nobody is seen, or nobody can be let in: that is the alarm now.
            self.blind_since = None;
        }
        vec![Outcome::Do(Action::Record(record)), Outcome::PartFailed(part)]
    }

    /// A part is back.
    pub fn part_recovered(&mut self, now: Moment, part: Part) -> Vec<Action> {
        self.parts.recover(now, part).map(Action::Record).into_iter().collect()
    }

    /// The camera's picture shows nothing, or something.
    pub fn view_is(&mut self, now: Moment, blind: bool) {
        self.blind_since = blind.then(|| self.blind_since.unwrap_or(now));
    }

    /// The door is opened by somebody under duress: a silent alarm.
    pub fn duress(&mut self, now: Moment) -> Vec<Action> {
        // The condition lies in the past at once: it waits to be seen, and a second one is a second alarm.
        let steps = [true, false].map(|holds| self.alarms.set(now, AlarmKind::Duress, holds));
        steps.into_iter().flatten().map(Action::Record).collect()
    }

    /// Somebody has seen an alarm; none: all of them.
    pub fn acknowledge(&mut self, alarm: Option<AlarmKind>, caller: Caller) -> Result<Vec<Action>, Denial> {
        if let Some(kind) = alarm
            && !self.alarms().any(|listed| listed.kind == kind)
        {
            return Err(Denial::NoSuchAlarm(kind));
        }
        Ok(self.alarms.acknowledge(alarm, caller).into_iter().map(Action::Record).collect())
    }

    /// Raises and clears alarms by their conditions, and lets them be heard.
    pub fn watch(&mut self, at: &Context<'_>, door: DoorReport) -> Vec<Action> {
        let mut actions: Vec<Action> = self.warn_of(door.held_open).into_iter().collect();
        for kind in AlarmKind::ALL {
            if let Some(holds) = self.condition(at, kind, door) {
                actions.extend(self.alarms.set(at.moment(), kind, holds).map(Action::Record));
            }
        }
        actions.extend(self.be_heard(door.held_open));
        actions
    }

    /// What lines have done that no record names yet, so that nothing is lost when the daemon leaves.
    pub fn unrecorded(&mut self) -> impl Iterator<Item = Action> + use<> {
        self.lines.unrecorded().into_iter().map(Action::Record)
    }

    /// Whether the condition of an alarm holds; none for what is not a condition but an event.
    fn condition(&self, at: &Context<'_>, kind: AlarmKind, door: DoorReport) -> Option<bool> {
        let has_failed = |part| self.parts.has_failed(part);
        let rules = &at.settings.rules.door;
        Some(match kind {
            AlarmKind::DoorForced => door.forced,
            AlarmKind::DoorHeldOpen => door.held_open == HeldOpen::TooLong,
            AlarmKind::Tampered => self.lines.is_active(Input::Tamper),
            AlarmKind::LockFault => has_failed(Part::Door),
            AlarmKind::InputFault => {
                let away = [Part::Inputs, Part::Keypad, Part::Reader].into_iter().any(has_failed);
                away || self.lines.are_faulty(at.moment())
            }
            AlarmKind::CameraLost => has_failed(Part::Camera),
            AlarmKind::CameraBlinded => {
                let blind = self.blind_since.zip(rules.blind);
                blind.is_some_and(|(since, limit)| at.moment().since(since) >= limit)
            }
            AlarmKind::VirtualCamera => rules.virtual_camera,
            AlarmKind::AuditFailed => door.opened_unrecorded || has_failed(Part::Audit),
            AlarmKind::DiskShort => has_failed(Part::Disk),
            AlarmKind::GalleryFault => has_failed(Part::Gallery),
            AlarmKind::StoreFault => has_failed(Part::Store),
            AlarmKind::TargetMissed => has_failed(Part::Model),
            AlarmKind::ClockFault => has_failed(Part::Clock),
            AlarmKind::ModeFault => has_failed(Part::Mode),
            AlarmKind::Duress => return None,
        })
    }

    fn warn_of(&mut self, held_open: HeldOpen) -> Option<Action> {
        let warns = held_open == HeldOpen::Warning;
        let begins = !std::mem::replace(&mut self.warned, warns) && warns;
        let (alarm, step) = (AlarmKind::DoorHeldOpen, AlarmStep::Warned);
        begins.then_some(Action::Record(Fact::Alarm { alarm, step, caller: None }))
    }

    fn be_heard(&mut self, held_open: HeldOpen) -> Option<Action> {
        let sound = match (self.alarms.sound(), held_open) {
            (Sound::Silence, HeldOpen::Warning) => Sound::Warning,
            (sound, _) => sound,
        };
        (std::mem::replace(&mut self.heard, sound) != sound).then_some(Action::Sound(sound))
    }
}

/// What a line that does not chatter says, to others than the alarms.
fn believed(input: Input, active: bool, at_start: bool) -> Option<Outcome> {
    match input {
        Input::Fire => Some(Outcome::FireIs(active)),
        Input::Contact => Some(Outcome::DoorMoved { open: active, at_start }),
        // A press was acted upon when it came; the tamper switch is asked by its alarm.
        Input::Rex | Input::Tamper => None,
    }
}

#[cfg(test)]
mod walks;
