//! The end of a command: an answer, or trouble, each with its exit code.

use limen_audit::AuditError;
use limen_core::credential::{HashError, PinError};
use limen_files::FileError;
use limen_lab::EvaluationError;
use limen_lab::liveness::clip::ClipError;
use limen_vision::matching::cohort::CohortError;
use limen_vision::matching::thresholds::ThresholdError;
use limen_vision::model::ModelError;
use limen_vision::pixels::photograph::PhotographError;
use limen_vision::trial::TrialError;
use thiserror::Error;

use super::output::{complain, say_error};
use crate::camera::CameraError;
use crate::config::ConfigError;
use crate::config::edit::ConfigEditError;
use crate::control::ControlError;
use crate::daemon::DaemonError;
use crate::diagnostics::misread;
use crate::door::DoorError;
use crate::enrol::EnrolError;
use crate::gallery::{EditError, RosterError, StoreError};
use crate::pipeline::RuleError;

/// The exit code for usage or configuration.
pub const USAGE: u8 = 2;
/// The exit code for a device or a file.
pub const DEVICE: u8 = 3;

/// The answer of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandOutcome {
    /// Yes, or everything is fine.
    Yes,
    /// No match, not the same person, problems found.
    No,
    /// A part could not be done, and the reason was printed.
    Incomplete,
}

impl CommandOutcome {
    /// The answer for a condition.
    pub fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    /// The exit code: 0, 1 or 3.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Incomplete => DEVICE,
        }
    }
}

/// Why a command could not give an answer.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The arguments, the configuration or the gallery file are wrong.
    #[error("{0}")]
    Usage(String),
    /// A device, a file or the daemon failed.
    #[error("{0}")]
    Device(String),
}

impl CommandError {
    /// The exit code: 2 or 3.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Device(_) => DEVICE,
        }
    }

    /// Prints the trouble on standard error, and with `json` as the answer. Returns the exit code.
    pub fn tell(&self, json: bool) -> u8 {
        let (what, code) = (self.to_string(), self.exit_code());
        complain(&what);
        if json {
            say_error(&what, code);
        }
        code
    }
}

/// Sorts errors: `Usage` is usage or configuration, `Device` is a device or a file.
macro_rules! command_errors {
    ($($error:ty => $kind:ident),* $(,)?) => {
        $(impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                Self::$kind(error.to_string())
            }
        })*
    };
}

command_errors! {
    ConfigError => Usage,
    ConfigEditError => Usage,
    RosterError => Usage,
    EnrolError => Usage,
    CohortError => Usage,
    RuleError => Usage,
    ThresholdError => Usage,
    EditError => Usage,
    PinError => Usage,
    HashError => Device,
    FileError => Device,
    StoreError => Device,
    AuditError => Device,
    CameraError => Device,
    ControlError => Device,
    DoorError => Device,
    PhotographError => Device,
    EvaluationError => Device,
    std::io::Error => Device,
}

impl From<TrialError> for CommandError {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Model(error) => error.into(),
            error => Self::Device(error.to_string()),
        }
    }
}

impl From<ModelError> for CommandError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::NoSuchModel { .. } | ModelError::Taken { .. } | ModelError::Untrained(_) => {
                Self::Usage(error.to_string())
            }
            _ => Self::Device(model_in_words(error)),
        }
    }
}

/// Why a model is not used; a mistake in a manifest is described as one in the configuration is.
pub fn model_in_words(error: ModelError) -> String {
    match error {
        ModelError::Misread { file, text, message, at } => misread(&file, &text, &message, at).to_string(),
        error => error.to_string(),
    }
}

impl From<ClipError> for CommandError {
    fn from(error: ClipError) -> Self {
        match error {
            ClipError::Misread { file, text, message, at } => {
                Self::Usage(misread(&file, &text, &message, at).to_string())
            }
            ClipError::File { .. } | ClipError::Photograph(_) => Self::Device(error.to_string()),
            ClipError::Model(error) => error.into(),
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl From<DaemonError> for CommandError {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Rule(_) => Self::Usage(error.to_string()),
            _ => Self::Device(error.to_string()),
        }
    }
}
