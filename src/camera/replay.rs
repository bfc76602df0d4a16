//! Photographs that pass for a camera: for the demo, tests and bench.
//!
//! Time stamps come from the recording's own clock, which advances by one interval per frame. So a replay may
//! run faster than real time, and all code that counts seconds behaves the same. A replay is never a
//! [`LiveSource`](super::LiveSource).

use std::thread;
use std::time::{Duration, Instant};

use limen_core::clock::Moment;
use limen_vision::frame::{Frame, Orientation, Picture, PixelFormat};
use limen_vision::pixels::scale::fit_picture;

use super::{CAMERA_SIZE, CameraError, FrameSource};
use crate::clocks;

/// What a replay calls itself.
const NAME: &str = "photographs";

/// A source of recorded pictures.
pub struct Replay {
    /// Each of [`CAMERA_SIZE`].
    pictures: Vec<Picture>,
    interval: Duration,
    start: Moment,
    repeat: u64,
    blanks: u64,
    looping: bool,
    paced: bool,
    orientation: Orientation,
    delivered: u64,
    elapsed: Duration,
    begun: Option<Instant>,
}

impl Replay {
    /// Shows pictures one after the other, each fitted into [`CAMERA_SIZE`]. The first is taken at `start`,
    /// each further frame `interval` later.
    ///
    /// By default each picture is one frame, without pauses, all are shown once, and each as soon as it is
    /// asked for.
    ///
    /// # Errors
    /// If there are no pictures.
    pub fn new(pictures: Vec<Picture>, interval: Duration, start: Moment) -> Result<Self, CameraError> {
        if pictures.is_empty() {
            return Err(CameraError::NothingToReplay { place: NAME.to_owned() });
        }
        Ok(Self {
            pictures: pictures.iter().map(fitted).collect(),
            interval,
            start,
            repeat: 1,
            blanks: 0,
            looping: false,
            paced: false,
            orientation: Orientation::UPRIGHT,
            delivered: 0,
            elapsed: Duration::ZERO,
            begun: None,
        })
    }

    /// Shows each picture for this many frames, at least 1.
    pub fn repeat(mut self, frames: u32) -> Self {
        self.repeat = u64::from(frames.max(1));
        self
    }

    /// Shows this many black frames after each picture, so that a face leaves before the next one comes.
    pub fn blanks_between(mut self, frames: u32) -> Self {
        self.blanks = u64::from(frames);
        self
    }

    /// Starts again after the last picture, instead of ending with [`CameraError::Ended`].
    pub fn looping(mut self, looping: bool) -> Self {
        self.looping = looping;
        self
    }

    /// Delivers each frame at its time, instead of at once. The first is taken when it is first asked for.
    pub fn paced(mut self, paced: bool) -> Self {
        self.paced = paced;
        self
    }

    /// Shows the pictures as those of a camera that is mounted like this.
    pub fn mounted(mut self, orientation: Orientation) -> Self {
        self.orientation = orientation;
        self
    }

    /// The index of the picture in the frame with this sequence number, from 0; `None` for a black frame.
    pub fn picture_of(&self, sequence: u64) -> Option<usize> {
        let cycle = self.repeat + self.blanks;
        let shown = usize::try_from(sequence / cycle).ok()? % self.pictures.len();
        (sequence % cycle < self.repeat).then_some(shown)
    }

    /// The number of frames in one pass through all pictures.
    pub fn frames(&self) -> u64 {
        (self.repeat + self.blanks) * self.pictures.len() as u64
    }

    /// Whether the next frame is due. Waits for it at most `timeout`.
    fn is_due(&mut self, timeout: Duration) -> bool {
        if !self.paced {
            return true;
        }
        let begun = *self.begun.get_or_insert_with(|| {
            self.start = clocks::moment();
            Instant::now()
        });
        let due = begun + self.elapsed;
        let wait = due.saturating_duration_since(Instant::now());
        thread::sleep(wait.min(timeout));
        wait <= timeout
    }

