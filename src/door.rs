//! The door room: the relay's output line, and how long it may be unlocked.
//!
//! The line is locked unless it is held by a [`Lease`](limen_core::lease::Lease), and only the policy makes
//! leases. A lease ends after [`MAX_LEASE`](limen_core::lease::MAX_LEASE) whatever the policy is doing,
//! because the thread that owns the line counts the time itself.
//!
//! | file | contents |
//! |---|---|
//! | `output` | an output line that is driven active or inactive |
//! | `rppal`, `gpiochip` | the two drivers of lines; each is the only one that names its crate |
//! | `chips` | finds the header's GPIO chip and the line of a pin |
//! | `relay` | a lock on a line: read back after every change, locked when dropped |
//! | `dry_run` | a lock that moves nothing |
//! | `indicators` | the green and the red light |
//! | `buzzer` | the tones of warnings and alarms |
//! | `inputs` | exit button, contact, tamper switch and fire alarm, and the thread that waits for them |
//! | `pulses` | the two lines of a card reader |
//! | `level` | the state that a thread publishes |
//! | `thread` | owns lock, lights and buzzer, and counts the lease's time |
//! | `pin` | BCM numbers, header positions, what a pin does before the program starts |
//! | `statefile` | names the line in the run-time folder, so that `limen lock` finds it |

use limen_files::FileError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use output::Output;
use pin::{ActiveLevel, Pin};

pub mod buzzer;
pub mod chips;
pub mod dry_run;
mod gpiochip;
pub mod indicators;
pub mod inputs;
pub mod level;
mod output;
pub mod pin;
pub mod pulses;
mod relay;
mod rppal;
pub mod statefile;
pub mod thread;

pub use gpiochip::chips;
pub use relay::Relay;

use buzzer::Buzzer;
use chips::ChipChoice;
use indicators::Indicators;
use inputs::InputSettings;

/// A lock. It is locked when it is created.
pub trait Lock: Send {
    /// Locks, and checks that it worked.
    fn lock(&mut self) -> Result<(), DoorError>;
    /// Unlocks, and checks that it worked.
    fn unlock(&mut self) -> Result<(), DoorError>;
    /// The driver and the line, for people.
    fn describe(&self) -> String;
    /// Whether a real lock moves.
    fn is_real(&self) -> bool;
}

/// How lines are driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Driver {
    /// By the Pi's registers, through `/dev/gpiomem`.
    Rppal,
    /// By the kernel's character device.
    Gpiochip,
    /// Not at all: nothing moves.
    DryRun,
}

/// What the lock does without power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockType {
    /// It stays locked (fail-secure).
    #[default]
    FailSecure,
    /// It opens (fail-safe), for exits that must open in a power cut.
    FailSafe,
}

/// An output line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputSettings {
    /// The pin of the line.
    pub pin: Pin,
    /// The level at which it is on.
    pub active: ActiveLevel,
}

/// `[door]`: the lock's line and the other lines of the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorSettings {
    /// How the lines are driven.
    pub driver: Driver,
    /// The GPIO chip, for [`Driver::Gpiochip`].
    pub chip: ChipChoice,
    /// The relay's pin; a real driver needs one.
    pub pin: Option<Pin>,
    /// The level that unlocks.
    pub active: ActiveLevel,
    /// What the lock does without power.
    pub lock: LockType,
    /// Whether a resistor keeps the line locked while nothing drives it.
    pub external_pull: bool,
    /// The green light, for people who were granted.
    pub green: Option<OutputSettings>,
    /// The red light, for people who were refused.
    pub red: Option<OutputSettings>,
    /// The buzzer for warnings and alarms.
    pub buzzer: Option<OutputSettings>,
    /// The input lines that are wired: exit button, contact, tamper switch, fire alarm.
    pub inputs: Vec<InputSettings>,
}

impl DoorSettings {
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
            inputs: Vec::new(),
        }
    }
}

