//! Commands from the network, which the gateway hands on.
//!
//! The gateway is not believed: it may be taken over, and so may the broker behind it. So the policy decides here what the
//! gateway may ask at all, and what a command must carry that lets more people in: the moment at which it was given and a
//! remote code. It is refused if it is too old or too early, if it came before, if the door's own clock is not
//! synchronised, and after too many wrong codes. Commands that only lock need none of that.
//!
//! ```text
//!    command ---> may it? ---> does it let more people in? --- no ------------------------> carried out
//!                                        |                                                      ^
//!                                        | fresh, for the first time, not locked out            |
//!                                        v                                                      |
//!                                   its code is verified --- right, and still fresh ------------+
//!                                        |
//!                                        +--- wrong: counted; locks out
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::commands::{CodeId, CodeOutcome, Command, Denial, RemoteCommand};
use super::context::Context;
use super::lockout::WrongOnes;
use crate::clock::Moment;
use crate::credential::{CodeName, RemoteCode};
use crate::event::AlarmKind;

/// The oldest command that may let more people in.
const OLDEST: SignedDuration = SignedDuration::from_secs(10);
/// How far the sender's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_secs(2);
/// How long the same command is not taken a second time. Longer than a command is fresh.
const ONCE_IN: Duration = Duration::from_secs(20);
/// How many commands are remembered for that time; more are refused.
const REMEMBERED: usize = 32;
/// How long the verification of a code may take.
const CODE_PATIENCE: Duration = Duration::from_secs(15);

/// What the gateway may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RemoteRight {
    /// What the daemon does, and the alarms that are listed.
    Status,
    /// Events as they happen.
    Events,
    /// Lock the door.
    Lock,
    /// Unlock the door, with a remote code.
    Unlock,
    /// Set a mode; with a remote code where that lets more people in.
    Mode,
    /// Acknowledge alarms, except duress and tamper.
    Acknowledge,
    /// Be told of duress.
    Duress,
    /// Be told who was let in.
    Names,
}

impl RemoteRight {
    /// Every right with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 8] = [
        ("status", Self::Status),
        ("events", Self::Events),
        ("lock", Self::Lock),
        ("unlock", Self::Unlock),
        ("mode", Self::Mode),
        ("acknowledge", Self::Acknowledge),
        ("duress", Self::Duress),
        ("names", Self::Names),
    ];
    /// The rights of a gateway if the configuration names none.
    pub const DEFAULT: [Self; 3] = [Self::Status, Self::Events, Self::Lock];

    /// The right that a command needs; `None` if the gateway may never give it.
    fn of(command: Command) -> Option<Self> {
        match command {
            Command::Lock { .. } => Some(Self::Lock),
            Command::Unlock(_) => Some(Self::Unlock),
            Command::Mode(_) => Some(Self::Mode),
            Command::Acknowledge(_) => Some(Self::Acknowledge),
            Command::Serve("events") => Some(Self::Events),
            Command::Serve(_) => None,
        }
    }
}

/// What the configuration says of the gateway. By default it may nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemoteRules {
    /// What the gateway may ask for.
    pub may: Vec<RemoteRight>,
    /// The remote codes.
    pub codes: Arc<[RemoteCode]>,
}

impl RemoteRules {
    /// Whether the gateway may ask for this.
    pub fn allow(&self, right: RemoteRight) -> bool {
        self.may.contains(&right)
    }
}

/// What becomes of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is carried out.
    Allowed,
    /// It is carried out if its code is one of these.
    Verify(CodeId, Arc<[RemoteCode]>),
}

/// A command whose code is being verified.
#[derive(Debug)]
struct Checking {
    asked: RemoteCommand,
    given: Timestamp,
    code: CodeId,
    codes: Arc<[RemoteCode]>,
    since: Moment,
}

/// What the policy remembers of commands from the network.
#[derive(Debug, Default)]
pub(super) struct Remote {
    pub rules: RemoteRules,
    /// When the newest commands were given, and when they came.
    seen: VecDeque<(Timestamp, Moment)>,
    wrong: WrongOnes,
    checking: Option<Checking>,
}

