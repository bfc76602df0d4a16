//! BCM pin numbers, their header positions, and what pins do before the program starts.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The highest BCM number on the 40-pin header.
pub const HIGHEST_PIN: u8 = 27;
/// At power-up, BCM pins up to this one are pulled up, the others down (BCM2835 ARM Peripherals, table 6-31).
pub const LAST_PULLED_UP: u8 = 8;

/// Positions on the 40-pin header by BCM number.
const HEADER: [u8; HIGHEST_PIN as usize + 1] = [
    27, 28, 3, 5, 7, 29, 31, 26, 24, 21, 19, 23, 32, 33, 8, 10, 36, 11, 12, 35, 38, 40, 15, 16, 18, 22, 37,
    13,
];

/// The number is no pin of the header.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0} is not a BCM number (0 to {HIGHEST_PIN})")]
pub struct GpioPinError(pub u8);

/// A pin of the header by its BCM number, 0 to 27.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Pin(u8);

impl Pin {
    /// Makes a pin of a BCM number.
    pub const fn new(bcm: u8) -> Result<Self, GpioPinError> {
        if bcm > HIGHEST_PIN { Err(GpioPinError(bcm)) } else { Ok(Self(bcm)) }
    }

    /// The BCM number.
    pub const fn bcm(self) -> u8 {
        self.0
    }

    /// The position on the 40-pin header.
    pub const fn header(self) -> u8 {
        HEADER[self.0 as usize]
    }

    /// The level to which the pin is pulled from power-up until it is driven.
    pub const fn pull_at_power_up(self) -> ActiveLevel {
        if self.0 <= LAST_PULLED_UP { ActiveLevel::High } else { ActiveLevel::Low }
    }

    /// The BCM number at a header position, for users who confuse the two.
    pub fn at_header(position: u8) -> Option<Self> {
        HEADER.iter().position(|at| *at == position).and_then(|bcm| u8::try_from(bcm).ok()).map(Self)
    }
}

impl TryFrom<u8> for Pin {
    type Error = GpioPinError;
    fn try_from(bcm: u8) -> Result<Self, GpioPinError> {
        Self::new(bcm)
    }
}

impl From<Pin> for u8 {
    fn from(pin: Pin) -> Self {
        pin.0
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The level at which a line is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActiveLevel {
    /// Active at 3.3 V.
    High,
    /// Active at 0 V.
    Low,
}

impl ActiveLevel {
    /// Whether the line must be high to be `active`.
    pub const fn is_high_when(self, active: bool) -> bool {
        matches!(self, Self::High) == active
    }
}

impl fmt::Display for ActiveLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::High => "high",
            Self::Low => "low",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bcm_17_is_header_pin_11_and_back() {
        let pin = Pin::new(17).expect("a pin");
        assert_eq!(pin.header(), 11);
        assert_eq!(Pin::at_header(11), Some(pin));
        assert_eq!(Pin::at_header(6), None, "ground");
    }

    #[test]
    fn every_header_position_is_named_once() {
        let mut positions = HEADER.to_vec();
        positions.sort_unstable();
        positions.dedup();
        assert_eq!(positions.len(), 28);
    }

    #[test]
    fn a_number_off_the_header_is_no_pin() {
        assert_eq!(Pin::new(28), Err(GpioPinError(28)));
    }

    #[test]
    fn active_low_is_high_when_inactive() {
        assert!(ActiveLevel::Low.is_high_when(false) && !ActiveLevel::Low.is_high_when(true));
        assert!(ActiveLevel::High.is_high_when(true));
    }
}
