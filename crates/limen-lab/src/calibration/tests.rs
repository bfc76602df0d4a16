//! Calibrations of small galleries made by hand.

use std::sync::Arc;

use limen_core::embedding::{Embedding, Margin, Metric, ModelDigest};
use limen_core::people::{Gallery, Person, Standing};
use limen_core::person::PersonName;
use limen_vision::matching::LookAlikes;
use limen_vision::matching::cohort::{Cohort, CohortFacts};
use limen_vision::matching::scoring::Scoring;
use limen_vision::matching::thresholds::Thresholds;

use super::advice::TargetReason;
use super::look_alikes::Remedy;
use super::*;

/// Tables that accept one stranger in a thousand at 0.5, and one in a hundred at 0.6.
const MANIFEST: &str = r#"
    [[model]]
    name = "m"
    [[model.error-rates]]
    cohort = "none"
    crops = "mirrored"
    templates = 1
    frames = 1
    rates = [[1e-1, 0.7], [1e-2, 0.6], [1e-3, 0.5], [1e-8, 0.4]]
    [[model.error-rates]]
    cohort = "c"
    crops = "mirrored"
    templates = 1
    frames = 1
    rates = [[1e-1, 0.2], [1e-2, 0.1], [1e-3, 0.0], [1e-8, -0.2]]
"#;

type Samples<'a> = &'a [[f32; 2]];

fn id(text: &str) -> PersonId {
    PersonId::new(text).expect("an id")
}

fn person(name: &str, samples: Vec<Embedding>) -> Person {
    let shown = PersonName::new("Somebody").expect("a name");
    let photographs = samples.len();
    Person::new(id(name), shown, Standing::default(), samples, photographs).expect("a person")
}

