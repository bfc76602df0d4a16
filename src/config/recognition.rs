//! Checks `[recognition]`: when a face is recognised as a person.

use std::ops::RangeInclusive;

use limen_core::embedding::{Distance, Margin};
use limen_core::person::PersonId;
use limen_core::policy::MultipleFaces;
use limen_vision::matching::LookAlikes;
use limen_vision::quality::Gate;
use toml::Spanned;

use super::raw::{RawLookAlikes, RawQuality, RawRecognition, RawValue};
use super::settings::RecognitionSettings;
use super::values::{choice, number};
use crate::diagnostics::Review;

/// The most pairs of look-alikes. Each pair costs one distance per frame; a site with more pairs needs a better
/// model.
const MAX_LOOK_ALIKES: usize = 1000;

/// The largest `max-distance`. For a network that is compared by the angle it is 2, which is checked when the
/// network is known.
const LARGEST_DISTANCE: f32 = 100.0;

/// Checks `[recognition]`.
pub(super) fn check_recognition(review: &mut Review<'_>, raw: &RawRecognition) -> RecognitionSettings {
    let target_far = number(review, "[recognition] target-far", &raw.target_far, 1e-8..=1e-1, "");
    let margin = number(review, "[recognition] margin", &raw.margin, 0.0..=0.5, "");
    RecognitionSettings {
        target_far: target_far.unwrap_or(1e-4),
        max_distance: check_max_distance(review, &raw.max_distance),
        margin: margin.and_then(margin_of).unwrap_or(Margin::USUAL),
        look_alikes: check_look_alikes(review, &raw.look_alikes),
        gate: check_gate(review, &raw.quality),
    }
}

/// The margin for a number whose range is already checked.
fn margin_of(number: f64) -> Option<Margin> {
    Margin::new(number as f32)
}

fn check_max_distance(review: &mut Review<'_>, raw: &RawValue<f64>) -> Option<Distance> {
    let raw = raw.as_ref()?;
    let distance = Distance::new(*raw.get_ref() as f32);
    if let Some(distance) =
        distance.filter(|distance| *distance > Distance::ZERO && distance.get() <= LARGEST_DISTANCE)
    {
        return Some(distance);
    }
    let what = format!("{} is out of range", raw.get_ref());
    review.note(
        Some(raw.span()),
        "[recognition] max-distance",
        what,
        format!("use more than 0, to {LARGEST_DISTANCE}, or leave it out"),
    );
    None
}

/// Checks what happens if there is another face in the picture.
pub(super) fn check_multiple_faces(review: &mut Review<'_>, raw: &RawRecognition) -> MultipleFaces {
    let choices = [("nearest", MultipleFaces::Nearest), ("refuse", MultipleFaces::Refuse)];
    choice(review, "[recognition] multiple-faces", &raw.multiple_faces, &choices).unwrap_or_default()
}

/// Checks `frames` (K) and `window` (N): K of the last N frames must agree.
pub(super) fn check_frames(review: &mut Review<'_>, raw: &RawRecognition) -> (usize, usize) {
    let frames = number(review, "[recognition] frames", &raw.frames, 1..=10, "frames").unwrap_or(3);
    let window = number(review, "[recognition] window", &raw.window, 1..=20, "frames");
    if let (Some(window), Some(at)) = (window, &raw.window)
        && window < frames
    {
        let what = format!("{window} frames cannot hold the {frames} that must agree");
        review.note(Some(at.span()), "[recognition] window", what, format!("use {frames} to 20"));
    }
    let window = window.unwrap_or(5).max(frames);
    (frames as usize, window as usize)
}

fn check_gate(review: &mut Review<'_>, raw: &RawQuality) -> Gate {
    let mut bound = |key: &str, value: &RawValue<f64>, range: RangeInclusive<f64>, unit: &str| {
        number(review, &format!("[recognition.quality] {key}"), value, range, unit)
            .map(|number| number as f32)
    };
    let default = Gate::default();
    let gate = Gate {
        min_eye_distance: bound("min-eye-distance", &raw.min_eye_distance, 8.0..=500.0, "pixels")
            .unwrap_or(default.min_eye_distance),
        max_roll: bound("max-roll", &raw.max_roll, 5.0..=60.0, "degrees").unwrap_or(default.max_roll),
        max_yaw: bound("max-yaw", &raw.max_yaw, 5.0..=90.0, "degrees").unwrap_or(default.max_yaw),
        max_pitch: bound("max-pitch", &raw.max_pitch, 5.0..=90.0, "degrees").unwrap_or(default.max_pitch),
        min_sharpness: bound("min-sharpness", &raw.min_sharpness, 0.0..=100.0, "percent")
            .unwrap_or(default.min_sharpness),
        min_brightness: bound("min-brightness", &raw.min_brightness, 0.0..=255.0, "")
            .unwrap_or(default.min_brightness),
        max_brightness: bound("max-brightness", &raw.max_brightness, 0.0..=255.0, "")
            .unwrap_or(default.max_brightness),
        min_presence: bound("min-presence", &raw.min_presence, 0.0..=1.0, "").unwrap_or(default.min_presence),
        familiar: default.familiar,
        template: default.template,
    };
    if gate.max_brightness <= gate.min_brightness {
        let at = raw.max_brightness.as_ref().or(raw.min_brightness.as_ref()).map(Spanned::span);
        let what = format!("{} is not above min-brightness, {}", gate.max_brightness, gate.min_brightness);
        review.note(at, "[recognition.quality] max-brightness", what, "use a larger number");
    }
    gate
}

fn check_look_alikes(review: &mut Review<'_>, raw: &[Spanned<RawLookAlikes>]) -> LookAlikes {
    const KEY: &str = "[[recognition.look-alikes]]";
    if let Some(first) = raw.get(MAX_LOOK_ALIKES) {
        let what = format!("more than {MAX_LOOK_ALIKES} pairs");
        review.note(Some(first.span()), KEY, what, "remove those that matter least");
    }
    let pairs = raw.iter().take(MAX_LOOK_ALIKES).filter_map(|pair| check_pair(review, pair));
    LookAlikes::new(pairs.collect::<Vec<_>>())
}

fn check_pair(review: &mut Review<'_>, raw: &Spanned<RawLookAlikes>) -> Option<(PersonId, PersonId, Margin)> {
    const PEOPLE: &str = "[[recognition.look-alikes]] people";
    let pair = raw.get_ref();
    let margin = number(review, "[[recognition.look-alikes]] margin", &pair.margin, 0.0..=1.0, "");
    let margin = match (margin, &pair.margin) {
        (Some(margin), _) => margin_of(margin)?,
        (None, Some(_)) => return None,
        (None, None) => {
            let remedy = "add margin = 0.1, or what `limen calibrate` proposes";
            review.note_missing(Some(raw.span()), "[[recognition.look-alikes]] margin", "is missing", remedy);
            return None;
        }
    };
    let at = pair.people.as_ref().map_or(raw.span(), Spanned::span);
    let ids: Vec<&String> = pair.people.iter().flat_map(|people| people.get_ref()).collect();
    let found: Vec<PersonId> = ids.iter().filter_map(|id| PersonId::new(id.as_str()).ok()).collect();
    match <[PersonId; 2]>::try_from(found) {
        Ok([one, other]) if one != other && ids.len() == 2 => Some((one, other, margin)),
        _ => {
            review.note(
                Some(at),
                PEOPLE,
                "must name two people",
                "write people = [\"ada\", \"bob\"], by their ids",
            );
            None
        }
    }
}
