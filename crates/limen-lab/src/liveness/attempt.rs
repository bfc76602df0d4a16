//! The attempts of a clip: what is asked in each, and what becomes of it.
//!
//! A clip of a person is one attempt, with the prompts that the clip answered; so is an attack that answers prompts. An
//! attack that was made without any is tried with [`DRAWN`] challenges drawn by lot; each has one retry, later
//! in the clip if that is long enough, else from its beginning.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::{Draw, LogRatio, Side};
use limen_core::policy::LivenessLimits;
use limen_core::policy::liveness::LONGEST;

use super::asking::{KnownFace, ask, ask_at, denied, present, recognised};
use super::clip::{Clip, ClipError};
use super::outcome::{AttemptOutcome, RefusalCause};
use super::watch::{WatchedFrame, moment, time};
use crate::bootstrap::Numbers;

/// How many challenges are drawn for an attack that was made without one.
pub const DRAWN: usize = 20;
/// How long after a try its retry begins, if the clip goes on for so long.
const REST: Duration = Duration::from_secs(2);
/// How long before its first prompt the challenge of a clip begins: the shortest wait that can be drawn.
const BEFORE: Duration = Duration::from_millis(300);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskMode {
    /// Whether somebody is let in by what they do anyway, without being asked.
    Motion,
    /// Whether somebody answers a challenge.
    Challenge,
}

/// What attempts are judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttemptRules {
    /// What is measured.
    pub mode: AskMode,
    /// Frames of one track that must be good enough to recognise somebody, at least 1.
    pub frames: usize,
    /// Which evidence is enough.
    pub limits: LivenessLimits,
    /// Whether a drawn challenge may ask to look up.
    pub may_ask_up: bool,
    /// The same seed draws the same challenges.
    pub seed: u64,
}

/// An attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LivenessAttempt {
    /// What has become of it.
    pub outcome: AttemptOutcome,
    /// Whether something had to be asked.
    pub is_asked: bool,
    /// When the outcome was known, on the clip's clock; `None` if there was no face.
    pub known: Option<Duration>,
}

/// Checks that a clip can be measured like this.
///
/// # Errors
/// A person's clip says nothing of what was asked.
pub fn check(clip: &Clip, mode: AskMode) -> Result<(), ClipError> {
    if mode == AskMode::Challenge && clip.live && clip.prompts.is_empty() {
        let what = "is missing, and a person is measured with what they were asked; add \
                    challenge = [\"left\", \"right\"] and at-ms = [900, 2600], or measure with --mode motion";
        return Err(ClipError::Unfit { file: clip.file(), key: "challenge", what: what.to_owned() });
    }
    Ok(())
}

/// All attempts of a clip.
pub fn attempts(clip: &Clip, frames: &[WatchedFrame], rules: &AttemptRules) -> Vec<LivenessAttempt> {
    match rules.mode {
        AskMode::Motion => vec![unasked(before_prompts(clip, frames), rules)],
        AskMode::Challenge if clip.prompts.is_empty() => drawn(clip, frames, rules),
        AskMode::Challenge => vec![asked(clip, frames, rules)],
    }
}

/// The evidence that decides over a clip: of the whole track, or the weaker of the turns to both sides; `None` if there
/// was none.
pub fn score(frames: &[WatchedFrame], mode: AskMode) -> Option<f32> {
    let motions = || frames.iter().filter_map(|frame| frame.motion.as_ref());
    let strongest = |ratios: &mut dyn Iterator<Item = LogRatio>| ratios.map(LogRatio::get).reduce(f32::max);
    let turn = |side: Side| {
        let turns = motions().filter_map(|motion| motion.turn).filter(|turn| turn.side == side);
        strongest(&mut turns.map(|turn| turn.proof))
    };
    match mode {
        AskMode::Motion => strongest(&mut motions().map(|motion| motion.solid)),
        AskMode::Challenge => Some(turn(Side::Left)?.min(turn(Side::Right)?)),
    }
}

/// What a person does before they are asked; an attack may move as it likes.
fn before_prompts<'a>(clip: &Clip, frames: &'a [WatchedFrame]) -> &'a [WatchedFrame] {
    match clip.prompts.first() {
        Some(first) if clip.live => &frames[..frames.partition_point(|frame| frame.taken < moment(first.at))],
        _ => frames,
    }
}

