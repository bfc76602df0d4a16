//! The light on faces: when it is lit, and what it changes; each denial with its control that opens.

use super::liveness_scene::{CHALLENGE, Scene, by_pin, right, still};
use super::*;
use crate::event::{ChallengeOutcome, LivenessProof, Prompt, Refusal};
use crate::people::ChallengeRule;

const MOTION: LivenessRules = LivenessRules { mode: LivenessMode::Motion, prompts: false, ..CHALLENGE };

/// Every time the light was told to begin, or to end.
fn told(scene: &Scene) -> Vec<bool> {
    let told = |action: &Action| match action {
        Action::Light(lit) => Some(*lit),
        _ => None,
    };
    scene.seen.iter().filter_map(told).collect()
}

#[test]
fn the_light_is_lit_while_somebody_is_judged_and_dark_before_and_after() {
    let mut scene = Scene::new(CHALLENGE);
    scene.frame(0.0);
    assert_eq!((scene.lit, told(&scene)), (false, Vec::new()), "nobody was recognised yet");
    scene.hold(0.0, 200);
    assert!(scene.lit);
    scene.answer(7500, right);
    assert_eq!((scene.granted().len(), told(&scene)), (1, vec![true, false]));
}

#[test]
fn the_light_is_dark_after_every_way_in_which_judging_ends() {
    type Ends = fn(&mut Scene);
    let ends: [(&str, Ends); 7] = [
        ("refused", |scene| scene.answer(20_000, still)),
        ("gone", Scene::next_track),
        ("reload", |scene| {
            let access = Arc::new((*anytime()).clone());
            scene.policy.replace_rules(Rules { liveness: CHALLENGE, ..RULES }, access);
            scene.hear(Event::Tick);
        }),
        ("people", |scene| {
            let standings = standings(Standing::default());
            scene.hear(Event::NewStandings(standings));
        }),
        ("fault", |scene| scene.hear(Event::Failed(Part::Camera, "unplugged".to_owned()))),
        ("end", |scene| scene.hear(Event::Shutdown)),
        ("off", |scene| {
            let access = Arc::new((*anytime()).clone());
            scene.policy.replace_rules(RULES, access);
            scene.hear(Event::Tick);
        }),
    ];
    for (name, end) in ends {
        let mut scene = Scene::new(CHALLENGE);
        scene.hold(0.0, 300);
        assert!(scene.lit, "{name}");
        end(&mut scene);
        assert!(!scene.lit, "{name}: {:?}", told(&scene));
    }
}

#[test]
fn a_door_without_a_light_never_lights_and_neither_does_one_without_liveness() {
    let unlit = LivenessRules { light: false, ..CHALLENGE };
    for rules in [unlit, LivenessRules { light: true, ..LivenessRules::OFF }] {
        let mut scene = Scene::new(rules);
        scene.answer(7500, right);
        assert_eq!((scene.granted().len(), told(&scene)), (1, Vec::new()));
    }
}

#[test]
fn a_face_that_looks_flat_is_refused_although_it_turned_as_asked_and_one_that_does_not_comes_in() {
    for (light, granted) in [(Some(-1.0), false), (Some(-0.9), true), (Some(1.0), true), (None, true)] {
        let mut scene = Scene::new(CHALLENGE);
        scene.light = light;
        scene.answer(20_000, right);
        assert_eq!(!scene.granted().is_empty(), granted, "{light:?}: {:?}", scene.outcomes());
        if !granted {
            assert_eq!(scene.outcomes(), [ChallengeOutcome::LooksFlat; 2]);
            assert_eq!(scene.refused(), [Refusal::LooksFlat]);
        }
    }
}

#[test]
fn light_alone_never_takes_the_place_of_a_turn() {
    let mut scene = Scene::new(CHALLENGE);
    (scene.light, scene.solid) = (Some(f32::INFINITY), 5.9);
    scene.answer(20_000, still);
    assert_eq!((scene.granted(), scene.refused()), (Vec::new(), vec![Refusal::NoResponse]));
    let mut sheet = Scene::new(CHALLENGE);
    (sheet.light, sheet.proof) = (Some(f32::INFINITY), 2.9);
    sheet.answer(20_000, right);
    assert!(sheet.granted().is_empty(), "no turn is one of a solid head");
}

#[test]
fn in_motion_light_closes_a_small_gap_and_none_that_one_side_or_a_sheet_leaves() {
    for (solid, light, granted) in
        [(5.1, Some(1.0), true), (5.1, None, false), (4.9, Some(1.0), false), (4.0, Some(9.0), false)]
    {
        let mut scene = Scene::new(MOTION);
        (scene.solid, scene.light) = (solid, light);
        scene.hold(0.0, 10_500);
        assert_eq!(!scene.granted().is_empty(), granted, "{solid} {light:?}");
    }
    let mut sheet = Scene::new(MOTION);
    (sheet.solid, sheet.light) = (-3.0, Some(9.0));
    sheet.hold(0.0, 10_800);
    assert_eq!((sheet.granted(), sheet.refused()), (Vec::new(), vec![Refusal::Sheet]));
}

#[test]
fn in_motion_a_face_that_looks_flat_is_refused_for_that_and_who_moves_later_comes_in() {
    for (light, granted) in [(-1.0, false), (-0.2, true)] {
        let mut scene = Scene::new(MOTION);
        scene.light = Some(light);
        scene.hold(0.0, 1000);
        scene.solid = 7.5;
        scene.hold(0.0, 9800);
        assert_eq!(!scene.granted().is_empty(), granted, "{light}");
        assert_eq!(scene.refused(), if granted { vec![] } else { vec![Refusal::LooksFlat] });
    }
}

#[test]
fn a_pin_may_follow_a_face_that_looks_flat_where_it_may_follow_what_is_open() {
    let rules = LivenessRules { after_unsure: AfterUnsure::Pin, ..MOTION };
    let mut scene = Scene::with(rules, by_pin(ChallengeRule::Turn));
    scene.light = Some(-1.0);
    scene.hold(0.0, 10_800);
    scene.enter_pin();
    assert_eq!(scene.granted(), [Some(LivenessProof::PinAfterUnsure)]);
}

#[test]
fn what_the_light_showed_of_one_track_counts_for_no_other() {
    let mut scene = Scene::new(CHALLENGE);
    scene.light = Some(-1.0);
    scene.hold(0.0, 500);
    scene.next_track();
    scene.light = None;
    scene.answer(9000, right);
    assert_eq!(scene.granted(), [Some(LivenessProof::Challenge)]);
    assert_eq!(scene.prompt, None::<Prompt>);
}
