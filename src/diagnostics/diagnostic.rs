//! One thing that is wrong in a file that a person writes, as a message shows it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use limen_core::person::printable;

use super::words;

/// The longest part of a file that a message repeats, in characters.
const MAX_SHOWN: usize = 300;

/// One thing that is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file with the mistake.
    pub file: PathBuf,
    /// The line, from 1; none if it concerns the whole file.
    pub line: Option<usize>,
    /// The key as the user knows it: `[door] pin`. Empty if it concerns the whole file.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// The remedy; may be empty if `what` says it.
    pub remedy: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.file.to_string_lossy(), MAX_SHOWN))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        for part in [&self.key, &self.what].into_iter().filter(|part| !part.is_empty()) {
            write!(f, ": {}", printable(part, MAX_SHOWN))?;
        }
        if !self.remedy.is_empty() {
            write!(f, "; {}", printable(&self.remedy, MAX_SHOWN))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// The mistake in a text that is no TOML, at its line and column. `message` is what the TOML reader says about the
/// bytes `at`.
pub fn no_toml(file: &Path, text: &str, message: &str, at: Option<Range<usize>>) -> Diagnostic {
    let before = at.as_ref().and_then(|at| text.get(..at.start));
    let column = |before: &str| before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let key = before.map_or_else(String::new, |before| format!("column {}", column(before)));
    let line = before.map(line_after);
    let (what, remedy) = words::in_words(message, text, at, false);
    Diagnostic { file: file.to_owned(), line, key, what, remedy }
}

/// The line, from 1, in which whatever follows this text begins.
pub fn line_after(before: &str) -> usize {
    1 + before.matches('\n').count()
}
