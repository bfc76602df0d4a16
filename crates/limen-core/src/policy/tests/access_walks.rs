//! Properties of random walks through everything that can happen at the door of [`super::access_tests::site`],
//! held against a bookkeeper who knows only what was shown and when.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::access_tests::{id, people, site};
use super::*;
use super::{LOCK, RULES, at, command, fact_of, holds, match_of, request};
use crate::clock::WallClock;
use crate::person::PersonId;

const WHO: [&str; 10] = ["ada", "kay", "cleo", "vic", "val", "gus", "pat", "sue", "xan", "bea"];

/// What a random walk may do.
#[derive(Debug, Clone, Copy)]
enum Move {
    /// Two or three frames of somebody, on a new track or on the last one.
    Show {
        who: &'static str,
        frames: u64,
        again: bool,
        answer: Option<bool>,
    },
    /// This many milliseconds pass.
    Wait(u64),
    /// The boot clock goes back, which should never happen.
    Back(u64),
    /// The clock on the wall is set, by hours.
    SetClock(i64),
    /// The kernel trusts the clock, or not.
    Trust(bool),
    End,
    Lock,
    Reload,
    Fail,
    Recover,
}

/// Moves are drawn as numbers, which are cheap to make and to shrink.
fn move_of(code: u32) -> Move {
    let (kind, few, more) = (code % 20, code >> 5 & 3, code >> 7);
    let who = WHO[more as usize % WHO.len()];
    let answer = [Some(true), Some(true), Some(false), None][(more >> 4 & 3) as usize];
    match kind {
        0..=10 => Move::Show { who, frames: if few == 0 { 2 } else { 3 }, again: more >> 6 & 7 == 0, answer },
        11 | 12 => Move::Wait(u64::from(more % 4_000)),
        13 => Move::Wait(u64::from(more % 90_000)),
        14 => Move::Back(u64::from(more % 5_000)),
        15 => Move::SetClock(i64::from(more % 49) - 24),
        16 => Move::Trust(few > 0),
        17 => [Move::End, Move::End, Move::Lock, Move::Reload][few as usize],
        18 => [Move::Recover, Move::Recover, Move::Recover, Move::Fail][few as usize],
        _ => Move::Recover,
    }
}

/// Somebody let in: when, on which day, who.
struct Entrance {
    ms: u64,
    day: Date,
    who: PersonId,
}

struct Bookkeeper {
    policy: Policy,
    ms: u64,
    latest: u64,
    wall_offset: i64,
    trusted: bool,
    failed: bool,
    track: u64,
    asked: Option<(RequestId, Fact)>,
    /// The grant on which the door may be open.
    granted: Option<Fact>,
    /// Everybody who was shown for three frames in a row, when.
    shown: Vec<(u64, PersonId)>,
    openings: Vec<Entrance>,
    counts: BTreeMap<String, u32>,
}

