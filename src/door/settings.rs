//! `[door]`: how its lines are driven, and which there are.

use std::time::Duration;

use limen_core::event::Input;
use serde::{Deserialize, Serialize};

use super::chips::ChipChoice;
use super::pin::{ActiveLevel, Pin};

/// How the line is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// The Pi's registers through `/dev/gpiomem`.
    Rppal,
    /// The kernel's character device.
    Gpiochip,
    /// Nothing moves.
    DryRun,
}

/// What the lock does without power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockType {
    /// It stays locked.
    #[default]
    FailSecure,
    /// It opens: for ways out that must open in a power cut.
    FailSafe,
}

/// A line that is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputSettings {
    /// The pin of the line.
    pub pin: Pin,
    /// The level at which it is on.
    pub active: ActiveLevel,
}

/// The resistor that the chip puts to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// To 3.3 V.
    Up,
    /// To ground.
    Down,
    /// None: there is one on the board.
    None,
}

/// One input line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSettings {
    /// What the line reports.
    pub input: Input,
    /// The pin of the line.
    pub pin: Pin,
    /// The level at which the input is active.
    pub active: ActiveLevel,
    /// The chip's resistor.
    pub pull: Pull,
    /// A level counts when it has lasted for this long.
    pub debounce: Duration,
}

/// `[door]`: the lock's line and those around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorSettings {
    /// How the lines are driven.
    pub driver: Driver,
    /// The GPIO chip, for [`Driver::Gpiochip`].
    pub chip: ChipChoice,
    /// The relay's line; a real driver needs it.
    pub pin: Option<Pin>,
    /// The level that unlocks.
    pub active: ActiveLevel,
    /// What the lock does without power.
    pub lock: LockType,
    /// A resistor holds the line locked while nobody drives it.
    pub external_pull: bool,
    /// The light for granted.
    pub green: Option<OutputSettings>,
    /// The light for refused.
    pub red: Option<OutputSettings>,
    /// The buzzer.
    pub buzzer: Option<OutputSettings>,
    /// The light that asks to turn the head to the left.
    pub prompt_left: Option<OutputSettings>,
    /// The light that asks to turn it to the right.
    pub prompt_right: Option<OutputSettings>,
    /// The light on faces, of `[camera.light]`.
    pub light: Option<OutputSettings>,
    /// Exit button, contact, tamper switch, fire alarm, as far as they are wired.
    pub inputs: Vec<InputSettings>,
}

impl DoorSettings {
    /// Whether the door can ask somebody to turn the head: it has a light for each side.
    pub fn can_prompt(&self) -> bool {
        self.prompt_left.is_some() && self.prompt_right.is_some()
    }

    /// Every line that is driven besides the lock's.
    pub fn outputs(&self) -> impl Iterator<Item = OutputSettings> {
        let lights = [self.green, self.red, self.prompt_left, self.prompt_right, self.light];
        lights.into_iter().chain([self.buzzer]).flatten()
    }

    /// A door that moves nothing.
    pub fn dry_run() -> Self {
        Self {
            driver: Driver::DryRun,
            chip: ChipChoice::default(),
            pin: None,
            active: ActiveLevel::High,
            lock: LockType::FailSecure,
            external_pull: false,
            green: None,
            red: None,
            buzzer: None,
            prompt_left: None,
            prompt_right: None,
            light: None,
            inputs: Vec::new(),
        }
    }
}
