//! Somebody who is asked to turn their head: the stages of an attempt, and what the next one takes from it.

use std::time::Duration;

use super::challenge::{Challenge, Failure};
use crate::clock::Moment;
use crate::event::{ChallengeOutcome, Draw, Fact, Personal, Prompt, Refusal, Side};
use crate::policy::recognition::Recognised;

/// How long the daemon may take to draw a challenge.
pub const DRAWING: Duration = Duration::from_secs(1);
/// How long after the last turn the same face must be recognised again.
pub const AGREEING: Duration = Duration::from_secs(2);
/// How long nothing is asked between two attempts.
pub const RESTING: Duration = Duration::from_secs(1);

/// Somebody who is asked.
#[derive(Debug)]
pub struct Asked {
    pub visitor: Recognised,
    pub stage: Stage,
    /// When the present attempt began.
    pub begun: Moment,
}

/// How far the attempt has come.
#[derive(Debug)]
pub enum Stage {
    /// The daemon draws a challenge.
    Drawing { until: Moment, retry: Retry },
    /// The head is to turn.
    Turning(Challenge),
    /// All turns were right; recognition must agree anew until then.
    Agreeing { until: Moment },
    /// The attempt failed, and another follows then.
    Resting { until: Moment, retry: Retry },
}

/// What an attempt leaves for the next one.
#[derive(Debug, Clone, Default)]
pub struct Retry {
    /// The sides that the head showed, with the wrong one at the end; empty if none was wrong.
    wrong: Vec<Side>,
    /// The person may need more time for each turn.
    slow: bool,
}

impl Retry {
    /// The challenge that is asked for when this one was drawn. It never begins with the turns that were wrong before: a
    /// recording that is played again fails again. Whoever was slow gets three turns.
    pub fn adapt(&self, draw: Draw) -> Draw {
        let repeats = |draw: &Draw| {
            let sides = draw.steps().iter().map(|step| step.side);
            !self.wrong.is_empty() && sides.take(self.wrong.len()).eq(self.wrong.iter().copied())
        };
        let draw = if self.slow { draw.shortened() } else { draw };
        if repeats(&draw) { draw.mirrored() } else { draw }
    }
}

impl Asked {
    /// Somebody for whom a challenge is being drawn.
    pub fn new(visitor: Recognised, now: Moment) -> Self {
        Self { visitor, stage: Stage::Drawing { until: now + DRAWING, retry: Retry::default() }, begun: now }
    }

    /// What is shown now.
    pub fn prompt(&self) -> Prompt {
        match &self.stage {
            Stage::Drawing { .. } => Prompt::Straight,
            Stage::Turning(challenge) => challenge.prompt(),
            Stage::Agreeing { .. } => Prompt::Good,
            Stage::Resting { .. } => Prompt::Again,
        }
    }

    /// When time alone next changes something.
    pub fn deadline(&self, now: Moment) -> Moment {
        match &self.stage {
            Stage::Turning(challenge) => challenge.deadline(now),
            Stage::Drawing { until, .. } | Stage::Agreeing { until } | Stage::Resting { until, .. } => *until,
        }
    }

    /// Whether an attempt is under way in which something was asked.
    pub fn has_begun(&self) -> bool {
        match &self.stage {
            Stage::Turning(challenge) => challenge.has_asked(),
            Stage::Agreeing { .. } => true,
            Stage::Drawing { .. } | Stage::Resting { .. } => false,
        }
    }

    /// Whether the person has seen what is asked, now or in an attempt before.
    pub fn has_seen_a_prompt(&self) -> bool {
        match &self.stage {
            Stage::Drawing { retry, .. } => retry.slow || !retry.wrong.is_empty(),
            Stage::Resting { .. } => true,
            Stage::Turning(_) | Stage::Agreeing { .. } => self.has_begun(),
        }
    }

    /// What the next attempt takes from this one, which has failed.
    pub fn retry_after(&self, failure: Failure) -> Retry {
        match (&self.stage, failure) {
            (Stage::Turning(challenge), Failure::WrongTurn(side)) => {
                Retry { wrong: challenge.done().chain([side]).collect(), slow: false }
            }
            _ => Retry { wrong: Vec::new(), slow: true },
        }
    }

    /// The record of the present attempt.
    pub fn record(&self, outcome: ChallengeOutcome, attempt: u32, now: Moment) -> Fact {
        Fact::Challenged {
            track: self.visitor.track,
            person: Personal(self.visitor.person.clone()),
            outcome,
            attempt,
            took_ms: u64::try_from(now.since(self.begun).as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Failure {
    /// What the record of the attempt says.
    pub fn outcome(self) -> ChallengeOutcome {
        match self {
            Self::WrongTurn(_) => ChallengeOutcome::WrongTurn,
            Self::NoResponse => ChallengeOutcome::NoResponse,
            Self::Sheet => ChallengeOutcome::Sheet,
            Self::LooksFlat => ChallengeOutcome::LooksFlat,
            Self::Unsure => ChallengeOutcome::Unsure,
        }
    }

    /// Why the person is refused.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::WrongTurn(_) => Refusal::WrongTurn,
            Self::NoResponse => Refusal::NoResponse,
            Self::Sheet => Refusal::Sheet,
            Self::LooksFlat => Refusal::LooksFlat,
            Self::Unsure => Refusal::LivenessUnsure,
        }
    }

    /// Whether it says that no living head turned as asked, and not only that it stayed open.
    pub fn is_suspect(self) -> bool {
        match self {
            Self::WrongTurn(_) | Self::Sheet => true,
            // So little was measured of light that a face that looks flat is no evidence of a sheet, but open.
            Self::NoResponse | Self::LooksFlat | Self::Unsure => false,
        }
    }
}
