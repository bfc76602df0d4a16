//! Examples of what the whole policy promises, and the helpers of its tests. Random walks are in the `_walks`
//! files.

mod access_tests;
mod access_walks;
mod combined_walks;
mod commands_tests;
mod face_walks;
mod light_tests;
mod liveness_scene;
mod liveness_tests;
mod liveness_walks;
mod remote_tests;
mod remote_walks;
mod second_factor_tests;
mod second_factor_walks;
mod site_tests;
mod site_walks;
mod slow_audit_tests;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::*;
use crate::clock::WallClock;
use crate::embedding::{Distance, Score};
use crate::event::{Caller, Candidate, Comparison, FRESHNESS, NoMatch, Refusal, TrackId, Unusable};
use crate::people::Standing;
use crate::person::PersonId;

pub(super) const RULES: Rules = Rules {
    frames: 3,
    window: 5,
    unlock: Duration::from_secs(5),
    on_audit_failure: OnAuditFailure::Refuse,
    multiple_faces: MultipleFaces::Nearest,
    liveness: LivenessRules::OFF,
    door: DoorRules::DEFAULT,
};

pub(super) fn at(ms: u64) -> Now {
    let utc = "2026-06-15T12:00:00Z".parse().expect("a time stamp");
    Now { moment: Moment::from_boot(Duration::from_millis(ms)), wall: WallClock { utc, synchronised: true } }
}

pub(super) fn ada() -> PersonId {
    PersonId::new("ada").expect("an id")
}

pub(super) fn bob() -> PersonId {
    PersonId::new("bob").expect("an id")
}

pub(super) fn standings(standing: Standing) -> Standings {
    Arc::new([(ada(), standing), (bob(), Standing::default())].into())
}

/// Rules without groups: everybody may enter at any time.
pub(super) fn anytime() -> Arc<AccessRules> {
    Arc::new(AccessRules::in_zone(jiff::tz::TimeZone::UTC))
}

pub(super) fn policy() -> Policy {
    Policy::new(RULES, standings(Standing::default()), anytime())
}

/// A frame of `track` taken at `ms` in which the fused probe says `fused` and the frame alone `alone`.
pub(super) fn frame(
    track: u64,
    ms: u64,
    frames: u32,
    fused: Option<PersonId>,
    alone: Option<PersonId>,
) -> Event {
    let best = alone.clone().or(fused.clone()).map(|person| Candidate {
        person,
        distance: Distance::new(0.3).expect("a distance"),
        score: Score::new(0.3).expect("a score"),
    });
    let verdict = fused.ok_or(NoMatch::TooFar);
    Event::Observed(Observation {
        track: TrackId(track),
        taken: at(ms).moment,
        frames,
        fused: Comparison { best, runner_up: None, threshold: Score::new(0.4).expect("a score"), verdict },
        nearest_alone: alone,
        others: 0,
        look_closer: false,
    })
}

pub(super) fn match_of(track: u64, ms: u64, frames: u32, person: PersonId) -> Event {
    frame(track, ms, frames, Some(person.clone()), Some(person))
}

/// Settings with which everybody enrolled may enter at any time.
pub(super) static SETTINGS: LazyLock<PolicySettings> = LazyLock::new(|| PolicySettings {
    rules: RULES,
    access: anytime(),
    standings: standings(Standing::default()),
});

/// What a machine is told at this time, while nothing is wrong.
pub(super) fn told(ms: u64) -> Context<'static> {
    Context {
        now: at(ms),
        settings: &SETTINGS,
        time_went_back: false,
        mode: Mode::Normal,
        line_fails_since: None,
        part_is_missing: false,
        stage: context::LockStage::Locked,
    }
}

/// Steps and answers every question of the policy to the audit with yes.
pub(super) fn step(policy: &mut Policy, now: Now, event: Event) -> Vec<Action> {
    let mut actions = policy.step(now, event);
    let asked: Vec<RequestId> = actions.iter().filter_map(request).collect();
    for id in asked {
        actions.extend(policy.step(now, Event::Accepted(id, now.moment)));
    }
    actions
}

/// Who commands in the tests.
pub(super) const CALLER: Caller = Caller { uid: 1000, pid: 7 };

/// Lock, by an operator.
pub(super) const LOCK: Command = Command::Lock { ends_fire: true };

