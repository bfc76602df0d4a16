//! Commands from the network: what the gateway may, and what a command must carry that lets more people in.

use jiff::{SignedDuration, ToSpan as _};

use super::*;
use crate::credential::{CodeName, Digits, PinHash, RemoteCode};
use crate::event::{AlarmKind, Behind, Input, Mode};

pub(super) const UNLOCK: Command = Command::Unlock(Duration::from_secs(5));
pub(super) const LOCK_REMOTELY: Command = Command::Lock { ends_fire: false };

pub(super) fn kitchen() -> CodeName {
    CodeName::new("kitchen").expect("a name")
}

/// One code for all tests: its hash costs time, and nothing here compares it.
pub(super) fn codes() -> Arc<[RemoteCode]> {
    static CODES: LazyLock<Arc<[RemoteCode]>> = LazyLock::new(|| {
        let digits = Digits::new("4815162342").expect("digits");
        let hash = PinHash::of(&digits, [0; 16]).expect("memory");
        [RemoteCode { name: kitchen(), hash }].into()
    });
    Arc::clone(&CODES)
}

pub(super) fn allowing(may: &[RemoteRight]) -> Policy {
    let mut policy = policy();
    policy.replace_remote_rules(RemoteRules { may: may.to_vec(), codes: codes() });
    policy
}

const ALL: [RemoteRight; 4] =
    [RemoteRight::Lock, RemoteRight::Unlock, RemoteRight::Mode, RemoteRight::Acknowledge];

/// A command that was given this many milliseconds before `now`.
pub(super) fn given(now: Now, command: Command, age_ms: i64, code: Option<u64>) -> Event {
    let given = now.wall.utc - SignedDuration::from_millis(age_ms);
    let code = code.map(CodeId);
    let id = CommandId(1);
    Event::RemoteCommanded(RemoteCommand { id, caller: CALLER, command, given: Some(given), code })
}

fn bare(command: Command) -> Event {
    let id = CommandId(1);
    Event::RemoteCommanded(RemoteCommand { id, caller: CALLER, command, given: None, code: None })
}

/// The time `ms` on both clocks.
pub(super) fn clock(ms: u64) -> Now {
    let start = at(ms);
    let utc = start.wall.utc + i64::try_from(ms).expect("a short walk").milliseconds();
    Now { wall: WallClock { utc, ..start.wall }, ..start }
}

pub(super) fn right(code: u64) -> Event {
    Event::CodeVerified { code: CodeId(code), outcome: CodeOutcome::Right(kitchen()) }
}

fn wrong(code: u64) -> Event {
    Event::CodeVerified { code: CodeId(code), outcome: CodeOutcome::Wrong }
}

/// The only verdict of one step.
fn verdict(policy: &mut Policy, now: Now, event: Event) -> Verdict {
    let all = verdicts(&step(policy, now, event));
    assert_eq!(all.len(), 1, "{all:?}");
    all[0]
}

#[test]
fn without_rules_the_gateway_may_nothing() {
    let mut policy = policy();
    for command in [LOCK_REMOTELY, UNLOCK, Command::Mode(None), Command::Serve("events")] {
        assert_eq!(verdict(&mut policy, clock(1000), bare(command)), Err(Denial::NotFromAfar));
    }
}

#[test]
fn what_an_administrator_may_the_gateway_never_may() {
    let rights: Vec<_> = RemoteRight::NAMES.into_iter().map(|(_, right)| right).collect();
    let mut policy = allowing(&rights);
    for name in ["reload", "snapshot", "forget", "store"] {
        assert_eq!(verdict(&mut policy, clock(1000), bare(Command::Serve(name))), Err(Denial::NotFromAfar));
    }
    assert_eq!(verdict(&mut policy, clock(1000), bare(Command::Serve("events"))), Ok(Done::Serve));
}

#[test]
fn by_default_the_gateway_locks_and_nothing_else() {
    let mut policy = allowing(&RemoteRight::DEFAULT);
    show_ada(&mut policy, 1000, 3);
    assert_eq!(verdict(&mut policy, clock(1100), bare(LOCK_REMOTELY)), Ok(Done::Locked));
    assert!(policy.open().is_none());
    let unlock = given(clock(1200), UNLOCK, 0, Some(1));
    assert_eq!(verdict(&mut policy, clock(1200), unlock), Err(Denial::NotFromAfar));
    let lock_down = bare(Command::Mode(Some(Mode::LockDown)));
    assert_eq!(verdict(&mut policy, clock(1300), lock_down), Err(Denial::NotFromAfar));
}

