//! Liveness at the door: challenges, motion, waivers, pauses, deny cues; each refusal with its control that opens.

use super::liveness_scene::{CHALLENGE, Scene, by_pin, right, still, wrong};
use super::*;
use crate::credential::Card;
use crate::event::{ChallengeOutcome, DenyCue, LivenessProof, Prompt, Side};
use crate::people::{ChallengeRule, Means};

#[test]
fn a_head_that_turns_as_asked_opens_and_is_recorded_so() {
    let mut scene = Scene::new(CHALLENGE);
    scene.answer(7500, right);
    assert_eq!(scene.granted(), [Some(LivenessProof::Challenge)]);
    assert_eq!((scene.drawn, scene.outcomes()), (1, vec![ChallengeOutcome::Passed]));
    assert_eq!((scene.prompt, scene.refused()), (None, Vec::new()));
}

#[test]
fn with_liveness_off_nobody_is_asked_and_the_record_names_no_proof() {
    let mut scene = Scene::new(LivenessRules::OFF);
    scene.hold(0.0, 200);
    assert_eq!((scene.granted(), scene.drawn), (vec![None], 0));
}

#[test]
fn who_does_not_turn_is_asked_twice_and_then_refused() {
    let mut scene = Scene::new(CHALLENGE);
    scene.answer(20_000, still);
    assert_eq!((scene.granted(), scene.drawn), (Vec::new(), 2));
    assert_eq!(scene.outcomes(), [ChallengeOutcome::NoResponse; 2]);
    assert_eq!(scene.refused(), [Refusal::NoResponse]);
}

#[test]
fn who_fails_once_may_pass_the_second_time() {
    for first in [wrong, still] {
        let mut scene = Scene::new(CHALLENGE);
        while scene.outcomes().is_empty() {
            scene.answer(100, first);
        }
        assert_eq!(scene.prompt, Some(Prompt::Again));
        scene.answer(8500, right);
        assert_eq!(scene.granted(), [Some(LivenessProof::Challenge)], "{:?}", scene.outcomes());
    }
}

#[test]
fn wrong_turns_are_refused_and_a_sheet_has_no_second_attempt() {
    let mut scene = Scene::new(CHALLENGE);
    scene.answer(12_000, wrong);
    assert_eq!((scene.refused(), scene.drawn), (vec![Refusal::WrongTurn], 2));
    let mut scene = Scene::new(CHALLENGE);
    scene.proof = -5.0;
    while scene.outcomes().is_empty() {
        match scene.prompt {
            Some(Prompt::Turn(side)) => {
                scene.hold(0.0, 300);
                scene.frame(right(side) / 2.0);
                scene.hold(right(side), 3000);
            }
            _ => scene.frame(0.0),
        }
    }
    assert_eq!((scene.refused(), scene.drawn), (vec![Refusal::Sheet], 1));
    assert!(scene.granted().is_empty());
}

#[test]
fn a_recording_that_is_played_again_fails_again() {
    let turns = [28.0, -28.0, 28.0, -28.0];
    for bytes in 0..200 {
        let mut scene = Scene::new(CHALLENGE);
        scene.bytes = bytes;
        let (mut next, mut attempt) = (0, 0);
        for _ in 0..600 {
            if scene.outcomes().len() > attempt {
                (attempt, next) = (attempt + 1, 0);
            }
            match scene.prompt {
                Some(Prompt::Turn(_)) => {
                    scene.hold(0.0, 300);
                    let yaw = turns[next % 4];
                    next += 1;
                    [yaw / 2.0, yaw, yaw / 2.0].into_iter().for_each(|yaw| scene.frame(yaw));
                }
                _ => scene.frame(0.0),
            }
        }
        let guessed = scene.outcomes().first() == Some(&ChallengeOutcome::Passed);
        assert_eq!(!scene.granted().is_empty(), guessed, "{bytes}: {:?}", scene.outcomes());
    }
}

#[test]
fn a_challenge_counts_for_the_same_person_and_track_only() {
    let mut scene = Scene::new(CHALLENGE);
    while scene.prompt != Some(Prompt::Good) {
        scene.answer(33, right);
    }
    scene.who = bob();
    scene.hold(0.0, 200);
    assert_eq!((scene.granted(), scene.refused()), (Vec::new(), vec![Refusal::NoResponse]));
    let mut scene = Scene::new(CHALLENGE);
    while scene.prompt != Some(Prompt::Good) {
        scene.answer(33, right);
    }
    scene.next_track();
    scene.hold(0.0, 200);
    assert!(scene.granted().is_empty());
}

#[test]
fn a_face_that_is_not_recognised_again_in_time_is_open() {
    let mut scene = Scene::new(CHALLENGE);
    while scene.prompt != Some(Prompt::Good) {
        scene.answer(33, right);
    }
    scene.ms += 2500;
    scene.hear(Event::Tick);
    assert_eq!(scene.outcomes(), [ChallengeOutcome::Unsure]);
    assert!(scene.granted().is_empty());
}

