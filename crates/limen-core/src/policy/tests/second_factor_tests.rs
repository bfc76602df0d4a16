//! Second factors at the door: in either order, wrong ones, lock-out, duress, two people.

use std::sync::Arc;

use super::access::factors::FactorRule;
use super::access::{Group, TwoPerson};
use super::*;
use super::{LOCK, RULES, ada, at, bob, command, facts, holds, match_of, request};
use crate::credential::{Card, Factor, Factors, SecondFactor};
use crate::event::{AlarmKind, AlarmStep, FactorRefusal, Refusal};
use crate::people::{Means, Standing};
use crate::person::{GroupId, PersonId};

fn group(text: &str) -> GroupId {
    GroupId::new(text).expect("an id")
}

/// A hash that is never compared with digits here.
fn some_hash() -> Option<crate::credential::PinHash> {
    let text = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    crate::credential::PinHash::parse(text).ok()
}

fn standing(groups: &[&str], means: Means) -> Standing {
    Standing {
        groups: groups.iter().map(|id| group(id)).collect(),
        means: Arc::new(means),
        ..Standing::default()
    }
}

pub(super) fn card_of(person: &str) -> Card {
    Card::wiegand26(person.as_bytes()[0], 1)
}

fn with_all(person: &str) -> Means {
    Means { pin: some_hash(), card: Some(card_of(person)), ..Means::default() }
}

/// Groups `pin`, `card`, `either` and `vault` (a PIN each, and two people).
fn site() -> AccessRules {
    let rule = |factor| Some(FactorRule { factor, schedules: Vec::new() });
    let two = Some(TwoPerson { groups: vec![group("vault")], within: Duration::from_secs(30) });
    let groups = [
        Group { second_factor: rule(SecondFactor::Pin), ..Group::new(group("pin")) },
        Group { second_factor: rule(SecondFactor::Card), ..Group::new(group("card")) },
        Group { second_factor: rule(SecondFactor::PinOrCard), ..Group::new(group("either")) },
        Group { second_factor: rule(SecondFactor::Pin), two_person: two, ..Group::new(group("vault")) },
    ];
    AccessRules {
        groups: groups.into_iter().map(|group| (group.id.clone(), group)).collect(),
        available: Factors { pin: true, card: true },
        ..AccessRules::in_zone(jiff::tz::TimeZone::UTC)
    }
}

pub(super) fn policy_of(ada_is: Standing, bob_is: Standing) -> Policy {
    let standings: Standings = Arc::new([(ada(), ada_is), (bob(), bob_is)].into());
    Policy::new(RULES, standings, Arc::new(site()))
}

/// The two of them in this group, with PIN and card each.
pub(super) fn both_in(name: &str) -> Policy {
    policy_of(standing(&[name], with_all("ada")), standing(&[name], with_all("bob")))
}

/// Steps. The audit accepts at once, and the verifier gives this outcome for every PIN.
fn step(policy: &mut Policy, ms: u64, event: Event, verified: PinOutcome) -> Vec<Action> {
    let mut actions = policy.step(at(ms), event);
    let mut done = 0;
    while done < actions.len() {
        let more = match &actions[done] {
            Action::RecordAndAnswer(..) => {
                request(&actions[done]).map(|id| Event::Accepted(id, at(ms).moment))
            }
            Action::VerifyPin { entry, person, .. } => {
                Some(Event::PinVerified { entry: *entry, person: person.clone(), outcome: verified })
            }
            _ => None,
        };
        let more = more.map(|event| policy.step(at(ms), event)).unwrap_or_default();
        actions.extend(more);
        done += 1;
    }
    actions
}

fn show(policy: &mut Policy, track: u64, ms: u64, who: &PersonId, verified: PinOutcome) -> Vec<Action> {
    let frames = (0..3).map(|n| (ms + n * 30, match_of(track, ms + n * 30, n as u32 + 1, who.clone())));
    frames.flat_map(|(ms, frame)| step(policy, ms, frame, verified)).collect()
}

