//! The result of a measurement of liveness, as text, as JSON and for a plot.

use std::collections::BTreeMap;

use limen_core::person::printable;
use limen_lab::liveness::attempt::{AskMode, LivenessAttempt};
use limen_lab::liveness::outcome::AttemptOutcome;
use limen_lab::liveness::plot::ScoredSpecies;
use limen_lab::liveness::rates::CountedRate;
use limen_lab::liveness::tally::{LivenessTallies, Tally};
use serde_json::{Value, json};

use crate::cli::output::{FAINT, STRONG, styled};

/// The longest name of a species that is shown, in characters.
const LONGEST_NAME: usize = 40;

/// What has become of a clip.
pub struct JudgedClip {
    pub species: String,
    pub name: String,
    pub live: bool,
    pub attempts: Vec<LivenessAttempt>,
    pub score: Option<f32>,
}

impl JudgedClip {
    /// What has become of each attempt, and when, in a line.
    pub fn line(&self) -> String {
        let attempts = self.attempts.iter().map(|attempt| {
            let known = attempt.known.map(|known| format!(" at {:.1} s", known.as_secs_f64()));
            attempt.outcome.in_words().to_owned() + &known.unwrap_or_default()
        });
        let clip =
            format!("{}/{}", printable(&self.species, LONGEST_NAME), printable(&self.name, LONGEST_NAME));
        format!("{clip}: {}", attempts.collect::<Vec<_>>().join(", "))
    }
}

/// All measurements.
pub struct LivenessReport {
    mode: AskMode,
    tallies: LivenessTallies,
    /// By side and species.
    scores: BTreeMap<(bool, String), Vec<Option<f32>>>,
}

impl LivenessReport {
    pub fn new(mode: AskMode, clips: Vec<JudgedClip>) -> Self {
        let mut report = Self { mode, tallies: LivenessTallies::default(), scores: BTreeMap::new() };
        for JudgedClip { species, live, attempts, score, .. } in clips {
            report.tallies.add(&species, live, &attempts);
            report.scores.entry((!live, species)).or_default().push(score);
        }
        report
    }

    /// The scores of each species, people first.
    pub fn scored(&self) -> Vec<ScoredSpecies> {
        let scored = self.scores.iter().map(|((is_attack, name), scores)| ScoredSpecies {
            name: printable(name, LONGEST_NAME),
            live: !is_attack,
            scores: scores.clone(),
        });
        scored.collect()
    }

    /// The object for `--json`.
    pub fn to_json(&self) -> Value {
        let species = |(name, tally): (&String, &Tally)| {
            let rate = tally.apcer();
            json!({
                "species": name, "attempts": tally.attempts,
                "accepted": tally.count(AttemptOutcome::Accepted),
                "apcer": rate.map(|rate| rate.rate),
                "low": rate.map(|rate| rate.low), "high": rate.map(|rate| rate.high),
            })
        };
        let live = self.tallies.live();
        let rate = live.bpcer();
        json!({
            "species": self.tallies.attacks.iter().map(species).collect::<Vec<_>>(),
            "live": live.attempts,
            "bpcer": rate.map(|rate| rate.rate),
            "bpcer_low": rate.map(|rate| rate.low), "bpcer_high": rate.map(|rate| rate.high),
            "non_response": live.count(AttemptOutcome::NoResponse),
            "asked": live.asked,
        })
    }

    /// The table for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let names = self.tallies.attacks.keys().chain(self.tallies.people.keys());
        let width =
            names.map(|name| printable(name, LONGEST_NAME).chars().count()).max().unwrap_or(0).max(10);
        if !self.tallies.attacks.is_empty() {
            lines.push(head("attacks", "APCER %", width));
            let rows = self.tallies.attacks.iter();
            lines.extend(rows.map(|(name, tally)| row(name, tally, tally.apcer(), width)));
        }
        if !self.tallies.people.is_empty() {
            lines.push(head("people", "BPCER %", width));
            let rows = self.tallies.people.iter();
            lines.extend(rows.map(|(name, tally)| row(name, tally, tally.bpcer(), width)));
            lines.push(self.all_people());
        }
        let mode = match self.mode {
            AskMode::Motion => "nothing was asked; who is unsure would be",
            AskMode::Challenge => "an attack without prompts: 20 challenges a clip, one retry each",
        };
        lines.push(styled(FAINT, &format!("bounds: Clopper-Pearson, two-sided, 95 %; {mode}"), 0));
        lines
    }

    fn all_people(&self) -> String {
        let live = self.tallies.live();
        let (silent, asked) = (live.count(AttemptOutcome::NoResponse), live.asked);
        format!(
            "all people: {} attempts, {asked} asked, {silent} without a response, BPCER of the others {}",
            live.attempts,
            live.bpcer().map_or("-".to_owned(), |rate| format!("{} % ({})", percent(rate.rate), range(rate)))
        )
    }
}

