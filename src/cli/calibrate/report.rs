//! The report on a terminal: numbers, histograms, warnings and advice.

use std::collections::BTreeMap;

use limen_lab::calibration::counts::STEP;
use limen_lab::calibration::look_alikes::{LookAlike, Remedy};
use limen_lab::calibration::{Calibration, ENOUGH};

use super::super::output::{BAD, FAINT, GOOD, NOTE, STRONG, bar, say, styled};
use super::findings::CalibrationReport;
use super::words;
use crate::config::edit::Proposal;
use crate::pipeline::shortfall;

/// How many steps of a histogram share a line.
const STEPS: usize = 5;
/// The length of the longest bar, in characters.
const WIDTH: usize = 24;
/// The most look-alikes, photographs or ids that are listed; JSON lists all.
const MOST_LISTED: usize = 20;

/// Prints the whole report.
pub fn tell(report: &CalibrationReport<'_>, proposal: &Proposal) {
    let found = &report.found;
    say(&styled(
        STRONG,
        &format!("{}: {} people, {} templates", report.gallery, found.people, found.samples),
        0,
    ));
    fact("model", &format!("{}, cohort {}", report.model, report.cohort));
    tell_threshold(report);
    tell_histograms(found);
    tell_rates(report);
    tell_warnings(report);
    tell_advice(found, proposal);
}

fn fact(name: &str, text: &str) {
    say(&format!("  {name:<11} {text}"));
}

fn tell_threshold(report: &CalibrationReport<'_>) {
    let (door, recognition) = (&report.found.door, &report.settings.recognition);
    let source = match recognition.max_distance {
        Some(_) => "max-distance".to_owned(),
        None => format!("target-far {:e}", recognition.target_far),
    };
    let templates = words::plural(door.photographs as u64, "photograph");
    let frames = report.settings.rules.frames;
    fact(
        "threshold",
        &format!("{:.3} at the door: {source}, {frames} frames, a template of {templates}", door.threshold),
    );
    match door.far {
        Some(far) => {
            fact("", &format!("FAR {far:.1e} an attempt: {}", words::expectation(far, report.visitors)))
        }
        None => fact("", "its FAR is unknown: the model has no error-rate tables"),
    }
    if let Some(shortfall) = door.promise.as_ref().and_then(shortfall) {
        fact(&styled(BAD, "not met", 11), &shortfall);
    }
    if door.is_extrapolated {
        fact("", "it is extrapolated: the table has no rate as low as this");
    }
    fact("", &format!("{:.3} for a single photograph, the line below", door.threshold_of_a_photograph));
    if door.photographs < ENOUGH {
        let three =
            format!("{:.3} at the door with three photographs of everybody", door.threshold_with_three);
        fact(
            "",
            &format!(
                "{three}: it is smaller, because a mean is nearer to every face, but more frames of a person pass"
            ),
        );
    }
}

fn tell_histograms(found: &Calibration) {
    let mut rows: BTreeMap<i64, [u64; 2]> = BTreeMap::new();
    let width = STEP * STEPS as f32;
    let row_of = |score: f32| (f64::from(score) / f64::from(width) + 1e-3).floor() as i64;
    for (kind, histogram) in
        [&found.genuine.histogram, &found.impostors.counts.histogram].into_iter().enumerate()
    {
        for (lower, count) in histogram.rows(STEPS) {
            rows.entry(row_of(lower)).or_default()[kind] += count;
        }
    }
    let (Some(first), Some(last)) = (rows.keys().next().copied(), rows.keys().last().copied()) else {
        return;
    };
    let most = [0, 1].map(|kind| rows.values().map(|row| row[kind]).max().unwrap_or(0).max(1) as f64);
    let line = row_of(found.door.threshold_of_a_photograph.get());
    say("");
    let heading = format!("  {:>6}  {:<30}  {:<30}", "score", "same person", "two people");
    say(&styled(FAINT, heading.trim_end(), 0));
    for row in first.min(line)..=last.max(line) {
        let counts = rows.get(&row).copied().unwrap_or_default();
        let shown = [0, 1].map(|kind| match counts[kind] {
            0 => String::new(),
            count => format!("{} {count}", bar(count as f64 / most[kind], WIDTH)),
        });
        let mark = if row == line { styled(NOTE, "threshold", 0) } else { String::new() };
        let [genuine, impostor] = shown;
        let text = format!("  {:>6.2}  {genuine:<30}  {impostor:<30}  {mark}", row as f64 * f64::from(width));
        say(text.trim_end());
    }
    say("");
}