impl Remote {
    /// Judges a command. `widens`: it may let more people in than before.
    pub fn judge(&mut self, at: &Context<'_>, asked: RemoteCommand, widens: bool) -> Result<Judged, Denial> {
        self.check_right(asked.command)?;
        if !widens {
            return Ok(Judged::Allowed);
        }
        let given = asked.given.ok_or(Denial::NotDated)?;
        is_fresh(at, given)?;
        self.is_first(at.moment(), given)?;
        if let Some(left) = self.wrong.locked_out(at.moment()) {
            return Err(Denial::LockedOut(left));
        }
        let code = asked.code.ok_or(Denial::NoCode)?;
        if self.rules.codes.is_empty() {
            return Err(Denial::NoCodes);
        }
        if self.checking.is_some() {
            return Err(Denial::Busy);
        }
        let codes = Arc::clone(&self.rules.codes);
        self.checking = Some(Checking { asked, given, code, codes: Arc::clone(&codes), since: at.moment() });
        Ok(Judged::Verify(code, codes))
    }

    /// A code was verified. Returns the command, and whether it is carried out; nothing if it waits no more.
    pub fn verified(
        &mut self,
        at: &Context<'_>,
        code: CodeId,
        outcome: CodeOutcome,
    ) -> Option<(RemoteCommand, Result<CodeName, Denial>)> {
        let checked = self.checking.take_if(|checking| checking.code == code)?;
        let verdict = match outcome {
            CodeOutcome::Failed => Err(Denial::CodeUnverified),
            CodeOutcome::Wrong => Err(Denial::WrongCode(self.wrong.count(at.moment()))),
            CodeOutcome::Right(name) => {
                self.wrong = WrongOnes::default();
                self.is_still_allowed(at, &checked, &name).map(|()| name)
            }
        };
        Some((checked.asked, verdict))
    }

    /// Gives up a command whose code was not verified in time.
    pub fn pass_time(&mut self, now: Moment) -> Option<RemoteCommand> {
        let late = self.checking.take_if(|checking| now.since(checking.since) >= CODE_PATIENCE);
        late.map(|checking| checking.asked)
    }

    /// Gives up the command whose code is being verified: the daemon ends.
    pub fn give_up(&mut self) -> Option<RemoteCommand> {
        self.checking.take().map(|checking| checking.asked)
    }

    /// When time alone changes something.
    pub fn deadline(&self) -> Option<Moment> {
        self.checking.as_ref().map(|checking| checking.since + CODE_PATIENCE)
    }

    fn check_right(&self, command: Command) -> Result<(), Denial> {
        if RemoteRight::of(command).is_none_or(|right| !self.rules.allow(right)) {
            return Err(Denial::NotFromAfar);
        }
        match command {
            Command::Acknowledge(Some(alarm)) if !is_seen_from_afar(alarm) => {
                Err(Denial::OnlyAtTheDoor(alarm))
            }
            _ => Ok(()),
        }
    }

    /// Remembers a command, unless it came before.
    fn is_first(&mut self, now: Moment, given: Timestamp) -> Result<(), Denial> {
        self.seen.retain(|(_, came)| now < *came + ONCE_IN);
        if self.seen.iter().any(|(known, _)| *known == given) {
            return Err(Denial::Repeated);
        }
        if self.seen.len() >= REMEMBERED {
            return Err(Denial::TooMany);
        }
        self.seen.push_back((given, now));
        Ok(())
    }

    /// Rules and clock may have changed while the code was verified.
    fn is_still_allowed(&self, at: &Context<'_>, checked: &Checking, name: &CodeName) -> Result<(), Denial> {
        let of_name = |codes: &[RemoteCode]| codes.iter().find(|code| code.name == *name).cloned();
        if of_name(&self.rules.codes).is_none_or(|code| Some(code) != of_name(&checked.codes)) {
            return Err(Denial::CodeUnverified);
        }
        self.check_right(checked.asked.command)?;
        is_fresh(at, checked.given)
    }
}

/// Whether somebody who is not at the door may mark this alarm as seen.
pub(super) fn is_seen_from_afar(alarm: AlarmKind) -> bool {
    !matches!(alarm, AlarmKind::Duress | AlarmKind::Tampered)
}

fn is_fresh(at: &Context<'_>, given: Timestamp) -> Result<(), Denial> {
    if !at.now.wall.synchronised {
        return Err(Denial::ClockUnknown);
    }
    let age = at.now.wall.utc.duration_since(given);
    if age > OLDEST {
        return Err(Denial::Stale);
    }
    if age < -AHEAD {
        return Err(Denial::Ahead);
    }
    if at.time_went_back { Err(Denial::TimeWentBack) } else { Ok(()) }
}
