//! Examples of who may enter when: schedules, first person in, two people, anti-passback, and how long a step
//! takes.

use std::time::Instant;

use jiff::tz::TimeZone;

use super::access::schedule::{Schedule, TimeOfDay, TimeWindow};
use super::access::{Group, TwoPerson, WhenClockUnknown};
use super::*;
use super::{LOCK, RULES, at, command, facts, holds, match_of, step};
use crate::event::{Mode, Personal, Refusal};
use crate::people::Standing;
use crate::person::{GroupId, PersonId};

pub(super) fn id(text: &str) -> PersonId {
    PersonId::new(text).expect("an id")
}

pub(super) fn group(text: &str) -> GroupId {
    GroupId::new(text).expect("an id")
}

/// The same hours every day.
fn daily(name: &str, from: &str, until: &str) -> Arc<Schedule> {
    let time = |text| TimeOfDay::parse(text).expect("a time of day");
    let window = TimeWindow::new(time(from), time(until)).expect("a window");
    let week = std::array::from_fn(|_| vec![window]);
    Arc::new(Schedule { name: name.to_owned(), week, ..Schedule::default() })
}

/// UTC. Staff from 8 to 16; keyholders at any time; cleaners once a keyholder has come; two of the vault
/// within ten seconds, or one with a guard; a member of the club once a minute.
pub(super) fn site() -> AccessRules {
    let two = |ids: &[&str]| {
        Some(TwoPerson { groups: ids.iter().map(|id| group(id)).collect(), within: Duration::from_secs(10) })
    };
    let plain = |id: &str| Group::new(group(id));
    let office = daily("office", "08:00", "16:00");
    let groups = [
        Group { schedules: vec![Arc::clone(&office)], ..plain("staff") },
        plain("keyholders"),
        Group { first_person_in: vec![group("keyholders")], ..plain("cleaners") },
        Group { two_person: two(&["vault", "guards"]), ..plain("vault") },
        Group { schedules: vec![Arc::clone(&office)], ..plain("guards") },
        Group { anti_passback: Some(Duration::from_secs(60)), ..plain("club") },
    ];
    AccessRules {
        schedules: vec![office],
        groups: groups.into_iter().map(|group| (group.id.clone(), group)).collect(),
        ..AccessRules::in_zone(TimeZone::UTC)
    }
}

fn of(groups: &[&str]) -> Standing {
    Standing { groups: groups.iter().map(|id| group(id)).collect(), ..Standing::default() }
}

/// One or two people of each group, one suspended, one of a group that is not configured.
pub(super) fn people() -> Standings {
    let suspended = Standing { suspended: true, ..Standing::default() };
    let all = [
        ("ada", of(&["staff"])),
        ("kay", of(&["keyholders"])),
        ("cleo", of(&["cleaners"])),
        ("vic", of(&["vault"])),
        ("val", of(&["vault"])),
        ("gus", of(&["guards"])),
        ("pat", of(&["club"])),
        ("sue", suspended),
        ("xan", of(&["nowhere"])),
        ("bea", of(&["staff", "keyholders"])),
    ];
    Arc::new(all.into_iter().map(|(name, standing)| (id(name), standing)).collect())
}

fn policy() -> Policy {
    Policy::new(RULES, people(), Arc::new(site()))
}

/// A second of the boot clock, and what the clock on the wall says then.
fn when(second: u64, wall: &str) -> Now {
    let mut now = at(second * 1000);
    now.wall.utc = format!("2026-06-{wall}Z").parse().expect("a time stamp");
    now
}

/// Three frames of somebody on a track of their own.
fn show(policy: &mut Policy, now: Now, name: &str) -> Vec<Action> {
    let ms = u64::try_from(now.moment.since_boot().as_millis()).expect("small");
    let look = |i: u64| {
        let moment = at(ms + i * 20).moment;
        step(policy, Now { moment, ..now }, match_of(ms, ms + i * 20, i as u32 + 1, id(name)))
    };
    (0..3).flat_map(look).collect()
}

