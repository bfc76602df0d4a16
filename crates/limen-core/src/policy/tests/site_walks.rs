//! Properties of random walks through everything that happens around the face, held against a bookkeeper who knows
//! only what was done at the door and when.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::lock::leaf::GRACE;
use super::site::lines::CHATTER_WINDOW;
use super::*;
use super::{LOCK, RULES, anytime, at, command, fact_of, holds, match_of, request, standings};
use crate::event::{AlarmKind, AlarmStep, Input, Mode};
use crate::people::Standing;
use crate::person::PersonId;

const WALKS: u32 = 104_000;
const PARTS: [Part; 4] = [Part::Camera, Part::Door, Part::Inputs, Part::Audit];

/// What a random walk may do.
#[derive(Debug, Clone, Copy)]
enum Move {
    Face { answer: bool },
    Line(Input),
    Mode(Option<Mode>),
    Lock,
    Unlock,
    See,
    Blind(bool),
    Fail(Part),
    Recover(Part),
    Wait(u64),
    Back(u64),
}

/// Moves are drawn as numbers, which are cheap to make and to shrink.
fn move_of(code: u32) -> Move {
    let (kind, more) = (code % 24, code >> 5);
    let part = PARTS[more as usize % PARTS.len()];
    match kind {
        0..=3 => Move::Face { answer: more % 8 > 0 },
        4..=10 => Move::Line(Input::ALL[more as usize % 4]),
        11 => Move::Mode(
            [None, Some(Mode::Normal), Some(Mode::OfficeOpen), Some(Mode::LockDown)][more as usize % 4],
        ),
        12 => Move::Mode(Some(Mode::OfficeOpen)),
        13 => [Move::Lock, Move::Unlock][more as usize % 2],
        14 => Move::See,
        15 => Move::Blind(more.is_multiple_of(2)),
        16 => Move::Fail(part),
        17 | 18 => Move::Recover(part),
        19 | 20 => Move::Wait(u64::from(more % 3000)),
        21 | 22 => Move::Wait(u64::from(more % 40_000)),
        _ => Move::Back(u64::from(more % 4000)),
    }
}

struct Bookkeeper {
    policy: Policy,
    ms: u64,
    latest: u64,
    track: u64,
    lines: BTreeMap<Input, bool>,
    failed: Vec<Part>,
    mode: Mode,
    /// Reasons for the door to be unlocked: from and until when a person's, a command's, a button's; the office; the fire.
    person: (u64, u64),
    manual: (u64, u64),
    rex: (u64, u64),
    office: bool,
    fire: bool,
    last_held: Option<u64>,
    blind_since: Option<u64>,
    changes: u32,
    recorded: u32,
    /// Conditions that began, and alarms that were raised.
    began: BTreeMap<AlarmKind, u32>,
    raised: BTreeMap<AlarmKind, u32>,
    chattered: bool,
    forced: bool,
    counts: BTreeMap<String, u32>,
}

impl Bookkeeper {
    fn new() -> Self {
        Self {
            policy: Policy::new(RULES, standings(Standing::default()), anytime()),
            ms: 1_000_000,
            latest: 0,
            track: 0,
            lines: BTreeMap::new(),
            failed: Vec::new(),
            mode: Mode::Normal,
            person: (0, 0),
            manual: (0, 0),
            rex: (0, 0),
            office: false,
            fire: false,
            last_held: None,
            blind_since: None,
            changes: 0,
            recorded: 0,
            began: BTreeMap::new(),
            raised: BTreeMap::new(),
            chattered: false,
            forced: false,
            counts: BTreeMap::new(),
        }
    }

    fn take(&mut self, one: Move) -> Result<(), TestCaseError> {
        self.ms += 11;
        match one {
            Move::Face { answer } => self.show_face(answer)?,
            Move::Line(input) => {
                let active = !self.lines.get(&input).copied().unwrap_or(false);
                self.line_moves(input, active)?;
            }
            Move::Mode(mode) => {
                let event = command(Command::Mode(mode));
                self.mode = mode.unwrap_or(Mode::Normal);
                if self.mode != Mode::OfficeOpen {
                    self.office = false;
                }
                if self.mode == Mode::LockDown {
                    (self.person.1, self.manual.1) = (0, 0);
                }
                self.step(event)?;
            }
            Move::Lock => {
                (self.person.1, self.manual.1, self.rex.1, self.office) = (0, 0, 0, false);
                self.fire &= !self.failed.contains(&Part::Inputs);
                self.step(command(LOCK))?;
            }
            Move::Unlock => {
                let event = command(Command::Unlock(Duration::from_secs(5)));
                self.ask(event, true)?;
            }
            Move::See => self.step(command(Command::Acknowledge(None))).map(drop)?,
            Move::Blind(blind) => {
                self.blind_since = blind.then(|| self.blind_since.unwrap_or(self.ms));
                self.step(Event::View { blind })?;
            }
            Move::Fail(part) => self.fail(part)?,
            Move::Recover(part) => {
                let was_away = self.failed.contains(&part);
                self.failed.retain(|failed| *failed != part);
                self.step(Event::Recovered(part))?;
                if part == Part::Inputs && was_away {
                    self.read_fire_again()?;
                }
            }
            Move::Wait(ms) => {
                self.ms += ms;
                self.step(Event::Tick)?;
            }
            Move::Back(ms) => {
                self.ms -= ms;
                self.last_held = self.last_held.map(|last| last.min(self.ms));
                // Whatever had begun later is over.
                for (from, until) in [&mut self.person, &mut self.manual, &mut self.rex] {
                    if self.ms < *from {
                        *until = 0;
                    }
                }
                self.step(Event::Tick)?;
            }
        }
        Ok(())
    }