/// Whether whoever is shown is let in without being asked; else they are asked, or refused where nothing can be asked.
fn unasked(frames: &[WatchedFrame], rules: &AttemptRules) -> LivenessAttempt {
    let from = recognised(frames, rules.frames);
    let is_solid = |frame: &&WatchedFrame| {
        let is_known = from.is_some_and(|from| frame.taken >= from.at && frame.track == Some(from.track));
        is_known && frame.motion.as_ref().is_some_and(|motion| motion.solid >= rules.limits.solid)
    };
    let solid = frames.iter().find(is_solid).map(|frame| frame.taken);
    let last = frames.last().map(|frame| frame.taken);
    let denied = denied(frames);
    let outcome = match (solid, denied) {
        (Some(solid), Some((when, _))) if solid < when => AttemptOutcome::Accepted,
        (_, Some((_, cue))) => AttemptOutcome::Refused(RefusalCause::Cue(cue)),
        (Some(_), None) => AttemptOutcome::Accepted,
        (None, None) if frames.iter().all(|frame| frame.track.is_none()) => AttemptOutcome::NoResponse,
        (None, None) => AttemptOutcome::Unsure,
    };
    let refused = denied.map(|(when, _)| when);
    let known = if outcome == AttemptOutcome::Accepted { solid } else { refused.or(last) };
    LivenessAttempt { outcome, is_asked: outcome == AttemptOutcome::Unsure, known: known.map(time) }
}

/// The attempt of a clip that answers its own prompts.
fn asked(clip: &Clip, frames: &[WatchedFrame], rules: &AttemptRules) -> LivenessAttempt {
    let first = clip.prompts.first().map_or(Duration::ZERO, |prompt| prompt.at);
    // Whom the clip asked was known then; whether the door would know them is not measured here.
    let Some(face) = present(frames, moment(first) - BEFORE) else { return without_a_face() };
    let from = KnownFace { at: face.at.max(moment(first) - BEFORE), ..face };
    let tried = ask_at(frames, from, &clip.prompts, &rules.limits);
    LivenessAttempt { outcome: tried.outcome, is_asked: true, known: Some(time(tried.end)) }
}

/// The attempts of an attack that was made without prompts.
fn drawn(clip: &Clip, frames: &[WatchedFrame], rules: &AttemptRules) -> Vec<LivenessAttempt> {
    let Some(from) = recognised(frames, rules.frames) else { return vec![without_a_face(); DRAWN] };
    let mut numbers = Numbers::new(rules.seed ^ mark(clip));
    let mut one_try = |from| {
        let bytes = std::array::from_fn(|_| numbers.below(256) as u8);
        ask(frames, from, &Draw::from_bytes(bytes, rules.may_ask_up), &rules.limits)
    };
    let mut one = || {
        let first = one_try(from);
        let tried = match first.outcome {
            AttemptOutcome::Accepted => first,
            _ => Some(one_try(retry(frames, from, first.end)))
                .filter(|second| second.outcome == AttemptOutcome::Accepted)
                .unwrap_or(first),
        };
        LivenessAttempt { outcome: tried.outcome, is_asked: true, known: Some(time(tried.end)) }
    };
    (0..DRAWN).map(|_| one()).collect()
}

/// Whom the retry asks, and when: a moment after the first try, or from the beginning if the clip is too short for that.
fn retry(frames: &[WatchedFrame], from: KnownFace, end: Moment) -> KnownFace {
    let later = frames.iter().position(|frame| frame.taken >= end + REST);
    let last = frames.last().map_or(end, |frame| frame.taken);
    let again = later.and_then(|later| recognised(&frames[later..], 1));
    again.filter(|again| again.at + LONGEST <= last).unwrap_or(from)
}

fn without_a_face() -> LivenessAttempt {
    LivenessAttempt { outcome: AttemptOutcome::NoResponse, is_asked: false, known: None }
}

/// A number of the clip's own, so that its challenges do not depend on the clips beside it (FNV-1a).
fn mark(clip: &Clip) -> u64 {
    let bytes = clip.species.bytes().chain([b'/']).chain(clip.name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
