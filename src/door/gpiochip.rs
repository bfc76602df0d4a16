//! Lines through the kernel's GPIO character device: the only file that names `gpiocdev`.
//!
//! The kernel makes a line exclusive, and sets level and direction in one step. What happens to the level
//! after the line is given back is up to its driver, so we lock before.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use std::time::Duration;

use gpiocdev::Request;
use gpiocdev::chip::Chip;
use gpiocdev::line::{Bias, EdgeDetection, EdgeKind, Value};

use super::DoorError;
use super::inputs::{InputLines, InputSettings, Pull};
use super::output::Output;
use super::pin::{ActiveLevel, Pin};
use crate::event::Input;
use crate::person::printable;

/// What `ps` and `gpioinfo` show as the holder of the line.
const CONSUMER: &str = "limen";

/// One line of a chip, driven.
#[derive(Debug)]
pub struct ChipLine {
    request: Request,
    chip: PathBuf,
    pin: Pin,
}

impl ChipLine {
    /// Makes the line an output at the inactive level, in one step.
    pub fn open(chip: &Path, pin: Pin, active: ActiveLevel) -> Result<Self, DoorError> {
        check_line(chip, pin)?;
        let mut builder = Request::builder();
        builder.on_chip(chip).with_consumer(CONSUMER).with_line(u32::from(pin.bcm()));
        if active == ActiveLevel::Low {
            builder.as_active_low();
        }
        let request = builder
            .as_output(Value::Inactive)
            .request()
            .map_err(|error| DoorError::Failed { line: name(chip, pin), what: error.to_string() })?;
        Ok(Self { request, chip: chip.to_owned(), pin })
    }

    fn failed(&self, error: &gpiocdev::Error) -> DoorError {
        DoorError::Failed { line: name(&self.chip, self.pin), what: error.to_string() }
    }
}

impl Output for ChipLine {
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

/// The input lines, in one request: their edges come in the order in which they happened.
#[derive(Debug)]
pub struct ChipInputs {
    request: Request,
    chip: PathBuf,
    lines: Vec<InputSettings>,
}

impl ChipInputs {
    /// Makes the lines inputs, each with its pull, its polarity and the kernel's debouncing.
    pub fn open(chip: &Path, lines: &[InputSettings]) -> Result<Self, DoorError> {
        let mut builder = Request::builder();
        builder.on_chip(chip).with_consumer(CONSUMER);
        for line in lines {
            check_line(chip, line.pin)?;
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
            let line = format!("{}, the input lines", shown(chip));
            DoorError::Failed { line, what: error.to_string() }
        };
        let request = builder.request().map_err(failed)?;
        Ok(Self { request, chip: chip.to_owned(), lines: lines.to_vec() })
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
        // The kernel turns the edges of a line that is active low around.
        Ok(line.map(|line| (line.input, edge.kind == EdgeKind::Rising)))
    }

    fn is_active(&self, input: Input) -> Result<bool, DoorError> {
        let Some(line) = self.lines.iter().find(|line| line.input == input) else { return Ok(false) };
        let value = self.request.value(u32::from(line.pin.bcm()));
        value.map(bool::from).map_err(|error| self.failed(&error))
    }
}

/// A GPIO chip of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipInfo {
    /// Device node.
    pub path: PathBuf,
    /// What its driver calls it.
    pub label: String,
    /// How many lines it has.
    pub lines: u32,
}

/// The GPIO chips of this machine that may be asked.
pub fn chips() -> Vec<ChipInfo> {
    let paths = gpiocdev::chip::chips().unwrap_or_default();
    paths
        .into_iter()
        .filter_map(|path| {
            let info = Chip::from_path(&path).and_then(|chip| chip.info()).ok()?;
            Some(ChipInfo { path, label: printable(&info.label, 40), lines: info.num_lines })
        })
        .collect()
}

fn name(chip: &Path, pin: Pin) -> String {
    format!("{} line {pin}", shown(chip))
}

fn shown(chip: &Path) -> String {
    printable(&chip.display().to_string(), 200)
}

/// What the kernel's own error would not say: no rights, no chip, no such line, somebody else's line.
pub fn check_line(path: &Path, pin: Pin) -> Result<(), DoorError> {
    let no_chip = |why: String| DoorError::NoChip { path: shown(path), why };
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(DoorError::Denied { path: shown(path) });
        }
        Err(error) => return Err(no_chip(error.to_string())),
        Ok(_) => {}
    }
    let chip = Chip::from_path(path).map_err(|error| no_chip(error.to_string()))?;
    let lines = chip.info().map_err(|error| no_chip(error.to_string()))?.num_lines;
    let wrong = |what: String| DoorError::WrongLine { chip: shown(path), pin, what };
    if u32::from(pin.bcm()) >= lines {
        return Err(wrong(format!("the chip has {lines} lines only")));
    }
    let line = chip.line_info(u32::from(pin.bcm())).map_err(|error| no_chip(error.to_string()))?;
    if names_another_pin(&line.name, pin) {
        return Err(wrong(format!("the kernel calls this line {}", printable(&line.name, 40))));
    }
    if line.used {
        let by = if line.consumer.is_empty() { "the kernel" } else { &line.consumer };
        return Err(DoorError::Busy { line: name(path, pin), by: printable(by, 60) });
    }
    Ok(())
}

/// The Pi's kernel names the header's lines `GPIO0` to `GPIO27`; such a name must bear our number.
fn names_another_pin(name: &str, pin: Pin) -> bool {
    name.strip_prefix("GPIO").and_then(|digits| digits.parse::<u8>().ok()).is_some_and(|n| n != pin.bcm())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_named_for_another_pin_is_not_ours() {
        let pin = Pin::new(17).expect("a pin");
        assert!(names_another_pin("GPIO18", pin));
        assert!(!names_another_pin("GPIO17", pin));
        assert!(!names_another_pin("", pin) && !names_another_pin("SD_CMD_R", pin));
    }

    #[test]
    fn a_file_that_is_no_chip_is_named() {
        let pin = Pin::new(17).expect("a pin");
        for path in ["/dev/null", "/dev/no-such-chip"] {
            let error = ChipLine::open(Path::new(path), pin, ActiveLevel::High).expect_err("no chip");
            assert!(matches!(error, DoorError::NoChip { .. }), "{error}");
            assert!(error.to_string().contains(path));
        }
    }
}
