//! Opens lines by the driver that the settings name: the only file that chooses between `rppal`, `gpiochip` and none.

mod gpiochip;
mod rppal;

pub use gpiochip::chips;

use super::error::DoorError;
use super::lines::{InputLines, NoLine, OutputLine, PulseLines};
use super::pin::{ActiveLevel, Pin};
use super::settings::{DoorSettings, Driver};

/// A line, driven inactive before it becomes an output.
pub(super) fn open_line(
    settings: &DoorSettings,
    pin: Pin,
    active: ActiveLevel,
) -> Result<Box<dyn OutputLine>, DoorError> {
    Ok(match settings.driver {
        Driver::Rppal => Box::new(rppal::RppalLine::open(pin, active)?),
        Driver::Gpiochip => Box::new(gpiochip::ChipLine::open(&settings.chip, pin, active)?),
        Driver::DryRun => Box::new(NoLine),
    })
}

/// The input lines; none where there are none, or nothing moves.
pub(super) fn open_inputs(settings: &DoorSettings) -> Result<Option<Box<dyn InputLines>>, DoorError> {
    if settings.inputs.is_empty() {
        return Ok(None);
    }
    Ok(match settings.driver {
        Driver::Rppal => Some(Box::new(rppal::RppalInputs::open(&settings.inputs)?)),
        Driver::Gpiochip => Some(Box::new(gpiochip::ChipInputs::open(&settings.chip, &settings.inputs)?)),
        Driver::DryRun => None,
    })
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

/// Whether the lock's line and the others could be had by this user, without taking them.
pub fn check_access(settings: &DoorSettings) -> Result<(), DoorError> {
    let pin = settings.pin.ok_or(DoorError::NoPin);
    let outputs = settings.outputs().map(|line| line.pin);
    let others = outputs.chain(settings.inputs.iter().map(|line| line.pin)).map(Ok);
    for pin in [pin].into_iter().chain(others) {
        match settings.driver {
            Driver::Rppal => rppal::check_access(pin?)?,
            Driver::Gpiochip => drop(gpiochip::check_line(&settings.chip, pin?)?),
            Driver::DryRun => {}
        }
    }
    Ok(())
}
