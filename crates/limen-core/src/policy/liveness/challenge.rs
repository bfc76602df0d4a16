//! One attempt at a challenge: a random order of turns of the head, each after its prompt.
//!
//! ```text
//!                straight            the wait is over, and straight            turned far enough, as a solid head
//!    settling ------------> waiting --------------------------> prompted --------------------+
//!                           |  ^                                   |                         | after the last
//!                           |  +------------- the next step -------|-------------------------+--------> returning
//!                           |                                      |                                        |
//!                           | turns before the prompt              | turns to another side, too early,      | straight
//!                           v                                      v too late, or as a sheet does           v
//!                         failed                                 failed                                   done
//! ```
//!
//! A recorded turn that begins before its prompt, or that was chosen before the prompt was drawn, fails. The order and the
//! waits come from outside, by lot. A head that has not returned from the step before delays the next prompt.

use std::time::Duration;

use crate::clock::Moment;
use crate::event::{Draw, FRESHNESS, LogRatio, Motion, Prompt, Side, Step};
use crate::policy::rules::LivenessLimits;

/// A motion that begins sooner after its prompt was not an answer to it: people need at least 200 ms.
const TOO_EARLY: Duration = Duration::from_millis(150);
/// A motion that begins later counts as none.
const TOO_LATE: Duration = Duration::from_millis(1500);
/// How long a step may take from its prompt until the head is turned.
const STEP: Duration = Duration::from_millis(2500);
/// How long the whole attempt may take.
pub const LONGEST: Duration = Duration::from_secs(6);
/// How long after its end a frame of a step may still arrive: vision takes its time.
const ON_THE_WAY: Duration = Duration::from_millis(300);
/// A turn begins when the head is turned by this many degrees to the asked side, and by as many more than since its prompt;
/// the mesh of a still face changes by less than 3.
const BEGINS: f32 = 6.0;
/// A turn of this many degrees to another side is a wrong one; a sheet that is carried about turns the mesh by less than
/// 10, and a mesh does not always return to where it was.
const WRONG: f32 = 15.0;
/// The same upwards: a head that turns to a side nods a little.
const WRONG_UP: f32 = 20.0;
/// A face within this many degrees of its rest looks straight to the camera.
const STRAIGHT: f32 = 10.0;

const SIDES: [Side; 3] = [Side::Left, Side::Right, Side::Up];

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The head turned to this side: another than was asked, or before it was asked, or so soon that it was no answer.
    WrongTurn(Side),
    /// The head did not turn in time.
    NoResponse,
    /// The turn was that of a sheet.
    Sheet,
    /// All turns were right, but the face returned the door's light as a sheet does.
    LooksFlat,
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

/// Where a head points, in degrees against its rest.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pose {
    yaw: f32,
    pitch: f32,
}

impl Pose {
    fn of(motion: &Motion) -> Self {
        Self { yaw: motion.yaw, pitch: motion.pitch }
    }

    /// How far it points to a side.
    fn towards(self, side: Side) -> f32 {
        match side {
            Side::Left => self.yaw,
            Side::Right => -self.yaw,
            Side::Up => self.pitch,
        }
    }

    fn is_straight(self) -> bool {
        self.yaw.abs() <= STRAIGHT && self.pitch.abs() <= STRAIGHT
    }

    /// The side to which it points, other than the one that is allowed.
    fn strays(self, allowed: Option<Side>) -> Option<Side> {
        // The mesh of a head that is turned far nods with it.
        let up = if self.yaw.abs() > WRONG { f32::INFINITY } else { WRONG_UP };
        let limit = |side| if side == Side::Up { up } else { WRONG };
        SIDES.into_iter().find(|side| Some(*side) != allowed && self.towards(*side) > limit(*side))
    }
}

