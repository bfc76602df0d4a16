//! Heads, sheets and replays in a light that was drawn by lot.

use limen_core::event::LightPattern;

use super::*;

const START: Moment = Moment::from_boot(Duration::from_secs(100));

/// Numbers that look random.
struct Lot(u64);

impl Lot {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// From -1 to 1.
    fn both_ways(&mut self) -> f32 {
        2.0 * self.next() - 1.0
    }

    fn pattern(&mut self) -> LightPattern {
        LightPattern::from_bytes(std::array::from_fn(|_| (self.next() * 255.0) as u8))
    }
}

/// The changes of a line that is driven by a pattern, for so long.
fn driven(pattern: &LightPattern, seconds: u64) -> Vec<LightChange> {
    let change = |at: Duration| LightChange { at: START + at, lit: pattern.is_lit(at) };
    let all = std::iter::successors(Some(Duration::ZERO), |at| pattern.next_change(*at));
    all.take_while(|at| *at <= Duration::from_secs(seconds)).map(change).collect()
}

/// A face before a camera.
#[derive(Clone, Copy)]
struct Scene {
    /// By how much nose and sides become brighter in the light: the logarithms of the factors.
    answers: (f32, f32),
    /// How long the picture lags, in milliseconds.
    lag: u64,
    fps: u64,
    /// The share of frames that are lost.
    lost: f32,
    /// How much the brightness wanders by itself, of nose and sides together, and of each alone.
    wanders: (f32, f32),
    seconds: u64,
}

const HEAD: Scene =
    Scene { answers: (0.4, 0.2), lag: 70, fps: 30, lost: 0.0, wanders: (0.02, 0.005), seconds: 6 };
const SHEET: Scene = Scene { answers: (0.3, 0.3), ..HEAD };

impl Scene {
    /// The evidence of a face that is seen while `shown` drives it, and the changes of the real line.
    fn watch(
        &self,
        lot: &mut Lot,
        line: &LightPattern,
        shown: &LightPattern,
    ) -> (LightEvidence, Vec<LightChange>) {
        let mut evidence = LightEvidence::default();
        let mut wandered = 0.0;
        for frame in 0..self.seconds * self.fps {
            let taken = START + Duration::from_millis(frame * 1000 / self.fps + 3);
            wandered += self.wanders.0 * lot.both_ways();
            let noise = [lot.both_ways() * self.wanders.1, lot.both_ways() * self.wanders.1];
            if lot.next() < self.lost {
                continue;
            }
            let lit =
                f32::from(u8::from(shown.is_lit((taken - Duration::from_millis(self.lag)).since(START))));
            let [nose, sides] = [self.answers.0, self.answers.1].map(|answer| 4.5 + wandered + lit * answer);
            let seen =
                Reflection { nose: nose + noise[0], sides: sides + noise[1], beside: Some(4.0 + wandered) };
            evidence.add(TrackId(1), taken, Some(seen));
        }
        (evidence, driven(line, self.seconds))
    }

    /// What the light says, where the line drives the face and the delay is known.
    fn says(&self, seed: u64) -> Option<f32> {
        let mut lot = Lot(seed);
        let pattern = lot.pattern();
        let (evidence, changes) = self.watch(&mut lot, &pattern, &pattern);
        ratio(&evidence, &changes, self.lag)
    }
}

fn ratio(evidence: &LightEvidence, changes: &[LightChange], lag: u64) -> Option<f32> {
    evidence.ratio(changes, Duration::from_millis(lag), &LightModel::for_tests()).map(LogRatio::get)
}

/// As much as light can say with two of each measured.
fn most() -> f32 {
    LightModel::for_tests().most().get()
}

#[test]
fn a_nose_that_returns_more_light_than_the_sides_is_a_heads_and_one_that_does_not_a_sheets() {
    for seed in 0..60 {
        assert_eq!(HEAD.says(seed), Some(most()), "{seed}");
        assert_eq!(SHEET.says(seed), Some(-most()), "{seed}");
    }
}

#[test]
fn a_slow_camera_that_loses_frames_and_lags_sees_the_same() {
    for (fps, lost, lag) in [(10, 0.2, 0), (15, 0.3, 120), (30, 0.6, 250), (60, 0.5, 30)] {
        for seed in 0..40 {
            let seen = Scene { fps, lost, lag, seconds: 8, ..HEAD };
            let (head, sheet) = (seen.says(seed), Scene { answers: SHEET.answers, ..seen }.says(seed));
            assert!(head.is_none_or(|ratio| ratio > 0.5), "{fps} {seed}: {head:?}");
            assert!(sheet.is_none_or(|ratio| ratio < -0.5), "{fps} {seed}: {sheet:?}");
            assert!(head.is_some() && sheet.is_some(), "{fps} {lost} {seed}");
        }
    }
}

#[test]
fn a_face_that_does_not_answer_says_nothing() {
    for seed in 0..100 {
        assert_eq!(Scene { answers: (0.0, 0.0), ..HEAD }.says(seed), None, "no light reaches it");
        assert_eq!(Scene { answers: (-0.4, -0.2), ..HEAD }.says(seed), None, "darker when it is lit");
    }
    assert_eq!(Scene { seconds: 1, ..HEAD }.says(1), None, "too few changes");
}

#[test]
fn a_recording_of_a_face_in_another_pattern_seldom_shows_a_head() {
    let passes = |seed: u64| {
        let mut lot = Lot(seed);
        let (line, shown) = (lot.pattern(), lot.pattern());
        let (evidence, changes) = HEAD.watch(&mut lot, &line, &shown);
        ratio(&evidence, &changes, HEAD.lag).is_some_and(|ratio| ratio > 0.0)
    };
    let passed = (0..400).filter(|seed| passes(*seed)).count();
    // One in eight: so light alone adds little, and never shows a head by itself.
    assert!(passed <= 60, "{passed} of 400");
}

#[test]
fn a_delay_that_is_wrong_by_a_whole_light_shows_no_head() {
    for seed in 0..60 {
        let mut lot = Lot(seed);
        let pattern = lot.pattern();
        let (evidence, changes) = HEAD.watch(&mut lot, &pattern, &pattern);
        let wrong = ratio(&evidence, &changes, HEAD.lag + 300);
        assert!(wrong.is_none_or(|ratio| ratio < most()), "{seed}: {wrong:?}");
    }
}

#[test]
fn another_track_begins_anew_and_an_older_frame_counts_for_nothing() {
    let mut lot = Lot(3);
    let pattern = lot.pattern();
    let (mut evidence, changes) = HEAD.watch(&mut lot, &pattern, &pattern);
    let flat = Reflection { nose: 0.0, sides: 9.0, beside: None };
    (0..50).for_each(|ms| evidence.add(TrackId(1), START + Duration::from_millis(ms), Some(flat)));
    assert_eq!(ratio(&evidence, &changes, HEAD.lag), Some(most()));
    evidence.add(TrackId(2), START + Duration::from_secs(9), Some(flat));
    assert_eq!(ratio(&evidence, &changes, HEAD.lag), None);
}

#[test]
fn what_is_beside_the_face_is_told_for_whoever_mounts_the_light() {
    let mut lot = Lot(5);
    let pattern = lot.pattern();
    let (evidence, changes) = HEAD.watch(&mut lot, &pattern, &pattern);
    let difference = evidence.difference(&changes, Duration::from_millis(HEAD.lag)).expect("a difference");
    assert!((difference.nose - 0.4).abs() < 0.06 && (difference.sides - 0.2).abs() < 0.06, "{difference:?}");
    assert!(difference.beside.is_some_and(|by| by.abs() < 0.06), "{difference:?}");
}
