//! Digits that somebody typed. They are overwritten when dropped, and never shown.

use std::fmt;

use zeroize::{Zeroize as _, Zeroizing};

use super::equality::are_equal;

/// The largest number of digits that a person may type or a reader may send.
pub const LONGEST: usize = 20;

/// Digits in the order of entry, at most [`LONGEST`].
pub struct Digits(Zeroizing<Vec<u8>>);

impl Digits {
    /// The digits of a text; `None` if it has any other character, or more than [`LONGEST`] digits.
    pub fn new(text: &str) -> Option<Self> {
        let mut digits = Self::default();
        text.bytes().all(|byte| byte.is_ascii_digit() && digits.push(byte - b'0')).then_some(digits)
    }

    /// Adds a digit from 0 to 9. Returns false, and adds nothing, if it is no digit or there are [`LONGEST`]
    /// already.
    pub fn push(&mut self, digit: u8) -> bool {
        let fits = digit <= 9 && self.0.len() < LONGEST;
        if fits {
            self.0.push(b'0' + digit);
        }
        fits
    }

    /// Removes the last digit.
    pub fn pop(&mut self) {
        if let Some(last) = self.0.last_mut() {
            *last = 0;
            self.0.pop();
        }
    }

    /// The number of digits.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no digits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Overwrites the digits and removes them.
    pub fn clear(&mut self) {
        self.0.zeroize();
    }

    /// The digits in ASCII. Whoever copies them must overwrite the copy.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Default for Digits {
    /// No digits, with room for [`LONGEST`]: a buffer that grows leaves a copy of the secret in the old
    /// place.
    fn default() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(LONGEST)))
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(..)")
    }
}

impl PartialEq for Digits {
    fn eq(&self, other: &Self) -> bool {
        are_equal(&self.0, &other.0)
    }
}

impl Eq for Digits {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_taken_and_not_too_many() {
        assert_eq!(Digits::new("0123456789").map(|digits| digits.len()), Some(10));
        for bad in ["12a4", "12 4", "１２３", "-123", "123456789012345678901"] {
            assert!(Digits::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn nothing_shows_them_and_the_buffer_never_moves() {
        let mut digits = Digits::default();
        let place = digits.as_bytes().as_ptr();
        while digits.push(7) {}
        assert_eq!((digits.len(), digits.as_bytes().as_ptr()), (LONGEST, place));
        assert_eq!(format!("{digits:?}"), "Digits(..)");
        digits.clear();
        assert!(digits.is_empty());
    }
}
