//! Pulses on the two lines of a card reader, with the kernel's time stamps.

use std::time::Duration;

use super::driver::{gpiochip, rppal};
use super::pin::Pin;
use super::{DoorError, DoorSettings, Driver};

/// A line was pulled low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PulseSeen {
    /// Which of the two: false for the first.
    pub second: bool,
    /// The kernel's stamp on CLOCK_MONOTONIC.
    pub at: Duration,
}

/// Two lines that are listened to.
pub trait PulseLines: Send {
    /// Waits for the next pulse. Those of different lines may come out of order, by at most some milliseconds.
    fn wait(&mut self, patience: Duration) -> Result<Option<PulseSeen>, DoorError>;
}

/// Opens two lines by the door's driver, pulled up; none where nothing moves.
pub fn open_pulses(
    settings: &DoorSettings,
    lines: [Pin; 2],
) -> Result<Option<Box<dyn PulseLines>>, DoorError> {
    Ok(match settings.driver {
        Driver::Rppal => Some(Box::new(rppal::RppalPulses::open(lines)?)),
        Driver::Gpiochip => Some(Box::new(gpiochip::ChipPulses::open(&settings.chip, lines)?)),
        Driver::DryRun => None,
    })
}

/// Whether the two lines could be opened by this user, without opening them.
pub fn check_pulses(settings: &DoorSettings, lines: [Pin; 2]) -> Result<(), DoorError> {
    lines.into_iter().try_for_each(|pin| match settings.driver {
        Driver::Rppal => rppal::check_access(pin),
        Driver::Gpiochip => gpiochip::check_line(&settings.chip, pin).map(drop),
        Driver::DryRun => Ok(()),
    })
}
