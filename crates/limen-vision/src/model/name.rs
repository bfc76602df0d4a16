//! A model's name.

use std::fmt;

/// The longest name of a model, in characters. It is part of file names and log lines.
const MAX_NAME_LENGTH: usize = 64;

/// A model's name: 1 to 64 of `a-z`, `0-9`, `-`, beginning and ending with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelName(String);

impl ModelName {
    /// The rule for names, as the end of a message about a wrong one.
    pub const RULE: &str = "is no model's name; use 1 to 64 of a-z, 0-9 and '-' between them";

    /// Checks a text and makes a name of it; `None` if it breaks [`Self::RULE`].
    pub fn new(text: &str) -> Option<Self> {
        let allowed = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let sound = allowed && (1..=MAX_NAME_LENGTH).contains(&text.len());
        (sound && !text.starts_with('-') && !text.ends_with('-')).then(|| Self(text.to_owned()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_fit_for_a_file_and_a_log() {
        for name in ["a", "means-2", &"a".repeat(64)] {
            assert!(ModelName::new(name).is_some(), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a/b", "../a", "a.b", "a b", "ä", &"a".repeat(65)] {
            assert!(ModelName::new(name).is_none(), "{name}");
        }
    }
}
