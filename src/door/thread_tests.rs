//! The door thread with a lock that fails when a test says so.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, channel};

use jiff::tz::TimeZone;
use limen_core::event::{Input, LightChange, Side};
use limen_core::policy::{
    AccessRules, Action, DoorRules, Event, LivenessRules, MultipleFaces, OnAuditFailure, Policy, Rules,
    Standings,
};

use super::*;
use crate::clocks;
use crate::door::dry_run::DryRun;
use crate::door::line_for_tests::WatchedLine;
use crate::door::lines::OutputLine;
use crate::door::prompts::LONGEST_PROMPT;

/// A lock that fails when a test says so, and knows whether it is unlocked.
struct Fragile {
    broken: Arc<AtomicBool>,
    unlocked: Arc<Mutex<bool>>,
}

impl Fragile {
    fn set(&self, unlocked: bool) -> Result<(), DoorError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(DoorError::Failed { line: "wire".into(), what: "broken".into() });
        }
        *self.unlocked.lock().expect("not poisoned") = unlocked;
        Ok(())
    }
}

impl DoorLock for Fragile {
    fn lock(&mut self) -> Result<(), DoorError> {
        self.set(false)
    }
    fn unlock(&mut self) -> Result<(), DoorError> {
        self.set(true)
    }
    fn describe(&self) -> String {
        "fragile".to_owned()
    }
    fn is_real(&self) -> bool {
        false
    }
}

fn door(lock: Box<dyn DoorLock>) -> (DoorHandle, Receiver<DoorReport>) {
    let (sender, reports) = channel();
    let handle = DoorThread::spawn(OpenedDoor::alone(lock), move |report| drop(sender.send(report)));
    (handle.expect("a thread"), reports)
}

fn next(reports: &Receiver<DoorReport>) -> DoorReport {
    reports.recv_timeout(Duration::from_secs(5)).expect("a report")
}

/// Whether a light is lit, or dark, within a few seconds.
fn turns(light: &AtomicBool, lit: bool) -> bool {
    let end = clocks::moment() + Duration::from_secs(5);
    while light.load(Ordering::SeqCst) != lit && clocks::moment() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
    light.load(Ordering::SeqCst) == lit
}

/// A lease for the exit button; only the policy can make leases.
fn lease(length: Duration) -> Lease {
    let rules = Rules {
        frames: 1,
        window: 1,
        unlock: length,
        on_audit_failure: OnAuditFailure::AllowAndAlarm,
        multiple_faces: MultipleFaces::Nearest,
        liveness: LivenessRules::OFF,
        door: DoorRules::DEFAULT,
    };
    let mut policy = Policy::new(rules, Standings::default(), Arc::new(AccessRules::in_zone(TimeZone::UTC)));
    let pressed = Event::Input { input: Input::Rex, active: true, at_start: false };
    let held = policy.step(clocks::now(), pressed).into_iter().find_map(|action| match action {
        Action::Hold(lease) => Some(lease),
        _ => None,
    });
    held.expect("an unlocked door")
}

#[test]
fn the_line_locks_by_itself_when_the_lease_ends() {
    let (door, reports) = door(Box::new(DryRun));
    let given = lease(Duration::from_millis(60));
    let until = given.until();
    door.hold(given).expect("handed over");
    assert!(matches!(next(&reports), DoorReport::Unlocked(_)));
    let DoorReport::Locked { at, why } = next(&reports) else { panic!("not locked") };
    assert_eq!(why, LockedBecause::LeaseOver);
    assert!(at >= until);
}

#[test]
fn green_shines_only_while_the_line_is_held() {
    let [broken, green] = [true, false].map(|first| Arc::new(AtomicBool::new(first)));
    let lock = Fragile { broken: Arc::clone(&broken), unlocked: Arc::default() };
    let lights = Indicators::new(Some(Box::new(WatchedLine(Arc::clone(&green)))), None);
    let (sender, reports) = channel();
    let report = move |report| drop(sender.send(report));
    let opened = OpenedDoor { indicators: lights, ..OpenedDoor::alone(Box::new(lock)) };
    let door = DoorThread::spawn(opened, report).expect("a thread");
    let opened = |length| {
        door.show(Indication::Granted);
        door.hold(lease(length)).expect("handed over");
        next(&reports)
    };
    assert!(matches!(opened(Duration::from_secs(2)), DoorReport::Failed(_)));
    broken.store(false, Ordering::SeqCst);
    // It may be mended before the thread has locked after the failure, or after that.
    while !matches!(next(&reports), DoorReport::Locked { why: LockedBecause::Mended, .. }) {}
    assert!(!green.load(Ordering::SeqCst), "the door never opened");
    assert!(matches!(opened(Duration::from_millis(300)), DoorReport::Unlocked(_)));
    assert!(turns(&green, true));
    assert!(matches!(next(&reports), DoorReport::Locked { why: LockedBecause::LeaseOver, .. }));
    assert!(turns(&green, false));
}