#[test]
fn an_unlocking_with_a_right_code_opens_and_its_record_names_the_code() {
    let mut policy = allowing(&ALL);
    let asked = policy.step(clock(1000), given(clock(1000), UNLOCK, 3000, Some(7)));
    assert!(asked.iter().any(|action| matches!(action, Action::VerifyCode { code: CodeId(7), .. })));
    assert_eq!((verdicts(&asked), holds(&asked)), (vec![], false));
    let opened = step(&mut policy, clock(1100), right(7));
    assert!(holds(&opened));
    assert_eq!(verdicts(&opened), [Ok(Done::Unlocked(Duration::from_secs(5)))]);
    let recorded = facts(&opened);
    let behind = Some(Behind::Code(kitchen()));
    assert!(
        matches!(recorded[0], Fact::Command { command, behind: by, refused: None, .. } if command == "unlock" && *by == behind)
    );
    assert!(matches!(recorded[1], Fact::Granted { grant: GrantKind::Manual, caller: Some(CALLER), .. }));
}

#[test]
fn what_is_stale_early_undated_repeated_or_without_a_code_opens_nothing_and_is_recorded() {
    for (age, code, denial) in [
        (10_001, Some(1), Denial::Stale),
        (3_600_000, Some(1), Denial::Stale),
        (-2001, Some(1), Denial::Ahead),
        (-3_600_000, Some(1), Denial::Ahead),
        (0, None, Denial::NoCode),
    ] {
        let mut policy = allowing(&ALL);
        let actions = policy.step(clock(1000), given(clock(1000), UNLOCK, age, code));
        assert_eq!(verdicts(&actions), [Err(denial)]);
        let recorded = facts(&actions);
        let is_of_broker = |fact: &Fact| {
            matches!(fact, Fact::Command { behind: Some(Behind::Broker), refused: Some(_), .. })
        };
        assert!(recorded.len() == 1 && is_of_broker(recorded[0]), "{recorded:?}");
        assert_eq!(actions.contains(&Action::ForgetCode(CodeId(1))), code.is_some());
    }
    for age in [10_000, -2000] {
        let asked = allowing(&ALL).step(clock(1000), given(clock(1000), UNLOCK, age, Some(1)));
        assert_eq!(verdicts(&asked), [], "{age} ms is fresh");
    }
    assert_eq!(verdict(&mut allowing(&ALL), clock(1000), bare(UNLOCK)), Err(Denial::NotDated));
}

#[test]
fn the_same_command_is_taken_once() {
    let mut policy = allowing(&ALL);
    let once = given(clock(1000), UNLOCK, 0, Some(1));
    policy.step(clock(1000), once.clone());
    step(&mut policy, clock(1100), right(1));
    assert_eq!(verdict(&mut policy, clock(1200), once.clone()), Err(Denial::Repeated));
    assert_eq!(verdict(&mut policy, clock(9000), once), Err(Denial::Repeated));
    let again = policy.step(clock(9100), given(clock(9100), UNLOCK, 0, Some(2)));
    assert_eq!(verdicts(&again), [], "a new one is verified");
}

#[test]
fn with_a_clock_that_nothing_synchronises_nothing_that_lets_in_is_taken_and_locking_is() {
    let mut policy = allowing(&ALL);
    let mut now = clock(1000);
    now.wall.synchronised = false;
    for command in [UNLOCK, Command::Mode(Some(Mode::OfficeOpen))] {
        assert_eq!(verdict(&mut policy, now, given(now, command, 0, Some(1))), Err(Denial::ClockUnknown));
    }
    assert_eq!(verdict(&mut policy, now, bare(LOCK_REMOTELY)), Ok(Done::Locked));
    let lock_down = bare(Command::Mode(Some(Mode::LockDown)));
    assert_eq!(verdict(&mut policy, now, lock_down), Ok(Done::Mode(Mode::LockDown)));
}

#[test]
fn wrong_codes_lock_out_and_a_right_one_is_not_even_verified_meanwhile() {
    let mut policy = allowing(&ALL);
    for tried in 0..4 {
        let now = clock(1000 + tried * 100);
        policy.step(now, given(now, UNLOCK, 0, Some(tried)));
        let left = (tried == 3).then(|| Duration::from_secs(30));
        assert_eq!(verdict(&mut policy, now, wrong(tried)), Err(Denial::WrongCode(left)));
    }
    let now = clock(2000);
    let denied = verdict(&mut policy, now, given(now, UNLOCK, 0, Some(9)));
    assert!(matches!(denied, Err(Denial::LockedOut(_))), "{denied:?}");
    let now = clock(31_400);
    assert_eq!(verdicts(&policy.step(now, given(now, UNLOCK, 0, Some(10)))), []);
    assert!(holds(&step(&mut policy, now, right(10))));
}