/// Why the door could not be driven. Each message names the remedy.
#[derive(Debug, Error)]
pub enum DoorError {
    /// A real driver has no pin.
    #[error("[door] has no pin; add pin = N, the BCM number of the relay's pin")]
    NoPin,
    /// This user may not open the device.
    #[error(
        "{path}: permission denied; put the user into group gpio (usermod -aG gpio USER) and log in again, \
         or start limen as a service"
    )]
    Denied {
        /// The path of the device.
        path: String,
    },
    /// There is no such GPIO chip.
    #[error("{path}: no GPIO chip there ({why}); `limen check` lists the chips of this machine")]
    NoChip {
        /// The path of the chip.
        path: String,
        /// The error of the system.
        why: String,
    },
    /// This machine does not have the configured chip.
    #[error(
        "no GPIO chip here is {wanted}; chips here: {found}; on a Raspberry Pi start a kernel that has it, as Raspberry Pi \
         OS does; name another chip by chip-label = \"...\", or use driver = \"dry-run\" where no door is wired"
    )]
    NoSuchLabel {
        /// The configured chip.
        wanted: String,
        /// The chips of this machine.
        found: String,
    },
    /// Several chips match the configuration.
    #[error("{one} and {other} are both called {label}; say which by chip = \"...\"")]
    TwoChips {
        /// The path of the first.
        one: String,
        /// The path of the second.
        other: String,
        /// The label that both drivers give.
        label: String,
    },
    /// The chip at the configured path is another one.
    #[error("{path}: is {label}, not {wanted}; {remedy}")]
    WrongChip {
        /// The path of the chip.
        path: String,
        /// The label that its driver gives.
        label: String,
        /// The configured label.
        wanted: String,
        /// What to do about it.
        remedy: String,
    },
    /// This machine is no Raspberry Pi that rppal knows.
    #[error(
        "this is not a Raspberry Pi that the driver \"rppal\" knows ({why}); use driver = \"gpiochip\", or \
         \"dry-run\" where no door is wired"
    )]
    NotAPi {
        /// The error of rppal.
        why: String,
    },
    /// The chip has no such line, or the line's name is that of another pin.
    #[error("{chip} line {pin}: {what}")]
    WrongLine {
        /// The path of the chip.
        chip: String,
        /// The line's pin.
        pin: Pin,
        /// What is wrong, with the remedy.
        what: String,
    },
    /// Another program holds the line.
    #[error("{line}: in use by {by}; stop that program, or use another pin")]
    Busy {
        /// The line, for people.
        line: String,
        /// The program that holds it.
        by: String,
    },
    /// The line was driven, but reads back another level.
    #[error("{line}: driven {wanted}, but reads back the opposite; check the wiring for a short circuit")]
    DoesNotFollow {
        /// The line, for people.
        line: String,
        /// The state that it should have.
        wanted: &'static str,
    },
    /// The driver failed.
    #[error("{line}: {what}")]
    Failed {
        /// The line, for people.
        line: String,
        /// The error of the driver.
        what: String,
    },
    /// The file that names the line could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file was not written by the daemon.
    #[error("{file}: does not name a line ({what}); it is written again when the service starts")]
    StateFile {
        /// The path of the file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The door thread could not be started.
    #[error("cannot start the door thread: {0}")]
    Thread(std::io::Error),
    /// The door thread has ended; it locked the line before.
    #[error("the door thread has ended")]
    Gone,
}

/// The opened parts of a door: locked, lights off, buzzer silent.
pub struct OpenedDoor {
    /// The lock on the relay's line.
    pub lock: Box<dyn Lock>,
    /// The green and red lights.
    pub indicators: Indicators,
    /// The buzzer, if there is one.
    pub buzzer: Buzzer,
}

/// Opens and locks the lock, then opens the lights and the buzzer.
pub fn open(settings: &DoorSettings) -> Result<OpenedDoor, DoorError> {
    let lock = open_lock(settings)?;
    let output = |line: Option<OutputSettings>| {
        line.map(|line| open_line(settings, line.pin, line.active)).transpose()
    };
    let indicators = Indicators::new(output(settings.green)?, output(settings.red)?);
    Ok(OpenedDoor { lock, indicators, buzzer: Buzzer::new(output(settings.buzzer)?) })
}

/// Opens and locks the lock only.
pub fn open_lock(settings: &DoorSettings) -> Result<Box<dyn Lock>, DoorError> {
    if settings.driver == Driver::DryRun {
        return Ok(Box::new(dry_run::DryRun::silent()));
    }
    let pin = settings.pin.ok_or(DoorError::NoPin)?;
    Ok(Box::new(Relay::new(open_line(settings, pin, settings.active)?)?))
}

/// Checks that this user could open all output lines, without opening them.
pub fn check_access(settings: &DoorSettings) -> Result<(), DoorError> {
    let pin = settings.pin.ok_or(DoorError::NoPin);
    let outputs = [settings.green, settings.red, settings.buzzer].into_iter().flatten().map(|line| line.pin);
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

/// Opens an output line, which is driven inactive before it becomes an output.
fn open_line(settings: &DoorSettings, pin: Pin, active: ActiveLevel) -> Result<Box<dyn Output>, DoorError> {
    Ok(match settings.driver {
        Driver::Rppal => Box::new(rppal::RppalLine::open(pin, active)?),
        Driver::Gpiochip => Box::new(gpiochip::ChipLine::open(&settings.chip, pin, active)?),
        Driver::DryRun => Box::new(output::NoLine),
    })
}
