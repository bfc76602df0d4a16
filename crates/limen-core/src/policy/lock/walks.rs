//! Random walks through the lock alone, held against a bookkeeper who knows only what was allowed: nothing opens
//! without a recorded grant, a permitted command, the exit button or the fire alarm; every command is answered once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;
use crate::event::TrackId;
use crate::policy::rules::Rules;
use crate::policy::tests::{CALLER, RULES, SETTINGS, ada, at, request, told};

/// Settings with which a grant opens the door although the audit has not recorded it.
static ALLOWING: LazyLock<PolicySettings> = LazyLock::new(|| {
    let rules = Rules { on_audit_failure: OnAuditFailure::AllowAndAlarm, ..RULES };
    PolicySettings { rules, ..SETTINGS.clone() }
});

/// A grant that waits for the audit.
#[derive(Debug, Clone, Copy, PartialEq)]
struct WaitingGrant {
    request: RequestId,
    since: u64,
    /// How long it will keep the door unlocked. `None`: a person's grant, for the usual time.
    command: Option<Duration>,
}

#[derive(Default)]
struct Bookkeeper {
    lock: Lock,
    ms: u64,
    latest: u64,
    id: u64,
    mode: Mode,
    line_fails: bool,
    allow: bool,
    waiting: Vec<WaitingGrant>,
    unanswered: BTreeSet<CommandId>,
    /// Until when grants, commands and button may hold the door.
    until: BTreeMap<&'static str, u64>,
    /// A recorded grant began in the mode that leaves the door unlocked.
    office: bool,
    fire: bool,
    counts: BTreeMap<&'static str, u32>,
}