fn refusal(actions: &[Action]) -> Option<Refusal> {
    facts(actions).into_iter().find_map(|fact| match fact {
        Fact::Refused { refusal, .. } => Some(*refusal),
        _ => None,
    })
}

#[test]
fn a_person_of_a_group_enters_while_one_of_its_schedules_is_open() {
    for (wall, opens) in
        [("15T07:59:59", false), ("15T08:00:00", true), ("15T15:59:59", true), ("15T16:00:00", false)]
    {
        let actions = show(&mut policy(), when(100, wall), "ada");
        assert_eq!(holds(&actions), opens, "{wall}");
        assert_eq!(refusal(&actions), (!opens).then_some(Refusal::OutsideSchedule), "{wall}");
    }
}

#[test]
fn one_group_that_lets_in_is_enough_and_an_unknown_one_lets_nobody_in() {
    assert!(holds(&show(&mut policy(), when(100, "15T03:00:00"), "bea")));
    let actions = show(&mut policy(), when(100, "15T12:00:00"), "xan");
    assert_eq!((holds(&actions), refusal(&actions)), (false, Some(Refusal::OutsideSchedule)));
}

#[test]
fn an_unknown_time_refuses_whoever_is_limited_by_it_unless_the_clock_is_believed() {
    let unknown = |wall: &str| {
        let mut now = when(100, wall);
        now.wall.synchronised = false;
        now
    };
    for name in ["ada", "cleo"] {
        let actions = show(&mut policy(), unknown("15T12:00:00"), name);
        assert_eq!(refusal(&actions), Some(Refusal::ClockNotTrusted), "{name}");
    }
    assert!(holds(&show(&mut policy(), unknown("15T12:00:00"), "kay")));
    let believing = || {
        let rules = AccessRules { when_clock_unknown: WhenClockUnknown::Believe, ..site() };
        Policy::new(RULES, people(), Arc::new(rules))
    };
    assert!(holds(&show(&mut believing(), unknown("15T12:00:00"), "ada")));
    assert_eq!(
        refusal(&show(&mut believing(), unknown("15T17:00:00"), "ada")),
        Some(Refusal::OutsideSchedule)
    );
}

#[test]
fn whoever_needs_somebody_before_them_enters_after_that_one_on_the_same_day() {
    let mut policy = policy();
    let missing = Some(Refusal::FirstPersonMissing);
    assert_eq!(refusal(&show(&mut policy, when(100, "15T06:00:00"), "cleo")), missing);
    assert!(holds(&show(&mut policy, when(200, "15T06:01:00"), "kay")));
    policy.step(when(250, "15T06:02:00"), Event::NewStandings(people()));
    assert!(holds(&show(&mut policy, when(300, "15T23:59:59"), "cleo")));
    assert_eq!(refusal(&show(&mut policy, when(400, "16T00:00:00"), "cleo")), missing);
    assert_eq!(
        refusal(&show(&mut policy, when(500, "15T12:00:00"), "cleo")),
        missing,
        "set back to yesterday"
    );
    let mut restarted = self::policy();
    assert_eq!(refusal(&show(&mut restarted, when(600, "15T12:00:00"), "cleo")), missing);
}

#[test]
fn the_first_of_two_waits_and_the_second_opens_for_both() {
    let mut policy = policy();
    let first = show(&mut policy, when(100, "15T12:00:00"), "vic");
    assert!(!holds(&first) && first.contains(&Action::Show(Sign::Waiting)));
    assert!(matches!(facts(&first)[..], [Fact::Waiting { seconds: 10, .. }]));
    let gone = step(&mut policy, when(103, "15T12:00:03"), Event::TrackEnded(TrackId(100_000)));
    assert!(facts(&gone).is_empty(), "still waits after leaving the picture");
    let second = show(&mut policy, when(109, "15T12:00:09"), "val");
    assert!(holds(&second));
    let [Fact::Granted { person, second, .. }] = facts(&second)[..] else { panic!("{second:?}") };
    assert_eq!((person, second), (&Some(Personal(id("val"))), &Some(Personal(id("vic")))));
    let later = step(&mut policy, when(120, "15T12:00:20"), Event::Tick);
    assert_eq!(refusal(&later), None, "whoever went in is not refused");
}