fn pin(policy: &mut Policy, ms: u64, entry: u64, verified: PinOutcome) -> Vec<Action> {
    step(policy, ms, Event::PinEntered(EntryId(entry)), verified)
}

fn refusals(actions: &[Action]) -> Vec<Refusal> {
    let refusal = |fact: &&Fact| match fact {
        Fact::Refused { refusal, .. } => Some(*refusal),
        _ => None,
    };
    facts(actions).iter().filter_map(refusal).collect()
}

fn opens_by(actions: &[Action], factor: Factor) -> bool {
    let granted = |fact: &&Fact| matches!(fact, Fact::Granted { factors, .. } if *factors == [factor]);
    holds(actions) && facts(actions).iter().any(granted)
}

#[test]
fn a_face_opens_only_with_the_pin_that_follows_in_time() {
    let mut policy = both_in("pin");
    let actions = show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    assert!(!holds(&actions) && actions.contains(&Action::Show(Sign::Waiting)));
    assert!(facts(&actions).iter().any(|fact| {
        matches!(fact, Fact::Waiting { seconds: 15, factors, .. } if *factors == [Factor::Pin])
    }));
    step(&mut policy, 2000, Event::TrackEnded(TrackId(1)), PinOutcome::Right);
    assert!(opens_by(&pin(&mut policy, 16_059, 0, PinOutcome::Right), Factor::Pin));
    let mut late = both_in("pin");
    show(&mut late, 1, 1000, &ada(), PinOutcome::Right);
    let actions = step(&mut late, 16_060, Event::Tick, PinOutcome::Right);
    assert_eq!(refusals(&actions), [Refusal::SecondFactorMissing]);
    assert!(!holds(&pin(&mut late, 16_070, 0, PinOutcome::Right)));
}

#[test]
fn a_pin_or_card_that_comes_first_counts_for_the_face_that_follows() {
    let mut policy = both_in("either");
    assert!(!holds(&pin(&mut policy, 1000, 0, PinOutcome::Right)));
    assert!(opens_by(&show(&mut policy, 1, 2000, &ada(), PinOutcome::Right), Factor::Pin));
    let mut policy = both_in("either");
    step(&mut policy, 1000, Event::CardRead(card_of("ada")), PinOutcome::Right);
    assert!(opens_by(&show(&mut policy, 1, 2000, &ada(), PinOutcome::Right), Factor::Card));
    let mut policy = both_in("either");
    pin(&mut policy, 1000, 0, PinOutcome::Right);
    let actions = step(&mut policy, 16_000, Event::Tick, PinOutcome::Right);
    assert!(actions.contains(&Action::ForgetPin(EntryId(0))), "too long before");
    assert!(!holds(&show(&mut policy, 1, 16_100, &ada(), PinOutcome::Right)));
}

#[test]
fn a_card_opens_with_its_owners_face_alone() {
    let mut policy = both_in("card");
    step(&mut policy, 1000, Event::CardRead(card_of("bob")), PinOutcome::Right);
    assert!(!holds(&show(&mut policy, 1, 2000, &ada(), PinOutcome::Right)));
    assert!(!holds(&pin(&mut policy, 3000, 0, PinOutcome::Right)), "a PIN is not asked for");
    assert!(opens_by(
        &step(&mut policy, 4000, Event::CardRead(card_of("ada")), PinOutcome::Right),
        Factor::Card
    ));
}

