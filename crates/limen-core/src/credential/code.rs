//! Remote codes: what a command from the network must carry before it may let more people in.
//!
//! A code crosses a broker, so it must never be a person's PIN. It has more digits than any PIN, so it cannot be one.

use std::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::digits::Digits;
use super::hash::PinHash;
use super::pin::{LONGEST_PIN, is_trivial};

/// The smallest number of digits of a remote code.
pub const SHORTEST_CODE: usize = LONGEST_PIN + 2;
/// The largest number of digits of a remote code.
pub const LONGEST_CODE: usize = 16;
/// The longest name of a remote code, in characters.
const LONGEST_NAME: usize = 32;
/// What records call the sender of a command without a code; so no code has this name.
pub const BROKER: &str = "broker";

/// Why a text is no remote code, or no name of one.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CodeError {
    /// The code is too short or too long.
    #[error(
        "a remote code has {SHORTEST_CODE} to {LONGEST_CODE} digits: more than any PIN, because it crosses the network"
    )]
    Length,
    /// One digit repeated, or digits in a row.
    #[error(
        "a code of one digit repeated or of digits in a row is what everybody tries first; choose another"
    )]
    Trivial,
    /// The name has other characters, or is too long.
    #[error("a code's name has 1 to {LONGEST_NAME} of a-z, 0-9 and '-' (for example \"kitchen-tablet\")")]
    Name,
    /// The name is the one that records use for commands without a code.
    #[error("\"{BROKER}\" stands in the records for commands without a code; choose another name")]
    Broker,
}

/// The name of a remote code, for the records: 1 to 32 of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeName(String);

impl CodeName {
    /// Checks a text and makes a name of it.
    pub fn new(text: &str) -> Result<Self, CodeError> {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        match text {
            BROKER => Err(CodeError::Broker),
            _ if text.is_empty() || text.len() > LONGEST_NAME || !text.chars().all(is_allowed) => {
                Err(CodeError::Name)
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for CodeName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// A remote code that is enrolled: its name and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteCode {
    /// The name, for the records.
    pub name: CodeName,
    /// The hash of the digits.
    pub hash: PinHash,
}

/// Checks a new remote code.
pub fn check_new_code(code: &Digits) -> Result<(), CodeError> {
    if !(SHORTEST_CODE..=LONGEST_CODE).contains(&code.len()) {
        return Err(CodeError::Length);
    }
    if is_trivial(code) { Err(CodeError::Trivial) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_code_is_longer_than_any_pin_and_not_what_everybody_tries() {
        let checked = |text| check_new_code(&Digits::new(text).expect("digits"));
        assert_eq!(checked("48151623"), Err(CodeError::Length));
        assert_eq!(checked("481516234"), Err(CodeError::Length));
        assert_eq!(checked("48151623421234567"), Err(CodeError::Length));
        assert_eq!(checked("7777777777"), Err(CodeError::Trivial));
        assert_eq!(checked("1234567890"), Err(CodeError::Trivial));
        assert_eq!(checked("4815162342"), Ok(()));
        assert_eq!(checked("4815162342481516"), Ok(()));
    }

    #[test]
    fn the_name_of_a_code_is_plain_and_not_what_records_call_the_broker() {
        for name in ["kitchen", "tablet-2", "a", &"x".repeat(32)] {
            assert!(CodeName::new(name).is_ok(), "{name}");
        }
        for name in ["", "Kitchen", "a b", "é", "a\n", &"x".repeat(33)] {
            assert_eq!(CodeName::new(name), Err(CodeError::Name), "{name}");
        }
        assert_eq!(CodeName::new(BROKER), Err(CodeError::Broker));
    }
}