    fn show_face(&mut self, answer: bool) -> Result<(), TestCaseError> {
        self.track += 1;
        for frame in 1..=3 {
            self.ms += 30;
            let who = PersonId::new("ada").expect("an id");
            self.ask(match_of(self.track, self.ms, frame, who), answer)?;
        }
        self.step(Event::TrackEnded(TrackId(self.track))).map(drop)
    }

    /// Takes an event that may lead to a question to the audit, and answers it.
    fn ask(&mut self, event: Event, answer: bool) -> Result<(), TestCaseError> {
        let backwards = self.ms < self.latest;
        let actions = self.step(event)?;
        let Some(id) = actions.iter().find_map(request) else { return Ok(()) };
        let blocked = self.failed.iter().any(|part| part.stops_the_door());
        let by_command = actions
            .iter()
            .any(|action| matches!(fact_of(action), Some(Fact::Granted { grant: GrantKind::Manual, .. })));
        proptest::prop_assert!(!backwards, "asked while time had gone back");
        proptest::prop_assert!(self.mode != Mode::LockDown, "asked in lock-down");
        proptest::prop_assert!(by_command || !blocked, "asked while a part fails");
        if answer {
            let hold = if by_command { &mut self.manual } else { &mut self.person };
            *hold = (self.ms, self.ms + 5000);
            self.office = self.mode == Mode::OfficeOpen;
            self.step(Event::Accepted(id, at(self.ms).moment)).map(drop)
        } else {
            self.step(Event::NotAccepted(id)).map(drop)
        }
    }

    fn line_moves(&mut self, input: Input, active: bool) -> Result<(), TestCaseError> {
        self.lines.insert(input, active);
        self.changes += 1;
        match input {
            Input::Fire => self.fire = active,
            Input::Tamper if active => self.begins(AlarmKind::Tampered),
            Input::Contact if active => {
                self.forced = !self.may_be_held() && !self.was_held_lately();
                if self.forced {
                    self.begins(AlarmKind::DoorForced);
                }
            }
            Input::Contact => self.forced = false,
            Input::Rex if active => {
                let works = !self.failed.contains(&Part::Door) && self.ms >= self.latest;
                if works {
                    self.rex = (self.ms, self.ms + 5000);
                }
            }
            Input::Tamper | Input::Rex => {}
        }
        self.step(Event::Input { input, active, at_start: false }).map(drop)
    }

    /// A chip that works again reports the state of the fire line.
    fn read_fire_again(&mut self) -> Result<(), TestCaseError> {
        let Some(active) = self.lines.get(&Input::Fire).copied() else { return Ok(()) };
        self.changes += 1;
        self.fire = active;
        self.step(Event::Input { input: Input::Fire, active, at_start: true }).map(drop)
    }

    fn fail(&mut self, part: Part) -> Result<(), TestCaseError> {
        if !self.failed.contains(&part) {
            self.failed.push(part);
            if part.stops_the_door() || part == Part::Inputs {
                (self.person.1, self.manual.1, self.office) = (0, 0, false);
            }
            match part {
                Part::Inputs => self.rex.1 = 0,
                Part::Door => {
                    self.rex.1 = 0;
                    self.begins(AlarmKind::LockFault);
                }
                Part::Camera => self.begins(AlarmKind::CameraLost),
                Part::Audit => self.begins(AlarmKind::AuditFailed),
                _ => {}
            }
            if part.stops_the_door() {
                self.blind_since = None;
            }
        }
        self.step(Event::Failed(part, "broken".to_owned())).map(drop)
    }

    fn begins(&mut self, kind: AlarmKind) {
        *self.began.entry(kind).or_default() += 1;
    }

