//! What a frame is worth: nothing, a look at the face that is known, or a search of the whole.
//!
//! ```text
//!   nobody there, nothing moved since the last search, that less than SEARCH_A_STILL_SCENE ago  -> Rest
//!   one face followed, the last search less than SEARCH ago and at most FRAMES_BETWEEN frames   -> Follow
//!   anything else                                                                               -> Search
//! ```
//!
//! Pure: time comes with the frame. Where time stands still or goes back, every frame is searched.

use std::time::Duration;

use limen_core::clock::Moment;

use crate::frame::Glance;

/// A face that is followed does without a search for less than this; so soon a second face is seen.
pub const SEARCH: Duration = Duration::from_millis(200);
/// ...and for at most so many frames, however fast they come.
pub const FRAMES_BETWEEN: u32 = 4;
/// A scene in which nothing moves and nobody was found is searched so often all the same.
pub const SEARCH_A_STILL_SCENE: Duration = Duration::from_secs(1);
/// A cell of a [`Glance`] that changes by more than this is a movement. The mean of forty pixels of a noisy
/// camera wanders by one; somebody who comes in changes dozens of cells by tens.
pub const MOVEMENT: f32 = 4.0;

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plan {
    /// Nobody is there, and nothing has moved since that was found.
    Rest,
    /// Place the mesh where the face was; search if it is not there.
    Follow,
    /// Run the detector.
    #[default]
    Search,
}

/// What the last search saw, and when.
#[derive(Debug, Default)]
pub struct Attention {
    searched: Option<Moment>,
    last: Option<Moment>,
    followed: u32,
    /// The scene, if nobody was in it.
    empty: Option<Glance>,
}

impl Attention {
    /// What to do with a frame taken at `taken`. `following`: exactly one face is known and was there in the
    /// frame before. `glance` is asked for only where it matters.
    pub fn plan(&mut self, taken: Moment, following: bool, glance: impl FnOnce() -> Glance) -> Plan {
        let moves_on = self.last.is_some_and(|last| taken > last);
        self.last = Some(taken);
        let Some(searched) = self.searched.filter(|_| moves_on) else { return Plan::Search };
        let since = taken.since(searched);
        if following {
            let soon = since < SEARCH && self.followed < FRAMES_BETWEEN;
            return if soon { Plan::Follow } else { Plan::Search };
        }
        match &self.empty {
            Some(empty) if since < SEARCH_A_STILL_SCENE && empty.difference(&glance()) <= MOVEMENT => {
                Plan::Rest
            }
            _ => Plan::Search,
        }
    }

    /// A frame was followed without a search.
    pub fn followed(&mut self) {
        self.followed = self.followed.saturating_add(1);
    }

    /// A frame was searched. `empty` is its glance if nobody was found, and nobody is waited for who was there
    /// before.
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

    /// Of a scene searched at 1000 ms without anybody in it.
    fn empty() -> Attention {
        let mut attention = Attention::default();
        assert_eq!(attention.plan(at(1000), false, not_asked), Plan::Search);
        attention.searched(at(1000), Some(scene(50)));
        attention
    }

    #[test]
    fn a_still_scene_is_searched_every_second() {
        let mut attention = empty();
        for ms in (1100..2000).step_by(100) {
            assert_eq!(attention.plan(at(ms), false, || scene(50)), Plan::Rest, "{ms}");
        }
        assert_eq!(attention.plan(at(2000), false, || scene(50)), Plan::Search);
    }

    #[test]
    fn a_movement_is_searched_at_once_and_a_slow_one_as_soon_as_it_adds_up() {
        assert_eq!(empty().plan(at(1100), false, || scene(60)), Plan::Search);
        let mut attention = empty();
        let drift: Vec<Plan> =
            (1..8).map(|n| attention.plan(at(1000 + 100 * n), false, || scene(50 + n as u8))).collect();
        assert_eq!(drift.iter().position(|plan| *plan == Plan::Search), Some(4), "{drift:?}");
    }

    #[test]
    fn somebody_who_stands_still_is_searched_in_every_frame_until_followed() {
        let mut attention = empty();
        attention.searched(at(1000), None);
        assert_eq!(attention.plan(at(1100), false, not_asked), Plan::Search);
        assert_eq!(attention.plan(at(1150), true, not_asked), Plan::Follow);
    }

    #[test]
    fn a_followed_face_is_searched_for_after_200_ms_and_after_four_frames() {
        for (interval, follows) in [(100, 1), (66, 3), (33, 4), (5, 4), (200, 0), (1000, 0)] {
            let mut attention = empty();
            let mut ms = 1000;
            for _ in 0..3 {
                for _ in 0..follows {
                    ms += interval;
                    assert_eq!(attention.plan(at(ms), true, not_asked), Plan::Follow, "{interval} ms");
                    attention.followed();
                }
                ms += interval;
                assert_eq!(attention.plan(at(ms), true, not_asked), Plan::Search, "{interval} ms");
                attention.searched(at(ms), None);
            }
        }
    }

    #[test]
    fn where_time_does_not_go_on_every_frame_is_searched() {
        let mut attention = empty();
        assert_eq!(attention.plan(at(1000), false, || scene(50)), Plan::Search);
        assert_eq!(attention.plan(at(10), true, not_asked), Plan::Search);
        assert_eq!(Attention::default().plan(at(5000), true, not_asked), Plan::Search);
    }
}
