//! The sentences that the terminal and the proposal share, so that screen and file say the same.

use limen_lab::calibration::Calibration;
use limen_lab::calibration::advice::{LEAST_PAIRS, TargetReason, days_to_a_false_accept, rule_of_three};
use limen_lab::calibration::look_alikes::{LookAlike, Remedy};

/// The most days that are printed as days; a longer time is printed in years.
const DAYS_UP_TO: f64 = 730.0;

/// Why the target is kept or made stricter.
pub fn reason(found: &Calibration) -> String {
    let impostors = &found.impostors;
    match found.advice.reason {
        TargetReason::FixedDistance => "max-distance is in force, and its error rate is not known".to_owned(),
        TargetReason::NoTables => "the model has no error-rate tables to compare with".to_owned(),
        TargetReason::TooFewPairs => {
            let pairs = plural(impostors.pairs, "pair");
            format!("{pairs} of people are too few to test the tables with, {LEAST_PAIRS} are enough")
        }
        TargetReason::AsPromised => {
            "no more pairs of people pass for each other than the tables promise".to_owned()
        }
        TargetReason::MoreThanPromised { rate, passed, at_least, promised } => format!(
            "where one stranger in {:.0} passes, {passed} of {} pairs of people pass; with certainty this is {} or more, \
             but the tables promise at most {}",
            1.0 / rate,
            impostors.pairs,
            percent(at_least),
            percent(promised)
        ),
    }
}

/// How near two people are.
pub fn resemblance(pair: &LookAlike) -> String {
    let [one, other] = &pair.people;
    let scores = format!("score {:.3}, and {:.3} is accepted", pair.score, pair.threshold);
    let kept = match pair.remedy {
        Remedy::Margin { known: 0, .. } => {
            "; their own leads are not known, because each has one photograph".to_owned()
        }
        Remedy::Margin { known, kept, .. } => format!("; {kept} of {known} own photographs keep this lead"),
        Remedy::Inseparable { .. } => String::new(),
    };
    format!("{one} and {other} look alike: {scores}{kept}")
}

/// What to do about two people whom no margin tells apart; `None` for other pairs.
pub fn inseparable(pair: &LookAlike) -> Option<String> {
    let Remedy::Inseparable { reach, behind } = pair.remedy else { return None };
    let [one, other] = &pair.people;
    let why = match behind.and_then(|place| pair.people.get(place)) {
        Some(id) => format!("most photographs of {id} are no nearer to the others of {id}"),
        None => format!("their templates are {reach:.3} apart"),
    };
    Some(format!(
        "{one} and {other} cannot be told apart by any margin, {why}: enrol better photographs, see who is on \
         them, or ask for something besides the face"
    ))
}

/// How often to expect a false accept, at `visitors` strangers per day.
pub fn expectation(far: f64, visitors: u32) -> String {
    let days = days_to_a_false_accept(far, f64::from(visitors));
    let who = format!("at {visitors} visitors per day who are not enrolled");
    if days < 1.0 {
        format!("expect {:.1} false accepts per day {who}", 1.0 / days)
    } else if days <= DAYS_UP_TO {
        format!("expect one false accept in {days:.0} days {who}")
    } else {
        format!("expect one false accept in {:.0} years {who}", days / 365.25)
    }
}

/// The false accept rate among the gallery's own people; if nobody was accepted, the rate that this is evidence for.
pub fn own_far(found: &Calibration) -> String {
    let (counts, pairs) = (&found.impostors.counts, found.impostors.pairs);
    let counted = format!("{} of {} comparisons are within the threshold", counts.within, counts.comparisons);
    match counts.share() {
        None => "no two people to compare".to_owned(),
        Some(_) if counts.within == 0 => format!(
            "{counted}: FAR below 3/{} = {} if they were independent; by {}, below {} (95 %)",
            counts.comparisons,
            percent(rule_of_three(counts.comparisons)),
            plural(pairs, "pair") + " of people",
            percent(rule_of_three(pairs))
        ),
        Some(share) => format!(
            "{counted}: FAR {}, of {} of {} pairs of people",
            percent(share),
            found.impostors.pairs_within,
            pairs
        ),
    }
}

/// A share (0 to 1) in percent, with two significant digits.
pub fn percent(share: f64) -> String {
    let value = 100.0 * share;
    let digits =
        if value >= 10.0 || value == 0.0 { 0 } else { (1.0 - value.log10()).ceil().clamp(1.0, 8.0) as usize };
    format!("{value:.digits$} %")
}

/// "1 pair", "2 pairs".
pub fn plural(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_event_is_told_in_years_and_a_frequent_one_a_day() {
        assert!(expectation(1e-4, 20).starts_with("expect one false accept in 500 days at 20 visitors"));
        assert!(expectation(1e-6, 20).contains("in 137 years"));
        assert!(expectation(0.1, 20).starts_with("expect 2.0 false accepts per day"));
    }

    #[test]
    fn a_share_has_the_digits_it_deserves() {
        assert_eq!([0.0, 1.0, 0.25, 0.0312, 1e-4].map(percent), ["0 %", "100 %", "25 %", "3.1 %", "0.010 %"]);
    }
}
