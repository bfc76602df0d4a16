//! Records as CSV in which a spreadsheet finds no formulas.
//!
//! Names and file names come from users: a cell that a spreadsheet would take for a formula gets an
//! apostrophe in front, deceptive characters are escaped, and every cell is quoted.

use limen_audit::{ClockQuality, Record};
use limen_core::person::printable;

/// The longest cell, in characters; spreadsheets cut at 32,767.
const MAX_CELL: usize = 32_000;

/// The header line.
pub const HEADING: &str = "seq,time,clock,kind,who,details";

/// A record as one line; `who` is the ids of its people, separated by spaces.
pub fn line(record: &Record) -> String {
    let who = record.people().collect::<Vec<_>>().join(" ");
    let clock = if record.clock == ClockQuality::Synchronised { "synchronised" } else { "unsynchronised" };
    let mut details = record.fact.clone();
    if let serde_json::Value::Object(fields) = &mut details {
        fields.remove("kind");
    }
    let cells = [record.kind(), &who, &details.to_string()].map(cell);
    format!("{},{},{clock},{}", record.seq, record.time, cells.join(","))
}

/// A text as one quoted cell.
fn cell(text: &str) -> String {
    let text = printable(text, MAX_CELL);
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '|', '%']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_ends_its_line() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell(" @SUM(A1)"), "\"' @SUM(A1)\"");
        assert_eq!(cell("say \"hi\", bob"), "\"say \"\"hi\"\", bob\"");
        assert_eq!(cell("a\n=b\u{202e}"), "\"a\\u{a}=b\\u{202e}\"");
        assert_eq!(cell("\t=b"), "\"\\u{9}=b\"");
    }
}
