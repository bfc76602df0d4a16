//! Why the daemon could not start, or ended.

use std::path::PathBuf;

use limen_audit::AuditError;
use thiserror::Error;

use crate::control::ControlError;
use crate::door::DoorError;
use crate::pipeline::RuleError;

/// Why the daemon could not start, or ended.
#[derive(Debug, Error)]
pub enum DaemonError {
    /// The line to the relay.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The record file.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The control socket.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// No threshold for this model, or no cohort.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A folder of its own cannot be made.
    #[error("{folder}: cannot make the folder: {source}; run as a service, or name another one in [paths]", folder = .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The system refused something that every program may do.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// A thread ended that must not; the door is locked.
    #[error("the {0} thread ended unexpectedly; the door is locked (see the log above)")]
    ThreadEnded(&'static str),
}
