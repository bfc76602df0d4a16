//! Mistakes in the files that people write, and the reader that finds all of them at once.
//!
//! Nobody wants to mend a file one error at a time. A *mistake* names the file, the line, the key, what is
//! wrong and what to do. A [`Review`] reads a TOML text into a structure whose every field is optional; where
//! the structure does not fit it notes the mistake, takes the offending entry out and reads on.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use crate::person::printable;

/// The most mistakes listed for one file; who has more than these is holding the wrong file.
pub const MAX_MISTAKES: usize = 100;
/// The longest piece of somebody's file that is repeated in a message.
const MAX_SHOWN: usize = 300;

/// One thing that is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// In which file.
    pub file: PathBuf,
    /// In which line, counted from 1; none if it concerns the whole file.
    pub line: Option<usize>,
    /// Which entry, as the user finds it: `[door] pin`. Empty if it concerns the whole file.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do; may be empty where `what` says it.
    pub remedy: String,
}

impl fmt::Display for Mistake {
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

/// Mistakes as people read them: one a line.
pub struct Listed<'a>(pub &'a [Mistake]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

/// The reading of one file, and the mistakes noted so far.
#[derive(Debug)]
pub struct Review<'a> {
    file: &'a Path,
    text: &'a str,
    /// Where its lines end, in bytes: a long file is asked for thousands of lines.
    ends: Vec<usize>,
    mistakes: Vec<Mistake>,
    incomplete: bool,
}

impl<'a> Review<'a> {
    /// Begins with no mistakes. `file` is only named, never opened.
    pub fn new(file: &'a Path, text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { file, text, ends, mistakes: Vec::new(), incomplete: false }
    }

    /// Reads the text as TOML; entries that do not fit `T` are noted and left out.
    pub fn read<T: DeserializeOwned + Default>(&mut self) -> T {
        let mut root = match DeTable::parse(self.text) {
            Ok(root) => root,
            Err(error) => {
                self.note_structure(String::new(), &error);
                return T::default();
            }
        };
        while self.mistakes.len() < MAX_MISTAKES {
            let error = match T::deserialize(toml::Deserializer::from(root.clone())) {
                Ok(read) => return read,
                Err(error) => error,
            };
            let removed = error.span().and_then(|span| take_out(root.get_mut(), span.start));
            let found = removed.is_some();
            self.note_structure(removed.map(|path| key_of(&path)).unwrap_or_default(), &error);
            if !found {
                break;
            }
        }
        T::default()
    }

    /// Notes a mistake at the bytes `at` of the text.
    pub fn note(
        &mut self,
        at: Option<Range<usize>>,
        key: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.mistakes.len() < MAX_MISTAKES {
            let line = at.map(|span| self.line_of(span.start));
            self.mistakes.push(Mistake {
                file: self.file.to_owned(),
                line,
                key: key.into(),
                what: what.into(),
                remedy: remedy.into(),
            });
        }
    }

    /// Notes that something is not there, unless entries were left out: it may have been one of those.
    pub fn note_missing(
        &mut self,
        at: Option<Range<usize>>,
        key: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if !self.incomplete {
            self.note(at, key, what, remedy);
        }
    }

    /// A day of the calendar, without a time; `None` if noted as a mistake.
    pub fn day(&mut self, key: &str, said: &Spanned<Datetime>) -> Option<Date> {
        const REMEDY: &str = "write a date without time: 2027-06-30";
        let Datetime { date: Some(day), time: None, offset: None } = *said.get_ref() else {
            self.note(Some(said.span()), key, "is not a day", REMEDY);
            return None;
        };
        let (year, month, day) =
            (i16::try_from(day.year).ok()?, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?);
        Date::new(year, month, day)
            .inspect_err(|_| self.note(Some(said.span()), key, "is no day of the calendar", REMEDY))
            .ok()
    }