#[test]
fn a_lock_voids_leases_given_before_it() {
    let (door, reports) = door(Box::new(DryRun));
    door.hold(lease(Duration::from_secs(2))).expect("handed over");
    assert!(matches!(next(&reports), DoorReport::Unlocked(_)));
    let old = DoorCommand::Hold(lease(Duration::from_secs(2)), door.told.load(Ordering::SeqCst));
    door.lock();
    assert!(matches!(next(&reports), DoorReport::Locked { why: LockedBecause::Told, .. }));
    door.sender.send(old).expect("handed over");
    drop(door);
    assert!(!reports.try_iter().any(|report| matches!(report, DoorReport::Unlocked(_))));
}

#[test]
fn dropping_the_handle_locks() {
    let unlocked = Arc::new(Mutex::new(false));
    let lock = Fragile { broken: Arc::default(), unlocked: Arc::clone(&unlocked) };
    let (door, reports) = door(Box::new(lock));
    door.hold(lease(Duration::from_secs(2))).expect("handed over");
    assert!(matches!(next(&reports), DoorReport::Unlocked(_)));
    assert!(*unlocked.lock().expect("not poisoned"));
    drop(door);
    assert!(!*unlocked.lock().expect("not poisoned"), "locked before the owner goes on");
    assert!(matches!(next(&reports), DoorReport::Locked { .. }));
}

#[test]
fn a_failing_line_is_reported_once_and_locked_when_it_works_again() {
    let (broken, unlocked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(false)));
    let (door, reports) =
        door(Box::new(Fragile { broken: Arc::clone(&broken), unlocked: Arc::clone(&unlocked) }));
    door.hold(lease(Duration::from_secs(2))).expect("handed over");
    assert!(matches!(next(&reports), DoorReport::Unlocked(_)));
    broken.store(true, Ordering::SeqCst);
    door.lock();
    assert!(matches!(next(&reports), DoorReport::Failed(_)));
    broken.store(false, Ordering::SeqCst);
    assert!(matches!(next(&reports), DoorReport::Locked { why: LockedBecause::Mended, .. }));
    assert!(!*unlocked.lock().expect("not poisoned"));
}

/// A door whose reports are all lost, as if a queue were full.
fn deaf_door(lock: Box<dyn DoorLock>) -> DoorHandle {
    DoorThread::spawn(OpenedDoor::alone(lock), drop).expect("a thread")
}

