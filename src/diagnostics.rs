//! Mistakes in the files that people write, and the reader that finds all of them at once.
//!
//! Nobody wants to correct a file one error at a time. A *mistake* names the file, the line, the key, what is
//! wrong and the remedy. A [`Review`] reads a TOML text into a structure in which every field is optional. If
//! an entry does not fit, it notes the mistake, removes the entry and reads on.

mod diagnostic;
mod entries;
mod strict;
mod words;

use std::fmt;
use std::ops::Range;
use std::path::Path;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::DeTable;
use toml::value::Datetime;

pub use diagnostic::{Diagnostic, no_toml};
pub use strict::misread;

use entries::{key_of, take_out};

/// The largest number of mistakes listed for one file; if there are more, it is the wrong file.
pub const MAX_DIAGNOSTICS: usize = 100;
/// Mistakes as people read them: one per line.
pub struct DiagnosticList<'a>(pub &'a [Diagnostic]);

impl fmt::Display for DiagnosticList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

/// The reading of one file, and the mistakes noted so far.
#[derive(Debug)]
pub struct Review<'a> {
    file: &'a Path,
    text: &'a str,
    /// Where lines end: a gallery file has a hundred thousand places to look up.
    ends: Vec<usize>,
    /// Where the piece being read begins; places are counted from there.
    begin: usize,
    diagnostics: Vec<Diagnostic>,
    incomplete: bool,
}

impl<'a> Review<'a> {
    /// A review without mistakes so far. `file` only names the file; it is never opened.
    pub fn new(file: &'a Path, text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Self { file, text, ends, begin: 0, diagnostics: Vec::new(), incomplete: false }
    }

    /// Reads the text as TOML; entries that do not fit `T` are noted and omitted.
    pub fn read<T: DeserializeOwned + Default>(&mut self) -> T {
        let text = self.text;
        self.read_piece(text).unwrap_or_else(|error| {
            self.note_structure(String::new(), &error);
            T::default()
        })
    }

    /// Reads the text piece by piece, each from a line that is `header` to the next such line, so that a long
    /// file is never in memory as a tree. `each` may note mistakes in its piece. Entries that do not fit `T`
    /// are noted and omitted. Returns false if a piece is no TOML by itself: then a new review must read the
    /// whole text, to say what is wrong.
    ///
    /// A header inside a string of several lines cuts the string, and a cut string is no TOML.
    pub fn read_in_pieces<T: DeserializeOwned + Default>(
        &mut self,
        header: &str,
        mut each: impl FnMut(&mut Self, T),
    ) -> bool {
        let text = self.text;
        for piece in pieces(text, header) {
            (self.begin, self.incomplete) = (piece.start, false);
            let Ok(read) = self.read_piece(&text[piece]) else { return false };
            each(self, read);
        }
        self.begin = 0;
        true
    }

    /// Reads one piece, or the whole text. For each entry that does not fit, the tree is parsed again and
    /// never copied: the tree of a large file takes too much memory to have it twice.
    fn read_piece<T: DeserializeOwned + Default>(&mut self, piece: &str) -> Result<T, toml::de::Error> {
        let mut left_out: Vec<usize> = Vec::new();
        while self.diagnostics.len() < MAX_DIAGNOSTICS {
            let mut root = DeTable::parse(piece)?;
            for at in &left_out {
                take_out(root.get_mut(), *at);
            }
            let error = match T::deserialize(toml::Deserializer::from(root)) {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            let Some(path) = error.span().and_then(|span| path_without(piece, &mut left_out, span.start))
            else {
                self.note_structure(String::new(), &error);
                break;
            };
            self.note_structure(key_of(&path), &error);
        }
        Ok(T::default())
    }

    /// Notes a mistake at the bytes `at` of the text, or of the piece being read.
    pub fn note(
        &mut self,
        at: Option<Range<usize>>,
        key: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            let line = at.map(|span| self.line_of(span.start));
            self.diagnostics.push(Diagnostic {
                file: self.file.to_owned(),
                line,
                key: key.into(),
                what: what.into(),
                remedy: remedy.into(),
            });
        }
    }

    /// Notes that something is missing. It is not noted if an entry was omitted, which may have been that.
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

    /// A date without a time; `None` if noted as a mistake.
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

    /// The line, from 1, of byte `at` of the text, or of the piece being read.
    pub fn line_of(&self, at: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < self.begin + at)
    }

    /// The mistakes in the order of lines.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.line.unwrap_or(0));
        self.diagnostics
    }

    fn note_structure(&mut self, key: String, error: &toml::de::Error) {
        self.incomplete = true;
        let alone = key.ends_with(']');
        let stray = alone && words::is_stray(error.message(), self.text, error.span().as_ref());
        let (what, remedy) = words::in_words(error.message(), self.text, error.span(), stray);
        // A key before all sections belongs to no section.
        let key = if stray { key.trim_matches(['[', ']']).to_owned() } else { key };
        self.note(error.span(), key, what, remedy);
    }
}

/// The ranges of a text's pieces: the first ends before the first line that begins with `header`, then one
/// from each such line to the next.
pub fn pieces<'a>(text: &'a str, header: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let is_line = move |at: &usize| *at == 0 || text.as_bytes()[at - 1] == b'\n';
    let starts = text.match_indices(header).map(|(at, _)| at).filter(is_line);
    let mut begin = 0;
    starts.chain([text.len()]).map(move |end| std::mem::replace(&mut begin, end)..end)
}

