//! Scenes that follow a light, and scenes that do not.

use limen_core::event::LightPattern;

use super::*;
use crate::frame::{Picture, View as _};

const START: Moment = Moment::from_boot(Duration::from_secs(50));

fn numbers(seed: u64) -> impl FnMut() -> u8 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u8
    }
}

/// The changes of a line for five seconds.
fn changes(seed: u64) -> (LightPattern, Vec<LightChange>) {
    let mut next = numbers(seed);
    let pattern = LightPattern::from_bytes(std::array::from_fn(|_| next()));
    let all = std::iter::successors(Some(Duration::ZERO), |at| pattern.next_change(*at));
    let change = |at: Duration| LightChange { at: START + at, lit: pattern.is_lit(at) };
    let changes = all.take_while(|at| *at <= CALIBRATION).map(change).collect();
    (pattern, changes)
}

/// A scene whose left third becomes brighter by `by` when the light is lit, and through which somebody walks or not.
fn calibrated(seed: u64, lag: u64, fps: u64, by: u8, walks: bool) -> Option<Calibrated> {
    let (pattern, changes) = changes(seed);
    let mut calibration = Calibration::default();
    let mut next = numbers(seed + 1000);
    for frame in 0..fps * CALIBRATION.as_secs() {
        let taken = START + Duration::from_millis(frame * 1000 / fps);
        let lit = pattern.is_lit((taken - Duration::from_millis(lag)).since(START));
        let (added, noise) = (if lit { by } else { 0 }, next() % 3);
        let person = (frame * 200 / fps) as u32 % 900;
        let picture = Picture::from_fn(64, 48, |x, y| {
            let here = walks && x * 10 > person && x * 10 < person + 150;
            [if here { 180 } else { 60 + (x + y) as u8 / 4 + noise + if x < 22 { added } else { 0 } }; 3]
        });
        // One frame in ten is lost.
        if next() > 25 {
            calibration.add(taken, &picture.glance());
        }
    }
    calibration.result(&changes)
}

#[test]
fn the_delay_is_found_at_every_rate_of_frames_and_so_is_how_much_the_picture_changes() {
    for (fps, lag) in [(30, 0), (30, 70), (10, 120), (60, 33), (15, 200)] {
        for seed in 0..8 {
            let found = calibrated(seed, lag, fps, 9, false).unwrap_or_else(|| panic!("{fps} {lag} {seed}"));
            let off = found.delay.abs_diff(Duration::from_millis(lag));
            assert!(off <= Duration::from_millis(40), "{fps} {lag} {seed}: {found:?}");
            assert!((found.change - 9.0).abs() < 2.0, "{found:?}");
        }
    }
}

#[test]
fn a_picture_that_does_not_change_with_the_light_has_no_delay_also_while_somebody_walks_by() {
    for seed in 0..20 {
        for walks in [false, true] {
            assert_eq!(calibrated(seed, 70, 30, 0, walks), None, "{seed} {walks}");
        }
    }
    assert!(calibrated(1, 70, 30, 30, false).is_some(), "nobody walks by");
}

#[test]
fn too_few_frames_or_changes_say_nothing() {
    assert_eq!(calibrated(1, 70, 3, 9, false), None);
    let mut calibration = Calibration::default();
    let glance = Picture::from_fn(64, 48, |x, _| [x as u8; 3]).glance();
    (0..100).for_each(|frame| calibration.add(START + Duration::from_millis(33 * frame), &glance));
    assert_eq!(calibration.result(&[]), None);
    assert_eq!(calibration.result(&changes(1).1), None, "nothing changes");
}
