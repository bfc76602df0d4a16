//! By what a person proves a second factor.

use crate::credential::{Card, Factor, Factors, PinHash, SecondFactor};

/// By what a person proves a second factor, and whether one is asked of them whatever their groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Means {
    /// Of the PIN.
    pub pin: Option<PinHash>,
    /// Of the PIN that raises a silent alarm.
    pub duress: Option<PinHash>,
    /// The card.
    pub card: Option<Card>,
    /// What is asked for.
    pub rule: Option<SecondFactor>,
    /// Only while one of these schedules is open; none: always.
    pub schedules: Vec<String>,
}

impl Means {
    /// What the person can prove.
    pub fn factors(&self) -> Factors {
        Factors { pin: self.pin.is_some(), card: self.card.is_some() }
    }

    /// Whether the person has one of them.
    pub fn has(&self, factor: Factor) -> bool {
        self.factors().list().contains(&factor)
    }
}