/// The path of the innermost entry that holds byte `at`, which is omitted next; `at` is added to the omitted
/// ones.
fn path_without(piece: &str, left_out: &mut Vec<usize>, at: usize) -> Option<Vec<String>> {
    let mut root = DeTable::parse(piece).ok()?;
    left_out.iter().for_each(|before| drop(take_out(root.get_mut(), *before)));
    let path = take_out(root.get_mut(), at)?;
    left_out.push(at);
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct TestFile {
        door: TestDoor,
        rooms: Vec<TestDoor>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct TestDoor {
        pin: Option<u8>,
        name: Option<String>,
    }

    fn review(text: &str) -> (TestFile, Vec<String>) {
        let mut review = Review::new(Path::new("a.toml"), text);
        let file = review.read();
        (file, review.finish().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn places_in_a_piece_are_counted_from_the_beginning_of_the_text() {
        let text = "# first\n[[rooms]]\npin = 1\n\n[[rooms]]\npin = 2\n";
        let mut review = Review::new(Path::new("a.toml"), text);
        let mut pins = Vec::new();
        assert!(review.read_in_pieces("[[rooms]]", |review, file: TestFile| {
            for room in file.rooms {
                pins.push(room.pin);
                review.note(Some(10..11), "rooms", "is noted", "");
            }
        }));
        assert_eq!(pins, [Some(1), Some(2)]);
        let noted: Vec<_> = review.finish().iter().map(|diagnostic| diagnostic.line).collect();
        assert_eq!(noted, [Some(3), Some(6)]);
    }

    #[test]
    fn a_piece_that_is_no_toml_by_itself_is_not_read() {
        for text in ["[[rooms]]\nname = \"\"\"\n[[rooms]]\n\"\"\"\n", "= 1\n[[rooms]]\n"] {
            let mut review = Review::new(Path::new("a.toml"), text);
            assert!(!review.read_in_pieces("[[rooms]]", |_, _: TestFile| {}), "{text}");
        }
    }

    #[test]
    fn a_misfit_in_one_piece_hides_nothing_of_the_others() {
        let text =
            "[[rooms]]\ncolour = 1\npin = true\nname = \"a\"\n[[rooms]]\npin = 2\n[[rooms]]\npin = []\n";
        let mut review = Review::new(Path::new("a.toml"), text);
        let mut read = Vec::new();
        assert!(review.read_in_pieces("[[rooms]]", |review, file: TestFile| {
            for room in file.rooms {
                if room.name.is_none() {
                    review.note_missing(None, "", "has no name", "");
                }
                read.push((room.pin, room.name));
            }
        }));
        assert_eq!(read, [(None, Some("a".to_owned())), (Some(2), None), (None, None)]);
        let noted: Vec<_> = review.finish().iter().map(|m| (m.line, m.key.clone())).collect();
        let key = |line, key: &str| (line, key.to_owned());
        assert_eq!(noted.len(), 4, "{noted:?}");
        assert_eq!(noted[0], key(None, ""), "the second room, in which nothing was left out");
        assert_eq!(noted[1], key(Some(2), "[rooms] colour"));
        assert_eq!((noted[2].0, noted[3].0), (Some(3), Some(8)));
    }

    #[test]
    fn every_misfit_is_noted_with_its_line_and_the_rest_is_read() {
        let (file, diagnostics) = review("[door]\npin = \"x\"\nnam = 1\nname = \"front\"\n\n[dor]\na = 1\n");
        assert_eq!(file.door.name.as_deref(), Some("front"));
        assert_eq!(file.door.pin, None);
        assert_eq!(diagnostics.len(), 3, "{diagnostics:#?}");
        assert!(
            diagnostics[0]
                .starts_with("a.toml:2: [door] pin: is text, and should be a whole number; write a number"),
            "{}",
            diagnostics[0]
        );
        assert_eq!(diagnostics[1], "a.toml:3: [door] nam: there is no such key; did you mean name?");
        assert_eq!(diagnostics[2], "a.toml:6: [dor]: there is no such section; did you mean door?");
    }

    #[test]
    fn misfits_inside_a_list_of_tables_are_found_too() {
        let (file, diagnostics) = review("[[rooms]]\npin = 1\n[[rooms]]\npin = true\n");
        assert_eq!(file.rooms.len(), 2);
        assert_eq!(diagnostics.len(), 1);
        assert!(diagnostics[0].starts_with("a.toml:4: [rooms] pin:"), "{}", diagnostics[0]);
    }

    #[test]
    fn a_text_that_is_no_toml_is_one_mistake_with_its_line() {
        let (_, diagnostics) = review("[door]\npin = = 3\n");
        assert_eq!(diagnostics.len(), 1);
        assert!(diagnostics[0].starts_with("a.toml:2:"), "{}", diagnostics[0]);
    }

    #[test]
    fn a_message_cannot_carry_control_characters_out_of_a_file() {
        let (_, diagnostics) = review("[door]\n\"a\\u001b\" = 1\n");
        assert!(!diagnostics[0].contains('\u{1b}'));
    }
}
