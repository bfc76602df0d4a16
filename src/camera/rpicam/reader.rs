//! The thread that reads the pipes. A pipe holds a seventh of a frame, so it is read all the time, whether or not anybody
//! wants a frame; the newest one is kept.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use limen_core::clock::Moment;
use limen_vision::frame::{Frame, Orientation, PixelFormat};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::error::RpicamError;
use super::message::{Answer, parse_answer};
use super::pairing::{PairedFrame, Pairing, StreamFault};
use super::settings::StreamSettings;
use super::wire;
use crate::clocks;

/// How long a frame and its metadata may take from the first byte to the last. A busy Pi writes one within some
/// milliseconds.
const FRAME_PATIENCE: Duration = Duration::from_secs(1);
/// How long there may be no frame once there was one. Less than the two seconds after which the door is locked whatever
/// the reader says; a camera pauses for up to a second while it sets its exposure.
const SILENCE: Duration = Duration::from_millis(1500);
/// How often the time is looked at while nothing comes.
const LOOK: Duration = Duration::from_millis(250);
/// How long the unit may take to say why the program ended.
const LAST_WORDS: Duration = Duration::from_millis(800);

/// What the reader and the source share.
#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    newest: Option<Frame>,
    /// The bytes of a frame that nobody fetched, for the next one.
    spare: Option<Vec<u8>>,
    error: Option<RpicamError>,
    has_shown: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest frame, once there is one that nobody has fetched; waits at most `timeout`. An error comes first.
    pub(super) fn newest(&self, timeout: Duration) -> Result<Option<Frame>, RpicamError> {
        let nothing = |state: &mut State| state.newest.is_none() && state.error.is_none();
        let waited = self.changed.wait_timeout_while(self.state(), timeout, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match state.error.take() {
            Some(error) => Err(error),
            None => Ok(state.newest.take()),
        }
    }

    /// Whether there was a frame.
    pub(super) fn has_shown(&self) -> bool {
        self.state().has_shown
    }

    fn show(&self, frame: Frame) {
        let mut state = self.state();
        if let Some(unseen) = state.newest.replace(frame) {
            state.spare = Some(unseen.bytes);
        }
        state.has_shown = true;
        self.changed.notify_all();
    }

    fn fail(&self, error: RpicamError) {
        let mut state = self.state();
        // Nothing is shown any more of what went wrong.
        state.newest = None;
        state.error = Some(error);
        self.changed.notify_all();
    }
}

/// Reads frames and metadata until something is wrong, or until the link is shut down.
pub(super) struct Reader {
    frames: OwnedFd,
    metadata: OwnedFd,
    link: UnixStream,
    settings: StreamSettings,
    pairing: Pairing,
    shared: Arc<Shared>,
    /// When the frame that is read began, or the last one ended.
    since: Moment,
    /// Whether there may be metadata that was not read.
    more_metadata: bool,
}

impl Reader {
    pub(super) fn new(
        pipes: [OwnedFd; 2],
        link: UnixStream,
        settings: StreamSettings,
        shared: Arc<Shared>,
    ) -> Self {
        let [frames, metadata] = pipes;
        let pairing = Pairing::new(settings.frame_bytes());
        let since = clocks::moment();
        Self { frames, metadata, link, settings, pairing, shared, since, more_metadata: true }
    }

    pub(super) fn run(mut self) {
        let error = loop {
            if let Err(error) = self.step() {
                break error;
            }
        };
        self.shared.fail(error);
    }

    /// Reads what there is, in the order on which [`Pairing`] relies; waits if there is nothing.
    fn step(&mut self) -> Result<(), RpicamError> {
        if self.more_metadata {
            self.read_metadata()?;
        }
        self.read_frame()?;
        self.pairing.no_more_bytes().map_err(|fault| self.broken(fault))?;
        if self.pairing.is_whole() && self.pairing.is_stamped() {
            let spare = self.shared.state().spare.take();
            if let Some(paired) = self.pairing.take(spare) {
                self.show(paired);
            }
            return Ok(());
        }
        self.wait()
    }

    fn show(&mut self, paired: PairedFrame) {
        self.since = clocks::moment();
        let PairedFrame { bytes, taken, sequence } = paired;
        let StreamSettings { width, height, .. } = self.settings;
        self.shared.show(Frame {
            format: PixelFormat::Yu12Full,
            width,
            height,
            stride: width as usize,
            bytes,
            orientation: Orientation::UPRIGHT,
            taken,
            sequence,
        });
    }

