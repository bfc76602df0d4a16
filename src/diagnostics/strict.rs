//! Texts that are read into a structure with required fields: the reader stops at the first entry that does
//! not fit, and that one mistake is reported.

use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, line_after, no_toml};
use super::entries::{key_of, take_out};
use super::words::{self, WhatAndRemedy};

/// What the reader's `message` about the bytes `at` means, at its line: the text is no TOML, or an entry is
/// missing or does not fit.
pub fn misread(file: &Path, text: &str, message: &str, at: Option<Range<usize>>) -> Diagnostic {
    let Ok(mut root) = DeTable::parse(text) else { return no_toml(file, text, message, at) };
    let line = at.as_ref().and_then(|at| text.get(..at.start)).map(line_after);
    // A mistake at the whole text is about none of its entries.
    let place = at.clone().filter(|at| !at.is_empty() && *at != root.span());
    let key = place.map_or_else(String::new, |at| {
        header(text, &at).unwrap_or_else(|| key_of(&take_out(root.get_mut(), at.start).unwrap_or_default()))
    });
    let (what, remedy) = in_words(message, text, at);
    Diagnostic { file: file.to_owned(), line, key, what, remedy }
}

/// The section whose header is at the bytes `at`, in one pair of brackets.
fn header(text: &str, at: &Range<usize>) -> Option<String> {
    let before = text.get(..at.start)?;
    let header = text.get(at.clone())?.lines().next()?;
    let is_header = header.starts_with('[') && (before.is_empty() || before.ends_with('\n'));
    is_header.then(|| format!("[{}]", header.trim().trim_matches(['[', ']'])))
}

fn in_words(message: &str, text: &str, at: Option<Range<usize>>) -> WhatAndRemedy {
    let found = at.clone().and_then(|at| text.get(at)).unwrap_or_default().trim();
    let quoted = |prefix: &str| message.strip_prefix(prefix)?.split_once('`');
    if let Some((field, _)) = quoted("missing field `") {
        return (format!("\"{field}\" is missing"), "add it".to_owned());
    }
    if let Some((name, rest)) = quoted("unknown variant `") {
        let known: Vec<String> =
            rest.split('`').skip(1).step_by(2).map(|name| format!("\"{name}\"")).collect();
        return (format!("\"{name}\" is not known"), format!("use {}", known.join(" or ")));
    }
    if let Some((count, rest)) =
        message.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected "))
    {
        let wanted = rest.rsplit(' ').next().unwrap_or_default();
        return (format!("has {count} entries"), format!("write {wanted}"));
    }
    if message.starts_with("invalid value: ") {
        return (format!("{found} is out of range"), "write a whole number, 0 or more".to_owned());
    }
    // What the reader says of a value that should name a choice.
    let message = if message == "wanted string or table" {
        format!("invalid type: {}, expected a string", kind_by_its_first_character(found))
    } else {
        without_length(message)
    };
    if message.starts_with("invalid type: ") || message.starts_with("unknown field ") {
        return words::in_words(&message, text, at, false);
    }
    let (what, remedy) = message.split_once("; ").unwrap_or((&message, ""));
    (what.to_owned(), remedy.to_owned())
}

/// The reader's name for the kind of a value.
fn kind_by_its_first_character(value: &str) -> &'static str {
    match value.chars().next() {
        Some('[') => "sequence",
        Some('t' | 'f') => "boolean",
        _ => "integer",
    }
}

/// A list of a fixed length is a list.
fn without_length(message: &str) -> String {
    match message.split_once("expected an array of length ") {
        Some((before, _)) => format!("{before}expected a sequence"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct TestFile {
        #[serde(rename = "version")]
        _version: u32,
        #[serde(rename = "room")]
        _rooms: Vec<RawRoom>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct RawRoom {
        #[serde(rename = "kind")]
        _kind: RoomKind,
        #[serde(rename = "size")]
        _size: [f32; 2],
        #[serde(rename = "owner", deserialize_with = "owner")]
        _owner: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum RoomKind {
        Office,
        Hall,
    }

    fn owner<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("is no owner; write a name");
        if name.is_empty() { Err(wrong()) } else { Ok(name) }
    }

    const TEXT: &str = "version = 1\n[[room]]\nkind = \"hall\"\nsize = [3.0, 4.0]\nowner = \"ada\"\n";

    fn said(from: &str, to: &str) -> String {
        assert!(TEXT.contains(from), "{from}");
        let text = TEXT.replacen(from, to, 1);
        let error = toml::from_str::<TestFile>(&text).expect_err(to);
        misread(Path::new("a.toml"), &text, error.message(), error.span()).to_string()
    }

    #[test]
    fn an_entry_that_is_missing_or_does_not_fit_is_named_with_its_line_and_the_remedy() {
        for (from, to, says) in [
            ("version = 1\n", "", "a.toml:1: \"version\" is missing; add it"),
            ("kind = \"hall\"\n", "", "a.toml:2: [room]: \"kind\" is missing; add it"),
            (
                "\"hall\"",
                "\"hal\"",
                "a.toml:3: [room] kind: \"hal\" is not known; use \"office\" or \"hall\"",
            ),
            (
                "\"hall\"",
                "3",
                "a.toml:3: [room] kind: is a number, and should be text; write it in quotation marks: \"3\"",
            ),
            ("[3.0, 4.0]", "[3.0]", "a.toml:4: [room] size: has 1 entries; write 2"),
            (
                "[3.0, 4.0]",
                "3.0",
                "a.toml:4: [room] size: is a number, and should be a list; write a list: [\"...\", \"...\"]",
            ),
            ("= 1", "= -1", "a.toml:1: [version]: -1 is out of range; write a whole number, 0 or more"),
            ("\"ada\"", "\"\"", "a.toml:5: [room] owner: is no owner; write a name"),
            ("= 1", "= = 1", "a.toml:1: column 11: has '=' twice; write version = 1"),
        ] {
            assert_eq!(said(from, to), says);
        }
    }
}
