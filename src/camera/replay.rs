//! Photographs and recorded frames in place of a camera: for demo, tests and bench.
//!
//! Time stamps come from the recording's own clock, which advances by one interval per frame. So a replay may
//! run faster than real time, and all code that counts seconds behaves the same. A replay is never a
//! [`LiveSource`](super::LiveSource).

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use limen_core::clock::Moment;
use limen_vision::frame::{Frame, Picture, PixelFormat};
use limen_vision::pixels::jpeg;
use limen_vision::pixels::photograph::{load_photograph, read};
use limen_vision::pixels::scale::fit_picture;

use super::{CAMERA_SIZE, CameraError, FrameSource, shown};
use crate::clocks;

/// The most pictures in a folder: an hour at 25 frames a second.
pub const MAX_PICTURES: usize = 90_000;

/// A source of recorded pictures.
pub struct Replay {
    name: String,
    stills: Vec<Still>,
    interval: Duration,
    start: Moment,
    repeat: u64,
    blanks: u64,
    looping: bool,
    paced: bool,
    delivered: u64,
    elapsed: Duration,
    begun: Option<Instant>,
}

/// A picture, in memory or still on disk.
enum Still {
    Picture(Picture),
    File(PathBuf),
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
        let stills = pictures.iter().map(|picture| Still::Picture(fitted(picture))).collect();
        Self::of("photographs".to_owned(), stills, interval, start)
    }

    /// Shows the JPEG and PNG files of a folder in the order of their names. Each is read when it is needed.
    /// JPEGs of camera size are delivered unchanged, as MJPEG.
    ///
    /// # Errors
    /// If the folder cannot be listed, has no pictures, or has more than [`MAX_PICTURES`].
    pub fn from_folder(folder: &Path, interval: Duration, start: Moment) -> Result<Self, CameraError> {
        let nothing = |what: String| CameraError::NothingToReplay { place: shown(folder), what };
        let mut files =
            picture_files(folder).map_err(|error| nothing(format!("cannot be listed: {error}")))?;
        if files.len() > MAX_PICTURES {
            return Err(nothing(format!("more than {MAX_PICTURES} pictures; split the recording")));
        }
        files.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
        Self::of(shown(folder), files.into_iter().map(Still::File).collect(), interval, start)
    }

    fn of(name: String, stills: Vec<Still>, interval: Duration, start: Moment) -> Result<Self, CameraError> {
        if stills.is_empty() {
            let what = "no pictures to show; put .jpg or .png files there".to_owned();
            return Err(CameraError::NothingToReplay { place: name, what });
        }
        Ok(Self {
            name,
            stills,
            interval,
            start,
            repeat: 1,
            blanks: 0,
            looping: false,
            paced: false,
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

    /// The index of the picture in the frame with this sequence number, from 0; `None` for a black frame.
    pub fn picture_of(&self, sequence: u64) -> Option<usize> {
        let cycle = self.repeat + self.blanks;
        let shown = usize::try_from(sequence / cycle).ok()? % self.stills.len();
        (sequence % cycle < self.repeat).then_some(shown)
    }

    /// The number of frames in one pass through all pictures.
    pub fn frames(&self) -> u64 {
        (self.repeat + self.blanks) * self.stills.len() as u64
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

    fn frame(&self, sequence: u64, taken: Moment) -> Result<Frame, CameraError> {
        match self.picture_of(sequence).map(|index| &self.stills[index]) {
            None => Ok(rgb_frame(&black(), sequence, taken)),
            Some(Still::Picture(picture)) => Ok(rgb_frame(picture, sequence, taken)),
            Some(Still::File(path)) => file_frame(path, sequence, taken),
        }
    }
}

impl FrameSource for Replay {
    fn next(&mut self, timeout: Duration) -> Result<Option<Frame>, CameraError> {
        if !self.looping && self.delivered >= self.frames() {
            return Err(CameraError::Ended { place: self.name.clone() });
        }
        if !self.is_due(timeout) {
            return Ok(None);
        }
        let (sequence, taken) = (self.delivered, self.start + self.elapsed);
        self.delivered += 1;
        self.elapsed = self.elapsed.saturating_add(self.interval);
        self.frame(sequence, taken).map(Some)
    }

    fn describe(&self) -> String {
        format!("{} recorded pictures ({})", self.stills.len(), self.name)
    }
}

fn fitted(picture: &Picture) -> Picture {
    fit_picture(picture, CAMERA_SIZE.0, CAMERA_SIZE.1)
}

fn black() -> Picture {
    Picture::from_fn(CAMERA_SIZE.0, CAMERA_SIZE.1, |_, _| [0; 3])
}

fn rgb_frame(picture: &Picture, sequence: u64, taken: Moment) -> Frame {
    Frame {
        format: PixelFormat::Rgb24,
        width: picture.width(),
        height: picture.height(),
        stride: picture.width() as usize * 3,
        bytes: picture.rgb().to_vec(),
        taken,
        sequence,
    }
}

fn file_frame(path: &Path, sequence: u64, taken: Moment) -> Result<Frame, CameraError> {
    let bytes = read(path)?;
    let as_it_is = jpeg::outline(&bytes).is_ok_and(|outline| {
        (u32::from(outline.width), u32::from(outline.height)) == CAMERA_SIZE && outline.components != 4
    });
    if !as_it_is {
        return Ok(rgb_frame(&fitted(&load_photograph(path)?), sequence, taken));
    }
    let (width, height) = CAMERA_SIZE;
    Ok(Frame { format: PixelFormat::Mjpeg, width, height, stride: 0, bytes, taken, sequence })
}

/// The picture files in the folder, at most one more than [`MAX_PICTURES`].
fn picture_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if files.len() <= MAX_PICTURES && has_picture_name(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

fn has_picture_name(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["jpg", "jpeg", "png"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use limen_vision::pixels::decode::decode;
    use limen_vision::pixels::encode::encode_jpeg;

    const INTERVAL: Duration = Duration::from_millis(40);

    fn sample(width: u32, height: u32) -> Vec<u8> {
        let picture =
            Picture::from_fn(width, height, |x, y| [(x * 255 / width) as u8, (y * 255 / height) as u8, 90]);
        encode_jpeg(&picture).expect("small pictures can be encoded")
    }

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
    fn a_folder_is_shown_by_name_and_jpegs_of_camera_size_as_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let jpeg = sample(CAMERA_SIZE.0, CAMERA_SIZE.1);
        std::fs::write(folder.path().join("b.JPG"), &jpeg).expect("writable");
        std::fs::write(folder.path().join("a.jpg"), sample(64, 64)).expect("writable");
        std::fs::write(folder.path().join("notes.txt"), "no picture").expect("writable");
        let mut replay = Replay::from_folder(folder.path(), INTERVAL, start()).expect("two pictures");
        let small = next(&mut replay);
        assert_eq!((small.format, small.width, small.height), (PixelFormat::Rgb24, 640, 480));
        let whole = next(&mut replay);
        assert_eq!((whole.format, &whole.bytes), (PixelFormat::Mjpeg, &jpeg));
        assert!(decode(&small).is_ok() && decode(&whole).is_ok());
    }

    #[test]
    fn one_bad_picture_is_named_and_the_recording_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.jpg"), "not a picture").expect("writable");
        std::fs::write(folder.path().join("b.jpg"), sample(64, 64)).expect("writable");
        let mut replay = Replay::from_folder(folder.path(), INTERVAL, start()).expect("two files");
        let error = replay.next(Duration::ZERO).expect_err("not a picture").to_string();
        assert!(error.contains("a.jpg"), "{error}");
        assert_eq!(next(&mut replay).sequence, 1);
    }

    #[test]
    fn nothing_to_show_is_an_error() {
        assert!(Replay::new(Vec::new(), INTERVAL, start()).is_err());
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Replay::from_folder(folder.path(), INTERVAL, start()).is_err());
        assert!(Replay::from_folder(&folder.path().join("gone"), INTERVAL, start()).is_err());
    }
}
