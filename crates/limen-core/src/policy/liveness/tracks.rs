//! What the motion of each track has shown so far: evidence of a solid head, deny cues, failed attempts.

use std::collections::{BTreeMap, VecDeque};

use crate::clock::Moment;
use crate::event::{DenyCue, FRESHNESS, LogRatio, Motion, TrackId};
use crate::policy::rules::LivenessLimits;

/// The most tracks remembered at once; beyond that the oldest is dropped.
const MAX_TRACKS: usize = 64;
/// A track is denied if this many of its last [`CUE_WINDOW`] frames show a deny cue.
const CUES: usize = 3;
const CUE_WINDOW: usize = 5;

/// One track.
#[derive(Debug, Default)]
pub struct TrackMotion {
    newest: Option<(Moment, LogRatio)>,
    /// What the light has shown last.
    light: Option<LogRatio>,
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
        self.light = motion.light.or(self.light);
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

    /// The evidence of the whole track, by motion and light, if its newest frame is fresh.
    pub fn solid(&self, now: Moment, limits: &LivenessLimits) -> Option<LogRatio> {
        self.solid_by_motion(now).map(|solid| with_light(solid, self.light, limits))
    }

    /// The evidence of the whole track by motion alone, if its newest frame is fresh: what a sheet is told by.
    pub fn solid_by_motion(&self, now: Moment) -> Option<LogRatio> {
        let fresh = |taken: Moment| taken <= now && now.since(taken) <= FRESHNESS;
        self.newest.filter(|(taken, _)| fresh(*taken)).map(|(_, solid)| solid)
    }

    /// Whether the light shows a sheet as clearly as it can show anything.
    pub fn looks_flat(&self, limits: &LivenessLimits) -> bool {
        let most = limits.light.get();
        most > 0.0 && self.light.is_some_and(|light| light.get() <= -most)
    }
}

/// Motion and light together. They tell of different things, the shape and how it returns light, so that their logarithms
/// add up. But a bent sheet fools both: so light takes away whatever was shown, and adds only to more than turns to one side
/// alone can show.
fn with_light(solid: LogRatio, light: Option<LogRatio>, limits: &LivenessLimits) -> LogRatio {
    let most = limits.light.get().max(0.0);
    let light = light.map_or(0.0, |light| light.get().clamp(-most, most));
    let counts = if solid > limits.side { light } else { light.min(0.0) };
    LogRatio::new(solid.get() + counts)
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
        Motion {
            track: TrackId(1),
            taken,
            yaw: 0.0,
            pitch: 0.0,
            turn: None,
            solid,
            light: None,
            like_itself: None,
            cue,
        }
    }

    const LIMITS: LivenessLimits = LivenessLimits {
        solid: LogRatio::new(3.0),
        side: LogRatio::new(2.25),
        turn: LogRatio::new(0.25),
        sheet: LogRatio::new(-1.5),
        light: LogRatio::new(1.1),
        compares: true,
    };

    /// What motion and light make together.
    fn together(solid: f32, light: Option<f32>) -> f32 {
        with_light(LogRatio::new(solid), light.map(LogRatio::new), &LIMITS).get()
    }

    #[test]
    fn light_takes_away_whatever_was_shown_and_adds_only_to_more_than_one_side_can_show() {
        for (solid, light, expected) in [
            (2.5, Some(1.1), 3.6),
            (2.5, None, 2.5),
            (2.5, Some(9.0), 3.6),
            (2.25, Some(1.1), 2.25),
            (0.0, Some(1.1), 0.0),
            (-1.6, Some(1.1), -1.6),
            (3.5, Some(-1.1), 2.4),
            (1.0, Some(-9.0), -0.1),
        ] {
            assert!((together(solid, light) - expected).abs() < 1e-5, "{solid} {light:?}");
        }
    }

    #[test]
    fn no_light_makes_a_solid_head_of_what_motion_leaves_at_one_side_or_a_head_of_a_sheet() {
        for step in 0..400 {
            let solid = step as f32 / 50.0 - 5.0;
            for light in [-50.0, -1.1, 0.0, 1.1, 50.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
                let both = together(solid, Some(light));
                assert!(both < LIMITS.solid.get() || solid > LIMITS.side.get(), "{solid} {light}");
                assert!(both <= LIMITS.sheet.get() || solid > LIMITS.sheet.get(), "{solid} {light}");
                assert!((both - solid).abs() <= 1.1 + 1e-5, "{solid} {light}");
            }
        }
    }

    #[test]
    fn a_face_looks_flat_where_light_says_so_as_clearly_as_it_can_and_keeps_what_was_seen_last() {
        let mut track = TrackMotion::default();
        let mut show = |ms, light: Option<f32>, limits: &LivenessLimits| {
            track.add(&Motion { light: light.map(LogRatio::new), ..frame(ms, None) });
            track.looks_flat(limits)
        };
        assert!(!show(100, None, &LIMITS) && !show(200, Some(-1.0), &LIMITS));
        assert!(show(300, Some(-1.1), &LIMITS) && show(400, None, &LIMITS));
        assert!(!show(500, Some(0.2), &LIMITS));
        assert!(!show(600, Some(-9.0), &LivenessLimits::UNREACHABLE), "no light is known");
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
