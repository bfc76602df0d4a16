//! Lines through the kernel's GPIO character device: the only file that names `gpiocdev`.
//!
//! The kernel gives a line to one program only, and sets level and direction in one step. What the level is
//! after the line is released depends on the driver, so we lock before that.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gpiocdev::Request;
use gpiocdev::chip::Chip;
use gpiocdev::line::{Bias, EdgeDetection, EdgeKind, Value};
use limen_core::event::Input;
use limen_core::person::printable;

use crate::door::chips::{ChipChoice, ChipInfo};
use crate::door::error::DoorError;
use crate::door::lines::{InputLines, OutputLine, PulseLines, PulseSeen};
use crate::door::pin::{ActiveLevel, Pin};
use crate::door::settings::{InputSettings, Pull};

/// The name of the line's holder in `ps` and `gpioinfo`.
const CONSUMER: &str = "limen";

/// An output line of a chip.
#[derive(Debug)]
pub struct ChipLine {
    request: Request,
    chip: PathBuf,
    pin: Pin,
}

impl ChipLine {
    /// Makes the line an output with the inactive level, in one step.
    pub fn open(choice: &ChipChoice, pin: Pin, active: ActiveLevel) -> Result<Self, DoorError> {
        let chip = check_line(choice, pin)?;
        let mut builder = Request::builder();
        builder.on_chip(&chip).with_consumer(CONSUMER).with_line(u32::from(pin.bcm()));
        if active == ActiveLevel::Low {
            builder.as_active_low();
        }
        let request = builder
            .as_output(Value::Inactive)
            .request()
            .map_err(|error| DoorError::Failed { line: name(&chip, pin), what: error.to_string() })?;
        Ok(Self { request, chip, pin })
    }

    fn failed(&self, error: &gpiocdev::Error) -> DoorError {
        DoorError::Failed { line: name(&self.chip, self.pin), what: error.to_string() }
    }
}

impl OutputLine for ChipLine {
    fn drive(&mut self, active: bool) -> Result<(), DoorError> {
        self.request.set_lone_value(Value::from(active)).map_err(|error| self.failed(&error))
    }

    fn is_active(&self) -> Result<bool, DoorError> {
        self.request.lone_value().map(bool::from).map_err(|error| self.failed(&error))
    }

    fn describe(&self) -> String {
        name(&self.chip, self.pin)
    }
}

/// The input lines, in one request, so that edges come in the order in which they happened.
#[derive(Debug)]
pub struct ChipInputs {
    request: Request,
    chip: PathBuf,
    lines: Vec<InputSettings>,
}

impl ChipInputs {
    /// Makes the lines inputs, each with its pull, its polarity and the kernel's debouncing.
    pub fn open(choice: &ChipChoice, lines: &[InputSettings]) -> Result<Self, DoorError> {
        let chip = check_lines(choice, lines.iter().map(|line| line.pin))?;
        let mut builder = Request::builder();
        builder.on_chip(&chip).with_consumer(CONSUMER);
        for line in lines {
            builder.with_line(u32::from(line.pin.bcm())).as_input();
            if line.active == ActiveLevel::Low {
                builder.as_active_low();
            } else {
                builder.as_active_high();
            }
            builder
                .with_bias(match line.pull {
                    Pull::Up => Bias::PullUp,
                    Pull::Down => Bias::PullDown,
                    Pull::None => Bias::Disabled,
                })
                .with_debounce_period(line.debounce)
                .with_edge_detection(EdgeDetection::BothEdges);
        }
        let failed = |error: gpiocdev::Error| {
            let line = format!("{}, the input lines", shown(&chip));
            DoorError::Failed { line, what: error.to_string() }
        };
        let request = builder.request().map_err(failed)?;
        Ok(Self { request, chip, lines: lines.to_vec() })
    }

    fn failed(&self, error: &gpiocdev::Error) -> DoorError {
        DoorError::Failed { line: format!("{}, the input lines", shown(&self.chip)), what: error.to_string() }
    }
}

impl InputLines for ChipInputs {
    fn wait(&mut self, patience: Duration) -> Result<Option<(Input, bool)>, DoorError> {
        if !self.request.wait_edge_event(patience).map_err(|error| self.failed(&error))? {
            return Ok(None);
        }
        let edge = self.request.read_edge_event().map_err(|error| self.failed(&error))?;
        let line = self.lines.iter().find(|line| u32::from(line.pin.bcm()) == edge.offset);
        // The kernel inverts the edges of an active-low line.
        Ok(line.map(|line| (line.input, edge.kind == EdgeKind::Rising)))
    }

    fn is_active(&self, input: Input) -> Result<bool, DoorError> {
        let Some(line) = self.lines.iter().find(|line| line.input == input) else { return Ok(false) };
        let value = self.request.value(u32::from(line.pin.bcm()));
        value.map(bool::from).map_err(|error| self.failed(&error))
    }
}

/// The two lines of a card reader, in one request.
#[derive(Debug)]
pub struct ChipPulses {
    request: Request,
    chip: PathBuf,
    second: Pin,
}

impl ChipPulses {
    /// How many pulses the kernel buffers: several frames of the longest format.
    const KEPT: u32 = 256;

