//! Lines through the Pi's registers: the only file that names `rppal`.
//!
//! When it drops a pin, rppal restores the pin's former mode, but never its level. So the mode is kept: the
//! pin stays an output with the locked level after the program ends.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use limen_core::event::Input;
use rppal::gpio::{Error, Event, Gpio, InputPin, OutputPin, Trigger};

use crate::door::error::DoorError;
use crate::door::lines::{InputLines, OutputLine, PulseLines, PulseSeen};
use crate::door::pin::{ActiveLevel, Pin};
use crate::door::settings::{InputSettings, Pull};

/// What rppal opens if `/dev/gpiomem` is missing. Only root may open it.
const ALL_MEMORY: &str = "/dev/mem";

/// An output pin of the header.
#[derive(Debug)]
pub struct RppalLine {
    pin: OutputPin,
    active: ActiveLevel,
}

impl RppalLine {
    /// Drives `pin` inactive and then makes it an output, in this order.
    pub fn open(pin: Pin, active: ActiveLevel) -> Result<Self, DoorError> {
        let gpio = Gpio::new().map_err(|error| explain(pin, error))?;
        let free = gpio.get(pin.bcm()).map_err(|error| explain(pin, error))?;
        // `into_output_high` and `into_output_low` write the level before they change the mode.
        let mut driven =
            if active.is_high_when(false) { free.into_output_high() } else { free.into_output_low() };
        driven.set_reset_on_drop(false);
        Ok(Self { pin: driven, active })
    }
}

/// Checks that the registers can be mapped and have this pin. It drives nothing.
pub fn check_access(pin: Pin) -> Result<(), DoorError> {
    let gpio = Gpio::new().map_err(|error| explain(pin, error))?;
    gpio.get(pin.bcm()).map(drop).map_err(|error| explain(pin, error))
}

impl OutputLine for RppalLine {
    fn drive(&mut self, active: bool) -> Result<(), DoorError> {
        if self.active.is_high_when(active) {
            self.pin.set_high()
        } else {
            self.pin.set_low()
        }
        Ok(())
    }

    fn is_active(&self) -> Result<bool, DoorError> {
        // The level register of an output shows the pin itself, not what was written.
        Ok(self.pin.is_set_high() == self.active.is_high_when(true))
    }

    fn describe(&self) -> String {
        name(Pin::new(self.pin.pin()).ok())
    }
}

/// The input lines. Levels and pulls go through the registers; edges come from the kernel, through rppal.
#[derive(Debug)]
pub struct RppalInputs {
    gpio: Gpio,
    lines: Vec<(InputSettings, InputPin)>,
}

impl RppalInputs {
    /// Makes the lines inputs with their pulls and asks for their edges, debounced by the kernel.
    pub fn open(lines: &[InputSettings]) -> Result<Self, DoorError> {
        let gpio = lines.first().map_or_else(
            || Err(DoorError::NoPin),
            |first| Gpio::new().map_err(|error| explain(first.pin, error)),
        )?;
        let open = |line: &InputSettings| {
            let free = gpio.get(line.pin.bcm()).map_err(|error| explain(line.pin, error))?;
            let mut input = match line.pull {
                Pull::Up => free.into_input_pullup(),
                Pull::Down => free.into_input_pulldown(),
                Pull::None => free.into_input(),
            };
            input
                .set_interrupt(Trigger::Both, Some(line.debounce))
                .map_err(|error| explain(line.pin, error))?;
            Ok((line.clone(), input))
        };
        let lines = lines.iter().map(open).collect::<Result<_, DoorError>>()?;
        Ok(Self { gpio, lines })
    }
}

