//! What the motion of each track has shown so far: evidence of a solid head, deny cues, failed attempts.

use std::collections::{BTreeMap, VecDeque};

use crate::clock::Moment;
use crate::event::{DenyCue, FRESHNESS, LogRatio, Motion, TrackId};

/// The most tracks remembered at once; beyond that the oldest is dropped.
const MAX_TRACKS: usize = 64;
/// A track is denied if this many of its last [`CUE_WINDOW`] frames show a deny cue.
const CUES: usize = 3;
const CUE_WINDOW: usize = 5;

/// One track.
#[derive(Debug, Default)]
pub struct TrackMotion {
    newest: Option<(Moment, LogRatio)>,
    cues: VecDeque<Option<DenyCue>>,
    /// The cue for which the track is denied, once and for all.
    pub denied: Option<DenyCue>,
    /// How many attempts have failed.
    pub failed: u32,
    /// An attempt showed more than that it is open: no PIN makes up for it.
    pub is_suspect: bool,
}

impl TrackMotion {
    /// Takes a frame. Returns the cue if the track is denied from now on.
    fn add(&mut self, motion: &Motion) -> Option<DenyCue> {
        if self.newest.is_some_and(|(newest, _)| motion.taken <= newest) {
            return None;
        }
        self.newest = Some((motion.taken, motion.solid));
        self.cues.push_back(motion.cue);
        while self.cues.len() > CUE_WINDOW {
            self.cues.pop_front();
        }
        let newly = self.denied.is_none() && self.cues.iter().flatten().count() >= CUES;
        if newly {
            self.denied = self.cues.iter().flatten().next_back().copied();
        }
        self.denied.filter(|_| newly)
    }

    /// The evidence of the whole track, if its newest frame is fresh.
    pub fn solid(&self, now: Moment) -> Option<LogRatio> {
        let fresh = |taken: Moment| taken <= now && now.since(taken) <= FRESHNESS;
        self.newest.filter(|(taken, _)| fresh(*taken)).map(|(_, solid)| solid)
    }
}

/// Every track in the picture.
#[derive(Debug, Default)]
pub struct Tracks(BTreeMap<TrackId, TrackMotion>);

impl Tracks {
    /// Takes a frame. Returns the cue if its track is denied from now on.
    pub fn add(&mut self, motion: &Motion) -> Option<DenyCue> {
        self.of(motion.track).add(motion)
    }

    /// What is known of a track.
    pub fn of(&mut self, track: TrackId) -> &mut TrackMotion {
        if self.0.len() >= MAX_TRACKS && !self.0.contains_key(&track) {
            self.0.pop_first();
        }
        self.0.entry(track).or_default()
    }

    /// The cue for which a track is denied.
    pub fn denied(&self, track: TrackId) -> Option<DenyCue> {
        self.0.get(&track).and_then(|motion| motion.denied)
    }

    /// A track is over.
    pub fn remove(&mut self, track: TrackId) {
        self.0.remove(&track);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(ms: u64, cue: Option<DenyCue>) -> Motion {
        let taken = Moment::from_boot(Duration::from_millis(ms));
        let solid = LogRatio::default();
        Motion { track: TrackId(1), taken, yaw: 0.0, pitch: 0.0, turn: None, solid, like_itself: None, cue }
    }

    #[test]
    fn three_cues_in_five_frames_deny_a_track_for_good_and_two_do_not() {
        let (some, none) = (Some(DenyCue::Frame), None);
        for (cues, denied) in [
            ([some, none, some, none, some], true),
            ([some, none, some, none, none], false),
            ([none, some, some, some, none], true),
        ] {
            let mut tracks = Tracks::default();
            let mut ms = 100;
            let mut add = |tracks: &mut Tracks, cue| {
                ms += 30;
                tracks.add(&frame(ms, cue))
            };
            let news = cues.into_iter().filter_map(|cue| add(&mut tracks, cue)).count();
            assert_eq!(news, usize::from(denied));
            assert!((0..9).all(|_| add(&mut tracks, None).is_none()));
            assert_eq!(tracks.denied(TrackId(1)), some.filter(|_| denied));
        }
    }

    #[test]
    fn a_frame_that_is_shown_again_is_no_second_cue() {
        let mut tracks = Tracks::default();
        assert!((0..9).all(|_| tracks.add(&frame(100, Some(DenyCue::Jump))).is_none()));
        assert_eq!(tracks.denied(TrackId(1)), None);
    }
}
