//! What the daemon watches and drives: recorded pictures can never move a real lock.

use std::path::Path;

use super::error::DaemonError;
use super::vision_thread::FrameInput;
use crate::camera::reopen::Reopening;
use crate::camera::replay::Replay;
use crate::door::dry_run::DryRun;
use crate::door::statefile;
use crate::door::{DoorSettings, OpenedDoor};

/// The two ways to connect the daemon. Their types allow a recording only with a [`DryRun`] lock.
pub enum Wiring {
    /// A camera, and the lock that the settings name.
    Live {
        /// The camera, opened again whenever it is lost.
        camera: Reopening,
        /// The settings of the lock, its lights and the input lines.
        door: DoorSettings,
    },
    /// A recording, and a lock that moves nothing.
    Rehearsal {
        /// The recorded pictures.
        replay: Replay,
        /// The lock that moves nothing.
        lock: DryRun,
    },
}

impl Wiring {
    /// Opens the line of the lock, which locks the door. Before that, writes the line's name to the run-time
    /// folder, so that `limen lock` finds it whatever happens next. Returns the settings of the input lines;
    /// a rehearsal has none.
    pub(super) fn open(
        self,
        runtime: &Path,
    ) -> Result<(FrameInput, OpenedDoor, Option<DoorSettings>), DaemonError> {
        match self {
            Self::Live { camera, door } => {
                statefile::write(&runtime.join(statefile::STATE_NAME), &door)?;
                Ok((FrameInput::Camera(camera), crate::door::open(&door)?, Some(door)))
            }
            Self::Rehearsal { replay, lock } => {
                Ok((FrameInput::Replay(replay), OpenedDoor::alone(Box::new(lock)), None))
            }
        }
    }
}