#[test]
fn one_person_opens_nothing_that_needs_two_and_gets_one_refusal_an_attempt() {
    let mut policy = policy();
    let mut all = show(&mut policy, when(100, "15T12:00:00"), "vic");
    all.extend(show(&mut policy, when(104, "15T12:00:04"), "vic"));
    all.extend(step(&mut policy, when(115, "15T12:00:15"), Event::Tick));
    assert!(!holds(&all));
    let refused: Vec<_> = facts(&all).into_iter().filter(|f| matches!(f, Fact::Refused { .. })).collect();
    assert_eq!(refused.len(), 2, "one a track: {refused:?}");
    assert_eq!(refusal(&all), Some(Refusal::SecondPersonMissing));
}

#[test]
fn the_second_person_comes_in_time_and_is_of_a_group_that_is_asked_for() {
    let late = |policy: &mut Policy| show(policy, when(111, "15T12:00:11"), "val");
    let mut policy = policy();
    show(&mut policy, when(100, "15T12:00:00"), "vic");
    assert!(!holds(&late(&mut policy)));

    let mut policy = self::policy();
    show(&mut policy, when(100, "15T12:00:00"), "vic");
    let stranger_to_the_vault = show(&mut policy, when(102, "15T12:00:02"), "kay");
    let [Fact::Granted { second: None, .. }] = facts(&stranger_to_the_vault)[..] else {
        panic!("kay enters alone: {stranger_to_the_vault:?}")
    };

    let mut policy = self::policy();
    show(&mut policy, when(100, "15T12:00:00"), "vic");
    let guard = show(&mut policy, when(102, "15T12:00:02"), "gus");
    assert!(matches!(facts(&guard)[..], [Fact::Granted { second: Some(_), .. }]), "{guard:?}");
    let closed = show(&mut self::policy(), when(102, "15T18:00:00"), "gus");
    assert_eq!(refusal(&closed), Some(Refusal::OutsideSchedule));
}

#[test]
fn a_recognition_counts_for_one_opening_only() {
    let mut policy = policy();
    show(&mut policy, when(100, "15T12:00:00"), "vic");
    assert!(holds(&show(&mut policy, when(101, "15T12:00:01"), "val")));
    step(&mut policy, when(107, "15T12:00:07"), Event::Tick);
    assert!(!holds(&show(&mut policy, when(108, "15T12:00:08"), "val")));
}

#[test]
fn a_command_to_lock_a_fault_and_a_new_gallery_end_the_waiting() {
    let fault = Event::Failed(Part::Camera, "gone".to_owned());
    for event in [command(LOCK), fault, Event::NewStandings(people()), Event::Shutdown] {
        let mut policy = policy();
        show(&mut policy, when(100, "15T12:00:00"), "vic");
        let actions = step(&mut policy, when(101, "15T12:00:01"), event.clone());
        assert_eq!(refusal(&actions), Some(Refusal::SecondPersonMissing), "{event:?}");
        step(&mut policy, when(101, "15T12:00:01"), Event::Recovered(Part::Camera));
        assert!(!holds(&show(&mut policy, when(102, "15T12:00:02"), "val")), "{event:?}");
    }
}

#[test]
fn whoever_was_let_in_is_not_let_in_again_for_a_while_whatever_the_clock_on_the_wall_says() {
    let mut policy = policy();
    assert!(holds(&show(&mut policy, when(100, "15T12:00:00"), "pat")));
    policy.step(when(110, "15T12:00:10"), Event::NewStandings(people()));
    let actions = show(&mut policy, when(159, "25T12:00:00"), "pat");
    assert_eq!((holds(&actions), refusal(&actions)), (false, Some(Refusal::AntiPassback)));
    assert!(holds(&show(&mut policy, when(161, "15T12:00:00"), "pat")));
}

