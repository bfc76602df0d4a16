//! Checks `[keypad]`, `[reader]`, and the second factor of groups, which needs one of these devices.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use limen_core::credential::{Factor, Factors, SecondFactor};
use limen_core::person::GroupId;
use limen_core::policy::access::factors::FactorRule;
use limen_core::policy::access::schedule::Schedule;
use toml::Spanned;

use super::lines::TakenPins;
use super::raw::{RawGroup, RawKeypad, RawReader, RawValue, RawWiegand};
use super::values::{check_names, choice, path};
use crate::diagnostics::Review;
use crate::door::{DoorSettings, Driver};
use crate::entry::{EntrySettings, ReaderSettings, check_stable};

/// Checks `[keypad]` and `[reader]`. The lines of a reader must not be lines of `door`.
pub(super) fn check_entry(
    review: &mut Review<'_>,
    keypad: &RawKeypad,
    reader: &RawReader,
    door: &DoorSettings,
    warnings: &mut Vec<String>,
) -> EntrySettings {
    let entry = EntrySettings {
        keypad: check_device(review, "[keypad] device", &keypad.device),
        reader: check_reader(review, reader, door, warnings),
    };
    if let (Some(pad), Some(ReaderSettings::Typing(path)), Some(raw)) =
        (&entry.keypad, &entry.reader, &reader.device)
        && pad == path
    {
        let what = "is already the device of the keypad";
        review.note(Some(raw.span()), "[reader] device", what, "name the device of the reader");
    }
    entry
}

/// The factors that people can present at these devices.
pub(super) fn available(entry: &EntrySettings) -> Factors {
    Factors { pin: entry.keypad.is_some(), card: entry.reader.is_some() }
}

fn check_device(review: &mut Review<'_>, key: &str, raw: &RawValue<String>) -> Option<PathBuf> {
    let device = path(review, key, raw, Path::new("/dev/input"))?;
    if let Err(error) = check_stable(&device) {
        let text = error.to_string();
        let (what, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        review.note(raw.as_ref().map(Spanned::span), key, what, remedy);
    }
    Some(device)
}

fn check_reader(
    review: &mut Review<'_>,
    raw: &RawReader,
    door: &DoorSettings,
    warnings: &mut Vec<String>,
) -> Option<ReaderSettings> {
    let device = check_device(review, "[reader] device", &raw.device);
    if let (Some(wiegand), Some(_)) = (&raw.wiegand, &raw.device) {
        let what = "is set, and device is set too";
        review.note(Some(wiegand.span()), "[reader] wiegand", what, "keep the one that is connected");
    }
    let lines = raw.wiegand.as_ref().and_then(|lines| check_lines(review, lines, door, warnings));
    device.map(ReaderSettings::Typing).or(lines)
}

fn check_lines(
    review: &mut Review<'_>,
    raw: &Spanned<RawWiegand>,
    door: &DoorSettings,
    warnings: &mut Vec<String>,
) -> Option<ReaderSettings> {
    let (at, lines) = (raw.span(), raw.get_ref());
    if door.driver == Driver::DryRun {
        warnings.push("[reader] wiegand: the driver \"dry-run\" reads no lines, and so no cards".to_owned());
    }
    let mut taken = TakenPins::by(door);
    let mut line = |name: &str, pin: &RawValue<i64>| {
        let key = format!("[reader] wiegand {name}");
        if pin.is_none() {
            review.note_missing(
                Some(at.clone()),
                &key,
                "is missing",
                format!("add {name} = N, a BCM number"),
            );
        }
        taken.check_pin(review, &key, pin, warnings)
    };
    let (d0, d1) = (line("d0", &lines.d0), line("d1", &lines.d1));
    Some(ReaderSettings::Wiegand { d0: d0?, d1: d1? })
}

/// Checks the second factor of a group: there must be a device for it.
pub(super) fn check_factor(
    review: &mut Review<'_>,
    id: &GroupId,
    at: Range<usize>,
    raw: &RawGroup,
    schedules: &[Arc<Schedule>],
    available: Factors,
) -> Option<FactorRule> {
    let key = format!("group \"{id}\" second-factor");
    let factor = choice(review, &key, &raw.second_factor, &SecondFactor::NAMES);
    if let (Some(factor), Some(raw)) = (factor, &raw.second_factor) {
        note_missing_devices(review, raw.span(), &key, factor, available);
    }
    let key = format!("group \"{id}\" second-factor-schedules");
    let names: Vec<&str> = schedules.iter().map(|schedule| schedule.name.as_str()).collect();
    let own = check_names(review, &key, &raw.second_factor_schedules, &names, "[[schedule]]");
    if raw.second_factor_schedules.is_some() && raw.second_factor.is_none() {
        let remedy = "add second-factor = \"pin\", or take the schedules away";
        review.note_missing(Some(at), key, "has no second-factor beside it", remedy);
    }
    let schedules = own.into_iter().map(|index| Arc::clone(&schedules[index])).collect();
    Some(FactorRule { factor: factor?, schedules })
}

fn note_missing_devices(
    review: &mut Review<'_>,
    at: Range<usize>,
    key: &str,
    factor: SecondFactor,
    available: Factors,
) {
    if factor.is_met_by(available) {
        return;
    }
    let remedy = match factor.accepts(Factor::Pin) {
        true => "add [keypad] device = \"/dev/input/by-id/...\"",
        false => "add [reader] with device or wiegand",
    };
    review.note_missing(
        Some(at),
        key,
        format!("asks for {factor}, but there is no device to enter it"),
        remedy,
    );
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
