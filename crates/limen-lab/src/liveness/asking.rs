//! One try of a challenge, with the policy's own rules, on frames that were watched before.

use limen_core::clock::Moment;
use limen_core::event::{DenyCue, Draw, Prompt, Step, TrackId};
use limen_core::person::PersonId;
use limen_core::policy::LivenessLimits;
use limen_core::policy::liveness::{Challenge, Failure, LONGEST, Progress};

use super::attempt::{AttemptOutcome, RefusalCause};
use super::clip_file::TimedPrompt;
use super::watch::{WatchedFrame, moment};

/// As whom everybody is recognised: who it is plays no part.
const ANYBODY: &str = "anybody";
/// So many of the last [`CUE_WINDOW`] frames must show that no living head stands there.
const CUES: usize = 3;
const CUE_WINDOW: usize = 5;

/// A face that was recognised, and when: from then on it may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownFace {
    pub track: TrackId,
    pub at: Moment,
}

/// What has become of a try.
#[derive(Debug, PartialEq)]
struct Try {
    outcome: AttemptOutcome,
    /// When each step was done.
    done: Vec<Moment>,
}

/// The first moment at which so many frames of one track are good enough to recognise somebody.
pub fn recognised(frames: &[WatchedFrame], wanted: usize) -> Option<KnownFace> {
    let (mut last, mut count) = (None, 0);
    for frame in frames {
        let Some(track) = frame.track else { continue };
        if last != Some(track) {
            (last, count) = (Some(track), 0);
        }
        count += usize::from(frame.is_usable);
        if count >= wanted.max(1) {
            return Some(KnownFace { track, at: frame.taken });
        }
    }
    None
}

/// The first moment at which enough frames show that no living head stands there, and what showed it last.
pub fn denied(frames: &[WatchedFrame]) -> Option<(Moment, DenyCue)> {
    let cue = |frame: &WatchedFrame| frame.motion.as_ref().and_then(|motion| motion.cue);
    (0..frames.len()).find_map(|at| {
        let recent = &frames[(at + 1).saturating_sub(CUE_WINDOW)..=at];
        let shown = recent.iter().filter_map(cue).count();
        (shown >= CUES)
            .then_some(())
            .and(recent.iter().rev().find_map(cue))
            .map(|cue| (frames[at].taken, cue))
    })
}

/// Asks these steps, each after its wait.
pub fn ask(frames: &[WatchedFrame], from: KnownFace, draw: &Draw, limits: &LivenessLimits) -> AttemptOutcome {
    attempt(frames, from, draw, limits).outcome
}

/// Asks as the clip did: every prompt at its time, but not before the step ahead of it is done.
pub fn ask_at(
    frames: &[WatchedFrame],
    from: KnownFace,
    prompts: &[TimedPrompt],
    limits: &LivenessLimits,
) -> AttemptOutcome {
    // A wait is counted from the end of the step before, and only a try shows when that was.
    let mut before = vec![from.at];
    loop {
        let known = prompts.iter().zip(&before);
        let steps =
            known.map(|(prompt, end)| Step { side: prompt.side, wait: moment(prompt.at).since(*end) });
        let tried = attempt(frames, from, &Draw::of_steps(steps.collect()), limits);
        match tried.done.last() {
            Some(end) if before.len() < prompts.len() && tried.done.len() == before.len() => {
                before.push(*end)
            }
            _ => return tried.outcome,
        }
    }
}

fn attempt(frames: &[WatchedFrame], from: KnownFace, draw: &Draw, limits: &LivenessLimits) -> Try {
    let person = PersonId::new(ANYBODY).expect("letters only");
    let challenge = Challenge::new(from.track, person, draw, from.at);
    let mut asking = Asking { challenge, limits, from, newest: from.at, done: Vec::new() };
    let (outcome, end) = asking.run(frames);
    let outcome = match denied(frames) {
        Some((when, cue)) if when <= end => AttemptOutcome::Refused(RefusalCause::Cue(cue)),
        _ => outcome,
    };
    Try { outcome, done: asking.done }
}

struct Asking<'a> {
    challenge: Challenge,
    limits: &'a LivenessLimits,
    from: KnownFace,
    /// The last frame.
    newest: Moment,
    done: Vec<Moment>,
}

impl Asking<'_> {
    /// The outcome, and when it was known.
    fn run(&mut self, frames: &[WatchedFrame]) -> (AttemptOutcome, Moment) {
        let begun = self.from.at;
        for frame in frames.iter().filter(|frame| frame.taken > begun) {
            let outcome = self.take(frame);
            self.newest = frame.taken;
            if let Some(outcome) = outcome {
                return (outcome, self.newest);
            }
        }
        // The clip is over: nothing moves any more.
        let over = self.newest.max(self.from.at + LONGEST) + LONGEST;
        (self.wait(over).unwrap_or(AttemptOutcome::Unsure), self.newest)
    }

    fn take(&mut self, frame: &WatchedFrame) -> Option<AttemptOutcome> {
        if let Some(outcome) = self.wait(frame.taken) {
            return Some(outcome);
        }
        if frame.track.is_some_and(|track| track != self.from.track) {
            return Some(AttemptOutcome::Unsure);
        }
        let is_asked = self.is_asked();
        let progress = self.challenge.moved(frame.motion.as_ref()?, self.limits);
        if is_asked && !self.is_asked() && !matches!(progress, Progress::Failed(_)) {
            self.done.push(frame.taken);
        }
        self.outcome(progress)
    }

    /// Lets time pass, with a stop where it changes something by itself.
    fn wait(&mut self, until: Moment) -> Option<AttemptOutcome> {
        let stop = self.challenge.deadline().max(self.newest).min(until);
        [stop, until].into_iter().find_map(|now| {
            let progress = self.challenge.pass_time(now);
            self.outcome(progress)
        })
    }

    fn is_asked(&self) -> bool {
        matches!(self.challenge.prompt(), Prompt::Turn(_))
    }

    fn outcome(&self, progress: Progress) -> Option<AttemptOutcome> {
        Some(match progress {
            Progress::GoesOn => return None,
            Progress::Done => AttemptOutcome::Accepted,
            Progress::Failed(Failure::WrongTurn) => AttemptOutcome::Refused(RefusalCause::WrongTurn),
            Progress::Failed(Failure::Sheet) => AttemptOutcome::Refused(RefusalCause::Sheet),
            Progress::Failed(Failure::NoResponse) => AttemptOutcome::NoResponse,
            Progress::Failed(Failure::Unsure) if self.challenge.is_of_a_sheet(self.limits) => {
                AttemptOutcome::Refused(RefusalCause::Sheet)
            }
            Progress::Failed(Failure::Unsure) => AttemptOutcome::Unsure,
        })
    }
}
