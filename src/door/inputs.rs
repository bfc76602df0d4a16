//! The input lines: exit button, door contact, tamper switch, fire alarm. A thread of their own waits for them.
//!
//! Edges come debounced from the kernel. A level is looked at besides every half a second, because an edge can be lost when
//! the kernel's queue is full: what has differed twice from the last edge is reported as if it had been one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use limen_core::clock::Pulse;
use limen_core::event::Input;
use limen_files::failpoint;

use super::level::Level;
use super::pin::{ActiveLevel, Pin};
use super::{DoorError, DoorSettings, Driver, gpiochip, rppal};
use crate::clocks;

/// How often levels are looked at, and the longest wait for an edge.
const LOOK: Duration = Duration::from_millis(500);
/// Lines that cannot be read are opened again this often.
const RETRY: Duration = Duration::from_secs(1);

/// The resistor that the chip puts to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// To 3.3 V.
    Up,
    /// To ground.
    Down,
    /// None: there is one on the board.
    None,
}

/// One input line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSettings {
    /// What it says.
    pub input: Input,
    /// Where.
    pub pin: Pin,
    /// The level at which the input is active.
    pub active: ActiveLevel,
    /// The chip's resistor.
    pub pull: Pull,
    /// A level counts when it has lasted for this long.
    pub debounce: Duration,
}

/// Opened input lines.
pub(super) trait InputLines: Send {
    /// Waits for the next edge: which input, and whether it is active now.
    fn wait(&mut self, patience: Duration) -> Result<Option<(Input, bool)>, DoorError>;
    /// Whether an input is active.
    fn is_active(&self, input: Input) -> Result<bool, DoorError>;
}

/// What the thread tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputReport {
    /// An input is at this now.
    Level {
        /// Which.
        input: Input,
        /// Pressed, open, tampered with, released.
        active: bool,
        /// It was found so; nobody was seen moving it.
        at_start: bool,
    },
    /// The lines cannot be read.
    Failed(String),
    /// They can again.
    Recovered,
}

/// What the thread knows of its lines at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InputState {
    /// Why the lines cannot be read; until they can and each was read again.
    pub trouble: Option<String>,
    levels: [Option<bool>; 4],
}

impl InputState {
    fn failing(error: &DoorError) -> Self {
        Self { trouble: Some(error.to_string()), levels: [None; 4] }
    }

    /// Each line that was read, and whether it is active; none while the lines cannot be read.
    pub fn levels(&self) -> Vec<(Input, bool)> {
        let at = |input: Input| Some((input, self.levels[input as usize]?));
        [Input::Rex, Input::Contact, Input::Tamper, Input::Fire].into_iter().filter_map(at).collect()
    }
}

/// The running thread; it ends when this is dropped.
#[derive(Debug)]
pub struct InputThread {
    stop: Arc<AtomicBool>,
    pulse: Pulse,
    state: Level<InputState>,
    thread: JoinHandle<()>,
}

impl InputThread {
    /// Opens the lines of `settings` and reports what they are at, then every change; `report` returns false once
    /// nobody listens. What is reported is in [`InputThread::state`] before. None if there are no lines, or the driver moves nothing.
    pub fn spawn(
        settings: &DoorSettings,
        report: impl Fn(InputReport) -> bool + Send + 'static,
    ) -> Result<Option<Self>, DoorError> {
        let Some(lines) = open(settings)? else { return Ok(None) };
        let (stop, pulse) = (Arc::new(AtomicBool::new(false)), Pulse::started(clocks::moment()));
        let state = Level::default();
        let mut watcher = Watcher {
            settings: settings.clone(),
            report: Box::new(report),
            stop: Arc::clone(&stop),
            pulse: pulse.clone(),
            state: state.clone(),
            said: [None; 4],
            doubted: [false; 4],
        };
        let thread = std::thread::Builder::new()
            .name("inputs".to_owned())
            .spawn(move || watcher.watch(lines))
            .map_err(DoorError::Thread)?;
        Ok(Some(Self { stop, pulse, state, thread }))
    }

    /// The thread has ended.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// The thread's sign of life.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// What the lines are at, all read at the same moment.
    pub fn state(&self) -> InputState {
        self.state.read()
    }

    /// Why the lines cannot be read; `None`: they can.
    pub fn trouble(&self) -> Option<String> {
        self.state().trouble
    }
}

impl Drop for InputThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Reads every input once, for who tries the wiring; empty where there are none.
pub fn read_all(settings: &DoorSettings) -> Result<Vec<(Input, bool)>, DoorError> {
    let Some(lines) = open(settings)? else { return Ok(Vec::new()) };
    settings.inputs.iter().map(|line| Ok((line.input, lines.is_active(line.input)?))).collect()
}

