//! What each mistake in a gallery file takes away, and from whom.

use std::path::Path;

use jiff::civil::Date;
use limen_core::credential::{Card, PinHash};
use proptest::prelude::*;

use super::super::revocation_walks::kept_of;
use super::super::roster::Roster;
use super::*;

const SALTS: [&str; 2] = ["c2FsdHNhbHRzYWx0", "c2FsdHNhbHRzYWxU"];

fn hash(which: usize) -> String {
    format!("$argon2id$v=19$m=19456,t=2,p=1${}$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SALTS[which])
}

fn id(text: &str) -> PersonId {
    PersonId::new(text).expect("an id")
}

fn person(who: &str, lines: &str) -> String {
    format!("[[person]]\nid = \"{who}\"\nname = \"{who}\"\nphotos = [\"{who}.jpg\"]\n{lines}\n")
}

/// A mistake in an entry that concerns nobody else.
const MISTAKE: &str = "[[person]]\nid = \"eve\"\nphotos = [\"../eve.jpg\"]\ncolour = 1\n";

fn kept(text: &str) -> Kept {
    let roster = Roster::parse(text, Path::new("gallery.toml")).expect("no mistake");
    kept_of(roster, b"as it was")
}

fn narrowed(before: &str, after: &str) -> Narrowed {
    narrow(kept(before), after, &Photographs::new()).expect("TOML")
}

/// What remains for ada, whose entry first says `before` and then `after`.
fn left(before: &str, after: &str) -> Standing {
    let narrowed = narrowed(&person("ada", before), &(person("ada", after) + MISTAKE));
    narrowed.kept.people[0].standing.clone()
}

#[test]
fn a_mistake_elsewhere_takes_nothing_from_anybody() {
    let all = format!(
        "groups = [\"office\"]\nvalid-until = 2027-06-30\npin = \"{}\"\ncard = \"26:1:2\"\n\
         second-factor = \"pin\"\nextended-time = true",
        hash(0)
    );
    let before = person("ada", &all) + &person("bob", "suspended = true");
    let narrowed = narrowed(&before, &(before.clone() + MISTAKE));
    assert!(narrowed.is_nothing(), "{narrowed:?}");
    assert_eq!(narrowed.kept, kept(&before));
}

#[test]
fn whoever_is_no_longer_named_is_out_and_nobody_new_is_in() {
    let narrowed = narrowed(&(person("ada", "") + &person("bob", "")), &(person("bob", "") + MISTAKE));
    assert_eq!(narrowed.out, [id("ada")]);
    assert_eq!(narrowed.kept.people.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["bob"]);
}

#[test]
fn a_suspension_counts_however_badly_it_is_written() {
    for line in ["suspended = true", "suspended = \"yes\"", "suspendet = true", "suspended = 1"] {
        assert!(left("", line).suspended, "{line}");
    }
    assert!(!left("", "suspended = false").suspended);
    assert!(left("suspended = true", "").suspended, "to lift it waits");
}

#[test]
fn days_only_become_fewer() {
    let day = |text: &str| text.parse::<Date>().ok();
    let between = "valid-from = 2027-02-01\nvalid-until = 2027-03-01";
    let shorter = left(between, "valid-from = 2027-02-03\nvalid-until = 2027-02-05");
    assert_eq!((shorter.valid_from, shorter.valid_until), (day("2027-02-03"), day("2027-02-05")));
    for longer in ["valid-from = 2027-01-01\nvalid-until = 2027-04-01", ""] {
        let same = left(between, longer);
        assert_eq!((same.valid_from, same.valid_until), (day("2027-02-01"), day("2027-03-01")), "{longer}");
    }
    assert!(left("", "valid-until = \"30.06.2027\"").suspended, "nobody knows which day was meant");
}

#[test]
fn a_pin_or_card_that_was_taken_away_or_replaced_is_gone_and_the_new_one_waits() {
    let both = format!("pin = \"{}\"\nduress-pin = \"{}\"\ncard = \"26:1:2\"", hash(0), hash(1));
    let gone = left(&both, "").means;
    assert!(gone.pin.is_none() && gone.duress.is_none() && gone.card.is_none());
    let replaced = left(&both, &format!("pin = \"{}\"\ncard = \"26:1:3\"", hash(1))).means;
    assert!(replaced.pin.is_none() && replaced.card.is_none());
    let kept = left(&both, &both).means;
    assert!(kept.pin.is_some() && kept.duress.is_some() && kept.card.is_some());
    let unreadable = left(&both, "pin = 4711\ncard = 5").means;
    assert!(unreadable.pin.is_none() && unreadable.card.is_none());
    let new = left("", &both).means;
    assert!(new.pin.is_none() && new.card.is_none());
}

#[test]
fn groups_only_become_fewer_and_without_a_common_one_the_person_waits() {
    let names = |standing: &Standing| standing.groups.iter().map(ToString::to_string).collect::<Vec<_>>();
    let two = "groups = [\"office\", \"vault\"]";
    assert_eq!(names(&left(two, "groups = [\"vault\", \"garden\"]")), ["vault"]);
    let all = left(two, "");
    assert!(
        names(&all) == ["office", "vault"] && !all.suspended,
        "to be in none is to be let in at any time"
    );
    for (before, after) in
        [(two, "groups = [\"garden\"]"), (two, "groups = 5"), ("", "groups = [\"office\"]")]
    {
        assert!(left(before, after).suspended, "{before} {after}");
    }
}

#[test]
fn a_second_factor_is_asked_for_wherever_either_asks_for_one() {
    let rule = |before: &str, after: &str| {
        let standing = left(before, after);
        (standing.means.rule, standing.means.schedules.clone(), standing.suspended)
    };
    let (pin, card) = (Some(SecondFactor::Pin), "second-factor = \"card\"");
    let night = "second-factor = \"pin\"\nsecond-factor-schedules = [\"night\"]";
    let day = "second-factor = \"pin-or-card\"\nsecond-factor-schedules = [\"day\"]";
    assert_eq!(rule("", night), (pin, vec!["night".to_owned()], false));
    assert_eq!(rule(night, ""), (pin, vec!["night".to_owned()], false));
    assert_eq!(rule(night, day), (pin, vec!["night".to_owned(), "day".to_owned()], false));
    assert_eq!(rule(night, "second-factor = \"pin\""), (pin, vec![], false), "always");
    assert!(rule(night, card).2 && rule("", "second-factor = \"iris\"").2);
}

#[test]
fn schedules_of_a_second_factor_that_cannot_be_read_or_have_no_rule_hold_the_person_back() {
    let (rule, schedules) = ("second-factor = \"pin\"\n", "second-factor-schedules = ");
    let night = format!("{rule}{schedules}[\"night\"]");
    for unreadable in ["5", "[\"night\", 5]", "{ night = true }", "[[\"night\"]]"] {
        let after = format!("{rule}{schedules}{unreadable}");
        assert!(left("", &after).suspended && left(&night, &after).suspended, "{unreadable}");
    }
    assert!(left("", &format!("{schedules}[\"night\"]")).suspended, "some rule was meant");
    assert!(!left(&night, &night).suspended && !left(&night, &format!("{schedules}[]")).suspended);
}

#[test]
fn whoever_lost_a_picture_waits_for_whose_it_was_must_not_enter() {
    let two = "[[person]]\nid = \"ada\"\nname = \"Ada\"\nphotos = [\"ada.jpg\", \"bob.jpg\"]\n";
    let narrowed = narrowed(two, &(person("ada", "") + MISTAKE));
    assert_eq!(narrowed.held, [id("ada")]);
    let put = |found: &[u8]| Photographs::from([((id("ada"), "ada.jpg".into()), PhotoDigest::of(found))]);
    let before = kept(&person("ada", ""));
    let after = person("ada", "") + MISTAKE;
    assert!(narrow(before.clone(), &after, &put(b"as it was")).expect("TOML").is_nothing());
    assert_eq!(narrow(before.clone(), &after, &put(b"another picture")).expect("TOML").held, [id("ada")]);
    // The photographs were discarded, and their templates stay.
    let discarded = "[[person]]\nid = \"ada\"\nname = \"Ada\"\ntemplates = \"stored\"\n";
    assert!(narrow(before.clone(), discarded, &Photographs::new()).expect("TOML").is_nothing());
    assert!(!narrow(kept(discarded), &person("ada", ""), &Photographs::new()).expect("TOML").is_nothing());
}

#[test]
fn of_two_entries_of_one_person_both_count() {
    let twice = person("ada", "suspended = true") + &person("ada", "");
    assert_eq!(narrowed(&person("ada", ""), &twice).held, [id("ada")]);
}

#[test]
fn nothing_is_known_of_a_file_that_is_no_toml() {
    assert_eq!(
        narrow(kept(&person("ada", "")), "garbage", &Photographs::new()),
        Err(kept(&person("ada", "")))
    );
}

/// Lines of an entry, right and wrong ones.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just(String::new()),
        prop::sample::select(vec![
            "suspended = true",
            "suspended = \"no\"",
            "valid-until = 2027-06-30",
            "valid-until = 2027-01-30",
            "valid-from = 2027-01-01",
            "valid-from = 5",
            "groups = [\"office\"]",
            "groups = [\"office\", \"vault\"]",
            "groups = [\"vault\", 7]",
            "card = \"26:1:2\"",
            "card = \"26:1:3\"",
            "second-factor = \"pin\"",
            "second-factor = \"pin-or-card\"",
            "second-factor-schedules = [\"night\"]",
            "second-factor-schedules = [\"day\", \"night\"]",
            "second-factor-schedules = [\"night\", 7]",
            "second-factor-schedules = {}",
            "extended-time = true",
            "challenge = \"pin\"",
            "colour = 1",
        ])
        .prop_map(str::to_owned),
        (0..2usize).prop_map(|which| format!("pin = \"{}\"", hash(which))),
    ];
    prop::collection::vec(line, 0..6).prop_map(|lines| {
        let mut keys = std::collections::HashSet::new();
        let key = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
        let once: Vec<String> = lines.into_iter().filter(|line| keys.insert(key(line))).collect();
        once.join("\n")
    })
}

