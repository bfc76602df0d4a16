//! The input lines: exit button, door contact, tamper switch, fire alarm. Their own thread waits for them.
//!
//! The kernel delivers debounced edges. Levels are also read at every half second, because an edge is lost when
//! the kernel's queue is full: a level that differs from the last edge in two readings is reported like an
//! edge.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use limen_core::clock::Pulse;
use limen_core::event::Input;
use limen_files::failpoint;

use super::driver::open_inputs;
use super::error::DoorError;
use super::level::Level;
use super::lines::InputLines;
use super::settings::DoorSettings;
use crate::clocks;

/// How often levels are read, and the longest wait for an edge.
const LOOK: Duration = Duration::from_millis(500);
/// How often lines that cannot be read are opened again.
const RETRY: Duration = Duration::from_secs(1);

/// What the thread tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputReport {
    /// The present level of an input.
    Level {
        /// The input line.
        input: Input,
        /// Whether it is active: pressed, open, tampered with, released.
        active: bool,
        /// Whether it was found so when the lines were opened, not seen changing.
        at_start: bool,
    },
    /// The lines cannot be read, for this reason.
    Failed(String),
    /// The lines can be read again.
    Recovered,
}

/// The running thread; it ends when this is dropped.
#[derive(Debug)]
pub struct InputThread {
    stop: Arc<AtomicBool>,
    pulse: Pulse,
    trouble: Level<Option<String>>,
    thread: JoinHandle<()>,
}

impl InputThread {
    /// Opens the lines of `settings` and reports what they are at, then every change; `report` returns false once
    /// nobody listens. None if there are no lines, or the driver moves nothing.
    pub fn spawn(
        settings: &DoorSettings,
        report: impl Fn(InputReport) -> bool + Send + 'static,
    ) -> Result<Option<Self>, DoorError> {
        let Some(lines) = open_inputs(settings)? else { return Ok(None) };
        let (stop, pulse) = (Arc::new(AtomicBool::new(false)), Pulse::started(clocks::moment()));
        let trouble = Level::default();
        let mut watcher = InputWatcher {
            settings: settings.clone(),
            report: Box::new(report),
            stop: Arc::clone(&stop),
            pulse: pulse.clone(),
            trouble: trouble.clone(),
            said: [None; 4],
            doubted: [false; 4],
        };
        let thread = std::thread::Builder::new()
            .name("inputs".to_owned())
            .spawn(move || watcher.watch(lines))
            .map_err(DoorError::Thread)?;
        Ok(Some(Self { stop, pulse, trouble, thread }))
    }

    /// Whether the thread has ended.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// The thread's sign of life.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Why the lines cannot be read, until they can and each was read again; `None`: they can.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.read()
    }
}

impl Drop for InputThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Reads every input once, for testing the wiring; empty if there are none.
pub fn read_all(settings: &DoorSettings) -> Result<Vec<(Input, bool)>, DoorError> {
    let Some(lines) = open_inputs(settings)? else { return Ok(Vec::new()) };
    settings.inputs.iter().map(|line| Ok((line.input, lines.is_active(line.input)?))).collect()
}

struct InputWatcher {
    settings: DoorSettings,
    report: Box<dyn Fn(InputReport) -> bool + Send>,
    stop: Arc<AtomicBool>,
    pulse: Pulse,
    trouble: Level<Option<String>>,
    /// What was last reported of each input.
    said: [Option<bool>; 4],
    /// Whether the level differed at the last reading.
    doubted: [bool; 4],
}

impl InputWatcher {
    fn watch(&mut self, lines: Box<dyn InputLines>) {
        let mut lines = Some(lines);
        let mut failed = false;
        while !self.stop.load(Ordering::Relaxed) {
            failpoint::reach("inputs");
            self.pulse.beat(clocks::moment());
            let outcome = match lines.as_mut() {
                Some(lines) => self.serve(lines.as_mut()),
                None => self.open_again(&mut lines),
            };
            match outcome {
                Ok(true) => failed = false,
                Ok(false) => return,
                Err(error) => {
                    lines = None;
                    self.trouble.change(|trouble| *trouble = Some(error.to_string()));
                    if !failed && !(self.report)(InputReport::Failed(error.to_string())) {
                        return;
                    }
                    failed = true;
                    std::thread::sleep(RETRY);
                }
            }
        }
    }

    /// Waits for edges until the next reading, then reads the levels. Returns false once nobody listens.
    fn serve(&mut self, lines: &mut dyn InputLines) -> Result<bool, DoorError> {
        if self.said.iter().all(Option::is_none) {
            return self.report_levels(lines);
        }
        match lines.wait(LOOK)? {
            Some((input, active)) => {
                self.doubted[input as usize] = false;
                Ok(self.say(input, active, false))
            }
            None => self.look(lines),
        }
    }