    /// Makes the lines inputs with pull-up and asks for falling edges. A pulse is too short for debouncing.
    pub fn open(choice: &ChipChoice, lines: [Pin; 2]) -> Result<Self, DoorError> {
        let chip = check_lines(choice, lines)?;
        let mut builder = Request::builder();
        builder.on_chip(&chip).with_consumer(CONSUMER).with_kernel_event_buffer_size(Self::KEPT);
        for pin in lines {
            builder.with_line(u32::from(pin.bcm())).as_input();
            builder.with_bias(Bias::PullUp).with_edge_detection(EdgeDetection::FallingEdge);
        }
        let request = builder.request().map_err(|error| reader_failed(&chip, &error))?;
        Ok(Self { request, chip, second: lines[1] })
    }
}

impl PulseLines for ChipPulses {
    fn wait(&mut self, patience: Duration) -> Result<Option<PulseSeen>, DoorError> {
        let failed = |error| reader_failed(&self.chip, &error);
        if !self.request.wait_edge_event(patience).map_err(failed)? {
            return Ok(None);
        }
        let edge = self.request.read_edge_event().map_err(failed)?;
        let second = edge.offset == u32::from(self.second.bcm());
        Ok(Some(PulseSeen { second, at: Duration::from_nanos(edge.timestamp_ns) }))
    }
}

fn reader_failed(chip: &Path, error: &gpiocdev::Error) -> DoorError {
    DoorError::Failed { line: format!("{}, the reader's lines", shown(chip)), what: error.to_string() }
}

/// The GPIO chips of this machine that this user may open.
pub fn chips() -> Vec<ChipInfo> {
    nodes().iter().filter_map(|path| ask(path).ok()).collect()
}

/// The device nodes of the chips, each once, whatever links lead to it.
fn nodes() -> Vec<PathBuf> {
    gpiocdev::chip::chips().unwrap_or_default()
}

/// Asks a chip for its label. It is opened for writing, so that a missing right is found before a line is
/// requested.
fn ask(path: &Path) -> Result<ChipInfo, DoorError> {
    let no_chip = |why: String| DoorError::NoChip { path: shown(path), why };
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(DoorError::Denied { path: shown(path) });
        }
        Err(error) => return Err(no_chip(error.to_string())),
        Ok(_) => {}
    }
    let info =
        Chip::from_path(path).and_then(|chip| chip.info()).map_err(|error| no_chip(error.to_string()))?;
    Ok(ChipInfo { path: path.to_owned(), label: printable(&info.label, 40), lines: info.num_lines })
}

/// The configured chip. A chip that this user may not open could be it, which is an error.
fn find(choice: &ChipChoice) -> Result<ChipInfo, DoorError> {
    if let Some(path) = &choice.path {
        let chip = ask(path)?;
        choice.check(&chip, &chips())?;
        return Ok(chip);
    }
    let (chips, refused): (Vec<_>, Vec<_>) = nodes().iter().map(|path| ask(path)).partition(Result::is_ok);
    let chips: Vec<ChipInfo> = chips.into_iter().flatten().collect();
    let denied =
        refused.into_iter().filter_map(Result::err).find(|why| matches!(why, DoorError::Denied { .. }));
    choice.among(&chips).map_err(|missing| denied.unwrap_or(missing))
}

fn name(chip: &Path, pin: Pin) -> String {
    format!("{} line {pin}", shown(chip))
}

fn shown(chip: &Path) -> String {
    printable(&chip.display().to_string(), 200)
}

/// Finds what the kernel's own error would not name: no rights, no chip, another chip or line, or a line in
/// use. Returns the path of the chip.
pub fn check_line(choice: &ChipChoice, pin: Pin) -> Result<PathBuf, DoorError> {
    let chip = find(choice)?;
    let path = &chip.path;
    if u32::from(pin.bcm()) >= chip.lines {
        let what = format!("the chip has {} lines only; is it that of the 40-pin header?", chip.lines);
        return Err(DoorError::WrongLine { chip: shown(path), pin, what });
    }
    let line = Chip::from_path(path).and_then(|opened| opened.line_info(u32::from(pin.bcm())));
    let line = line.map_err(|error| DoorError::NoChip { path: shown(path), why: error.to_string() })?;
    choice.check_line(&chip, pin, &line.name)?;
    if line.used {
        let by = if line.consumer.is_empty() { "the kernel" } else { &line.consumer };
        return Err(DoorError::Busy { line: name(path, pin), by: printable(by, 60) });
    }
    Ok(chip.path)
}

/// The same for the lines of one request, at least one.
fn check_lines(choice: &ChipChoice, pins: impl IntoIterator<Item = Pin>) -> Result<PathBuf, DoorError> {
    pins.into_iter().try_fold(None, |_, pin| check_line(choice, pin).map(Some))?.ok_or(DoorError::NoPin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_chip_is_named() {
        let pin = Pin::new(17).expect("a pin");
        for path in ["/dev/null", "/dev/no-such-chip"] {
            let choice = ChipChoice { path: Some(path.into()), label: None };
            let error = ChipLine::open(&choice, pin, ActiveLevel::High).expect_err("no chip");
            assert!(matches!(error, DoorError::NoChip { .. }), "{error}");
            assert!(error.to_string().contains(path));
        }
    }
}
