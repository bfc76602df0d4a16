//! What was found, printed as it comes: few lines for many findings of one kind.

use serde_json::json;

use crate::cli::output::{BAD, GOOD, NOTE, say, say_json, styled};
use crate::cli::trouble::Answer;

/// The largest number of findings of one kind that are listed one by one; the others are counted.
const MOST_LISTED: usize = 5;

/// Collects what was found and prints it as it comes.
pub struct Report {
    json: bool,
    problems: usize,
}

impl Report {
    /// With nothing found; `json` prints one object a finding.
    pub fn new(json: bool) -> Self {
        Self { json, problems: 0 }
    }

    /// Fine.
    pub fn ok(&mut self, part: &str, text: &str) {
        self.line("ok", GOOD, part, text);
    }

    /// Worth a look.
    pub fn note(&mut self, part: &str, text: &str) {
        self.line("note", NOTE, part, text);
    }

    /// Wrong: one problem a line of the text.
    pub fn problem(&mut self, part: &str, text: &str) {
        self.problems += text.lines().count().max(1);
        text.lines().for_each(|line| self.line("problem", BAD, part, line));
    }

    /// Notes of one kind: all of them for programs, the first ones and a number for people.
    pub fn notes(&mut self, part: &str, texts: &[String]) {
        let (listed, others) = self.listed(texts);
        listed.iter().for_each(|text| self.note(part, text));
        if others > 0 {
            self.note(part, &format!("... and {others} more like these; --json lists all"));
        }
    }

    /// Problems of one kind, listed like [`Self::notes`] and all counted.
    pub fn all_problems(&mut self, part: &str, texts: &[String]) {
        let (listed, others) = self.listed(texts);
        listed.iter().for_each(|text| self.problem(part, text));
        if others > 0 {
            self.line("problem", BAD, part, &format!("... and {others} more like these; --json lists all"));
            self.problems += others;
        }
    }

    /// Says what was found; the value, if there is one, goes on to the next check.
    pub fn take<T, E: ToString>(&mut self, part: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.problem(part, &error.to_string())).ok()
    }

    /// Says how many problems there were.
    pub fn end(&self) -> Answer {
        if !self.json {
            match self.problems {
                0 => say(&format!("\n{}", styled(GOOD, "no problems", 0))),
                1 => say(&format!("\n{}", styled(BAD, "1 problem", 0))),
                n => say(&format!("\n{}", styled(BAD, &format!("{n} problems"), 0))),
            }
        }
        Answer::of(self.problems == 0)
    }

    /// Those to list, and how many others there are. A sixth is listed rather than called one more.
    fn listed<'a>(&self, texts: &'a [String]) -> (&'a [String], usize) {
        if self.json || texts.len() <= MOST_LISTED + 1 {
            return (texts, 0);
        }
        (&texts[..MOST_LISTED], texts.len() - MOST_LISTED)
    }

    fn line(&self, level: &str, style: anstyle::Style, part: &str, text: &str) {
        if self.json {
            say_json(&json!({ "level": level, "part": part, "text": text }));
        } else {
            say(&format!("{} {part:<14} {text}", styled(style, level, 8)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_findings_of_a_kind_a_few_are_listed_and_all_are_counted() {
        let texts: Vec<String> = (0..10_000).map(|number| format!("finding {number}")).collect();
        let mut report = Report::new(false);
        assert_eq!(report.listed(&texts), (&texts[..5], 9_995));
        assert_eq!(report.listed(&texts[..6]), (&texts[..6], 0));
        assert_eq!(Report::new(true).listed(&texts), (&texts[..], 0));
        report.all_problems("gallery", &texts);
        assert_eq!(report.problems, 10_000);
        assert_eq!(report.end(), Answer::No);
    }
}
