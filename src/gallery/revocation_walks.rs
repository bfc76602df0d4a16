//! What remains for a person at the door while the gallery file has mistakes. It never lets the person in,
//! with any factors, where the gallery before would not have.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use limen_core::credential::{Factors, SecondFactor};
use limen_core::people::{ChallengeRule, PhotoDigest, Standing};
use limen_core::person::GroupId;
use limen_core::policy::access::factors::FactorRule;
use limen_core::policy::access::schedule::{Schedule, TimeOfDay, TimeWindow};
use limen_core::policy::access::{AccessRules, Group};
use proptest::prelude::*;

use super::Roster;
use super::assembly::{AssemblyPlan, PlannedPhoto};
use super::last_good::Kept;
use super::revocation::{Photographs, narrow};
use super::roster::{Photo, RosterEntry};

const HASHES: [&str; 2] = [
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWxU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

const ADA: &str = "[[person]]\nid = \"ada\"\nname = \"Ada\"\nphotos = [\"ada.jpg\"]\n";

fn daily(name: &str, from: &str, until: &str) -> Arc<Schedule> {
    let time = |text| TimeOfDay::parse(text).expect("a time of day");
    let window = TimeWindow::new(time(from), time(until)).expect("a window");
    let week = std::array::from_fn(|_| vec![window]);
    Arc::new(Schedule { name: name.to_owned(), week, ..Schedule::default() })
}

fn group(id: &str) -> GroupId {
    GroupId::new(id).expect("a group")
}

/// A night, a day, and groups that are limited by them or ask for a card.
fn site() -> AccessRules {
    let (night, day) = (daily("night", "20:00", "24:00"), daily("day", "08:00", "16:00"));
    let card = FactorRule { factor: SecondFactor::Card, schedules: Vec::new() };
    let groups = [
        Group { schedules: vec![day.clone()], ..Group::new(group("staff")) },
        Group { second_factor: Some(card), ..Group::new(group("vault")) },
    ];
    AccessRules {
        available: Factors { pin: true, card: true },
        schedules: vec![night, day],
        groups: groups.into_iter().map(|group| (group.id.clone(), group)).collect(),
        ..AccessRules::in_zone(TimeZone::UTC)
    }
}

/// Possible values of each key, mistakes last. "gone" is a schedule that the configuration does not have.
const KEYS: [(&str, usize, &[&str]); 10] = [
    ("suspended", 2, &["true", "false", "\"yes\""]),
    ("valid-from", 2, &["2027-02-01", "2027-03-01", "\"1.2.2027\""]),
    ("valid-until", 2, &["2027-06-30", "2027-02-10", "5"]),
    ("groups", 4, &["[]", "[\"staff\"]", "[\"vault\"]", "[\"staff\", \"vault\"]", "[\"vault\", 7]", "5"]),
    ("pin", 2, &["0", "1", "4711"]),
    ("card", 2, &["\"26:1:2\"", "\"26:1:3\"", "\"?\""]),
    ("extended-time", 2, &["true", "false", "1"]),
    ("challenge", 2, &["\"turn\"", "\"pin\"", "\"nod\""]),
    ("second-factor", 3, &["\"pin\"", "\"card\"", "\"pin-or-card\"", "\"iris\""]),
    (
        "second-factor-schedules",
        5,
        &[
            "[\"night\"]",
            "[\"day\"]",
            "[\"night\", \"day\"]",
            "[\"gone\"]",
            "[\"gone\", \"day\"]",
            "[\"night\", 5]",
            "[\"nihgt\"]",
            "[\"nihgt\", \"day\"]",
            "5",
        ],
    ),
];

/// An entry of some of these lines.
fn entry(with_mistakes: bool) -> impl Strategy<Value = String> {
    let line = move |(key, good, said): (&'static str, usize, &'static [&'static str])| {
        let said = if with_mistakes { said } else { &said[..good] };
        let often = if key.starts_with("second-factor") { 0.8 } else { 0.2 };
        prop::option::weighted(often, prop::sample::select(said)).prop_map(move |said| match (key, said) {
            (_, None) => String::new(),
            ("pin", Some(which @ ("0" | "1"))) => {
                format!("pin = \"{}\"\n", HASHES[usize::from(which == "1")])
            }
            (key, Some(said)) => format!("{key} = {said}\n"),
        })
    };
    KEYS.map(line).to_vec().prop_map(move |lines| format!("{ADA}{}", lines.concat()))
}

fn kept(text: &str) -> Option<Kept> {
    Roster::parse(text, Path::new("gallery.toml")).ok().map(|roster| kept_of(roster, b"picture"))
}

/// What is kept of a gallery file without mistakes whose photographs were all found, each with these bytes.
pub(super) fn kept_of(roster: Roster, picture: &[u8]) -> Kept {
    let found = |entry: &RosterEntry, photo: &Photo| PlannedPhoto {
        person: entry.id.clone(),
        name: photo.path.clone(),
        path: photo.path.clone(),
        digest: PhotoDigest::of(picture),
        line: photo.line,
        ready: true,
    };
    let photos = roster.people.iter().flat_map(|entry| entry.photos.iter().map(|photo| found(entry, photo)));
    let plan = AssemblyPlan { photos: photos.collect() };
    Kept::of(roster, plan)
}

/// Some times of some days, and an unknown time.
fn times() -> Vec<Option<DateTime>> {
    let days = [date(2027, 1, 20), date(2027, 2, 5), date(2027, 3, 5), date(2027, 8, 1)];
    let at = |hour| days.map(|day| Some(day.at(hour, 30, 0, 0)));
    [3, 9, 21].into_iter().flat_map(at).chain([None]).collect()
}

/// Whether a person passes who proves those of these factors that the person has.
fn passes(access: &AccessRules, standing: &Standing, local: Option<DateTime>, shown: Factors) -> bool {
    let Ok(ways) = access.admit(standing, local) else { return false };
    let has = access.provable(standing);
    let proven = Factors { pin: shown.pin && has.pin, card: shown.card && has.card };
    ways.into_iter().any(|way| access.demands(standing, way, local).are_met_by(proven))
}

fn is_never_looser(access: &AccessRules, left: &Standing, had: &Standing) -> Result<(), TestCaseError> {
    let (own, before) = (&left.means, &had.means);
    prop_assert!(own.pin.is_none() || own.pin == before.pin);
    prop_assert!(own.duress.is_none() || own.duress == before.duress);
    prop_assert!(own.card.is_none() || own.card == before.card);
    prop_assert!(had.extended_time || !left.extended_time);
    prop_assert!(had.challenge == ChallengeRule::Pin || left.challenge == ChallengeRule::Turn);
    for local in times() {
        for (pin, card) in [(false, false), (true, false), (false, true), (true, true)] {
            let passes = |standing| passes(access, standing, local, Factors { pin, card });
            prop_assert!(!passes(left) || passes(had), "{local:?} {pin} {card}: {left:?} {had:?}");
        }
    }
    Ok(())
}

#[test]
fn a_schedule_that_the_site_does_not_have_asks_always_whatever_stands_beside_it() {
    let (access, nothing) = (site(), Factors::default());
    let line = |schedules| format!("second-factor = \"pin\"\nsecond-factor-schedules = {schedules}\n");
    let by_day = |schedules| {
        let ada = kept(&format!("{ADA}{}", line(schedules))).expect("no mistake").people.remove(0);
        passes(&access, &ada.standing, times()[4], nothing)
    };
    assert!(by_day("[\"night\"]") && !by_day("[\"day\", \"night\"]"));
    assert!(!by_day("[\"nihgt\"]") && !by_day("[\"night\", \"nihgt\"]"));
}

proptest! {
    #[test]
    fn however_a_gallery_file_is_broken_and_broken_again_nobody_passes_who_did_not_before(
        before in entry(false),
        after in prop::collection::vec(entry(true), 1..4),
    ) {
        let (access, Some(mut in_force)) = (site(), kept(&before)) else { return Ok(()) };
        for text in after {
            let narrowed = narrow(in_force.clone(), &text, &Photographs::new()).expect("TOML").kept;
            is_never_looser(&access, &narrowed.people[0].standing, &in_force.people[0].standing)?;
            in_force = narrowed;
        }
    }
}