#[test]
fn a_code_that_is_verified_too_late_or_taken_away_meanwhile_opens_nothing() {
    let mut policy = allowing(&ALL);
    policy.step(clock(1000), given(clock(1000), UNLOCK, 9000, Some(1)));
    assert_eq!(verdict(&mut policy, clock(2001), right(1)), Err(Denial::Stale));
    policy.step(clock(3000), given(clock(3000), UNLOCK, 0, Some(2)));
    policy.replace_remote_rules(RemoteRules { may: ALL.to_vec(), codes: [].into() });
    assert_eq!(verdict(&mut policy, clock(3100), right(2)), Err(Denial::CodeUnverified));
    let mut policy = allowing(&ALL);
    policy.step(clock(1000), given(clock(1000), UNLOCK, 0, Some(3)));
    policy.replace_remote_rules(RemoteRules { may: vec![RemoteRight::Lock], codes: codes() });
    assert_eq!(verdict(&mut policy, clock(1100), right(3)), Err(Denial::NotFromAfar));
    assert_eq!(verdicts(&policy.step(clock(1200), right(3))), [], "answered once");
}

#[test]
fn a_code_that_is_never_verified_is_answered_in_time() {
    let mut policy = allowing(&ALL);
    policy.step(clock(1000), given(clock(1000), UNLOCK, 0, Some(1)));
    let now = clock(1050);
    assert_eq!(verdict(&mut policy, now, given(now, UNLOCK, 0, Some(2))), Err(Denial::Busy));
    assert_eq!(policy.deadline(), Some(at(16_000).moment));
    assert_eq!(verdict(&mut policy, clock(16_000), Event::Tick), Err(Denial::CodeUnverified));
    let mut policy = allowing(&ALL);
    policy.step(clock(1000), given(clock(1000), UNLOCK, 0, Some(1)));
    assert_eq!(verdict(&mut policy, clock(1100), Event::Shutdown), Err(Denial::Leaving));
}

#[test]
fn leaving_a_lock_down_and_opening_the_office_need_a_code_and_closing_it_does_not() {
    let mode = |mode| bare(Command::Mode(mode));
    let mut policy = allowing(&ALL);
    assert_eq!(verdict(&mut policy, clock(1000), mode(Some(Mode::OfficeOpen))), Err(Denial::NotDated));
    step(&mut policy, clock(1100), command(Command::Mode(Some(Mode::OfficeOpen))));
    assert_eq!(verdict(&mut policy, clock(1200), mode(Some(Mode::Normal))), Ok(Done::Mode(Mode::Normal)));
    assert_eq!(verdict(&mut policy, clock(1300), mode(Some(Mode::LockDown))), Ok(Done::Mode(Mode::LockDown)));
    for out in [Some(Mode::Normal), None] {
        assert_eq!(verdict(&mut policy, clock(1400), mode(out)), Err(Denial::NotDated), "{out:?}");
    }
    let now = clock(1500);
    policy.step(now, given(now, Command::Mode(Some(Mode::Normal)), 0, Some(1)));
    assert_eq!(verdict(&mut policy, now, right(1)), Ok(Done::Mode(Mode::Normal)));
}

#[test]
fn duress_and_tamper_are_never_acknowledged_from_afar() {
    let mut policy = allowing(&ALL);
    for input in [Input::Tamper, Input::Contact] {
        policy.step(at(60_000), Event::Input { input, active: true, at_start: false });
    }
    let listed = |policy: &Policy, acknowledged| {
        let alarms = policy.alarms().filter(|alarm| alarm.acknowledged == acknowledged);
        alarms.map(|alarm| alarm.kind).collect::<Vec<_>>()
    };
    assert_eq!(listed(&policy, false), [AlarmKind::DoorForced, AlarmKind::Tampered]);
    let all = verdict(&mut policy, clock(61_000), bare(Command::Acknowledge(None)));
    assert_eq!(all, Ok(Done::Acknowledged));
    assert_eq!(listed(&policy, true), [AlarmKind::DoorForced]);
    for kind in [AlarmKind::Tampered, AlarmKind::Duress] {
        let one = verdict(&mut policy, clock(61_100), bare(Command::Acknowledge(Some(kind))));
        assert_eq!(one, Err(Denial::OnlyAtTheDoor(kind)));
    }
}

#[test]
fn a_flood_of_lock_commands_does_not_keep_an_enrolled_face_out() {
    let mut policy = allowing(&RemoteRight::DEFAULT);
    // While the door is locked, locking it takes nothing away.
    for i in 0..3 {
        let ms = 1000 + i * 30;
        policy.step(at(ms - 10), bare(LOCK_REMOTELY));
        step(&mut policy, at(ms), match_of(1, ms, 3, ada()));
    }
    assert!(policy.open().is_some());
    // And while it is unlocked, a flood soon has spent its budget.
    let denied = (0..100).filter(|_| verdict(&mut policy, at(1100), bare(LOCK_REMOTELY)).is_err()).count();
    assert!(denied >= 40, "{denied}");
    show_ada(&mut policy, 60_000 - 20_000, 3);
    let flood: Vec<_> = (0..50).map(|i| policy.step(at(41_000 + i), bare(LOCK_REMOTELY))).collect();
    assert!(flood.iter().filter(|actions| verdicts(actions) == [Ok(Done::Locked)]).count() <= 5);
}
