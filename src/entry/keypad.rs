//! From keys to a PIN. Enter or # ends it; Escape, * or five seconds without a key clear it.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::credential::Digits;
use limen_core::event::EntryMistake;

use super::report::Entry;

/// The largest number of digits of an entry: more than any PIN has, so that the length of PINs stays secret.
const MOST_DIGITS: usize = 12;
/// An entry is cleared after this time without a key.
const PATIENCE: Duration = Duration::from_secs(5);
/// More keys than this within [`FLOOD_WINDOW`] are too fast for a finger.
const FLOOD: u32 = 40;
/// The time for [`FLOOD`]. A flooded keypad is used again after being still for this long.
const FLOOD_WINDOW: Duration = Duration::from_secs(2);

/// The meaning of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeypadKey {
    /// A digit, 0 to 9.
    Digit(u8),
    /// End the entry: Enter or #.
    End,
    /// Clear the entry: Escape or *.
    Clear,
    /// Any other key.
    Other,
}

/// A complete entry, or why there is none.
pub type EntryOutcome = Result<Entry, EntryMistake>;

/// The keys of one entry so far.
#[derive(Debug, Default)]
pub struct Keypad {
    digits: Digits,
    /// There were too many digits: the entry counts for nothing until it is ended or cleared.
    too_long: bool,
    last: Moment,
    pace: Pace,
}

impl Keypad {
    /// Takes a key that was pressed.
    pub fn press(&mut self, now: Moment, key: KeypadKey) -> Option<EntryOutcome> {
        // A clock that goes back clears the entry like a time-out.
        if now < self.last || now.since(self.last) > PATIENCE {
            self.clear();
        }
        let flooded = self.pace.is_flooded_by(now);
        self.last = now;
        if flooded {
            self.clear();
            return self.pace.begins_flood().then_some(Err(EntryMistake::Flooded));
        }
        match key {
            KeypadKey::Digit(digit) if self.digits.len() < MOST_DIGITS => {
                self.digits.push(digit);
            }
            KeypadKey::Digit(_) => self.too_long = true,
            KeypadKey::Clear => self.clear(),
            KeypadKey::End => return self.end(),
            // Ignoring a key pressed by accident does less harm than spoiling the entry.
            KeypadKey::Other => {}
        }
        None
    }

    /// Notes that keys are missing, so that the entry cannot be trusted.
    pub fn miss(&mut self) -> EntryMistake {
        self.clear();
        EntryMistake::Dropped
    }

    /// Clears an entry that has waited for too long.
    pub fn let_time_pass(&mut self, now: Moment) {
        if now.since(self.last) > PATIENCE {
            self.clear();
        }
    }

    fn end(&mut self) -> Option<EntryOutcome> {
        let digits = std::mem::take(&mut self.digits);
        if std::mem::take(&mut self.too_long) {
            return Some(Err(EntryMistake::TooLong));
        }
        (!digits.is_empty()).then_some(Ok(Entry::Pin(digits)))
    }

    fn clear(&mut self) {
        self.digits.clear();
        self.too_long = false;
    }
}

/// Measures how fast keys come.
#[derive(Debug, Default)]
struct Pace {
    window: Moment,
    keys: u32,
    last: Moment,
    flooded: bool,
    told: bool,
}

impl Pace {
    fn is_flooded_by(&mut self, now: Moment) -> bool {
        let still = now < self.last || now.since(self.last) >= FLOOD_WINDOW;
        self.last = now;
        if still || (!self.flooded && now.since(self.window) >= FLOOD_WINDOW) {
            *self = Self { window: now, last: now, ..Self::default() };
        }
        self.keys = self.keys.saturating_add(1);
        self.flooded |= self.keys > FLOOD;
        self.flooded
    }

    /// Whether a flood begins; true once per flood.
    fn begins_flood(&mut self) -> bool {
        !std::mem::replace(&mut self.told, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from_boot(Duration::from_secs(100) + Duration::from_millis(ms))
    }

    /// Presses keys, one every `apart` milliseconds, and returns the outcomes.
    fn typed(keypad: &mut Keypad, from: u64, apart: u64, keys: &str) -> Vec<EntryOutcome> {
        let key = |c| match c {
            '0'..='9' => KeypadKey::Digit(c as u8 - b'0'),
            '#' => KeypadKey::End,
            '*' => KeypadKey::Clear,
            _ => KeypadKey::Other,
        };
        let times = (0_u64..).map(|n| at(from + n * apart));
        times.zip(keys.chars()).filter_map(|(now, c)| keypad.press(now, key(c))).collect()
    }

    fn pin(text: &str) -> EntryOutcome {
        Ok(Entry::Pin(Digits::new(text).expect("digits")))
    }

    #[test]
    fn digits_and_an_end_are_a_pin() {
        let mut keypad = Keypad::default();
        assert_eq!(typed(&mut keypad, 0, 200, "4711#0815#"), [pin("4711"), pin("0815")]);
        assert_eq!(typed(&mut keypad, 5_000, 200, "99*4711#"), [pin("4711")]);
        assert_eq!(typed(&mut keypad, 9_000, 200, "#*#"), [], "nothing was entered");
        assert_eq!(typed(&mut keypad, 12_000, 200, "47x11#"), [pin("4711")]);
    }

    #[test]
    fn five_seconds_without_a_key_clear_what_was_entered() {
        let mut keypad = Keypad::default();
        assert_eq!(typed(&mut keypad, 0, 4_900, "47#"), [pin("47")]);
        assert_eq!(typed(&mut keypad, 20_000, 200, "47"), []);
        assert_eq!(typed(&mut keypad, 25_201, 200, "11#"), [pin("11")]);
        typed(&mut keypad, 40_000, 200, "4711");
        keypad.let_time_pass(at(45_601));
        assert!(keypad.digits.is_empty());
    }

    #[test]
    fn time_that_goes_back_clears_what_was_entered() {
        let mut keypad = Keypad::default();
        typed(&mut keypad, 10_000, 200, "47");
        assert_eq!(typed(&mut keypad, 5_000, 200, "11#"), [pin("11")]);
    }

    #[test]
    fn more_than_twelve_digits_are_no_entry() {
        let mut keypad = Keypad::default();
        assert_eq!(typed(&mut keypad, 0, 200, "123456789012#"), [pin("123456789012")]);
        assert_eq!(
            typed(&mut keypad, 9_000, 200, "1234567890123#4711#"),
            [Err(EntryMistake::TooLong), pin("4711")]
        );
        assert_eq!(typed(&mut keypad, 19_000, 200, "1234567890123*4711#"), [pin("4711")]);
    }

    #[test]
    fn a_flood_is_one_mistake_and_over_when_the_keypad_is_still() {
        let mut keypad = Keypad::default();
        let outcomes = typed(&mut keypad, 0, 5, &"4711#".repeat(400));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 8, "the first forty keys");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(EntryMistake::Flooded)).count(), 1);
        assert_eq!(typed(&mut keypad, 10_500, 200, "4711#"), [], "not still for two seconds yet");
        assert_eq!(typed(&mut keypad, 13_500, 200, "4711#"), [pin("4711")]);
    }

    #[test]
    fn what_has_gaps_is_dropped() {
        let mut keypad = Keypad::default();
        typed(&mut keypad, 0, 200, "47");
        assert_eq!(keypad.miss(), EntryMistake::Dropped);
        assert_eq!(typed(&mut keypad, 500, 200, "11#"), [pin("11")]);
    }
}
