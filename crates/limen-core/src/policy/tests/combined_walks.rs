//! Random walks in which everything comes together: faces, PINs that take time to verify, cards, commands, modes, lines,
//! faults, reloads that change who may enter and with what, an audit that is slow. A bookkeeper who knows only what
//! was done holds the grants against it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::access::Group;
use super::access::factors::FactorRule;
use super::*;
use super::{LOCK, RULES, ada, at, bob, fact_of, holds, match_of, request};
use crate::credential::{Card, Factor, Factors, PinHash, SecondFactor};
use crate::event::{Input, Mode};
use crate::people::{Means, Standing};
use crate::person::{GroupId, PersonId};

const WALKS: u32 = 60_000;

/// Moves are drawn as numbers, which are cheap to make and to shrink.
#[derive(Debug, Clone, Copy)]
enum Move {
    Show(bool),
    Pin {
        of: bool,
        version: u8,
    },
    Card {
        of: bool,
        version: u8,
    },
    /// The verifier answers its oldest question.
    Verified,
    /// The audit answers its oldest question.
    Audited(bool),
    /// One of the two gets another PIN, another card, is suspended, is removed, or is back.
    Reload {
        of: bool,
        what: u8,
    },
    Command(Command),
    Input(Input, bool),
    Fail(Part),
    Recover(Part),
    Wait(u64),
}

fn move_of(code: u32) -> Move {
    let (kind, more) = (code % 32, code >> 6);
    let (of, version) = (more & 1 == 0, (more >> 1 & 1) as u8);
    let part = [Part::Camera, Part::Door, Part::Inputs, Part::Audit][(more >> 2 & 3) as usize];
    match kind {
        0..=6 => Move::Show(of),
        7..=11 => Move::Pin { of, version },
        12..=14 => Move::Card { of, version },
        15..=18 => Move::Verified,
        19..=22 => Move::Audited(more % 8 > 0),
        23 | 24 => Move::Reload { of, what: (more >> 4 & 7) as u8 },
        25 | 26 => Move::Command(match more >> 4 & 7 {
            0 => Command::Mode(Some(Mode::LockDown)),
            1 => Command::Mode(Some(Mode::OfficeOpen)),
            2 => LOCK,
            3 | 4 => Command::Unlock(Duration::from_secs(u64::from(more % 5))),
            _ => Command::Mode(None),
        }),
        27 => Move::Input(Input::ALL[(more >> 4 & 3) as usize], of),
        28 => {
            if more & 16 == 0 {
                Move::Recover(part)
            } else {
                Move::Fail(part)
            }
        }
        29 => Move::Recover(part),
        30 => Move::Wait(u64::from(more % 40)),
        _ => Move::Wait(u64::from(more % 40_000)),
    }
}

/// What the gallery says of one of the two.
#[derive(Debug, Clone, Copy, Default)]
struct TestPerson {
    removed: bool,
    suspended: bool,
    pin: u8,
    card: u8,
}

