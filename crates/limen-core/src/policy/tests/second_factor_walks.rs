//! Properties of random walks with faces, PINs and cards: nobody enters without a factor of their own, entered in time;
//! nobody is locked out by another; time that goes back opens nothing.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::second_factor_tests::{both_in, card_of};
use super::*;
use super::{LOCK, ada, at, bob, command, fact_of, holds, match_of, request};
use crate::credential::{Card, Factor};
use crate::event::{FactorRefusal, Refusal};
use crate::person::PersonId;

/// What somebody does at the door.
#[derive(Debug, Clone, Copy)]
enum Move {
    Show(bool),
    /// The PIN of the first, of the second, or of nobody.
    Pin(u8),
    Card(u8),
    Wait(u64),
    Back(u64),
    Lock,
    Fail,
    Recover,
}

fn move_of(code: u32) -> Move {
    let (kind, rest) = (code % 16, code >> 4);
    match kind {
        0..=4 => Move::Show(rest & 1 == 0),
        5..=8 => Move::Pin((rest % 3) as u8),
        9 | 10 => Move::Card((rest % 3) as u8),
        11 | 12 => Move::Wait(u64::from(rest % 6_000)),
        13 => Move::Wait(u64::from(rest % 60_000)),
        14 => Move::Back(u64::from(rest % 20_000)),
        _ => [Move::Lock, Move::Fail, Move::Recover, Move::Recover][(rest % 4) as usize],
    }
}

struct Walker {
    policy: Policy,
    ms: u64,
    latest: u64,
    track: u64,
    entry: u64,
    /// Whose PIN each entry is, and when it was entered.
    pins: BTreeMap<EntryId, (u8, u64)>,
    /// When each of the two showed a card of their own.
    cards: Vec<(u8, u64)>,
    /// When each was recognised.
    seen: Vec<(u8, u64)>,
    /// Right PINs that the verifier confirmed, for whom, when entered.
    right: Vec<(u8, u64)>,
    /// The wrong PINs and cards of each after the face, from the records.
    wrong: [u32; 2],
    opened: u32,
}

impl Walker {
    fn new(group: &str) -> Self {
        Self {
            policy: both_in(group),
            ms: 100_000,
            latest: 0,
            track: 0,
            entry: 0,
            pins: BTreeMap::new(),
            cards: Vec::new(),
            seen: Vec::new(),
            right: Vec::new(),
            wrong: [0; 2],
            opened: 0,
        }
    }

    fn take(&mut self, one: Move) -> Result<(), TestCaseError> {
        match one {
            Move::Show(first) => {
                self.track += 1;
                let who = if first { ada() } else { bob() };
                for frame in 1..=3 {
                    self.ms += 15;
                    self.seen.push((u8::from(!first), self.ms));
                    self.step(match_of(self.track, self.ms, frame, who.clone()))?;
                }
                Ok(())
            }
            Move::Pin(whose) => {
                let entry = EntryId(self.entry);
                self.entry += 1;
                self.pins.insert(entry, (whose, self.ms));
                self.step(Event::PinEntered(entry))
            }
            Move::Card(whose) => {
                let card =
                    ["ada", "bob"].get(usize::from(whose)).map_or(Card::wiegand34(9, 9), |who| card_of(who));
                self.cards.push((whose, self.ms));
                self.step(Event::CardRead(card))
            }
            Move::Wait(ms) => {
                self.ms += ms;
                self.step(Event::Tick)
            }
            Move::Back(ms) => {
                self.ms -= ms.min(self.ms);
                self.step(Event::Tick)
            }
            Move::Lock => self.step(command(LOCK)),
            Move::Fail => self.step(Event::Failed(Part::Camera, String::new())),
            Move::Recover => self.step(Event::Recovered(Part::Camera)),
        }
    }

    /// Steps until nothing more is asked: the verifier says the truth, the audit agrees.
    fn step(&mut self, event: Event) -> Result<(), TestCaseError> {
        let mut next = vec![event];
        while let Some(event) = next.pop() {
            let backwards = self.ms < self.latest;
            let was_open = self.policy.open().is_some();
            let actions = self.policy.step(at(self.ms), event);
            self.latest = self.latest.max(self.ms);
            let opens = holds(&actions) && !was_open;
            proptest::prop_assert!(!(opens && backwards), "opened while time had gone back");
            self.opened += u32::from(opens);
            for action in &actions {
                self.check(action, backwards)?;
                if let Some(id) = request(action) {
                    next.push(Event::Accepted(id, at(self.ms).moment));
                }
                if let Action::VerifyPin { entry, person, .. } = action {
                    let (whose, entered) = self.pins[entry];
                    let outcome = if whose == index(person) { PinOutcome::Right } else { PinOutcome::Wrong };
                    if outcome == PinOutcome::Right {
                        self.right.push((whose, entered));
                    }
                    next.push(Event::PinVerified { entry: *entry, person: person.clone(), outcome });
                }
            }
        }
        Ok(())
    }

    /// Within the time for a factor, which begins again after each of three wrong ones.
    fn was_seen(&self, who: u8) -> bool {
        self.seen.iter().any(|(whose, ms)| *whose == who && self.ms.abs_diff(*ms) <= 80_000)
    }

    fn check(&mut self, action: &Action, backwards: bool) -> Result<(), TestCaseError> {
        match fact_of(action) {
            Some(Fact::Granted { person: Some(person), factors, second, .. }) => {
                proptest::prop_assert!(!backwards, "asked to open while time had gone back");
                proptest::prop_assert!(second.is_none() && factors.len() == 1);
                let who = index(person);
                let lately = |times: &[(u8, u64)]| {
                    times.iter().any(|(whose, ms)| *whose == who && self.ms.abs_diff(*ms) <= 40_000)
                };
                proptest::prop_assert!(self.was_seen(who), "{person} was not there");
                let proof = if factors[0] == Factor::Pin { &self.right } else { &self.cards };
                proptest::prop_assert!(lately(proof), "{person} enters without a {}", factors[0]);
                self.wrong[usize::from(who)] = 0;
            }
            Some(Fact::FactorRefused { why: FactorRefusal::Wrong, person: Some(person), .. }) => {
                self.wrong[usize::from(index(person))] += 1;
            }
            Some(Fact::Refused { refusal: Refusal::LockedOut, nearest: Some(person), .. }) => {
                let wrong = self.wrong[usize::from(index(person))];
                proptest::prop_assert!(wrong > 3, "{person} is locked out after {wrong} wrong ones");
            }
            _ => {}
        }
        Ok(())
    }
}

fn index(person: &PersonId) -> u8 {
    u8::from(*person != ada())
}

fn walk(group: &'static str, cases: u32, longest: usize) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..longest);
    let opened = Cell::new(0);
    let outcome = runner.run(&walks, |codes| {
        let mut walker = Walker::new(group);
        codes.into_iter().try_for_each(|code| walker.take(move_of(code)))?;
        opened.set(opened.get() + walker.opened);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    println!("{cases} walks opened {} times", opened.get());
    assert!(opened.get() > cases / 100, "nothing was tested");
}

#[test]
fn a_hundred_thousand_walks_open_with_a_right_pin_or_card_only() {
    walk("either", 100_000, 14);
}

#[test]
fn long_walks_with_pins_open_with_a_right_pin_only() {
    walk("pin", 5_000, 120);
}

#[test]
fn long_walks_with_cards_open_with_a_right_card_only() {
    walk("card", 5_000, 120);
}