/// A command of [`CALLER`].
pub(super) fn command(command: Command) -> Event {
    Event::Commanded { id: CommandId(1), caller: CALLER, command }
}

/// The verdicts among the actions.
pub(super) fn verdicts(actions: &[Action]) -> Vec<Verdict> {
    let verdict = |action: &Action| match action {
        Action::Answer(_, verdict) => Some(*verdict),
        _ => None,
    };
    actions.iter().filter_map(verdict).collect()
}

pub(super) fn request(action: &Action) -> Option<RequestId> {
    match action {
        Action::RecordAndAnswer(id, _) => Some(*id),
        _ => None,
    }
}

pub(super) fn facts(actions: &[Action]) -> Vec<&Fact> {
    actions.iter().filter_map(fact_of).collect()
}

pub(super) fn fact_of(action: &Action) -> Option<&Fact> {
    match action {
        Action::Record(fact) | Action::RecordAndAnswer(_, fact) => Some(fact),
        Action::Hold(_) | Action::Lock | Action::Show(_) | Action::Sound(_) => None,
        Action::DrawChallenge(_) | Action::Prompt(_) | Action::Light(_) => None,
        Action::VerifyPin { .. } | Action::ForgetPin(_) | Action::Answer(..) => None,
        Action::VerifyCode { .. } | Action::ForgetCode(_) => None,
    }
}

pub(super) fn holds(actions: &[Action]) -> bool {
    actions.iter().any(|a| matches!(a, Action::Hold(_)))
}

pub(super) fn show_ada(policy: &mut Policy, from: u64, frames: u32) -> Vec<Action> {
    (0..frames)
        .flat_map(|i| {
            let ms = from + u64::from(i) * 30;
            step(policy, at(ms), match_of(1, ms, i + 1, ada()))
        })
        .collect()
}

#[test]
fn three_agreeing_frames_open_and_two_do_not() {
    let mut policy = policy();
    assert!(!holds(&show_ada(&mut policy, 1000, 2)));
    assert!(holds(&step(&mut policy, at(1060), match_of(1, 1060, 3, ada()))));
    assert_eq!(policy.open().and_then(Grant::person), Some(&ada()));
}

#[test]
fn the_door_is_locked_again_when_the_time_is_over() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 3);
    assert!(holds(&policy.step(at(6059), Event::Tick)));
    let actions = policy.step(at(6060), Event::Tick);
    assert!(actions.contains(&Action::Lock) && !holds(&actions));
    assert_eq!(facts(&actions), [&Fact::Locked { why: Relock::TimeOver, caller: None }]);
}

#[test]
fn frames_of_two_tracks_never_add_up() {
    let mut policy = policy();
    let actions: Vec<_> = (0..8)
        .flat_map(|i| step(&mut policy, at(1000 + i * 30), match_of(i % 4, 1000 + i * 30, 3, ada())))
        .collect();
    assert!(!holds(&actions));
}

#[test]
fn frames_of_two_people_never_add_up() {
    let mut policy = policy();
    let who = |i: u64| if i.is_multiple_of(2) { ada() } else { bob() };
    let actions: Vec<_> = (0..4)
        .flat_map(|i| step(&mut policy, at(1000 + i * 30), match_of(1, 1000 + i * 30, 3, who(i))))
        .collect();
    assert!(!holds(&actions));
}

#[test]
fn a_frame_that_alone_shows_somebody_else_does_not_count() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 2);
    let actions = step(&mut policy, at(1060), frame(1, 1060, 3, Some(ada()), Some(bob())));
    assert!(!holds(&actions));
}

#[test]
fn stale_frames_open_nothing() {
    let mut policy = policy();
    let late = u64::try_from(FRESHNESS.as_millis()).expect("small") + 1;
    let actions: Vec<_> = (0..5)
        .flat_map(|i| step(&mut policy, at(1000 + i * 30 + late), match_of(1, 1000 + i * 30, 3, ada())))
        .collect();
    assert!(!holds(&actions));
}

#[test]
fn a_probe_that_starts_anew_takes_its_frames_along() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 2);
    assert!(!holds(&step(&mut policy, at(1060), match_of(1, 1060, 1, ada()))));
}

