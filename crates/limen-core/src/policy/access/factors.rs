//! Which factors a person is asked for besides the face, and when.
//!
//! Each group has its own rule. The rule of the person's entry in the gallery file applies in addition. A
//! rule with schedules holds while one of them is open, and while the time is unknown.

use std::sync::Arc;
use std::time::Duration;

use super::schedule::Schedule;
use crate::credential::{Factor, Factors, SecondFactor};

/// How long a person has to prove a second factor, unless the configuration says otherwise.
pub const DEFAULT_FACTOR_PATIENCE: Duration = Duration::from_secs(15);

/// The second factor that a group requires.
#[derive(Debug, Clone)]
pub struct FactorRule {
    /// The factor, or the choice of factors.
    pub factor: SecondFactor,
    /// The rule holds while one of these is open; empty: always.
    pub schedules: Vec<Arc<Schedule>>,
}

/// What a person must prove if one group lets them in: nothing, or up to three rules, which must all be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demands([Option<SecondFactor>; 3]);

impl Demands {
    /// The demands of a group and of a person's own entry; `None` if it has no rule.
    pub fn new(of_group: Option<SecondFactor>, own: Option<SecondFactor>) -> Self {
        Self([of_group, own, None])
    }

    /// The same demands, and the person's PIN in addition.
    pub fn and_pin(self) -> Self {
        let [of_group, own, _] = self.0;
        Self([of_group, own, Some(SecondFactor::Pin)])
    }

    /// The rules that must all be met.
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