/// What a step has shown since its motion began.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Shown {
    /// The best evidence of its frames.
    best: Option<LogRatio>,
    /// The last frame that was compared was enough like the track's frontal ones: somebody else's turn counts for
    /// nothing.
    is_alike: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// The face has not looked straight since the challenge was drawn.
    Settling,
    /// Nothing is asked before `until`; then this step is.
    Waiting { step: usize, until: Moment },
    /// The prompt of this step is shown; `least`: how little the head was turned to its side since then, in degrees.
    Prompted { step: usize, since: Moment, least: f32, shown: Option<Shown> },
    /// Every turn was shown.
    Returning,
}

/// An attempt of one track.
#[derive(Debug)]
pub struct Challenge {
    steps: Vec<Step>,
    begun: Moment,
    phase: Phase,
    /// The newest frame: when it was taken, and where the head pointed.
    newest: (Moment, Option<Pose>),
    /// The side to which the last frame strayed: the mesh may be wrong in one frame, but not in two.
    strayed: Option<Side>,
}

impl Challenge {
    /// Begins with the drawn steps.
    pub fn new(draw: &Draw, now: Moment) -> Self {
        Self {
            steps: draw.steps().to_vec(),
            begun: now,
            phase: Phase::Settling,
            newest: (now, None),
            strayed: None,
        }
    }

    /// What is shown now.
    pub fn prompt(&self) -> Prompt {
        match self.phase {
            Phase::Prompted { step, .. } => Prompt::Turn(self.steps[step].side),
            Phase::Settling | Phase::Waiting { .. } => Prompt::Straight,
            Phase::Returning => Prompt::Good,
        }
    }

    /// Whether anything was asked yet.
    pub fn has_asked(&self) -> bool {
        !matches!(self.phase, Phase::Settling | Phase::Waiting { step: 0, .. })
    }

    /// The sides that were shown as they were asked.
    pub fn done(&self) -> impl Iterator<Item = Side> {
        let done = match self.phase {
            Phase::Settling => 0,
            Phase::Waiting { step, .. } | Phase::Prompted { step, .. } => step,
            Phase::Returning => self.steps.len(),
        };
        self.steps.iter().take(done).map(|step| step.side)
    }

    /// When time alone next changes something. A wait that is over ends with the next frame that looks straight.
    pub fn deadline(&self, now: Moment) -> Moment {
        let end = self.begun + LONGEST;
        match self.phase {
            Phase::Waiting { until, .. } if until > now => until.min(end),
            Phase::Prompted { since, shown: None, .. } => (since + TOO_LATE + ON_THE_WAY).min(end),
            Phase::Prompted { since, .. } => (since + STEP + ON_THE_WAY).min(end),
            Phase::Settling | Phase::Waiting { .. } | Phase::Returning => end,
        }
    }

    /// Time has passed.
    pub fn pass_time(&mut self, now: Moment, limits: &LivenessLimits) -> Progress {
        if now < self.begun || now >= self.begun + LONGEST {
            return Progress::Failed(self.too_long(limits));
        }
        let left = |since| now.since(since).saturating_sub(ON_THE_WAY);
        match self.phase {
            Phase::Waiting { step, until } if now >= until => self.ask(step, now),
            Phase::Prompted { since, shown, .. } => self.judge_time(left(since), shown, limits),
            _ => Progress::GoesOn,
        }
    }

    /// The face has moved. Frames of other tracks, frames out of order, and those of before the attempt count for
    /// nothing.
    pub fn moved(&mut self, motion: &Motion, now: Moment, limits: &LivenessLimits) -> Progress {
        if motion.taken <= self.newest.0 || motion.taken > now {
            return Progress::GoesOn;
        }
        let pose = Pose::of(motion);
        self.newest = (motion.taken, Some(pose));
        match self.phase {
            Phase::Settling if pose.is_straight() => self.wait_for(0, motion.taken),
            Phase::Waiting { step, .. } => self.moved_while_waiting(step, pose, now),
            Phase::Prompted { .. } => self.moved_after_prompt(motion, pose, limits),
            Phase::Returning if pose.is_straight() => Progress::Done,
            Phase::Settling | Phase::Returning => Progress::GoesOn,
        }
    }

