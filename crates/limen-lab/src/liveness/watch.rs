//! A clip, shown to the vision frame by frame: what it says does not depend on what is asked.

use std::fs;
use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::{Motion, TrackId};
use limen_core::person::printable_path;
use limen_vision::follow::Vision;
use limen_vision::frame::Picture;
use limen_vision::pixels::photograph::photograph_from_bytes;

use super::clip::{Clip, ClipError, ClipFrame};

/// The moment at which the clock of every clip begins.
const START: Moment = Moment::from_boot(Duration::from_secs(60));

/// What the vision saw in a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedFrame {
    /// When it was taken.
    pub taken: Moment,
    /// The track of the nearest face.
    pub track: Option<TrackId>,
    /// Whether the face is good enough to be recognised.
    pub is_usable: bool,
    /// How it moves.
    pub motion: Option<Motion>,
}

/// The moment of a time on a clip's clock.
pub fn moment(time: Duration) -> Moment {
    START + time
}

/// The time on a clip's clock at this moment.
pub fn time(moment: Moment) -> Duration {
    moment.since(START)
}

/// Shows the clip. `done` is called after each frame.
///
/// # Errors
/// A frame cannot be read, has another size than the first, or a network failed.
pub fn watch(clip: &Clip, mut vision: Vision, done: &dyn Fn()) -> Result<Vec<WatchedFrame>, ClipError> {
    let mut watched = Vec::new();
    each_frame(clip, done, |frame, picture| {
        let taken = moment(frame.taken);
        let look = vision.look(picture, taken)?;
        let (track, is_usable) = match look.nearest {
            Some(nearest) => (Some(nearest.track), nearest.face.is_ok()),
            None => (None, false),
        };
        watched.push(WatchedFrame { taken, track, is_usable, motion: look.motion });
        Ok(())
    })?;
    Ok(watched)
}

/// Reads the frames in their order; all must have one size.
pub(super) fn each_frame(
    clip: &Clip,
    done: &dyn Fn(),
    mut take: impl FnMut(&ClipFrame, &Picture) -> Result<(), ClipError>,
) -> Result<(), ClipError> {
    let mut first = None;
    for frame in &clip.frames {
        let file = &frame.file;
        let bytes = fs::read(file).map_err(|source| ClipError::File { file: file.clone(), source })?;
        let picture = photograph_from_bytes(&bytes, &printable_path(file))?;
        let size = (picture.width(), picture.height());
        let first = *first.get_or_insert(size);
        if size != first {
            return Err(ClipError::Size { file: file.clone(), size, first });
        }
        take(frame, &picture)?;
        done();
    }
    Ok(())
}
