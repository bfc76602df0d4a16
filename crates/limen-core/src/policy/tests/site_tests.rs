//! Examples of what the door does besides faces: exit button, fire alarm, modes, relocking, alarms.

use super::*;
use crate::event::{AlarmKind, AlarmStep, Input, Mode, ModeSource, Refusal};
use crate::people::Standing;

/// A policy with other rules of the door.
fn door(rules: DoorRules) -> Policy {
    Policy::new(Rules { door: rules, ..RULES }, standings(Standing::default()), anytime())
}

fn input(input: Input, active: bool) -> Event {
    Event::Input { input, active, at_start: false }
}

/// The alarm steps among the actions.
fn alarms(actions: &[Action]) -> Vec<(AlarmKind, AlarmStep)> {
    let step = |action: &Action| match fact_of(action) {
        Some(Fact::Alarm { alarm, step, .. }) => Some((*alarm, *step)),
        _ => None,
    };
    actions.iter().filter_map(step).collect()
}

fn relocks(actions: &[Action]) -> Vec<Relock> {
    let why = |action: &Action| match fact_of(action) {
        Some(Fact::Locked { why, .. }) => Some(*why),
        _ => None,
    };
    actions.iter().filter_map(why).collect()
}

#[test]
fn the_exit_button_opens_at_once_for_the_unlock_time_and_is_recorded() {
    let mut policy = policy();
    let actions = policy.step(at(1000), input(Input::Rex, true));
    assert!(holds(&actions), "without waiting for the audit");
    assert!(matches!(facts(&actions)[..], [Fact::Input { .. }, Fact::Granted { grant: GrantKind::Rex, .. }]));
    assert!(holds(&policy.step(at(5999), Event::Tick)));
    let actions = policy.step(at(6000), Event::Tick);
    assert!(actions.contains(&Action::Lock) && relocks(&actions) == [Relock::TimeOver]);
}

#[test]
fn an_exit_button_that_is_held_or_found_pressed_opens_no_second_time() {
    let mut policy = policy();
    policy.step(at(1000), input(Input::Rex, true));
    policy.step(at(6000), Event::Tick);
    assert!(!holds(&policy.step(at(6100), input(Input::Rex, true))), "it did not move");
    let found = Event::Input { input: Input::Rex, active: true, at_start: true };
    assert!(!holds(&door(DoorRules::DEFAULT).step(at(1000), found)));
}

#[test]
fn a_stuck_exit_button_is_an_alarm_after_a_minute_and_no_longer_when_it_is_let_go() {
    let mut policy = policy();
    policy.step(at(1000), input(Input::Rex, true));
    assert_eq!(alarms(&policy.step(at(60_999), Event::Tick)), []);
    assert_eq!(alarms(&policy.step(at(61_000), Event::Tick)), [(AlarmKind::InputFault, AlarmStep::Raised)]);
    policy.step(at(62_000), input(Input::Rex, false));
    assert!(policy.alarms().all(|alarm| !alarm.holds));
}

#[test]
fn who_is_inside_gets_out_without_camera_and_audit() {
    let mut policy = policy();
    for part in [Part::Camera, Part::Vision, Part::Audit] {
        policy.step(at(1000), Event::Failed(part, "broken".to_owned()));
    }
    assert!(holds(&policy.step(at(1100), input(Input::Rex, true))));
}

#[test]
fn the_fire_alarm_holds_the_door_through_every_command_and_ends_locked() {
    let mut policy = policy();
    policy.step(at(1000), command(Command::Mode(Some(Mode::LockDown))));
    assert!(holds(&policy.step(at(1100), input(Input::Fire, true))));
    for event in [
        command(LOCK),
        Event::Failed(Part::Camera, "unplugged".to_owned()),
        command(Command::Mode(Some(Mode::LockDown))),
    ] {
        let actions = policy.step(at(1200), event);
        assert!(holds(&actions) && !actions.contains(&Action::Lock));
    }
    assert!(holds(&policy.step(at(3_600_000), Event::Tick)), "as long as it lasts");
    let actions = policy.step(at(3_600_100), input(Input::Fire, false));
    assert!(actions.contains(&Action::Lock) && relocks(&actions) == [Relock::FireOver] && !holds(&actions));
}

#[test]
fn lines_that_cannot_be_read_end_what_the_button_held_and_let_people_in_by_face() {
    let mut policy = policy();
    policy.step(at(1000), input(Input::Rex, true));
    let actions = policy.step(at(1100), Event::Failed(Part::Inputs, "gone".to_owned()));
    assert!(actions.contains(&Action::Lock) && !holds(&actions));
    assert_eq!(alarms(&actions), [(AlarmKind::InputFault, AlarmStep::Raised)]);
    assert!(holds(&show_ada(&mut policy, 2000, 3)));
}

