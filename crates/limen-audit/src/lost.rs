//! Records that were not written, counted by kind. A gap record names the counts afterwards.

use std::collections::BTreeMap;

use jiff::Timestamp;
use limen_core::event::Fact;

/// How many lost records the journal names one by one.
const SAID_SINGLY: u64 = 8;

/// Counts of lost records. Their contents are not kept: they name people and distances.
#[derive(Debug, Default)]
pub struct Lost {
    kinds: BTreeMap<String, u64>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// The count of the whole run.
    total: u64,
}

impl Lost {
    /// Counts a lost record. The journal names the first ones by kind and number, later ones more and more
    /// rarely.
    pub fn add(&mut self, fact: &Fact, at: Timestamp) {
        let kind = kind_of(fact);
        self.total += 1;
        if self.total <= SAID_SINGLY || self.total.is_power_of_two() {
            log::error!("audit: a record was lost: {kind}, number {} of this run's lost records", self.total);
        }
        *self.kinds.entry(kind).or_default() += 1;
        self.first.get_or_insert(at);
        self.last = Some(at);
    }

    /// Takes the counts that no gap record has named yet, if there are any.
    pub fn take(&mut self) -> Option<Self> {
        let next = Self { total: self.total, ..Self::default() };
        (!self.kinds.is_empty()).then(|| std::mem::replace(self, next))
    }

    /// Returns the counts because the gap record could not be written either.
    pub fn put_back(&mut self, taken: Self) {
        for (kind, count) in taken.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.first = taken.first.or(self.first);
        self.last = self.last.or(taken.last);
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count: u64 = self.kinds.values().sum();
        let kinds: Vec<String> = self.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        write!(f, "{count} records were not written")?;
        if let (Some(first), Some(last)) = (self.first, self.last) {
            write!(f, " from {first:.0} to {last:.0}")?;
        }
        write!(f, ": {}", kinds.join(", "))
    }
}

/// The kind of a fact, for example `granted`.
fn kind_of(fact: &Fact) -> String {
    let value = serde_json::to_value(fact).unwrap_or_default();
    value["kind"].as_str().unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_counted_by_kind_and_time() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let mut lost = Lost::default();
        let risk = Fact::Risk { what: "secret".to_owned() };
        lost.add(&Fact::Stopped, at("2026-07-01T08:00:00.25Z"));
        lost.add(&risk, at("2026-07-01T08:00:01Z"));
        lost.add(&risk, at("2026-07-01T08:05:00Z"));
        let text =
            "3 records were not written from 2026-07-01T08:00:00Z to 2026-07-01T08:05:00Z: 2 risk, 1 stopped";
        assert_eq!(lost.to_string(), text);
        let taken = lost.take().expect("something");
        assert!(lost.take().is_none());
        lost.add(&risk, at("2026-07-01T09:00:00Z"));
        assert!(lost.to_string().ends_with(": 1 risk"), "{lost}");
        lost.put_back(taken);
        let text =
            "4 records were not written from 2026-07-01T08:00:00Z to 2026-07-01T09:00:00Z: 3 risk, 1 stopped";
        assert_eq!(lost.to_string(), text);
    }
}
