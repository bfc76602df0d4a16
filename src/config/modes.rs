//! `[modes]` and `[alarms]`: when the door is not in its normal mode, and what the camera's silence means.

use std::sync::Arc;
use std::time::Duration;

use limen_core::policy::DoorRules;
use limen_core::policy::access::ModeSchedules;
use limen_core::policy::access::schedule::Schedule;

use super::said::{Names, SaidAlarms, SaidModes};
use super::values::{check_names, choice, number};
use crate::mistake::Review;

/// Which schedules put a mode into force.
pub(super) fn check_modes(
    review: &mut Review<'_>,
    said: &SaidModes,
    schedules: &[Arc<Schedule>],
) -> ModeSchedules {
    let names: Vec<&str> = schedules.iter().map(|schedule| schedule.name.as_str()).collect();
    let mut named = |key: &str, said: &Names| {
        let found = check_names(review, key, said, &names, "[[schedule]]");
        found.into_iter().map(|index| Arc::clone(&schedules[index])).collect()
    };
    ModeSchedules {
        office_open: named("[modes] office-open", &said.office_open),
        lock_down: named("[modes] lock-down", &said.lock_down),
    }
}

/// Whether a commanded mode outlasts a restart.
pub(super) fn keeps_mode(review: &mut Review<'_>, said: &SaidModes) -> bool {
    let choices = [("normal", false), ("keep", true)];
    choice(review, "[modes] after-restart", &said.after_restart, &choices).unwrap_or(false)
}

/// What modes and alarms add to the rules of the door.
pub(super) fn check_rules(
    review: &mut Review<'_>,
    modes: &SaidModes,
    alarms: &SaidAlarms,
    rules: DoorRules,
) -> DoorRules {
    let blind =
        number(review, "[alarms] camera-blind-seconds", &alarms.camera_blind_seconds, 0..=3600, "seconds");
    DoorRules {
        rex_in_lock_down: modes.rex_in_lock_down.as_ref().is_none_or(|said| *said.get_ref()),
        blind: match blind {
            None => rules.blind,
            Some(0) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.unsigned_abs())),
        },
        ..rules
    }
}