fn tell_rates(report: &CalibrationReport<'_>) {
    let found = &report.found;
    let genuine = &found.genuine;
    fact(
        "genuine",
        &match genuine.share() {
            Some(share) => format!(
                "{} of {} photographs are within the threshold of the person's others: TAR {}",
                genuine.within,
                genuine.comparisons,
                words::percent(share)
            ),
            None => "nobody has two photographs to compare".to_owned(),
        },
    );
    let mut worst: Vec<_> = found.by_person.iter().filter(|person| person.within < person.compared).collect();
    worst.sort_by_key(|person| person.within * 1000 / person.compared.max(1));
    for person in worst.iter().take(MOST_LISTED) {
        let score = person.worst.map_or_else(String::new, |score| format!(", the worst at score {score:.3}"));
        fact("", &format!("{}: {} of {}{score}", person.person, person.within, person.compared));
    }
    more("", worst.len());
    fact("impostors", &words::own_far(found));
    if let Some(strangers) = &found.strangers {
        let near = strangers.share_at_one_in_a_hundred.map_or_else(String::new, |share| {
            format!("; {} are as near as one stranger in a hundred", words::percent(share))
        });
        let (within, all) = (strangers.counts.within, strangers.counts.comparisons);
        fact(
            "cohort",
            &format!("synthetic faces, for information only: {within} of {all} within the threshold{near}"),
        );
    }
}

fn tell_warnings(report: &CalibrationReport<'_>) {
    let found = &report.found;
    for pair in found.look_alikes.iter().take(MOST_LISTED) {
        tell_pair(pair);
    }
    more("look-alikes", found.near_pairs);
    for (one, photograph) in found.disagreeing.iter().zip(&report.photographs).take(MOST_LISTED) {
        let doubt = if one.of == 2 { "; of two photographs either may be the wrong one" } else { "" };
        let text = format!(
            "{}: {photograph} looks like somebody else (score {:.3}, one stranger in a hundred reaches {:.3}){doubt}",
            one.person, one.score, one.limit
        );
        fact(&styled(BAD, "disagrees", 11), &text);
    }
    more("disagrees", found.disagreeing.len());
    if !found.too_few.is_empty() {
        let ids = found.too_few.iter().map(|(id, samples)| format!("{id} ({samples})")).collect();
        fact(&styled(NOTE, "too few", 11), &format!("fewer than three photographs: {}", listed(ids)));
    }
    if !found.incomparable.is_empty() {
        let ids = found.incomparable.iter().map(ToString::to_string).collect();
        let text = format!("embeddings that cannot be compared with the others': {}", listed(ids));
        fact(&styled(BAD, "left out", 11), &text);
    }
}

fn tell_pair(pair: &LookAlike) {
    let name = styled(if pair.is_handled() { GOOD } else { BAD }, "look-alikes", 11);
    let (text, margin) = match (words::inseparable(pair), pair.remedy) {
        (None, Remedy::Margin { margin, .. }) => (words::resemblance(pair), margin),
        (text, _) => return fact(&name, &text.unwrap_or_else(|| words::resemblance(pair))),
    };
    let remedy = match pair.configured {
        Some(has) if pair.is_handled() => format!("margin {has:.2} is configured"),
        Some(has) => format!("margin {margin:.2} is proposed instead of {has:.2}"),
        None => format!("margin {margin:.2} is proposed"),
    };
    fact(&name, &format!("{text}; {remedy}"));
}

fn tell_advice(found: &Calibration, proposal: &Proposal) {
    let text = match (&proposal.target_far, found.advice.target_far) {
        (Some((far, why)), _) => format!("target-far = {far:e}: {why}"),
        (None, Some(far)) => format!("keep target-far = {far:e}: {}", words::reason(found)),
        (None, None) => format!("no target-far: {}", words::reason(found)),
    };
    fact(&styled(STRONG, "advice", 11), &text);
    if !proposal.is_empty() {
        fact(
            "",
            "nothing has changed yet: --write writes this into the configuration, --out FOLDER into a file",
        );
    }
}

fn more(name: &str, count: usize) {
    if count > MOST_LISTED {
        fact(name, &format!("and {} more; --json lists them", count - MOST_LISTED));
    }
}

fn listed(ids: Vec<String>) -> String {
    let rest = ids.len().saturating_sub(MOST_LISTED);
    let shown: Vec<String> = ids.into_iter().take(MOST_LISTED).collect();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    shown.join(", ") + &more
}
