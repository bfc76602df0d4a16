//! Thresholds from tables made by hand.

use super::*;

const MANIFEST: &str = r#"
    [[model]]
    name = "m"
    [[model.error-rates]]
    cohort = "none"
    crops = "mirrored"
    templates = 1
    frames = 1
    fitted-below = 1e-5
    rates = [[1e-2, 0.6], [1e-4, 0.5], [1e-6, 0.4]]
    [[model.error-rates]]
    cohort = "none"
    crops = "mirrored"
    templates = 2
    frames = 2
    rates = [[1e-2, 0.5], [1e-4, 0.4], [1e-6, 0.3]]
    [[model.error-rates]]
    cohort = "none"
    crops = "mirrored-template"
    templates = 1
    frames = 1
    rates = [[1e-2, 0.62], [1e-4, 0.52], [1e-6, 0.42]]
    [[model.error-rates]]
    cohort = "c"
    crops = "mirrored"
    templates = 1
    frames = 1
    rates = [[1e-2, -0.1], [1e-4, -0.2]]
"#;

const ONE: Case = Case { people: 1, photographs: 1, frames: 1, crops: Crops::Mirrored };

fn target(far: f64) -> Thresholds {
    Thresholds::for_target(MANIFEST, "m", "none", far, 1).expect("tables")
}

fn threshold(thresholds: &Thresholds, case: Case) -> f32 {
    thresholds.threshold(case).get()
}

fn distance(value: f32) -> Distance {
    Distance::new(value).expect("a distance")
}

#[test]
fn a_measured_rate_gives_its_measured_distance() {
    assert!((threshold(&target(1e-4), ONE) - 0.5).abs() < 1e-4);
    assert!((threshold(&target(1e-3), ONE) - 0.55).abs() < 1e-4);
}

#[test]
fn a_rate_of_one_comparison_is_asked_for_whatever_was_chosen() {
    let fixed = Thresholds::fixed(MANIFEST, "m", Metric::L2, distance(0.9)).expect("tables");
    let one = fixed.of_one_comparison(1e-4).expect("tables");
    assert!((threshold(&one, ONE) - 0.5).abs() < 1e-4);
    assert!(
        Thresholds::fixed("model = []", "m", Metric::L2, distance(0.9))
            .expect("none")
            .of_one_comparison(1e-4)
            .is_none()
    );
}

#[test]
fn more_people_and_more_tries_need_a_smaller_distance() {
    let one = target(1e-4).threshold(ONE);
    assert!(target(1e-4).threshold(Case { people: 100, ..ONE }) < one);
    let tries = Thresholds::for_target(MANIFEST, "m", "none", 1e-4, 10).expect("tables");
    assert!(tries.threshold(ONE) < one);
}

#[test]
fn a_missing_key_takes_the_strictest_row() {
    assert!((threshold(&target(1e-4), Case { frames: 2, ..ONE }) - 0.4).abs() < 1e-4);
    let many = Case { photographs: 9, frames: 9, ..ONE };
    assert!((threshold(&target(1e-4), many) - 0.4).abs() < 1e-4);
}

#[test]
fn crops_have_tables_of_their_own() {
    let of = |crops| threshold(&target(1e-4), Case { crops, ..ONE });
    assert!((of(Crops::Plain) - 0.52).abs() < 1e-4);
    assert!((of(Crops::Mirrored) - 0.5).abs() < 1e-4);
}

#[test]
fn a_table_of_one_cohort_is_not_valid_for_another() {
    let centred = Thresholds::for_target(MANIFEST, "m", "c", 1e-4, 1).expect("tables");
    assert!((threshold(&centred, ONE) + 0.2).abs() < 1e-4);
    assert!(Thresholds::for_target(MANIFEST, "m", "another", 1e-4, 1).is_err());
}

#[test]
fn below_the_table_its_last_distance_holds() {
    assert_eq!(threshold(&target(1e-9), ONE), 0.4);
}

#[test]
fn a_fixed_distance_tells_what_it_means() {
    let fixed = Thresholds::fixed(MANIFEST, "m", Metric::L2, distance(0.5)).expect("tables");
    assert_eq!(threshold(&fixed, Case { people: 1000, ..ONE }), 0.5);
    let rate = fixed.rate_of(distance(0.5).into(), ONE).expect("measured");
    assert!((rate - 3e-4).abs() < 1e-5, "{rate}");
}

