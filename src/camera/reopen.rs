//! Opens a lost camera again: cables are pulled, USB ports reset, drivers reloaded, and nobody is there to
//! restart it.
//!
//! ```text
//! a frame                      error, or 2 s without a frame
//! +--------------------> Running ------------------------------------+
//! |  (says Back, if Lost was said)        (says Lost, once)          |
//! |                                                                  v
//! +------------------------- Away: closed, tries to open, waits 250 ms, 500 ms ... 5 s
//! ```
//!
//! The camera is back only with its first frame: one that opens and shows nothing is still away.

use std::thread;
use std::time::Duration;

use limen_core::clock::Moment;
use limen_vision::frame::Frame;

use super::{CameraError, FrameSource, LiveSource};
use crate::clocks;

/// An open camera without a frame for this long has failed. Three times the slowest usable interval would be
/// enough, but cameras pause for up to a second while they set their exposure.
pub const STALLED_AFTER: Duration = Duration::from_secs(2);
/// A source that still sets itself up has failed after so long: on a Pi Zero 2 a camera module needs three seconds. The
/// door stays locked meanwhile.
pub const STARTED_AFTER: Duration = Duration::from_secs(8);
/// The pause after the first failure.
pub const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause: a person who has connected the camera again waits no longer.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Decides when to try again: the pause doubles with each failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pause: Duration,
    next_try: Moment,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { pause: FIRST_PAUSE, next_try: Moment::default() }
    }
}

impl Backoff {
    /// Notes a failure at `now`.
    pub fn failed(&mut self, now: Moment) {
        self.next_try = now + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Notes a success: after the next failure the pause is the first one again.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// How long to wait from `now` to the next try; zero if it is due.
    pub fn wait(&self, now: Moment) -> Duration {
        self.next_try.since(now)
    }
}

/// Whether the camera delivers frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraState {
    /// The camera delivers frames.
    Running,
    /// It delivers none: it is not open yet, or lost.
    Away {
        /// When it was lost, or the start.
        since: Moment,
    },
}

/// The result of one call of [`Reopening::next`].
#[derive(Debug)]
pub enum Delivery {
    /// The newest frame.
    Frame(Frame),
    /// No frame came within the timeout, or the camera is still away.
    Nothing,
    /// The camera is away from now on, for this reason. Reported once per loss, also at a start without a
    /// camera.
    Lost(CameraError),
    /// The camera delivers frames again. Reported once per loss; the next call gives frames.
    Back {
        /// How long it was away.
        away: Duration,
    },
}

/// A source that is opened again whenever it is lost. As it stands, `Reopening` holds live sources only.
pub struct Reopening<S: FrameSource + ?Sized = dyn LiveSource> {
    open: Box<dyn FnMut() -> Result<Box<S>, CameraError> + Send>,
    time: Box<dyn Time>,
    source: Option<Box<S>>,
    backoff: Backoff,
    state: CameraState,
    told: bool,
    silent: Duration,
    complaint: String,
}

impl<S: FrameSource + ?Sized> Reopening<S> {
    /// Nothing is opened before the first [`next`](Self::next).
    pub fn new(open: impl FnMut() -> Result<Box<S>, CameraError> + Send + 'static) -> Self {
        Self::with_time(open, Box::new(TestCamera))
    }

    fn with_time(
        open: impl FnMut() -> Result<Box<S>, CameraError> + Send + 'static,
        time: Box<dyn Time>,
    ) -> Self {
        let state = CameraState::Away { since: time.now() };
        Self {
            open: Box::new(open),
            time,
            source: None,
            backoff: Backoff::default(),
            state,
            told: false,
            silent: Duration::ZERO,
            complaint: String::new(),
        }
    }

    /// Whether frames come.
    pub fn state(&self) -> CameraState {
        self.state
    }

    /// What the open source calls itself.
    pub fn describe(&self) -> Option<String> {
        self.source.as_ref().map(|source| source.describe())
    }

    /// The newest frame, or what has become of the camera. Waits at most `timeout` for a frame and makes at
    /// most one attempt to open, which the driver may take some hundred milliseconds for.
    pub fn next(&mut self, timeout: Duration) -> Delivery {
        match self.source.take() {
            Some(source) => self.listen(source, timeout),
            None => self.try_to_open(timeout),
        }
    }

    fn listen(&mut self, mut source: Box<S>, timeout: Duration) -> Delivery {
        let asked = self.time.now();
        match FrameSource::next(source.as_mut(), timeout) {
            Ok(Some(frame)) => {
                self.source = Some(source);
                self.transition_to_running(frame)
            }
            Ok(None) => {
                self.silent += self.time.now().since(asked);
                let limit = if source.is_starting() { STARTED_AFTER } else { STALLED_AFTER };
                if self.silent < limit {
                    self.source = Some(source);
                    return Delivery::Nothing;
                }
                let device = source.describe();
                // Closed before it is opened again: a video device can be streamed once only.
                drop(source);
                self.transition_to_away(CameraError::Stalled { device, seconds: limit.as_secs() })
            }
            Err(error) => {
                drop(source);
                self.transition_to_away(error)
            }
        }
    }

    fn try_to_open(&mut self, timeout: Duration) -> Delivery {
        let wait = self.backoff.wait(self.time.now());
        self.time.sleep(wait.min(timeout));
        if wait > timeout {
            return Delivery::Nothing;
        }
        match (self.open)() {
            Ok(source) => {
                self.source = Some(source);
                self.silent = Duration::ZERO;
                Delivery::Nothing
            }
            Err(error) => self.transition_to_away(error),
        }
    }

    fn transition_to_running(&mut self, frame: Frame) -> Delivery {
        self.silent = Duration::ZERO;
        let CameraState::Away { since } = self.state else {
            return Delivery::Frame(frame);
        };
        self.state = CameraState::Running;
        self.backoff.succeeded();
        self.complaint.clear();
        if !std::mem::take(&mut self.told) {
            return Delivery::Frame(frame);
        }
        Delivery::Back { away: self.time.now().since(since) }
    }

    fn transition_to_away(&mut self, error: CameraError) -> Delivery {
        let now = self.time.now();
        self.backoff.failed(now);
        if self.state == CameraState::Running {
            self.state = CameraState::Away { since: now };
        }
        let complaint = error.to_string();
        let news = std::mem::replace(&mut self.complaint, complaint) != self.complaint;
        if !std::mem::replace(&mut self.told, true) {
            return Delivery::Lost(error);
        }
        if news {
            log::warn!("{error}");
        }
        Delivery::Nothing
    }
}

/// The clock and the pause, so that tests need neither.
trait Time: Send {
    fn now(&self) -> Moment;
    fn sleep(&self, length: Duration);
}

struct TestCamera;

impl Time for TestCamera {
    fn now(&self) -> Moment {
        clocks::moment()
    }

    fn sleep(&self, length: Duration) {
        thread::sleep(length);
    }
}

#[cfg(test)]
#[path = "reopen_tests.rs"]
mod tests;
