//! The stages of a frame, from its bytes to a comparison, and how long each took.

use std::time::Duration;

use crate::pipeline::SeenFrame;

/// The stages, in the order in which a frame passes through them.
pub const STAGES: [&str; 7] = ["decode", "detect", "landmarks", "align", "embed", "match", "total"];

/// The time of each of [`STAGES`] for one frame; `looked` is the time of all stages before the match, `matched` the
/// time of the match.
pub fn times_of(seen: &SeenFrame, looked: Duration, matched: Duration) -> [Duration; STAGES.len()] {
    let timing = seen.look.timing;
    let glance = seen.decode + timing.glance;
    [glance, timing.detect, timing.landmarks, timing.align, timing.embed, matched, looked + matched]
}

/// A time as reports give it.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
