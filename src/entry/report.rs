//! What a person entered, and what the threads of this room report.

use limen_core::credential::{Card, Digits};
use limen_core::event::{EntryDevice, EntryMistake};

/// What a person entered.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// Digits, ended by the person.
    Pin(Digits),
    /// A card, held to the reader.
    Card(Card),
}

/// What the threads of this room report.
#[derive(Debug, PartialEq, Eq)]
pub enum EntryReport {
    /// A PIN or a card.
    Entered(Entry),
    /// Entries that count for nothing, since the last such report.
    Mistaken {
        /// The keypad or the reader.
        device: EntryDevice,
        /// What was wrong with them.
        mistake: EntryMistake,
        /// The number of entries, 1 or more.
        count: u32,
    },
    /// The device is missing, for this reason. Reported once per loss.
    Lost(EntryDevice, String),
    /// The device works again.
    Back(EntryDevice),
}