fn gallery(people: &[(&str, Samples<'_>)]) -> Gallery {
    let sample = |values: &[f32; 2]| Embedding::new(*values).expect("finite");
    let people = people.iter().map(|(name, samples)| person(name, samples.iter().map(sample).collect()));
    Gallery::new(people.collect(), ModelDigest::of(b"model"))
}

fn calibrate_with(gallery: &Gallery, scoring: &Scoring, look_alikes: &LookAlikes) -> Calibration {
    let target = 1e-3;
    let thresholds =
        Thresholds::for_target(MANIFEST, "m", scoring.cohort(), target, 1).expect("a table of this cohort");
    let site = CalibrationSite {
        gallery,
        scoring,
        thresholds: &thresholds,
        target_far: Some(target),
        frames: 3,
        margin: Margin::USUAL,
        look_alikes,
    };
    calibrate(&site)
}

fn calibrated(people: &[(&str, Samples<'_>)]) -> Calibration {
    calibrate_with(&gallery(people), &Scoring::default(), &LookAlikes::default())
}

#[test]
fn a_gallery_of_nobody_has_a_threshold_and_nothing_to_compare() {
    let found = calibrated(&[]);
    assert_eq!((found.people, found.samples), (0, 0));
    assert!((found.door.threshold.get() - 0.5).abs() < 1e-4);
    assert_eq!((found.genuine.share(), found.impostors.counts.share()), (None, None));
    assert_eq!(found.advice, Advice { target_far: Some(1e-3), reason: TargetReason::TooFewPairs });
}

#[test]
fn one_person_is_compared_with_their_own_photographs_only() {
    let found = calibrated(&[("ada", &[[0.0, 0.0], [0.2, 0.0], [0.1, 0.1]])]);
    assert_eq!((found.genuine.comparisons, found.genuine.within), (3, 3));
    assert_eq!(found.impostors.pairs, 0);
    assert!(found.look_alikes.is_empty() && found.disagreeing.is_empty() && found.too_few.is_empty());
}

#[test]
fn one_photograph_a_person_gives_no_genuine_comparison_and_is_named() {
    let found = calibrated(&[("ada", &[[0.0, 0.0]]), ("bob", &[[2.0, 0.0]])]);
    assert_eq!(found.genuine.comparisons, 0);
    assert_eq!((found.impostors.counts.comparisons, found.impostors.pairs), (1, 1));
    assert_eq!(found.too_few, [(id("ada"), 1), (id("bob"), 1)]);
    assert_eq!(found.by_person[0].worst, None);
}

#[test]
fn two_people_far_apart_raise_no_warning() {
    let found =
        calibrated(&[("ada", &[[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]]), ("bob", &[[2.0, 0.0], [2.1, 0.0]])]);
    // Three samples and two samples against the templates, and the templates against each other.
    assert_eq!((found.impostors.counts.comparisons, found.impostors.counts.within), (6, 0));
    assert!(found.look_alikes.is_empty());
    assert_eq!(found.genuine.share(), Some(1.0));
}

#[test]
fn look_alikes_get_a_margin_that_their_own_photographs_keep() {
    let people: [(&str, Samples<'_>); 2] = [
        ("ada", &[[0.0, 0.0], [0.06, 0.0], [0.03, 0.03]]),
        ("bob", &[[0.5, 0.0], [0.44, 0.0], [0.47, 0.03]]),
    ];
    let found = calibrated(&people);
    let [pair] = &found.look_alikes[..] else { panic!("{:?}", found.look_alikes) };
    assert_eq!(pair.people, [id("ada"), id("bob")]);
    let Remedy::Margin { margin, known: 6, kept: 6 } = pair.remedy else { panic!("{pair:?}") };
    assert!((0.1..=0.3).contains(&margin), "{margin}");
    let known = LookAlikes::new([(id("ada"), id("bob"), Margin::new(margin).expect("a margin"))]);
    let again = calibrate_with(&gallery(&people), &Scoring::default(), &known);
    assert!(again.look_alikes[0].is_handled() && again.look_alikes[0].proposed().is_none());
}

#[test]
fn one_face_enrolled_under_two_ids_cannot_be_told_apart() {
    let samples: Samples<'_> = &[[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]];
    let found = calibrated(&[("ada", samples), ("ada-again", samples)]);
    assert!(
        matches!(found.look_alikes[0].remedy, Remedy::Inseparable { reach, behind: None } if reach < 1e-6),
        "{found:?}"
    );
    assert_eq!(found.look_alikes[0].proposed(), None);
    assert_eq!((found.near_pairs, found.impostors.pairs_within), (1, 1));
}

#[test]
fn a_photograph_of_somebody_else_is_found_and_a_merely_poor_one_is_not() {
    let found = calibrated(&[
        ("ada", &[[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [1.0, 1.0]]),
        ("bob", &[[5.0, 0.0], [5.0, 0.1], [5.55, 0.0]]),
    ]);
    let [wrong] = &found.disagreeing[..] else { panic!("{:?}", found.disagreeing) };
    assert_eq!((&wrong.person, wrong.sample, wrong.of), (&id("ada"), 3, 4));
    let bob = &found.by_person[1];
    assert_eq!((bob.compared, bob.within), (3, 2), "above the threshold of 0.5, below the limit of 0.6");
}

#[test]
fn embeddings_that_cannot_be_compared_are_named_and_left_out() {
    let mut people = gallery(&[("ada", &[[0.0, 0.0]]), ("bob", &[[2.0, 0.0]])]).people().to_vec();
    people.push(person("long", vec![Embedding::new([0.0; 3]).expect("finite")]));
    people.push(person("vast", vec![Embedding::new([f32::MAX, 0.0]).expect("finite")]));
    let gallery = Gallery::new(people, ModelDigest::of(b"model"));
    let found = calibrate_with(&gallery, &Scoring::default(), &LookAlikes::default());
    assert_eq!(found.incomparable, [id("long"), id("vast")]);
    assert_eq!((found.people, found.impostors.pairs), (2, 1));
}

#[test]
fn a_gallery_whose_people_crowd_gets_a_stricter_target() {
    // Two groups of three: six of fifteen pairs are nearer than one stranger in a thousand.
    let names = ["a1", "a2", "a3", "b1", "b2", "b3"];
    let at = |index: usize| [(index % 3) as f32 * 0.2, (index / 3) as f32 * 5.0];
    let samples: Vec<[[f32; 2]; 1]> = (0..6).map(|index| [at(index)]).collect();
    let people: Vec<(&str, Samples<'_>)> =
        names.iter().zip(&samples).map(|(name, sample)| (*name, sample.as_slice())).collect();
    let found = calibrated(&people);
    assert_eq!((found.impostors.pairs, found.impostors.checks[1].passed), (15, 6));
    assert!(matches!(found.advice.reason, TargetReason::MoreThanPromised { passed: 6, .. }));
    assert_eq!(found.advice.target_far, Some(2e-5), "40 times as many as one in a hundred");
}

#[test]
fn a_cohort_centres_every_score_and_is_shown_apart() {
    let facts = CohortFacts { name: "c", vectors: 3, dimensions: 2, nearest: 1, scale: 1.0 };
    // (0, 0), (1, 0) and (0, 100): the first two are crowded, the third is alone.
    let cohort = Cohort::new(&facts, Metric::L2, &[0, 0, 1, 0, 0, 100]).expect("a cohort");
    let scoring = Scoring::new(Metric::L2, Some(Arc::new(cohort)));
    let gallery = gallery(&[("ada", &[[0.0, 0.0], [0.2, 0.0]]), ("bob", &[[10.0, 0.0], [10.2, 0.0]])]);
    let found = calibrate_with(&gallery, &scoring, &LookAlikes::default());
    assert_eq!(found.genuine.comparisons, 4);
    let bob = found.by_person[1].worst.expect("two samples").get();
    assert!((bob - (0.2 - 9.1)).abs() < 1e-4, "0.2 apart, 9 and 9.2 from the cohort: {bob}");
    let strangers = found.strangers.expect("a cohort");
    assert_eq!((strangers.faces, strangers.counts.comparisons), (3, 6));
    let without = calibrate_with(&gallery, &Scoring::default(), &LookAlikes::default());
    assert_eq!(without.strangers, None);
    assert_eq!(without.impostors.pairs, found.impostors.pairs, "made-up faces are no pairs");
}

#[test]
fn the_picture_shows_both_kinds_and_the_threshold() {
    let found = calibrated(&[("ada", &[[0.0, 0.0], [0.1, 0.0]]), ("bob", &[[0.8, 0.0], [0.9, 0.0]])]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("calibration.svg");
    for found in [found, calibrated(&[])] {
        plot::write_histograms(&file, "two people", &found).expect("written");
        let text = std::fs::read_to_string(&file).expect("text");
        assert!(["same person", "two people", "threshold"].iter().all(|part| text.contains(part)), "{text}");
    }
}
