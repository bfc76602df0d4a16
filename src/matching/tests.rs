//! What the matcher says of probes, by hand-made embeddings.

use std::time::Duration;

use super::*;
use crate::embedding::{Metric, ModelDigest};
use crate::gallery::{Person, Standing};
use crate::person::PersonName;
use cohort::{Cohort, CohortFacts};
use scoring::Scoring;

fn id(text: &str) -> PersonId {
    PersonId::new(text).expect("an id")
}

fn embedding(values: [f32; 2]) -> Embedding {
    Embedding::new(values).expect("finite")
}

fn gallery(people: &[(&str, [f32; 2])]) -> Gallery {
    let person = |(name, at): &(&str, [f32; 2])| {
        let name_of = PersonName::new("Somebody").expect("a name");
        Person::new(id(name), name_of, Standing::default(), vec![embedding(*at)], 1).expect("a person")
    };
    Gallery::new(people.iter().map(person).collect(), ModelDigest::of(b"model"))
}

fn rule(threshold: f32) -> Rule {
    Rule {
        thresholds: Thresholds::fixed("model = []", "m", threshold).expect("fixed"),
        margin: 0.05,
        look_alikes: LookAlikes::default(),
        window: 3,
    }
}

fn matcher(rule: Rule, people: &[(&str, [f32; 2])], scoring: Scoring) -> Matcher {
    Matcher::new(rule, Arc::new(Prepared::new(gallery(people), scoring)))
}

fn verdict(matcher: &Matcher, probe: [f32; 2]) -> Result<PersonId, NoMatch> {
    matcher.compare(&embedding(probe), 1, Crops::Plain).verdict
}

const TWO: [(&str, [f32; 2]); 2] = [("ada", [0.0, 0.0]), ("bob", [1.0, 0.0])];

#[test]
fn the_nearest_within_the_threshold_and_ahead_by_the_margin_is_named() {
    let matcher = matcher(rule(0.6), &TWO, Scoring::default());
    assert_eq!(verdict(&matcher, [0.2, 0.0]), Ok(id("ada")));
    assert_eq!(verdict(&matcher, [0.0, 0.7]), Err(NoMatch::TooFar));
    assert_eq!(verdict(&matcher, [0.49, 0.0]), Err(NoMatch::Ambiguous));
}

#[test]
fn nobody_is_named_in_an_empty_gallery() {
    let matcher = matcher(rule(0.6), &[], Scoring::default());
    assert_eq!(verdict(&matcher, [0.0, 0.0]), Err(NoMatch::EmptyGallery));
}

#[test]
fn look_alikes_must_be_told_apart_by_their_own_margin_even_behind_a_runner_up() {
    let people = [("ada", [0.0, 0.0]), ("bob", [0.5, 0.0]), ("eve", [0.0, 0.45])];
    let probe = [-0.1, 0.0];
    assert_eq!(verdict(&matcher(rule(0.6), &people, Scoring::default()), probe), Ok(id("ada")));
    let look_alikes = LookAlikes::new([(id("bob"), id("ada"), 0.55)]);
    let strict = matcher(Rule { look_alikes, ..rule(0.6) }, &people, Scoring::default());
    assert_eq!(verdict(&strict, probe), Err(NoMatch::Ambiguous));
    assert_eq!(verdict(&strict, [-0.1, 0.1]), Err(NoMatch::Ambiguous));
}

#[test]
fn a_cohort_centres_the_score_and_leaves_the_distance() {
    let facts = CohortFacts { name: "c", vectors: 2, dimensions: 2, nearest: 1, scale: 1.0 };
    let cohort = Cohort::new(&facts, Metric::L2, &[0, 1, 0, 1]).expect("a cohort");
    let centred = Scoring::new(Metric::L2, Some(Arc::new(cohort)));
    let matcher = matcher(rule(0.0), &[("ada", [0.0, 0.0])], centred);
    let best = matcher.compare(&embedding([0.0, 0.0]), 1, Crops::Plain).best.expect("ada");
    assert_eq!((best.distance.get(), best.score), (0.0, -1.0));
}

#[test]
fn by_the_angle_length_does_not_matter() {
    let by_angle = Scoring::new(Metric::Cosine, None);
    let matcher = matcher(rule(0.1), &[("ada", [3.0, 4.0]), ("bob", [4.0, -3.0])], by_angle);
    assert_eq!(verdict(&matcher, [0.03, 0.04]), Ok(id("ada")));
}

fn observe(matcher: &mut Matcher, ms: u64, probe: [f32; 2], crops: Crops) -> Observation {
    let taken = Moment::from_boot(Duration::from_millis(ms));
    matcher.observe(TrackId(1), taken, embedding(probe), crops, 1.0)
}

const TABLE: &str = r#"
    [[model]]
    name = "m"
    [[model.error-rates]]
    cohort = "none"
    crops = "mirrored"
    templates = 1
    frames = 1
    rates = [[1e-1, 0.3], [1e-9, 0.3]]
"#;

#[test]
fn a_plain_probe_near_the_threshold_on_either_side_is_looked_at_again_before_it_decides() {
    let thresholds = Thresholds::for_target(TABLE, "m", "none", 1e-4, 1).expect("tables");
    let mut matcher = matcher(Rule { thresholds, ..rule(0.0) }, &TWO, Scoring::default());
    for (ms, at) in [(0, 0.3 + CLOSE / 2.0), (1000, 0.3 - CLOSE / 2.0)] {
        let seen = observe(&mut matcher, ms, [0.0, at], Crops::Plain);
        assert!(seen.look_closer && seen.fused.verdict == Err(NoMatch::TooClose), "{at}");
    }
    for (ms, at, verdict) in [(2000, 0.35, Err(NoMatch::TooFar)), (3000, 0.2, Ok(id("ada")))] {
        let seen = observe(&mut matcher, ms, [0.0, at], Crops::Plain);
        assert!(!seen.look_closer && seen.fused.verdict == verdict, "{at}");
    }
    let again = observe(&mut matcher, 4000, [0.0, 0.29], Crops::Mirrored);
    assert!(!again.look_closer && again.fused.verdict == Ok(id("ada")));
}

#[test]
fn a_fixed_distance_is_taken_at_its_word() {
    let mut matcher = matcher(rule(0.3), &TWO, Scoring::default());
    let seen = observe(&mut matcher, 0, [0.0, 0.299], Crops::Plain);
    assert!(!seen.look_closer && seen.fused.verdict == Ok(id("ada")));
}

#[test]
fn a_frame_alone_is_named_by_whom_it_shows() {
    let mut matcher = matcher(rule(0.5), &TWO, Scoring::default());
    observe(&mut matcher, 0, [0.1, 0.0], Crops::Plain);
    observe(&mut matcher, 30, [0.1, 0.0], Crops::Plain);
    let third = observe(&mut matcher, 60, [0.6, 0.0], Crops::Plain);
    assert_eq!(third.fused.verdict, Ok(id("ada")));
    assert_eq!(third.nearest_alone, Some(id("bob")));
}
