//! Checks `[modes]` and `[alarms]`: the schedules of the modes, and when a blind camera raises an alarm.

use std::sync::Arc;
use std::time::Duration;

use limen_core::policy::DoorRules;
use limen_core::policy::access::ModeSchedules;
use limen_core::policy::access::schedule::Schedule;

use super::raw::{Names, RawAlarms, RawModes};
use super::values::{check_names, choice, number};
use crate::diagnostics::Review;

/// Checks the schedules that put a mode into force.
pub(super) fn check_modes(
    review: &mut Review<'_>,
    raw: &RawModes,
    schedules: &[Arc<Schedule>],
) -> ModeSchedules {
    let names: Vec<&str> = schedules.iter().map(|schedule| schedule.name.as_str()).collect();
    let mut named = |key: &str, raw: &Names| {
        let found = check_names(review, key, raw, &names, "[[schedule]]");
        found.into_iter().map(|index| Arc::clone(&schedules[index])).collect()
    };
    ModeSchedules {
        office_open: named("[modes] office-open", &raw.office_open),
        lock_down: named("[modes] lock-down", &raw.lock_down),
    }
}

/// Whether a mode that was set by `limen mode` is in force again after a restart.
pub(super) fn keeps_mode(review: &mut Review<'_>, raw: &RawModes) -> bool {
    let choices = [("normal", false), ("keep", true)];
    choice(review, "[modes] after-restart", &raw.after_restart, &choices).unwrap_or(false)
}

/// Adds to the rules of the door what `[modes]` and `[alarms]` set.
pub(super) fn check_rules(
    review: &mut Review<'_>,
    modes: &RawModes,
    alarms: &RawAlarms,
    rules: DoorRules,
) -> DoorRules {
    let blind =
        number(review, "[alarms] camera-blind-seconds", &alarms.camera_blind_seconds, 0..=3600, "seconds");
    DoorRules {
        rex_in_lock_down: modes.rex_in_lock_down.as_ref().is_none_or(|raw| *raw.get_ref()),
        blind: match blind {
            None => rules.blind,
            Some(0) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.unsigned_abs())),
        },
        ..rules
    }
}
