//! The code of the project's source files, for the tests that read it: without comments, strings and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file in a folder and in those below it.
pub fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file: no comments, no strings, no tests.
pub fn code(text: &str) -> String {
    without_tests(&without_words(text))
}

/// How many bytes at the beginning of a text are a comment, a string or a character; none if it begins with code.
fn uncoded(text: &str) -> Option<usize> {
    let through =
        |from: usize, end: &str| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(through(2, "*/"));
    }
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let is_raw = raw[hashes..].starts_with('"');
        return is_raw.then(|| through(hashes + 2, &format!("\"{}", "#".repeat(hashes))));
    }
    if let Some(string) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = string.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return Some(end.map_or(text.len(), |end| end + 2));
    }
    let character = text.strip_prefix('\'')?;
    if character.starts_with('\\') {
        return Some(through(3, "'"));
    }
    let length = character.chars().next()?.len_utf8();
    character[length..].starts_with('\'').then_some(length + 2)
}

/// A text without comments, strings and characters.
fn without_words(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = uncoded(rest);
        code.push(if length.is_some() { ' ' } else { next });
        rest = &rest[length.unwrap_or(next.len_utf8())..];
    }
    code
}

/// Code without the items that only tests have.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    let of_tests = |text: &str| ["#[cfg(test)]", "#[cfg(all(test,"].iter().filter_map(|m| text.find(m)).min();
    while let Some(at) = of_tests(rest) {
        kept.push_str(&rest[..at]);
        rest = &rest[at + length_of_item(&rest[at..])..];
    }
    kept + rest
}

/// The length of the first item of some code, with its attributes.
fn length_of_item(code: &str) -> usize {
    let mut depth = 0;
    let end = code.find(|c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        depth == 0 && (c == ';' || c == '}')
    });
    end.map_or(code.len(), |end| end + 1)
}
