//! What somebody enters: pulses of a card reader, keys of a keypad and of a reader that types.

use std::time::Duration;

use limen::entry::Entry;
use limen::entry::keypad::{Keypad, KeypadKey};
use limen::entry::typing_reader::TypingReader;
use limen::entry::wiegand::{END_OF_FRAME, WiegandFrame, WiegandPulse};
use limen_core::clock::Moment;
use limen_core::credential::Card;

/// The longest PIN that a keypad takes.
const MOST_DIGITS: usize = 12;

/// Pulses: a byte each, the lowest bit its line, the others how long after the one before, in steps of 0.4 ms; a pause
/// of 40 ms and more ends a frame.
pub fn wiegand(bytes: &[u8]) {
    let (mut frame, mut at, mut pulses) = (WiegandFrame::default(), Duration::ZERO, 0);
    for byte in bytes {
        let pause = Duration::from_micros(400) * u32::from(byte >> 1);
        at += pause;
        if pause >= END_OF_FRAME {
            end(&mut frame, &mut pulses);
        }
        pulses += 1;
        let flooded = frame.add(WiegandPulse { at, one: byte & 1 == 1 });
        assert!(flooded.is_none_or(|outcome| outcome.is_err()), "a card before the frame has ended");
    }
    end(&mut frame, &mut pulses);
}

fn end(frame: &mut WiegandFrame, pulses: &mut usize) {
    if let Some(Ok(entry)) = frame.end() {
        let Entry::Card(card) = entry else { panic!("a reader gave a PIN") };
        assert!(matches!(*pulses, 26 | 34), "a card of {pulses} pulses");
        is_a_card(&card, &["26:", "34:"]);
    }
    assert!(!frame.has_begun());
    *pulses = 0;
}

/// Keys: the lower half of a byte which, the upper half how long after the one before, in steps of 7 ms or 1 s.
pub fn keys(bytes: &[u8]) {
    let (mut keypad, mut reader) = (Keypad::default(), TypingReader::default());
    let mut at = Duration::from_secs(1);
    let mut digits = 0;
    for byte in bytes {
        let steps = u32::from(byte >> 4);
        at += if steps > 12 {
            Duration::from_secs(1) * (steps - 12) * 2
        } else {
            Duration::from_millis(7) * steps
        };
        let key = match byte & 15 {
            digit @ 0..=9 => KeypadKey::Digit(digit),
            10 | 11 => KeypadKey::End,
            12 => KeypadKey::Clear,
            _ => KeypadKey::Other,
        };
        digits += usize::from(matches!(key, KeypadKey::Digit(_)));
        if let Some(Ok(Entry::Pin(pin))) = keypad.press(Moment::from_boot(at), key) {
            assert!((1..=MOST_DIGITS).contains(&pin.len()) && pin.len() <= digits);
            assert!(pin.as_bytes().iter().all(u8::is_ascii_digit));
        }
        if let Some(Ok(Entry::Card(card))) = reader.press(at, key) {
            is_a_card(&card, &["keys:"]);
        }
        keypad.let_time_pass(Moment::from_boot(at));
    }
}

/// The gallery file can name it, and means the same by it.
fn is_a_card(card: &Card, kinds: &[&str]) {
    assert!(kinds.iter().any(|kind| card.as_str().starts_with(kind)));
    assert_eq!(Card::parse(card.as_str()).as_ref(), Ok(card));
}
