//! Random walks through admission alone, held against a bookkeeper who knows only who came and what they proved: a
//! factor proven for one person admits no other, two people who need each other come in together, and no track is
//! refused twice.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;
use crate::credential::{Factor, PinHash, SecondFactor};
use crate::event::{Mode, TrackId};
use crate::people::{Means, Standing};
use crate::person::GroupId;
use crate::policy::access::factors::FactorRule;
use crate::policy::access::{AccessRules, Group, TwoPerson};
use crate::policy::tests::{SETTINGS, at, told};

/// The first two prove a PIN or a card; the others need each other.
const WHO: [&str; 4] = ["ada", "bob", "vic", "val"];
const WITHIN: u64 = 10_000;

fn id(who: usize) -> PersonId {
    PersonId::new(WHO[who]).expect("an id")
}

fn group(text: &str) -> GroupId {
    GroupId::new(text).expect("an id")
}

fn card(who: usize) -> Card {
    Card::wiegand26(who as u8 + 1, 1)
}

fn settings() -> PolicySettings {
    let rule = FactorRule { factor: SecondFactor::PinOrCard, schedules: Vec::new() };
    let two = TwoPerson { groups: vec![group("vault")], within: Duration::from_millis(WITHIN) };
    let groups = [
        Group { second_factor: Some(rule), ..Group::new(group("either")) },
        Group { two_person: Some(two), ..Group::new(group("vault")) },
    ];
    let access = AccessRules {
        groups: groups.into_iter().map(|group| (group.id.clone(), group)).collect(),
        available: crate::credential::Factors { pin: true, card: true },
        ..AccessRules::in_zone(jiff::tz::TimeZone::UTC)
    };
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let standing = |who: usize| {
        let means = Means { pin: PinHash::parse(hash).ok(), card: Some(card(who)), ..Means::default() };
        let groups = vec![group(if who < 2 { "either" } else { "vault" })];
        Standing { groups, means: Arc::new(means), ..Standing::default() }
    };
    let standings = Arc::new((0..4).map(|who| (id(who), standing(who))).collect());
    PolicySettings { access: Arc::new(access), standings, ..SETTINGS.clone() }
}

struct Bookkeeper<'a> {
    admission: Admission,
    settings: &'a PolicySettings,
    ms: u64,
    track: u64,
    entry: u64,
    mode: Mode,
    stage: LockStage,
    /// Who was recognised, when.
    seen: BTreeMap<PersonId, u64>,
    /// Which factors each has proven, when.
    proven: BTreeMap<(PersonId, Factor), u64>,
    /// Whose PIN each entry is, and what is being verified.
    pins: BTreeMap<EntryId, usize>,
    verifying: Option<(EntryId, PersonId)>,
    /// What is being verified proves nothing any more.
    void: bool,
    /// The grant that the lock was told of.
    granted: Option<Grant>,
    /// Tracks that are refused.
    refused: BTreeSet<TrackId>,
    counts: BTreeMap<&'static str, u32>,
}

impl<'a> Bookkeeper<'a> {
    fn new(settings: &'a PolicySettings) -> Self {
        Self {
            admission: Admission::default(),
            settings,
            ms: 100_000,
            track: 0,
            entry: 0,
            mode: Mode::Normal,
            stage: LockStage::Locked,
            seen: BTreeMap::new(),
            proven: BTreeMap::new(),
            pins: BTreeMap::new(),
            verifying: None,
            void: false,
            granted: None,
            refused: BTreeSet::new(),
            counts: BTreeMap::new(),
        }
    }

