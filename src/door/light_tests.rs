//! The light on faces at given moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::door::error::DoorError;
use crate::door::line_for_tests::WatchedLine;

fn at(ms: u64) -> Moment {
    Moment::from_boot(Duration::from_secs(100) + Duration::from_millis(ms))
}

fn pattern(byte: u8) -> LightPattern {
    LightPattern::from_bytes([byte; LightPattern::BYTES])
}

fn light() -> (FaceLight, Arc<AtomicBool>) {
    let lit = Arc::new(AtomicBool::new(false));
    (FaceLight::new(Some(Box::new(WatchedLine(Arc::clone(&lit))))), lit)
}

/// Wakes the light as it asks to be, until then.
fn wake(light: &mut FaceLight, until: Moment) {
    while let Some(turn) = light.next_turn().filter(|turn| *turn <= until) {
        light.let_time_pass(turn);
    }
}

#[test]
fn the_light_follows_its_pattern_and_says_when_it_changed() {
    let (mut light, lit) = light();
    light.show(at(0), Some(pattern(0)));
    for (ms, expected) in [(0, false), (199, false), (200, true), (399, true), (400, false), (650, true)] {
        wake(&mut light, at(ms));
        assert_eq!(lit.load(Ordering::SeqCst), expected, "{ms}");
    }
    let seen: Vec<(Moment, bool)> =
        light.state().read().changes().iter().map(|change| (change.at, change.lit)).collect();
    assert_eq!(seen, [(at(0), false), (at(200), true), (at(400), false), (at(600), true)]);
}

#[test]
fn a_pattern_ends_dark_and_does_not_begin_again_by_itself() {
    let (mut light, lit) = light();
    light.show(at(0), Some(pattern(100)));
    wake(&mut light, at(60_000));
    assert!(!lit.load(Ordering::SeqCst) && light.next_turn().is_none());
    light.show(at(61_000), Some(pattern(100)));
    assert_eq!(light.next_turn(), None);
    light.show(at(62_000), Some(pattern(101)));
    assert_eq!(light.next_turn(), Some(at(62_301)));
}

#[test]
fn the_light_is_dark_as_soon_as_nobody_is_judged_and_when_it_is_dropped() {
    let (mut light, lit) = light();
    for end in ["told", "dropped"] {
        light.show(at(0), Some(pattern(0)));
        wake(&mut light, at(250));
        assert!(lit.load(Ordering::SeqCst), "{end}");
        if end == "told" {
            light.show(at(260), None);
        } else {
            drop(light);
            assert!(!lit.load(Ordering::SeqCst), "dropped");
            return;
        }
        assert!(!lit.load(Ordering::SeqCst) && light.next_turn().is_none());
        assert_eq!(light.state().read().changes.back(), Some(&LightChange { at: at(260), lit: false }));
    }
}

#[test]
fn a_thread_that_wakes_late_stamps_the_change_when_it_is_made() {
    let (mut light, lit) = light();
    light.show(at(0), Some(pattern(0)));
    light.let_time_pass(at(230));
    assert!(lit.load(Ordering::SeqCst));
    assert_eq!(light.state().read().changes.back(), Some(&LightChange { at: at(230), lit: true }));
    light.let_time_pass(at(650));
    assert_eq!(light.state().read().changes.len(), 2, "lit before and lit now: nothing changed");
    assert_eq!(light.next_turn().map(|turn| turn <= at(800)), Some(true));
}

#[test]
fn only_so_many_changes_are_kept() {
    let (mut light, _) = light();
    for number in 0..6 {
        light.show(at(100_000 * number), Some(pattern(number as u8)));
        wake(&mut light, at(100_000 * number + 90_000));
    }
    assert_eq!(light.state().read().changes.len(), KEPT);
}

/// A line that cannot be driven while a test says so.
struct Broken(Arc<AtomicBool>);

impl OutputLine for Broken {
    fn drive(&mut self, _: bool) -> Result<(), DoorError> {
        if self.0.load(Ordering::SeqCst) {
            return Err(DoorError::Failed { line: "wire".into(), what: "broken".into() });
        }
        Ok(())
    }
    fn is_active(&self) -> Result<bool, DoorError> {
        Ok(false)
    }
    fn describe(&self) -> String {
        "wire".to_owned()
    }
}

#[test]
fn a_line_that_fails_is_trouble_until_it_works_again_and_tells_no_changes() {
    let broken = Arc::new(AtomicBool::new(false));
    let mut light = FaceLight::new(Some(Box::new(Broken(Arc::clone(&broken)))));
    light.show(at(0), Some(pattern(0)));
    wake(&mut light, at(210));
    assert_eq!(light.state().read().changes.len(), 2);
    broken.store(true, Ordering::SeqCst);
    light.let_time_pass(at(410));
    let failed = light.state().read();
    assert!(failed.trouble.is_some_and(|what| what.contains("broken")) && failed.changes.is_empty());
    broken.store(false, Ordering::SeqCst);
    light.let_time_pass(at(610));
    assert!(light.state().read().trouble.is_none());
}

#[test]
fn without_a_line_nothing_is_ever_said_to_be_lit() {
    let mut light = FaceLight::none();
    light.show(at(0), Some(pattern(0)));
    wake(&mut light, at(10_000));
    assert_eq!(light.state().read(), LightState::default());
}
