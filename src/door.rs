//! The door room: the line to the relay, and who may hold it for how long.
//!
//! The line is locked unless somebody holds a [`Lease`](limen_core::lease::Lease), and only the policy makes one. A lease ends after
//! [`MAX_LEASE`](limen_core::lease::MAX_LEASE) whatever its maker is doing, because the thread that owns the line counts the time itself.
//!
//! | file | what it knows |
//! |---|---|
//! | `output` | one line that is driven active or inactive |
//! | `rppal`, `gpiochip` | the two ways to such a line; each names its crate alone |
//! | `chips` | which GPIO chip is the header's, and which of its lines is a pin |
//! | `relay` | a lock made of a line: read back after every change, locked when dropped |
//! | `dry_run` | a lock that moves nothing |
//! | `indicators` | the green and the red light |
//! | `buzzer` | warning and alarm |
//! | `inputs` | exit button, contact, tamper switch, fire alarm, and the thread that waits for them |
//! | `pulses` | the two lines of a card reader |
//! | `level` | what a thread knows at this moment, for whoever asks |
//! | `thread` | owns lock and lights, and the deadline |
//! | `pin` | BCM numbers, header positions, what a pin does before we run |
//! | `statefile` | names the line in the run-time folder, so that `limen lock` finds it |

use limen_files::FileError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use output::Output;
use pin::{ActiveLevel, Pin};

pub mod buzzer;
pub mod chips;
mod driver;
pub mod dry_run;
pub mod indicators;
pub mod inputs;
pub mod level;
mod output;
pub mod pin;
pub mod pulses;
mod relay;
pub mod statefile;
pub mod thread;

pub use driver::gpiochip::chips;
pub use relay::Relay;

use buzzer::Buzzer;
use chips::ChipChoice;
use driver::{gpiochip, rppal};
use indicators::Indicators;
use inputs::InputSettings;

/// A lock. A new one is locked.
pub trait Lock: Send {
    /// Locks, and makes sure of it.
    fn lock(&mut self) -> Result<(), DoorError>;
    /// Unlocks, and makes sure of it.
    fn unlock(&mut self) -> Result<(), DoorError>;
    /// Driver and line, for people.
    fn describe(&self) -> String;
    /// Whether something moves.
    fn is_real(&self) -> bool;
}

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
    /// Where.
    pub pin: Pin,
    /// The level at which it is on.
    pub active: ActiveLevel,
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
    /// Exit button, contact, tamper switch, fire alarm, as far as they are wired.
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

/// Why the door could not be driven. The remedy is in each message.
#[derive(Debug, Error)]
pub enum DoorError {
    /// A real driver without a pin.
    #[error("[door] has no pin; add pin = N, the BCM number of the relay's pin")]
    NoPin,
    /// The user may not open the device.
    #[error(
        "{path}: permission denied; put the user into group gpio (usermod -aG gpio USER) and log in again, \
         or start limen as a service"
    )]
    Denied {
        /// Which device.
        path: String,
    },
    /// There is no such GPIO chip.
    #[error("{path}: no GPIO chip there ({why}); `limen check` lists the chips of this machine")]
    NoChip {
        /// Which.
        path: String,
        /// What the system said.
        why: String,
    },
    /// No chip of this machine is the one that is meant.
    #[error(
        "no GPIO chip here is {wanted}; chips here: {found}; on a Raspberry Pi start a kernel that has it, as Raspberry Pi \
         OS does; name another chip by chip-label = \"...\", or use driver = \"dry-run\" where no door is wired"
    )]
    NoSuchLabel {
        /// Which is meant.
        wanted: String,
        /// The chips of this machine.
        found: String,
    },
    /// More than one could be meant.
    #[error("{one} and {other} are both called {label}; say which by chip = \"...\"")]
    TwoChips {
        /// One.
        one: String,
        /// Another.
        other: String,
        /// What their drivers call them.
        label: String,
    },
    /// The chip at the device node that the configuration names is another one.
    #[error("{path}: is {label}, not {wanted}; {remedy}")]
    WrongChip {
        /// Which chip.
        path: String,
        /// What its driver calls it.
        label: String,
        /// Which is meant.
        wanted: String,
        /// What to do.
        remedy: String,
    },
    /// rppal knows only the Raspberry Pi.
    #[error(
        "this is not a Raspberry Pi that the driver \"rppal\" knows ({why}); use driver = \"gpiochip\", or \
         \"dry-run\" where no door is wired"
    )]
    NotAPi {
        /// What rppal said.
        why: String,
    },
    /// The chip has no such line, or its name says another pin.
    #[error("{chip} line {pin}: {what}")]
    WrongLine {
        /// Which chip.
        chip: String,
        /// Which line.
        pin: Pin,
        /// What does not fit, with the remedy.
        what: String,
    },
    /// Somebody else holds the line.
    #[error("{line}: in use by {by}; stop that program, or use another pin")]
    Busy {
        /// Which.
        line: String,
        /// Who.
        by: String,
    },
    /// The line was driven and does not follow.
    #[error("{line}: driven {wanted}, but reads back the opposite; check the wiring for a short circuit")]
    DoesNotFollow {
        /// Which.
        line: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// The driver failed.
    #[error("{line}: {what}")]
    Failed {
        /// Which.
        line: String,
        /// What the driver said.
        what: String,
    },
    /// The file that names the line.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not what the daemon writes.
    #[error("{file}: does not name a line ({what}); it is written again when the service starts")]
    StateFile {
        /// Which.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// No thread for the door.
    #[error("cannot start the door thread: {0}")]
    Thread(std::io::Error),
    /// The door thread is gone; the line was locked as it went.
    #[error("the door thread has ended")]
    Gone,
}

/// A locked lock, dark lights, a silent buzzer.
pub struct OpenedDoor {
    /// The lock.
    pub lock: Box<dyn Lock>,
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
pub fn open_lock(settings: &DoorSettings) -> Result<Box<dyn Lock>, DoorError> {
    if settings.driver == Driver::DryRun {
        return Ok(Box::new(dry_run::DryRun::silent()));
    }
    let pin = settings.pin.ok_or(DoorError::NoPin)?;
    Ok(Box::new(Relay::new(open_line(settings, pin, settings.active)?)?))
}

/// Whether the lock's line and the others could be had by this user, without taking them.
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

/// A line, driven inactive before it becomes an output.
fn open_line(settings: &DoorSettings, pin: Pin, active: ActiveLevel) -> Result<Box<dyn Output>, DoorError> {
    Ok(match settings.driver {
        Driver::Rppal => Box::new(rppal::RppalLine::open(pin, active)?),
        Driver::Gpiochip => Box::new(gpiochip::ChipLine::open(&settings.chip, pin, active)?),
        Driver::DryRun => Box::new(output::NoLine),
    })
}
