//! Checks the lines of `[door]`, outputs and inputs. No pin is used twice.

use std::time::Duration;

use limen_core::event::Input;
use toml::Spanned;

use super::said::{Said, SaidDoor, SaidInput};
use super::values::{choice, number};
use crate::door::pin::{ActiveLevel, HIGHEST_PIN, Pin};
use crate::door::{DoorSettings, InputSettings, OutputSettings, Pull};
use crate::mistake::Review;

/// Pins that the serial console may drive while the Pi starts, by their BCM numbers.
const SERIAL_CONSOLE: [i64; 2] = [14, 15];
/// The default time of debouncing, in milliseconds: longer than a contact bounces, shorter than a hand needs.
const DEFAULT_DEBOUNCE_MS: u64 = 30;
/// The names of a line's levels.
pub(super) const LEVELS: [(&str, ActiveLevel); 2] = [("high", ActiveLevel::High), ("low", ActiveLevel::Low)];

/// The lines of the door that are wired.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub lock: Option<Pin>,
    pub green: Option<OutputSettings>,
    pub red: Option<OutputSettings>,
    pub buzzer: Option<OutputSettings>,
    pub inputs: Vec<InputSettings>,
}

/// The pins in use, by their BCM numbers, each with the key that uses it.
#[derive(Debug, Default)]
pub(super) struct Taken(Vec<(i64, String)>);

/// Checks every line of `[door]`.
pub(super) fn check_lines(review: &mut Review<'_>, said: &SaidDoor, warnings: &mut Vec<String>) -> Lines {
    let mut taken = Taken::default();
    let lock = taken.check_pin(review, "[door] pin", &said.pin, warnings);
    let mut output = |name: &str, pin: &Said<i64>, active: &Said<String>| {
        let key = format!("[door] {name}");
        let level = choice(review, &format!("{key}-active"), active, &LEVELS);
        if let (None, Some(active)) = (pin, active) {
            let what = format!("sets the level of {name}, but there is no {name}");
            review.note(Some(active.span()), format!("{key}-active"), what, format!("add {name} = N"));
        }
        let pin = taken.check_pin(review, &key, pin, warnings)?;
        Some(OutputSettings { pin, active: level.unwrap_or(ActiveLevel::High) })
    };
    let green = output("green", &said.green, &said.green_active);
    let red = output("red", &said.red, &said.red_active);
    let buzzer = output("buzzer", &said.buzzer, &said.buzzer_active);
    let inputs = [
        (Input::Rex, &said.rex),
        (Input::Contact, &said.contact),
        (Input::Tamper, &said.tamper),
        (Input::Fire, &said.fire),
    ];
    let inputs = inputs
        .into_iter()
        .filter_map(|(input, said)| check_input(review, input, said.as_ref()?, &mut taken, warnings))
        .collect();
    Lines { lock, green, red, buzzer, inputs }
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
    said: &Spanned<SaidInput>,
    taken: &mut Taken,
    warnings: &mut Vec<String>,
) -> Option<InputSettings> {
    let (at, said) = (said.span(), said.get_ref());
    let key = |name: &str| format!("[door.{input}] {name}");
    let pulls = [("up", Pull::Up), ("down", Pull::Down), ("none", Pull::None)];
    let active = choice(review, &key("active"), &said.active, &LEVELS);
    let pull = choice(review, &key("pull"), &said.pull, &pulls);
    let debounce = number(review, &key("debounce-ms"), &said.debounce_ms, 1..=1000, "milliseconds");
    if said.pin.is_none() {
        review.note_missing(Some(at), key("pin"), "is missing", "add pin = N, a BCM number");
    }
    let pin = taken.check_pin(review, &key("pin"), &said.pin, warnings)?;
    Some(InputSettings {
        input,
        pin,
        active: active.unwrap_or_else(|| usual_level(input)),
        pull: pull.unwrap_or(Pull::Up),
        debounce: Duration::from_millis(debounce.map_or(DEFAULT_DEBOUNCE_MS, i64::unsigned_abs)),
    })
}

impl Taken {
    /// The pins of the lines of a door.
    pub fn by(door: &DoorSettings) -> Self {
        let output = |line: Option<OutputSettings>| line.map(|line| line.pin);
        let outputs = [
            ("pin", door.pin),
            ("green", output(door.green)),
            ("red", output(door.red)),
            ("buzzer", output(door.buzzer)),
        ];
        let outputs = outputs.into_iter().filter_map(|(name, pin)| Some((pin?, format!("[door] {name}"))));
        let inputs = door.inputs.iter().map(|line| (line.pin, format!("[door.{}] pin", line.input)));
        Self(outputs.chain(inputs).map(|(pin, key)| (i64::from(pin.bcm()), key)).collect())
    }

    /// Checks a BCM number that no other line may have. `None` if the key is missing or has a noted mistake.
    pub fn check_pin(
        &mut self,
        review: &mut Review<'_>,
        key: &str,
        said: &Said<i64>,
        warnings: &mut Vec<String>,
    ) -> Option<Pin> {
        let said = said.as_ref()?;
        let number = *said.get_ref();
        let Some(pin) = pin_of(said) else {
            let what = format!("{number} is not a BCM number (0 to {HIGHEST_PIN})");
            review.note(Some(said.span()), key, what, "header pin 11 is BCM 17");
            return None;
        };
        if let Some((_, other)) = self.0.iter().find(|(taken, _)| *taken == number) {
            let what = format!("BCM {number} is used for {other} already");
            review.note(Some(said.span()), key, what, "use another pin");
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

pub(super) fn pin_of(said: &Spanned<i64>) -> Option<Pin> {
    u8::try_from(*said.get_ref()).ok().and_then(|number| Pin::new(number).ok())
}
