//! Turns the TOML reader's messages into sentences for the author of the file: what is wrong, and how to
//! write it.

use std::ops::Range;

/// The longest part of the file that a remedy repeats as an example, in bytes.
const MAX_EXAMPLE: usize = 40;
/// A name that is at least this similar to a known one (0 to 1) counts as a misspelling of it.
const NEAR: f64 = 0.6;
/// Quotation marks of word processors, and accents that look like them.
const CURLY: [char; 11] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{ab}', '\u{bb}',
    '`', '\u{b4}',
];
/// An example of a date.
const DAY: &str = "2027-06-30";

/// What is wrong, and the remedy.
pub(super) type WhatAndRemedy = (String, String);

/// Puts the reader's `message` about the bytes `at` of `text` into words; `stray` is the result of
/// [`is_stray`].
pub(super) fn in_words(message: &str, text: &str, at: Option<Range<usize>>, stray: bool) -> WhatAndRemedy {
    let found = at.clone().and_then(|at| text.get(at)).unwrap_or_default().trim();
    if let Some((name, known)) = unknown(message) {
        return unknown_in_words(name, &known, is_header(text, at.as_ref()), stray);
    }
    if let Some((unexpected, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "))
    {
        return wrong_kind(found, unexpected, expected);
    }
    let line = at.map_or("", |at| line_around(text, at.start));
    syntax(message, line)
}

/// Whether the message is about an unknown key (not a section) before the first section.
pub(super) fn is_stray(message: &str, text: &str, at: Option<&Range<usize>>) -> bool {
    unknown(message).is_some() && !is_header(text, at) && is_before_sections(text, at)
}

fn is_before_sections(text: &str, at: Option<&Range<usize>>) -> bool {
    let before = at.and_then(|at| text.get(..at.start)).unwrap_or_default();
    !before.lines().any(|line| line.trim_start().starts_with('['))
}

/// The name in "unknown field `name`, expected one of `a`, `b`", and the known names.
fn unknown(message: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = message.strip_prefix("unknown field `")?.split_once('`')?;
    Some((name, rest.split('`').skip(1).step_by(2).collect()))
}

fn is_header(text: &str, at: Option<&Range<usize>>) -> bool {
    let before = at.and_then(|at| text.get(..at.start)).unwrap_or_default();
    before.trim_end_matches([' ', '\t']).ends_with('[')
}

fn unknown_in_words(name: &str, known: &[&str], header: bool, stray: bool) -> WhatAndRemedy {
    if stray {
        let what = "stands before the first section, where no key belongs";
        return (what.to_owned(), format!("move it below its section: {}", sections(known)));
    }
    let what = if header { "there is no such section" } else { "there is no such key" };
    let remedy = match nearest(name, known) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("use one of {}", known.join(", ")),
    };
    (what.to_owned(), remedy)
}

fn sections(known: &[&str]) -> String {
    known.iter().map(|name| format!("[{name}]")).collect::<Vec<_>>().join(", ")
}

/// The known name that was most likely meant: a similar one, or one that contains this one.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    let near = |candidate: &&str| strsim::normalized_damerau_levenshtein(&plain, candidate);
    let best = known.iter().max_by(|one, other| near(one).total_cmp(&near(other)))?;
    if near(best) >= NEAR {
        return Some(best);
    }
    let has_part = |candidate: &&&str| plain.len() > 2 && candidate.split('-').any(|part| part == plain);
    known.iter().find(has_part).copied()
}

/// A value of another kind than the key needs.
fn wrong_kind(found: &str, unexpected: &str, expected: &str) -> WhatAndRemedy {
    let kind = kind_of(found, unexpected);
    if kind == ValueKind::Sections && expected != "a sequence" {
        // The reader takes the first section for the value of the first key, and its message is about that key.
        let what = "is in two pairs of brackets, but there can be only one";
        return (what.to_owned(), "write its name in one pair of brackets: [...]".to_owned());
    }
    let inner = found.trim_matches(['"', '\'']).trim();
    let example = Some(found).filter(|found| is_example(found));
    let (wanted, remedy) = match expected {
        "a boolean" => ("true or false", "write true or false, without quotation marks".to_owned()),
        "a string" => ("text", quoted(kind, example)),
        "a sequence" => ("a list", listed(kind, example)),
        _ if expected.contains("datetime") => ("a date", day(inner)),
        _ if expected.starts_with("struct ") || expected == "a map" => ("a section", section()),
        _ if is_whole(expected) => ("a whole number", number(inner, inner.parse::<i64>().is_ok(), "17")),
        "f64" | "f32" => ("a number", number(inner, inner.parse::<f64>().is_ok(), "0.5")),
        other => (other, String::new()),
    };
    (format!("is {}, and should be {wanted}", kind.name()), remedy)
}

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Text,
    Number,
    Switch,
    Day,
    List,
    Section,
    Sections,
    Braces,
}