fn hash(version: u8) -> PinHash {
    // These hashes are never compared with digits: they only have to differ.
    let salt = ["YmFkYmFkYmFkYmFkYmFk", "Z29vZGdvb2Rnb29kZ29vZA"][usize::from(version)];
    let text = format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    PinHash::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn card(of: bool, version: u8) -> Card {
    Card::wiegand34(u16::from(of) + 7, u16::from(version) + 1)
}

struct Walker {
    policy: Policy,
    entries: [TestPerson; 2],
    ms: u64,
    track: u64,
    entry: u64,
    command: u64,
    /// Whose PIN each entry is.
    pins: BTreeMap<EntryId, (bool, u8)>,
    /// What the verifier was asked, and whether the PIN is that of the hash it was given.
    verifier: VecDeque<(EntryId, PersonId, bool)>,
    audit: VecDeque<RequestId>,
    shown: BTreeMap<bool, u64>,
    /// PINs that were confirmed since they came into force, cards that were shown; when.
    proven: BTreeMap<(bool, Factor, u8), u64>,
    /// Wrong PINs against each since their last right one, and until when the last one locks out.
    wrong: [(u32, u64); 2],
    /// When the verifier was last asked, and when the gallery was last replaced.
    asked_at: u64,
    reloaded_at: u64,
    waiting: BTreeSet<CommandId>,
    failed: BTreeSet<Part>,
    mode: Mode,
    opened: u32,
}

fn index(of: bool) -> usize {
    usize::from(!of)
}

fn rules(factor: SecondFactor) -> Arc<AccessRules> {
    let mut rules = AccessRules::in_zone(jiff::tz::TimeZone::UTC);
    rules.available = Factors { pin: true, card: true };
    let id = GroupId::new("staff").expect("an id");
    let second_factor = Some(FactorRule { factor, schedules: Vec::new() });
    rules.groups.insert(id.clone(), Group { second_factor, ..Group::new(id) });
    Arc::new(rules)
}

impl Walker {
    /// The group asks for one factor, each person's own entry for the other one as well if `both`.
    fn new(factor: SecondFactor, both: bool) -> Self {
        let mut walker = Self {
            policy: Policy::new(RULES, Standings::default(), rules(factor)),
            entries: [TestPerson::default(); 2],
            ms: 100_000,
            track: 0,
            entry: 0,
            command: 0,
            pins: BTreeMap::new(),
            verifier: VecDeque::new(),
            audit: VecDeque::new(),
            shown: BTreeMap::new(),
            proven: BTreeMap::new(),
            wrong: [(0, 0); 2],
            asked_at: 0,
            reloaded_at: 0,
            waiting: BTreeSet::new(),
            failed: BTreeSet::new(),
            mode: Mode::Normal,
            opened: 0,
        };
        let standings = walker.standings(both);
        walker.policy.step(at(walker.ms), Event::NewStandings(standings));
        walker
    }

    fn standings(&self, both: bool) -> Standings {
        let standing = |of: bool| {
            let entry = self.entries[index(of)];
            let means = Means {
                pin: Some(hash(entry.pin)),
                card: Some(card(of, entry.card)),
                rule: both.then_some(SecondFactor::Pin),
                ..Means::default()
            };
            let groups = vec![GroupId::new("staff").expect("an id")];
            Standing { suspended: entry.suspended, groups, means: Arc::new(means), ..Standing::default() }
        };
        let people = [(true, ada()), (false, bob())];
        let there = people.into_iter().filter(|(of, _)| !self.entries[index(*of)].removed);
        Arc::new(there.map(|(of, id)| (id, standing(of))).collect())
    }

    fn take(&mut self, one: Move, both: bool) -> Result<(), TestCaseError> {
        self.ms += 1;
        match one {
            Move::Show(of) => {
                self.track += 1;
                for frame in 1..=3 {
                    self.ms += 15;
                    self.shown.insert(of, self.ms);
                    self.step(match_of(self.track, self.ms, frame, if of { ada() } else { bob() }))?;
                }
                Ok(())
            }
            Move::Pin { of, version } => {
                let entry = EntryId(self.entry);
                self.entry += 1;
                self.pins.insert(entry, (of, version));
                self.step(Event::PinEntered(entry))
            }
            Move::Card { of, version } => {
                self.proven.insert((of, Factor::Card, version), self.ms);
                self.step(Event::CardRead(card(of, version)))
            }
            Move::Verified => self.verified(),
            Move::Audited(yes) => match self.audit.pop_front() {
                Some(id) if yes => self.step(Event::Accepted(id, at(self.ms).moment)),
                Some(id) => self.step(Event::NotAccepted(id)),
                None => Ok(()),
            },
            Move::Reload { of, what } => self.reload(of, what, both),
            Move::Command(command) => {
                let id = CommandId(self.command);
                self.command += 1;
                self.waiting.insert(id);
                if let Command::Mode(mode) = command {
                    self.mode = mode.unwrap_or_default();
                }
                self.step(Event::Commanded { id, caller: super::CALLER, command })
            }
            Move::Input(input, active) => self.step(Event::Input { input, active, at_start: false }),
            Move::Fail(part) => {
                self.failed.insert(part);
                self.step(Event::Failed(part, String::new()))
            }
            Move::Recover(part) => {
                self.failed.remove(&part);
                self.step(Event::Recovered(part))
            }
            Move::Wait(ms) => {
                self.ms += ms;
                self.step(Event::Tick)
            }
        }
    }

    /// The verifier compares a PIN with the hash in force when it was asked, even if a reload came in
    /// between.
    fn verified(&mut self) -> Result<(), TestCaseError> {
        let Some((entry, person, right)) = self.verifier.pop_front() else { return Ok(()) };
        let (of, version) = self.pins[&entry];
        let outcome = if right { PinOutcome::Right } else { PinOutcome::Wrong };
        if right && self.asked_at >= self.reloaded_at && self.entries[index(of)].pin == version {
            self.proven.insert((of, Factor::Pin, version), self.ms);
        }
        self.step(Event::PinVerified { entry, person, outcome })
    }

    fn reload(&mut self, of: bool, what: u8, both: bool) -> Result<(), TestCaseError> {
        let entry = &mut self.entries[index(of)];
        match what {
            0 | 1 => entry.pin ^= 1,
            2 => entry.card ^= 1,
            3 => entry.suspended = true,
            4 => {
                entry.removed = true;
                // The wrong PINs of somebody who is enrolled again are forgotten.
                self.wrong[index(of)] = (0, 0);
            }
            _ => (entry.suspended, entry.removed) = (false, false),
        }
        // A factor proven with a PIN or card that is no longer in force proves nothing.
        let entries = self.entries;
        self.proven.retain(|(of, factor, version), _| {
            let entry = entries[index(*of)];
            *version == if *factor == Factor::Pin { entry.pin } else { entry.card }
        });
        self.reloaded_at = self.ms;
        let standings = self.standings(both);
        self.step(Event::NewStandings(standings))?;
        for (who, id) in [(true, ada()), (false, bob())] {
            let entry = self.entries[index(who)];
            let open = self.policy.open().is_some_and(|grant| grant.people().any(|person| *person == id));
            proptest::prop_assert!(!open || !(entry.removed || entry.suspended), "{id} is still let in");
            for factor in
                self.policy.open().filter(|_| open).map_or(Vec::new(), |grant| grant.factors().list())
            {
                let proven = self.proven.keys().any(|(of, proof, _)| *of == who && *proof == factor);
                proptest::prop_assert!(proven, "{id} is let in by a {factor} that was replaced");
            }
        }
        Ok(())
    }

    fn step(&mut self, event: Event) -> Result<(), TestCaseError> {
        let was_open = self.policy.open().is_some();
        let actions = self.policy.step(at(self.ms), event);
        for action in &actions {
            match action {
                Action::VerifyPin { entry, person, means } => {
                    let who = index(*person == ada());
                    let (wrong, until) = self.wrong[who];
                    proptest::prop_assert!(
                        wrong < 4 || self.ms >= until,
                        "{person} guesses while locked out"
                    );
                    proptest::prop_assert!(self.verifier.is_empty(), "the verifier takes one at a time");
                    let (of, version) = self.pins[entry];
                    let right = of == (*person == ada()) && means.pin == Some(hash(version));
                    self.asked_at = self.ms;
                    self.verifier.push_back((*entry, person.clone(), right));
                }
                Action::Answer(id, _) => {
                    proptest::prop_assert!(self.waiting.remove(id), "answered twice");
                }
                _ => {}
            }
            self.audit.extend(request(action));
            if let Some(fact) = fact_of(action) {
                self.check(fact)?;
            }
        }
        if let Some(grant) = self.policy.open().filter(|_| !was_open) {
            self.opened += 1;
            proptest::prop_assert!(self.mode != Mode::LockDown, "{grant:?} in lock-down");
        }
        if !holds(&actions) {
            proptest::prop_assert!(self.policy.open_kind().is_none(), "held without a lease");
        }
        Ok(())
    }

    fn check(&mut self, fact: &Fact) -> Result<(), TestCaseError> {
        match fact {
            Fact::Granted { person: Some(person), factors, .. } => {
                let of = *person == ada();
                let entry = self.entries[index(of)];
                proptest::prop_assert!(!entry.removed && !entry.suspended, "{person} may not enter");
                proptest::prop_assert!(self.mode != Mode::LockDown, "asked in lock-down");
                proptest::prop_assert!(!self.failed.iter().any(|part| part.stops_the_door()));
                let seen = self.shown.get(&of).is_some_and(|ms| self.ms - ms <= 100_000);
                proptest::prop_assert!(seen && !factors.is_empty(), "{person} with {factors:?}");
                for factor in factors {
                    let version = if *factor == Factor::Pin { entry.pin } else { entry.card };
                    let proof = self.proven.get(&(of, *factor, version));
                    let lately = proof.is_some_and(|ms| self.ms - ms <= 100_000);
                    proptest::prop_assert!(lately, "{person} enters without a {factor} that is in force");
                    if *factor == Factor::Pin {
                        self.wrong[index(of)] = (0, 0);
                    }
                }
            }
            Fact::FactorRefused { factor: Factor::Pin, person: Some(person), locked_out_s, .. } => {
                let (wrong, until) = &mut self.wrong[index(*person == ada())];
                // Wrong PINs before the face are counted apart.
                if let Some(seconds) = locked_out_s {
                    *wrong = 4;
                    *until = self.ms + seconds * 1000;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), TestCaseError> {
        self.step(Event::Shutdown)?;
        proptest::prop_assert!(self.waiting.is_empty(), "a command was never answered");
        proptest::prop_assert!(self.policy.open_kind().is_none());
        Ok(())
    }
}

#[test]
fn sixty_thousand_walks_through_everything_let_in_who_may_with_what_is_in_force_and_answer_every_command() {
    let kinds = [(SecondFactor::Pin, false), (SecondFactor::Card, true), (SecondFactor::PinOrCard, false)];
    for (factor, both) in kinds {
        let cases = WALKS / 3;
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..80);
        let opened = Cell::new(0);
        let outcome = runner.run(&walks, |codes| {
            let mut walker = Walker::new(factor, both);
            codes.into_iter().try_for_each(|code| walker.take(move_of(code), both))?;
            walker.end()?;
            opened.set(opened.get() + walker.opened);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{factor:?} {both}: {error}"));
        assert!(opened.get() > cases / 200, "{factor:?} {both}: opened {} times only", opened.get());
    }
}

#[test]
fn a_reload_counts_before_whoever_may_be_let_in_at_the_same_moment() {
    // Ada has shown her card while a command holds the door; as that ends, her card is replaced.
    const CODES: [u32; 12] = [
        0x4d66d0f9, 0xab7621b, 0x2ff168a0, 0x6cb0950c, 0x4589e3a7, 0x40306e27, 0x9c139947, 0x24cb407,
        0x4ebe7b27, 0x7567313, 0xdb6cd9bf, 0x18076837,
    ];
    let mut walker = Walker::new(SecondFactor::PinOrCard, false);
    let walked = CODES.into_iter().try_for_each(|code| walker.take(move_of(code), false));
    walked.unwrap_or_else(|error| panic!("{error}"));
}
