//! Commands over the socket: each gets one verdict, from the policy alone, and each is recorded.
//!
//! A command that unlocks is answered when the audit has accepted its record, every other one at once. Whoever may
//! command can do so only so often (`command_budget`): beyond that, what would let more people in is refused,
//! everything else is done all the same, and both are counted instead of recorded one by one.

use std::fmt;
use std::time::Duration;

use crate::event::{AlarmKind, GrantKind, Mode};

/// The longest time that a command may unlock the door for.
pub const LONGEST_COMMANDED: Duration = Duration::from_secs(30);

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
    /// Put this mode into force. `None`: the schedules decide again.
    Mode(Option<Mode>),
    /// Somebody acknowledged this alarm. `None`: all alarms.
    Acknowledge(Option<AlarmKind>),
    /// Something that the shell does and that moves no door, by its name: reload, snapshot, ...
    Serve(&'static str),
}

impl Command {
    /// It may let more people in than before.
    pub(super) fn widens(self) -> bool {
        match self {
            Self::Unlock(_) => true,
            Self::Mode(mode) => mode != Some(Mode::LockDown),
            Self::Lock { .. } | Self::Acknowledge(_) | Self::Serve(_) => false,
        }
    }

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
    /// The daemon is stopping.
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
            Self::Leaving => f.write_str("the daemon is stopping"),
        }
    }
}

/// What came of a command.
pub type Verdict = Result<Done, Denial>;
