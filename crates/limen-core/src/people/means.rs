//! How a person proves a second factor.

use crate::credential::{Card, Factor, Factors, PinHash, SecondFactor};

/// A person's PINs and card, and the person's own rule for a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Means {
    /// The hash of the PIN.
    pub pin: Option<PinHash>,
    /// The hash of the duress PIN, which raises a silent alarm.
    pub duress: Option<PinHash>,
    /// The person's card.
    pub card: Option<Card>,
    /// The second factor that this person must prove, besides what a group asks for. `None`: only the groups
    /// decide.
    pub rule: Option<SecondFactor>,
    /// The schedules during which [`Self::rule`] holds. Empty: always.
    pub schedules: Vec<String>,
}

impl Means {
    /// The factors that the person can prove.
    pub fn factors(&self) -> Factors {
        Factors { pin: self.pin.is_some(), card: self.card.is_some() }
    }

    /// Whether the person can prove this factor.
    pub fn has(&self, factor: Factor) -> bool {
        self.factors().list().contains(&factor)
    }
}