impl ValueKind {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Switch => "true or false",
            Self::Day => "a date or a time",
            Self::List => "a list",
            Self::Section => "a section",
            Self::Sections => "a list of sections",
            Self::Braces => "a group of keys",
        }
    }
}

fn kind_of(found: &str, unexpected: &str) -> ValueKind {
    match unexpected.split([' ', ',']).next().unwrap_or_default() {
        _ if found.starts_with("[[") && found.ends_with("]]") && !found.contains(',') => ValueKind::Sections,
        "string" => ValueKind::Text,
        "boolean" => ValueKind::Switch,
        "integer" | "floating" => ValueKind::Number,
        "sequence" => ValueKind::List,
        // The reader reports dates as maps.
        _ if found.starts_with(|c: char| c.is_ascii_digit()) => ValueKind::Day,
        _ if found.starts_with('{') => ValueKind::Braces,
        _ => ValueKind::Section,
    }
}

fn is_example(found: &str) -> bool {
    !found.is_empty() && found.len() <= MAX_EXAMPLE && !found.contains('\n')
}

fn is_whole(expected: &str) -> bool {
    expected.strip_prefix(['i', 'u']).is_some_and(|bits| bits == "size" || bits.parse::<u8>().is_ok())
}

fn number(inner: &str, is_one: bool, example: &str) -> String {
    match is_one {
        true => format!("write it without quotation marks: {inner}"),
        false => format!("write a number without quotation marks, such as {example}"),
    }
}

fn quoted(kind: ValueKind, example: Option<&str>) -> String {
    match (kind, example) {
        (ValueKind::Number | ValueKind::Switch | ValueKind::Day, Some(found)) => {
            format!("write it in quotation marks: \"{found}\"")
        }
        (ValueKind::List, _) => "write one text in quotation marks, without [ and ]".to_owned(),
        _ => "write text in quotation marks: key = \"...\"".to_owned(),
    }
}

fn listed(kind: ValueKind, example: Option<&str>) -> String {
    match (kind, example) {
        (ValueKind::Section, _) => "write its name in two pairs of brackets: [[...]]".to_owned(),
        (ValueKind::Text | ValueKind::Braces, Some(found)) => format!("write a list: [{found}]"),
        _ => "write a list: [\"...\", \"...\"]".to_owned(),
    }
}

fn section() -> String {
    "write its keys below a line with its name in brackets, or as { key = value }".to_owned()
}

fn day(inner: &str) -> String {
    match as_day(inner) {
        Some(day) => format!("write the date without quotation marks: {day}"),
        None => format!("write the date without quotation marks, year first: {DAY}"),
    }
}

/// The words for a text that is no TOML, from the line where the reader stopped.
fn syntax(message: &str, line: &str) -> WhatAndRemedy {
    let said = |what: &str, remedy: &str| (what.to_owned(), remedy.to_owned());
    if message.starts_with("duplicate key") {
        return said(
            "is written twice",
            "keep one of the two; write all keys of a section below one [section]",
        );
    }
    let bare = without_strings(line);
    if bare.contains(CURLY) {
        let remedy = "write straight ones, as a plain text editor does: key = \"text\"";
        return said("has quotation marks that are not straight", remedy);
    }
    if bare.trim_start().starts_with('[') {
        return said(
            "a section's name is not written right",
            "write [section], or [[section]] where there may be several",
        );
    }
    if message.contains("array") {
        let remedy = "write [\"one\", \"two\"]: a comma between each two, and ] at the end";
        return said("a list is not written right, here or before", remedy);
    }
    if message.contains("inline table") || message.contains("key-value pairs") {
        let remedy = "write { one = 1, two = 2 }: a comma between each two, and } at the end";
        return said("a group of keys is not written right, here or before", remedy);
    }
    let Some((key, value)) = line.split_once('=') else {
        return match line.split_once(':') {
            Some((key, value)) if is_key(key) => {
                (format!("has ':' after \"{}\"", key.trim()), example(key, value))
            }
            _ => said("is neither key = value nor a [section]", "write # before a remark"),
        };
    };
    if key.trim().contains(char::is_whitespace) && !key.contains(['"', '\'']) {
        let joined = key.split_whitespace().collect::<Vec<_>>().join("-");
        return (
            format!("\"{}\" is no key: a key has no spaces", key.trim()),
            format!("write {joined} = ..."),
        );
    }
    if !key.contains(['"', '\'']) && !is_key(key) {
        let what = format!("\"{}\" is no key", key.trim());
        return (what, "a key has only a-z, 0-9 and '-'".to_owned());
    }
    value_in_words(message, key.trim(), value.trim())
}

