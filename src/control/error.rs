//! Why the socket, or a request over it, failed.

use std::io::ErrorKind;

use thiserror::Error;

use super::protocol::NO_ANSWER;

/// Why the socket, or a request over it, failed.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The socket could not be created or reached.
    #[error("{socket}: {what}: {source}")]
    Socket {
        /// The path of the socket.
        socket: String,
        /// What was tried, and the remedy.
        what: &'static str,
        /// The error of the system.
        source: std::io::Error,
    },
    /// Another daemon answers at this socket.
    #[error("{socket}: another daemon is running; stop it first (systemctl stop limen)")]
    AlreadyRunning {
        /// The path of the socket.
        socket: String,
    },
    /// This version does not understand the daemon's answer.
    #[error("the daemon's answer cannot be read: {0}; the daemon may be of another version")]
    Answer(String),
    /// The daemon refused the request, for this reason.
    #[error("{0}")]
    Refused(String),
    /// The daemon did not answer within [`ANSWER_PATIENCE`](super::ANSWER_PATIENCE). It may still carry out the request.
    #[error("{NO_ANSWER}")]
    NoAnswer,
}

impl ControlError {
    /// Whether no process listens: a daemon that was killed leaves its socket behind.
    pub fn nobody_listens(&self) -> bool {
        matches!(self, Self::Socket { source, .. } if source.kind() == ErrorKind::ConnectionRefused)
    }
}
