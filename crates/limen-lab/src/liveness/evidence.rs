//! The vision as the door has it, what it says of a frame, and which evidence is enough: the one place where a
//! measurement touches them.

use std::sync::Arc;

use limen_core::embedding::Crops;
use limen_core::event::{LogRatio, Motion};
use limen_core::policy::LivenessLimits;
use limen_vision::follow::{Look, Vision};
use limen_vision::model::Models;
use limen_vision::quality::Gate;

/// The vision of the door. INTEGRATOR: switch liveness on here.
pub fn vision(models: &Arc<Models>, gate: Gate) -> Vision {
    Vision::new(Arc::clone(models), gate, Crops::Plain)
}

/// How the nearest face moves. INTEGRATOR: `look.motion.clone()`, once a look has it.
pub fn motion_of(_look: &Look) -> Option<Motion> {
    None
}

/// Which evidence is enough. INTEGRATOR: those of the manifest.
pub fn limits_of(_models: &Models) -> LivenessLimits {
    LivenessLimits { solid: LogRatio::new(5.0), turn: LogRatio::new(2.0), sheet: LogRatio::new(-3.0) }
}
