//! Commands over the socket. The policy gives one verdict on each, and each is recorded.
//!
//! A command that unlocks is answered when the audit has accepted its record; every other command is answered
//! at once. Each user has a budget of commands (`command_budget`). Beyond it, a command that would let more
//! people in is refused and every other command is still carried out; both are counted instead of recorded
//! one by one.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::credential::CodeName;
use crate::event::{AlarmKind, Caller, GrantKind, Mode};

/// The longest time that a command may unlock the door for.
pub const LONGEST_COMMANDED: Duration = Duration::from_secs(30);

/// The number of a command whose verdict a client waits for. It is never used twice while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// What is commanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Lock the door now.
    Lock {
        /// Whether the command may end a fire release whose line cannot be read.
        ends_fire: bool,
    },
    /// Unlock the door for this time, 1 s to [`LONGEST_COMMANDED`].
    Unlock(Duration),
    /// Put this mode into force; `None`: the mode of the schedules.
    Mode(Option<Mode>),
    /// Mark this alarm as seen; `None`: all alarms.
    Acknowledge(Option<AlarmKind>),
    /// Let the daemon do something that does not move the door; its name: reload, snapshot, ...
    Serve(&'static str),
}

impl Command {
    /// Whether it may let more people in than before.
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

/// The number of a remote code that came with a command. The daemon keeps the digits; the policy never sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeId(pub u64);

/// A command that the gateway hands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteCommand {
    /// The number of the command.
    pub id: CommandId,
    /// The gateway's user and process.
    pub caller: Caller,
    /// What is commanded.
    pub command: Command,
    /// When it was given, by the sender's clock.
    pub given: Option<Timestamp>,
    /// The code that came with it. The daemon keeps the digits.
    pub code: Option<CodeId>,
}

/// The outcome of verifying a remote code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeOutcome {
    /// It is the code of this name.
    Right(CodeName),
    /// It is none of the codes.
    Wrong,
    /// It could not be verified.
    Failed,
}

/// A command that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The door is locked.
    Locked,
    /// The door is unlocked for this time; the audit has accepted the record.
    Unlocked(Duration),
    /// This mode is in force, by the command or by the schedules.
    Mode(Mode),
    /// The alarm is marked as seen.
    Acknowledged,
    /// The daemon may carry it out.
    Serve,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The time is not within 1 s to [`LONGEST_COMMANDED`].
    Length,
    /// The door is in lock-down.
    LockDown,
    /// The lock's line has been failing for this time.
    LineFails(Duration),
    /// Another command that unlocks waits for its record.
    Busy,
    /// The audit did not accept the record.
    NotRecorded,
    /// The door was locked by something else before the record was accepted.
    Overtaken,
    /// Something that the command must not end keeps the door unlocked.
    KeptOpen(GrantKind),
    /// This alarm is not listed.
    NoSuchAlarm(AlarmKind),
    /// The user has spent the budget of commands.
    TooMany,
    /// The machine's time has gone back.
    TimeWentBack,
    /// The daemon is about to end.
    Leaving,
    /// The gateway may not ask for this.
    NotFromAfar,
    /// Only somebody at the door may mark this alarm as seen.
    OnlyAtTheDoor(AlarmKind),
    /// A command from the network does not say when it was given.
    NotDated,
    /// The door's clock is not synchronised, so that the age of a command from the network is unknown.
    ClockUnknown,
    /// A command from the network is too old.
    Stale,
    /// A command from the network was given later than now.
    Ahead,
    /// A command from the network came before.
    Repeated,
    /// A command from the network has no remote code.
    NoCode,
    /// No remote code is enrolled.
    NoCodes,
    /// The remote code is wrong; how long none is accepted now.
    WrongCode(Option<Duration>),
    /// After wrong remote codes none is accepted for this time.
    LockedOut(Duration),
    /// The remote code could not be verified.
    CodeUnverified,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(f, "seconds must be 1 to {}", LONGEST_COMMANDED.as_secs()),
            Self::LockDown => f.write_str("the door is in lock-down; `limen mode normal` ends that"),
            Self::LineFails(since) => write!(f, "the door's line has been failing for {} s", since.as_secs()),
            Self::Busy => f.write_str("another command is being recorded; try again"),
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
            Self::NotFromAfar => f.write_str("the gateway may not do that; [control.gateway] may allows it"),
            Self::OnlyAtTheDoor(kind) => {
                write!(f, "{kind} is acknowledged at the door alone: `limen alarms acknowledge {kind}`")
            }
            Self::NotDated => f.write_str("the command does not say when it was given; send \"at\""),
            Self::ClockUnknown => {
                f.write_str("the door's clock is not synchronised, so that the command's age is unknown")
            }
            Self::Stale => {
                f.write_str("the command is more than 10 s old; give it again, and check the sender's clock")
            }
            Self::Ahead => f.write_str("the command is more than 2 s ahead; check the sender's clock"),
            Self::Repeated => f.write_str("the command came before; give a new one"),
            Self::NoCode => f.write_str("the command has no remote code; send \"code\""),
            Self::NoCodes => f.write_str("no remote code is enrolled; `limen code NAME` enrols one"),
            Self::WrongCode(None) => f.write_str("the remote code is wrong"),
            Self::WrongCode(Some(left)) => {
                write!(f, "the remote code is wrong; none is accepted for {} s", left.as_secs())
            }
            Self::LockedOut(left) => write!(
                f,
                "no remote code is accepted for {} s, because there were too many wrong ones",
                left.as_secs().max(1)
            ),
            Self::CodeUnverified => {
                f.write_str("the remote code could not be verified; give the command again")
            }
        }
    }
}

/// The outcome of a command: what was done, or why it was denied.
pub type Verdict = Result<Done, Denial>;
