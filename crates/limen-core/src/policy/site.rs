//! The site: input lines, parts that fail, the camera's view, the mode, and the alarms of all these.
//!
//! ```text
//!    lines ---- moved, and believed ------> the lock is told: exit button, fire alarm, leaf of the door
//!    parts ---- failed -------------------> the lock, recognition and admission are told
//!    mode ----- by schedule or command ---> the lock and admission are told
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
//! | a line moves, or no longer chatters | [`Site::line_is`], [`Site::calm_lines`] |
//! | a part fails, or works again | [`Site::part_failed`], [`Site::part_recovered`] |
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
use super::context::{Context, HeldOpen, LockReport, PolicySettings};
use super::event::{Action, Sound};
use crate::clock::Moment;
use crate::event::{AlarmKind, AlarmStep, Caller, Fact, Input, Mode, ModeSource, Part};

/// The machine of the site.
#[derive(Debug, Default)]
pub(super) struct Site {
    lines: Lines,
    parts: Parts,
    modes: Modes,
    /// Since when the camera has shown nothing.
    blind_since: Option<Moment>,
    alarms: Alarms,
    /// The warning about a door that stands open is recorded.
    warned: bool,
    /// The sound that was ordered last.
    heard: Sound,
}

/// The outcome of an event in the site.
#[derive(Debug, PartialEq)]
pub(super) enum SiteOutcome {
    /// An action for the daemon to carry out.
    Do(Action),
    /// Another mode is in force.
    ModeTurned(Mode),
    /// A part has failed that worked before.
    PartFailed(Part),
    /// The exit button was pressed.
    ExitPressed,
    /// The fire alarm releases the door (true), or is over.
    FireIs(bool),
    /// The contact says that the door is open or closed.
    DoorMoved {
        open: bool,
        /// The door was found like this; nobody moved it now.
        at_start: bool,
    },
}

impl Site {
    /// The mode in force.
    pub fn mode(&self) -> Mode {
        self.modes.in_force()
    }

    /// The mode that somebody commanded; `None` while the schedules decide.
    pub fn commanded_mode(&self) -> Option<Mode> {
        self.modes.commanded()
    }

    /// Whether a schedule demands lock-down now, whatever mode is commanded.
    pub fn is_locked_down_by_schedule(&self) -> bool {
        self.modes.scheduled() == Mode::LockDown
    }

