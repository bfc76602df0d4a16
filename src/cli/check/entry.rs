//! Checks that keypad and card reader are there, readable, and not held by another program.

use limen_core::person::printable_path;

use super::super::context::CommandContext;
use super::report::CheckReport;
use crate::config::Settings;
use crate::control::{Request, ask};
use crate::door::driver::check_pulses;
use crate::entry::{ReaderSettings, check_device, keyboards};

pub fn check_entry(context: &CommandContext, report: &mut CheckReport, settings: &Settings) {
    let entry = &settings.entry;
    if entry.keypad.is_none() && entry.reader.is_none() {
        return;
    }
    if ask(&context.socket(settings), Request::Status).is_ok() {
        return report.note("entry", "keypad and reader are held by the running daemon");
    }
    let typing = match &entry.reader {
        Some(ReaderSettings::Typing(path)) => Some(path),
        _ => None,
    };
    let devices = [("keypad", entry.keypad.as_ref()), ("reader", typing)];
    let mut missing = false;
    for (part, path) in devices.into_iter().filter_map(|(part, path)| Some((part, path?))) {
        match report.take(part, check_device(path)) {
            Some(name) => report.ok(part, &format!("{}: {name}", printable_path(path))),
            None => missing = true,
        }
    }
    if missing {
        for keyboard in keyboards() {
            report.note("entry", &format!("{}: {}", printable_path(&keyboard.path), keyboard.name));
        }
    }
    if let Some(ReaderSettings::Wiegand { d0, d1 }) = entry.reader
        && report.take("reader", check_pulses(&settings.door, [d0, d1])).is_some()
    {
        report.ok("reader", &format!("Wiegand, zeroes on BCM {d0}, ones on BCM {d1}"));
    }
}