fn open(settings: &DoorSettings) -> Result<Option<Box<dyn InputLines>>, DoorError> {
    if settings.inputs.is_empty() {
        return Ok(None);
    }
    Ok(match settings.driver {
        Driver::Rppal => Some(Box::new(rppal::RppalInputs::open(&settings.inputs)?)),
        Driver::Gpiochip => Some(Box::new(gpiochip::ChipInputs::open(&settings.chip, &settings.inputs)?)),
        Driver::DryRun => None,
    })
}

struct Watcher {
    settings: DoorSettings,
    report: Box<dyn Fn(InputReport) -> bool + Send>,
    stop: Arc<AtomicBool>,
    pulse: Pulse,
    state: Level<InputState>,
    /// What was last reported of each input.
    said: [Option<bool>; 4],
    /// The level differed at the last look.
    doubted: [bool; 4],
}

impl Watcher {
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
                    self.state.change(|state| *state = InputState::failing(&error));
                    if !failed && !(self.report)(InputReport::Failed(error.to_string())) {
                        return;
                    }
                    failed = true;
                    std::thread::sleep(RETRY);
                }
            }
        }
    }

    /// Waits for edges until the next look, then looks; false when nobody listens.
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
        self.state.change(|state| state.trouble = None);
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
        *lines = open(&self.settings)?;
        self.said = [None; 4];
        Ok((self.report)(InputReport::Recovered))
    }

    /// Edges in one direction only may follow each other where one was lost; they are one level.
    fn say(&mut self, input: Input, active: bool, at_start: bool) -> bool {
        if self.said[input as usize].replace(active) == Some(active) {
            return true;
        }
        self.state.change(|state| state.levels[input as usize] = Some(active));
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

    /// Edges to come, and the level of everything.
    struct Wires {
        edges: VecDeque<(Input, bool)>,
        level: bool,
    }

    impl InputLines for Wires {
        fn wait(&mut self, _: Duration) -> Result<Option<(Input, bool)>, DoorError> {
            Ok(self.edges.pop_front())
        }
        fn is_active(&self, _: Input) -> Result<bool, DoorError> {
            Ok(self.level)
        }
    }

    fn watcher() -> (Watcher, Receiver<InputReport>) {
        let contact = InputSettings {
            input: Input::Contact,
            pin: Pin::new(6).expect("a pin"),
            active: ActiveLevel::High,
            pull: Pull::Up,
            debounce: Duration::from_millis(30),
        };
        let settings = DoorSettings { inputs: vec![contact], ..DoorSettings::dry_run() };
        let (sender, reports) = channel();
        let watcher = Watcher {
            settings,
            report: Box::new(move |report| sender.send(report).is_ok()),
            stop: Arc::default(),
            pulse: Pulse::default(),
            state: Level::default(),
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
        let mut wires = Wires { edges: edges.into(), level: false };
        for _ in 0..4 {
            assert!(watcher.serve(&mut wires).expect("wires"));
        }
        let all: Vec<_> = reports.try_iter().collect();
        assert_eq!(all, [level(false, true), level(true, false), level(false, false)]);
    }

    #[test]
    fn a_lost_edge_is_noticed_by_the_second_look() {
        let (mut watcher, reports) = watcher();
        let mut wires = Wires { edges: VecDeque::new(), level: false };
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
    fn what_a_full_queue_drops_is_in_the_state() {
        let (mut watcher, _) = watcher();
        watcher.report = Box::new(|_| true);
        let mut wires = Wires { edges: [(Input::Contact, true)].into(), level: false };
        let state = watcher.state.clone();
        assert_eq!(state.read().levels(), []);
        assert!(watcher.serve(&mut wires).expect("wires"));
        assert_eq!(state.read().levels(), [(Input::Contact, false)]);
        assert!(watcher.serve(&mut wires).expect("wires"));
        assert_eq!(state.read().levels(), [(Input::Contact, true)]);
    }

    #[test]
    fn trouble_lasts_until_every_line_was_read_again() {
        let (mut watcher, _) = watcher();
        let state = watcher.state.clone();
        state.change(|state| *state = InputState::failing(&DoorError::NoPin));
        assert!(state.read().trouble.is_some() && state.read().levels().is_empty());
        watcher.report = Box::new(|_| true);
        assert!(watcher.open_again(&mut None).expect("nothing to open"));
        assert!(state.read().trouble.is_some(), "what the lines are at is not known yet");
        let mut wires = Wires { edges: VecDeque::new(), level: true };
        assert!(watcher.serve(&mut wires).expect("wires"));
        assert_eq!((state.read().trouble, state.read().levels()), (None, vec![(Input::Contact, true)]));
    }

    #[test]
    fn nobody_listening_ends_the_watch() {
        let (mut watcher, reports) = watcher();
        drop(reports);
        assert!(!watcher.serve(&mut Wires { edges: VecDeque::new(), level: true }).expect("wires"));
    }
}
