//! Commands: each gets one verdict and one record, and too many are refused.

use super::*;
use crate::event::{AlarmKind, Input, Mode};
use crate::people::Standing;

fn unlock(seconds: u64) -> Event {
    command(Command::Unlock(Duration::from_secs(seconds)))
}

/// The names of commands that were recorded as refused.
fn refused(actions: &[Action]) -> Vec<&str> {
    let name = |fact: &&Fact| matches!(fact, Fact::Command { refused: Some(_), .. });
    let names = facts(actions).into_iter().filter(name);
    names.map(|fact| if let Fact::Command { command, .. } = fact { command.as_str() } else { "" }).collect()
}

#[test]
fn a_command_locks_and_is_recorded_with_its_caller() {
    let mut policy = policy();
    show_ada(&mut policy, 1000, 3);
    let actions = policy.step(at(1100), command(LOCK));
    assert_eq!(facts(&actions), [&Fact::Locked { why: Relock::Command, caller: Some(CALLER) }]);
    assert_eq!(verdicts(&actions), [Ok(Done::Locked)]);
    assert!(policy.open().is_none());
}

#[test]
fn an_unlocking_is_answered_when_its_record_is_accepted_and_not_before() {
    let mut policy = policy();
    let asked = policy.step(at(1000), unlock(3));
    assert_eq!((verdicts(&asked), holds(&asked)), (vec![], false));
    let id = asked.iter().find_map(request).expect("it is recorded");
    let accepted = policy.step(at(1003), Event::Accepted(id, at(1003).moment));
    assert_eq!(verdicts(&accepted), [Ok(Done::Unlocked(Duration::from_secs(3)))]);
    assert!(holds(&accepted) && holds(&policy.step(at(4002), Event::Tick)));
    assert!(policy.step(at(4003), Event::Tick).contains(&Action::Lock));
}

#[test]
fn an_unlocking_that_cannot_be_recorded_says_so_and_opens_nothing() {
    for event in [Event::Tick, Event::NotAccepted(RequestId(0))] {
        let mut policy = policy();
        policy.step(at(1000), unlock(3));
        let actions = policy.step(at(1006), event);
        assert_eq!(verdicts(&actions), [Err(Denial::NotRecorded)]);
        assert!(!holds(&actions) && !holds(&policy.step(at(1100), Event::Tick)));
    }
}

#[test]
fn an_unlocking_while_the_door_is_unlocked_lasts_as_long_as_the_longer_of_both_and_is_recorded() {
    let mut policy = policy();
    step(&mut policy, at(1000), unlock(1));
    let second = step(&mut policy, at(1500), unlock(6));
    assert_eq!(verdicts(&second), [Ok(Done::Unlocked(Duration::from_secs(6)))]);
    assert!(matches!(facts(&second)[..], [Fact::Granted { unlock_ms: Some(6000), caller: Some(_), .. }]));
    step(&mut policy, at(2000), unlock(1));
    assert!(holds(&policy.step(at(7499), Event::Tick)));
    assert!(policy.step(at(7500), Event::Tick).contains(&Action::Lock));
}

#[test]
fn an_unlocking_beside_a_face_that_waits_for_the_audit_loses_neither() {
    let mut policy = policy();
    let asked: Vec<Action> =
        (0..3).flat_map(|i| policy.step(at(1000 + i * 30), match_of(1, 1000 + i * 30, 3, ada()))).collect();
    let face = asked.iter().find_map(request).expect("three frames agree");
    let asked = policy.step(at(1061), unlock(9));
    let manual = asked.iter().find_map(request).expect("a record of its own");
    assert!(holds(&policy.step(at(1062), Event::Accepted(face, at(1062).moment))));
    let accepted = policy.step(at(1063), Event::Accepted(manual, at(1063).moment));
    assert_eq!(verdicts(&accepted), [Ok(Done::Unlocked(Duration::from_secs(9)))]);
    assert!(holds(&policy.step(at(10_000), Event::Tick)));
}

#[test]
fn an_unlocking_is_refused_with_its_reason_and_every_refusal_is_recorded() {
    let lock_down = command(Command::Mode(Some(Mode::LockDown)));
    let broken = Event::Failed(Part::Door, "broken".to_owned());
    for (before, seconds, denial) in [
        (lock_down, 3, Denial::LockDown),
        (broken, 3, Denial::LineFails(Duration::from_secs(1))),
        (unlock(3), 3, Denial::Busy),
        (Event::Tick, 0, Denial::Length),
        (Event::Tick, 31, Denial::Length),
    ] {
        let mut policy = policy();
        policy.step(at(1000), before);
        let ms = if denial == Denial::Busy { 1002 } else { 2000 };
        let actions = policy.step(at(ms), unlock(seconds));
        assert_eq!(verdicts(&actions), [Err(denial)]);
        assert_eq!(refused(&actions), ["unlock"], "{denial}");
    }
}