    /// Reads all metadata that there is.
    fn read_metadata(&mut self) -> Result<(), RpicamError> {
        let mut piece = [0; 4096];
        while let Some(length) = self.read(Pipe::Metadata, |reader| read(&reader.metadata, &mut piece))? {
            let read = self.pairing.read_metadata(&piece[..length], clocks::moment());
            read.map_err(|fault| self.broken(fault))?;
        }
        self.more_metadata = false;
        Ok(())
    }

    /// Reads the frame to its end, or as far as it has come. A pipe gives less than was asked for only when it is empty then.
    fn read_frame(&mut self) -> Result<(), RpicamError> {
        while !self.pairing.is_whole() {
            let (begins, asked) = (!self.pairing.has_begun(), self.pairing.room().len());
            let read = |reader: &mut Self| read(&reader.frames, reader.pairing.room());
            let Some(length) = self.read(Pipe::Frames, read)? else { break };
            self.pairing.took(length);
            if begins {
                self.since = clocks::moment();
            }
            if length < asked {
                break;
            }
        }
        Ok(())
    }

    /// How many bytes were read; `None` if there are none now.
    fn read(
        &mut self,
        pipe: Pipe,
        read: impl FnOnce(&mut Self) -> Result<usize, Errno>,
    ) -> Result<Option<usize>, RpicamError> {
        match read(self) {
            Ok(0) => Err(self.ended()),
            Ok(length) => Ok(Some(length)),
            Err(Errno::AGAIN) => Ok(None),
            Err(source) => {
                let doing = match pipe {
                    Pipe::Frames => "reading frames",
                    Pipe::Metadata => "reading metadata",
                };
                Err(RpicamError::System { camera: self.camera(), doing, source: source.into() })
            }
        }
    }

    /// Waits for more, and looks whether that takes too long.
    fn wait(&mut self) -> Result<(), RpicamError> {
        let silence = clocks::moment().since(self.since);
        let limit = match (self.pairing.has_begun(), self.shared.has_shown()) {
            (true, _) => Some(FRAME_PATIENCE),
            (false, true) => Some(SILENCE),
            // A camera that starts is waited for by who opened it.
            (false, false) => None,
        };
        if limit.is_some_and(|limit| silence >= limit) {
            return Err(self.broken(self.pairing.silent(silence)));
        }
        let left =
            limit.map_or(LOOK, |limit| limit.saturating_sub(silence).clamp(Duration::from_millis(1), LOOK));
        let timeout = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
        let [frames, metadata, link] = self.poll(&timeout)?;
        self.more_metadata |= !metadata.is_empty();
        if !link.is_empty() {
            return Err(self.ended());
        }
        if frames.contains(PollFlags::IN) && self.pairing.is_whole() {
            self.read_metadata()?;
            self.pairing.more_bytes().map_err(|fault| self.broken(fault))?;
        }
        Ok(())
    }

    /// What has happened to frames, metadata and link.
    fn poll(&self, timeout: &Timespec) -> Result<[PollFlags; 3], RpicamError> {
        let mut waits = [
            PollFd::new(&self.frames, PollFlags::IN),
            PollFd::new(&self.metadata, PollFlags::IN),
            PollFd::new(&self.link, PollFlags::IN),
        ];
        match poll(&mut waits, Some(timeout)) {
            Ok(_) => Ok(waits.map(|wait| wait.revents())),
            Err(Errno::INTR) => Ok([PollFlags::empty(); 3]),
            Err(source) => Err(RpicamError::System {
                camera: self.camera(),
                doing: "waiting for frames",
                source: source.into(),
            }),
        }
    }

    /// The program or the unit has ended; the unit may say why.
    fn ended(&self) -> RpicamError {
        let camera = self.camera();
        let gone = || "limen-camera.service has ended".to_owned();
        let why = match wire::receive(&self.link, LAST_WORDS) {
            Ok((line, _)) if line.is_empty() => gone(),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => gone(),
            Ok((line, _)) => match parse_answer(&line) {
                Ok(Answer::Ended { why }) => why,
                _ => "limen-camera.service broke off".to_owned(),
            },
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return self.broken(StreamFault::Ended);
            }
            Err(source) => return RpicamError::System { camera, doing: "hearing the unit", source },
        };
        RpicamError::Ended { camera, why }
    }

    fn broken(&self, fault: StreamFault) -> RpicamError {
        RpicamError::Stream { camera: self.camera(), fault }
    }

    fn camera(&self) -> u32 {
        self.settings.module.camera
    }
}

#[derive(Clone, Copy)]
enum Pipe {
    Frames,
    Metadata,
}

/// Reads what there is; an interrupted call is made again.
fn read(pipe: &OwnedFd, into: &mut [u8]) -> Result<usize, Errno> {
    loop {
        match rustix::io::read(pipe, &mut *into) {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}