#[test]
fn rates_below_the_counted_range_are_marked() {
    assert!(target(1e-6).is_extrapolated(ONE));
    assert!(!target(1e-4).is_extrapolated(ONE));
}

#[test]
fn a_model_that_was_never_measured_has_no_threshold() {
    let error = Thresholds::for_target(MANIFEST, "other", "none", 1e-4, 1).expect_err("no table");
    assert!(error.to_string().contains("max-distance"));
}

#[test]
fn tables_that_rise_or_hold_nonsense_are_refused() {
    for (from, to, says) in [
        ("0.4]]", "0.7]]", "fall from row to row"),
        ("1e-6", "2.0", "between 0 and 1"),
        ("1e-6", "nan", "between 0 and 1"),
        ("0.6", "nan", "scores be finite"),
        ("0.6", "inf", "scores be finite"),
        ("0.6", "1e300", "scores be finite"),
        ("0.4]]", "-0.4]]", "not negative"),
        ("fitted-below = 1e-5", "fitted-below = nan", "fitted-below must lie between 0 and 1"),
    ] {
        let text = MANIFEST.replacen(from, to, 1);
        let error = Thresholds::for_target(&text, "m", "none", 1e-4, 1).expect_err(to).to_string();
        let table = "model m: error-rate table mirrored of 1 templates, 1 frames: ";
        assert!(error.starts_with(table) && error.contains(says), "{to}: {error}");
    }
}

#[test]
fn what_is_no_rate_is_no_target() {
    for far in [f64::NAN, f64::INFINITY, 0.0, -1e-4] {
        let error = Thresholds::for_target(MANIFEST, "m", "none", far, 1).expect_err("no rate");
        assert!(error.to_string().contains("no false accept rate"), "{error}");
        assert!(target(1e-4).of_one_comparison(far).is_none(), "{far}");
    }
}

#[test]
fn a_target_is_met_as_far_as_the_table_reaches_and_beyond_that_what_is_met_is_said() {
    let promise = |people| target(1e-4).promise(Case { people, ..ONE }).expect("a target");
    assert_eq!(promise(1), Promise { asked: 1e-4, met: 1e-4, people: 100 });
    assert!(promise(100).is_kept() && !promise(101).is_kept());
    let far = promise(1000);
    assert!((far.met - 1e-3).abs() < 1e-6 && !far.is_kept(), "{far:?}");
    let score = target(1e-4).threshold(Case { people: 1000, ..ONE });
    let meant = target(1e-4).rate_of(score, Case { people: 1000, ..ONE }).expect("measured");
    assert!((meant - far.met).abs() < 1e-9, "{meant} {far:?}");
}

#[test]
fn a_door_promises_what_the_worst_of_its_tables_does() {
    let mut text = MANIFEST.to_owned();
    text.push_str(
        "[[model.error-rates]]\ncohort = \"none\"\ncrops = \"mirrored-template\"\ntemplates = 2\nframes = 1\n\
         rates = [[1e-2, 0.6], [1e-5, 0.45]]\n",
    );
    let thresholds = Thresholds::for_target(&text, "m", "none", 1e-4, 1).expect("tables");
    let at = |photographs: &[usize]| {
        thresholds.promise_at_a_door(100, photographs.iter().copied(), 1).expect("a target")
    };
    assert!(at(&[1]).is_kept());
    assert!((at(&[1, 2]).met - 1e-3).abs() < 1e-6, "{:?}", at(&[1, 2]));
}

#[test]
fn a_fixed_distance_beyond_every_face_is_refused() {
    let fixed = |manifest, metric, value| Thresholds::fixed(manifest, "m", metric, distance(value));
    assert!(fixed("model = []", Metric::Cosine, 2.0).is_ok());
    assert!(fixed("model = []", Metric::L2, 20.0).is_ok(), "of long vectors");
    for (manifest, metric) in [("model = []", Metric::Cosine), (MANIFEST, Metric::L2)] {
        let error = fixed(manifest, metric, 6.0).expect_err("everybody").to_string();
        assert!(error.contains("max-distance = 6.000 accepts everybody"), "{error}");
    }
}

#[test]
fn a_fixed_distance_promises_nothing() {
    let fixed = Thresholds::fixed(MANIFEST, "m", Metric::L2, distance(0.5)).expect("tables");
    assert_eq!(fixed.promise(ONE), None);
}
