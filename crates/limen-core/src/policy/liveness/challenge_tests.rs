//! Each rule of a challenge, each with its control that passes.

use super::*;
use crate::event::{TrackId, Turn};

const LIMITS: LivenessLimits = LivenessLimits {
    solid: LogRatio::new(6.0),
    side: LogRatio::new(4.0),
    turn: LogRatio::new(3.0),
    sheet: LogRatio::new(-3.0),
    light: LogRatio::new(1.0),
    compares: true,
};

fn at(ms: u64) -> Moment {
    Moment::from_boot(Duration::from_millis(ms))
}

/// A challenge, a head that answers it frame by frame, and what became of it.
struct Attempt {
    challenge: Challenge,
    limits: LivenessLimits,
    ms: u64,
    proof: f32,
    like_itself: Option<bool>,
    progress: Progress,
}

impl Attempt {
    /// A challenge of some order of sides, which begins at 1000 ms.
    fn new() -> Self {
        let wanted =
            |draw: &Draw| draw.steps().iter().map(|step| step.side).eq([Side::Left, Side::Right, Side::Left]);
        let draw = (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))).find_map(|(a, b)| {
            let mut bytes = [0; Draw::BYTES];
            (bytes[0], bytes[4]) = (a, b);
            Some(Draw::from_bytes(bytes, false)).filter(wanted)
        });
        let challenge = Challenge::new(&draw.expect("the order is drawn"), at(1000));
        Self {
            challenge,
            limits: LIMITS,
            ms: 1000,
            proof: 5.0,
            like_itself: Some(true),
            progress: Progress::GoesOn,
        }
    }

    /// One frame of a head at this angle; positive is left.
    fn frame(&mut self, yaw: f32) -> &mut Self {
        self.ms += 33;
        self.show(Motion {
            track: TrackId(1),
            taken: at(self.ms),
            yaw,
            pitch: 0.0,
            turn: turn_of(yaw, self.proof),
            solid: LogRatio::default(),
            light: None,
            like_itself: if yaw.abs() >= 18.0 { self.like_itself } else { None },
            cue: None,
        })
    }

    fn show(&mut self, motion: Motion) -> &mut Self {
        if self.progress == Progress::GoesOn {
            self.progress = self.challenge.pass_time(at(self.ms), &self.limits);
        }
        if self.progress == Progress::GoesOn {
            self.progress = self.challenge.moved(&motion, at(self.ms), &self.limits);
        }
        self
    }

    /// Holds the head at an angle for so many milliseconds.
    fn hold(&mut self, yaw: f32, ms: u64) -> &mut Self {
        let end = self.ms + ms;
        while self.ms < end {
            self.frame(yaw);
        }
        self
    }

    /// Looks straight until the next prompt.
    fn wait(&mut self) -> &mut Self {
        for _ in 0..60 {
            if !matches!(self.challenge.phase, Phase::Prompted { .. }) {
                self.frame(0.0);
            }
        }
        self
    }

    /// Waits for the prompt, and turns this far after so many milliseconds.
    fn answer(&mut self, after: u64, yaw: f32) -> &mut Self {
        self.wait().hold(0.0, after).frame(yaw / 2.0).frame(yaw).frame(yaw).frame(yaw / 2.0).frame(0.0)
    }

    fn ends(&self, expected: Progress) {
        assert_eq!(self.progress, expected, "at {} ms: {:?}", self.ms, self.challenge.phase);
    }
}

fn turn_of(yaw: f32, proof: f32) -> Option<Turn> {
    let side = if yaw > 0.0 { Side::Left } else { Side::Right };
    (yaw.abs() >= 18.0).then_some(Turn { side, proof: LogRatio::new(proof) })
}

fn failed(failure: Failure) -> Progress {
    Progress::Failed(failure)
}

#[test]
fn a_head_that_turns_as_asked_and_looks_straight_again_is_done() {
    for after in [200, 400, 900] {
        let mut attempt = Attempt::new();
        attempt.answer(after, 28.0).answer(after, -28.0);
        attempt.ends(Progress::GoesOn);
        attempt.answer(after, 28.0).ends(Progress::Done);
        assert!(attempt.ms < 1000 + 6000);
    }
    let mut turned = Attempt::new();
    turned.answer(400, 28.0).answer(400, -28.0).wait().hold(0.0, 400).frame(14.0).hold(28.0, 300);
    turned.ends(Progress::GoesOn);
    assert_eq!(turned.challenge.prompt(), Prompt::Good);
    turned.frame(9.0).ends(Progress::Done);
}

#[test]
fn prompts_follow_the_order_and_show_nothing_of_the_next_step() {
    let mut attempt = Attempt::new();
    assert_eq!(attempt.frame(0.0).challenge.prompt(), Prompt::Straight);
    let mut seen = Vec::new();
    for yaw in [28.0, -28.0, 28.0] {
        seen.push(attempt.wait().challenge.prompt());
        attempt.answer(300, yaw);
        seen.push(attempt.challenge.prompt());
    }
    let (left, right) = (Prompt::Turn(Side::Left), Prompt::Turn(Side::Right));
    assert_eq!(seen, [left, Prompt::Straight, right, Prompt::Straight, left, Prompt::Good]);
}

#[test]
fn a_turn_to_the_other_side_ends_the_attempt() {
    Attempt::new().answer(400, -28.0).ends(failed(Failure::WrongTurn(Side::Right)));
    Attempt::new().answer(400, 28.0).answer(400, 28.0).ends(failed(Failure::WrongTurn(Side::Left)));
    Attempt::new().answer(400, 28.0).answer(400, -28.0).ends(Progress::GoesOn);
}