#[test]
fn a_card_of_nobody_is_recorded_and_counts_for_whoever_is_asked() {
    let mut policy = both_in("card");
    let nobodys = || Event::CardRead(Card::wiegand34(9, 9));
    let refused = |actions: &[Action]| {
        facts(actions).iter().find_map(|fact| match fact {
            Fact::FactorRefused { why, person, locked_out_s, .. } => {
                Some((*why, person.clone().map(|person| person.0), *locked_out_s))
            }
            _ => None,
        })
    };
    let actions = step(&mut policy, 500, nobodys(), PinOutcome::Right);
    assert_eq!(refused(&actions), Some((FactorRefusal::Unknown, None, None)));
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    for n in 0..3 {
        let actions = step(&mut policy, 2000 + n, nobodys(), PinOutcome::Right);
        assert_eq!(refused(&actions), Some((FactorRefusal::Wrong, Some(ada()), None)));
    }
    let actions = step(&mut policy, 2010, nobodys(), PinOutcome::Right);
    assert_eq!(refused(&actions), Some((FactorRefusal::Wrong, Some(ada()), Some(30))));
    assert_eq!(refusals(&actions), [Refusal::WrongCard]);
}

#[test]
fn too_many_wrong_pins_lock_out_their_person_and_nobody_else() {
    let mut policy = both_in("pin");
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    for n in 0..3 {
        let actions = pin(&mut policy, 2000 + 1000 * n, n, PinOutcome::Wrong);
        assert!(actions.contains(&Action::Show(Sign::Refused)) && refusals(&actions).is_empty());
    }
    let actions = pin(&mut policy, 5000, 3, PinOutcome::Wrong);
    assert_eq!(refusals(&actions), [Refusal::WrongPin]);
    let again = show(&mut policy, 2, 6000, &ada(), PinOutcome::Right);
    assert_eq!(refusals(&again), [Refusal::LockedOut]);
    assert!(!holds(&pin(&mut policy, 7000, 4, PinOutcome::Right)));
    // The PIN that was meant for the other is not his.
    show(&mut policy, 3, 8000, &bob(), PinOutcome::Wrong);
    assert!(opens_by(&pin(&mut policy, 9000, 5, PinOutcome::Right), Factor::Pin), "bob");
    step(&mut policy, 20_000, Event::Tick, PinOutcome::Right);
    show(&mut policy, 4, 35_010, &ada(), PinOutcome::Right);
    assert!(holds(&pin(&mut policy, 36_000, 6, PinOutcome::Right)), "half a minute later");
}

#[test]
fn after_a_wrong_pin_the_lights_wait_again() {
    let mut policy = both_in("pin");
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    pin(&mut policy, 2000, 0, PinOutcome::Wrong);
    let waits = Action::Show(Sign::Waiting);
    assert!(!step(&mut policy, 3999, Event::Tick, PinOutcome::Right).contains(&waits));
    assert!(policy.deadline().is_some_and(|due| due <= at(4000).moment));
    assert!(step(&mut policy, 4000, Event::Tick, PinOutcome::Right).contains(&waits));
    assert!(!step(&mut policy, 4100, Event::Tick, PinOutcome::Right).contains(&waits), "once");
}

#[test]
fn nonsense_typed_before_a_face_keeps_nobody_out() {
    let mut policy = both_in("pin");
    for n in 0..8_u64 {
        let ms = 1000 + n * 20_000;
        pin(&mut policy, ms, n, PinOutcome::Wrong);
        let actions = show(&mut policy, n, ms + 1000, &ada(), PinOutcome::Wrong);
        assert!(!refusals(&actions).contains(&Refusal::LockedOut));
        step(&mut policy, ms + 18_000, Event::Tick, PinOutcome::Wrong);
    }
    show(&mut policy, 99, 200_000, &ada(), PinOutcome::Right);
    assert!(holds(&pin(&mut policy, 201_000, 99, PinOutcome::Right)));
}

