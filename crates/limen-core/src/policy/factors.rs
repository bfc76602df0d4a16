//! What is asked of a person besides the face, and when.
//!
//! A group asks on its own terms, as it does for everything else; what a person's own entry asks for comes on top. A
//! rule with schedules holds while one of them is open, and while the time is unknown.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;

use super::access::{AccessRules, Way};
use super::schedule::Schedule;
use crate::credential::{Factor, Factors, SecondFactor};
use crate::people::Standing;

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

impl AccessRules {
    /// The names of all schedules.
    pub fn schedule_names(&self) -> Vec<&str> {
        self.schedules.iter().map(|schedule| schedule.name.as_str()).collect()
    }

    /// What is asked of a person on a way in at a time; `None` is a time that is unknown.
    pub fn demands(&self, standing: &Standing, way: Way<'_>, local: Option<DateTime>) -> Demands {
        let of_group = match way {
            Way::Anytime => None,
            Way::Through(group) => group.second_factor.as_ref(),
        };
        let of_group = of_group.filter(|rule| self.is_asked(rule.schedules.iter().map(|s| &**s), local));
        let means = &standing.means;
        // A name that no schedule has asks always: a reload checks names, and what slips by must not open more.
        let own = means.schedules.iter().map(|name| self.schedule(name));
        let asked = own.clone().any(|known| known.is_none()) || self.is_asked(own.flatten(), local);
        Demands([of_group.map(|rule| rule.factor), means.rule.filter(|_| asked)])
    }

    fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.name == name).map(|schedule| &**schedule)
    }

    fn is_asked<'a>(&self, schedules: impl Iterator<Item = &'a Schedule>, local: Option<DateTime>) -> bool {
        let mut schedules = schedules.peekable();
        let (Some(_), Some(local)) = (schedules.peek(), local) else { return true };
        schedules.any(|schedule| schedule.window_at(local, &self.calendar).is_some())
    }

    /// What the person can prove at this door.
    pub fn provable(&self, standing: &Standing) -> Factors {
        let has = standing.means.factors();
        Factors { pin: has.pin && self.available.pin, card: has.card && self.available.card }
    }

    /// A second factor that may be asked of a person who cannot prove it: what is wrong, and the remedy.
    pub fn lacking(&self, standing: &Standing) -> Option<(String, String)> {
        if standing.suspended {
            return None;
        }
        let of_groups = self.groups_of(standing).filter_map(|group| group.second_factor.as_ref());
        let mut rules = of_groups.map(|rule| rule.factor).chain(standing.means.rule);
        let rule = rules.find(|rule| !rule.is_met_by(self.provable(standing)))?;
        let (what, remedy) = if rule.is_met_by(standing.means.factors()) {
            (format!("needs {rule}, and there is nothing to enter it by"), "add [keypad] or [reader]")
        } else if rule.accepts(Factor::Pin) {
            (format!("needs {rule} and has none"), "set one with `limen pin ID`")
        } else {
            (format!("needs {rule} and has none"), "add card = \"...\"")
        };
        Some((format!("{what}, so cannot enter where it is asked for"), remedy.to_owned()))
    }
}
