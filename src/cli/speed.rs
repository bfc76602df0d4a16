//! Measures how long this machine needs for a frame, for `bench` and `check`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_core::event::FRESHNESS;
use limen_vision::follow::Vision;
use limen_vision::frame::{Frame, Orientation, Picture, PixelFormat};
use limen_vision::frame_planner::FramePlan;
use limen_vision::frame_planner::{SEARCH, SEARCH_A_STILL_SCENE};
use limen_vision::model::Models;
use limen_vision::pixels::decode::encode_yuyv;
use limen_vision::pixels::scale::fit_picture;
use limen_vision::quality::Gate;

use super::outcome::CommandError;
use crate::camera::CAMERA_SIZE;
use crate::pipeline::{SeenFrame, see};

/// How many frames [`usual_frame`] measures.
const SAMPLES: usize = 5;
/// The largest age of a frame when it is fetched: the time between two frames of the slowest camera that is chosen by
/// default.
const AGE_AT_FETCH: Duration = Duration::from_millis(100);

/// A picture as the YUYV frame of a camera, of [`CAMERA_SIZE`].
pub fn yuyv(picture: &Picture) -> Frame {
    let (width, height) = CAMERA_SIZE;
    Frame {
        format: PixelFormat::Yuyv,
        width,
        height,
        stride: width as usize * 2,
        bytes: encode_yuyv(&fit_picture(picture, width, height)),
        orientation: Orientation::UPRIGHT,
        taken: Moment::default(),
        sequence: 0,
    }
}

/// A picture of an empty hallway, with this brightness (0 to 255).
pub fn hallway(light: u8) -> Picture {
    Picture::from_fn(CAMERA_SIZE.0, CAMERA_SIZE.1, |x, y| [(x / 4) as u8, (y / 3) as u8, light])
}

/// What a vision should do with the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameUse {
    /// Search each frame.
    Search,
    /// Follow faces in most frames; the other frames do not count.
    Follow,
    /// Find that nothing moved in most frames; the other frames do not count.
    Rest,
}

/// Shows frames to a vision as fast as it can. It sets the times of the frames so that the vision does what is wanted.
pub struct FramePlayer {
    vision: Vision,
    wanted: FrameUse,
    now: Moment,
}

impl FramePlayer {
    /// A shower of frames to `vision`.
    pub fn new(vision: Vision, wanted: FrameUse) -> Self {
        Self { vision, wanted, now: Moment::from_boot(Duration::from_secs(1)) }
    }

    /// What the vision saw in the frame, and how long it took; `None` if it did something else than wanted.
    ///
    /// # Errors
    /// The frame cannot be decoded, or a network fails.
    pub fn show(&mut self, frame: &Frame) -> Result<Option<(SeenFrame, Duration)>, CommandError> {
        let (interval, plan) = match self.wanted {
            FrameUse::Search => (SEARCH, FramePlan::Search),
            FrameUse::Follow => (SEARCH / 10, FramePlan::Follow),
            FrameUse::Rest => (SEARCH_A_STILL_SCENE / 100, FramePlan::Rest),
        };
        self.now = self.now + interval;
        let frame = Frame { taken: self.now, ..frame.clone() };
        let start = Instant::now();
        let seen = see(&mut self.vision, &frame).map_err(|error| CommandError::Device(error.to_string()))?;
        let took = start.elapsed();
        Ok((seen.look.plan == plan).then_some((seen, took)))
    }
}

/// The median time of a few frames with a face, which are searched and embedded twice as for a close decision. The
/// median ignores a moment in which other programs use the machine.
///
/// # Errors
/// A frame cannot be decoded, or a network fails.
pub fn usual_frame(models: &Arc<Models>, face: &Picture) -> Result<Duration, CommandError> {
    let vision = Vision::new(Arc::clone(models), Gate::wide_open(), Crops::Mirrored);
    let (mut player, frame) = (FramePlayer::new(vision, FrameUse::Search), yuyv(face));
    let mut times = Vec::with_capacity(SAMPLES);
    while times.len() < SAMPLES {
        times.extend(player.show(&frame)?.map(|(_, took)| took));
    }
    times.sort_unstable();
    Ok(times[SAMPLES / 2])
}

/// Whether frames that take the time `usual` can ever let a person in, in words. When the newest of the `frames` that
/// agree is analysed, it must not be older than [`FRESHNESS`].
///
/// # Errors
/// The machine is too slow, with the remedy.
pub fn can_decide(usual: Duration, frames: usize) -> Result<String, String> {
    let work = usual.as_millis();
    let age = AGE_AT_FETCH + usual;
    if age <= FRESHNESS {
        let needed = usual.max(AGE_AT_FETCH) * u32::try_from(frames).unwrap_or(u32::MAX);
        let seconds = needed.as_secs_f64();
        return Ok(format!("{work} ms for a frame with a face; {frames} that agree take {seconds:.1} s"));
    }
    let (age, fresh) = (age.as_millis(), FRESHNESS.as_millis());
    Err(format!(
        "this machine takes {work} ms for a frame with a face: frames are {age} ms old when they have been \
         compared, but only {fresh} ms count, so that [recognition] frames = {frames} are never reached; end other \
         programs, choose a smaller network in [model], or use a faster machine"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_fast_enough_is_told_how_long_a_decision_takes() {
        let said = can_decide(Duration::from_millis(250), 4).expect("fast enough");
        assert_eq!(said, "250 ms for a frame with a face; 4 that agree take 1.0 s");
        assert!(can_decide(Duration::from_millis(20), 3).expect("fast").contains("0.3 s"));
        assert!(can_decide(FRESHNESS - AGE_AT_FETCH, 10).is_ok());
    }

    #[test]
    fn a_machine_whose_frames_are_stale_when_it_has_seen_them_is_refused() {
        let said = can_decide(Duration::from_millis(401), 3).expect_err("too slow");
        assert!(said.contains("501 ms old") && said.contains("frames = 3"), "{said}");
    }
}
