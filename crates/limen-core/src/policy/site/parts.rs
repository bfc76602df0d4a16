//! The parts of the system that have failed, since when and why, until they work again.

use std::collections::BTreeMap;

use crate::clock::Moment;
use crate::event::{Fact, Part};

/// What is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// When the part failed.
    pub since: Moment,
    /// What the part reported, with the remedy.
    pub what: String,
}

/// The parts that have failed.
#[derive(Debug, Default)]
pub struct Parts {
    failed: BTreeMap<Part, Trouble>,
}

impl Parts {
    /// A part has failed. Returns the record, unless the part had failed already.
    pub fn fail(&mut self, now: Moment, part: Part, what: String) -> Option<Fact> {
        if let Some(trouble) = self.failed.get_mut(&part) {
            trouble.what = what;
            return None;
        }
        self.failed.insert(part, Trouble { since: now, what: what.clone() });
        Some(Fact::Fault { part, what })
    }

    /// A part works again. Returns the record, if the part had failed.
    pub fn recover(&mut self, now: Moment, part: Part) -> Option<Fact> {
        let Trouble { since, .. } = self.failed.remove(&part)?;
        let after_ms = u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX);
        Some(Fact::Recovered { part, after_ms })
    }

    /// Every part that has failed.
    pub fn failed(&self) -> &BTreeMap<Part, Trouble> {
        &self.failed
    }

    /// Whether a part has failed.
    pub fn has_failed(&self, part: Part) -> bool {
        self.failed.contains_key(&part)
    }

    /// Since when a part has been failing; `None` if it works.
    pub fn failed_since(&self, part: Part) -> Option<Moment> {
        self.failed.get(&part).map(|trouble| trouble.since)
    }

    /// Whether a part has failed without which nobody is let in by face.
    pub fn stop_the_door(&self) -> bool {
        self.failed.keys().any(|part| part.stops_the_door())
    }
}
