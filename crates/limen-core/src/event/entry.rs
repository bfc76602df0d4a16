//! Keypad and card reader: their names in records, and what can be wrong with their entries.

use std::fmt;

use serde::Serialize;

/// A device where people prove a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryDevice {
    /// The keypad, for PINs.
    Keypad,
    /// The card reader.
    Reader,
}

impl EntryDevice {
    /// The name of the device and of its thread.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keypad => "keypad",
            Self::Reader => "reader",
        }
    }
}

impl fmt::Display for EntryDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with an entry. Such an entry counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryMistake {
    /// It has more digits than any PIN or card.
    TooLong,
    /// It has fewer digits than any card.
    TooShort,
    /// There were more keys, pulses or cards than a person can produce.
    Flooded,
    /// The kernel or limen was too slow, so that a part is missing.
    Dropped,
    /// The digits of a card came as slowly as by hand.
    TypedByHand,
    /// The pulses are no card: too few, too many, too close together, or on both lines at once.
    Noise,
    /// The number of bits is that of a card, but the parity is wrong.
    Parity,
}

impl fmt::Display for EntryMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "too many digits",
            Self::TooShort => "too few digits",
            Self::Flooded => "more at once than a person can bring about",
            Self::Dropped => "something is missing of what was sent",
            Self::TypedByHand => "digits as slow as a hand types them",
            Self::Noise => "pulses that are no card",
            Self::Parity => "a card with wrong parity",
        })
    }
}

/// Why a PIN or a card did not open the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorRefusal {
    /// It is not the PIN or card of the person who was recognised.
    Wrong,
    /// The card belongs to nobody.
    Unknown,
    /// Nobody who needs it was recognised in time.
    Unused,
}

impl fmt::Display for FactorRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wrong => "wrong",
            Self::Unknown => "nobody's",
            Self::Unused => "nobody was recognised in time who needs it",
        })
    }
}
