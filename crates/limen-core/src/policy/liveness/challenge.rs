//! One attempt at a challenge: a random order of turns of the head, each after its prompt.
//!
//! ```text
//!              the wait is over, the face is straight        moves to this side in time, and turns far enough
//!    waiting ---------------------------------> prompted ---------------------------------> waiting for the next
//!       |                                          |                                             |
//!       | turns before the prompt                  | turns to another side, too early,           | after the last
//!       v                                          v too late, or as a sheet does                v
//!     failed                                     failed                                       straight again: done
//! ```
//!
//! A recorded turn that begins before its prompt, or that was chosen before the prompt was drawn, fails. The order and the
//! waits come from outside, by lot.

use std::time::Duration;

use crate::clock::Moment;
use crate::event::{Draw, LogRatio, Motion, Prompt, Side, Step, TrackId};
use crate::person::PersonId;
use crate::policy::rules::LivenessLimits;

/// A motion that begins sooner after its prompt was not an answer to it: people need at least 200 ms.
pub const TOO_EARLY: Duration = Duration::from_millis(150);
/// A motion that begins later counts as none.
pub const TOO_LATE: Duration = Duration::from_millis(1500);
/// How long a step may take from its prompt until the head is turned.
const STEP: Duration = Duration::from_millis(2500);
/// How long the whole attempt may take.
pub const LONGEST: Duration = Duration::from_secs(6);
/// A change of this many degrees towards the asked side is the beginning of a turn; the mesh of a still face changes by
/// less than 3.
const BEGINS: f32 = 6.0;
/// A change of this many degrees to another side is a wrong turn; a sheet that is carried about changes the mesh by less
/// than 10.
const WRONG: f32 = 12.0;
/// A face within this many degrees of its frontal frame looks straight to the camera.
const STRAIGHT: f32 = 10.0;

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The head turned to another side than was asked, or before it was asked, or so soon that it was no answer.
    WrongTurn,
    /// The head did not turn in time.
    NoResponse,
    /// The turn was that of a sheet.
    Sheet,
    /// The turned face was too unlike the one that looked straight, or the turn could not be judged.
    Unsure,
}

/// What a frame, or time, has made of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It goes on.
    GoesOn,
    /// All turns were shown, and the face looks straight again.
    Done,
    /// It has failed.
    Failed(Failure),
}

/// An attempt of one track that was recognised as one person.
#[derive(Debug)]
pub struct Challenge {
    /// The track that is asked.
    pub track: TrackId,
    /// As whom it was recognised.
    pub person: PersonId,
    begun: Moment,
    steps: Vec<Step>,
    phase: Phase,
    /// The last frame's turn and nod.
    last: (f32, f32),
    newest: Moment,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Nothing is asked. `after` is the side of the step before, from which the head returns.
    Waiting { until: Moment, after: Option<Side> },
    /// The prompt is shown.
    Prompted { since: Moment, from: (f32, f32), moved: bool, best: Option<LogRatio> },
    /// Every turn was shown.
    Returning,
}

impl Challenge {
    /// Begins with the drawn steps; the face looks straight now.
    pub fn new(track: TrackId, person: PersonId, draw: &Draw, now: Moment) -> Self {
        let mut steps = draw.steps().to_vec();
        steps.reverse();
        let wait = steps.last().map_or(Duration::ZERO, |step| step.wait);
        let phase = Phase::Waiting { until: now + wait, after: None };
        Self { track, person, begun: now, steps, phase, last: (0.0, 0.0), newest: now }
    }

    /// What is shown now.
    pub fn prompt(&self) -> Prompt {
        match (self.phase, self.steps.last()) {
            (Phase::Prompted { .. }, Some(step)) => Prompt::Turn(step.side),
            _ => Prompt::Straight,
        }
    }

    /// When time alone next changes something.
    pub fn deadline(&self) -> Moment {
        let own = match self.phase {
            Phase::Waiting { until, .. } => until,
            Phase::Prompted { since, moved: false, .. } => since + TOO_LATE,
            Phase::Prompted { since, .. } => since + STEP,
            Phase::Returning => self.begun + LONGEST,
        };
        own.min(self.begun + LONGEST)
    }

    /// Time has passed.
    pub fn pass_time(&mut self, now: Moment) -> Progress {
        if now < self.newest || now > self.begun + LONGEST {
            return Progress::Failed(self.too_long());
        }
        match self.phase {
            Phase::Waiting { until, .. } if now >= until && is_straight(self.last) => {
                self.phase = Phase::Prompted { since: now, from: self.last, moved: false, best: None };
                Progress::GoesOn
            }
            Phase::Prompted { since, moved: false, .. } if now.since(since) > TOO_LATE => {
                Progress::Failed(Failure::NoResponse)
            }
            Phase::Prompted { since, .. } if now.since(since) > STEP => Progress::Failed(self.too_long()),
            _ => Progress::GoesOn,
        }
    }

