//! Attempts of clips that were written by hand.

use std::path::PathBuf;

use limen_core::event::{DenyCue, Motion, TrackId, Turn};

use super::super::clip_file::TimedPrompt;
use super::*;

const RULES: AttemptRules = AttemptRules {
    mode: AskMode::Challenge,
    frames: 3,
    limits: LivenessLimits {
        solid: LogRatio::new(5.0),
        side: LogRatio::new(3.0),
        turn: LogRatio::new(2.0),
        sheet: LogRatio::new(-3.0),
        light: LogRatio::new(0.0),
        compares: false,
    },
    may_ask_up: false,
    seed: 1,
};
const ASKED: [(Side, u64); 3] = [(Side::Left, 900), (Side::Right, 2500), (Side::Left, 4100)];
const INTERVAL: u64 = 50;

fn clip(live: bool, asked: &[(Side, u64)]) -> Clip {
    let prompt = |(side, ms): &(Side, u64)| TimedPrompt { side: *side, at: Duration::from_millis(*ms) };
    Clip {
        species: "made-up".to_owned(),
        name: "a".to_owned(),
        folder: PathBuf::from("made-up/a"),
        live,
        prompts: asked.iter().map(prompt).collect(),
        frames: Vec::new(),
    }
}

/// Six seconds in which the head is turned by this, with this proof.
fn frames(yaw: impl Fn(u64) -> f32, proof: f32) -> Vec<WatchedFrame> {
    let track = TrackId(1);
    let frame = |ms: u64| {
        let (taken, yaw) = (moment(Duration::from_millis(ms)), yaw(ms));
        let side = if yaw > 0.0 { Side::Left } else { Side::Right };
        let turn = (yaw.abs() >= 18.0).then_some(Turn { side, proof: LogRatio::new(proof) });
        let motion = Motion {
            track,
            taken,
            yaw,
            pitch: 0.0,
            turn,
            solid: LogRatio::new(proof),
            light: None,
            like_itself: turn.map(|_| true),
            cue: None,
        };
        WatchedFrame { taken, track: Some(track), is_usable: yaw.abs() < 15.0, motion: Some(motion) }
    };
    (0..6000).step_by(INTERVAL as usize).map(frame).collect()
}

/// A head that turns by 30 degrees, `delay` milliseconds after each prompt: there in 300 ms, back after 900.
fn answering(asked: &[(Side, u64)], delay: u64) -> impl Fn(u64) -> f32 {
    let asked = asked.to_vec();
    move |ms| {
        let turn = |(side, at): &(Side, u64)| {
            let since = ms.checked_sub(at + delay)? as f32;
            let size = (since / 300.0).min((900.0 - since) / 300.0).clamp(0.0, 1.0);
            Some(if *side == Side::Left { 30.0 * size } else { -30.0 * size })
        };
        asked.iter().filter_map(turn).sum()
    }
}

fn outcome(asked: &[(Side, u64)], frames: &[WatchedFrame]) -> AttemptOutcome {
    let found = attempts(&clip(true, asked), frames, &RULES);
    assert_eq!(found.len(), 1);
    found[0].outcome
}

#[test]
fn a_head_that_answers_the_prompts_of_its_clip_is_accepted() {
    for delay in [300, 400, 500] {
        let found = outcome(&ASKED, &frames(answering(&ASKED, delay), 6.0));
        assert_eq!(found, AttemptOutcome::Accepted, "after {delay} ms");
    }
}

#[test]
fn a_head_that_answers_other_prompts_or_none_is_not_accepted() {
    let other = [(Side::Right, 900), (Side::Left, 2500), (Side::Left, 4100)];
    let found = outcome(&other, &frames(answering(&ASKED, 400), 6.0));
    assert_eq!(found, AttemptOutcome::Refused(RefusalCause::WrongTurn));
    assert_eq!(outcome(&ASKED, &frames(|_| 0.0, 6.0)), AttemptOutcome::NoResponse);
    assert_eq!(outcome(&ASKED, &[]), AttemptOutcome::NoResponse);
}