#[test]
fn many_wrong_pins_slow_the_door_and_close_it_to_nobody() {
    let mut policy = both_in("pin");
    for n in 0..12 {
        pin(&mut policy, 1000 + n * 500, n, PinOutcome::Wrong);
    }
    show(&mut policy, 1, 7100, &bob(), PinOutcome::Right);
    let at_once = pin(&mut policy, 7200, 50, PinOutcome::Right);
    assert!(!holds(&at_once) && !at_once.iter().any(|action| matches!(action, Action::VerifyPin { .. })));
    let due = policy.deadline().expect("a PIN waits");
    assert!(due.since(at(7200).moment) <= Duration::from_secs(5));
    let ms = u64::try_from(due.since_boot().as_millis()).expect("small");
    assert!(holds(&step(&mut policy, ms, Event::Tick, PinOutcome::Right)));
}

#[test]
fn a_duress_pin_opens_as_any_other_and_raises_an_alarm_that_nothing_shows() {
    let mut plain = both_in("pin");
    show(&mut plain, 1, 1000, &ada(), PinOutcome::Right);
    let right = pin(&mut plain, 2000, 0, PinOutcome::Right);
    let mut policy = both_in("pin");
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    let duress = pin(&mut policy, 2000, 0, PinOutcome::Duress);
    assert!(opens_by(&duress, Factor::Pin));
    let raised = |action: &Action| {
        matches!(
            action,
            Action::Record(Fact::Alarm { alarm: AlarmKind::Duress, step: AlarmStep::Raised, .. })
        )
    };
    assert_eq!(duress.iter().filter(|action| raised(action)).count(), 1);
    let seen = |actions: &[Action]| -> Vec<Action> {
        actions.iter().filter(|action| !raised(action)).cloned().collect()
    };
    assert_eq!(seen(&duress), seen(&right), "door, lights, buzzer and the grant's record are the same");
    assert!(policy.alarms().any(|alarm| alarm.kind == AlarmKind::Duress && !alarm.acknowledged));
}

#[test]
fn whoever_looks_away_and_back_is_asked_once() {
    let mut policy = both_in("pin");
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    step(&mut policy, 2000, Event::TrackEnded(TrackId(1)), PinOutcome::Right);
    let actions = show(&mut policy, 2, 10_000, &ada(), PinOutcome::Right);
    assert!(!facts(&actions).iter().any(|fact| matches!(fact, Fact::Waiting { .. } | Fact::Refused { .. })));
    assert!(holds(&pin(&mut policy, 24_000, 0, PinOutcome::Right)), "the time began anew");
}

#[test]
fn the_last_who_was_recognised_is_asked_and_no_earlier_one_enters_with_that_pin() {
    let mut policy = both_in("pin");
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    let actions = show(&mut policy, 2, 3000, &bob(), PinOutcome::Right);
    assert_eq!(refusals(&actions), [Refusal::SecondFactorMissing]);
    let actions = pin(&mut policy, 4000, 0, PinOutcome::Right);
    assert!(holds(&actions));
    assert_eq!(policy.open().and_then(Grant::person), Some(&bob()));
}

#[test]
fn a_factor_that_cannot_be_proven_is_refused_at_once() {
    let mut policy = policy_of(standing(&["pin"], Means::default()), Standing::default());
    let actions = show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    assert_eq!(refusals(&actions), [Refusal::SecondFactorMissing]);
    let mut policy = both_in("pin");
    policy.replace_rules(RULES, Arc::new(AccessRules { available: Factors::default(), ..site() }));
    let actions = show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    assert_eq!(refusals(&actions), [Refusal::SecondFactorMissing], "no keypad");
}

#[test]
fn of_two_people_each_proves_a_factor_of_their_own() {
    let mut policy = both_in("vault");
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    let actions = pin(&mut policy, 2000, 0, PinOutcome::Right);
    assert!(!holds(&actions) && actions.contains(&Action::Show(Sign::Waiting)), "for a second person");
    assert!(!holds(&show(&mut policy, 2, 4000, &bob(), PinOutcome::Right)));
    assert!(!holds(&pin(&mut policy, 5000, 1, PinOutcome::Wrong)));
    assert!(holds(&pin(&mut policy, 6000, 2, PinOutcome::Right)));
    assert_eq!(policy.open().map(|grant| grant.people().count()), Some(2));
}