/// What seems to be wrong with the value of a line.
fn value_in_words(message: &str, key: &str, value: &str) -> WhatAndRemedy {
    let said = |what: &str, remedy: String| (what.to_owned(), remedy);
    let write = |value: &str| format!("write {key} = {value}");
    if value.starts_with(['"', '\'']) {
        if message.contains("escape") || value.contains('\\') {
            let remedy = "write it twice (\\\\), or the text in '...'".to_owned();
            return said("has a \\ in its text, which begins a special character", remedy);
        }
        return said("has a quotation mark too few or too many", write("\"text\""));
    }
    let value = value.split('#').next().unwrap_or_default().trim();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if value.is_empty() {
        return said("has no value", format!("write {key} = ..., or # before the line"));
    }
    if let Some(rest) = value.strip_prefix('=').map(str::trim).filter(|rest| is_example(rest)) {
        return said("has '=' twice", write(rest));
    }
    if is_day(value) {
        return said("is no date", write(as_day(value).as_deref().unwrap_or(DAY)));
    }
    if let Some((whole, part)) = value.split_once(',')
        && digits(whole.trim_start_matches(['-', '+']))
        && digits(part)
    {
        return said("has a decimal comma", write(&format!("{whole}.{part}")));
    }
    if digits(value) && value.starts_with('0') {
        let number = Some(value.trim_start_matches('0')).filter(|rest| !rest.is_empty()).unwrap_or("0");
        return said("is a number that begins with 0", write(number));
    }
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => return said("should be true or false", write("true")),
        "false" | "no" | "off" => return said("should be true or false", write("false")),
        _ => {}
    }
    let number = value.trim_end_matches(|c: char| !c.is_ascii_digit());
    if number.len() < value.len() && number.parse::<f64>().is_ok() {
        return said("is a number with something behind it", write(number));
    }
    if value.contains(['"', '\'', '=']) || !is_example(value) {
        return said("cannot be read", write("\"text\""));
    }
    said("is text without quotation marks", write(&format!("\"{value}\"")))
}

fn example(key: &str, value: &str) -> String {
    let (key, value) = (key.trim(), value.trim());
    if is_example(value) { format!("write {key} = {value}") } else { format!("write {key} = ...") }
}

fn is_key(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The numbers of a date, and the character between them.
fn parts_of_day(text: &str) -> Option<([&str; 3], char)> {
    let between = text.chars().find(|c| ['.', '/', '-'].contains(c))?;
    let parts: Vec<&str> = text.split(between).collect();
    let parts = <[&str; 3]>::try_from(parts).ok()?;
    let number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.iter().all(number).then_some((parts, between))
}

fn is_day(text: &str) -> bool {
    parts_of_day(text).is_some()
}

/// A date as TOML, if it is clear which number is the day. With slashes it is not: countries differ.
fn as_day(text: &str) -> Option<String> {
    let ([first, month, last], between) = parts_of_day(text)?;
    let (year, day) = match (first.len(), last.len(), between) {
        (4, _, _) => (first, last),
        (_, 4, '.') => (last, first),
        _ => return None,
    };
    let written = format!("{year:0>4}-{month:0>2}-{day:0>2}");
    written.parse::<jiff::civil::Date>().ok().map(|_| written)
}

/// The line of `text` that contains byte `at`.
fn line_around(text: &str, at: usize) -> &str {
    let Some((before, after)) = text.split_at_checked(at) else { return "" };
    let begin = before.rfind('\n').map_or(0, |end| end + 1);
    let end = after.find('\n').map_or(text.len(), |end| at + end);
    text.get(begin..end).unwrap_or_default().trim_end_matches('\r')
}

/// A line without quoted strings and without a comment.
fn without_strings(line: &str) -> String {
    let mut inside = None;
    let mut bare = String::new();
    for c in line.chars() {
        match inside {
            Some(mark) if c == mark => inside = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => inside = Some(c),
            None if c == '#' => break,
            None => bare.push(c),
        }
    }
    bare
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
