//! Opens what the settings name: the lock, which locks it, then the lights and the buzzer.

use super::buzzer::Buzzer;
use super::driver::open_line;
use super::dry_run::DryRun;
use super::error::DoorError;
use super::indicators::Indicators;
use super::light::FaceLight;
use super::lines::OutputLine;
use super::lock::DoorLock;
use super::prompts::PromptLights;
use super::relay::Relay;
use super::settings::{DoorSettings, Driver, OutputSettings};

/// A locked lock, dark lights, a silent buzzer.
pub struct OpenedDoor {
    /// The lock.
    pub lock: Box<dyn DoorLock>,
    /// The lights.
    pub indicators: Indicators,
    /// The lights that tell to which side to turn the head.
    pub prompts: PromptLights,
    /// The buzzer.
    pub buzzer: Buzzer,
    /// The light on faces.
    pub light: FaceLight,
}

/// Opens the lock, which locks it, and then the lights and the buzzer.
pub fn open(settings: &DoorSettings) -> Result<OpenedDoor, DoorError> {
    let lock = open_lock(settings)?;
    let indicators = Indicators::new(output(settings, settings.green)?, output(settings, settings.red)?);
    let (prompts, buzzer) = open_prompts(settings)?;
    Ok(OpenedDoor { lock, indicators, prompts, buzzer, light: open_light(settings)? })
}

/// Opens what tells people to which side to turn the head: two lights, and the buzzer.
pub fn open_prompts(settings: &DoorSettings) -> Result<(PromptLights, Buzzer), DoorError> {
    let (left, right) = (output(settings, settings.prompt_left)?, output(settings, settings.prompt_right)?);
    Ok((PromptLights::new(left, right), Buzzer::new(output(settings, settings.buzzer)?)))
}

/// Opens the light on faces.
pub fn open_light(settings: &DoorSettings) -> Result<FaceLight, DoorError> {
    Ok(FaceLight::new(output(settings, settings.light)?))
}

fn output(
    settings: &DoorSettings,
    line: Option<OutputSettings>,
) -> Result<Option<Box<dyn OutputLine>>, DoorError> {
    line.map(|line| open_line(settings, line.pin, line.active)).transpose()
}

/// Opens the lock alone, which locks it.
pub fn open_lock(settings: &DoorSettings) -> Result<Box<dyn DoorLock>, DoorError> {
    if settings.driver == Driver::DryRun {
        return Ok(Box::new(DryRun));
    }
    let pin = settings.pin.ok_or(DoorError::NoPin)?;
    Ok(Box::new(Relay::new(open_line(settings, pin, settings.active)?)?))
}

impl OpenedDoor {
    /// A lock without lights and buzzer.
    pub fn alone(lock: Box<dyn DoorLock>) -> Self {
        let (indicators, prompts) = (Indicators::none(), PromptLights::none());
        Self { lock, indicators, prompts, buzzer: Buzzer::none(), light: FaceLight::none() }
    }
}