#[test]
fn in_lock_down_nobody_enters_and_the_exit_button_works_unless_the_site_says_otherwise() {
    for rex_in_lock_down in [true, false] {
        let mut policy = door(DoorRules { rex_in_lock_down, ..DoorRules::DEFAULT });
        show_ada(&mut policy, 1000, 3);
        let actions = policy.step(at(1500), command(Command::Mode(Some(Mode::LockDown))));
        assert!(actions.contains(&Action::Lock), "who was let in before is locked out too");
        policy.step(at(2000), Event::TrackEnded(TrackId(1)));
        let shown = (0..3).flat_map(|i| {
            let ms = 3000 + i * 30;
            step(&mut policy, at(ms), match_of(2, ms, i as u32 + 1, ada()))
        });
        let shown: Vec<_> = shown.collect();
        assert!(!holds(&shown));
        assert!(facts(&shown).iter().any(|f| matches!(f, Fact::Refused { refusal: Refusal::LockDown, .. })));
        let asked = command(Command::Unlock(Duration::from_secs(3)));
        assert!(!holds(&step(&mut policy, at(4000), asked)));
        assert_eq!(holds(&policy.step(at(5000), input(Input::Rex, true))), rex_in_lock_down);
    }
}

#[test]
fn an_open_office_begins_with_the_first_grant_and_ends_with_the_mode() {
    let mut policy = policy();
    let actions = policy.step(at(900), command(Command::Mode(Some(Mode::OfficeOpen))));
    assert!(!holds(&actions), "nobody has come yet");
    assert!(holds(&show_ada(&mut policy, 1000, 3)));
    assert!(holds(&policy.step(at(60_000), Event::Tick)), "the door stays unlocked");
    let actions = policy.step(at(60_100), command(Command::Mode(Some(Mode::Normal))));
    assert!(actions.contains(&Action::Lock) && relocks(&actions) == [Relock::Mode]);
}

#[test]
fn a_lock_command_or_a_fault_ends_an_open_office_until_the_next_grant() {
    for event in [command(LOCK), Event::Failed(Part::Camera, "gone".to_owned())] {
        let mut policy = policy();
        policy.step(at(900), command(Command::Mode(Some(Mode::OfficeOpen))));
        show_ada(&mut policy, 1000, 3);
        let actions = policy.step(at(9000), event);
        assert!(actions.contains(&Action::Lock) && !holds(&policy.step(at(9100), Event::Tick)));
    }
}

#[test]
fn a_kept_mode_is_in_force_and_named_so() {
    let mut policy = policy();
    let actions = policy.step(at(1000), Event::ModeKept(Mode::LockDown));
    let mode = Fact::Mode { mode: Mode::LockDown, source: ModeSource::Kept, caller: None };
    assert!(facts(&actions).contains(&&mode));
}

#[test]
fn with_on_close_the_door_is_locked_when_it_was_opened_and_is_closed() {
    let mut policy = door(DoorRules { relock: Relocking::OnClose, ..DoorRules::DEFAULT });
    show_ada(&mut policy, 1000, 3);
    assert!(holds(&policy.step(at(2000), input(Input::Contact, false))), "it was closed all the time");
    assert!(holds(&policy.step(at(8000), input(Input::Contact, true))), "longer than the unlock time");
    let actions = policy.step(at(9000), input(Input::Contact, false));
    assert!(actions.contains(&Action::Lock) && relocks(&actions) == [Relock::Closed] && !holds(&actions));
}

#[test]
fn with_on_close_a_door_that_nobody_opens_is_locked_after_the_longest_time() {
    let mut policy = door(DoorRules { relock: Relocking::OnClose, ..DoorRules::DEFAULT });
    show_ada(&mut policy, 1000, 3);
    assert!(holds(&policy.step(at(21_059), Event::Tick)));
    assert!(policy.step(at(21_060), Event::Tick).contains(&Action::Lock));
}

#[test]
fn who_needs_longer_gets_longer() {
    let standing = Standing { extended_time: true, ..Standing::default() };
    let mut policy = Policy::new(RULES, standings(standing), anytime());
    show_ada(&mut policy, 1000, 3);
    assert!(holds(&policy.step(at(16_059), Event::Tick)));
    assert!(policy.step(at(16_060), Event::Tick).contains(&Action::Lock));
}

#[test]
fn a_door_opened_without_a_grant_is_forced_and_one_opened_with_it_or_right_after_is_not() {
    let mut policy = policy();
    assert_eq!(
        alarms(&policy.step(at(1000), input(Input::Contact, true))),
        [(AlarmKind::DoorForced, AlarmStep::Raised)]
    );
    policy.step(at(2000), input(Input::Contact, false));
    policy.step(at(2100), command(Command::Acknowledge(None)));
    show_ada(&mut policy, 3000, 3);
    assert_eq!(alarms(&policy.step(at(4000), input(Input::Contact, true))), []);
    policy.step(at(5000), input(Input::Contact, false));
    policy.step(at(8060), Event::Tick);
    assert_eq!(alarms(&policy.step(at(8500), input(Input::Contact, true))), [], "the hand was on it");
    policy.step(at(9000), input(Input::Contact, false));
    assert_eq!(
        alarms(&policy.step(at(12_000), input(Input::Contact, true))),
        [(AlarmKind::DoorForced, AlarmStep::Raised)]
    );
}