fn head(side: &str, rate: &str, width: usize) -> String {
    let titles =
        format!("{side:<width$}{:>10}{:>10}{rate:>10}   {:<16}", "attempts", "accepted", "95 % bounds");
    styled(STRONG, titles.trim_end(), 0)
}

fn row(name: &str, tally: &Tally, rate: Option<CountedRate>, width: usize) -> String {
    let name = printable(name, LONGEST_NAME);
    let accepted = tally.count(AttemptOutcome::Accepted);
    let (share, bounds) =
        rate.map_or(("-".to_owned(), "-".to_owned()), |rate| (percent(rate.rate), range(rate)));
    let others = tally.outcomes.iter().filter(|(words, _)| **words != AttemptOutcome::Accepted.in_words());
    let others: Vec<String> = others.map(|(words, count)| format!("{words} {count}")).collect();
    let line = format!("{name:<width$}{:>10}{accepted:>10}{share:>10}   {bounds:<16}", tally.attempts);
    format!("{line}{}", styled(FAINT, &others.join(", "), 0)).trim_end().to_owned()
}

fn percent(share: f64) -> String {
    format!("{:.2}", 100.0 * share)
}

fn range(rate: CountedRate) -> String {
    format!("{} to {}", percent(rate.low), percent(rate.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(species: &str, live: bool, outcomes: &[AttemptOutcome]) -> JudgedClip {
        let attempt =
            |outcome: &AttemptOutcome| LivenessAttempt { outcome: *outcome, is_asked: true, known: None };
        let attempts = outcomes.iter().map(attempt).collect();
        JudgedClip { species: species.to_owned(), name: "1".to_owned(), live, attempts, score: None }
    }

    fn report() -> LivenessReport {
        use AttemptOutcome::{Accepted, NoResponse, Unsure};
        let clips = vec![
            judged("print-flat", false, &[NoResponse; 60]),
            judged("head", true, &[Accepted]),
            judged("head", true, &[Unsure]),
            judged("head", true, &[NoResponse]),
        ];
        LivenessReport::new(AskMode::Challenge, clips)
    }

    #[test]
    fn the_json_has_apcer_by_species_and_bpcer_without_those_that_did_not_respond() {
        let json = report().to_json();
        assert_eq!(json["species"].as_array().map(Vec::len), Some(1));
        let print = &json["species"][0];
        assert_eq!((&print["species"], &print["attempts"]), (&json!("print-flat"), &json!(60)));
        assert_eq!(
            (&print["accepted"], &print["apcer"], &print["low"]),
            (&json!(0), &json!(0.0), &json!(0.0))
        );
        assert!((print["high"].as_f64().expect("a number") - 0.0596).abs() < 1e-4);
        assert_eq!((&json["live"], &json["non_response"], &json["asked"]), (&json!(3), &json!(1), &json!(3)));
        assert_eq!(json["bpcer"], json!(0.5));
        let mut keys: Vec<_> = json.as_object().expect("an object").keys().cloned().collect();
        keys.sort();
        let mut wanted = ["species", "live", "bpcer", "bpcer_low", "bpcer_high", "non_response", "asked"]
            .map(String::from);
        wanted.sort();
        assert_eq!(keys, wanted);
    }

    #[test]
    fn the_table_says_why_nobody_was_let_in() {
        let lines = report().lines().join("\n");
        for part in
            ["0.00 to 5.96", "no response 60", "all people: 3 attempts", "BPCER of the others 50.00 %"]
        {
            assert!(lines.contains(part), "{part}: {lines}");
        }
    }
}
