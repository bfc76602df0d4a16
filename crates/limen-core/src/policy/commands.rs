//! Commands over the socket: each gets one verdict, from the policy alone, and each is recorded.
//!
//! A command that unlocks is answered when the audit has accepted its record, every other one at once. Whoever may
//! command can do so only so often (`command_budget`): beyond that, what would let more people in is refused,
//! everything else is done all the same, and both are counted instead of recorded one by one.

use std::fmt;
use std::time::Duration;

use super::command_budget::Spent;
use super::event::Action;
use super::evidence::Evidence;
use super::release::Reach;
use super::{Grant, Policy, State};
use crate::clock::{Moment, Now};
use crate::event::{AlarmKind, Caller, Fact, GrantKind, Mode, ModeSource, Part, Relock};

/// The longest time that a command may unlock the door for.
pub const LONGEST_COMMANDED: Duration = Duration::from_secs(30);

/// A picture of the camera; it has a record of its own.
const SNAPSHOT: Command = Command::Serve("snapshot");

/// Names a command whose verdict somebody waits for. Never used twice while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// What is commanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Lock now.
    Lock {
        /// Whoever commands it may end a fire release whose line cannot be read.
        ends_fire: bool,
    },
    /// Unlock for so long, 1 s to [`LONGEST_COMMANDED`].
    Unlock(Duration),
    /// Put a mode into force; none: the one of the schedules.
    Mode(Option<Mode>),
    /// An alarm was seen; none: all of them.
    Acknowledge(Option<AlarmKind>),
    /// Something that the shell does and that moves no door, by its name: reload, snapshot, ...
    Serve(&'static str),
}

impl Command {
    /// The name in records and over the socket.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lock { .. } => "lock",
            Self::Unlock(_) => "unlock",
            Self::Mode(_) => "mode",
            Self::Acknowledge(_) => "acknowledge",
            Self::Serve(name) => name,
        }
    }
}

/// A command that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The door is locked.
    Locked,
    /// The door is unlocked for so long; its record is accepted.
    Unlocked(Duration),
    /// This mode is in force, by the command or by the schedules.
    Mode(Mode),
    /// The alarm is no longer unseen.
    Acknowledged,
    /// The shell may do it.
    Serve,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The time is out of range.
    Length,
    /// The mode lets nobody in.
    LockDown,
    /// The lock's line has been failing for so long.
    LineFails(Duration),
    /// Another command is just being recorded.
    Busy,
    /// The record was not accepted.
    NotRecorded,
    /// The door was locked by something else before the record was accepted.
    Overtaken,
    /// Something that outranks the command keeps the door unlocked.
    KeptOpen(GrantKind),
    /// There is no such alarm.
    NoSuchAlarm(AlarmKind),
    /// Too many commands.
    TooMany,
    /// Time has gone back.
    TimeWentBack,
    /// The daemon is leaving.
    Leaving,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(f, "seconds must be 1 to {}", LONGEST_COMMANDED.as_secs()),
            Self::LockDown => f.write_str("the door is in lock-down; `limen mode normal` ends that"),
            Self::LineFails(since) => write!(f, "the door's line has been failing for {} s", since.as_secs()),
            Self::Busy => f.write_str("another command is just being recorded; try again"),
            Self::NotRecorded => f.write_str(
                "the door stays locked: this could not be recorded (`limen status` says why), and \
                 on-audit-failure is \"refuse\"",
            ),
            Self::Overtaken => f.write_str("the door was locked by something else meanwhile"),
            Self::KeptOpen(GrantKind::Fire) => f.write_str("the fire alarm keeps the door unlocked"),
            Self::KeptOpen(_) => f.write_str("somebody else keeps the door unlocked"),
            Self::NoSuchAlarm(kind) => write!(f, "there is no alarm {kind}"),
            Self::TooMany => f.write_str("too many commands; try again in some seconds"),
            Self::TimeWentBack => f.write_str("the machine's time has gone back; the door stays locked"),
            Self::Leaving => f.write_str("the daemon is leaving"),
        }
    }
}

/// What came of a command.
pub type Verdict = Result<Done, Denial>;

impl Policy {
    /// Somebody allowed to commands something.
    pub(super) fn commanded(
        &mut self,
        now: Now,
        id: CommandId,
        caller: Caller,
        command: Command,
        actions: &mut Vec<Action>,
    ) {
        let Spent { recorded, may_widen } = self.budget.spend(now.moment, caller.uid);
        let first = actions.len();
        let verdict = match command {
            Command::Lock { ends_fire } => Some(self.lock_commanded(caller, ends_fire, recorded, actions)),
            Command::Mode(mode) if !may_widen && mode != Some(Mode::LockDown) => Some(Err(Denial::TooMany)),
            Command::Mode(mode) => Some(self.mode_commanded(now, mode, caller, recorded, actions)),
            Command::Unlock(_) if !may_widen => Some(Err(Denial::TooMany)),
            Command::Unlock(length) => self.unlock_commanded(now, id, caller, length, actions).err().map(Err),
            Command::Acknowledge(alarm) => Some(self.acknowledged(alarm, caller, actions)),
            Command::Serve(_) => Some(Ok(Done::Serve)),
        };
        let refused = match &verdict {
            Some(Err(denial)) => Some(denial.to_string()),
            _ => None,
        };
        let unrecorded = refused.is_some() || !actions[first..].iter().any(names_a_caller);
        if recorded && unrecorded && command != SNAPSHOT {
            let command = command.name().to_owned();
            actions.push(Action::Record(Fact::Command { command, caller, refused }));
        }
        actions.extend(verdict.map(|verdict| Action::Answer(id, verdict)));
    }

