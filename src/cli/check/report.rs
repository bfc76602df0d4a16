//! Prints each finding at once, and only a few lines for many findings of one kind.

use serde_json::json;

use crate::cli::outcome::CommandOutcome;
use crate::cli::output::{BAD, GOOD, NOTE, say, say_json, styled};

/// The most findings of one kind that are listed; the others are counted.
const MOST_LISTED: usize = 5;

/// Prints findings and counts the problems among them.
pub struct CheckReport {
    json: bool,
    problems: usize,
}

impl CheckReport {
    /// A report without findings; with `json` it prints one object per finding.
    pub fn new(json: bool) -> Self {
        Self { json, problems: 0 }
    }

    /// Prints that a part is fine.
    pub fn ok(&mut self, part: &str, text: &str) {
        self.line("ok", GOOD, part, text);
    }

    /// Prints what is worth a look, but no problem.
    pub fn note(&mut self, part: &str, text: &str) {
        self.line("note", NOTE, part, text);
    }

    /// Prints and counts problems, one per line of the text.
    pub fn problem(&mut self, part: &str, text: &str) {
        self.problems += text.lines().count().max(1);
        text.lines().for_each(|line| self.line("problem", BAD, part, line));
    }

    /// Prints notes of one kind: all as JSON; else the first ones, and how many others there are.
    pub fn notes(&mut self, part: &str, texts: &[String]) {
        let (listed, others) = self.listed(texts);
        listed.iter().for_each(|text| self.note(part, text));
        if others > 0 {
            self.note(part, &format!("... and {others} more like these; --json lists all"));
        }
    }

    /// Prints problems of one kind as [`Self::notes`] does, and counts them all.
    pub fn all_problems(&mut self, part: &str, texts: &[String]) {
        let (listed, others) = self.listed(texts);
        listed.iter().for_each(|text| self.problem(part, text));
        if others > 0 {
            self.line("problem", BAD, part, &format!("... and {others} more like these; --json lists all"));
            self.problems += others;
        }
    }

    /// Prints an error as a problem. Returns the value, if there is one, for the next check.
    pub fn take<T, E: ToString>(&mut self, part: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.problem(part, &error.to_string())).ok()
    }

    /// Prints how many problems there were. The answer is yes if there was none.
    pub fn end(&self) -> CommandOutcome {
        if !self.json {
            match self.problems {
                0 => say(&format!("\n{}", styled(GOOD, "no problems", 0))),
                1 => say(&format!("\n{}", styled(BAD, "1 problem", 0))),
                n => say(&format!("\n{}", styled(BAD, &format!("{n} problems"), 0))),
            }
        }
        CommandOutcome::of(self.problems == 0)
    }

    /// The texts to list, and how many others there are. If there is only one other, it is listed too.
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
        let mut report = CheckReport::new(false);
        assert_eq!(report.listed(&texts), (&texts[..5], 9_995));
        assert_eq!(report.listed(&texts[..6]), (&texts[..6], 0));
        assert_eq!(CheckReport::new(true).listed(&texts), (&texts[..], 0));
        report.all_problems("gallery", &texts);
        assert_eq!(report.problems, 10_000);
        assert_eq!(report.end(), CommandOutcome::No);
    }
}