    fn report_levels(&mut self, lines: &dyn InputLines) -> Result<bool, DoorError> {
        for input in self.inputs() {
            if !self.say(input, lines.is_active(input)?, true) {
                return Ok(false);
            }
        }
        self.trouble.change(|trouble| *trouble = None);
        Ok(true)
    }

    fn look(&mut self, lines: &dyn InputLines) -> Result<bool, DoorError> {
        for input in self.inputs() {
            let (active, place) = (lines.is_active(input)?, input as usize);
            let differs = self.said[place] != Some(active);
            if differs && self.doubted[place] && !self.say(input, active, false) {
                return Ok(false);
            }
            self.doubted[place] = differs && !self.doubted[place];
        }
        Ok(true)
    }

    fn open_again(&mut self, lines: &mut Option<Box<dyn InputLines>>) -> Result<bool, DoorError> {
        *lines = open_inputs(&self.settings)?;
        self.said = [None; 4];
        Ok((self.report)(InputReport::Recovered))
    }

    /// If an edge was lost, two edges in the same direction follow each other. They are reported as one.
    fn say(&mut self, input: Input, active: bool, at_start: bool) -> bool {
        if self.said[input as usize].replace(active) == Some(active) {
            return true;
        }
        (self.report)(InputReport::Level { input, active, at_start })
    }

    fn inputs(&self) -> Vec<Input> {
        self.settings.inputs.iter().map(|line| line.input).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::door::pin::{ActiveLevel, Pin};
    use crate::door::settings::{InputSettings, Pull};

    /// The edges to come, and the level of each input.
    struct TestWires {
        edges: VecDeque<(Input, bool)>,
        level: bool,
    }

    impl InputLines for TestWires {
        fn wait(&mut self, _: Duration) -> Result<Option<(Input, bool)>, DoorError> {
            Ok(self.edges.pop_front())
        }
        fn is_active(&self, _: Input) -> Result<bool, DoorError> {
            Ok(self.level)
        }
    }

    fn watcher() -> (InputWatcher, Receiver<InputReport>) {
        let contact = InputSettings {
            input: Input::Contact,
            pin: Pin::new(6).expect("a pin"),
            active: ActiveLevel::High,
            pull: Pull::Up,
            debounce: Duration::from_millis(30),
        };
        let settings = DoorSettings { inputs: vec![contact], ..DoorSettings::dry_run() };
        let (sender, reports) = channel();
        let watcher = InputWatcher {
            settings,
            report: Box::new(move |report| sender.send(report).is_ok()),
            stop: Arc::default(),
            pulse: Pulse::default(),
            trouble: Level::default(),
            said: [None; 4],
            doubted: [false; 4],
        };
        (watcher, reports)
    }

    fn level(active: bool, at_start: bool) -> InputReport {
        InputReport::Level { input: Input::Contact, active, at_start }
    }

    #[test]
    fn the_level_at_the_start_and_every_edge_are_reported_once() {
        let (mut watcher, reports) = watcher();
        let edges = [true, true, false].map(|active| (Input::Contact, active));
        let mut wires = TestWires { edges: edges.into(), level: false };
        for _ in 0..4 {
            assert!(watcher.serve(&mut wires).expect("wires"));
        }
        let all: Vec<_> = reports.try_iter().collect();
        assert_eq!(all, [level(false, true), level(true, false), level(false, false)]);
    }

    #[test]
    fn a_lost_edge_is_noticed_by_the_second_look() {
        let (mut watcher, reports) = watcher();
        let mut wires = TestWires { edges: VecDeque::new(), level: false };
        assert!(watcher.serve(&mut wires).expect("wires"));
        wires.level = true;
        assert!(watcher.serve(&mut wires).expect("wires"));
        assert_eq!(reports.try_iter().collect::<Vec<_>>(), [level(false, true)]);
        assert!(watcher.serve(&mut wires).expect("wires"));
        assert_eq!(reports.try_iter().collect::<Vec<_>>(), [level(true, false)]);
        assert!(watcher.serve(&mut wires).expect("wires"));
        assert_eq!(reports.try_iter().count(), 0);
    }

    #[test]
    fn trouble_lasts_until_every_line_was_read_again() {
        let (mut watcher, _) = watcher();
        let trouble = watcher.trouble.clone();
        trouble.change(|trouble| *trouble = Some(DoorError::NoPin.to_string()));
        assert!(trouble.read().is_some());
        watcher.report = Box::new(|_| true);
        assert!(watcher.open_again(&mut None).expect("nothing to open"));
        assert!(trouble.read().is_some(), "what the lines are at is not known yet");
        let mut wires = TestWires { edges: VecDeque::new(), level: true };
        assert!(watcher.serve(&mut wires).expect("wires"));
        assert_eq!(trouble.read(), None);
    }

    #[test]
    fn nobody_listening_ends_the_watch() {
        let (mut watcher, reports) = watcher();
        drop(reports);
        assert!(!watcher.serve(&mut TestWires { edges: VecDeque::new(), level: true }).expect("wires"));
    }
}
