//! What the policy does with the door around the face: lines that move, modes, alarms.

use std::time::Duration;

use super::alarms::Alarm;
use super::event::{Action, Sound};
use super::lines::Change;
use super::position::{GRACE, HeldOpen, Moved};
use super::release::Reach;
use super::rules::Relocking;
use super::{Grant, Policy, State};
use crate::clock::{Moment, Now};
use crate::event::{AlarmKind, Caller, Fact, Input, Mode, ModeSource, Part, Relock};

impl Policy {
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

    /// The door stands open, by its contact.
    pub fn door_is_open(&self) -> bool {
        self.position.is_open()
    }

    /// The door was opened by somebody under duress: a silent alarm.
    pub fn raise_duress(&mut self, now: Moment, actions: &mut Vec<Action>) {
        // The condition lies in the past at once: it waits to be seen, and a second one is a second alarm.
        for holds in [true, false] {
            actions.extend(self.alarms.set(now, AlarmKind::Duress, holds).map(Action::Record));
        }
    }

    /// What time alone does: modes by schedule, lines that are still again, alarms.
    pub(super) fn watch(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.turn_mode(now, None, actions);
        self.count_commands(now.moment, actions);
        for (input, active, fact) in self.lines.calmed(now.moment) {
            actions.push(Action::Record(fact));
            self.believe(now, input, active, false, actions);
        }
        let released = self.release.fire.is_some() || self.release.office.is_some();
        if released {
            self.position.may_stand_open(now.moment);
        }
        let held_open = self.position.held_open(now.moment, &self.rules.door);
        self.warn_of(held_open, actions);
        for kind in AlarmKind::ALL {
            if let Some(holds) = self.condition(now.moment, kind, held_open) {
                actions.extend(self.alarms.set(now.moment, kind, holds).map(Action::Record));
            }
        }
        self.be_heard(held_open, actions);
    }

