//! Keypad and card reader: what they are called in records, and what can be wrong with what they send.

use std::fmt;

use serde::Serialize;

/// A device by which people prove a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryDevice {
    /// For PINs.
    Keypad,
    /// For cards.
    Reader,
}

impl EntryDevice {
    /// What it is called, and its thread.
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

/// What is wrong with an entry; it counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryMistake {
    /// More digits than any PIN or card has.
    TooLong,
    /// Fewer than any card has.
    TooShort,
    /// More keys, pulses or cards than a person can bring about.
    Flooded,
    /// The kernel or limen could not keep up, so that something is missing.
    Dropped,
    /// A card's digits came as slowly as a hand types.
    TypedByHand,
    /// Pulses that are no card: too few, too many, too close, or on both lines at once.
    Noise,
    /// As many bits as a card has, and a wrong parity.
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

/// Why a PIN or a card opened nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactorRefusal {
    /// Not that of the person who was recognised.
    Wrong,
    /// A card of nobody.
    Unknown,
    /// Nobody was recognised in time who needs it.
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