#[test]
fn whatever_locks_the_door_answers_an_unlocking_that_waits() {
    let leaving = (Event::Shutdown, Denial::Leaving);
    let overtaken = [command(LOCK), Event::Failed(Part::Door, String::new())];
    for (event, denial) in overtaken.into_iter().map(|event| (event, Denial::Overtaken)).chain([leaving]) {
        let mut policy = policy();
        policy.step(at(1000), unlock(3));
        let actions = policy.step(at(1002), event);
        assert!(verdicts(&actions).contains(&Err(denial)));
        let late = policy.step(at(1003), Event::Accepted(RequestId(0), at(1003).moment));
        assert!(!holds(&late), "its record was accepted too late");
    }
}

#[test]
fn a_reload_ends_no_unlocking_by_command() {
    let mut policy = policy();
    step(&mut policy, at(1000), unlock(9));
    assert!(holds(&policy.step(at(2000), Event::NewStandings(Standings::default()))));
}

#[test]
fn a_lock_command_that_the_fire_alarm_outranks_says_so() {
    let mut policy = policy();
    policy.step(at(1000), Event::Input { input: Input::Fire, active: true, at_start: false });
    let actions = policy.step(at(1100), command(LOCK));
    assert_eq!(verdicts(&actions), [Err(Denial::KeptOpen(GrantKind::Fire))]);
    assert_eq!(refused(&actions), ["lock"]);
}

#[test]
fn an_alarm_that_is_not_there_cannot_be_acknowledged_and_all_of_none_can() {
    let mut policy = policy();
    let actions = policy.step(at(1000), command(Command::Acknowledge(Some(AlarmKind::Duress))));
    assert_eq!(verdicts(&actions), [Err(Denial::NoSuchAlarm(AlarmKind::Duress))]);
    let actions = policy.step(at(1000), command(Command::Acknowledge(None)));
    assert_eq!(verdicts(&actions), [Ok(Done::Acknowledged)]);
    assert!(matches!(facts(&actions)[..], [Fact::Command { refused: None, .. }]), "who did it is recorded");
}

/// Whether a command may let more people in.
fn widens(command: Command) -> bool {
    matches!(command, Command::Unlock(_) | Command::Mode(None | Some(Mode::Normal | Mode::OfficeOpen)))
}

#[test]
fn a_flood_of_commands_is_counted_instead_of_recorded_and_still_locks() {
    for flood in [
        command(LOCK),
        unlock(1),
        unlock(99),
        command(Command::Mode(Some(Mode::Normal))),
        command(Command::Mode(Some(Mode::LockDown))),
        command(Command::Acknowledge(None)),
        command(Command::Serve("reload")),
        Event::TurnedAway { caller: Some(CALLER), command: "none", why: "not a request".to_owned() },
    ] {
        let mut policy = policy();
        let mut recorded = 0;
        for n in 0..5000 {
            let actions = policy.step(at(100_000 + n), flood.clone());
            recorded += facts(&actions).len();
            let widens = matches!(&flood, Event::Commanded { command, .. } if widens(*command));
            assert!(n < 60 || verdicts(&actions).iter().all(|one| one.is_ok() != widens), "{flood:?}");
        }
        assert!((60..=200).contains(&recorded), "{recorded} records of {flood:?}");
        let actions = policy.step(at(170_000), Event::Tick);
        let counted = facts(&actions).into_iter().find_map(|fact| match fact {
            Fact::CommandsLeftOut { count } => Some(*count),
            _ => None,
        });
        assert_eq!(counted, Some(4940), "{flood:?}");
    }
}

#[test]
fn a_lock_command_locks_an_open_door_and_is_recorded_whatever_came_before() {
    let mut policy = policy();
    (0..200).for_each(|n| drop(policy.step(at(1000 + n), command(LOCK))));
    show_ada(&mut policy, 2000, 3);
    let actions = policy.step(at(2100), command(LOCK));
    assert_eq!(facts(&actions), [&Fact::Locked { why: Relock::Command, caller: Some(CALLER) }]);
}

#[test]
fn a_fire_release_outlives_a_broken_input_chip_until_it_is_read_again_or_locked_by_command() {
    for by_command in [true, false] {
        let mut policy = policy();
        let fire = |active, at_start| Event::Input { input: Input::Fire, active, at_start };
        policy.step(at(1000), fire(true, false));
        assert!(holds(&policy.step(at(1100), Event::Failed(Part::Inputs, "gone".to_owned()))));
        assert!(holds(&policy.step(at(900_000), Event::Tick)), "nobody knows that the fire is over");
        let end = if by_command { command(LOCK) } else { fire(false, true) };
        let actions = policy.step(at(900_100), end);
        assert!(actions.contains(&Action::Lock) && !holds(&actions));
    }
}

#[test]
fn a_slow_comparison_takes_nothing_from_the_patience_with_the_audit() {
    let mut policy = Policy::new(RULES, standings(Standing::default()), anytime());
    let asked: Vec<Action> =
        (0..3).flat_map(|i| policy.step(at(1000 + i * 30), match_of(1, 1000 + i * 30, 3, ada()))).collect();
    let id = asked.iter().find_map(request).expect("three frames agree");
    policy.step(at(1200), Event::HandedOver(id, at(1199).moment));
    assert!(holds(&policy.step(at(1204), Event::Accepted(id, at(1204).moment))));
}
