//! Opens what the settings name: the lock, which locks it, then the lights and the buzzer.

use super::buzzer::Buzzer;
use super::driver::open_line;
use super::dry_run::DryRun;
use super::error::DoorError;
use super::indicators::Indicators;
use super::lock::DoorLock;
use super::relay::Relay;
use super::settings::{DoorSettings, Driver, OutputSettings};

/// A locked lock, dark lights, a silent buzzer.
pub struct OpenedDoor {
    /// The lock.
    pub lock: Box<dyn DoorLock>,
    /// The lights.
    pub indicators: Indicators,
    /// The buzzer.
    pub buzzer: Buzzer,
}

/// Opens the lock, which locks it, and then the lights and the buzzer.
pub fn open(settings: &DoorSettings) -> Result<OpenedDoor, DoorError> {
    let lock = open_lock(settings)?;
    let output = |line: Option<OutputSettings>| {
        line.map(|line| open_line(settings, line.pin, line.active)).transpose()
    };
    let indicators = Indicators::new(output(settings.green)?, output(settings.red)?);
    Ok(OpenedDoor { lock, indicators, buzzer: Buzzer::new(output(settings.buzzer)?) })
}

/// Opens the lock alone, which locks it.
pub fn open_lock(settings: &DoorSettings) -> Result<Box<dyn DoorLock>, DoorError> {
    if settings.driver == Driver::DryRun {
        return Ok(Box::new(DryRun));
    }
    let pin = settings.pin.ok_or(DoorError::NoPin)?;
    Ok(Box::new(Relay::new(open_line(settings, pin, settings.active)?)?))
}
