//! One try of a challenge, with the policy's own rules, on frames that were watched before.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::{DenyCue, Draw, Prompt, Step, TrackId};
use limen_core::policy::LivenessLimits;
use limen_core::policy::liveness::{Challenge, Failure, LONGEST, Progress};

use super::clip_file::TimedPrompt;
use super::outcome::{AttemptOutcome, RefusalCause};
use super::watch::{WatchedFrame, moment};

/// How long a step waits of which it is not known yet when its wait begins.
const UNKNOWN_WAIT: Duration = Duration::from_secs(1);
/// A wait that is over when it begins would not be seen to begin.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
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
pub struct Tried {
    /// Its outcome.
    pub outcome: AttemptOutcome,
    /// When it was known.
    pub end: Moment,
    /// When the wait of each step began.
    waits: Vec<Moment>,
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

/// The face that is there at this moment, or the next one that comes.
pub fn present(frames: &[WatchedFrame], at: Moment) -> Option<KnownFace> {
    let known = |frame: &WatchedFrame| Some(KnownFace { track: frame.track?, at: frame.taken });
    let later = frames.partition_point(|frame| frame.taken <= at);
    frames[..later].last().and_then(known).or_else(|| frames[later..].iter().find_map(known))
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
pub fn ask(frames: &[WatchedFrame], from: KnownFace, draw: &Draw, limits: &LivenessLimits) -> Tried {
    let asking =
        Asking { challenge: Challenge::new(draw, from.at), limits, from, newest: from.at, waits: Vec::new() };
    let tried = asking.run(frames);
    match denied(frames) {
        Some((when, cue)) if when <= tried.end => {
            Tried { outcome: AttemptOutcome::Refused(RefusalCause::Cue(cue)), ..tried }
        }
        _ => tried,
    }
}

/// Asks as the clip did: every prompt at its time, but not before the step ahead of it is done.
pub fn ask_at(
    frames: &[WatchedFrame],
    from: KnownFace,
    prompts: &[TimedPrompt],
    limits: &LivenessLimits,
) -> Tried {
    // How long a wait must be is known once a try has shown when it begins.
    let mut known: Vec<Moment> = Vec::new();
    loop {
        let wait = |(index, prompt): (usize, &TimedPrompt)| {
            let wait = known.get(index).map_or(UNKNOWN_WAIT, |begins| moment(prompt.at).since(*begins));
            Step { side: prompt.side, wait: wait.max(SHORTEST_WAIT) }
        };
        let steps = prompts.iter().enumerate().take(known.len() + 1).map(wait).collect();
        let tried = ask(frames, from, &Draw::of_steps(steps), limits);
        match tried.waits.get(known.len()) {
            Some(begins) if known.len() < prompts.len() => known.push(*begins),
            _ => return tried,
        }
    }
}

struct Asking<'a> {
    challenge: Challenge,
    limits: &'a LivenessLimits,
    from: KnownFace,
    /// The last frame.
    newest: Moment,
    waits: Vec<Moment>,
}

impl Asking<'_> {
    fn run(mut self, frames: &[WatchedFrame]) -> Tried {
        let begun = self.from.at;
        for frame in frames.iter().filter(|frame| frame.taken > begun) {
            let outcome = self.take(frame);
            self.newest = frame.taken;
            if let Some(outcome) = outcome {
                return self.end(outcome);
            }
        }
        // The clip is over: nothing moves any more.
        let outcome = self.wait(self.newest.max(begun) + LONGEST);
        self.end(outcome.unwrap_or(AttemptOutcome::Unsure))
    }

    fn end(self, outcome: AttemptOutcome) -> Tried {
        Tried { outcome, end: self.newest, waits: self.waits }
    }

    fn take(&mut self, frame: &WatchedFrame) -> Option<AttemptOutcome> {
        if let Some(outcome) = self.wait(frame.taken) {
            return Some(outcome);
        }
        if frame.track.is_some_and(|track| track != self.from.track) {
            return Some(AttemptOutcome::Unsure);
        }
        let before = self.is_waiting(frame.taken);
        let progress = self.challenge.moved(frame.motion.as_ref()?, frame.taken, self.limits);
        if !before && self.is_waiting(frame.taken) {
            self.waits.push(frame.taken);
        }
        outcome(progress)
    }

    /// Whether a prompt comes by itself, before time is over.
    fn is_waiting(&self, now: Moment) -> bool {
        let comes_by_itself = self.challenge.deadline(now) < self.from.at + LONGEST;
        comes_by_itself && matches!(self.challenge.prompt(), Prompt::Straight)
    }

    /// Lets time pass, with a stop where it changes something by itself.
    fn wait(&mut self, until: Moment) -> Option<AttemptOutcome> {
        let stop = self.challenge.deadline(self.newest).max(self.newest).min(until);
        [stop, until].into_iter().find_map(|now| outcome(self.challenge.pass_time(now, self.limits)))
    }
}

fn outcome(progress: Progress) -> Option<AttemptOutcome> {
    Some(match progress {
        Progress::GoesOn => return None,
        Progress::Done => AttemptOutcome::Accepted,
        Progress::Failed(Failure::WrongTurn(_)) => AttemptOutcome::Refused(RefusalCause::WrongTurn),
        Progress::Failed(Failure::Sheet) => AttemptOutcome::Refused(RefusalCause::Sheet),
        Progress::Failed(Failure::NoResponse) => AttemptOutcome::NoResponse,
        Progress::Failed(Failure::Unsure | Failure::LooksFlat) => AttemptOutcome::Unsure,
    })
}
