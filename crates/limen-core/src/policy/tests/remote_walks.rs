//! Random walks through commands from the network, held against a bookkeeper who knows only what was sent, when, by which
//! clock, and which codes were right.

use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::remote_tests::{LOCK_REMOTELY, UNLOCK, allowing, clock, given, kitchen, right};
use super::*;
use crate::event::Mode;

const WALKS: u32 = 20_000;
const RIGHTS: [RemoteRight; 3] = [RemoteRight::Lock, RemoteRight::Unlock, RemoteRight::Mode];

struct Bookkeeper {
    policy: Policy,
    ms: u64,
    /// By how much the wall clock was set forth, in milliseconds.
    wall: i64,
    synchronised: bool,
    /// Every dated command that was fresh, and when it came.
    seen: Vec<(Timestamp, u64)>,
    wrong: u32,
    locked_until: u64,
    next: u64,
    opened: u32,
}

impl Bookkeeper {
    fn new() -> Self {
        Self {
            policy: allowing(&RIGHTS),
            ms: 1_000_000,
            wall: 0,
            synchronised: true,
            seen: Vec::new(),
            wrong: 0,
            locked_until: 0,
            next: 0,
            opened: 0,
        }
    }

    fn now(&self) -> Now {
        let mut now = clock(self.ms);
        now.wall.utc += SignedDuration::from_millis(self.wall);
        now.wall.synchronised = self.synchronised;
        now
    }

    fn take(&mut self, code: u32) -> Result<(), TestCaseError> {
        let more = code >> 4;
        match code % 16 {
            0..=7 => self.unlock(i64::from(more % 16_000) - 4000, code % 8 < 6)?,
            8 => self.again(more)?,
            9 | 10 => self.ms += u64::from(more % 40_000),
            11 => self.synchronised = !self.synchronised,
            12 => self.wall += i64::from(more % 60_000) - 30_000,
            13 => self.lock()?,
            14 => self.mode()?,
            _ => drop(self.policy.step(self.now(), Event::Tick)),
        }
        self.ms += 3000;
        Ok(())
    }

    /// Sends an unlocking that is `age` old; its code is right or wrong.
    fn unlock(&mut self, age: i64, is_right: bool) -> Result<(), TestCaseError> {
        let now = self.now();
        let sent = now.wall.utc - SignedDuration::from_millis(age);
        self.send(sent, given(now, UNLOCK, age, Some(self.next)), is_right)
    }

    /// Sends a command again that was sent before.
    fn again(&mut self, which: u32) -> Result<(), TestCaseError> {
        if self.seen.is_empty() {
            return Ok(());
        }
        let (sent, _) = self.seen[which as usize % self.seen.len()];
        let age = self.now().wall.utc.duration_since(sent).as_millis();
        let age = i64::try_from(age).expect("a short walk");
        self.send(sent, given(self.now(), UNLOCK, age, Some(self.next)), true)
    }

    fn send(&mut self, sent: Timestamp, event: Event, is_right: bool) -> Result<(), TestCaseError> {
        let (now, ms) = (self.now(), self.ms);
        let age = now.wall.utc.duration_since(sent).as_millis();
        let fresh = self.synchronised && (-2000..=10_000).contains(&age);
        let first = !self.seen.iter().any(|(known, came)| *known == sent && ms < came + 20_000);
        if fresh && first {
            self.seen.push((sent, ms));
        }
        let verified = fresh && first && ms >= self.locked_until;
        let asked = step(&mut self.policy, now, event);
        let asks = asked.iter().any(|action| matches!(action, Action::VerifyCode { .. }));
        proptest::prop_assert_eq!(asks, verified, "age {}, first {}", age, first);
        proptest::prop_assert!(!holds_newly(&asked), "nothing opens before the code is verified");
        if verified {
            self.answer(now, is_right)?;
        }
        self.next += 1;
        Ok(())
    }

    fn answer(&mut self, now: Now, is_right: bool) -> Result<(), TestCaseError> {
        if is_right {
            self.wrong = 0;
            let opened = step(&mut self.policy, now, right(self.next));
            let may = self.policy.mode() != Mode::LockDown;
            proptest::prop_assert_eq!(holds_newly(&opened), may);
            self.opened += u32::from(may);
        } else {
            self.wrong += 1;
            if let Some(further) = self.wrong.checked_sub(4) {
                self.locked_until = self.ms + (30_000 << further.min(5)).min(900_000);
            }
            let outcome = CodeOutcome::Wrong;
            let refused =
                step(&mut self.policy, now, Event::CodeVerified { code: CodeId(self.next), outcome });
            proptest::prop_assert!(!holds_newly(&refused));
        }
        Ok(())
    }

    fn lock(&mut self) -> Result<(), TestCaseError> {
        let now = self.now();
        let locked = step(&mut self.policy, now, given(now, LOCK_REMOTELY, 99_000, None));
        proptest::prop_assert_eq!(verdicts(&locked), [Ok(Done::Locked)]);
        proptest::prop_assert!(self.policy.open_kind().is_none());
        Ok(())
    }

    /// A lock-down is taken without a code, and nothing but a code or somebody at the door ends it.
    fn mode(&mut self) -> Result<(), TestCaseError> {
        let now = self.now();
        let mode = |mode| given(now, Command::Mode(mode), 99_000, None);
        step(&mut self.policy, now, mode(Some(Mode::LockDown)));
        for out in [None, Some(Mode::Normal), Some(Mode::OfficeOpen)] {
            step(&mut self.policy, now, mode(out));
            proptest::prop_assert_eq!(self.policy.mode(), Mode::LockDown);
        }
        step(&mut self.policy, now, command(Command::Mode(None)));
        Ok(())
    }
}

/// Whether a command opened the door in this step.
fn holds_newly(actions: &[Action]) -> bool {
    facts(actions).iter().any(|fact| matches!(fact, Fact::Granted { .. }))
}

#[test]
fn over_random_walks_only_fresh_first_commands_with_a_right_code_open_the_door() {
    let config = Config { cases: WALKS, failure_persistence: None, ..Config::default() };
    let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..24);
    let opened = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&walks, |walk| {
        let mut bookkeeper = Bookkeeper::new();
        walk.into_iter().try_for_each(|code| bookkeeper.take(code))?;
        opened.set(opened.get() + bookkeeper.opened);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(opened.get() > WALKS / 10 && kitchen().as_str() == "kitchen", "{}", opened.get());
}
