//! What is asked of a person besides the face, and when.
//!
//! A group asks on its own terms, as it does for everything else; what a person's own entry asks for comes on top. A
//! rule with schedules holds while one of them is open, and while the time is unknown.

use std::sync::Arc;
use std::time::Duration;

use super::schedule::Schedule;
use crate::credential::{Factor, Factors, SecondFactor};

/// How long whoever needs a second factor has for it, unless the configuration says otherwise.
pub const DEFAULT_FACTOR_PATIENCE: Duration = Duration::from_secs(15);

/// What a group asks for besides the face.
#[derive(Debug, Clone)]
pub struct FactorRule {
    /// What.
    pub factor: SecondFactor,
    /// Only while one of these is open; none: always.
    pub schedules: Vec<Arc<Schedule>>,
}

/// What is asked of a person on one way in: nothing, or up to two rules that must both be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demands([Option<SecondFactor>; 2]);

impl Demands {
    /// What a group and a person's own entry ask for, as far as they ask.
    pub fn new(of_group: Option<SecondFactor>, own: Option<SecondFactor>) -> Self {
        Self([of_group, own])
    }

    /// The rules.
    pub fn rules(self) -> impl Iterator<Item = SecondFactor> {
        self.0.into_iter().flatten()
    }

    /// Whether these factors are enough.
    pub fn are_met_by(self, factors: Factors) -> bool {
        self.rules().all(|rule| rule.is_met_by(factors))
    }

    /// Whether a factor would help somebody who has proven these.
    pub fn want(self, factor: Factor, proven: Factors) -> bool {
        self.rules().any(|rule| !rule.is_met_by(proven) && rule.accepts(factor))
    }
}