impl Bookkeeper {
    fn told(&self) -> Context<'static> {
        let mut told = told(self.ms);
        told.mode = self.mode;
        told.line_fails_since = self.line_fails.then(|| at(self.ms).moment);
        told.time_went_back = self.ms < self.latest;
        told.stage = self.lock.stage();
        if self.allow {
            told.settings = &ALLOWING;
        }
        told
    }

    fn take(&mut self, code: u32) -> Result<(), TestCaseError> {
        let (kind, more) = (code % 32, u64::from(code >> 6));
        self.ms += 3;
        match kind {
            20..=22 => self.ms += more % 4000,
            23 => self.ms -= (more % 2000).min(self.ms),
            25 => self.allow = more.is_multiple_of(2),
            _ => {}
        }
        self.pass_time()?;
        if kind == 24 {
            self.line_fails(more.is_multiple_of(3))?;
        }
        let told = self.told();
        match kind {
            0..=4 if told.may_let_in() => {
                let person = Grant::face(told.moment(), RULES.unlock, ada(), TrackId(1), None);
                let record = self.lock.let_in(told.moment(), person, None);
                self.wait_for(&record, None);
            }
            5..=8 => self.unlock(&told, Duration::from_secs(more % 40))?,
            9..=13 => self.answer(&told, more)?,
            14 => {
                if !self.line_fails && !told.time_went_back {
                    self.until.insert("button", self.ms + 5000);
                }
                let out = self.lock.exit_pressed(&told);
                self.hear(out)?;
            }
            15 => {
                self.fire = more.is_multiple_of(2);
                let out = self.lock.fire_is(told.moment(), self.fire);
                self.hear(out)?;
            }
            16 => self.turn_mode([Mode::Normal, Mode::OfficeOpen, Mode::LockDown][more as usize % 3])?,
            17 | 18 => {
                let out = self.lock.door_moved(&told, more.is_multiple_of(2), false);
                self.hear(out)?;
            }
            19 => {
                let reach = if more.is_multiple_of(9) { Reach::All } else { Reach::ExitButton };
                self.ends_all();
                self.fire &= reach != Reach::All;
                let out = self.lock.lock(Relock::Command, reach, Some(CALLER));
                self.hear(out)?;
            }
            _ => {}
        }
        self.check()
    }

    fn pass_time(&mut self) -> Result<(), TestCaseError> {
        let told = self.told();
        let mut out = self.lock.give_up_overdue(&told, &Event::Tick);
        // If so configured, a grant opens without its record when the time to wait is over.
        for waiting in std::mem::take(&mut self.waiting) {
            let overdue = self.ms.saturating_sub(waiting.since) > 5;
            if overdue && self.allow {
                self.may_hold(waiting);
            } else if !overdue {
                self.waiting.push(waiting);
            }
        }
        out.extend(self.lock.pass_time(&self.told()));
        if self.ms < self.latest {
            self.waiting.clear();
        }
        self.hear(out)?;
        self.latest = self.latest.max(self.ms);
        Ok(())
    }

    /// Everything ends that kept the door unlocked, except the fire alarm.
    fn ends_all(&mut self) {
        self.until.clear();
        self.waiting.clear();
        self.office = false;
    }

    fn line_fails(&mut self, fails: bool) -> Result<(), TestCaseError> {
        self.line_fails = fails;
        if !fails {
            return Ok(());
        }
        self.ends_all();
        let out = self.lock.part_failed(Part::Door);
        self.hear(out)
    }

    fn unlock(&mut self, told: &Context<'_>, length: Duration) -> Result<(), TestCaseError> {
        let id = CommandId(self.id);
        self.id += 1;
        let in_range = (1..=30).contains(&length.as_secs());
        let permitted = in_range && !self.line_fails && self.mode != Mode::LockDown && !told.time_went_back;
        match self.lock.unlock(told, id, CALLER, length) {
            Ok(record) => {
                proptest::prop_assert!(permitted, "{length:?} in {:?} was permitted", self.mode);
                self.unanswered.insert(id);
                self.wait_for(&record, Some(length));
            }
            Err(denial) => proptest::prop_assert!(!permitted || denial == Denial::Busy, "{denial}"),
        }
        Ok(())
    }

    fn wait_for(&mut self, record: &Action, command: Option<Duration>) {
        let request = request(record).expect("a grant is recorded before it opens");
        self.waiting.push(WaitingGrant { request, since: self.ms, command });
    }

    /// The audit answers yes or no, or answers a request that was never made.
    fn answer(&mut self, told: &Context<'_>, more: u64) -> Result<(), TestCaseError> {
        if self.waiting.is_empty() || more.is_multiple_of(11) {
            let out = self.lock.accepted(told, RequestId(u64::MAX));
            proptest::prop_assert!(out.is_empty(), "an answer to nothing does nothing");
            return Ok(());
        }
        let waiting = self.waiting.remove(more as usize % self.waiting.len());
        let yes = !more.is_multiple_of(5);
        if yes || self.allow {
            self.may_hold(waiting);
        }
        let out = match yes {
            true => self.lock.accepted(told, waiting.request),
            false => self.lock.not_accepted(told, waiting.request),
        };
        self.hear(out)
    }

    fn may_hold(&mut self, waiting: WaitingGrant) {
        let (who, length) = match waiting.command {
            Some(length) => ("command", length.as_millis() as u64),
            None => ("person", 5000),
        };
        let until = self.until.entry(who).or_default();
        *until = (*until).max(self.ms + length);
        self.office |= self.mode == Mode::OfficeOpen;
    }

    fn turn_mode(&mut self, mode: Mode) -> Result<(), TestCaseError> {
        self.mode = mode;
        self.office &= mode == Mode::OfficeOpen;
        if mode == Mode::LockDown {
            self.until.retain(|who, _| *who == "button");
            self.waiting.clear();
        }
        let out = self.lock.mode_turned(&self.told(), mode);
        self.hear(out)
    }

    fn hear(&mut self, out: Vec<LockOutcome>) -> Result<(), TestCaseError> {
        for outcome in out {
            match outcome {
                LockOutcome::Do(Action::Answer(id, _)) => {
                    proptest::prop_assert!(self.unanswered.remove(&id), "answered twice");
                }
                LockOutcome::Opened(grant) => {
                    proptest::prop_assert_eq!(self.lock.open(), Some(&grant));
                    *self.counts.entry("opened").or_default() += 1;
                }
                LockOutcome::Do(_) | LockOutcome::LetDown(_) => {}
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let lease = self.lock.renew_lease(at(self.ms).moment);
        let last = self.until.values().copied().max().unwrap_or(0);
        let allowed = self.fire || self.office || self.ms < last;
        if let Some(Action::Hold(lease)) = &lease {
            proptest::prop_assert!(allowed, "held for nothing: {:?}", self.lock);
            let bounded = self.fire || self.office || lease.until() <= at(last).moment;
            proptest::prop_assert!(bounded, "the lease lasts longer than what it is for");
            *self.counts.entry("held").or_default() += 1;
        }
        proptest::prop_assert!(!self.fire || lease.is_some(), "locked in a fire alarm");
        proptest::prop_assert_eq!(lease.is_some(), self.lock.open_kind().is_some());
        Ok(())
    }

    fn end(&mut self) -> Result<(), TestCaseError> {
        let out = self.lock.lock(Relock::Shutdown, Reach::All, None);
        self.hear(out)?;
        proptest::prop_assert!(self.lock.open_kind().is_none() && self.lock.stage() == LockStage::Locked);
        proptest::prop_assert!(self.unanswered.is_empty(), "a command was never answered");
        Ok(())
    }
}

#[test]
fn fifty_thousand_walks_open_for_nothing_but_a_recorded_grant_a_permitted_command_the_button_or_the_fire_alarm()
 {
    let counts = RefCell::new(BTreeMap::<&str, u32>::new());
    let mut runner =
        TestRunner::new(Config { cases: 50_000, failure_persistence: None, ..Config::default() });
    let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..50);
    let outcome = runner.run(&walks, |codes| {
        let mut bookkeeper = Bookkeeper { ms: 100_000, ..Bookkeeper::default() };
        codes.into_iter().try_for_each(|code| bookkeeper.take(code))?;
        bookkeeper.end()?;
        for (what, times) in bookkeeper.counts {
            *counts.borrow_mut().entry(what).or_default() += times;
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let counts = counts.into_inner();
    assert!(counts["opened"] > 5000 && counts["held"] > 50_000, "hardly tried: {counts:?}");
}
