//! What a command ends with: an answer, or trouble that names the exit code.

use std::process::ExitCode;

use thiserror::Error;

use crate::audit::AuditError;
use crate::camera::CameraError;
use crate::camera::photograph::PhotographError;
use crate::config::ConfigError;
use crate::config::edit::ConfigEditError;
use crate::control::ControlError;
use crate::credential::{HashError, PinError};
use crate::daemon::DaemonError;
use crate::door::DoorError;
use crate::enrol::EnrolError;
use crate::evaluation::EvaluationError;
use crate::files::FileError;
use crate::gallery::{EditError, RosterError, StoreError};
use crate::matching::cohort::CohortError;
use crate::matching::thresholds::ThresholdError;
use crate::pipeline::RuleError;
use crate::vision::model::ModelError;

/// What a command found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes, or fine.
    Yes,
    /// No match, not the same person, problems found.
    No,
}

impl Answer {
    /// [`Answer::Yes`] if it is so.
    pub fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    /// 0 or 1.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(u8::from(self == Self::No))
    }
}

/// Why a command could not give an answer.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The arguments, the configuration or the gallery file.
    #[error("{0}")]
    Usage(String),
    /// A device, a file, the daemon.
    #[error("{0}")]
    Device(String),
}

impl Trouble {
    /// 2 or 3.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Device(_) => ExitCode::from(3),
        }
    }
}

/// These errors are usage or configuration, those device or file.
macro_rules! troubles {
    ($($error:ty => $kind:ident),* $(,)?) => {
        $(impl From<$error> for Trouble {
            fn from(error: $error) -> Self {
                Self::$kind(error.to_string())
            }
        })*
    };
}

troubles! {
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

impl From<ModelError> for Trouble {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::NoSuchModel { .. } | ModelError::Taken { .. } | ModelError::Untrained(_) => {
                Self::Usage(error.to_string())
            }
            _ => Self::Device(error.to_string()),
        }
    }
}

impl From<DaemonError> for Trouble {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Rule(_) => Self::Usage(error.to_string()),
            _ => Self::Device(error.to_string()),
        }
    }
}