    fn told(&self) -> Context<'a> {
        let settings = self.settings;
        Context { now: at(self.ms), settings, mode: self.mode, stage: self.stage, ..told(0) }
    }

    fn take(&mut self, code: u32) -> Result<(), TestCaseError> {
        let (kind, more) = (code % 24, u64::from(code >> 5));
        let who = more as usize % 4;
        self.ms += 5;
        match kind {
            19 | 20 => self.ms += more % 4000,
            21 => self.ms += more % 40_000,
            22 => self.mode = if more.is_multiple_of(3) { Mode::LockDown } else { Mode::Normal },
            _ => {}
        }
        let out = self.admission.pass_time(&self.told());
        self.hear(out)?;
        let told = self.told();
        let out = match kind {
            0..=6 if told.may_let_in() => self.recognised(&told, who),
            7..=9 => {
                let entry = EntryId(self.entry);
                self.entry += 1;
                self.pins.insert(entry, who);
                self.admission.pin_entered(&told, entry)
            }
            10..=13 => self.verified(&told),
            14 | 15 => {
                self.proven.insert((id(who), Factor::Card), self.ms);
                self.admission.card_read(&told, card(who))
            }
            16 | 17 => self.lock_answers(&told, !more.is_multiple_of(4)),
            18 => {
                self.stage = LockStage::Locked;
                self.proven.clear();
                self.granted = None;
                self.void = self.verifying.is_some();
                self.admission.give_up(&told)
            }
            _ => Vec::new(),
        };
        self.hear(out)?;
        let out = self.admission.go_on(&self.told());
        self.hear(out)
    }

    fn recognised(&mut self, told: &Context<'_>, who: usize) -> Vec<AdmitOutcome> {
        self.track += 1;
        let track = TrackId(self.track);
        self.seen.insert(id(who), self.ms);
        let (nearest, refusal) = (Some(Personal(id(who))), Refusal::TooFewFrames);
        let refusal = Fact::Refused { track, refusal, nearest, distance: None, frames: 3 };
        let attempt_ends = told.moment();
        let somebody = Recognised { track, person: id(who), distance: None, refusal, attempt_ends };
        self.admission.recognised(told, somebody, LivenessProof::Off)
    }

    /// The verifier gives the right outcome.
    fn verified(&mut self, told: &Context<'_>) -> Vec<AdmitOutcome> {
        let Some((entry, person)) = self.verifying.take() else { return Vec::new() };
        let (right, void) = (id(self.pins[&entry]) == person, std::mem::take(&mut self.void));
        if right && !void {
            self.proven.insert((person.clone(), Factor::Pin), self.ms);
        }
        let outcome = if right { PinOutcome::Right } else { PinOutcome::Wrong };
        self.admission.pin_verified(told, entry, &person, outcome)
    }

    /// The door opens for the person who was let in, or the audit was slow. The door is locked again at once.
    fn lock_answers(&mut self, told: &Context<'_>, opens: bool) -> Vec<AdmitOutcome> {
        let Some(grant) = self.granted.take() else { return Vec::new() };
        self.stage = LockStage::Locked;
        if opens {
            return self.admission.opened(told, &grant);
        }
        self.admission.pass_again(told);
        Vec::new()
    }

    fn hear(&mut self, out: Vec<AdmitOutcome>) -> Result<(), TestCaseError> {
        for outcome in out {
            match outcome {
                AdmitOutcome::LetIn { grant, .. } => {
                    self.check(&grant)?;
                    self.stage = LockStage::Asking;
                    self.granted = Some(grant);
                }
                AdmitOutcome::Do(Action::VerifyPin { entry, person, .. }) => {
                    proptest::prop_assert!(self.verifying.is_none(), "the verifier takes one at a time");
                    self.verifying = Some((entry, person));
                }
                AdmitOutcome::Do(Action::Record(Fact::Refused { track, .. })) => {
                    proptest::prop_assert!(self.refused.insert(track), "{track:?} is refused twice");
                }
                AdmitOutcome::Do(_) | AdmitOutcome::Close(_) | AdmitOutcome::Duress => {}
            }
        }
        Ok(())
    }

    /// A person who is let in was seen, may enter now, and has proven the factor or comes with the second
    /// person.
    fn check(&mut self, grant: &Grant) -> Result<(), TestCaseError> {
        proptest::prop_assert!(self.stage == LockStage::Locked && self.mode == Mode::Normal);
        let person = grant.person().expect("somebody is let in");
        let lately = |since: Option<&u64>, within: u64| since.is_some_and(|since| self.ms - since <= within);
        let needs_factor = [id(0), id(1)].contains(person);
        proptest::prop_assert!(lately(self.seen.get(person), 200_000), "{person} was not there");
        proptest::prop_assert_eq!(needs_factor, !grant.factors().list().is_empty());
        for factor in grant.factors().list() {
            let proof = self.proven.get(&(person.clone(), factor));
            proptest::prop_assert!(lately(proof, 200_000), "{person} has proven no {factor}");
        }
        match grant.second() {
            Some(second) => {
                proptest::prop_assert!(!needs_factor && second != person && [id(2), id(3)].contains(second));
                proptest::prop_assert!(lately(self.seen.get(second), WITHIN), "{second} was not there");
                *self.counts.entry("together").or_default() += 1;
            }
            None => {
                proptest::prop_assert!(needs_factor, "{person} comes in alone");
                *self.counts.entry("by factor").or_default() += 1;
            }
        }
        Ok(())
    }
}

#[test]
fn fifty_thousand_walks_admit_nobody_by_a_factor_of_another_and_refuse_no_track_twice() {
    let counts = RefCell::new(BTreeMap::<&str, u32>::new());
    let settings = settings();
    let mut runner =
        TestRunner::new(Config { cases: 50_000, failure_persistence: None, ..Config::default() });
    let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..60);
    let outcome = runner.run(&walks, |codes| {
        let mut bookkeeper = Bookkeeper::new(&settings);
        codes.into_iter().try_for_each(|code| bookkeeper.take(code))?;
        for (what, times) in bookkeeper.counts {
            *counts.borrow_mut().entry(what).or_default() += times;
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let counts = counts.into_inner();
    assert!(counts["together"] > 2000 && counts["by factor"] > 5000, "hardly tried: {counts:?}");
}
