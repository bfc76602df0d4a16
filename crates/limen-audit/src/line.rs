//! One line of a record file: a core that the chain covers byte for byte, and what lies beside it.
//!
//! ```text
//! {"v":2,"seq":7,...,"prev":"...","subject":null,"fact":{...}}                       nothing beside
//! {"v":2,"seq":8,...,"subject":"ROOT","fact":{...},"personal":[...]}                 personal part
//! {"v":2,"seq":9,...,"fact":{"kind":"sealed",...},"signature":"..."}                 signature of a seal
//! ```
//!
//! The core is the line without what lies beside it; its SHA-256 stands in the next record as `prev`.

use std::io::{self, BufRead, Read as _};

use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

pub use limen_core::secret::{hex, unhex};

/// The longest line, in bytes: the record of a gallery with 100,000 new people takes 15 MB.
pub const MAX_LINE: usize = 32 << 20;

const PERSONAL: &[u8] = b",\"personal\":";
const SIGNATURE: &[u8] = b",\"signature\":\"";
/// The number of hexadecimal digits of an Ed25519 signature.
const SIGNATURE_DIGITS: usize = 128;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// What lies beside the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside<'a> {
    /// Nothing: the line is the core.
    Nothing,
    /// The personal part, a JSON array.
    Personal(&'a [u8]),
    /// The hexadecimal digits of a signature.
    Signature(&'a [u8]),
}

/// A line taken apart.
#[derive(Debug, Clone, Copy)]
pub struct RecordLine<'a> {
    /// The core without its closing brace.
    inner: &'a [u8],
    /// What lies beside the core.
    pub beside: Beside<'a>,
    /// The fields of the core that the chain needs.
    pub head: CoreFields<'a>,
}

/// The fields of a core that the chain needs.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreFields<'a> {
    /// The version of the format.
    pub v: u32,
    /// The record's number, without gaps, from 1.
    pub seq: u64,
    #[serde(rename = "time")]
    _time: &'a str,
    #[serde(rename = "clock")]
    _clock: &'a str,
    #[serde(rename = "boot_ms")]
    _boot_ms: u64,
    /// The hash of the previous core, in hexadecimal.
    pub prev: &'a str,
    /// The commitment to the personal part, in hexadecimal.
    pub subject: Option<&'a str>,
    /// The kind of the fact.
    #[serde(borrow)]
    pub fact: FactKind<'a>,
    #[serde(rename = "personal")]
    _personal: Option<IgnoredAny>,
    #[serde(rename = "signature")]
    _signature: Option<IgnoredAny>,
}

/// The kind of a fact; its other fields are not read.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct FactKind<'a> {
    /// The name of the kind, for example `granted`.
    pub kind: &'a str,
}

impl<'a> RecordLine<'a> {
    /// Parses a line without its newline; `None` if it is no record.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let (inner, beside) = split(line)?;
        // serde skips fields without checking that they are text; a record must be text throughout.
        let text = std::str::from_utf8(line).ok()?;
        Some(Self { inner, beside, head: serde_json::from_str(text).ok()? })
    }

    /// The SHA-256 of the core.
    pub fn hash(&self) -> Hash {
        Sha256::new().chain_update(self.inner).chain_update(b"}").finalize().into()
    }

    /// The core, a JSON object.
    pub fn core(&self) -> Vec<u8> {
        [self.inner, b"}"].concat()
    }
}

fn split(line: &[u8]) -> Option<(&[u8], Beside<'_>)> {
    let inner = line.strip_suffix(b"}")?;
    if inner.ends_with(b"]") {
        // Inside a string each quotation mark follows a backslash, so the first match is the key.
        let at = inner.windows(PERSONAL.len()).position(|window| window == PERSONAL)?;
        return Some((&inner[..at], Beside::Personal(&inner[at + PERSONAL.len()..])));
    }
    if let Some(text) = inner.strip_suffix(b"\"")
        && let Some(start) = text.len().checked_sub(SIGNATURE_DIGITS + SIGNATURE.len())
        && text[start..].starts_with(SIGNATURE)
    {
        return Some((&inner[..start], Beside::Signature(&text[start + SIGNATURE.len()..])));
    }
    Some((inner, Beside::Nothing))
}

/// The line, without a newline, that consists of this core and what lies beside it.
pub fn join(core: &[u8], beside: Beside<'_>) -> Vec<u8> {
    let inner = core.strip_suffix(b"}").unwrap_or(core);
    match beside {
        Beside::Nothing => core.to_vec(),
        Beside::Personal(part) => [inner, PERSONAL, part, b"}"].concat(),
        Beside::Signature(digits) => [inner, SIGNATURE, digits, b"\"}"].concat(),
    }
}

/// The SHA-256 of a whole core.
pub fn hash_of(core: &[u8]) -> Hash {
    Sha256::digest(core).into()
}

/// What ended a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A newline, as for a whole record.
    Whole,
    /// The end of the file.
    Cut,
    /// The line is longer than any record; its rest was skipped.
    TooLong,
}

/// Reads one line into `line`, without its newline; `None` at the end of the file.
pub fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Ending>> {
    line.clear();
    reader.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', line)?;
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        return Ok(Some(Ending::Whole));
    }
    if line.len() <= MAX_LINE {
        return Ok((!line.is_empty()).then_some(Ending::Cut));
    }
    reader.skip_until(b'\n')?;
    Ok(Some(Ending::TooLong))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORE: &[u8] = br#"{"v":2,"seq":1,"time":"2026-07-01T00:00:00Z","clock":"synchronised","boot_ms":1,"prev":"00","subject":null,"fact":{"kind":"stopped"}}"#;

    #[test]
    fn a_line_comes_apart_as_it_was_joined() {
        let digits = [b'a'; SIGNATURE_DIGITS];
        for beside in [Beside::Nothing, Beside::Personal(b"[\"x\"]"), Beside::Signature(&digits)] {
            let line = join(CORE, beside);
            let parsed = RecordLine::parse(&line).expect("a record");
            assert_eq!((parsed.core().as_slice(), parsed.beside), (CORE, beside));
            assert_eq!(
                (parsed.hash(), parsed.head.seq, parsed.head.fact.kind),
                (hash_of(CORE), 1, "stopped")
            );
        }
    }

    #[test]
    fn a_line_that_is_not_text_throughout_is_no_record() {
        let mut line = join(CORE, Beside::Nothing);
        let at = line.len() - 5;
        line[at] = 128;
        assert!(RecordLine::parse(&line).is_none());
    }

    #[test]
    fn digits_are_read_in_one_spelling_only() {
        assert_eq!(unhex::<2>(b"0aff"), Some([10, 255]));
        assert_eq!(hex(&[10, 255]), "0aff");
        for bad in [b"0aFf".as_slice(), b"0af", b"0aff0", b"0ag0"] {
            assert_eq!(unhex::<2>(bad), None);
        }
    }

    #[test]
    fn lines_are_read_whole_cut_or_passed_over() {
        let mut text = b"one\n\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', MAX_LINE + 5));
        text.extend(b"\ncut");
        let (mut reader, mut line, mut seen) = (text.as_slice(), Vec::new(), Vec::new());
        while let Some(ending) = read_line(&mut reader, &mut line).expect("memory") {
            seen.push((ending, line.len().min(9)));
        }
        let (whole, cut, long) = (Ending::Whole, Ending::Cut, Ending::TooLong);
        assert_eq!(seen, [(whole, 3), (whole, 0), (long, 9), (cut, 3)]);
    }
}