impl Bookkeeper {
    fn new() -> Self {
        let rules = Rules { unlock: Duration::from_secs(1), ..RULES };
        Self {
            policy: Policy::new(rules, people(), Arc::new(site())),
            ms: 1_000_000,
            latest: 0,
            wall_offset: 0,
            trusted: true,
            failed: false,
            track: 0,
            asked: None,
            granted: None,
            shown: Vec::new(),
            openings: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    fn now(&self) -> Now {
        let base: Timestamp = "2026-06-15T11:00:00Z".parse().expect("a time stamp");
        let ms = i64::try_from(self.ms).expect("small") + self.wall_offset;
        let utc = base + SignedDuration::from_millis(ms);
        let wall = WallClock { utc, synchronised: self.trusted };
        Now { moment: Moment::from_boot(Duration::from_millis(self.ms)), wall }
    }

    fn take(&mut self, one: Move) -> Result<(), TestCaseError> {
        match one {
            Move::Show { who, frames, again, answer } => return self.show(who, frames, again, answer),
            Move::Wait(ms) => self.ms += ms,
            Move::Back(ms) => self.ms -= ms.min(self.ms),
            Move::SetClock(hours) => self.wall_offset += hours * 3_600_000,
            Move::Trust(trusted) => self.trusted = trusted,
            Move::End | Move::Lock | Move::Reload | Move::Fail | Move::Recover => {}
        }
        match one {
            Move::Fail => self.failed = true,
            Move::Recover => self.failed = false,
            _ => {}
        }
        self.step(match one {
            Move::End => Event::TrackEnded(TrackId(self.track)),
            Move::Lock => command(LOCK),
            Move::Reload => Event::NewStandings(people()),
            Move::Fail => Event::Failed(Part::Camera, String::new()),
            Move::Recover => Event::Recovered(Part::Camera),
            _ => Event::Tick,
        })
    }

    fn show(
        &mut self,
        who: &str,
        frames: u64,
        again: bool,
        answer: Option<bool>,
    ) -> Result<(), TestCaseError> {
        self.track += u64::from(!again);
        for frame in 1..=frames {
            self.ms += 15;
            if frame == 3 {
                self.shown.push((self.ms, id(who)));
            }
            self.step(match_of(self.track, self.ms, frame as u32, id(who)))?;
        }
        match (self.asked.take(), answer) {
            (Some((request, fact)), Some(true)) => {
                self.granted = Some(fact);
                self.ms += 1;
                self.step(Event::Accepted(request, at(self.ms).moment))
            }
            (Some((request, _)), Some(false)) => self.step(Event::NotAccepted(request)),
            (asked, _) => {
                self.asked = asked;
                Ok(())
            }
        }
    }

    fn step(&mut self, event: Event) -> Result<(), TestCaseError> {
        let (now, backwards) = (self.now(), self.ms < self.latest);
        let was_open = self.policy.open().is_some();
        let actions = self.policy.step(now, event);
        self.latest = self.latest.max(self.ms);
        for action in &actions {
            if let (Some(request), Some(fact)) = (request(action), fact_of(action)) {
                proptest::prop_assert!(!backwards, "asked to open while time had gone back");
                self.check(now, fact)?;
                self.asked = Some((request, fact.clone()));
            }
        }
        let opened = holds(&actions) && !was_open;
        proptest::prop_assert!(!holds(&actions) || self.granted.is_some(), "unlocked without a grant");
        proptest::prop_assert!(!opened || !backwards, "opened while time had gone back");
        proptest::prop_assert_eq!(holds(&actions), self.policy.open().is_some());
        if opened {
            self.note_opening(now);
        }
        if self.policy.open().is_none() {
            self.granted = None;
        }
        Ok(())
    }

    fn note_opening(&mut self, now: Now) {
        let Some(Fact::Granted { person, second, .. }) = self.granted.clone() else { return };
        let day = now.wall.utc.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        for who in person.into_iter().chain(second) {
            *self.counts.entry(who.to_string()).or_default() += 1;
            self.openings.push(Entrance { ms: self.ms, day, who: who.0 });
        }
    }

    /// A grant that is asked for must be one that the rules allow to everybody it names.
    fn check(&self, now: Now, fact: &Fact) -> Result<(), TestCaseError> {
        let Fact::Granted { person: Some(person), second, .. } = fact else {
            return Err(TestCaseError::fail(format!("{fact:?} asks to open")));
        };
        proptest::prop_assert!(!self.failed, "opened while the camera had failed");
        proptest::prop_assert!(self.was_shown(person, 50), "{person} was not before the camera");
        let (person, second) = (&person.0, second.as_ref().map(|second| &second.0));
        proptest::prop_assert!(Some(person) != second, "{person} twice");
        for (who, other) in std::iter::once((person, second)).chain(second.map(|s| (s, Some(person)))) {
            self.check_person(now, who, other)?;
        }
        Ok(())
    }

    fn check_person(&self, now: Now, who: &PersonId, other: Option<&PersonId>) -> Result<(), TestCaseError> {
        let local = now.wall.utc.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        let before =
            |name: &'static str| self.openings.iter().filter(move |opening| opening.who.as_str() == name);
        let fine = match who.as_str() {
            "ada" | "gus" => self.trusted && (8..16).contains(&local.hour()),
            "kay" | "bea" => true,
            "cleo" => {
                let key = |name: &'static str| before(name).any(|opening| opening.day == local.date());
                self.trusted && (key("kay") || key("bea"))
            }
            "vic" | "val" => other.is_some_and(|other| {
                ["vic", "val", "gus"].contains(&other.as_str())
                    && other != who
                    && self.was_shown(other, 10_000)
                    && self.was_shown(who, 10_000)
            }),
            "pat" => before("pat").all(|opening| self.ms >= opening.ms + 60_000),
            _ => false,
        };
        proptest::prop_assert!(fine, "{who} with {other:?} at {local}, trusted: {}", self.trusted);
        Ok(())
    }

    fn was_shown(&self, who: &PersonId, within: u64) -> bool {
        self.shown.iter().any(|(ms, shown)| shown == who && *ms <= self.ms && self.ms - ms < within)
    }
}

/// Makes this many walks of at most this many moves. Every rule must have let somebody in, or nothing was
/// tested.
fn walk(cases: u32, longest: usize) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let counts: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..longest);
    let outcome = runner.run(&walks, |codes| {
        let mut bookkeeper = Bookkeeper::new();
        codes.into_iter().try_for_each(|code| bookkeeper.take(move_of(code)))?;
        for (who, count) in bookkeeper.counts {
            *counts.borrow_mut().entry(who).or_default() += count;
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    println!("{cases} walks let in {:?}", counts.borrow());
    let mut let_in: Vec<String> = counts.into_inner().into_keys().collect();
    let_in.sort();
    assert_eq!(let_in, ["ada", "bea", "cleo", "gus", "kay", "pat", "val", "vic"]);
}

#[test]
fn a_hundred_thousand_short_walks_open_to_nobody_whom_the_rules_refuse() {
    walk(100_000, 12);
}

#[test]
fn long_walks_open_to_nobody_whom_the_rules_refuse() {
    walk(4_000, 120);
}