#[test]
fn what_a_person_and_a_group_ask_for_must_both_be_proven() {
    let means = Means { rule: Some(SecondFactor::Card), ..with_all("ada") };
    let mut policy = policy_of(standing(&["pin"], means), Standing::default());
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    assert!(!holds(&pin(&mut policy, 2000, 0, PinOutcome::Right)));
    assert!(holds(&step(&mut policy, 3000, Event::CardRead(card_of("ada")), PinOutcome::Right)));
}

#[test]
fn a_rule_with_schedules_asks_while_one_is_open_and_while_the_time_is_unknown() {
    let mut rules = site();
    let window = |from, until| {
        let time = |text| super::access::schedule::TimeOfDay::parse(text).expect("a time");
        super::access::schedule::TimeWindow::new(time(from), time(until)).expect("a window")
    };
    let schedule = |from, until| {
        let week = std::array::from_fn(|_| vec![window(from, until)]);
        Arc::new(super::access::schedule::Schedule { name: "s".to_owned(), week, ..Default::default() })
    };
    // It is noon.
    for (from, until, trusted, asks) in
        [("11:00", "13:00", true, true), ("13:00", "14:00", true, false), ("13:00", "14:00", false, true)]
    {
        let rule = FactorRule { factor: SecondFactor::Pin, schedules: vec![schedule(from, until)] };
        rules.groups.insert(group("pin"), Group { second_factor: Some(rule), ..Group::new(group("pin")) });
        let mut policy = both_in("pin");
        policy.replace_rules(RULES, Arc::new(rules.clone()));
        let opened = (0..3_u64).any(|n| {
            let ms = 1000 + n * 30;
            let mut now = at(ms);
            now.wall.synchronised = trusted;
            let actions = policy.step(now, match_of(1, ms, n as u32 + 1, ada()));
            actions.iter().any(|action| request(action).is_some())
        });
        assert_eq!(opened, !asks, "{from} to {until}, trusted: {trusted}");
    }
}

#[test]
fn a_slow_audit_does_not_cost_the_pin() {
    let mut policy = both_in("pin");
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    let asked = policy.step(at(2000), Event::PinEntered(EntryId(0)));
    assert!(matches!(asked[..], [Action::VerifyPin { .. }, ..]), "{asked:?}");
    let verified = Event::PinVerified { entry: EntryId(0), person: ada(), outcome: PinOutcome::Right };
    assert!(policy.step(at(2050), verified).iter().any(|action| request(action).is_some()));
    assert!(policy.step(at(2056), Event::Tick).contains(&Action::Show(Sign::Refused)));
    let due = policy.deadline().expect("it is tried again");
    assert!(due <= at(3056).moment);
    assert!(holds(&step(&mut policy, 3056, Event::Tick, PinOutcome::Right)));
}

#[test]
fn a_lock_command_a_fault_and_a_reload_end_what_was_begun() {
    for event in [
        command(LOCK),
        Event::Failed(Part::Camera, String::new()),
        Event::NewStandings(Arc::new([(ada(), standing(&["pin"], with_all("ada")))].into())),
    ] {
        let mut policy = both_in("pin");
        show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
        let actions = step(&mut policy, 2000, event, PinOutcome::Right);
        assert_eq!(refusals(&actions), [Refusal::SecondFactorMissing]);
        assert!(!holds(&pin(&mut policy, 3000, 0, PinOutcome::Right)));
    }
    let mut policy = both_in("pin");
    show(&mut policy, 1, 1000, &ada(), PinOutcome::Right);
    step(&mut policy, 1500, Event::Failed(Part::Keypad, "unplugged".into()), PinOutcome::Right);
    assert!(holds(&pin(&mut policy, 2000, 0, PinOutcome::Right)), "a keypad that comes back in time");
}
