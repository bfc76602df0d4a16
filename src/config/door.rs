//! Checks `[door]`. A real lock needs a pin, which a dry run does not need.

use std::path::Path;
use std::time::Duration;

use limen_core::event::Input;
use limen_core::policy::{DoorRules, LONGEST_UNLOCK, Relocking};
use toml::Spanned;

use super::lines::{LEVELS, check_lines};
use super::raw::RawDoor;
use super::values::{choice, flag, number, path, text};
use crate::diagnostics::Review;
use crate::door::chips::ChipChoice;
use crate::door::pin::{ActiveLevel, HIGHEST_PIN, LAST_PULLED_UP};
use crate::door::{DoorSettings, Driver, LockType};

/// The kernel's limit for the label of a chip, in bytes.
const LONGEST_LABEL: usize = 31;

/// Checks `[door]`. If the driver is missing or unknown, it is the dry run.
pub(super) fn check_door(review: &mut Review<'_>, raw: &RawDoor, warnings: &mut Vec<String>) -> DoorSettings {
    let drivers = [("rppal", Driver::Rppal), ("gpiochip", Driver::Gpiochip), ("dry-run", Driver::DryRun)];
    let driver = choice(review, "[door] driver", &raw.driver, &drivers).unwrap_or(Driver::DryRun);
    let active = choice(review, "[door] active", &raw.active, &LEVELS).unwrap_or(ActiveLevel::High);
    let locks = [("fail-secure", LockType::FailSecure), ("fail-safe", LockType::FailSafe)];
    let lines = check_lines(review, raw, warnings);
    if !matches!(driver, Driver::DryRun) {
        check_real_lock(review, raw);
    }
    check_pull(review, raw, active);
    DoorSettings {
        driver,
        chip: check_chip(review, raw, driver, warnings),
        pin: lines.lock,
        active,
        lock: choice(review, "[door] lock", &raw.lock, &locks).unwrap_or_default(),
        external_pull: flag(&raw.external_pull),
        green: lines.green,
        red: lines.red,
        buzzer: lines.buzzer,
        prompt_left: lines.prompt_left,
        prompt_right: lines.prompt_right,
        // It belongs to the camera, and is checked with it.
        light: None,
        inputs: lines.inputs,
    }
}

/// Checks the times of `[door]`. A door with `relock = "on-close"` must have a contact.
pub(super) fn check_rules(review: &mut Review<'_>, raw: &RawDoor, door: &DoorSettings) -> DoorRules {
    let default = DoorRules::DEFAULT;
    let longest = LONGEST_UNLOCK.as_secs_f64();
    let mut seconds = |key: &str, raw, range, default: Duration| {
        number(review, &format!("[door] {key}"), raw, range, "seconds")
            .map_or(default, Duration::from_secs_f64)
    };
    let rules = DoorRules {
        longest: seconds(
            "longest-unlock-seconds",
            &raw.longest_unlock_seconds,
            1.0..=longest,
            default.longest,
        ),
        extended: seconds(
            "extended-unlock-seconds",
            &raw.extended_unlock_seconds,
            1.0..=longest,
            default.extended,
        ),
        held_open: seconds("held-open-seconds", &raw.held_open_seconds, 5.0..=3600.0, default.held_open),
        warning: seconds(
            "held-open-warning-seconds",
            &raw.held_open_warning_seconds,
            0.0..=3600.0,
            default.warning,
        ),
        ..default
    };
    if rules.warning >= rules.held_open {
        let at = raw.held_open_warning_seconds.as_ref().or(raw.held_open_seconds.as_ref()).map(Spanned::span);
        let what =
            "is not shorter than held-open-seconds, so the warning would begin before the door is open";
        review.note(at, "[door] held-open-warning-seconds", what, "write fewer seconds");
    }
    DoorRules { relock: check_relock(review, raw, door), ..rules }
}

fn check_relock(review: &mut Review<'_>, raw: &RawDoor, door: &DoorSettings) -> Relocking {
    let choices = [("after-time", Relocking::AfterTime), ("on-close", Relocking::OnClose)];
    let relock = choice(review, "[door] relock", &raw.relock, &choices).unwrap_or_default();
    let contact = door.inputs.iter().any(|line| line.input == Input::Contact);
    if relock == Relocking::OnClose && !contact {
        let at = raw.relock.as_ref().map(Spanned::span);
        let remedy = "wire a door contact and add [door.contact] pin = N, or write relock = \"after-time\"";
        review.note_missing(at, "[door] relock", "\"on-close\" needs a door contact", remedy);
    }
    relock
}

fn check_chip(
    review: &mut Review<'_>,
    raw: &RawDoor,
    driver: Driver,
    warnings: &mut Vec<String>,
) -> ChipChoice {
    let label = text(review, "[door] chip-label", &raw.chip_label).map(str::to_owned);
    if let (Some(label), Some(raw)) = (&label, &raw.chip_label)
        && label.len() > LONGEST_LABEL
    {
        let what = format!("is longer than {LONGEST_LABEL} bytes, so no chip can have this label");
        review.note(
            Some(raw.span()),
            "[door] chip-label",
            what,
            "`limen check` lists the chips and their labels",
        );
    }
    if driver == Driver::Rppal && (raw.chip.is_some() || label.is_some()) {
        warnings.push(
            "[door] chip, chip-label: the driver rppal drives the header by its registers and uses no chip; leave them out"
                .to_owned(),
        );
    }
    ChipChoice { path: path(review, "[door] chip", &raw.chip, Path::new("/dev")), label }
}

/// Checks what only a real lock needs: a pin.
fn check_real_lock(review: &mut Review<'_>, raw: &RawDoor) {
    let at = raw.driver.as_ref().map(Spanned::span);
    if raw.pin.is_none() {
        review.note_missing(at, "[door] pin", "is missing", "add pin = N, the BCM number of the relay's pin");
    }
}

/// Between power-up and the start of limen only the pull resistor sets the level of the pin, so it must be the
/// locked level.
fn check_pull(review: &mut Review<'_>, raw: &RawDoor, active: ActiveLevel) {
    let Some((at, pin)) = raw.pin.as_ref().and_then(|raw| Some((raw.span(), super::lines::pin_of(raw)?)))
    else {
        return;
    };
    let pull = pin.pull_at_power_up();
    if pull == active && !flag(&raw.external_pull) {
        let (direction, others) = match pull {
            ActiveLevel::High => ("up", format!("{} to {HIGHEST_PIN}", LAST_PULLED_UP + 1)),
            ActiveLevel::Low => ("down", format!("0 to {LAST_PULLED_UP}")),
        };
        let what = format!("BCM {pin} is pulled {direction} at power-up, which is the unlocked level");
        let remedy =
            format!("use BCM {others}, or hold it locked with a resistor and write external-pull = true");
        review.note(Some(at), "[door] pin", what, remedy);
    }
}
