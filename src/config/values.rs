//! Checks of single values for every section: numbers, choices, texts, paths and names.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use limen_core::person::is_deceptive;

use super::raw::{Names, RawValue};
use crate::diagnostics::Review;

/// Checks that a number is in `range`. `None` if the key is missing or has a noted mistake.
pub(super) fn number<T: Copy + PartialOrd + Display>(
    review: &mut Review<'_>,
    key: &str,
    raw: &RawValue<T>,
    range: RangeInclusive<T>,
    unit: &str,
) -> Option<T> {
    let raw = raw.as_ref()?;
    if range.contains(raw.get_ref()) {
        return Some(*raw.get_ref());
    }
    let remedy = format!("use {} to {} {unit}", range.start(), range.end());
    review.note(Some(raw.span()), key, format!("{} is out of range", raw.get_ref()), remedy.trim_end());
    None
}

/// Checks that a text is one of the `choices`. `None` if the key is missing or has a noted mistake.
pub(super) fn choice<T: Copy>(
    review: &mut Review<'_>,
    key: &str,
    raw: &RawValue<String>,
    choices: &[(&str, T)],
) -> Option<T> {
    let raw = raw.as_ref()?;
    let found = choices.iter().find(|(name, _)| name == raw.get_ref());
    if found.is_none() {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let what = format!("\"{}\" is not known", raw.get_ref());
        review.note(Some(raw.span()), key, what, format!("use {}", names.join(" or ")));
    }
    found.map(|(_, value)| *value)
}

/// Checks that a text is not empty and has no control characters. `None` if the key is missing or has a noted
/// mistake.
pub(super) fn text<'a>(review: &mut Review<'_>, key: &str, raw: &'a RawValue<String>) -> Option<&'a str> {
    let raw = raw.as_ref()?;
    let text = raw.get_ref();
    if text.is_empty() || text.chars().any(is_deceptive) {
        let what = "is empty or has control characters";
        review.note(Some(raw.span()), key, what, "write its text, or leave the key out");
        return None;
    }
    Some(text.as_str())
}

/// Checks a path; a relative one starts from `folder`. `None` if the key is missing or has a noted mistake.
pub(super) fn path(
    review: &mut Review<'_>,
    key: &str,
    raw: &RawValue<String>,
    folder: &Path,
) -> Option<PathBuf> {
    text(review, key, raw).map(|path| folder.join(path))
}

/// A switch, which is off if the key is missing.
pub(super) fn flag(raw: &RawValue<bool>) -> bool {
    raw.as_ref().is_some_and(|raw| *raw.get_ref())
}

/// The indexes in `known` of the names in a list. The list must not be empty, and each name must be known and be
/// listed once.
pub(super) fn check_names(
    review: &mut Review<'_>,
    key: &str,
    raw: &Names,
    known: &[&str],
    kind: &str,
) -> Vec<usize> {
    let Some(raw) = raw else { return Vec::new() };
    if raw.get_ref().is_empty() {
        review.note(Some(raw.span()), key, "names nothing", "name something, or leave the key out");
    }
    let mut found = Vec::new();
    for name in raw.get_ref() {
        match known.iter().position(|known| *known == name.get_ref().as_str()) {
            Some(index) if found.contains(&index) => {
                let what = format!("\"{}\" is listed twice", name.get_ref());
                review.note(Some(name.span()), key, what, "list it once");
            }
            Some(index) => found.push(index),
            None => {
                let what = format!("no {kind} is called \"{}\"", name.get_ref());
                let remedy = match known {
                    [] => format!("there is no {kind} without mistakes; add it"),
                    known => format!("use {}, or add it", known.join(" or ")),
                };
                review.note_missing(Some(name.span()), key, what, remedy);
            }
        }
    }
    found
}