    fn may_be_held(&self) -> bool {
        let timed = [self.person, self.manual, self.rex];
        self.fire || self.office || timed.iter().any(|(_, until)| self.ms < *until)
    }

    /// A hold that ended by itself kept the door unlocked until that moment.
    fn note_ends(&mut self) {
        for (_, until) in [&mut self.person, &mut self.manual, &mut self.rex] {
            if *until > 0 && *until <= self.ms {
                self.last_held = self.last_held.max(Some(std::mem::take(until)));
            }
        }
    }

    fn was_held_lately(&self) -> bool {
        let ends = [self.last_held.unwrap_or(0), self.person.1, self.manual.1, self.rex.1];
        ends.iter().any(|end| *end > 0 && Duration::from_millis(self.ms.saturating_sub(*end)) <= GRACE)
    }

    fn step(&mut self, event: Event) -> Result<Vec<Action>, TestCaseError> {
        let held: Vec<AlarmKind> = self.policy.alarms().filter(|a| a.holds).map(|a| a.kind).collect();
        let backwards = self.ms < self.latest;
        let may = self.may_be_held();
        self.note_ends();
        let actions = self.policy.step(at(self.ms), event);
        for fact in actions.iter().filter_map(fact_of) {
            match fact {
                Fact::Input { changes, .. } => self.recorded += changes,
                Fact::Alarm { alarm, step: AlarmStep::Raised, .. } => {
                    proptest::prop_assert!(!held.contains(alarm), "{alarm} raised twice");
                    *self.raised.entry(*alarm).or_default() += 1;
                    self.chattered |= *alarm == AlarmKind::InputFault;
                    *self.counts.entry(alarm.to_string()).or_default() += 1;
                }
                Fact::Granted { grant, .. } => {
                    let opens = !backwards || *grant == GrantKind::Fire;
                    proptest::prop_assert!(opens, "{grant:?} while time had gone back");
                    *self.counts.entry(format!("{grant:?}")).or_default() += 1;
                }
                Fact::Locked { why, .. } => *self.counts.entry(format!("{why:?}")).or_default() += 1,
                _ => {}
            }
        }
        if holds(&actions) {
            proptest::prop_assert!(may, "held without a reason");
            self.last_held = Some(self.ms);
        } else {
            proptest::prop_assert!(!self.fire, "locked in a fire alarm");
        }
        let place = |is_it: fn(&Action) -> bool| actions.iter().rposition(is_it);
        if let (Some(lock), Some(hold)) =
            (place(|action| *action == Action::Lock), place(|action| matches!(action, Action::Hold(_))))
        {
            proptest::prop_assert!(lock < hold, "locked after it was held");
        }
        self.latest = self.latest.max(self.ms);
        Ok(actions)
    }

    fn end(&mut self) -> Result<(), TestCaseError> {
        (self.person.1, self.manual.1, self.rex.1, self.office, self.fire) = (0, 0, 0, false, false);
        let actions = self.step(Event::Shutdown)?;
        proptest::prop_assert!(actions.contains(&Action::Lock));
        proptest::prop_assert_eq!(
            self.recorded,
            self.changes,
            "every change of a line is in the records once"
        );
        let mut kinds =
            vec![AlarmKind::Tampered, AlarmKind::LockFault, AlarmKind::CameraLost, AlarmKind::AuditFailed];
        if !self.chattered {
            kinds.push(AlarmKind::DoorForced);
        }
        for kind in kinds {
            let count = |counts: &BTreeMap<AlarmKind, u32>| counts.get(&kind).copied().unwrap_or(0);
            proptest::prop_assert_eq!(count(&self.raised), count(&self.began), "{}", kind);
        }
        Ok(())
    }
}

#[test]
fn a_hundred_thousand_walks_around_the_face_hold_the_door_for_reasons_only_and_raise_every_alarm_once() {
    assert!(CHATTER_WINDOW < Duration::from_secs(40), "walks wait long enough for a line to be still again");
    let counts = RefCell::new(BTreeMap::<String, u32>::new());
    let config = Config { cases: WALKS, failure_persistence: None, ..Config::default() };
    let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..24);
    TestRunner::new(config)
        .run(&walks, |walk| {
            let mut door = Bookkeeper::new();
            for code in walk {
                door.take(move_of(code))?;
            }
            door.end()?;
            for (what, times) in door.counts {
                *counts.borrow_mut().entry(what).or_default() += times;
            }
            Ok(())
        })
        .expect("no walk breaks a promise");
    let counts = counts.into_inner();
    for what in ["Face", "Manual", "Rex", "Mode", "Fire", "FireOver", "Fault", "TimeOver", "door-forced"] {
        assert!(counts.get(what).is_some_and(|times| *times > 1000), "{what} was hardly tried: {counts:?}");
    }
}
