//! How much work a frame needs: none, a mesh where the known face was, or a search of the whole frame.
//!
//! ```text
//! nobody there, no movement since the last search, which was less than SEARCH_A_STILL_SCENE ago -> Rest
//! one face followed, last search less than SEARCH ago and at most FRAMES_BETWEEN frames         -> Follow
//! anything else                                                                                 -> Search
//! ```
//!
//! It is pure: the time comes with the frame. If time stands still or goes back, every frame is searched.

use std::time::Duration;

use limen_core::clock::Moment;

use crate::frame::Glance;

/// A followed face needs no search for this long. A second face is found after this time at the latest.
pub const SEARCH: Duration = Duration::from_millis(200);
/// The largest number of frames between two searches, however fast they come.
pub const FRAMES_BETWEEN: u32 = 4;
/// The longest time between two searches if nothing moves and nobody was found.
pub const SEARCH_A_STILL_SCENE: Duration = Duration::from_secs(1);
/// A cell of a [`Glance`] that changes by more than this, of 255, shows a movement. With a noisy camera the
/// mean of forty pixels varies by 1; a person who comes in changes dozens of cells by tens.
pub const MOVEMENT: f32 = 4.0;

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FramePlan {
    /// Nothing: the scene was empty, and nothing has moved since then.
    Rest,
    /// Place the mesh where the face was; search if it is not there.
    Follow,
    /// Run the detector.
    #[default]
    Search,
}

/// When the last search was, and what it found.
#[derive(Debug, Default)]
pub struct FramePlanner {
    searched: Option<Moment>,
    last: Option<Moment>,
    followed: u32,
    /// The glance at the scene, if it was empty.
    empty: Option<Glance>,
}

impl FramePlanner {
    /// What to do with a frame taken at `taken`. `following`: exactly one face is known and was in the
    /// previous frame. `glance` is called only if the decision needs it.
    pub fn plan(&mut self, taken: Moment, following: bool, glance: impl FnOnce() -> Glance) -> FramePlan {
        let moves_on = self.last.is_some_and(|last| taken > last);
        self.last = Some(taken);
        let Some(searched) = self.searched.filter(|_| moves_on) else { return FramePlan::Search };
        let since = taken.since(searched);
        if following {
            let soon = since < SEARCH && self.followed < FRAMES_BETWEEN;
            return if soon { FramePlan::Follow } else { FramePlan::Search };
        }
        match &self.empty {
            Some(empty) if since < SEARCH_A_STILL_SCENE && empty.difference(&glance()) <= MOVEMENT => {
                FramePlan::Rest
            }
            _ => FramePlan::Search,
        }
    }

    /// Notes that a frame was followed without a search.
    pub fn followed(&mut self) {
        self.followed = self.followed.saturating_add(1);
    }

    /// Notes that a frame was searched. `empty` is its glance if there was no face and none is followed any
    /// more.
    pub fn searched(&mut self, taken: Moment, empty: Option<Glance>) {
        (self.searched, self.followed, self.empty) = (Some(taken), 0, empty);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Picture, View as _};

    fn at(ms: u64) -> Moment {
        Moment::from_boot(Duration::from_millis(ms))
    }

    fn scene(level: u8) -> Glance {
        Picture::from_fn(64, 48, |_, _| [level; 3]).glance()
    }

    fn not_asked() -> Glance {
        panic!("the scene does not matter")
    }

    /// An empty scene, searched at 1000 ms.
    fn empty() -> FramePlanner {
        let mut planner = FramePlanner::default();
        assert_eq!(planner.plan(at(1000), false, not_asked), FramePlan::Search);
        planner.searched(at(1000), Some(scene(50)));
        planner
    }

    #[test]
    fn a_still_scene_is_searched_every_second() {
        let mut planner = empty();
        for ms in (1100..2000).step_by(100) {
            assert_eq!(planner.plan(at(ms), false, || scene(50)), FramePlan::Rest, "{ms}");
        }
        assert_eq!(planner.plan(at(2000), false, || scene(50)), FramePlan::Search);
    }

    #[test]
    fn a_movement_is_searched_at_once_and_a_slow_one_as_soon_as_it_adds_up() {
        assert_eq!(empty().plan(at(1100), false, || scene(60)), FramePlan::Search);
        let mut planner = empty();
        let drift: Vec<FramePlan> =
            (1..8).map(|n| planner.plan(at(1000 + 100 * n), false, || scene(50 + n as u8))).collect();
        assert_eq!(drift.iter().position(|plan| *plan == FramePlan::Search), Some(4), "{drift:?}");
    }

    #[test]
    fn somebody_who_stands_still_is_searched_in_every_frame_until_followed() {
        let mut planner = empty();
        planner.searched(at(1000), None);
        assert_eq!(planner.plan(at(1100), false, not_asked), FramePlan::Search);
        assert_eq!(planner.plan(at(1150), true, not_asked), FramePlan::Follow);
    }

    #[test]
    fn a_followed_face_is_searched_for_after_200_ms_and_after_four_frames() {
        for (interval, follows) in [(100, 1), (66, 3), (33, 4), (5, 4), (200, 0), (1000, 0)] {
            let mut planner = empty();
            let mut ms = 1000;
            for _ in 0..3 {
                for _ in 0..follows {
                    ms += interval;
                    assert_eq!(planner.plan(at(ms), true, not_asked), FramePlan::Follow, "{interval} ms");
                    planner.followed();
                }
                ms += interval;
                assert_eq!(planner.plan(at(ms), true, not_asked), FramePlan::Search, "{interval} ms");
                planner.searched(at(ms), None);
            }
        }
    }

    #[test]
    fn where_time_does_not_go_on_every_frame_is_searched() {
        let mut planner = empty();
        assert_eq!(planner.plan(at(1000), false, || scene(50)), FramePlan::Search);
        assert_eq!(planner.plan(at(10), true, not_asked), FramePlan::Search);
        assert_eq!(FramePlanner::default().plan(at(5000), true, not_asked), FramePlan::Search);
    }
}
