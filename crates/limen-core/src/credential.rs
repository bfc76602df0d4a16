//! What a person has or knows besides a face: PINs and cards, and the rule that asks for one of them.
//!
//! Glossary: a *factor* is one proof of who somebody is; the face is the first, a PIN or a card the *second*. A
//! *duress PIN* is a second PIN of a person: it opens the door as the first does, and raises a silent alarm.
//!
//! Nothing here shows a secret: what is entered is overwritten when it is dropped, and no `Debug` prints it.

mod card;
mod digits;
mod hash;
mod pin;

use std::fmt;

use serde::Serialize;
use subtle::ConstantTimeEq as _;

pub use card::{Card, CardError};
pub use digits::{Digits, LONGEST as LONGEST_ENTRY};
pub use hash::{HashError, PinHash, SALT};
pub use pin::{LONGEST_PIN, PinError, SHORTEST_PIN, check_new_pin, slips};

/// A proof of who somebody is, besides the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// Something known.
    Pin,
    /// Something carried.
    Card,
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "PIN",
            Self::Card => "card",
        })
    }
}

/// Which factors were proven, or which are to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Factors {
    /// A PIN.
    pub pin: bool,
    /// A card.
    pub card: bool,
}

impl Factors {
    /// With one more.
    pub fn with(self, factor: Factor) -> Self {
        match factor {
            Factor::Pin => Self { pin: true, ..self },
            Factor::Card => Self { card: true, ..self },
        }
    }

    /// Those that are in both.
    pub fn and(self, other: Self) -> Self {
        Self { pin: self.pin && other.pin, card: self.card && other.card }
    }

    /// Those that are in one of them.
    pub fn or(self, other: Self) -> Self {
        Self { pin: self.pin || other.pin, card: self.card || other.card }
    }

    /// In a list.
    pub fn list(self) -> Vec<Factor> {
        let all = [(self.pin, Factor::Pin), (self.card, Factor::Card)];
        all.into_iter().filter_map(|(has, factor)| has.then_some(factor)).collect()
    }
}

/// What is asked for besides the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecondFactor {
    /// The person's PIN.
    Pin,
    /// The person's card.
    Card,
    /// One of them.
    PinOrCard,
}

impl SecondFactor {
    /// Every one with its name in the files.
    pub const NAMES: [(&'static str, Self); 3] =
        [("pin", Self::Pin), ("card", Self::Card), ("pin-or-card", Self::PinOrCard)];

    /// Whether these factors are enough.
    pub fn is_met_by(self, factors: Factors) -> bool {
        match self {
            Self::Pin => factors.pin,
            Self::Card => factors.card,
            Self::PinOrCard => factors.pin || factors.card,
        }
    }

    /// Whether a factor is one of those asked for.
    pub fn accepts(self, factor: Factor) -> bool {
        self.is_met_by(Factors::default().with(factor))
    }

    /// The name in the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Card => "card",
            Self::PinOrCard => "pin-or-card",
        }
    }
}

impl fmt::Display for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pin => "a PIN",
            Self::Card => "a card",
            Self::PinOrCard => "a PIN or a card",
        })
    }
}

/// Whether two secrets are the same, in a time that does not depend on where they differ.
fn are_equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_met_by_what_it_names_and_by_nothing_else() {
        let (none, pin) = (Factors::default(), Factors::default().with(Factor::Pin));
        let card = Factors::default().with(Factor::Card);
        let met = |rule: SecondFactor| [none, pin, card].map(|factors| rule.is_met_by(factors));
        assert_eq!(met(SecondFactor::Pin), [false, true, false]);
        assert_eq!(met(SecondFactor::Card), [false, false, true]);
        assert_eq!(met(SecondFactor::PinOrCard), [false, true, true]);
        assert_eq!(pin.with(Factor::Card).list(), [Factor::Pin, Factor::Card]);
        for (name, rule) in SecondFactor::NAMES {
            assert_eq!(rule.name(), name);
        }
    }

    #[test]
    fn secrets_are_equal_only_if_every_byte_is() {
        assert!(are_equal(b"1234", b"1234") && are_equal(b"", b""));
        for other in [&b"1235"[..], b"0234", b"123", b"12345", b""] {
            assert!(!are_equal(b"1234", other));
        }
    }
}
