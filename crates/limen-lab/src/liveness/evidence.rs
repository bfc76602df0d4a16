//! The vision as the door has it, what it says of a frame, and which evidence is enough: the one place where a
//! measurement touches them.

use std::sync::Arc;

use limen_core::embedding::Crops;
use limen_core::policy::LivenessLimits;
use limen_vision::follow::Vision;
use limen_vision::model::Models;
use limen_vision::quality::Gate;

/// The vision of the door, which watches how the nearest face moves.
pub fn vision(models: &Arc<Models>, gate: Gate) -> Vision {
    let mut vision = Vision::new(Arc::clone(models), gate, Crops::Plain);
    vision.set_liveness(true);
    vision
}

/// Which evidence is enough, by the manifest of the networks.
pub fn limits_of(models: &Models) -> LivenessLimits {
    let limits = &models.liveness().limits;
    LivenessLimits { solid: limits.solid, turn: limits.turn, sheet: limits.sheet }
}