    fn wait_for(&mut self, step: usize, from: Moment) -> Progress {
        self.phase = match self.steps.get(step) {
            Some(next) => Phase::Waiting { step, until: from + next.wait },
            None => Phase::Returning,
        };
        Progress::GoesOn
    }

    /// Shows the prompt, if the head looks straight now.
    fn ask(&mut self, step: usize, now: Moment) -> Progress {
        let (taken, pose) = self.newest;
        let straight = pose.filter(|pose| pose.is_straight() && now.since(taken) <= FRESHNESS);
        if let Some(pose) = straight {
            let least = pose.towards(self.steps[step].side);
            self.phase = Phase::Prompted { step, since: now, least, shown: None };
        }
        Progress::GoesOn
    }

    /// Before a prompt the head may return from the side of the step before, and no more.
    fn moved_while_waiting(&mut self, step: usize, pose: Pose, now: Moment) -> Progress {
        let returns_from = step.checked_sub(1).map(|before| self.steps[before].side);
        if let Some(side) = self.strays(pose, returns_from) {
            return Progress::Failed(Failure::WrongTurn(side));
        }
        match self.phase {
            Phase::Waiting { until, .. } if now >= until => self.ask(step, now),
            _ => Progress::GoesOn,
        }
    }

    /// The wrong side to which this frame and the one before it point.
    fn strays(&mut self, pose: Pose, allowed: Option<Side>) -> Option<Side> {
        let side = pose.strays(allowed);
        std::mem::replace(&mut self.strayed, side).filter(|before| side == Some(*before))
    }

    fn moved_after_prompt(&mut self, motion: &Motion, pose: Pose, limits: &LivenessLimits) -> Progress {
        let Phase::Prompted { step, since, least, shown } = self.phase else { return Progress::GoesOn };
        let side = self.steps[step].side;
        if let Some(wrong) = self.strays(pose, Some(side)) {
            return Progress::Failed(Failure::WrongTurn(wrong));
        }
        let turned = pose.towards(side);
        let least = least.min(turned);
        let begins = shown.is_none() && turned >= BEGINS && turned - least >= BEGINS;
        if begins && (motion.taken < since || motion.taken.since(since) < TOO_EARLY) {
            return Progress::Failed(Failure::WrongTurn(side));
        }
        let shown =
            if begins && motion.taken.since(since) <= TOO_LATE { Some(Shown::default()) } else { shown };
        let shown = shown.map(|shown| shown.with(motion, side));
        let is_solid = motion.turn.is_some_and(|turn| turn.side == side && turn.proof >= limits.turn);
        if is_solid && shown.is_some_and(|shown| shown.is_alike || !limits.compares) {
            return self.wait_for(step + 1, motion.taken);
        }
        self.phase = Phase::Prompted { step, since, least, shown };
        self.judge_time(motion.taken.since(since), shown, limits)
    }

    /// Whether a step has failed this long after its prompt.
    fn judge_time(&self, after: Duration, shown: Option<Shown>, limits: &LivenessLimits) -> Progress {
        let longest = if shown.is_none() { TOO_LATE } else { STEP };
        if after >= longest { Progress::Failed(self.too_long(limits)) } else { Progress::GoesOn }
    }

    /// What it means that the time is over.
    fn too_long(&self, limits: &LivenessLimits) -> Failure {
        match self.phase {
            Phase::Prompted { shown: None, .. } => Failure::NoResponse,
            Phase::Prompted { shown: Some(Shown { best: Some(best), .. }), .. } if best <= limits.sheet => {
                Failure::Sheet
            }
            _ => Failure::Unsure,
        }
    }
}

impl Shown {
    /// With one more frame of the turn to this side.
    fn with(self, motion: &Motion, side: Side) -> Self {
        let proof = motion.turn.filter(|turn| turn.side == side).map(|turn| turn.proof);
        let better = |best: LogRatio| proof.filter(|proof| *proof > best).unwrap_or(best);
        Self { best: self.best.map(better).or(proof), is_alike: motion.like_itself.unwrap_or(self.is_alike) }
    }
}

#[cfg(test)]
#[path = "challenge_tests.rs"]
mod tests;
