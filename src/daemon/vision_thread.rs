//! The vision thread: takes the newest frame, looks at it, and tells the main thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use limen_core::clock::{Moment, Pulse};
use limen_core::embedding::Crops;
use limen_core::event::TrackId;
use limen_core::policy::LivenessMode;
use limen_files::failpoint;
use limen_vision::follow::Vision;
use limen_vision::frame::Frame;
use limen_vision::model::Models;
use limen_vision::pixels::decode as pixels;
use limen_vision::pixels::encode::encode_jpeg;
use limen_vision::quality::Gate;

use super::error::DaemonError;
use super::message::Message;
use crate::camera::reopen::{Delivery, Reopening};
use crate::camera::replay::Replay;
use crate::camera::{CameraError, FrameSource as _};
use crate::clocks;
use crate::config::Settings;
use crate::control::{Answer, no, yes};
use crate::door::level::Level;
use crate::pipeline::{PipelineError, SeenFrame, scene, see};
use crate::service;

/// The longest wait for a frame, so that the watchdog hears of the thread even without frames.
const POLL: Duration = Duration::from_millis(500);
/// One line in the log per this many dropped frames.
const DROPS_A_LINE: u64 = 100;

/// Where frames come from.
pub(super) enum FrameInput {
    /// A camera.
    Camera(Reopening),
    /// Recorded pictures.
    Replay(Replay),
}

impl FrameInput {
    /// The next delivery; `None` when a recording has ended.
    fn next(&mut self) -> Option<Delivery> {
        match self {
            Self::Camera(camera) => Some(camera.next(POLL)),
            Self::Replay(replay) => match replay.next(POLL) {
                Ok(Some(frame)) => Some(Delivery::Frame(frame)),
                Ok(None) => Some(Delivery::Nothing),
                Err(CameraError::Ended { .. }) => None,
                Err(error) => {
                    log::warn!("{error}");
                    Some(Delivery::Nothing)
                }
            },
        }
    }
}

/// The client that waits for the next picture, if any.
type SnapshotRequest = Arc<Mutex<Option<SyncSender<Answer>>>>;

/// Stands for no track; tracks are counted from 0.
const NO_TRACK: u64 = u64::MAX;

/// The handle of the vision thread.
pub(super) struct VisionThread {
    stop: Arc<AtomicBool>,
    go: Arc<AtomicBool>,
    pulse: Pulse,
    snapshot: SnapshotRequest,
    closer: Arc<AtomicU64>,
    gate: Arc<Mutex<Option<Gate>>>,
    liveness: Arc<AtomicBool>,
    scene: Arc<AtomicBool>,
    camera: Level<Option<String>>,
    thread: JoinHandle<()>,
}

impl VisionThread {
    /// Starts the thread. A recording waits for [`VisionThread::go`].
    pub fn spawn(
        input: FrameInput,
        models: &Arc<Models>,
        settings: &Settings,
        sender: SyncSender<Message>,
    ) -> Result<Self, DaemonError> {
        let mut vision = Vision::new(Arc::clone(models), settings.recognition.gate, Crops::Plain);
        vision.set_field(settings.camera.field);
        vision.set_light(settings.door.light.is_some());
        let pulse = Pulse::started(clocks::moment());
        let stop = Arc::new(AtomicBool::new(false));
        // A recording waits until the daemon has a gallery.
        let go = Arc::new(AtomicBool::new(matches!(input, FrameInput::Camera(_))));
        let snapshot = SnapshotRequest::default();
        let closer = Arc::new(AtomicU64::new(NO_TRACK));
        let (gate, camera) = (Arc::default(), Level::default());
        let liveness = Arc::new(AtomicBool::new(watches(settings.rules.liveness.mode)));
        let scene = Arc::new(AtomicBool::new(false));
        let mut vision_loop = VisionLoop {
            input,
            vision,
            sender,
            pulse: pulse.clone(),
            stop: Arc::clone(&stop),
            go: Arc::clone(&go),
            snapshot: Arc::clone(&snapshot),
            closer: Arc::clone(&closer),
            gate: Arc::clone(&gate),
            liveness: Arc::clone(&liveness),
            scene: Arc::clone(&scene),
            camera: camera.clone(),
            dropped: 0,
        };
        let thread = std::thread::Builder::new()
            .name("vision".to_owned())
            .spawn(move || vision_loop.run())
            .map_err(|source| DaemonError::System { what: "start the vision thread", source })?;
        Ok(Self { stop, go, pulse, snapshot, closer, gate, liveness, scene, camera, thread })
    }

    /// Tells the thread to close the camera. It answers with [`Message::VisionStopped`].
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Lets a recording begin, because a gallery is in force or was refused.
    pub fn go(&self) {
        self.go.store(true, Ordering::Relaxed);
    }

    /// Replaces the gate, from the next frame on.
    pub fn replace_gate(&self, gate: Gate) {
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate);
    }

    /// Watches how faces move, as this mode needs it, from the next frame on.
    pub fn watch_for(&self, mode: LivenessMode) {
        self.liveness.store(watches(mode), Ordering::Relaxed);
    }

    /// Tells the rough brightness of the whole picture too, from the next frame on; or does not.
    pub fn watch_scene(&self, on: bool) {
        self.scene.store(on, Ordering::Relaxed);
    }

    /// Why the camera gives no pictures; `None` if it does.
    pub fn camera_trouble(&self) -> Option<String> {
        self.camera.read()
    }

    /// Whether the thread has ended.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// Whether the thread has neither finished a frame nor waited for one for too long.
    pub fn has_stalled(&self, now: Moment) -> bool {
        service::has_stalled(&self.pulse, now)
    }

    /// Has the next frames of this track embedded with their mirror images too.
    pub fn look_closer(&self, track: TrackId) {
        self.closer.store(track.0, Ordering::Relaxed);
    }

    /// Sends the next frame to `reply` as a JPEG. A client that still waits for an earlier request is
    /// refused.
    pub fn request_snapshot(&self, reply: SyncSender<Answer>) {
        let mut waiting = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(older) = waiting.replace(reply) {
            let _ = older.try_send(no("another snapshot was asked for"));
        }
    }
}

