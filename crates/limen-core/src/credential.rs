//! What a person has or knows besides a face: PINs and cards, and the rule that asks for one of them.
//!
//! Glossary: a *factor* is one proof of identity; the face is the first, a PIN or a card the *second*. A
//! *duress PIN* is a person's other PIN: it opens the door like the first one, and raises a silent alarm.
//!
//! Secrets stay secret: what a person enters is overwritten when it is dropped, and no `Debug` prints it.

mod card;
mod code;
mod digits;
mod equality;
mod hash;
mod pin;

use std::fmt;

use serde::Serialize;

pub use card::{Card, CardError};
pub use code::{BROKER, CodeError, CodeName, LONGEST_CODE, RemoteCode, SHORTEST_CODE, check_new_code};
pub use digits::{Digits, LONGEST as LONGEST_ENTRY};
pub use hash::{HashError, PinHash, SALT};
pub use pin::{LONGEST_PIN, PinError, SHORTEST_PIN, check_new_pin, slips};

/// A proof of identity besides the face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Factor {
    /// A PIN: something that the person knows.
    Pin,
    /// A card: something that the person carries.
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

/// A set of factors: those that were proven, or those that are available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Factors {
    /// Whether the PIN is in the set.
    pub pin: bool,
    /// Whether the card is in the set.
    pub card: bool,
}

impl Factors {
    /// The same set with `factor` added.
    pub fn with(self, factor: Factor) -> Self {
        match factor {
            Factor::Pin => Self { pin: true, ..self },
            Factor::Card => Self { card: true, ..self },
        }
    }

    /// The factors that are in both sets.
    pub fn and(self, other: Self) -> Self {
        Self { pin: self.pin && other.pin, card: self.card && other.card }
    }

    /// The factors that are in at least one of the sets.
    pub fn or(self, other: Self) -> Self {
        Self { pin: self.pin || other.pin, card: self.card || other.card }
    }

    /// The factors as a list, the PIN first.
    pub fn list(self) -> Vec<Factor> {
        let all = [(self.pin, Factor::Pin), (self.card, Factor::Card)];
        all.into_iter().filter_map(|(has, factor)| has.then_some(factor)).collect()
    }
}

/// The second factor that the door asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecondFactor {
    /// The person's PIN.
    Pin,
    /// The person's card.
    Card,
    /// The PIN or the card, as the person likes.
    PinOrCard,
}

impl SecondFactor {
    /// Every rule with its name in the configuration and gallery files.
    pub const NAMES: [(&'static str, Self); 3] =
        [("pin", Self::Pin), ("card", Self::Card), ("pin-or-card", Self::PinOrCard)];

    /// Whether these factors satisfy the rule.
    pub fn is_met_by(self, factors: Factors) -> bool {
        match self {
            Self::Pin => factors.pin,
            Self::Card => factors.card,
            Self::PinOrCard => factors.pin || factors.card,
        }
    }

    /// Whether the rule allows this factor.
    pub fn accepts(self, factor: Factor) -> bool {
        self.is_met_by(Factors::default().with(factor))
    }

    /// The rule's name in the configuration and gallery files.
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
}
