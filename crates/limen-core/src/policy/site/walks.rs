//! Random walks through the site alone, held against a bookkeeper who knows only what was done: an alarm is raised when
//! its condition begins and listed until somebody has seen it, every change of a line is recorded once, and a mode that
//! was commanded stays.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;
use crate::policy::tests::{CALLER, at, told};

const PARTS: [(Part, AlarmKind); 4] = [
    (Part::Camera, AlarmKind::CameraLost),
    (Part::Door, AlarmKind::LockFault),
    (Part::Disk, AlarmKind::DiskShort),
    (Part::Clock, AlarmKind::ClockFault),
];

#[derive(Default)]
struct Bookkeeper {
    site: Site,
    ms: u64,
    lines: BTreeMap<Input, bool>,
    failed: BTreeSet<Part>,
    forced: bool,
    commanded: Option<Mode>,
    changes: u32,
    recorded: u32,
    /// Alarms that were raised and not cleared, and whether somebody has seen them since.
    listed: BTreeMap<AlarmKind, bool>,
    pressed: u32,
    sound: Sound,
    cleared: u32,
}

impl Bookkeeper {
    fn take(&mut self, code: u32) -> Result<(), TestCaseError> {
        let (kind, more) = (code % 20, u64::from(code >> 5));
        self.ms += 9;
        let told = told(self.ms);
        let (part, _) = PARTS[more as usize % PARTS.len()];
        let out = match kind {
            0..=6 => self.line_moves(Input::ALL[more as usize % 4]),
            7 | 8 => {
                self.failed.insert(part);
                self.site.part_failed(told.moment(), part, "broken".to_owned())
            }
            9..=11 => {
                self.failed.remove(&part);
                does(self.site.part_recovered(told.moment(), part))
            }
            12 => {
                self.commanded = [None, Some(Mode::LockDown), Some(Mode::OfficeOpen)][more as usize % 3];
                self.site.mode_commanded(&told, self.commanded, CALLER, more.is_multiple_of(2))
            }
            13 => does(self.site.duress(told.moment())),
            14 | 15 => does(self.see(more)?),
            16 => {
                self.forced = more.is_multiple_of(2);
                Vec::new()
            }
            17 => {
                self.ms += more % 3000;
                Vec::new()
            }
            18 => {
                self.ms += more % 90_000;
                Vec::new()
            }
            _ => self.site.mode_kept(&told, self.commanded.unwrap_or_default()),
        };
        if kind == 19 {
            self.commanded = Some(self.commanded.unwrap_or_default());
        }
        self.hear(out)?;
        self.end_step()
    }

    fn line_moves(&mut self, input: Input) -> Vec<SiteOutcome> {
        let active = !self.lines.get(&input).copied().unwrap_or(false);
        self.lines.insert(input, active);
        self.changes += 1;
        self.pressed += u32::from(input == Input::Rex && active);
        self.site.line_is(at(self.ms).moment, input, active, false)
    }

    /// Somebody sees one alarm or all.
    fn see(&mut self, more: u64) -> Result<Vec<Action>, TestCaseError> {
        let kind = AlarmKind::ALL[more as usize % AlarmKind::ALL.len()];
        let which = (!more.is_multiple_of(3)).then_some(kind);
        let there = which.is_none_or(|kind| self.listed.contains_key(&kind));
        let seen = self.site.acknowledge(which, CALLER);
        proptest::prop_assert_eq!(seen.is_ok(), there);
        Ok(seen.unwrap_or_default())
    }

    fn end_step(&mut self) -> Result<(), TestCaseError> {
        let told = told(self.ms);
        let mut out = self.site.turn_mode(&told, None);
        out.extend(self.site.calm_lines(told.moment()));
        let door = LockReport { forced: self.forced, held_open: HeldOpen::No, opened_unrecorded: false };
        out.extend(does(self.site.watch(&told, door)));
        self.hear(out)?;
        self.check()
    }

    fn hear(&mut self, out: Vec<SiteOutcome>) -> Result<(), TestCaseError> {
        for outcome in out {
            match outcome {
                SiteOutcome::Do(Action::Record(Fact::Alarm { alarm, step, .. })) => {
                    self.alarm(alarm, step)?
                }
                SiteOutcome::Do(Action::Record(Fact::Input { changes, .. })) => self.recorded += changes,
                SiteOutcome::Do(Action::Sound(sound)) => self.sound = sound,
                SiteOutcome::ExitPressed => {
                    proptest::prop_assert!(self.pressed > 0, "nobody pressed the button");
                    self.pressed = 0;
                }
                SiteOutcome::FireIs(active) => {
                    proptest::prop_assert_eq!(self.lines.get(&Input::Fire), Some(&active));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Raised unless it holds already, seen by somebody, and only then cleared.
    fn alarm(&mut self, alarm: AlarmKind, step: AlarmStep) -> Result<(), TestCaseError> {
        match step {
            AlarmStep::Raised => {
                self.listed.insert(alarm, false);
            }
            AlarmStep::Acknowledged => {
                let seen = self.listed.insert(alarm, true);
                proptest::prop_assert_eq!(seen, Some(false), "{} is seen once", alarm);
            }
            AlarmStep::Cleared => {
                let seen = self.listed.remove(&alarm);
                proptest::prop_assert_eq!(seen, Some(true), "{} is cleared and nobody has seen it", alarm);
                self.cleared += 1;
            }
            AlarmStep::Warned => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let listed: BTreeMap<_, _> = self.site.alarms().map(|one| (one.kind, one.acknowledged)).collect();
        proptest::prop_assert_eq!(&listed, &self.listed);
        for (part, alarm) in PARTS {
            let holds = self.site.alarms().any(|one| one.kind == alarm && one.holds);
            proptest::prop_assert_eq!(holds, self.failed.contains(&part), "{}", alarm);
        }
        let sounds = |one: &Alarm| one.holds && !one.acknowledged && one.kind.is_heard();
        proptest::prop_assert_eq!(self.sound == Sound::Alarm, self.site.alarms().any(sounds));
        proptest::prop_assert_eq!(self.site.mode(), self.commanded.unwrap_or_default());
        Ok(())
    }

    fn end(&mut self) -> Result<(), TestCaseError> {
        let rest = self.site.unrecorded().collect();
        self.hear(does(rest))?;
        proptest::prop_assert_eq!(
            self.recorded,
            self.changes,
            "every change of a line is in the records once"
        );
        Ok(())
    }
}

fn does(actions: Vec<Action>) -> Vec<SiteOutcome> {
    actions.into_iter().map(SiteOutcome::Do).collect()
}

#[test]
fn fifty_thousand_walks_end_no_alarm_that_nobody_has_seen_and_lose_no_change_of_a_line() {
    const WALKS: u32 = 50_000;
    let mut runner = TestRunner::new(Config { cases: WALKS, failure_persistence: None, ..Config::default() });
    let walks = proptest::collection::vec(proptest::num::u32::ANY, 1..60);
    let cleared = Cell::new(0);
    let outcome = runner.run(&walks, |codes| {
        let mut bookkeeper = Bookkeeper { ms: 100_000, ..Bookkeeper::default() };
        codes.into_iter().try_for_each(|code| bookkeeper.take(code))?;
        bookkeeper.end()?;
        cleared.set(cleared.get() + bookkeeper.cleared);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(cleared.get() > WALKS / 2, "{} alarms were cleared", cleared.get());
}
