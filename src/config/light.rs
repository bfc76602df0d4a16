//! Checks `[camera.light]`: a light on the face that is judged, on a line of the door's chip.

use limen_core::policy::LivenessMode;
use toml::Spanned;

use super::lines::{LEVELS, TakenPins};
use super::raw::RawLight;
use super::values::choice;
use crate::diagnostics::Review;
use crate::door::pin::ActiveLevel;
use crate::door::{DoorSettings, OutputSettings};

/// Checks the line. `None` if there is no light, or a mistake is noted.
pub(super) fn check_light(
    review: &mut Review<'_>,
    raw: Option<&Spanned<RawLight>>,
    door: &DoorSettings,
    warnings: &mut Vec<String>,
) -> Option<OutputSettings> {
    let (at, raw) = (raw?.span(), raw?.get_ref());
    let active = choice(review, "[camera.light] active", &raw.active, &LEVELS).unwrap_or(ActiveLevel::High);
    if raw.pin.is_none() {
        let remedy = "add pin = N, the BCM number of the pin that switches the light";
        review.note_missing(Some(at), "[camera.light] pin", "is missing", remedy);
    }
    let pin = TakenPins::by(door).check_pin(review, "[camera.light] pin", &raw.pin, warnings)?;
    Some(OutputSettings { pin, active })
}

/// Without liveness no face is judged by its light.
pub(super) fn note_unused_light(
    review: &mut Review<'_>,
    raw: Option<&Spanned<RawLight>>,
    mode: LivenessMode,
) {
    if let (Some(raw), LivenessMode::Off) = (raw, mode) {
        let what = "lights faces to tell heads from sheets, and liveness is \"off\"";
        let remedy =
            "write [recognition] liveness = \"challenge\" or \"motion\", or take [camera.light] away";
        review.note_missing(Some(raw.span()), "[camera.light]", what, remedy);
    }
}

#[cfg(test)]
#[path = "light_tests.rs"]
mod tests;
