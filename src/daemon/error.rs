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
    /// The line to the relay cannot be opened or driven.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// The records cannot be opened or written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The control socket cannot be opened.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The model has no threshold or no cohort.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A folder of the daemon cannot be made.
    #[error("{folder}: cannot make the folder: {source}; run as a service, or name another one in [paths]", folder = .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why the system refused it.
        source: std::io::Error,
    },
    /// The system refused something that every program may do.
    #[error("{what}: {source}")]
    System {
        /// What the daemon tried to do.
        what: &'static str,
        /// Why the system refused it.
        source: std::io::Error,
    },
    /// A thread ended that must run until the end; the door is locked.
    #[error("the {0} thread ended unexpectedly; the door is locked (see the log above)")]
    ThreadEnded(&'static str),
}
