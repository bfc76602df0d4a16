//! Counts mistakes and reports them now and then: a broken cable must not fill the records.

use std::collections::BTreeMap;
use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::EntryMistake;

/// The time between two reports of the same mistake, each with its count.
pub const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The mistakes that are counted and not reported.
#[derive(Debug, Default)]
pub struct MistakeCounts(BTreeMap<EntryMistake, Count>);

#[derive(Debug, Default)]
struct Count {
    untold: u32,
    told: Option<Moment>,
}

impl MistakeCounts {
    /// Counts a mistake.
    pub fn note(&mut self, mistake: EntryMistake) {
        let count = self.0.entry(mistake).or_default();
        count.untold = count.untold.saturating_add(1);
    }

    /// The mistakes to report now, with their counts; the first of a kind at once.
    pub fn due(&mut self, now: Moment) -> Vec<(EntryMistake, u32)> {
        let is_due =
            |told: Option<Moment>| told.is_none_or(|told| now < told || now.since(told) >= TOLD_EVERY);
        let due = self.0.iter_mut().filter(|(_, count)| count.untold > 0 && is_due(count.told));
        due.map(|(mistake, count)| {
            count.told = Some(now);
            (*mistake, std::mem::take(&mut count.untold))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_rest_once_a_minute_with_their_number() {
        let at = |s| Moment::from_boot(Duration::from_secs(s));
        let mut mistake_counts = MistakeCounts::default();
        mistake_counts.note(EntryMistake::Noise);
        assert_eq!(mistake_counts.due(at(10)), [(EntryMistake::Noise, 1)]);
        (0..500).for_each(|_| mistake_counts.note(EntryMistake::Noise));
        mistake_counts.note(EntryMistake::Parity);
        assert_eq!(mistake_counts.due(at(11)), [(EntryMistake::Parity, 1)]);
        assert_eq!(mistake_counts.due(at(69)), []);
        assert_eq!(mistake_counts.due(at(70)), [(EntryMistake::Noise, 500)]);
        assert_eq!(mistake_counts.due(at(200)), []);
    }
}
