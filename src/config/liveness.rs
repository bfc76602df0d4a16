//! Checks who must show that no picture of them stands there: `[recognition] liveness` and `[liveness]`.
//!
//! | `liveness` | lights for both sides | `accept-photo-risk` | mode |
//! |---|---|---|---|
//! | left out | wired | not set | `challenge` |
//! | left out | none | not set | `motion` |
//! | left out | | true | `off`, with a warning: the file is older than this key |
//! | `challenge` | wired | | `challenge`; without lights it is refused |
//! | `motion` | | | `motion` |
//! | `off` | | true | `off`; with a real lock it is refused unless the risk is accepted |

use limen_core::policy::{AfterUnsure, LivenessLimits, LivenessMode, LivenessRules};
use toml::Spanned;

use super::raw::{RawFile, RawValue};
use super::values::{choice, flag};
use crate::diagnostics::Review;
use crate::door::{DoorSettings, Driver};
use crate::entry::EntrySettings;

/// The names of the modes, as the file and the status write them.
const MODES: [(&str, LivenessMode); 3] =
    [("challenge", LivenessMode::Challenge), ("motion", LivenessMode::Motion), ("off", LivenessMode::Off)];
/// The name of a mode.
pub fn liveness_name(mode: LivenessMode) -> &'static str {
    MODES.iter().find(|(_, known)| *known == mode).map_or("off", |(name, _)| name)
}

/// Checks the mode and what may follow an attempt that was unsure. The limits of the evidence come with the networks.
pub(super) fn check_liveness(
    review: &mut Review<'_>,
    raw: &RawFile,
    door: &DoorSettings,
    entry: &EntrySettings,
    warnings: &mut Vec<String>,
) -> LivenessRules {
    LivenessRules {
        mode: check_mode(review, raw, door, warnings),
        prompts: door.can_prompt(),
        light: door.light.is_some(),
        after_unsure: check_after_unsure(review, &raw.liveness.after_unsure, entry),
        // Nothing is evidence until the limits that were measured take this place.
        limits: LivenessLimits::UNREACHABLE,
    }
}

fn check_mode(
    review: &mut Review<'_>,
    raw: &RawFile,
    door: &DoorSettings,
    warnings: &mut Vec<String>,
) -> LivenessMode {
    let key = &raw.recognition.liveness;
    let accepted = flag(&raw.door.accept_photo_risk);
    let said = choice(review, "[recognition] liveness", key, &MODES);
    match said {
        None if key.is_none() => unsaid(door, accepted, warnings),
        // A mistake is noted already.
        None => LivenessMode::Challenge,
        Some(mode) => {
            match mode {
                LivenessMode::Challenge => note_missing_prompts(review, key, door),
                LivenessMode::Motion => {}
                LivenessMode::Off => note_photo_risk(review, raw, door, accepted),
            }
            if accepted && mode != LivenessMode::Off {
                warnings.push(
                    "[door] accept-photo-risk: has no effect, because liveness is not \"off\"; take it away"
                        .to_owned(),
                );
            }
            mode
        }
    }
}

/// The mode of a file without the key.
fn unsaid(door: &DoorSettings, accepted: bool, warnings: &mut Vec<String>) -> LivenessMode {
    if accepted {
        warnings.push(
            "[recognition] liveness: is off, because the file has accept-photo-risk = true and not this key: a photograph of \
             an enrolled person can open the door; write liveness = \"motion\", or \"challenge\" if prompt-left and \
             prompt-right are wired, and take accept-photo-risk away; to keep it as it is, write liveness = \"off\""
                .to_owned(),
        );
        return LivenessMode::Off;
    }
    if door.can_prompt() { LivenessMode::Challenge } else { LivenessMode::Motion }
}

fn note_missing_prompts(review: &mut Review<'_>, key: &RawValue<String>, door: &DoorSettings) {
    if !door.can_prompt() {
        let what = "\"challenge\" asks everybody to turn the head, and there are no lights that ask";
        let remedy = "add [door] prompt-left = N and prompt-right = N, or write liveness = \"motion\"";
        review.note_missing(key.as_ref().map(Spanned::span), "[recognition] liveness", what, remedy);
    }
}

/// A real lock that a photograph opens needs the consent to that.
fn note_photo_risk(review: &mut Review<'_>, raw: &RawFile, door: &DoorSettings, accepted: bool) {
    if door.driver == Driver::DryRun || accepted {
        return;
    }
    let at = raw.door.accept_photo_risk.as_ref().map(Spanned::span);
    let at = at.or(raw.recognition.liveness.as_ref().map(Spanned::span));
    let what = "with liveness = \"off\" a photograph of an enrolled person can open the door";
    let remedy =
        "if you accept that, write accept-photo-risk = true; else liveness = \"motion\" or \"challenge\"";
    review.note_missing(at, "[door] accept-photo-risk", what, remedy);
}

fn check_after_unsure(review: &mut Review<'_>, raw: &RawValue<String>, entry: &EntrySettings) -> AfterUnsure {
    let choices = [("refuse", AfterUnsure::Refuse), ("pin", AfterUnsure::Pin)];
    let after = choice(review, "[liveness] after-unsure", raw, &choices).unwrap_or(AfterUnsure::Refuse);
    if after == AfterUnsure::Pin && entry.keypad.is_none() {
        let what = "\"pin\" needs a keypad to enter it";
        let remedy = "add [keypad] device = \"/dev/input/by-id/...\", or write after-unsure = \"refuse\"";
        review.note_missing(raw.as_ref().map(Spanned::span), "[liveness] after-unsure", what, remedy);
    }
    after
}

#[cfg(test)]
#[path = "liveness_tests.rs"]
mod tests;