/// Whether this mode judges how faces move.
fn watches(mode: LivenessMode) -> bool {
    mode != LivenessMode::Off
}

/// The state of the vision thread.
struct VisionLoop {
    input: FrameInput,
    vision: Vision,
    sender: SyncSender<Message>,
    pulse: Pulse,
    stop: Arc<AtomicBool>,
    go: Arc<AtomicBool>,
    snapshot: SnapshotRequest,
    closer: Arc<AtomicU64>,
    /// A gate that replaces the one in use, from the next frame on.
    gate: Arc<Mutex<Option<Gate>>>,
    /// Whether it is watched how faces move.
    liveness: Arc<AtomicBool>,
    /// Whether the brightness of the whole picture is watched.
    scene: Arc<AtomicBool>,
    /// Why the camera gives no pictures; `None` if it does.
    camera: Level<Option<String>>,
    dropped: u64,
}

impl VisionLoop {
    fn run(&mut self) {
        while !self.stop.load(Ordering::Relaxed) && !self.go.load(Ordering::Relaxed) {
            self.rest();
        }
        while !self.stop.load(Ordering::Relaxed) {
            failpoint::reach("vision");
            let Some(delivery) = self.input.next() else {
                self.end_tracks();
                self.tell(Message::ReplayEnded);
                break;
            };
            if !self.take(delivery) {
                break;
            }
            self.pulse.beat(clocks::moment());
        }
        while !self.stop.load(Ordering::Relaxed) {
            // A thread that ends by itself is a fault, so after a recording it waits until it is told to
            // stop.
            self.rest();
        }
        self.tell(Message::VisionStopped);
    }

    /// Waits a little, and shows that the thread does not hang.
    fn rest(&self) {
        self.pulse.beat(clocks::moment());
        std::thread::park_timeout(Duration::from_millis(20));
    }

    /// Handles a delivery. False if the main thread is gone or a network failed.
    fn take(&mut self, delivery: Delivery) -> bool {
        match delivery {
            Delivery::Frame(frame) => self.look(&frame),
            Delivery::Nothing => {
                self.refuse_snapshot();
                true
            }
            Delivery::Lost(error) => {
                self.refuse_snapshot();
                self.set_camera(Some(error.to_string()));
                self.end_tracks()
            }
            Delivery::Back { .. } => {
                self.set_camera(None);
                self.tell(Message::Look)
            }
        }
    }

    fn look(&mut self, frame: &Frame) -> bool {
        self.answer_snapshot(frame);
        if let Some(gate) = self.gate.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.vision.replace_gate(gate);
        }
        self.vision.set_liveness(self.liveness.load(Ordering::Relaxed));
        self.vision.look_closer(TrackId(self.closer.load(Ordering::Relaxed)));
        match see(&mut self.vision, frame) {
            Ok(seen) => match self
                .sender
                .try_send(Message::Seen(frame.sequence, Box::new(self.with_scene(seen, frame))))
            {
                // If the main thread is busy this frame is dropped; the next one is newer.
                Ok(()) | Err(TrySendError::Full(_)) => true,
                Err(TrySendError::Disconnected(_)) => false,
            },
            Err(PipelineError::Pixels(error)) => {
                if self.dropped.is_multiple_of(DROPS_A_LINE) {
                    log::warn!("camera: {error} ({} frames dropped so far)", self.dropped + 1);
                }
                self.dropped += 1;
                true
            }
            Err(PipelineError::Model(error)) => {
                self.tell(Message::VisionFailed(error.to_string()));
                false
            }
        }
    }

    fn with_scene(&self, seen: SeenFrame, frame: &Frame) -> SeenFrame {
        let watched = self.scene.load(Ordering::Relaxed);
        SeenFrame { scene: watched.then(|| scene(frame).ok()).flatten(), ..seen }
    }

    fn answer_snapshot(&self, frame: &Frame) {
        let waiting = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(reply) = waiting else { return };
        let jpeg = pixels::decode(frame).map_err(|e| e.to_string()).and_then(|picture| {
            let encoded = encode_jpeg(&picture).map_err(|e| e.to_string())?;
            Ok((encoded, picture))
        });
        let answer = match jpeg {
            Ok((bytes, picture)) => yes(serde_json::json!({
                "width": picture.width(),
                "height": picture.height(),
                "jpeg": base64::engine::general_purpose::STANDARD.encode(bytes),
            })),
            Err(why) => no(&why),
        };
        // The client may have left.
        let _ = reply.try_send(answer);
    }

    /// Refuses a request for a picture while there is none.
    fn refuse_snapshot(&self) {
        if let Some(reply) = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = reply.try_send(no("the camera gives no picture now; `limen status` and the log say why"));
        }
    }

    fn end_tracks(&mut self) -> bool {
        let ended = self.vision.forget();
        self.tell(Message::TracksEnded(ended))
    }

    fn set_camera(&self, trouble: Option<String>) {
        self.camera.change(|known| *known = trouble);
    }

    fn tell(&self, message: Message) -> bool {
        self.sender.send(message).is_ok()
    }
}