impl InputLines for RppalInputs {
    fn wait(&mut self, patience: Duration) -> Result<Option<(Input, bool)>, DoorError> {
        let pins: Vec<&InputPin> = self.lines.iter().map(|(_, pin)| pin).collect();
        let failed = |error| match self.lines.first() {
            Some((line, _)) => explain(line.pin, error),
            None => DoorError::NoPin,
        };
        let Some((pin, edge)) = self.gpio.poll_interrupts(&pins, false, Some(patience)).map_err(failed)?
        else {
            return Ok(None);
        };
        let line = self.lines.iter().find(|(line, _)| line.pin.bcm() == pin.pin());
        let high = edge.trigger == Trigger::RisingEdge;
        Ok(line.map(|(line, _)| (line.input, high == line.active.is_high_when(true))))
    }

    fn is_active(&self, input: Input) -> Result<bool, DoorError> {
        let line = self.lines.iter().find(|(line, _)| line.input == input);
        Ok(line.is_some_and(|(line, pin)| pin.is_high() == line.active.is_high_when(true)))
    }
}

/// The two lines of a card reader. For each rppal waits in its own thread; waiting for both at once would
/// block the door's inputs.
#[derive(Debug)]
pub struct RppalPulses {
    seen: Receiver<PulseSeen>,
    lines: [Pin; 2],
    _held: Vec<InputPin>,
}

impl RppalPulses {
    /// How many pulses are buffered, as many as with the character device.
    const KEPT: usize = 256;

    /// Makes the lines inputs with pull-up and asks for falling edges.
    pub fn open(lines: [Pin; 2]) -> Result<Self, DoorError> {
        let (sender, seen) = sync_channel(Self::KEPT);
        let gpio = Gpio::new().map_err(|error| explain(lines[0], error))?;
        let open = |(pin, second): (Pin, bool)| {
            let failed = |error| explain(pin, error);
            let mut input = gpio.get(pin.bcm()).map_err(failed)?.into_input_pullup();
            // The thread of the second call would not report that the kernel refuses; the first call does.
            input.set_interrupt(Trigger::FallingEdge, None).map_err(failed)?;
            let sender = sender.clone();
            let tell = move |edge: Event| {
                // A full queue means a flood, whose frames are noise anyway.
                let _ = sender.try_send(PulseSeen { second, at: edge.timestamp });
            };
            input.set_async_interrupt(Trigger::FallingEdge, None, tell).map_err(failed)?;
            Ok(input)
        };
        let held = lines.into_iter().zip([false, true]).map(open).collect::<Result<_, DoorError>>()?;
        Ok(Self { seen, lines, _held: held })
    }
}

impl PulseLines for RppalPulses {
    fn wait(&mut self, patience: Duration) -> Result<Option<PulseSeen>, DoorError> {
        match self.seen.recv_timeout(patience) {
            Ok(pulse) => Ok(Some(pulse)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                let line = name(self.lines.first().copied());
                Err(DoorError::Failed { line, what: "the kernel no longer tells of pulses".to_owned() })
            }
        }
    }
}

fn name(pin: Option<Pin>) -> String {
    pin.map_or_else(|| "rppal".to_owned(), |pin| format!("rppal BCM {pin} (header pin {})", pin.header()))
}

fn explain(pin: Pin, error: Error) -> DoorError {
    let line = name(Some(pin));
    match error {
        Error::UnknownModel => DoorError::NotAPi { why: error.to_string() },
        Error::PermissionDenied(path) if path == ALL_MEMORY => {
            DoorError::NotAPi { why: "its kernel has no /dev/gpiomem".to_owned() }
        }
        Error::PermissionDenied(path) => DoorError::Denied { path },
        Error::PinUsed(_) => DoorError::Busy { line, by: "another part of this program".to_owned() },
        Error::Io(source) if source.kind() == std::io::ErrorKind::NotFound => {
            DoorError::NotAPi { why: source.to_string() }
        }
        other => DoorError::Failed { line, what: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_group_is_the_remedy_for_a_kernel_without_gpiomem() {
        let pin = Pin::new(17).expect("a pin");
        let denied = |path: &str| explain(pin, Error::PermissionDenied(path.to_owned())).to_string();
        assert!(denied("/dev/gpiomem").contains("group gpio"));
        assert!(denied("/dev/mem").contains("gpiochip") && !denied("/dev/mem").contains("group"));
    }
}