    /// The face has moved. Frames out of order, and those of before the attempt, count for nothing.
    pub fn moved(&mut self, motion: &Motion, limits: &LivenessLimits) -> Progress {
        if motion.track != self.track || motion.taken <= self.newest || self.steps.is_empty() {
            return self.returned(motion);
        }
        self.newest = motion.taken;
        self.last = (motion.yaw, motion.pitch);
        match self.phase {
            Phase::Waiting { after, .. } => self.moved_while_waiting(after),
            Phase::Prompted { since, from, moved, best } => {
                let Some(step) = self.steps.last().copied() else { return Progress::GoesOn };
                self.moved_after_prompt(motion, limits, step, Prompted { since, from, moved, best })
            }
            Phase::Returning => Progress::GoesOn,
        }
    }

    /// Before a prompt the head may return from the side of the step before, and no more.
    fn moved_while_waiting(&self, after: Option<Side>) -> Progress {
        let turned = [Side::Left, Side::Right, Side::Up].into_iter();
        let mut wrong = turned.filter(|side| Some(*side) != after && towards(*side, self.last) > WRONG);
        wrong.next().map_or(Progress::GoesOn, |_| Progress::Failed(Failure::WrongTurn))
    }

    fn moved_after_prompt(
        &mut self,
        motion: &Motion,
        limits: &LivenessLimits,
        step: Step,
        prompted: Prompted,
    ) -> Progress {
        let Prompted { since, from, mut moved, mut best } = prompted;
        let change = (self.last.0 - from.0, self.last.1 - from.1);
        let sides = [Side::Left, Side::Right, Side::Up].into_iter();
        if sides.filter(|side| *side != step.side).any(|side| towards(side, change) > WRONG) {
            return Progress::Failed(Failure::WrongTurn);
        }
        if !moved && towards(step.side, change) >= BEGINS {
            if motion.taken.since(since) < TOO_EARLY {
                return Progress::Failed(Failure::WrongTurn);
            }
            moved = true;
        }
        if let Some(turn) = motion.turn.filter(|turn| moved && turn.side == step.side) {
            best = Some(best.map_or(turn.proof, |best| if turn.proof > best { turn.proof } else { best }));
            if turn.proof >= limits.turn && motion.like_itself != Some(false) {
                return self.step_is_done(step, motion.taken);
            }
        }
        self.phase = Phase::Prompted { since, from, moved, best };
        Progress::GoesOn
    }

    fn step_is_done(&mut self, step: Step, now: Moment) -> Progress {
        self.steps.pop();
        self.phase = match self.steps.last() {
            Some(next) => Phase::Waiting { until: now + next.wait, after: Some(step.side) },
            None => Phase::Returning,
        };
        Progress::GoesOn
    }

    /// After the last step the face must look straight again.
    fn returned(&mut self, motion: &Motion) -> Progress {
        let counts = motion.track == self.track && motion.taken > self.newest && self.steps.is_empty();
        if !counts {
            return Progress::GoesOn;
        }
        (self.newest, self.last) = (motion.taken, (motion.yaw, motion.pitch));
        if is_straight(self.last) { Progress::Done } else { Progress::GoesOn }
    }

    /// What it means that the time is over.
    fn too_long(&self) -> Failure {
        match self.phase {
            Phase::Prompted { moved: false, .. } => Failure::NoResponse,
            _ => Failure::Unsure,
        }
    }

    /// Whether the best proof of the step that is asked says that a sheet was turned.
    pub fn is_of_a_sheet(&self, limits: &LivenessLimits) -> bool {
        matches!(self.phase, Phase::Prompted { best: Some(best), .. } if best <= limits.sheet)
    }
}

/// [`Phase::Prompted`], by name.
struct Prompted {
    since: Moment,
    from: (f32, f32),
    moved: bool,
    best: Option<LogRatio>,
}

/// How far a turn and a nod go towards a side, in degrees.
fn towards(side: Side, (yaw, pitch): (f32, f32)) -> f32 {
    match side {
        Side::Left => yaw,
        Side::Right => -yaw,
        Side::Up => pitch,
    }
}

fn is_straight((yaw, pitch): (f32, f32)) -> bool {
    yaw.abs() <= STRAIGHT && pitch.abs() <= STRAIGHT
}
