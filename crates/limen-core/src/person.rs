//! The identity of a person: an id for files and logs, a name for people, and groups.

use std::fmt;
use std::path::Path;

use thiserror::Error;

/// The longest id, in characters. An id is part of file names and log lines.
pub const MAX_ID_LENGTH: usize = 64;
/// The longest name, in characters.
pub const MAX_NAME_LENGTH: usize = 100;

/// Why a text is no id or no name.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PersonError {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is longer than allowed.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// An id has other characters than lower-case letters, digits and inner hyphens.
    #[error("may have only a-z, 0-9 and '-' between them (for example \"ada-lovelace\")")]
    IdCharacters,
    /// A name has control or bidirectional characters, which could disguise a line of a log.
    #[error("has a control or text-direction character, which could disguise it in a log")]
    NameCharacters,
}

/// A person's id: 1 to 64 of `a-z`, `0-9`, `-`, beginning and ending with a letter or digit. It is not
/// serialised by itself, so that no record has one that forgetting does not find: see `event::Personal`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId(String);

impl PersonId {
    /// Checks a text and makes an id of it.
    pub fn new(text: &str) -> Result<Self, PersonError> {
        check_id(text).map(|()| Self(text.to_owned()))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The texts of several, for an answer that lists them.
    pub fn texts(ids: &[Self]) -> Vec<&str> {
        ids.iter().map(Self::as_str).collect()
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for PersonId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A group's id, of the same characters as a [`PersonId`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(String);

impl GroupId {
    /// Checks a text and makes an id of it.
    pub fn new(text: &str) -> Result<Self, PersonError> {
        check_id(text).map(|()| Self(text.to_owned()))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Checks that a text is an id: 1 to 64 of `a-z`, `0-9`, `-`, beginning and ending with a letter or digit.
pub fn check_id(text: &str) -> Result<(), PersonError> {
    if text.is_empty() {
        return Err(PersonError::Empty);
    }
    if text.len() > MAX_ID_LENGTH {
        return Err(PersonError::TooLong(MAX_ID_LENGTH));
    }
    let allowed = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !allowed || text.starts_with('-') || text.ends_with('-') {
        return Err(PersonError::IdCharacters);
    }
    Ok(())
}

/// A person's name as people see it: 1 to 100 characters, no control or bidirectional ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Checks a text and makes a name of it, without the white space around it.
    pub fn new(text: &str) -> Result<Self, PersonError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PersonError::Empty);
        }
        if text.chars().count() > MAX_NAME_LENGTH {
            return Err(PersonError::TooLong(MAX_NAME_LENGTH));
        }
        if text.chars().any(is_deceptive) {
            return Err(PersonError::NameCharacters);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether a character is a control character, a line separator, or changes the direction of text.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Text from outside (file names, driver names), made safe to print: deceptive characters are escaped, and it
/// is cut to `limit` characters.
pub fn printable(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        if is_deceptive(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The longest path in a message, in characters.
const MAX_PATH: usize = 300;

/// A path for messages: [`printable`], and cut if it is very long.
pub fn printable_path(path: &Path) -> String {
    printable(&path.display().to_string(), MAX_PATH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_small_letters_digits_and_inner_hyphens() {
        assert!(PersonId::new("ada-lovelace-2").is_ok());
        for bad in ["Ada", "-ada", "ada-", "a b", "../etc", "ä"] {
            assert_eq!(PersonId::new(bad), Err(PersonError::IdCharacters), "{bad}");
        }
        assert_eq!(PersonId::new(""), Err(PersonError::Empty));
        assert!(PersonId::new(&"a".repeat(65)).is_err());
    }

    #[test]
    fn names_cannot_disguise_a_log_line() {
        assert!(PersonName::new("Zoë O'Neill-山田").is_ok());
        assert_eq!(PersonName::new("a\u{202e}b"), Err(PersonError::NameCharacters));
        assert_eq!(PersonName::new("a\nb"), Err(PersonError::NameCharacters));
        assert_eq!(PersonName::new("  "), Err(PersonError::Empty));
    }

    #[test]
    fn printable_text_is_escaped_and_bounded() {
        assert_eq!(printable("a\u{1b}[31m", 20), "a\\u{1b}[31m");
        assert_eq!(printable("abcdef", 3), "abc…");
    }
}
