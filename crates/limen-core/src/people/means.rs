//! How a person proves a second factor.

use crate::credential::{Card, Factor, Factors, PinHash, SecondFactor};

/// How a person proves a second factor, and whether the person always needs one, whatever the groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Means {
    /// The hash of the PIN.
    pub pin: Option<PinHash>,
    /// The hash of the duress PIN, which raises a silent alarm.
    pub duress: Option<PinHash>,
    /// The person's card.
    pub card: Option<Card>,
    /// The second factor that is asked for; none: the groups decide.
    pub rule: Option<SecondFactor>,
    /// The schedules during which it is asked for; none: always.
    pub schedules: Vec<String>,
}

impl Means {
    /// The factors that the person can prove.
    pub fn factors(&self) -> Factors {
        Factors { pin: self.pin.is_some(), card: self.card.is_some() }
    }

    /// Whether the person has a PIN, or a card.
    pub fn has(&self, factor: Factor) -> bool {
        self.factors().list().contains(&factor)
    }
}
