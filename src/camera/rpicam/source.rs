//! A camera module as a live source: asks the unit for the pipes, and gives the newest frame that came through them.

use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use limen_core::person::{printable, printable_path};
use limen_vision::frame::{Frame, Orientation, PixelFormat};
use rustix::fs::{FileType, fstat};

use super::error::RpicamError;
use super::message::{Answer, StartRequest, Started, VERSION, parse_answer, to_line};
use super::reader::{Reader, Shared};
use super::settings::StreamSettings;
use super::unit::CameraUnit;
use super::wire;
use crate::camera::{
    CAMERA_SIZE, CameraError, CameraIdentity, CameraSettings, FrameSource, LiveSource, sealed,
};

/// How long the unit may take to answer. Who asks is watched, and must not be held up for longer than two seconds; a unit
/// that takes longer is asked again.
const ANSWER_PATIENCE: Duration = Duration::from_millis(1500);
/// The frame rate to ask for if the configuration names none, in frames per second.
const USUAL_FPS: u32 = 30;

/// A camera module that streams.
pub struct RpicamCamera {
    identity: CameraIdentity,
    settings: StreamSettings,
    orientation: Orientation,
    shared: Arc<Shared>,
    link: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl RpicamCamera {
    /// Lets the installed unit start the module, and checks that it is the one that the settings mean.
    ///
    /// # Errors
    /// The unit does not answer, is not the unit, or has no such module.
    pub fn open(settings: &CameraSettings) -> Result<Self, CameraError> {
        Self::open_at(&CameraUnit::installed(), settings)
    }

    pub(super) fn open_at(unit: &CameraUnit, settings: &CameraSettings) -> Result<Self, CameraError> {
        let stream = stream_settings(settings);
        if let Some(mistake) = stream.mistake() {
            return Err(RpicamError::Settings(mistake).into());
        }
        let (link, started, pipes) = ask(unit, &stream)?;
        let identity = CameraIdentity {
            driver: "rpicam".to_owned(),
            card: printable(&started.module.sensor, 60),
            bus: printable(&started.module.path, 120),
        };
        settings.check(&identity)?;
        let (shared, thread) = start_reader(pipes, &link, stream)?;
        let (settings, orientation) = (stream, settings.orientation);
        Ok(Self { identity, settings, orientation, shared, link, thread: Some(thread) })
    }
}

/// What is asked for if the configuration says nothing else: the size for which the vision is made.
fn stream_settings(settings: &CameraSettings) -> StreamSettings {
    StreamSettings {
        width: settings.width.unwrap_or(CAMERA_SIZE.0),
        height: settings.height.unwrap_or(CAMERA_SIZE.1),
        fps: settings.fps.unwrap_or(USUAL_FPS),
        module: settings.module,
    }
}

/// Asks the unit for the stream. Whoever else listens there is told nothing and shows nothing.
fn ask(
    unit: &CameraUnit,
    stream: &StreamSettings,
) -> Result<(UnixStream, Started, [OwnedFd; 2]), RpicamError> {
    let socket = || printable_path(&unit.socket);
    let expected = unit.uid()?;
    let link = UnixStream::connect(&unit.socket)
        .map_err(|source| RpicamError::NotRunning { socket: socket(), source })?;
    let silent = |source| RpicamError::NoAnswer { socket: socket(), source };
    let found = wire::user_of(&link).map_err(silent)?;
    if found != expected {
        return Err(RpicamError::WrongUser { socket: socket(), found, expected });
    }
    let request = to_line(&StartRequest { v: VERSION, start: *stream });
    wire::send(&link, &request, &[]).map_err(silent)?;
    let (line, descriptors) = wire::receive(&link, ANSWER_PATIENCE).map_err(silent)?;
    let bad = |what: String| RpicamError::BadAnswer { socket: socket(), what: printable(&what, 200) };
    match parse_answer(&line).map_err(bad)? {
        Answer::Started(started) if started.v != VERSION => Err(bad(format!("version {}", started.v))),
        Answer::Started(started) if started.frame_bytes != stream.frame_bytes() => {
            Err(bad(format!("frames of {} bytes, not {}", started.frame_bytes, stream.frame_bytes())))
        }
        Answer::Started(started) => Ok((link, started, pipes(descriptors).map_err(bad)?)),
        Answer::Refused(refusal) => Err(refusal.into()),
        Answer::Ended { why } => Err(RpicamError::Ended { camera: stream.module.camera, why }),
    }
}

/// The two pipes, which are read without waiting.
fn pipes(descriptors: Vec<OwnedFd>) -> Result<[OwnedFd; 2], String> {
    let pipes: [OwnedFd; 2] =
        descriptors.try_into().map_err(|other: Vec<_>| format!("{} pipes, not 2", other.len()))?;
    for pipe in &pipes {
        let mode = fstat(pipe).map_err(|error| error.to_string())?.st_mode;
        if FileType::from_raw_mode(mode) != FileType::Fifo {
            return Err("what it hands over is no pipe".to_owned());
        }
        rustix::io::ioctl_fionbio(pipe, true).map_err(|error| error.to_string())?;
    }
    Ok(pipes)
}

fn start_reader(
    pipes: [OwnedFd; 2],
    link: &UnixStream,
    stream: StreamSettings,
) -> Result<(Arc<Shared>, JoinHandle<()>), RpicamError> {
    let failed =
        |source| RpicamError::System { camera: stream.module.camera, doing: "starting a thread", source };
    let shared = Arc::new(Shared::default());
    let reader = Reader::new(pipes, link.try_clone().map_err(failed)?, stream, Arc::clone(&shared));
    let thread = std::thread::Builder::new().name("camera-reader".to_owned()).spawn(move || reader.run());
    Ok((shared, thread.map_err(failed)?))
}

impl FrameSource for RpicamCamera {
    fn next(&mut self, timeout: Duration) -> Result<Option<Frame>, CameraError> {
        let newest = self.shared.newest(timeout)?;
        Ok(newest.map(|frame| Frame { orientation: self.orientation, ..frame }))
    }

    fn describe(&self) -> String {
        let StreamSettings { width, height, fps, module } = self.settings;
        let format = PixelFormat::Yu12Full.name();
        format!("camera {} ({}), {format} {width}x{height} at {fps} fps", module.camera, self.identity)
    }

    fn is_starting(&self) -> bool {
        !self.shared.has_shown()
    }
}

impl sealed::Live for RpicamCamera {}
impl LiveSource for RpicamCamera {
    fn identity(&self) -> &CameraIdentity {
        &self.identity
    }
}

impl Drop for RpicamCamera {
    fn drop(&mut self) {
        // Ends the reader, and tells the unit that nobody wants the pictures. A link that is closed already did both.
        let _ = self.link.shutdown(Shutdown::Both);
        self.thread.take().map(JoinHandle::join);
    }
}
