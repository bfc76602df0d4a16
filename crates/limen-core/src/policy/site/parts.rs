//! Parts of the system that fail, since when and why, until they are back.

use std::collections::BTreeMap;

use crate::clock::Moment;
use crate::event::{Fact, Part};

/// What is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: Moment,
    /// What it said, with the remedy.
    pub what: String,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Parts {
    failed: BTreeMap<Part, Trouble>,
}

impl Parts {
    /// A part has failed; its record, if it had not failed already.
    pub fn fail(&mut self, now: Moment, part: Part, what: String) -> Option<Fact> {
        if let Some(trouble) = self.failed.get_mut(&part) {
            trouble.what = what;
            return None;
        }
        self.failed.insert(part, Trouble { since: now, what: what.clone() });
        Some(Fact::Fault { part, what })
    }

    /// A part is back; its record, if it had failed.
    pub fn recover(&mut self, now: Moment, part: Part) -> Option<Fact> {
        let Trouble { since, .. } = self.failed.remove(&part)?;
        let after_ms = u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX);
        Some(Fact::Recovered { part, after_ms })
    }

    /// Every part that fails.
    pub fn failed(&self) -> &BTreeMap<Part, Trouble> {
        &self.failed
    }

    /// Whether a part fails.
    pub fn has_failed(&self, part: Part) -> bool {
        self.failed.contains_key(&part)
    }

    /// Since when a part fails.
    pub fn failed_since(&self, part: Part) -> Option<Moment> {
        self.failed.get(&part).map(|trouble| trouble.since)
    }

    /// Whether a part fails without which nobody is let in by their face.
    pub fn stop_the_door(&self) -> bool {
        self.failed.keys().any(|part| part.stops_the_door())
    }
}
