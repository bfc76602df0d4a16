//! The vision as the door has it: the one place where a measurement sets it up.

use std::sync::Arc;

use limen_core::embedding::Crops;
use limen_vision::follow::Vision;
use limen_vision::model::Models;
use limen_vision::quality::Gate;

/// The vision of the door, which watches how the nearest face moves.
pub fn vision(models: &Arc<Models>, gate: Gate) -> Vision {
    let mut vision = Vision::new(Arc::clone(models), gate, Crops::Plain);
    vision.set_liveness(true);
    vision
}
