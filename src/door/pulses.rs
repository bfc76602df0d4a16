//! Pulses on the two lines of a card reader, with the kernel's time stamps.

use std::time::Duration;

use super::pin::Pin;
use super::{DoorError, DoorSettings, Driver, gpiochip, rppal};

/// A falling edge on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PulseSeen {
    /// Whether it is the second of the two lines.
    pub second: bool,
    /// The kernel's time stamp, on CLOCK_MONOTONIC.
    pub at: Duration,
}

/// The two lines of a card reader.
pub trait PulseLines: Send {
    /// Waits for the next pulse; `None` after `patience`. Pulses of different lines may come in the wrong
    /// order, by at most some milliseconds.
    fn wait(&mut self, patience: Duration) -> Result<Option<PulseSeen>, DoorError>;
}

/// Opens two lines with the door's driver, pulled up; `None` if the driver moves nothing.
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

/// Checks that this user could open the two lines, without opening them.
pub fn check_pulses(settings: &DoorSettings, lines: [Pin; 2]) -> Result<(), DoorError> {
    lines.into_iter().try_for_each(|pin| match settings.driver {
        Driver::Rppal => rppal::check_access(pin),
        Driver::Gpiochip => gpiochip::check_line(&settings.chip, pin).map(drop),
        Driver::DryRun => Ok(()),
    })
}
