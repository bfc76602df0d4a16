//! Explains the decision about a person at a time in words, rule by rule. [`AccessRules::admit`] decides, as
//! it does at the door.

use jiff::civil::DateTime;
use serde::Serialize;

use super::schedule::{Basis, Schedule};
use super::{AccessRules, Group, Way};
use crate::people::Standing;
use crate::person::GroupId;

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// The rule lets the person in.
    Yes,
    /// The rule refuses the person.
    No,
    /// It depends on what else happens at the door: another person, a factor.
    Provided,
}

/// One rule, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleReason {
    /// The name of the rule: `suspended`, `dates`, `group`, `schedule`, `first-person-in`, `two-person`,
    /// `anti-passback` or `second-factor`.
    pub rule: &'static str,
    /// What the rule says.
    pub says: Says,
    /// Why, in words.
    pub text: String,
}

/// The decision and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the person is let in, provided that what the reasons ask for is met.
    pub allowed: bool,
    /// What each rule says.
    pub reasons: Vec<RuleReason>,
}

impl Explanation {
    fn add(&mut self, rule: &'static str, says: Says, text: String) {
        self.reasons.push(RuleReason { rule, says, text });
    }
}

impl AccessRules {
    /// Explains whether a person is let in at a time. `local`: `None` if the time is unknown.
    pub fn explain(&self, standing: &Standing, local: Option<DateTime>) -> Explanation {
        let provable = self.provable(standing);
        let can = |way: &Way<'_>| self.demands(standing, *way, local).are_met_by(provable);
        let allowed = self.admit(standing, local).is_ok_and(|ways| ways.iter().any(can));
        let mut explanation = Explanation { allowed, reasons: Vec::new() };
        let (says, text) = match standing.suspended {
            true => (Says::No, "suspended in the gallery file"),
            false => (Says::Yes, "not suspended"),
        };
        explanation.add("suspended", says, text.to_owned());
        explain_dates(&mut explanation, standing, local);
        if standing.groups.is_empty() {
            explanation.add("group", Says::Yes, "in no group, which means at any time".to_owned());
        }
        for group in self.groups_of(standing) {
            self.explain_group(&mut explanation, group, local);
        }
        self.explain_factors(&mut explanation, standing, local);
        explanation
    }

    /// What the open ways in ask for besides the face.
    fn explain_factors(&self, explanation: &mut Explanation, standing: &Standing, local: Option<DateTime>) {
        let provable = self.provable(standing);
        for way in self.admit(standing, local).unwrap_or_default() {
            let by = match way {
                Way::Anytime => String::new(),
                Way::Through(group) => format!("{}: ", group.id),
            };
            for rule in self.demands(standing, way, local).rules() {
                let (says, more) = match rule.is_met_by(provable) {
                    true => (Says::Provided, ""),
                    false => (Says::No, ", which this person does not have or cannot enter here"),
                };
                explanation.add("second-factor", says, format!("{by}with {rule}{more}"));
            }
        }
    }

    fn explain_group(&self, explanation: &mut Explanation, group: &Group, local: Option<DateTime>) {
        let id = &group.id;
        let open = match local {
            None if group.is_limited_by_time() => {
                explanation.add("group", Says::No, format!("{id}: limited by time, and {UNKNOWN}"));
                false
            }
            Some(local) if !group.schedules.is_empty() => {
                let reasons = group.schedules.iter().map(|schedule| self.of_schedule(id, schedule, local));
                let before = explanation.reasons.len();
                explanation.reasons.extend(reasons);
                explanation.reasons[before..].iter().any(|reason| reason.says == Says::Yes)
            }
            _ => {
                explanation.add("group", Says::Yes, format!("{id}: at any time"));
                true
            }
        };
        if open {
            explain_terms(explanation, group);
        }
    }

    fn of_schedule(&self, group: &GroupId, schedule: &Schedule, local: DateTime) -> RuleReason {
        let name = &schedule.name;
        let day = local.strftime("%a %Y-%m-%d");
        let why = match schedule.day(local.date(), &self.calendar).basis {
            Basis::Exception => format!("{day}, an exception"),
            Basis::Holiday(holiday) => format!("{day}, \"{holiday}\""),
            Basis::NoHoliday => format!("{day}, no holiday"),
            Basis::Weekday => day.to_string(),
        };
        let (says, text) = match schedule.window_at(local, &self.calendar) {
            Some(window) => (Says::Yes, format!("{group}: {name} is open {window} ({why})")),
            None => {
                let next = match schedule.next_opening(local, &self.calendar) {
                    Some(next) => format!("opens next on {}", next.strftime("%a %Y-%m-%d at %H:%M")),
                    None => "never opens again".to_owned(),
                };
                (Says::No, format!("{group}: {name} is closed ({why}) and {next}"))
            }
        };
        RuleReason { rule: "schedule", says, text }
    }
}

/// The words for a rule that needs the time while it is unknown.
const UNKNOWN: &str = "the clock is not synchronised";

fn explain_dates(explanation: &mut Explanation, standing: &Standing, local: Option<DateTime>) {
    let dates = match (standing.valid_from, standing.valid_until) {
        (None, None) => return explanation.add("dates", Says::Yes, "without dates".to_owned()),
        (Some(first), None) => format!("valid from {first}"),
        (None, Some(last)) => format!("valid until {last}"),
        (Some(first), Some(last)) => format!("valid from {first} until {last}"),
    };
    match local {
        None => explanation.add("dates", Says::No, format!("{dates}, and {UNKNOWN}")),
        Some(local) if standing.covers(local.date()) => explanation.add("dates", Says::Yes, dates),
        Some(_) => explanation.add("dates", Says::No, format!("only {dates}")),
    }
}

fn explain_terms(explanation: &mut Explanation, group: &Group) {
    let id = &group.id;
    if !group.first_person_in.is_empty() {
        let text =
            format!("{id}: after somebody of {} was let in on that day", either(&group.first_person_in));
        explanation.add("first-person-in", Says::Provided, text);
    }
    if let Some(rule) = &group.two_person {
        let seconds = rule.within.as_secs();
        let text = format!("{id}: with another person of {} within {seconds} seconds", either(&rule.groups));
        explanation.add("two-person", Says::Provided, text);
    }
    if let Some(length) = group.anti_passback {
        let minutes = length.as_secs() / 60;
        let text = format!("{id}: if not let in during the last {minutes} minutes");
        explanation.add("anti-passback", Says::Provided, text);
    }
}

/// Joins names: "a, b or c".
fn either(groups: &[GroupId]) -> String {
    let names: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nobody".to_owned(),
    }
}
