//! Rules for a new PIN: long enough, not trivial, and not one typing error away from the person's duress PIN.
//!
//! Some alarm panels used the PIN plus one as the duress PIN, and most of their duress alarms were typing
//! errors. ANSI/SIA CP-01 therefore forbids a duress code that is derived from another code.

use thiserror::Error;

use super::digits::Digits;

/// The smallest number of digits of a PIN. It gives ten thousand PINs; the lock-out allows about two hundred tries
/// a day.
pub const SHORTEST_PIN: usize = 4;
/// The largest number of digits of a PIN: people do not remember more.
pub const LONGEST_PIN: usize = 8;

/// Why a PIN is not accepted.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum PinError {
    /// The PIN is too short or too long, or has other characters than digits.
    #[error("a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits and nothing else")]
    Length,
    /// One digit repeated, like 0000 or 7777.
    #[error("a PIN of one digit repeated is what everybody tries first; choose another")]
    Repeated,
    /// Digits in a row, up or down, like 1234, 8765 or 0987.
    #[error("a PIN of digits in a row is what everybody tries first; choose another")]
    Sequence,
    /// The PIN and the duress PIN are the same.
    #[error(
        "PIN and duress PIN must differ: otherwise every entry would raise an alarm, or none would; choose another"
    )]
    SameAsOther,
    /// One typing error turns the PIN into the duress PIN.
    #[error(
        "this PIN differs from the person's other PIN by only one typing error (a digit changed, left out or added, or \
         two neighbours swapped): a typing error would raise a silent alarm, or prevent one; choose one that differs \
         more"
    )]
    SlipOfOther,
}

/// Checks a new PIN.
pub fn check_new_pin(pin: &Digits) -> Result<(), PinError> {
    let digits = pin.as_bytes();
    if !(SHORTEST_PIN..=LONGEST_PIN).contains(&digits.len()) {
        return Err(PinError::Length);
    }
    if all_step_by(digits, 0) {
        return Err(PinError::Repeated);
    }
    if is_trivial(pin) {
        return Err(PinError::Sequence);
    }
    Ok(())
}

/// Whether the digits are one digit repeated, or digits in a row, up or down.
pub(super) fn is_trivial(digits: &Digits) -> bool {
    [0, 1, 9].into_iter().any(|step| all_step_by(digits.as_bytes(), step))
}

/// Whether each digit is by `step` more than the one before; a 0 comes after a 9.
fn all_step_by(digits: &[u8], step: u8) -> bool {
    digits.windows(2).all(|two| (two[0] - b'0' + step) % 10 == two[1] - b'0')
}

/// The PIN itself and every PIN that one typing error turns it into: one digit changed, left out or added, or
/// two neighbours swapped. About a hundred.
pub fn slips(pin: &Digits) -> Vec<Digits> {
    let digits = pin.as_bytes();
    let mut found: Vec<Digits> = Vec::new();
    let mut keep = |parts: [&[u8]; 3]| {
        let mut slip = Digits::default();
        let fits = parts.into_iter().flatten().all(|byte| slip.push(byte.wrapping_sub(b'0')));
        let long = (SHORTEST_PIN..=LONGEST_PIN).contains(&slip.len());
        if fits && long && !found.contains(&slip) {
            found.push(slip);
        }
    };
    keep([digits, &[], &[]]);
    for at in 0..=digits.len() {
        let (before, after) = digits.split_at(at);
        for digit in b'0'..=b'9' {
            keep([before, &[digit], after]);
            keep([before, &[digit], after.get(1..).unwrap_or_default()]);
        }
        if let [left_out, rest @ ..] = after {
            keep([before, rest, &[]]);
            if let [next, rest @ ..] = rest {
                keep([before, &[*next, *left_out], rest]);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Digits {
        Digits::new(text).expect("digits")
    }

    fn is_a_slip_of(pin: &Digits, other: &Digits) -> bool {
        slips(other).contains(pin)
    }

    #[test]
    fn trivial_pins_are_refused() {
        for (pin, why) in [
            ("123", PinError::Length),
            ("123456789", PinError::Length),
            ("0000", PinError::Repeated),
            ("77777777", PinError::Repeated),
            ("1234", PinError::Sequence),
            ("8765", PinError::Sequence),
            ("7890", PinError::Sequence),
            ("3210", PinError::Sequence),
        ] {
            assert_eq!(check_new_pin(&digits(pin)), Err(why), "{pin}");
        }
        for pin in ["4711", "1235", "0001", "13579246"] {
            assert_eq!(check_new_pin(&digits(pin)), Ok(()), "{pin}");
        }
    }

    #[test]
    fn a_slip_is_one_digit_changed_left_out_added_or_two_swapped() {
        for slip in ["4711", "4712", "5711", "7411", "47115", "04711"] {
            assert!(is_a_slip_of(&digits(slip), &digits("4711")), "{slip}");
            assert!(is_a_slip_of(&digits("4711"), &digits(slip)), "{slip} the other way round");
        }
        assert!(is_a_slip_of(&digits("4711"), &digits("47811")));
        for other in ["4722", "1174", "471100", "9999", "1147"] {
            assert!(!is_a_slip_of(&digits(other), &digits("4711")), "{other}");
        }
    }

    #[test]
    fn slips_are_few_enough_to_be_tried_and_all_of_them_are_pins() {
        for pin in ["4711", "471193", "47119385"] {
            let slips = slips(&digits(pin));
            assert!(slips.len() <= 140, "{}", slips.len());
            assert!(slips.iter().all(|slip| (SHORTEST_PIN..=LONGEST_PIN).contains(&slip.len())));
        }
    }
}