    /// The line, from 1, in which byte `at` lies.
    pub fn line_of(&self, at: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < at)
    }

    /// The mistakes in the order of the lines.
    pub fn finish(mut self) -> Vec<Mistake> {
        self.mistakes.sort_by_key(|mistake| mistake.line.unwrap_or(0));
        self.mistakes
    }

    fn note_structure(&mut self, key: String, error: &toml::de::Error) {
        self.incomplete = true;
        let (what, remedy) = match error.message().split_once(", expected ") {
            Some((what, expected)) => (what.to_owned(), format!("expected {expected}")),
            None => (error.message().to_owned(), String::new()),
        };
        self.note(error.span(), key, what, remedy);
    }
}

/// Removes the innermost entry whose key or value holds byte `at`; gives its path.
fn take_out(table: &mut DeTable<'_>, at: usize) -> Option<Vec<String>> {
    for (key, value) in table.iter_mut() {
        if let Some(mut path) = take_out_of_value(value.get_mut(), at) {
            path.insert(0, key.get_ref().to_string());
            return Some(path);
        }
    }
    let hit = table.iter().find(|(key, value)| key.span().contains(&at) || value.span().contains(&at));
    let name = hit.map(|(key, _)| key.get_ref().to_string())?;
    table.remove(name.as_str());
    Some(vec![name])
}

fn take_out_of_value(value: &mut DeValue<'_>, at: usize) -> Option<Vec<String>> {
    match value {
        DeValue::Table(table) => take_out(table, at),
        DeValue::Array(items) => items.iter_mut().find_map(|item| take_out_of_value(item.get_mut(), at)),
        _ => None,
    }
}

/// `["recognition", "quality", "max-yaw"]` as `[recognition.quality] max-yaw`.
fn key_of(path: &[String]) -> String {
    match path.split_last() {
        None => String::new(),
        Some((section, [])) => format!("[{section}]"),
        Some((key, sections)) => format!("[{}] {key}", sections.join(".")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct File {
        door: Door,
        rooms: Vec<Door>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Door {
        pin: Option<u8>,
        name: Option<String>,
    }

    fn review(text: &str) -> (File, Vec<String>) {
        let mut review = Review::new(Path::new("a.toml"), text);
        let file = review.read();
        (file, review.finish().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_misfit_is_noted_with_its_line_and_the_rest_is_read() {
        let (file, mistakes) = review("[door]\npin = \"x\"\nnam = 1\nname = \"front\"\n\n[dor]\na = 1\n");
        assert_eq!(file.door.name.as_deref(), Some("front"));
        assert_eq!(file.door.pin, None);
        assert_eq!(mistakes.len(), 3, "{mistakes:#?}");
        assert!(
            mistakes[0].starts_with("a.toml:2: [door] pin: invalid type: string \"x\""),
            "{}",
            mistakes[0]
        );
        assert!(
            mistakes[1].starts_with("a.toml:3: [door] nam: unknown field `nam`; expected"),
            "{}",
            mistakes[1]
        );
        assert!(mistakes[2].starts_with("a.toml:6: [dor]: unknown field `dor`"), "{}", mistakes[2]);
    }

    #[test]
    fn misfits_inside_a_list_of_tables_are_found_too() {
        let (file, mistakes) = review("[[rooms]]\npin = 1\n[[rooms]]\npin = true\n");
        assert_eq!(file.rooms.len(), 2);
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].starts_with("a.toml:4: [rooms] pin:"), "{}", mistakes[0]);
    }

    #[test]
    fn a_text_that_is_no_toml_is_one_mistake_with_its_line() {
        let (_, mistakes) = review("[door]\npin = = 3\n");
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].starts_with("a.toml:2:"), "{}", mistakes[0]);
    }

    #[test]
    fn a_message_cannot_carry_control_characters_out_of_a_file() {
        let (_, mistakes) = review("[door]\n\"a\\u001b\" = 1\n");
        assert!(!mistakes[0].contains('\u{1b}'));
    }
}