/// Whether `less` allows only what `more` allows.
fn is_within(less: &Standing, more: &Standing) -> bool {
    let same = |a: &Option<PinHash>, b: &Option<PinHash>| a.is_none() || a == b;
    let same_card = |a: &Option<Card>, b: &Option<Card>| a.is_none() || a == b;
    let groups = (more.groups.is_empty() && less.groups.is_empty())
        || (!less.groups.is_empty() && less.groups.iter().all(|group| more.groups.contains(group)));
    less.suspended
        || !more.suspended
            && less.valid_from >= more.valid_from
            && more.valid_until.is_none_or(|last| less.valid_until.is_some_and(|day| day <= last))
            && groups
            && (more.extended_time || !less.extended_time)
            && (more.challenge == ChallengeRule::Pin || less.challenge == ChallengeRule::Turn)
            && same(&less.means.pin, &more.means.pin)
            && same(&less.means.duress, &more.means.duress)
            && same_card(&less.means.card, &more.means.card)
            && more
                .means
                .rule
                .is_none_or(|rule| less.means.rule.is_some_and(|own| stricter(own, rule) == Some(own)))
            && asks_as_often(&less.means, &more.means)
}

/// Whether `less` asks for the factor whenever `more` does. No schedules mean always; each schedule asks more
/// often.
fn asks_as_often(less: &Means, more: &Means) -> bool {
    let named = |name: &String| less.schedules.contains(name);
    more.rule.is_none()
        || less.schedules.is_empty()
        || (!more.schedules.is_empty() && more.schedules.iter().all(named))
}

proptest! {
    #[test]
    fn what_is_left_is_within_what_was_in_force_and_within_what_the_file_says(before in lines(), after in lines()) {
        let (before, after) = (person("ada", &before), person("ada", &after));
        let Ok(had) = Roster::parse(&before, Path::new("gallery.toml")) else { return Ok(()) };
        let said = Roster::parse(&after, Path::new("gallery.toml"));
        let narrowed = narrow(kept(&before), &(after + MISTAKE), &Photographs::new()).expect("TOML");
        let left = &narrowed.kept.people[0].standing;
        prop_assert!(is_within(left, &had.people[0].standing), "{left:?}");
        if let Ok(said) = said {
            let said = &said.people[0].standing;
            // A person in no group may enter at any time.
            let groups = said.groups.is_empty() || is_within(left, &Standing { extended_time: true, ..said.clone() });
            prop_assert!(groups && is_within(left, &Standing { groups: left.groups.clone(), ..said.clone() }), "{left:?}");
        }
    }
}