    fn frame(&self, sequence: u64, taken: Moment) -> Frame {
        match self.picture_of(sequence).map(|index| &self.pictures[index]) {
            None => rgb_frame(&black(), self.orientation, sequence, taken),
            Some(picture) => rgb_frame(picture, self.orientation, sequence, taken),
        }
    }
}

impl FrameSource for Replay {
    fn next(&mut self, timeout: Duration) -> Result<Option<Frame>, CameraError> {
        if !self.looping && self.delivered >= self.frames() {
            return Err(CameraError::Ended { place: NAME.to_owned() });
        }
        if !self.is_due(timeout) {
            return Ok(None);
        }
        let (sequence, taken) = (self.delivered, self.start + self.elapsed);
        self.delivered += 1;
        self.elapsed = self.elapsed.saturating_add(self.interval);
        Ok(Some(self.frame(sequence, taken)))
    }

    fn describe(&self) -> String {
        format!("{} recorded pictures ({NAME})", self.pictures.len())
    }
}

fn fitted(picture: &Picture) -> Picture {
    fit_picture(picture, CAMERA_SIZE.0, CAMERA_SIZE.1)
}

fn black() -> Picture {
    Picture::from_fn(CAMERA_SIZE.0, CAMERA_SIZE.1, |_, _| [0; 3])
}

fn rgb_frame(picture: &Picture, orientation: Orientation, sequence: u64, taken: Moment) -> Frame {
    Frame {
        format: PixelFormat::Rgb24,
        width: picture.width(),
        height: picture.height(),
        stride: picture.width() as usize * 3,
        bytes: picture.rgb().to_vec(),
        orientation,
        taken,
        sequence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(40);

    fn plain(level: u8) -> Picture {
        Picture::from_fn(CAMERA_SIZE.0, CAMERA_SIZE.1, |_, _| [level; 3])
    }

    fn start() -> Moment {
        Moment::from_boot(Duration::from_secs(100))
    }

    fn next(replay: &mut Replay) -> Frame {
        replay.next(Duration::ZERO).expect("not at its end").expect("not paced")
    }

    #[test]
    fn pictures_come_in_order_with_blanks_between_and_time_moves_by_the_interval() {
        let pictures = vec![plain(10), plain(20)];
        let mut replay =
            Replay::new(pictures, INTERVAL, start()).expect("two pictures").repeat(2).blanks_between(1);
        let frames: Vec<Frame> = (0..replay.frames()).map(|_| next(&mut replay)).collect();
        let levels: Vec<u8> = frames.iter().map(|frame| frame.bytes[0]).collect();
        assert_eq!(levels, [10, 10, 0, 20, 20, 0]);
        for (count, frame) in (0u32..).zip(&frames) {
            assert_eq!(frame.taken, start() + INTERVAL * count);
            assert_eq!(frame.sequence, u64::from(count));
        }
        assert!(matches!(replay.next(Duration::ZERO), Err(CameraError::Ended { .. })));
        assert_eq!([0, 2, 4].map(|sequence| replay.picture_of(sequence)), [Some(0), None, Some(1)]);
    }

    #[test]
    fn a_looping_replay_begins_again_while_its_clock_goes_on() {
        let mut replay = Replay::new(vec![plain(10)], INTERVAL, start()).expect("a picture").looping(true);
        let first = next(&mut replay);
        let second = next(&mut replay);
        assert_eq!(first.bytes, second.bytes);
        assert_eq!(second.taken, first.taken + INTERVAL);
    }

    #[test]
    fn a_paced_replay_waits_for_the_frame_but_not_longer_than_the_timeout() {
        let hour = Duration::from_secs(3600);
        let mut replay = Replay::new(vec![plain(1), plain(2)], hour, start()).expect("two").paced(true);
        assert!(replay.next(Duration::ZERO).expect("the first is due at once").is_some());
        assert!(replay.next(Duration::from_millis(1)).expect("not at its end").is_none());
    }

    #[test]
    fn nothing_to_show_is_an_error() {
        assert!(Replay::new(Vec::new(), INTERVAL, start()).is_err());
    }
}
