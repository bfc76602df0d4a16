//! The prompt lights at given moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::door::line_for_tests::WatchedLine;

const LEFT: Option<Prompt> = Some(Prompt::Turn(Side::Left));
const RIGHT: Option<Prompt> = Some(Prompt::Turn(Side::Right));
const STRAIGHT: Option<Prompt> = Some(Prompt::Straight);

/// Two lights, and what is lit.
fn lights() -> (PromptLights, [Arc<AtomicBool>; 2]) {
    let lit = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let [left, right] =
        lit.each_ref().map(|on| Some(Box::new(WatchedLine(Arc::clone(on))) as Box<dyn OutputLine>));
    (PromptLights::new(left, right), lit)
}

fn at(ms: u64) -> Moment {
    Moment::from_boot(Duration::from_millis(ms))
}

fn read(lit: &[Arc<AtomicBool>; 2]) -> [bool; 2] {
    lit.each_ref().map(|on| on.load(Ordering::SeqCst))
}

/// What is lit at each of these milliseconds, when the lights are woken as they ask to be.
fn seen(lights: &mut PromptLights, lit: &[Arc<AtomicBool>; 2], moments: &[u64]) -> Vec<[bool; 2]> {
    let mut seen = Vec::new();
    for ms in moments {
        while let Some(turn) = lights.next_turn().filter(|turn| *turn <= at(*ms)) {
            lights.let_time_pass(turn);
        }
        seen.push(read(lit));
    }
    seen
}

#[test]
fn the_light_of_the_asked_side_blinks_and_the_other_is_dark() {
    for (prompt, lit_side) in [(LEFT, [true, false]), (RIGHT, [false, true])] {
        let (mut lights, lit) = lights();
        assert!(lights.show(at(0), prompt));
        let found = seen(&mut lights, &lit, &[0, 199, 200, 399, 400, 600, 800]);
        let dark = [false; 2];
        assert_eq!(found, [lit_side, lit_side, dark, dark, lit_side, dark, lit_side], "{prompt:?}");
    }
}

#[test]
fn straight_is_both_lights_steady_and_no_prompt_is_both_dark() {
    let (mut lights, lit) = lights();
    assert_eq!(read(&lit), [false; 2]);
    lights.show(at(0), STRAIGHT);
    assert_eq!(seen(&mut lights, &lit, &[0, 300, 5000]), [[true; 2]; 3]);
    lights.show(at(5001), None);
    assert_eq!(seen(&mut lights, &lit, &[5001, 20_000]), [[false; 2]; 2]);
    assert_eq!(lights.next_turn(), None);
}

#[test]
fn the_same_prompt_again_is_no_new_one_and_does_not_disturb_the_blinking() {
    let (mut lights, lit) = lights();
    lights.show(at(0), LEFT);
    assert_eq!(seen(&mut lights, &lit, &[250]), [[false, false]]);
    assert!(!lights.show(at(260), LEFT));
    assert_eq!(seen(&mut lights, &lit, &[270, 400]), [[false, false], [true, false]]);
}

#[test]
fn a_prompt_ends_by_itself_and_stays_ended_while_it_is_asked_for_again() {
    for prompt in [LEFT, STRAIGHT] {
        let (mut lights, lit) = lights();
        lights.show(at(0), prompt);
        for ms in (0..7900).step_by(100) {
            lights.show(at(ms), prompt);
        }
        assert_eq!(seen(&mut lights, &lit, &[8000]), [[false; 2]], "{prompt:?}");
        lights.show(at(8100), prompt);
        assert_eq!(seen(&mut lights, &lit, &[8100, 9000]), [[false; 2]; 2]);
        lights.show(at(9100), RIGHT);
        assert_eq!(seen(&mut lights, &lit, &[9100]), [[false, true]], "another prompt is shown");
    }
}

#[test]
fn both_lights_are_dark_when_they_are_dropped() {
    let (mut lights, lit) = lights();
    lights.show(at(0), STRAIGHT);
    drop(lights);
    assert_eq!(read(&lit), [false; 2]);
}

#[test]
fn left_is_one_tone_and_right_is_two() {
    assert_eq!([LEFT, RIGHT, STRAIGHT, None].map(tones), [1, 2, 0, 0]);
}