    /// When time alone next changes something here.
    pub(super) fn surroundings_deadline(&self, now: Moment) -> Option<Moment> {
        let blind = self.blind_since.zip(self.rules.door.blind).map(|(since, limit)| since + limit);
        [
            blind.filter(|at| *at > now),
            self.lines.next_change(now),
            self.position.next_change(now, &self.rules.door),
            self.release.next_end(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// An input line is at this now.
    pub(super) fn line_is(
        &mut self,
        now: Now,
        input: Input,
        active: bool,
        at_start: bool,
        actions: &mut Vec<Action>,
    ) {
        let believed = match self.lines.set(now.moment, input, active, at_start) {
            Change::None => return,
            Change::Moved(fact) => {
                actions.push(Action::Record(fact));
                true
            }
            // Too much release is a door that stands open in a fire alarm; too little is worse.
            Change::Chatters => input == Input::Fire,
        };
        match input {
            Input::Rex if active && believed && !at_start => self.rex_pressed(now, actions),
            _ if believed => self.believe(now, input, active, at_start, actions),
            _ => {}
        }
    }

    /// A line that does not chatter says this.
    fn believe(&mut self, now: Now, input: Input, active: bool, at_start: bool, actions: &mut Vec<Action>) {
        match input {
            Input::Fire => self.fire_is(now, active, actions),
            Input::Contact => self.door_moved(now, active, at_start, actions),
            // A press was acted upon when it came; the tamper switch is asked by its alarm.
            Input::Rex | Input::Tamper => {}
        }
    }

    fn door_moved(&mut self, now: Now, open: bool, at_start: bool, actions: &mut Vec<Action>) {
        let unlocked_lately = self.last_held.is_some_and(|last| now.moment.since(last) <= GRACE);
        // A door that is found open was opened before anybody looked; it may still be open for too long.
        let may = self.is_held() || unlocked_lately || at_start;
        let longer = self.more_time();
        let moved = self.position.moved(now.moment, open, may, &self.rules.door, longer);
        let opened_by_right = open && self.is_held();
        let used = std::mem::replace(&mut self.opened_while_held, opened_by_right);
        if moved == Moved::Closed && used && self.rules.door.relock == Relocking::OnClose {
            let person = matches!(self.state, State::Open { .. });
            let commanded = self.release.manual.open.take().is_some();
            if self.release.rex.take().is_some() || commanded || person {
                self.state = State::Locked;
                self.lock_unless_held(Relock::Closed, None, actions);
            }
        }
    }

    /// By how much longer the door may stand open for whom it is unlocked now.
    fn more_time(&self) -> Duration {
        let people = self.open().into_iter().flat_map(Grant::people);
        let mut needs = people.map(|person| self.needs_longer(person));
        if needs.any(|longer| longer) {
            self.rules.door.extended.saturating_sub(self.rules.unlock)
        } else {
            Duration::ZERO
        }
    }

    /// The camera's picture shows nothing, or something.
    pub(super) fn view_is(&mut self, now: Now, blind: bool) {
        self.blind_since = blind.then(|| self.blind_since.unwrap_or(now.moment));
    }

    /// The mode that was commanded before the start is in force again.
    pub(super) fn mode_kept(&mut self, now: Now, mode: Mode, actions: &mut Vec<Action>) {
        self.modes.command(Some((mode, ModeSource::Kept)));
        self.turn_mode(now, None, actions);
    }

    pub(super) fn lock_down_kept(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.modes.recall_lock_down();
        self.turn_mode(now, None, actions);
    }

    pub(super) fn turn_mode(&mut self, now: Now, caller: Option<Caller>, actions: &mut Vec<Action>) {
        let Some(mode) = self.modes.turn(&self.access, now) else { return };
        actions.push(Action::Record(Fact::Mode { mode, source: self.modes.source(), caller }));
        match mode {
            Mode::LockDown => {
                self.give_up_waiting(actions);
                let reach = if self.rules.door.rex_in_lock_down { Reach::Mode } else { Reach::Rex };
                self.transition_to_locked(Relock::Mode, reach, None, actions);
            }
            Mode::Normal => {
                if self.release.office.take().is_some() {
                    self.lock_unless_held(Relock::Mode, None, actions);
                }
            }
            Mode::OfficeOpen => {}
        }
    }

    /// Whether the condition of an alarm holds; none for what is not a condition but an event.
    fn condition(&self, now: Moment, kind: AlarmKind, held_open: HeldOpen) -> Option<bool> {
        let has_failed = |part| self.failed.contains_key(&part);
        Some(match kind {
            AlarmKind::DoorForced => self.position.is_forced(),
            AlarmKind::DoorHeldOpen => held_open == HeldOpen::TooLong,
            AlarmKind::Tampered => self.lines.is_active(Input::Tamper),
            AlarmKind::LockFault => has_failed(Part::Door),
            AlarmKind::InputFault => {
                let away = [Part::Inputs, Part::Keypad, Part::Reader].into_iter().any(has_failed);
                away || self.lines.are_faulty(now)
            }
            AlarmKind::CameraLost => has_failed(Part::Camera),
            AlarmKind::CameraBlinded => {
                let limit = self.rules.door.blind;
                self.blind_since.zip(limit).is_some_and(|(since, limit)| now.since(since) >= limit)
            }
            AlarmKind::VirtualCamera => self.rules.door.virtual_camera,
            AlarmKind::AuditFailed => self.opened_unrecorded || has_failed(Part::Audit),
            AlarmKind::DiskShort => has_failed(Part::Disk),
            AlarmKind::GalleryFault => has_failed(Part::Gallery),
            AlarmKind::StoreFault => has_failed(Part::Store),
            AlarmKind::TargetMissed => has_failed(Part::Model),
            AlarmKind::ClockFault => has_failed(Part::Clock),
            AlarmKind::ModeFault => has_failed(Part::Mode),
            AlarmKind::Duress => return None,
        })
    }

    fn warn_of(&mut self, held_open: HeldOpen, actions: &mut Vec<Action>) {
        if held_open == HeldOpen::Warning && !self.warned {
            let (alarm, step) = (AlarmKind::DoorHeldOpen, crate::event::AlarmStep::Warned);
            actions.push(Action::Record(Fact::Alarm { alarm, step, caller: None }));
        }
        self.warned = held_open == HeldOpen::Warning;
    }

    fn be_heard(&mut self, held_open: HeldOpen, actions: &mut Vec<Action>) {
        let sound = match (self.alarms.sound(), held_open) {
            (Sound::Silence, HeldOpen::Warning) => Sound::Warning,
            (sound, _) => sound,
        };
        if std::mem::replace(&mut self.heard, sound) != sound {
            actions.push(Action::Sound(sound));
        }
    }
}