#[test]
fn a_door_held_open_warns_first_then_alarms_and_sounds_like_it() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 3);
    policy.step(at(2000), input(Input::Contact, true));
    let warned = policy.step(at(22_000), Event::Tick);
    assert_eq!(alarms(&warned), [(AlarmKind::DoorHeldOpen, AlarmStep::Warned)]);
    assert!(warned.contains(&Action::Sound(Sound::Warning)));
    let raised = policy.step(at(32_000), Event::Tick);
    assert_eq!(alarms(&raised), [(AlarmKind::DoorHeldOpen, AlarmStep::Raised)]);
    assert!(raised.contains(&Action::Sound(Sound::Alarm)));
    let seen = policy.step(at(33_000), command(Command::Acknowledge(None)));
    assert!(seen.contains(&Action::Sound(Sound::Silence)));
    let closed = policy.step(at(34_000), input(Input::Contact, false));
    assert_eq!(alarms(&closed), [(AlarmKind::DoorHeldOpen, AlarmStep::Cleared)]);
}

#[test]
fn a_door_may_stand_open_in_an_open_office_and_its_time_begins_when_that_ends() {
    let mut policy = policy();
    policy.step(at(900), command(Command::Mode(Some(Mode::OfficeOpen))));
    show_ada(&mut policy, 1000, 3);
    policy.step(at(2000), input(Input::Contact, true));
    assert_eq!(alarms(&policy.step(at(600_000), Event::Tick)), []);
    policy.step(at(600_100), command(Command::Mode(None)));
    assert_eq!(alarms(&policy.step(at(619_000), Event::Tick)), []);
    let steps = alarms(&policy.step(at(630_100), Event::Tick));
    assert_eq!(steps, [(AlarmKind::DoorHeldOpen, AlarmStep::Raised)]);
}

#[test]
fn a_camera_that_shows_nothing_is_an_alarm_after_its_time_and_not_while_it_is_lost() {
    let mut policy = policy();
    policy.step(at(1000), Event::View { blind: true });
    assert_eq!(policy.deadline(), Some(at(31_000).moment));
    assert_eq!(alarms(&policy.step(at(30_999), Event::View { blind: true })), []);
    assert_eq!(
        alarms(&policy.step(at(31_000), Event::Tick)),
        [(AlarmKind::CameraBlinded, AlarmStep::Raised)]
    );
    let lost = policy.step(at(32_000), Event::Failed(Part::Camera, "unplugged".to_owned()));
    assert_eq!(alarms(&lost), [(AlarmKind::CameraLost, AlarmStep::Raised)]);
    assert!(policy.alarms().all(|alarm| alarm.holds == (alarm.kind == AlarmKind::CameraLost)));
}

#[test]
fn a_line_that_chatters_is_one_alarm_and_its_changes_are_counted() {
    let mut policy = policy();
    let mut actions = Vec::new();
    for ms in 0..3000 {
        actions.extend(policy.step(at(1000 + ms), input(Input::Contact, ms % 2 == 0)));
    }
    actions.extend(policy.step(at(6000), Event::Tick));
    let mut changes = 0;
    let mut records = 0;
    for fact in facts(&actions) {
        if let Fact::Input { changes: n, .. } = fact {
            changes += n;
            records += 1;
        }
    }
    assert_eq!((changes, records), (3000, 21), "20 single changes, then one record of the rest");
    let faults = alarms(&actions).into_iter().filter(|(kind, _)| *kind == AlarmKind::InputFault);
    assert_eq!(faults.count(), 1);
}

#[test]
fn another_living_face_keeps_the_door_locked_where_the_site_fears_tailgating() {
    let beside = |ms: u64, frames: u32, others: usize| match match_of(1, ms, frames, ada()) {
        Event::Observed(observation) => Event::Observed(Observation { others, ..observation }),
        other => other,
    };
    for multiple_faces in [MultipleFaces::Nearest, MultipleFaces::Refuse] {
        let rules = Rules { multiple_faces, ..RULES };
        let mut policy = Policy::new(rules, standings(Standing::default()), anytime());
        let mut actions = Vec::new();
        for (i, others) in [0, 0, 1, 0, 0].into_iter().enumerate() {
            let ms = 1000 + 30 * i as u64;
            actions.extend(step(&mut policy, at(ms), beside(ms, i as u32 + 1, others)));
        }
        assert_eq!(holds(&actions), multiple_faces == MultipleFaces::Nearest);
        let actions = policy.step(at(1200), Event::TrackEnded(TrackId(1)));
        let refused = facts(&actions).iter().any(|f| matches!(f, Fact::Refused { .. }));
        assert_eq!(refused, multiple_faces == MultipleFaces::Refuse);
    }
}

#[test]
fn duress_is_an_alarm_that_nothing_at_the_door_shows() {
    let mut policy = policy();
    let mut actions = policy.site.duress(at(1000).moment);
    actions.extend(policy.step(at(1000), Event::Tick));
    assert_eq!(alarms(&actions), [(AlarmKind::Duress, AlarmStep::Raised)]);
    assert!(!actions.iter().any(|action| matches!(action, Action::Sound(_) | Action::Show(_))));
    assert_eq!(policy.alarms().count(), 1);
}