#[test]
fn a_head_that_still_returns_from_the_other_side_has_not_begun_to_turn() {
    let mut attempt = Attempt::new();
    attempt.wait().hold(0.0, 300).frame(14.0).frame(28.0).hold(8.0, 1200);
    assert_eq!(attempt.challenge.prompt(), Prompt::Turn(Side::Right));
    attempt.frame(3.0).frame(-2.0).frame(-5.0).ends(Progress::GoesOn);
}

#[test]
fn a_turn_before_the_prompt_or_too_soon_after_it_ends_the_attempt() {
    Attempt::new().frame(0.0).frame(20.0).frame(0.0).ends(Progress::GoesOn);
    Attempt::new().frame(0.0).frame(20.0).frame(20.0).ends(failed(Failure::WrongTurn(Side::Left)));
    Attempt::new().wait().frame(0.0).frame(8.0).ends(failed(Failure::WrongTurn(Side::Left)));
    Attempt::new().answer(160, 28.0).ends(Progress::GoesOn);
    let mut before = Attempt::new();
    before
        .answer(400, 28.0)
        .hold(0.0, 60)
        .frame(-20.0)
        .frame(-20.0)
        .ends(failed(Failure::WrongTurn(Side::Right)));
}

#[test]
fn who_does_not_turn_in_time_has_not_responded() {
    Attempt::new().wait().hold(0.0, 1600).ends(failed(Failure::NoResponse));
    Attempt::new().answer(1400, 28.0).ends(Progress::GoesOn);
    Attempt::new().answer(1520, 28.0).ends(failed(Failure::NoResponse));
    let mut frozen = Attempt::new();
    frozen.wait();
    let limits = &LIMITS;
    assert_eq!(
        frozen.challenge.pass_time(at(frozen.ms + 1700), limits),
        Progress::GoesOn,
        "frames on the way"
    );
    assert_eq!(frozen.challenge.pass_time(at(frozen.ms + 1800), limits), failed(Failure::NoResponse));
}

#[test]
fn a_turn_without_enough_proof_is_open_and_that_of_a_sheet_is_a_sheet() {
    for (proof, failure) in [(2.9, Failure::Unsure), (-2.9, Failure::Unsure), (-3.0, Failure::Sheet)] {
        let mut attempt = Attempt::new();
        attempt.proof = proof;
        attempt.wait().hold(0.0, 300).frame(14.0).hold(28.0, 3000).ends(failed(failure));
    }
    let mut late = Attempt::new();
    late.proof = -9.0;
    late.wait().hold(0.0, 300).frame(14.0).hold(28.0, 500);
    late.proof = 3.0;
    late.frame(28.0).ends(Progress::GoesOn);
    assert_eq!(late.challenge.done().collect::<Vec<_>>(), [Side::Left], "the best frame counts");
}

#[test]
fn a_turned_face_that_is_not_like_itself_is_open() {
    let mut other = Attempt::new();
    other.like_itself = Some(false);
    other.wait().hold(0.0, 300).frame(14.0).hold(28.0, 200);
    // A frame that was not compared does not make up for one that was.
    other.like_itself = None;
    other.hold(28.0, 300);
    // Nor does a frame that is like itself, but shows too little, for a better one that is not.
    (other.like_itself, other.proof) = (Some(true), 2.0);
    other.hold(28.0, 3000).ends(failed(Failure::Unsure));
    let mut unknown = Attempt::new();
    unknown.like_itself = None;
    unknown.wait().hold(0.0, 300).frame(14.0).hold(28.0, 3000).ends(failed(Failure::Unsure));
    unknown = Attempt { limits: LivenessLimits { compares: false, ..LIMITS }, ..Attempt::new() };
    unknown.like_itself = None;
    unknown.answer(400, 28.0).answer(400, -28.0).answer(400, 28.0).ends(Progress::Done);
}

#[test]
fn a_head_that_has_not_returned_delays_the_prompt() {
    let mut attempt = Attempt::new();
    attempt.wait().hold(0.0, 300).frame(14.0).frame(28.0).hold(24.0, 1500);
    assert_eq!(attempt.challenge.prompt(), Prompt::Straight);
    attempt.ends(Progress::GoesOn);
    attempt.frame(5.0);
    assert_eq!(attempt.challenge.prompt(), Prompt::Turn(Side::Right));
}

#[test]
fn no_attempt_lasts_longer_than_six_seconds() {
    let mut slow = Attempt::new();
    slow.hold(14.0, 5000);
    assert_eq!(slow.challenge.deadline(at(slow.ms)), at(7000));
    assert_eq!(slow.challenge.pass_time(at(6999), &LIMITS), Progress::GoesOn);
    assert_eq!(slow.challenge.pass_time(at(7000), &LIMITS), failed(Failure::Unsure));
    let mut turned = Attempt::new();
    turned.hold(14.0, 6000).ends(failed(Failure::Unsure));
}

#[test]
fn old_frames_and_frames_out_of_order_count_for_nothing_and_no_number_is_no_direction() {
    let mut attempt = Attempt::new();
    attempt.wait();
    let mut motion = Motion {
        track: TrackId(1),
        taken: at(attempt.ms - 100),
        yaw: -40.0,
        pitch: 0.0,
        turn: turn_of(-40.0, 9.0),
        solid: LogRatio::default(),
        light: None,
        like_itself: None,
        cue: None,
    };
    attempt.show(motion.clone()).ends(Progress::GoesOn);
    motion.taken = at(attempt.ms + 500);
    attempt.show(motion.clone()).ends(Progress::GoesOn);
    motion.yaw = f32::NAN;
    attempt.ms += 33;
    motion.taken = at(attempt.ms);
    attempt.show(motion).hold(f32::NAN, 1700).ends(failed(Failure::NoResponse));
}