#[test]
fn motion_lets_in_unasked_who_moved_enough_and_asks_the_others() {
    let motion = LivenessRules { mode: LivenessMode::Motion, ..CHALLENGE };
    let mut scene = Scene::new(motion);
    scene.solid = 6.0;
    scene.hold(0.0, 200);
    assert_eq!((scene.granted(), scene.drawn), (vec![Some(LivenessProof::Motion)], 0));
    let mut scene = Scene::new(motion);
    scene.solid = 5.9;
    scene.hold(0.0, 1400);
    assert_eq!(scene.drawn, 0);
    scene.solid = 6.0;
    scene.frame(0.0);
    assert_eq!(scene.granted(), [Some(LivenessProof::Motion)], "the first frame with enough opens");
    let mut scene = Scene::new(motion);
    scene.answer(9500, right);
    assert_eq!((scene.granted(), scene.drawn), (vec![Some(LivenessProof::Challenge)], 1));
}

#[test]
fn motion_without_prompts_refuses_whoever_moves_too_little_at_the_end_of_the_attempt() {
    let motion = LivenessRules { mode: LivenessMode::Motion, prompts: false, ..CHALLENGE };
    for (solid, refusal) in [(1.0, Refusal::LivenessUnsure), (-4.0, Refusal::Sheet)] {
        let mut scene = Scene::new(motion);
        scene.solid = solid;
        scene.hold(0.0, 9800);
        assert!(scene.refused().is_empty());
        scene.hold(0.0, 1000);
        assert_eq!((scene.refused(), scene.drawn), (vec![refusal], 0));
        assert!(scene.granted().is_empty());
    }
}

#[test]
fn three_deny_cues_refuse_with_the_cue_before_during_and_after_a_challenge() {
    let denied = vec![Refusal::DenyCue(DenyCue::Frame)];
    let mut before = Scene::new(CHALLENGE);
    before.cue = Some(DenyCue::Frame);
    before.answer(9000, right);
    assert_eq!((before.refused(), before.granted()), (denied.clone(), Vec::new()));
    let mut during = Scene::new(CHALLENGE);
    during.answer(1500, right);
    during.cue = Some(DenyCue::Frame);
    during.answer(9000, right);
    assert_eq!((during.refused(), during.granted()), (denied.clone(), Vec::new()));
    assert_eq!(during.drawn, 1, "no second attempt");
    let mut waiting = Scene::with(CHALLENGE, by_pin(ChallengeRule::Pin));
    waiting.hold(0.0, 200);
    waiting.cue = Some(DenyCue::Frame);
    waiting.hold(0.0, 200);
    waiting.enter_pin();
    assert_eq!((waiting.refused(), waiting.granted()), (denied, Vec::new()));
    let mut twice = Scene::new(CHALLENGE);
    twice.answer(1500, right);
    twice.cue = Some(DenyCue::Frame);
    twice.frame(0.0);
    twice.frame(0.0);
    twice.cue = None;
    twice.answer(7000, right);
    assert_eq!(twice.granted().len(), 1);
}

#[test]
fn a_waiver_takes_a_pin_and_no_card_and_nobody_comes_in_without() {
    let mut scene = Scene::with(CHALLENGE, by_pin(ChallengeRule::Pin));
    scene.hold(0.0, 200);
    scene.hear(Event::CardRead(Card::wiegand26(7, 1)));
    assert!(scene.granted().is_empty());
    scene.enter_pin();
    assert_eq!((scene.granted(), scene.drawn), (vec![Some(LivenessProof::Waived)], 0));
    let mut none = Scene::with(CHALLENGE, Standing { challenge: ChallengeRule::Pin, ..Standing::default() });
    none.hold(0.0, 200);
    assert_eq!(none.refused(), [Refusal::SecondFactorMissing]);
}

#[test]
fn a_pin_may_follow_what_stayed_open_and_never_a_wrong_turn() {
    let rules = LivenessRules { after_unsure: AfterUnsure::Pin, ..CHALLENGE };
    for (answer, granted) in
        [(still as fn(Side) -> f32, vec![Some(LivenessProof::PinAfterUnsure)]), (wrong, Vec::new())]
    {
        let mut scene = Scene::with(rules, by_pin(ChallengeRule::Turn));
        while scene.outcomes().len() < 2 {
            scene.answer(100, answer);
        }
        scene.hear(Event::CardRead(Card::wiegand26(7, 1)));
        assert!(scene.granted().is_empty());
        scene.enter_pin();
        assert_eq!(scene.granted(), granted);
    }
    let mut refused = Scene::with(CHALLENGE, by_pin(ChallengeRule::Turn));
    refused.answer(20_000, still);
    refused.enter_pin();
    assert_eq!((refused.granted(), refused.refused()), (Vec::new(), vec![Refusal::NoResponse]));
    let mut mixed = Scene::with(rules, by_pin(ChallengeRule::Turn));
    while mixed.outcomes().is_empty() {
        mixed.answer(100, wrong);
    }
    mixed.answer(9000, still);
    mixed.enter_pin();
    assert!(mixed.granted().is_empty(), "a wrong turn before counts");
}

