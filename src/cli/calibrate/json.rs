//! The report as one JSON object. Its names are stable; `docs/calibration.md` explains them.

use limen_core::person::PersonId;
use limen_lab::calibration::CHECKED;
use limen_lab::calibration::advice::{days_to_a_false_accept, rule_of_three};
use limen_lab::calibration::counts::{STEP, ScoreCounts};
use limen_lab::calibration::impostors::RateCheck;
use limen_lab::calibration::look_alikes::{LookAlike, Remedy};
use serde_json::{Value, json};

use super::findings::CalibrationReport;
use super::words;

/// The whole report.
pub fn report(report: &CalibrationReport<'_>) -> Value {
    let found = &report.found;
    let (door, recognition) = (&found.door, &report.settings.recognition);
    let days = door.far.map(|far| days_to_a_false_accept(far, f64::from(report.visitors)));
    let too_few = found.too_few.iter().map(|(id, samples)| json!({ "id": id.as_str(), "singles": samples }));
    json!({
        "gallery": report.gallery,
        "model": report.model,
        "people": found.people,
        "singles": found.samples,
        "pairs": found.impostors.pairs,
        "target_far": recognition.max_distance.is_none().then_some(recognition.target_far),
        "frames": report.settings.rules.frames,
        "threshold": short(door.threshold.get()),
        "threshold_with_three": short(door.threshold_with_three.get()),
        "threshold_of_a_photograph": short(door.threshold_of_a_photograph.get()),
        "extrapolated": door.is_extrapolated,
        "far": door.far,
        "target_kept": door.promise.map(|promise| promise.is_kept()),
        "people_at_target": door.promise.map(|promise| promise.people),
        "visitors_per_day": report.visitors,
        "days_to_a_false_accept": days,
        "genuine": counts(&found.genuine, "tar"),
        "impostor": impostor(report),
        "cohort": cohort(report),
        "by_person": by_person(report),
        "look_alikes": found.look_alikes.iter().map(look_alike).collect::<Vec<_>>(),
        "look_alike_pairs": found.near_pairs,
        "disagreeing": disagreeing(report),
        "too_few": too_few.collect::<Vec<_>>(),
        "incomparable": PersonId::texts(&found.incomparable),
        "advice": { "target_far": found.advice.target_far, "reason": words::reason(found) },
        "notes": report.notes,
    })
}

/// A score with four decimals, as many as mean something.
fn short(score: f32) -> f64 {
    (f64::from(score) * 1e4).round() / 1e4
}

fn counts(counts: &ScoreCounts, rate: &str) -> Value {
    let rows = counts.histogram.rows(1).into_iter();
    let histogram: Vec<Value> =
        rows.map(|(lower, count)| json!({ "score": short(lower), "count": count })).collect();
    let mut object = json!({
        "comparisons": counts.comparisons, "within": counts.within, "step": short(STEP), "histogram": histogram,
    });
    object[rate] = json!(counts.share());
    object
}

fn impostor(report: &CalibrationReport<'_>) -> Value {
    let impostors = &report.found.impostors;
    let mut object = counts(&impostors.counts, "far");
    let none = impostors.counts.within == 0;
    object["far_below"] = json!(none.then(|| rule_of_three(impostors.counts.comparisons)));
    object["pairs_within"] = json!(impostors.pairs_within);
    let check = |(check, rate): (&RateCheck, f64)| json!({ "rate": rate, "pairs_within": check.passed, "pairs_promised": check.promised });
    object["tested"] = impostors.checks.iter().zip(CHECKED).map(check).collect();
    object
}

fn cohort(report: &CalibrationReport<'_>) -> Value {
    let mut object = json!({ "name": report.cohort, "strangers": null });
    if let Some(strangers) = &report.found.strangers {
        let mut made_up = counts(&strangers.counts, "far");
        made_up["faces"] = json!(strangers.faces);
        made_up["share_at_one_in_a_hundred"] = json!(strangers.share_at_one_in_a_hundred);
        object["strangers"] = made_up;
    }
    object
}

fn by_person(report: &CalibrationReport<'_>) -> Vec<Value> {
    let people = report.found.by_person.iter();
    people
        .map(|person| {
            json!({
                "id": person.person.as_str(), "compared": person.compared, "within": person.within,
                "worst_score": person.worst.map(|score| short(score.get())),
            })
        })
        .collect()
}

fn look_alike(pair: &LookAlike) -> Value {
    let mut object = json!({
        "people": PersonId::texts(&pair.people), "score": short(pair.score.get()), "threshold": short(pair.threshold.get()),
        "configured_margin": pair.configured.map(|margin| short(margin.get())), "proposed_margin": pair.proposed().map(short),
        "separable": true, "behind": null, "photographs": 0, "photographs_that_keep_it": 0,
    });
    match pair.remedy {
        Remedy::Margin { known, kept, .. } => {
            object["photographs"] = json!(known);
            object["photographs_that_keep_it"] = json!(kept);
        }
        Remedy::Inseparable { behind, .. } => {
            object["separable"] = json!(false);
            object["behind"] = json!(behind.and_then(|place| pair.people.get(place)).map(PersonId::as_str));
        }
    }
    object
}

fn disagreeing(report: &CalibrationReport<'_>) -> Vec<Value> {
    let photographs = report.found.disagreeing.iter().zip(&report.photographs);
    photographs
        .map(|(one, photograph)| {
            json!({
                "id": one.person.as_str(), "photograph": photograph, "score": short(one.score.get()), "limit": short(one.limit.get()),
            })
        })
        .collect()
}