#[test]
fn a_probe_that_starts_anew_with_a_stale_frame_takes_its_frames_along_too() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 2);
    let late = 1060 + u64::try_from(FRESHNESS.as_millis()).expect("small") + 1;
    step(&mut policy, at(late), match_of(1, 1060, 1, ada()));
    assert!(!holds(&step(&mut policy, at(late), match_of(1, 1090, 2, ada()))));
}

#[test]
fn a_granted_track_opens_only_once() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 3);
    policy.step(at(7000), Event::Tick);
    assert!(!holds(&show_ada(&mut policy, 7100, 10)));
    step(&mut policy, at(9000), Event::TrackEnded(TrackId(1)));
    assert!(holds(&show_ada(&mut policy, 10_000, 3)));
}

#[test]
fn nobody_opens_while_suspended_removed_or_outside_the_dates() {
    let day = |text: &str| Some(text.parse().expect("a date"));
    for (standing, expected) in [
        (Standing { suspended: true, ..Standing::default() }, Refusal::Suspended),
        (Standing { valid_until: day("2026-06-14"), ..Standing::default() }, Refusal::NotValidNow),
        (Standing { valid_from: day("2026-06-16"), ..Standing::default() }, Refusal::NotValidNow),
    ] {
        let mut policy = Policy::new(RULES, standings(standing), anytime());
        let actions = show_ada(&mut policy, 1000, 3);
        assert!(!holds(&actions));
        assert!(matches!(facts(&actions)[..], [Fact::Refused { refusal, .. }] if *refusal == expected));
    }
    let day = Standing { valid_until: day("2026-06-15"), ..Standing::default() };
    assert!(holds(&show_ada(&mut Policy::new(RULES, standings(day), anytime()), 1000, 3)));
}

#[test]
fn an_untrusted_clock_refuses_whoever_is_limited_by_date() {
    let standing = Standing { valid_until: "2030-01-01".parse().ok(), ..Standing::default() };
    let mut policy = Policy::new(RULES, standings(standing), anytime());
    let mut untrusted = at(1060);
    untrusted.wall.synchronised = false;
    show_ada(&mut policy, 1000, 2);
    let actions = step(&mut policy, untrusted, match_of(1, 1060, 3, ada()));
    assert!(matches!(facts(&actions)[..], [Fact::Refused { refusal: Refusal::ClockNotTrusted, .. }]));
}

#[test]
fn removing_the_holder_revokes_an_open_grant() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 3);
    let actions = policy.step(at(1100), Event::NewStandings(Arc::new([(bob(), Standing::default())].into())));
    assert!(actions.contains(&Action::Lock) && !holds(&actions));
    assert_eq!(facts(&actions), [&Fact::Locked { why: Relock::Revoked, caller: None }]);
}

#[test]
fn a_failed_part_locks_and_nothing_opens_until_it_is_back() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 3);
    let actions = policy.step(at(1100), Event::Failed(Part::Camera, "gone".to_owned()));
    assert!(actions.contains(&Action::Lock) && policy.open().is_none());
    policy.step(at(1100), Event::TrackEnded(TrackId(1)));
    assert!(!holds(&show_ada(&mut policy, 1200, 5)));
    let actions = policy.step(at(2100), Event::Recovered(Part::Camera));
    assert_eq!(facts(&actions), [&Fact::Recovered { part: Part::Camera, after_ms: 1000 }]);
}

#[test]
fn a_stranger_gets_one_refusal_record_a_track() {
    let mut policy = policy();
    let mut actions = Vec::new();
    for i in 0..400 {
        actions.extend(step(&mut policy, at(1000 + i * 30), frame(7, 1000 + i * 30, 3, None, Some(bob()))));
    }
    actions.extend(step(&mut policy, at(20_000), Event::TrackEnded(TrackId(7))));
    let refused: Vec<_> = facts(&actions);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(matches!(refused[0], Fact::Refused { refusal: Refusal::NoMatch(NoMatch::TooFar), .. }));
}

#[test]
fn a_face_that_was_never_usable_is_refused_with_that_reason() {
    let mut policy = policy();
    let unusable = Event::Unusable { track: TrackId(3), taken: at(1000).moment, why: Unusable::TooDark };
    step(&mut policy, at(1000), unusable);
    let actions = step(&mut policy, at(2000), Event::TrackEnded(TrackId(3)));
    assert!(matches!(
        facts(&actions)[..],
        [Fact::Refused { refusal: Refusal::Unusable(Unusable::TooDark), .. }]
    ));
}