#[test]
fn a_second_factor_is_needed_besides_liveness() {
    let means = Means {
        rule: Some(crate::credential::SecondFactor::Pin),
        ..(*by_pin(ChallengeRule::Turn).means).clone()
    };
    let standing = Standing { means: Arc::new(means), ..Standing::default() };
    let mut scene = Scene::with(CHALLENGE, standing);
    scene.answer(7500, right);
    assert!(scene.granted().is_empty());
    scene.enter_pin();
    assert_eq!(scene.granted(), [Some(LivenessProof::Challenge)]);
}

#[test]
fn whoever_may_not_enter_is_refused_without_being_asked() {
    let mut scene = Scene::with(CHALLENGE, Standing { suspended: true, ..Standing::default() });
    scene.hold(0.0, 200);
    assert_eq!((scene.refused(), scene.drawn), (vec![Refusal::Suspended], 0));
    let mut scene = Scene::new(CHALLENGE);
    scene.hear(command(Command::Mode(Some(Mode::LockDown))));
    scene.hold(0.0, 200);
    assert_eq!((scene.refused(), scene.drawn), (vec![Refusal::LockDown], 0));
}

#[test]
fn reload_rules_lock_down_fault_and_lock_end_a_challenge() {
    let end: [fn(&mut Scene); 5] = [
        |scene| scene.hear(Event::NewStandings(standings(Standing::default()))),
        |scene| scene.policy.replace_rules(Rules { liveness: CHALLENGE, ..RULES }, anytime()),
        |scene| scene.hear(command(Command::Mode(Some(Mode::LockDown)))),
        |scene| scene.hear(Event::Failed(Part::Camera, String::new())),
        |scene| scene.hear(command(LOCK)),
    ];
    for end in end {
        let mut scene = Scene::new(CHALLENGE);
        while scene.prompt != Some(Prompt::Good) {
            scene.answer(33, right);
        }
        end(&mut scene);
        scene.hear(Event::Tick);
        assert_eq!((scene.prompt, scene.outcomes()), (None, vec![ChallengeOutcome::Interrupted]));
        scene.hold(0.0, 90);
        assert!(scene.granted().is_empty(), "what was turned before counts for nothing");
    }
}

#[test]
fn after_a_reload_the_same_face_is_asked_anew_and_may_pass() {
    let mut scene = Scene::new(CHALLENGE);
    scene.answer(1500, right);
    scene.hear(Event::NewStandings(standings(Standing::default())));
    scene.answer(8000, right);
    assert_eq!((scene.granted(), scene.drawn), (vec![Some(LivenessProof::Challenge)], 2));
}

#[test]
fn failures_slow_the_person_shown_for_a_minute_at_most() {
    let mut scene = Scene::new(CHALLENGE);
    for _ in 0..6 {
        scene.ms += 70_000;
        scene.answer(10_000, still);
        scene.next_track();
    }
    assert_eq!(scene.drawn, 12);
    scene.hold(0.0, 200);
    assert_eq!(scene.drawn, 12, "slowed");
    scene.next_track();
    scene.ms += 60_000;
    scene.answer(8000, right);
    assert_eq!(scene.granted(), [Some(LivenessProof::Challenge)]);
}

#[test]
fn who_goes_away_after_a_prompt_has_used_an_attempt() {
    let mut scene = Scene::new(CHALLENGE);
    while !matches!(scene.prompt, Some(Prompt::Turn(_))) {
        scene.frame(0.0);
    }
    scene.next_track();
    assert_eq!((scene.refused(), scene.prompt), (vec![Refusal::NoResponse], None));
    let drawn = scene.drawn;
    scene.hold(0.0, 900);
    assert_eq!(scene.drawn, drawn);
    scene.hold(0.0, 1500);
    assert_eq!(scene.drawn, drawn + 1);
}

#[test]
fn an_audit_that_was_slow_asks_for_no_second_challenge() {
    let mut scene = Scene::new(CHALLENGE);
    scene.audit_accepts = false;
    scene.answer(7500, right);
    assert!(!scene.granted().is_empty() && !holds(&scene.seen));
    scene.audit_accepts = true;
    scene.hold(0.0, 1500);
    assert!(holds(&scene.seen));
    assert_eq!(scene.drawn, 1);
}

#[test]
fn the_deadline_is_that_of_the_challenge() {
    let mut scene = Scene::new(CHALLENGE);
    scene.hold(0.0, 150);
    let deadline = scene.policy.deadline().expect("a challenge runs");
    assert!(deadline.since(at(scene.ms).moment) <= Duration::from_secs(1));
}