fn until(door: &DoorHandle, wanted: impl Fn(&DoorState) -> bool) -> DoorState {
    let deadline = clocks::moment() + Duration::from_secs(10);
    loop {
        let state = door.state();
        if wanted(&state) {
            return state;
        }
        assert!(clocks::moment() < deadline, "never: {state:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_failing_line_and_its_mending_are_known_where_every_report_is_lost() {
    let (broken, unlocked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(false)));
    let is_unlocked = || *unlocked.lock().expect("not poisoned");
    let door = deaf_door(Box::new(Fragile { broken: Arc::clone(&broken), unlocked: Arc::clone(&unlocked) }));
    assert_eq!(door.state(), DoorState::default());
    door.hold(lease(Duration::from_secs(2))).expect("handed over");
    until(&door, |_| is_unlocked());
    broken.store(true, Ordering::SeqCst);
    door.lock();
    let failing = until(&door, |state| state.trouble.is_some());
    assert!(is_unlocked() && failing.trouble.expect("why").contains("broken"));
    broken.store(false, Ordering::SeqCst);
    let mended = until(&door, |state| state.trouble.is_none());
    assert!(!is_unlocked(), "locked as soon as it works");
    assert_eq!(mended.failures, 1);
    assert!(mended.last_failure.is_some_and(|what| what.contains("broken")));
}

/// Keeps every change of one light, with its moment.
struct Light(Arc<Mutex<Vec<(Moment, bool)>>>);

impl OutputLine for Light {
    fn drive(&mut self, active: bool) -> Result<(), DoorError> {
        let mut seen = self.0.lock().expect("not poisoned");
        if seen.last().map_or(active, |(_, lit)| *lit != active) {
            seen.push((clocks::moment(), active));
        }
        Ok(())
    }
    fn is_active(&self) -> Result<bool, DoorError> {
        Ok(self.0.lock().expect("not poisoned").last().is_some_and(|(_, lit)| *lit))
    }
    fn describe(&self) -> String {
        "light".to_owned()
    }
}

type Seen = Arc<Mutex<Vec<(Moment, bool)>>>;

/// A door with two prompt lights and a buzzer, and what each of these did: left, right, buzzer.
fn prompting_door() -> (DoorHandle, [Seen; 3]) {
    let seen = [(); 3].map(|()| Seen::default());
    let [left, right, buzzer] =
        seen.each_ref().map(|seen| Some(Box::new(Light(Arc::clone(seen))) as Box<dyn OutputLine>));
    let alone = OpenedDoor::alone(Box::new(DryRun));
    let door = OpenedDoor { prompts: PromptLights::new(left, right), buzzer: Buzzer::new(buzzer), ..alone };
    (DoorThread::spawn(door, drop).expect("a thread"), seen)
}

fn changes(seen: &Seen) -> Vec<bool> {
    seen.lock().expect("not poisoned").iter().map(|(_, lit)| *lit).collect()
}

fn waits(seen: &Seen, wanted: impl Fn(&[bool]) -> bool) -> Vec<bool> {
    let deadline = clocks::moment() + Duration::from_secs(20);
    while !wanted(&changes(seen)) {
        assert!(clocks::moment() < deadline, "never: {:?}", changes(seen));
        std::thread::sleep(Duration::from_millis(1));
    }
    changes(seen)
}

#[test]
fn a_prompt_blinks_on_its_side_until_it_is_over_and_sounds_once() {
    let (door, [left, right, buzzer]) = prompting_door();
    door.prompt(Some(Prompt::Turn(Side::Right)));
    waits(&right, |lit| lit.len() >= 4);
    door.prompt(Some(Prompt::Turn(Side::Right)));
    waits(&right, |lit| lit.len() >= 6);
    door.prompt(None);
    waits(&right, |lit| lit.last() == Some(&false));
    assert_eq!(waits(&buzzer, |heard| heard.len() >= 4), [true, false, true, false], "two tones, once");
    assert_eq!(changes(&left), [] as [bool; 0]);
}

#[test]
fn straight_is_both_lights_and_the_end_of_the_thread_leaves_neither_lit() {
    let (door, [left, right, buzzer]) = prompting_door();
    door.prompt(Some(Prompt::Straight));
    assert_eq!([&left, &right].map(|light| waits(light, |lit| !lit.is_empty())), [[true], [true]]);
    drop(door);
    assert_eq!([&left, &right].map(changes), [[true, false], [true, false]]);
    assert_eq!(changes(&buzzer), [] as [bool; 0]);
}

#[test]
fn a_prompt_of_an_owner_that_hangs_ends_by_itself() {
    let (door, [left, right, _]) = prompting_door();
    door.prompt(Some(Prompt::Straight));
    let ended = waits(&left, |lit| lit.len() >= 2);
    assert_eq!((ended, changes(&right)), (vec![true, false], vec![true, false]));
    let (lit, dark) = {
        let seen = left.lock().expect("not poisoned");
        (seen[0].0, seen[1].0)
    };
    assert!(dark.since(lit) >= LONGEST_PROMPT && !door.is_gone());
}

#[test]
fn a_prompt_is_shown_although_the_queue_was_full_when_it_was_set() {
    let (door, [left, ..]) = prompting_door();
    for _ in 0..10 * QUEUE {
        door.show(Indication::Idle);
    }
    door.prompt(Some(Prompt::Turn(Side::Left)));
    waits(&left, |lit| lit.first() == Some(&true));
}

/// A door with a light on faces, and what it did.
fn lighting_door() -> (DoorHandle, Seen) {
    let seen = Seen::default();
    let light = FaceLight::new(Some(Box::new(Light(Arc::clone(&seen)))));
    let door = OpenedDoor { light, ..OpenedDoor::alone(Box::new(DryRun)) };
    (DoorThread::spawn(door, drop).expect("a thread"), seen)
}

fn pattern() -> Option<LightPattern> {
    Some(LightPattern::from_bytes([0; LightPattern::BYTES]))
}

#[test]
fn the_light_on_faces_is_driven_until_nobody_is_judged_and_its_changes_are_those_of_the_line() {
    let (door, seen) = lighting_door();
    door.light(pattern());
    waits(&seen, |lit| lit.len() >= 5);
    door.light(None);
    waits(&seen, |lit| lit.last() == Some(&false));
    let driven = seen.lock().expect("not poisoned").clone();
    let told = door.light_state();
    assert_eq!(told.trouble, None);
    for (at, lit) in driven {
        let near = |change: &LightChange| at.since(change.at) < Duration::from_millis(100);
        assert!(told.changes.iter().any(|change| change.lit == lit && near(change)), "{at:?} {told:?}");
    }
}

#[test]
fn the_light_on_faces_is_dark_after_the_end_of_the_thread_also_where_its_owner_dies() {
    for dies in [false, true] {
        let (door, seen) = lighting_door();
        door.light(pattern());
        waits(&seen, |lit| lit.last() == Some(&true));
        let owner = std::thread::spawn(move || {
            let _door = door;
            assert!(!dies, "on purpose");
        });
        assert_eq!(owner.join().is_err(), dies);
        assert_eq!(changes(&seen).last(), Some(&false), "{dies}");
    }
}

#[test]
fn the_light_on_faces_of_an_owner_that_hangs_ends_by_itself() {
    let (_door, seen) = lighting_door();
    let mut light = FaceLight::new(Some(Box::new(Light(Arc::clone(&seen)))));
    light.show(Moment::default(), pattern());
    while let Some(turn) = light.next_turn() {
        light.let_time_pass(turn);
    }
    let longest = Duration::from_secs(22);
    assert!(
        light.state().read().changes.back().is_some_and(|last| !last.lit && last.at.since_boot() < longest)
    );
}
