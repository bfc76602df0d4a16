//! From keys to a card: a reader that acts as a keyboard types the number and Enter, too fast for a hand.

use std::time::Duration;

use limen_core::credential::{Card, Digits};
use limen_core::event::EntryMistake;

use super::keypad::{EntryOutcome, KeypadKey};
use super::report::Entry;

/// The longest pause between two keys of a reader, which sends one every 1 to 20 ms.
const LONGEST_GAP: Duration = Duration::from_millis(50);

/// The keys of one burst so far.
#[derive(Debug, Default)]
pub struct TypingReader {
    digits: Digits,
    spoilt: Option<EntryMistake>,
    /// The kernel's time stamp of the last key.
    last: Option<Duration>,
}

impl TypingReader {
    /// Takes a key. `stamp` is the kernel's time stamp, by any clock.
    pub fn press(&mut self, stamp: Duration, key: KeypadKey) -> Option<EntryOutcome> {
        let last = self.last.replace(stamp);
        // A stamp before the last one: the clock was set in between, and the gap is unknown.
        let slow = last.is_some_and(|last| stamp.checked_sub(last).is_none_or(|gap| gap > LONGEST_GAP));
        if slow && !self.digits.is_empty() {
            self.spoilt.get_or_insert(EntryMistake::TypedByHand);
        }
        match key {
            KeypadKey::Digit(digit) => {
                if !self.digits.push(digit) {
                    self.spoilt = Some(EntryMistake::TooLong);
                }
                None
            }
            KeypadKey::End => self.end(),
            KeypadKey::Clear | KeypadKey::Other => None,
        }
    }

    /// Notes that keys are missing.
    pub fn miss(&mut self) -> EntryMistake {
        *self = Self::default();
        EntryMistake::Dropped
    }

    fn end(&mut self) -> Option<EntryOutcome> {
        let Self { digits, spoilt, .. } = std::mem::take(self);
        if digits.is_empty() {
            return None;
        }
        let card = || Card::keys(&digits).map(Entry::Card).ok_or(EntryMistake::TooShort);
        Some(spoilt.map_or_else(card, Err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(reader: &mut TypingReader, from: u64, apart: u64, digits: &str) -> Vec<EntryOutcome> {
        let keys = digits
            .bytes()
            .map(|byte| if byte == b'#' { KeypadKey::End } else { KeypadKey::Digit(byte - b'0') });
        let stamps = (0..).map(|n| Duration::from_millis(from + n * apart));
        stamps.zip(keys).filter_map(|(stamp, key)| reader.press(stamp, key)).collect()
    }

    #[test]
    fn a_burst_is_a_card() {
        let mut reader = TypingReader::default();
        let card = |text| Ok(Entry::Card(Card::parse(text).expect("a card")));
        assert_eq!(sent(&mut reader, 1_000, 8, "0004711815#"), [card("keys:0004711815")]);
        assert_eq!(sent(&mut reader, 3_000, 50, "0004711815#"), [card("keys:0004711815")]);
        assert_eq!(sent(&mut reader, 9_000, 8, "#"), [], "nothing was sent");
    }

    #[test]
    fn what_a_hand_types_is_no_card() {
        let mut reader = TypingReader::default();
        assert_eq!(sent(&mut reader, 1_000, 51, "0004711815#"), [Err(EntryMistake::TypedByHand)]);
        assert_eq!(sent(&mut reader, 3_000, 8, "0004711815#").len(), 1);
        // The rest of an earlier burst does not become the beginning of a card.
        sent(&mut reader, 5_000, 8, "99");
        assert_eq!(sent(&mut reader, 6_000, 8, "0004711815#"), [Err(EntryMistake::TypedByHand)]);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_card() {
        let mut reader = TypingReader::default();
        sent(&mut reader, 9_000, 8, "00047");
        assert_eq!(sent(&mut reader, 1_000, 8, "11815#"), [Err(EntryMistake::TypedByHand)]);
    }

    #[test]
    fn too_few_and_too_many_digits_are_no_card() {
        let mut reader = TypingReader::default();
        assert_eq!(sent(&mut reader, 1_000, 8, "123#"), [Err(EntryMistake::TooShort)]);
        assert_eq!(sent(&mut reader, 3_000, 8, "123456789012345678901#"), [Err(EntryMistake::TooLong)]);
        assert_eq!(
            sent(&mut reader, 5_000, 8, &format!("{}#", "4711".repeat(100))),
            [Err(EntryMistake::TooLong)]
        );
        assert_eq!(reader.miss(), EntryMistake::Dropped);
    }
}
