//! What is watched and what is driven: recorded pictures and a real lock never meet.

use std::path::Path;

use super::error::DaemonError;
use super::vision_thread::FrameInput;
use crate::camera::reopen::Reopening;
use crate::camera::replay::Replay;
use crate::door::buzzer::Buzzer;
use crate::door::dry_run::DryRun;
use crate::door::indicators::Indicators;
use crate::door::statefile;
use crate::door::{DoorSettings, OpenedDoor};

/// The two ways to wire the daemon. There is no third: recordings take a [`DryRun`] lock by type.
pub enum Wiring {
    /// A camera, and the lock that the settings name.
    Live {
        /// The camera, opened again whenever it is lost.
        camera: Reopening,
        /// The lock and its lights.
        door: DoorSettings,
    },
    /// Recorded pictures, and a lock that moves nothing.
    Rehearsal {
        /// The pictures.
        replay: Replay,
        /// The lock.
        lock: DryRun,
    },
}

impl Wiring {
    /// Opens the door, which locks it; the run-time folder gets the line's name before, so that `limen lock`
    /// finds it whatever happens next. The settings name the input lines; a rehearsal has none.
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
                let (indicators, buzzer) = (Indicators::none(), Buzzer::none());
                let door = OpenedDoor { lock: Box::new(lock), indicators, buzzer };
                Ok((FrameInput::Replay(replay), door, None))
            }
        }
    }
}