    /// The alarms that are not cleared, the most serious first.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.listed()
    }

    /// The parts that have failed, since when and why.
    pub fn failed(&self) -> &BTreeMap<Part, Trouble> {
        self.parts.failed()
    }

    /// Since when a part has been failing; `None` if it works.
    pub fn failed_since(&self, part: Part) -> Option<Moment> {
        self.parts.failed_since(part)
    }

    /// Whether a part has failed without which nobody is let in by face.
    pub fn part_is_missing(&self) -> bool {
        self.parts.stop_the_door()
    }

    /// When time alone next changes the site.
    pub fn deadline(&self, now: Moment, settings: &PolicySettings) -> Option<Moment> {
        let blind = self.blind_since.zip(settings.rules.door.blind).map(|(since, limit)| since + limit);
        blind.filter(|at| *at > now).into_iter().chain(self.lines.next_change(now)).min()
    }

    /// The schedules were replaced: they are asked again.
    pub fn schedules_replaced(&mut self) {
        self.modes.ask_again();
    }

    /// Takes the present state of an input line.
    pub fn line_is(&mut self, now: Moment, input: Input, active: bool, at_start: bool) -> Vec<SiteOutcome> {
        let (record, is_believed) = match self.lines.set(now, input, active, at_start) {
            Change::None => return Vec::new(),
            Change::Moved(fact) => (Some(SiteOutcome::Do(Action::Record(fact))), true),
            // The fire alarm is believed even while its line chatters: a door that stays locked in a fire is
            // worse.
            Change::Chatters => (None, input == Input::Fire),
        };
        let is_pressed = input == Input::Rex && active && is_believed && !at_start;
        let meaning = match is_pressed {
            true => Some(SiteOutcome::ExitPressed),
            false => believed(input, active, at_start).filter(|_| is_believed),
        };
        record.into_iter().chain(meaning).collect()
    }

    /// Records the changes of lines that no longer chatter, and believes these lines again.
    pub fn calm_lines(&mut self, now: Moment) -> Vec<SiteOutcome> {
        let calmed = self.lines.calmed(now).into_iter();
        calmed
            .flat_map(|(input, active, fact)| {
                let meaning = believed(input, active, false);
                std::iter::once(SiteOutcome::Do(Action::Record(fact))).chain(meaning)
            })
            .collect()
    }

    /// Puts the mode into force again that was commanded before the start.
    pub fn mode_kept(&mut self, at: &Context<'_>, mode: Mode) -> Vec<SiteOutcome> {
        self.modes.command(Some((mode, ModeSource::Kept)));
        self.turn_mode(at, None)
    }

    /// A schedule had the door in lock-down before the start.
    pub fn lock_down_kept(&mut self, at: &Context<'_>) -> Vec<SiteOutcome> {
        self.modes.recall_lock_down();
        self.turn_mode(at, None)
    }

    /// A mode is commanded; `None`: the mode of the schedules. `in_budget`: the command is recorded even if
    /// the mode does not change.
    pub fn mode_commanded(
        &mut self,
        at: &Context<'_>,
        mode: Option<Mode>,
        caller: Caller,
        in_budget: bool,
    ) -> Vec<SiteOutcome> {
        self.modes.command(mode.map(|mode| (mode, ModeSource::Command)));
        let turned = self.turn_mode(at, Some(caller));
        if turned.is_empty() && in_budget {
            // The mode was in force already. The record still names who commanded it.
            let (mode, source) = (self.modes.in_force(), self.modes.source());
            let record = Fact::Mode { mode, source, caller: Some(caller) };
            return vec![SiteOutcome::Do(Action::Record(record))];
        }
        turned
    }

    /// Puts the mode of this moment into force, if it differs from the one before.
    pub fn turn_mode(&mut self, at: &Context<'_>, caller: Option<Caller>) -> Vec<SiteOutcome> {
        let Some(mode) = self.modes.turn(&at.settings.access, at.now) else { return Vec::new() };
        let record = Fact::Mode { mode, source: self.modes.source(), caller };
        vec![SiteOutcome::Do(Action::Record(record)), SiteOutcome::ModeTurned(mode)]
    }

    /// A part has failed.
    pub fn part_failed(&mut self, now: Moment, part: Part, what: String) -> Vec<SiteOutcome> {
        let Some(record) = self.parts.fail(now, part, what) else { return Vec::new() };
        if part.stops_the_door() {
            // The failed part has its own alarm; a blind camera is no second one.
            self.blind_since = None;
        }
        vec![SiteOutcome::Do(Action::Record(record)), SiteOutcome::PartFailed(part)]
    }

    /// A part works again.
    pub fn part_recovered(&mut self, now: Moment, part: Part) -> Vec<Action> {
        self.parts.recover(now, part).map(Action::Record).into_iter().collect()
    }

    /// Takes whether the camera's picture shows nothing.
    pub fn view_is(&mut self, now: Moment, blind: bool) {
        self.blind_since = blind.then(|| self.blind_since.unwrap_or(now));
    }

    /// Somebody enters under duress: raises a silent alarm.
    pub fn duress(&mut self, now: Moment) -> Vec<Action> {
        // The condition begins and ends at once: the alarm waits to be seen, and a second case raises it
        // again.
        let steps = [true, false].map(|holds| self.alarms.set(now, AlarmKind::Duress, holds));
        steps.into_iter().flatten().map(Action::Record).collect()
    }

    /// Somebody has seen this alarm; `None`: all alarms.
    pub fn acknowledge(&mut self, alarm: Option<AlarmKind>, caller: Caller) -> Result<Vec<Action>, Denial> {
        if let Some(kind) = alarm
            && !self.alarms().any(|listed| listed.kind == kind)
        {
            return Err(Denial::NoSuchAlarm(kind));
        }
        Ok(self.alarms.acknowledge(alarm, caller).into_iter().map(Action::Record).collect())
    }

    /// Raises and clears alarms by their conditions, and orders their sound.
    pub fn watch(&mut self, at: &Context<'_>, door: LockReport) -> Vec<Action> {
        let mut actions: Vec<Action> = self.warn_of(door.held_open).into_iter().collect();
        for kind in AlarmKind::ALL {
            if let Some(holds) = self.condition(at, kind, door) {
                actions.extend(self.alarms.set(at.moment(), kind, holds).map(Action::Record));
            }
        }
        actions.extend(self.be_heard(door.held_open));
        actions
    }

    /// The records of line changes that are not recorded yet, so that none is lost when the daemon ends.
    pub fn unrecorded(&mut self) -> impl Iterator<Item = Action> + use<> {
        self.lines.unrecorded().into_iter().map(Action::Record)
    }

    /// Whether the condition of an alarm holds; `None` for an alarm that an event raises.
    fn condition(&self, at: &Context<'_>, kind: AlarmKind, door: LockReport) -> Option<bool> {
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

/// The outcome of a line that does not chatter, besides its alarms.
fn believed(input: Input, active: bool, at_start: bool) -> Option<SiteOutcome> {
    match input {
        Input::Fire => Some(SiteOutcome::FireIs(active)),
        Input::Contact => Some(SiteOutcome::DoorMoved { open: active, at_start }),
        // A press takes effect when it comes; the tamper switch matters only to its alarm.
        Input::Rex | Input::Tamper => None,
    }
}

#[cfg(test)]
mod walks;
