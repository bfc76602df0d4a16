//! What can be wrong with a camera module, as limen sees it. Each message names the camera or the socket, and the remedy.

use std::io;

use thiserror::Error;

use super::message::Refusal;
use super::pairing::StreamFault;

/// What can be wrong with a camera module.
#[derive(Debug, Error)]
pub enum RpicamError {
    /// The settings cannot be met.
    #[error("[camera] for driver = \"rpicam\": {0}")]
    Settings(String),
    /// The unit's user is not there.
    #[error(
        "there is no user {user}, as which limen-camera.service runs; `sudo make install` creates it, or \
         `sudo systemd-sysusers`"
    )]
    NoUser {
        /// The user's name.
        user: String,
    },
    /// Nobody listens.
    #[error(
        "{socket}: limen-camera.service does not answer there ({source}); start it: \
         sudo systemctl enable --now limen-camera"
    )]
    NotRunning {
        /// The socket.
        socket: String,
        /// The system's error.
        source: io::Error,
    },
    /// Somebody else listens, who could show any picture.
    #[error(
        "{socket}: user {found} listens there, and only user {expected} (limen-camera.service) may show pictures; end \
         that program: `sudo ss -xlp | grep {socket}` names it"
    )]
    WrongUser {
        /// The socket.
        socket: String,
        /// The user who listens.
        found: u32,
        /// The unit's user.
        expected: u32,
    },
    /// The unit does not answer in time, or breaks off.
    #[error("{socket}: limen-camera.service gives no answer ({source}); see `journalctl -u limen-camera`")]
    NoAnswer {
        /// The socket.
        socket: String,
        /// The system's error.
        source: io::Error,
    },
    /// The unit's answer makes no sense.
    #[error(
        "{socket}: limen-camera.service is of another version ({what}); restart it: \
         sudo systemctl restart limen-camera"
    )]
    BadAnswer {
        /// The socket.
        socket: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// The unit starts no program.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The stream is broken.
    #[error("camera {camera} of rpicam-vid: {fault}; it is started again")]
    Stream {
        /// The module's number.
        camera: u32,
        /// What is wrong.
        fault: StreamFault,
    },
    /// The program has ended.
    #[error(
        "camera {camera}: rpicam-vid has ended ({why}); it is started again; check the ribbon cable with the power off"
    )]
    Ended {
        /// The module's number.
        camera: u32,
        /// Its exit code or signal, and what it complained of.
        why: String,
    },
    /// The system refuses a step.
    #[error("camera {camera} of rpicam-vid: {doing} failed: {source}; it is started again")]
    System {
        /// The module's number.
        camera: u32,
        /// The step.
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },
}