    /// Somebody was turned away before the policy was asked.
    pub(super) fn turned_away(
        &mut self,
        now: Now,
        caller: Option<Caller>,
        command: &'static str,
        why: String,
        actions: &mut Vec<Action>,
    ) {
        let caller = caller.unwrap_or(Caller { uid: u32::MAX, pid: 0 });
        if self.budget.spend(now.moment, caller.uid).recorded {
            let command = command.to_owned();
            actions.push(Action::Record(Fact::Command { command, caller, refused: Some(why) }));
        }
    }

    /// Commands that were not recorded one by one, once a minute.
    pub(super) fn count_commands(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let left_out = self.budget.take_left_out(now);
        actions.extend(left_out.map(|count| Action::Record(Fact::CommandsLeftOut { count })));
    }

    fn lock_commanded(
        &mut self,
        caller: Caller,
        ends_fire: bool,
        in_budget: bool,
        actions: &mut Vec<Action>,
    ) -> Verdict {
        let waits = self.state != State::Locked || self.release.manual.asking.is_some();
        let recorded = in_budget || waits || self.is_held();
        self.tracks.values_mut().for_each(Evidence::spend);
        self.give_up_waiting(actions);
        // A fire alarm whose line cannot be read any more is nobody's but the command's to end.
        let ends_fire = ends_fire && self.failed.contains_key(&Part::Inputs);
        let reach = if ends_fire { Reach::All } else { Reach::Rex };
        self.transition_to_locked(Relock::Command, reach, recorded.then_some(caller), actions);
        match self.open_kind() {
            None => Ok(Done::Locked),
            Some(kind) => Err(Denial::KeptOpen(kind)),
        }
    }

    /// Asks the audit; the verdict comes with its answer, unless it is no.
    fn unlock_commanded(
        &mut self,
        now: Now,
        id: CommandId,
        caller: Caller,
        length: Duration,
        actions: &mut Vec<Action>,
    ) -> Result<(), Denial> {
        if !(Duration::from_secs(1)..=LONGEST_COMMANDED).contains(&length) {
            return Err(Denial::Length);
        }
        if let Some(trouble) = self.failed.get(&Part::Door) {
            return Err(Denial::LineFails(now.moment.since(trouble.since)));
        }
        if self.modes.in_force() == Mode::LockDown {
            return Err(Denial::LockDown);
        }
        if now.moment < self.latest {
            return Err(Denial::TimeWentBack);
        }
        if self.release.manual.asking.is_some() {
            return Err(Denial::Busy);
        }
        let grant = Grant::manual(now.moment, length);
        let asking = self.ask_audit(now, grant, None, Some(caller), actions);
        self.release.manual.asking = Some((asking, id));
        Ok(())
    }

    fn mode_commanded(
        &mut self,
        now: Now,
        mode: Option<Mode>,
        caller: Caller,
        in_budget: bool,
        actions: &mut Vec<Action>,
    ) -> Verdict {
        self.modes.command(mode.map(|mode| (mode, ModeSource::Command)));
        self.turn_mode(now, Some(caller), actions);
        let unchanged = !actions.iter().any(is_mode_record);
        if unchanged && in_budget {
            // It was in force already; who commanded it is recorded all the same.
            let (mode, source) = (self.modes.in_force(), self.modes.source());
            actions.push(Action::Record(Fact::Mode { mode, source, caller: Some(caller) }));
        }
        Ok(Done::Mode(self.modes.in_force()))
    }

    fn acknowledged(
        &mut self,
        alarm: Option<AlarmKind>,
        caller: Caller,
        actions: &mut Vec<Action>,
    ) -> Verdict {
        if let Some(kind) = alarm
            && !self.alarms().any(|listed| listed.kind == kind)
        {
            return Err(Denial::NoSuchAlarm(kind));
        }
        actions.extend(self.alarms.acknowledge(alarm, caller).into_iter().map(Action::Record));
        Ok(Done::Acknowledged)
    }
}

fn is_mode_record(action: &Action) -> bool {
    matches!(action, Action::Record(Fact::Mode { .. }))
}

/// Whether a record says who commanded it.
fn names_a_caller(action: &Action) -> bool {
    match action {
        Action::Record(fact) | Action::RecordAndAnswer(_, fact) => matches!(
            fact,
            Fact::Locked { caller: Some(_), .. }
                | Fact::Granted { caller: Some(_), .. }
                | Fact::Mode { caller: Some(_), .. }
                | Fact::Alarm { caller: Some(_), .. }
        ),
        _ => false,
    }
}
