//! The door's part of the configuration: a real lock asks for more care than any other section.

use std::path::Path;

use toml::Spanned;

use super::checks::{choice, flag, path};
use super::said::{Said, SaidDoor};
use crate::door::pin::{ActiveLevel, HIGHEST_PIN, LAST_PULLED_UP, Pin};
use crate::door::{DoorSettings, Driver};
use crate::mistake::Review;

/// Pins that the serial console may drive while the Pi starts.
const SERIAL_CONSOLE: [i64; 2] = [14, 15];
const DEFAULT_CHIP: &str = "/dev/gpiochip0";

/// Checks `[door]`; a section with mistakes gives the dry-run door.
pub(super) fn check_door(
    review: &mut Review<'_>,
    said: &SaidDoor,
    warnings: &mut Vec<String>,
) -> DoorSettings {
    let drivers = [("rppal", Driver::Rppal), ("gpiochip", Driver::Gpiochip), ("dry-run", Driver::DryRun)];
    let driver = choice(review, "[door] driver", &said.driver, &drivers).unwrap_or(Driver::DryRun);
    let levels = [("high", ActiveLevel::High), ("low", ActiveLevel::Low)];
    let active = choice(review, "[door] active", &said.active, &levels).unwrap_or(ActiveLevel::High);
    let [pin, green, red] = check_pins(review, said, warnings);
    if !matches!(driver, Driver::DryRun) {
        check_real_lock(review, said);
    }
    check_pull(review, said, active);
    DoorSettings {
        driver,
        chip: path(review, "[door] chip", &said.chip, Path::new("/dev"))
            .unwrap_or_else(|| DEFAULT_CHIP.into()),
        pin,
        active,
        external_pull: flag(&said.external_pull),
        green,
        red,
    }
}

/// What a lock that really moves needs besides.
fn check_real_lock(review: &mut Review<'_>, said: &SaidDoor) {
    let at = said.driver.as_ref().map(Spanned::span);
    if said.pin.is_none() {
        review.note_missing(
            at.clone(),
            "[door] pin",
            "is missing",
            "add pin = N, the BCM number of the relay's pin",
        );
    }
    if !flag(&said.accept_photo_risk) {
        let at = said.accept_photo_risk.as_ref().map(Spanned::span).or(at);
        let what = "until there is liveness detection, a photograph of an enrolled person can open the door";
        let remedy = "if you accept that, write accept-photo-risk = true; else driver = \"dry-run\"";
        review.note_missing(at, "[door] accept-photo-risk", what, remedy);
    }
}

/// Lock, green and red: each a BCM number, no two the same.
fn check_pins(review: &mut Review<'_>, said: &SaidDoor, warnings: &mut Vec<String>) -> [Option<Pin>; 3] {
    let all: [(&str, &Said<i64>); 3] = [("pin", &said.pin), ("green", &said.green), ("red", &said.red)];
    let mut seen: Vec<(i64, &str)> = Vec::new();
    all.map(|(key, said)| {
        let said = said.as_ref()?;
        let number = *said.get_ref();
        let pin = check_pin(review, key, said)?;
        if let Some((_, other)) = seen.iter().find(|(taken, _)| *taken == number) {
            let what = format!("BCM {number} is used for {other} already");
            review.note(Some(said.span()), format!("[door] {key}"), what, "use another pin");
        }
        if SERIAL_CONSOLE.contains(&number) {
            warnings.push(format!(
                "[door] {key}: BCM {number} belongs to the serial console, which may move it while the Pi \
                 starts; use another pin, or turn the console off with raspi-config"
            ));
        }
        seen.push((number, key));
        Some(pin)
    })
}

fn check_pin(review: &mut Review<'_>, key: &str, said: &Spanned<i64>) -> Option<Pin> {
    let number = *said.get_ref();
    let pin = pin_of(said);
    if pin.is_none() {
        let what = format!("{number} is not a BCM number (0 to {HIGHEST_PIN})");
        review.note(Some(said.span()), format!("[door] {key}"), what, "header pin 11 is BCM 17");
    }
    pin
}

fn pin_of(said: &Spanned<i64>) -> Option<Pin> {
    u8::try_from(*said.get_ref()).ok().and_then(|number| Pin::new(number).ok())
}

/// Between power-up and our start only the pull decides, so it must hold the locked level.
fn check_pull(review: &mut Review<'_>, said: &SaidDoor, active: ActiveLevel) {
    let Some((at, pin)) = said.pin.as_ref().and_then(|said| Some((said.span(), pin_of(said)?))) else {
        return;
    };
    let pull = pin.pull_at_power_up();
    if pull == active && !flag(&said.external_pull) {
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
