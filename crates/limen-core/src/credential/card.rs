//! Card numbers: `26:FACILITY:NUMBER` and `34:FACILITY:NUMBER` come over Wiegand, `keys:DIGITS` from a reader
//! that types like a keyboard.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::digits::Digits;
use super::equality::are_equal;

/// The fewest digits of a card from a reader that types.
const FEWEST_KEYS: usize = 4;

/// The text is no card number.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error(
    "is no card; write \"26:FACILITY:NUMBER\" (0 to 255, 0 to 65535), \"34:FACILITY:NUMBER\" (0 to 65535 each), or \
     \"keys:DIGITS\" (4 to 20, as the reader types them)"
)]
pub struct CardError;

/// A card number. It opens the door together with a face, so it is overwritten when dropped, and never shown.
#[derive(Clone)]
pub struct Card(Zeroizing<String>);

impl Card {
    /// A card of 26 bits, in the format H10301.
    pub fn wiegand26(facility: u8, number: u16) -> Self {
        Self(Zeroizing::new(format!("26:{facility}:{number}")))
    }

    /// A card of 34 bits, in the format H10306.
    pub fn wiegand34(facility: u16, number: u16) -> Self {
        Self(Zeroizing::new(format!("34:{facility}:{number}")))
    }

    /// A card whose digits a reader typed; `None` if there are too few.
    pub fn keys(digits: &Digits) -> Option<Self> {
        let typed = std::str::from_utf8(digits.as_bytes()).ok().filter(|text| text.len() >= FEWEST_KEYS)?;
        Some(Self(Zeroizing::new(format!("keys:{typed}"))))
    }

    /// Reads a card number as the gallery file writes it.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let (format, rest) = text.split_once(':').ok_or(CardError)?;
        let halves = || rest.split_once(':').ok_or(CardError);
        match format {
            "26" => Ok(Self::wiegand26(number(halves()?.0)?, number(halves()?.1)?)),
            "34" => Ok(Self::wiegand34(number(halves()?.0)?, number(halves()?.1)?)),
            "keys" => Digits::new(rest).as_ref().and_then(Self::keys).ok_or(CardError),
            _ => Err(CardError),
        }
    }

    /// The card number as the gallery file writes it. For comparing and for that file, never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, CardError> {
    let plain = text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().ok_or(CardError)
}

impl PartialEq for Card {
    fn eq(&self, other: &Self) -> bool {
        are_equal(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Card {}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_read_as_it_is_written() {
        assert_eq!(Card::parse("26:12:3456"), Ok(Card::wiegand26(12, 3456)));
        assert_eq!(Card::parse("26:012:03456"), Ok(Card::wiegand26(12, 3456)));
        assert_eq!(Card::parse("34:4000:3456"), Ok(Card::wiegand34(4000, 3456)));
        let keys = Digits::new("0004711815").as_ref().and_then(Card::keys);
        assert_eq!(Card::parse("keys:0004711815").ok(), keys);
        assert_ne!(Card::wiegand26(12, 3456), Card::wiegand34(12, 3456));
        assert_eq!(format!("{:?}", Card::wiegand26(12, 3456)), "Card(..)");
    }

    #[test]
    fn what_is_no_card_is_refused() {
        for bad in [
            "",
            "26",
            "26:12",
            "26:256:1",
            "26:1:65536",
            "26:1:2:3",
            "34:65536:1",
            "26:-1:2",
            "26:+1:2",
            "26: 1:2",
            "37:1:2",
            "keys:",
            "keys:123",
            "keys:12a4",
            "keys:123456789012345678901",
            "0004711815",
        ] {
            assert_eq!(Card::parse(bad), Err(CardError), "{bad}");
        }
    }
}