#[test]
fn a_sheet_that_is_turned_at_the_right_time_is_not_accepted() {
    let found = outcome(&ASKED, &frames(answering(&ASKED[..1], 400), -6.0));
    assert_eq!(found, AttemptOutcome::Refused(RefusalCause::Sheet));
}

#[test]
fn a_face_of_another_track_does_not_go_on_with_the_challenge() {
    let mut frames = frames(answering(&ASKED, 400), 6.0);
    frames.iter_mut().skip(60).for_each(|frame| {
        frame.track = Some(TrackId(2));
    });
    assert_eq!(outcome(&ASKED, &frames), AttemptOutcome::Unsure);
}

#[test]
fn three_of_five_frames_with_a_cue_refuse_whatever_else_is_shown() {
    let with_cues = |places: &[usize]| {
        let mut frames = frames(answering(&ASKED, 400), 6.0);
        for at in places {
            frames[*at].motion.as_mut().expect("it moves").cue = Some(DenyCue::Frame);
        }
        frames
    };
    let refused = AttemptOutcome::Refused(RefusalCause::Cue(DenyCue::Frame));
    assert_eq!(outcome(&ASKED, &with_cues(&[40, 42, 44])), refused);
    assert_eq!(outcome(&ASKED, &with_cues(&[40, 42, 45])), AttemptOutcome::Accepted);
    let rules = AttemptRules { mode: AskMode::Motion, ..RULES };
    let unasked = |places| attempts(&clip(false, &[]), &with_cues(places), &rules)[0].outcome;
    assert_eq!(unasked(&[0, 1, 2]), refused);
    assert_eq!(unasked(&[40, 42, 44]), AttemptOutcome::Accepted, "let in before the cue");
}

#[test]
fn an_attack_without_prompts_is_tried_with_twenty_drawn_challenges_that_the_seed_repeats() {
    let (still, turning) = (frames(|_| 0.0, -6.0), frames(answering(&ASKED, 400), 6.0));
    let attack = clip(false, &[]);
    let found = attempts(&attack, &still, &RULES);
    assert_eq!(found.len(), DRAWN);
    assert!(found.iter().all(|attempt| attempt.is_asked && attempt.outcome == AttemptOutcome::NoResponse));
    // Its one turn to the left is right where left is asked first.
    let once = frames(answering(&ASKED[..1], 400), 6.0);
    let of = |frames: &[WatchedFrame], seed| attempts(&attack, frames, &AttemptRules { seed, ..RULES });
    let with = |seed| of(&once, seed);
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
    let accepted = |seed| of(&turning, seed).iter().filter(|a| a.outcome == AttemptOutcome::Accepted).count();
    assert!((0..10).map(accepted).sum::<usize>() <= DRAWN, "a fixed order seldom is the drawn one");
}

#[test]
fn with_motion_whoever_shows_too_little_would_be_asked() {
    let rules = AttemptRules { mode: AskMode::Motion, ..RULES };
    let found = |proof| attempts(&clip(true, &ASKED), &frames(|_| 0.0, proof), &rules)[0];
    assert_eq!((found(6.0).outcome, found(6.0).is_asked), (AttemptOutcome::Accepted, false));
    assert_eq!((found(4.0).outcome, found(4.0).is_asked), (AttemptOutcome::Unsure, true));
}

#[test]
fn the_score_is_that_of_the_weaker_side() {
    let frames = frames(answering(&ASKED, 400), 6.0);
    assert_eq!(score(&frames, AskMode::Challenge), Some(6.0));
    let one_side = frames.iter().take(40).cloned().collect::<Vec<_>>();
    assert_eq!(score(&one_side, AskMode::Challenge), None);
    assert_eq!(score(&one_side, AskMode::Motion), Some(6.0));
}

#[test]
fn a_person_without_prompts_cannot_be_measured_by_a_challenge() {
    let said = check(&clip(true, &[]), AskMode::Challenge).expect_err("refused").to_string();
    assert!(said.starts_with("made-up/a/clip.toml: challenge: is missing") && said.contains("add"), "{said}");
    assert!(check(&clip(true, &[]), AskMode::Motion).is_ok());
    assert!(check(&clip(false, &[]), AskMode::Challenge).is_ok());
}