#[test]
fn a_grant_that_the_audit_refused_lets_nobody_in_and_so_counts_for_nothing() {
    let mut policy = policy();
    for i in 0..3 {
        policy.step(at(1000 + i * 20), match_of(1, 1000 + i * 20, i as u32 + 1, id("pat")));
    }
    policy.step(at(1100), Event::Tick);
    assert!(holds(&show(&mut policy, when(5, "15T12:00:00"), "pat")));
}

#[test]
fn nothing_opens_before_the_latest_moment_that_was_seen() {
    let mut policy = policy();
    step(&mut policy, when(200, "15T12:00:00"), Event::Tick);
    assert!(!holds(&show(&mut policy, when(100, "15T12:00:00"), "kay")));
    let unlock = command(Command::Unlock(Duration::from_secs(3)));
    assert!(!holds(&step(&mut policy, when(150, "15T12:00:00"), unlock)));
    assert!(holds(&show(&mut policy, when(200, "15T12:00:00"), "kay")));
}

#[test]
fn a_reload_that_closes_the_schedule_revokes_the_grant_and_one_that_does_not_leaves_it() {
    let mut policy = policy();
    assert!(holds(&show(&mut policy, when(100, "15T12:00:00"), "ada")));
    assert!(holds(&policy.step(when(101, "15T12:00:01"), Event::NewStandings(people()))));
    let mut rules = site();
    let evening = daily("office", "18:00", "20:00");
    rules.groups.insert(group("staff"), Group { schedules: vec![evening], ..Group::new(group("staff")) });
    policy.replace_rules(RULES, Arc::new(rules));
    let actions = policy.step(when(102, "15T12:00:02"), Event::NewStandings(people()));
    assert_eq!(facts(&actions), [&Fact::Locked { why: Relock::Revoked, caller: None }]);
}

/// Ten thousand people, one of them in sixteen groups of four schedules each, none of them open.
#[test]
fn a_step_takes_less_than_twenty_microseconds() {
    let mut rules = site();
    let ids: Vec<GroupId> = (0..16).map(|n| group(&format!("g{n}"))).collect();
    for id in &ids {
        let schedules = (0..4).map(|_| daily("night", "01:00", "02:00")).collect();
        rules.groups.insert(id.clone(), Group { schedules, ..Group::new(id.clone()) });
    }
    let mut all: HashMap<_, _> = (0..10_000).map(|n| (id(&format!("p{n}")), Standing::default())).collect();
    all.insert(id("ada"), Standing { groups: ids, ..Standing::default() });
    let mut policy = Policy::new(RULES, Arc::new(all), Arc::new(rules));
    let mut times: Vec<Duration> = (0..3000_u64)
        .map(|n| {
            let (ms, track) = (10_000 + n * 20, n / 3);
            let event = match_of(track, ms, (n % 3) as u32 + 1, id("ada"));
            let start = Instant::now();
            let actions = policy.step(at(ms), event);
            let took = start.elapsed();
            assert_eq!(refusal(&actions).is_some(), n % 3 == 2);
            took
        })
        .collect();
    times.sort();
    let deciding = times[times.len() * 5 / 6];
    println!("a step: median {:?}, one that decides {deciding:?}", times[times.len() / 2]);
    assert!(deciding < Duration::from_micros(20), "{deciding:?}");
}

#[test]
fn a_kept_lock_down_by_schedule_goes_on_after_a_start_without_a_clock_until_that_is_set() {
    let mut rules = site();
    rules.modes.lock_down = vec![daily("night", "20:00", "24:00")];
    let mut policy = Policy::new(RULES, people(), Arc::new(rules));
    let mut unset = when(1, "01T09:00:00");
    unset.wall.synchronised = false;
    policy.step(unset, Event::LockDownKept);
    policy.step(Now { moment: at(2000).moment, ..unset }, Event::Tick);
    assert!(policy.mode() == Mode::LockDown && policy.is_locked_down_by_schedule());
    policy.step(when(70, "01T09:01:00"), Event::Tick);
    assert!(policy.mode() == Mode::Normal && !policy.is_locked_down_by_schedule());
}
