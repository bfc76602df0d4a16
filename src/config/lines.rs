//! Checks the lines of `[door]`, outputs and inputs. No pin is used twice.

use std::time::Duration;

use limen_core::event::Input;
use toml::Spanned;

use super::raw::{RawDoor, RawInput, RawValue};
use super::values::{choice, number};
use crate::diagnostics::Review;
use crate::door::pin::{ActiveLevel, HIGHEST_PIN, Pin};
use crate::door::{DoorSettings, InputSettings, OutputSettings, Pull};

/// Pins that the serial console may drive while the Pi starts, by their BCM numbers.
const SERIAL_CONSOLE: [i64; 2] = [14, 15];
/// The default time of debouncing, in milliseconds: longer than a contact bounces, shorter than a hand needs.
const DEFAULT_DEBOUNCE_MS: u64 = 30;
/// The names of a line's levels.
pub(super) const LEVELS: [(&str, ActiveLevel); 2] = [("high", ActiveLevel::High), ("low", ActiveLevel::Low)];

/// The lines of the door that are wired.
#[derive(Debug, Default)]
pub(super) struct WiredLines {
    pub lock: Option<Pin>,
    pub green: Option<OutputSettings>,
    pub red: Option<OutputSettings>,
    pub buzzer: Option<OutputSettings>,
    pub prompt_left: Option<OutputSettings>,
    pub prompt_right: Option<OutputSettings>,
    pub inputs: Vec<InputSettings>,
}

/// The pins in use, by their BCM numbers, each with the key that uses it.
#[derive(Debug, Default)]
pub(super) struct TakenPins(Vec<(i64, String)>);

/// Checks every line of `[door]`.
pub(super) fn check_lines(review: &mut Review<'_>, raw: &RawDoor, warnings: &mut Vec<String>) -> WiredLines {
    let mut taken = TakenPins::default();
    let lock = taken.check_pin(review, "[door] pin", &raw.pin, warnings);
    let mut output = |name: &str, pin: &RawValue<i64>, active: &RawValue<String>| {
        let key = format!("[door] {name}");
        let level = choice(review, &format!("{key}-active"), active, &LEVELS);
        if let (None, Some(active)) = (pin, active) {
            let what = format!("sets the level of {name}, but there is no {name}");
            review.note(Some(active.span()), format!("{key}-active"), what, format!("add {name} = N"));
        }
        let pin = taken.check_pin(review, &key, pin, warnings)?;
        Some(OutputSettings { pin, active: level.unwrap_or(ActiveLevel::High) })
    };
    let green = output("green", &raw.green, &raw.green_active);
    let red = output("red", &raw.red, &raw.red_active);
    let buzzer = output("buzzer", &raw.buzzer, &raw.buzzer_active);
    let prompt_left = output("prompt-left", &raw.prompt_left, &raw.prompt_left_active);
    let prompt_right = output("prompt-right", &raw.prompt_right, &raw.prompt_right_active);
    check_both(review, raw);
    let inputs = [
        (Input::Rex, &raw.rex),
        (Input::Contact, &raw.contact),
        (Input::Tamper, &raw.tamper),
        (Input::Fire, &raw.fire),
    ];
    let inputs = inputs
        .into_iter()
        .filter_map(|(input, raw)| check_input(review, input, raw.as_ref()?, &mut taken, warnings))
        .collect();
    WiredLines { lock, green, red, buzzer, prompt_left, prompt_right, inputs }
}

/// One prompt light alone cannot ask to turn to both sides.
fn check_both(review: &mut Review<'_>, raw: &RawDoor) {
    let (there, missing) = match (&raw.prompt_left, &raw.prompt_right) {
        (Some(left), None) => (("prompt-left", left.span()), "prompt-right"),
        (None, Some(right)) => (("prompt-right", right.span()), "prompt-left"),
        _ => return,
    };
    let what = format!("is there without {missing}, and people are asked to turn to both sides");
    review.note_missing(
        Some(there.1),
        format!("[door] {}", there.0),
        what,
        format!("add {missing} = N, or take it away"),
    );
}

