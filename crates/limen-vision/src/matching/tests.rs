//! The matcher's decisions, on embeddings made by hand.

use std::time::Duration;

use cohort::{Cohort, CohortFacts};
use limen_core::embedding::{Metric, ModelDigest};
use limen_core::people::{Person, Standing};
use limen_core::person::PersonName;
use scoring::Scoring;

use super::*;

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

fn distance(value: f32) -> Distance {
    Distance::new(value).expect("a distance")
}

fn margin(value: f32) -> Margin {
    Margin::new(value).expect("a margin")
}

fn rule(threshold: f32) -> Rule {
    Rule {
        thresholds: Thresholds::fixed("model = []", "m", Metric::L2, distance(threshold)).expect("fixed"),
        margin: margin(0.05),
        look_alikes: LookAlikes::default(),
        window: 3,
        same_face: distance(0.6),
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
    let look_alikes = LookAlikes::new([(id("bob"), id("ada"), margin(0.55))]);
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
    assert_eq!((best.distance.get(), best.score.get()), (0.0, -1.0));
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

/// A person whose frames and photographs all lie within a third of a radian, as vectors of length `norm`.
fn face(norm: f32, apart: f32) -> [f32; 2] {
    [norm * apart.cos(), norm * apart.sin()]
}

#[test]
fn frames_are_fused_and_named_whatever_metric_and_length_a_network_has() {
    for (metric, norm) in [
        (Metric::Cosine, 0.05),
        (Metric::Cosine, 1.0),
        (Metric::Cosine, 20.0),
        (Metric::L2, 1.0),
        (Metric::L2, 20.0),
    ] {
        // By distance all limits scale with the vectors; by angle none does.
        let scale = if metric == Metric::L2 { norm } else { 1.0 };
        let rule = Rule { same_face: distance(0.6 * scale), ..rule(0.4 * scale) };
        let people = [("ada", face(norm, 0.0)), ("bob", face(norm, 1.5))];
        let mut matcher = matcher(rule, &people, Scoring::new(metric, None));
        for (frame, apart) in [0.3, 0.0, 0.2].into_iter().enumerate() {
            let seen = observe(&mut matcher, 30 * frame as u64, face(norm, apart), Crops::Plain);
            assert_eq!(
                (seen.frames as usize, seen.fused.verdict),
                (frame + 1, Ok(id("ada"))),
                "{metric:?} {norm}"
            );
        }
        let other = observe(&mut matcher, 90, face(norm, 1.4), Crops::Plain);
        assert_eq!((other.frames, other.fused.verdict), (1, Ok(id("bob"))), "{metric:?} {norm}");
    }
}

#[test]
fn by_the_angle_a_long_vector_counts_no_more_in_a_probe_or_a_template_than_a_short_one() {
    let by_angle = || Scoring::new(Metric::Cosine, None);
    let mut seen = matcher(rule(0.3), &[("ada", face(1.0, 0.25))], by_angle());
    observe(&mut seen, 0, face(1000.0, 0.0), Crops::Plain);
    let fused = observe(&mut seen, 30, face(0.1, 0.5), Crops::Plain).fused.best.expect("ada");
    assert!(fused.distance < distance(1e-3), "the mean of two directions: {fused:?}");
    let samples = vec![embedding(face(1000.0, 0.0)), embedding(face(0.1, 0.5))];
    let name = PersonName::new("Somebody").expect("a name");
    let ada = Person::new(id("ada"), name, Standing::default(), samples, 2).expect("a person");
    let gallery = Gallery::new(vec![ada], ModelDigest::of(b"model"));
    let enrolled = Matcher::new(rule(0.3), Arc::new(Prepared::new(gallery, by_angle())));
    let near = enrolled.compare(&embedding(face(7.0, 0.25)), 1, Crops::Plain).best.expect("ada");
    assert!(near.distance < distance(1e-3), "{near:?}");
}

#[test]
fn what_has_no_direction_or_is_beyond_all_numbers_is_nobody_even_beside_its_like() {
    let zeros =
        matcher(rule(2.0), &[("ada", [0.0, 0.0]), ("bob", [1.0, 0.0])], Scoring::new(Metric::Cosine, None));
    assert_eq!(verdict(&zeros, [0.0, 0.0]), Err(NoMatch::TooFar));
    assert_eq!(verdict(&zeros, [1.0, 0.0]), Ok(id("bob")));
    let facts = CohortFacts { name: "c", vectors: 2, dimensions: 2, nearest: 1, scale: 1.0 };
    let cohort = Cohort::new(&facts, Metric::L2, &[0, 1, 0, 1]).expect("a cohort");
    let vast = [f32::MAX, f32::MAX];
    let centred = matcher(rule(2.0), &[("ada", vast)], Scoring::new(Metric::L2, Some(Arc::new(cohort))));
    assert_eq!(verdict(&centred, vast), Err(NoMatch::TooFar));
}