/// The level of an active input, if the file does not set it. The chip pulls each input up, and its switch connects it
/// to ground. A contact, a tamper switch or a fire relay opens if something happens or its wire is cut; a button
/// closes if it is pressed.
fn usual_level(input: Input) -> ActiveLevel {
    match input {
        Input::Rex => ActiveLevel::Low,
        Input::Contact | Input::Tamper | Input::Fire => ActiveLevel::High,
    }
}

fn check_input(
    review: &mut Review<'_>,
    input: Input,
    raw: &Spanned<RawInput>,
    taken: &mut TakenPins,
    warnings: &mut Vec<String>,
) -> Option<InputSettings> {
    let (at, raw) = (raw.span(), raw.get_ref());
    let key = |name: &str| format!("[door.{input}] {name}");
    let pulls = [("up", Pull::Up), ("down", Pull::Down), ("none", Pull::None)];
    let active = choice(review, &key("active"), &raw.active, &LEVELS);
    let pull = choice(review, &key("pull"), &raw.pull, &pulls);
    let debounce = number(review, &key("debounce-ms"), &raw.debounce_ms, 1..=1000, "milliseconds");
    if raw.pin.is_none() {
        review.note_missing(Some(at), key("pin"), "is missing", "add pin = N, a BCM number");
    }
    let pin = taken.check_pin(review, &key("pin"), &raw.pin, warnings)?;
    Some(InputSettings {
        input,
        pin,
        active: active.unwrap_or_else(|| usual_level(input)),
        pull: pull.unwrap_or(Pull::Up),
        debounce: Duration::from_millis(debounce.map_or(DEFAULT_DEBOUNCE_MS, i64::unsigned_abs)),
    })
}

impl TakenPins {
    /// The pins of the lines of a door.
    pub fn by(door: &DoorSettings) -> Self {
        let output = |line: Option<OutputSettings>| line.map(|line| line.pin);
        let outputs = [
            ("pin", door.pin),
            ("green", output(door.green)),
            ("red", output(door.red)),
            ("buzzer", output(door.buzzer)),
            ("prompt-left", output(door.prompt_left)),
            ("prompt-right", output(door.prompt_right)),
        ];
        let light = output(door.light).map(|pin| (pin, "[camera.light] pin".to_owned()));
        let outputs = outputs.into_iter().filter_map(|(name, pin)| Some((pin?, format!("[door] {name}"))));
        let outputs = outputs.chain(light);
        let inputs = door.inputs.iter().map(|line| (line.pin, format!("[door.{}] pin", line.input)));
        Self(outputs.chain(inputs).map(|(pin, key)| (i64::from(pin.bcm()), key)).collect())
    }

    /// Checks a BCM number that no other line may have. `None` if the key is missing or has a noted mistake.
    pub fn check_pin(
        &mut self,
        review: &mut Review<'_>,
        key: &str,
        raw: &RawValue<i64>,
        warnings: &mut Vec<String>,
    ) -> Option<Pin> {
        let raw = raw.as_ref()?;
        let number = *raw.get_ref();
        let Some(pin) = pin_of(raw) else {
            let what = format!("{number} is not a BCM number (0 to {HIGHEST_PIN})");
            review.note(Some(raw.span()), key, what, "header pin 11 is BCM 17");
            return None;
        };
        if let Some((_, other)) = self.0.iter().find(|(taken, _)| *taken == number) {
            let what = format!("BCM {number} is used for {other} already");
            review.note(Some(raw.span()), key, what, "use another pin");
        }
        if SERIAL_CONSOLE.contains(&number) {
            warnings.push(format!(
                "{key}: BCM {number} belongs to the serial console, which may change its level while the Pi starts; use another \
                 pin, or turn the console off with raspi-config"
            ));
        }
        self.0.push((number, key.to_owned()));
        Some(pin)
    }
}

pub(super) fn pin_of(raw: &Spanned<i64>) -> Option<Pin> {
    u8::try_from(*raw.get_ref()).ok().and_then(|number| Pin::new(number).ok())
}
