//! The thread that owns the door's line. It unlocks the line on a lease and times the lease itself. It locks
//! the line when the lease ends, on command, when the [`DoorHandle`] is dropped, and when it panics.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use limen_core::clock::{Moment, Pulse};
use limen_core::event::{LightPattern, Prompt};
use limen_core::lease::Lease;
use limen_files::failpoint;

use super::buzzer::{Buzzer, Tone};
use super::error::DoorError;
use super::indicators::{Indication, Indicators};
use super::level::Level;
use super::light::{FaceLight, LightState};
use super::lock::DoorLock;
use super::opening::OpenedDoor;
use super::prompts::{PromptLights, tones};
use crate::clocks;

/// How many commands may wait. Each takes microseconds.
const QUEUE: usize = 32;
/// The longest time between two signs of life of the thread.
const BEAT: Duration = Duration::from_millis(500);
/// The pause between two tries to lock after a failure.
const RETRY: Duration = Duration::from_millis(100);
/// How long the red light is on.
const RED: Duration = Duration::from_millis(1500);
/// How long dropping the handle waits at most for the line to be locked. Locking takes microseconds.
const FAREWELL: Duration = Duration::from_millis(200);

/// Why the line was locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockedBecause {
    /// The owner commanded it.
    Told,
    /// The lease ended without a new one.
    LeaseOver,
    /// The lock worked again after a failure.
    Mended,
}

/// What the thread reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoorReport {
    /// The line was unlocked.
    Unlocked(Moment),
    /// The line was locked.
    Locked {
        /// When it was locked.
        at: Moment,
        /// Why it was locked.
        why: LockedBecause,
    },
    /// The line could not be driven. Locking is tried again until it works.
    Failed(String),
}

impl fmt::Display for DoorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlocked(_) => f.write_str("unlocked"),
            Self::Locked { why: LockedBecause::Told, .. } => f.write_str("locked"),
            Self::Locked { why: LockedBecause::LeaseOver, .. } => f.write_str("locked, the lease ended"),
            Self::Locked { why: LockedBecause::Mended, .. } => f.write_str("locked, the line works again"),
            Self::Failed(what) => f.write_str(what),
        }
    }
}

/// The state of the line that the thread publishes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoorState {
    /// Why the line cannot be driven. `None` if it can be driven.
    pub trouble: Option<String>,
    /// How many times driving the line has failed since the start. It also counts failures that were over
    /// before anybody read the state.
    pub failures: u64,
    /// The message of the last failure. It stays when the failure is over.
    pub last_failure: Option<String>,
}

enum DoorCommand {
    /// A lease, and the number of lock commands before it. Any later lock command makes the lease void.
    Hold(Lease, u64),
    Lock,
    Show(Indication),
    Play(Tone),
    /// The prompt or the light's pattern has changed; the thread reads both before it obeys any command.
    Look,
    Quit,
}

/// The door thread, before it is started.
#[derive(Debug)]
pub struct DoorThread;

impl DoorThread {
    /// Starts the thread with a door that is locked. The thread calls `report` at every change. It updates
    /// [`DoorHandle::state`] before that.
    pub fn spawn(
        door: OpenedDoor,
        report: impl Fn(DoorReport) + Send + 'static,
    ) -> Result<DoorHandle, DoorError> {
        let OpenedDoor { lock, indicators, prompts, buzzer, light } = door;
        let (sender, commands) = sync_channel(QUEUE);
        let told = Arc::new(AtomicU64::new(0));
        let pulse = Pulse::started(clocks::moment());
        let (state, prompt, pattern) = (Level::default(), Level::default(), Level::default());
        let lit = light.state().clone();
        let keeper = LeaseKeeper {
            lock,
            indicators,
            prompts,
            buzzer,
            light,
            commands,
            report: Box::new(report),
            told: Arc::clone(&told),
            pulse: pulse.clone(),
            state: state.clone(),
            prompt: prompt.clone(),
            pattern: pattern.clone(),
            obeyed: 0,
            held_until: None,
            failed: false,
            red_until: None,
            green_is_due: false,
        };
        let thread = std::thread::Builder::new()
            .name("door".to_owned())
            .spawn(move || keeper.keep())
            .map_err(DoorError::Thread)?;
        Ok(DoorHandle { sender, told, pulse, state, prompt, pattern, lit, thread })
    }
}

/// The owner's handle. Dropping it locks the door and waits until it is locked.
#[derive(Debug)]
pub struct DoorHandle {
    sender: SyncSender<DoorCommand>,
    told: Arc<AtomicU64>,
    pulse: Pulse,
    state: Level<DoorState>,
    prompt: Level<Option<Prompt>>,
    pattern: Level<Option<LightPattern>>,
    lit: Level<LightState>,
    thread: JoinHandle<()>,
}

impl DoorHandle {
    /// Keeps the line unlocked until the lease ends. If the lease cannot be sent to the thread, the lease is
    /// lost and the line locks when the previous lease ends.
    pub fn hold(&self, lease: Lease) -> Result<(), DoorError> {
        let command = DoorCommand::Hold(lease, self.told.load(Ordering::SeqCst));
        self.sender.try_send(command).map_err(|_| DoorError::Gone)
    }

    /// Locks, and makes all earlier leases void.
    pub fn lock(&self) {
        self.told.fetch_add(1, Ordering::SeqCst);
        // If the queue is full, the thread is awake: it reads `told` before it obeys the next command.
        let (Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) =
            self.sender.try_send(DoorCommand::Lock);
    }

    /// Shows this on the lights. If the queue is full, it is not shown.
    pub fn show(&self, what: Indication) {
        // A light that is not shown does no harm.
        let _ = self.sender.try_send(DoorCommand::Show(what));
    }

    /// Plays this tone until another one is set.
    pub fn play(&self, tone: Tone) {
        // A full queue means that the thread hangs, which is handled elsewhere.
        let _ = self.sender.try_send(DoorCommand::Play(tone));
    }

    /// Tells whoever stands at the door what to do, until something else is set; `None`: nothing. To set the same again
    /// changes nothing.
    pub fn prompt(&self, prompt: Option<Prompt>) {
        self.prompt.change(|shown| *shown = prompt);
        // If the queue is full, the thread is awake: it reads the prompt before it obeys the next command.
        let _ = self.sender.try_send(DoorCommand::Look);
    }

    /// Drives the light on faces by this pattern from now on; `None`: it is dark. To set the same again changes nothing.
    pub fn light(&self, pattern: Option<LightPattern>) {
        self.pattern.change(|shown| *shown = pattern);
        // As with the prompt.
        let _ = self.sender.try_send(DoorCommand::Look);
    }

    /// When the light on faces changed last, and what is wrong with it.
    pub fn light_state(&self) -> LightState {
        self.lit.read()
    }

    /// Whether the thread has ended.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// The thread's sign of life.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// The state of the line. It does not depend on whether the reports arrived.
    pub fn state(&self) -> DoorState {
        self.state.read()
    }
}

impl Drop for DoorHandle {
    /// Locks the line and waits for that. The process, and the door thread with it, may end right after this,
    /// for example when the main thread panics.
    fn drop(&mut self) {
        self.lock();
        let _ = self.sender.try_send(DoorCommand::Quit);
        let deadline = clocks::moment() + FAREWELL;
        while !self.thread.is_finished() && clocks::moment() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

struct LeaseKeeper {
    lock: Box<dyn DoorLock>,
    indicators: Indicators,
    prompts: PromptLights,
    buzzer: Buzzer,
    light: FaceLight,
    commands: Receiver<DoorCommand>,
    report: Box<dyn Fn(DoorReport) + Send>,
    told: Arc<AtomicU64>,
    pulse: Pulse,
    state: Level<DoorState>,
    prompt: Level<Option<Prompt>>,
    pattern: Level<Option<LightPattern>>,
    obeyed: u64,
    held_until: Option<Moment>,
    failed: bool,
    red_until: Option<Moment>,
    /// Green is shown as soon as the line is held.
    green_is_due: bool,
}

impl LeaseKeeper {
    fn keep(mut self) {
        loop {
            let command = self.commands.recv_timeout(self.patience(clocks::moment()));
            let now = clocks::moment();
            failpoint::reach("door");
            self.obey_lock();
            self.prompt(now);
            self.light.show(now, self.pattern.read());
            match command {
                Ok(DoorCommand::Hold(lease, told)) if told == self.obeyed => self.hold(now, &lease),
                Ok(DoorCommand::Hold(..) | DoorCommand::Lock | DoorCommand::Look)
                | Err(RecvTimeoutError::Timeout) => {}
                Ok(DoorCommand::Show(what)) => self.show(now, what),
                Ok(DoorCommand::Play(tone)) => self.buzzer.play(now, tone),
                Ok(DoorCommand::Quit) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.let_time_pass(now);
            self.pulse.beat(now);
        }
        self.lock_because(LockedBecause::Told);
    }

    fn patience(&self, now: Moment) -> Duration {
        let retry = self.failed.then_some(RETRY);
        let held = self.held_until.map(|until| until.since(now));
        let red = self.red_until.map(|until| until.since(now));
        let tone = self.buzzer.next_turn().map(|turn| turn.since(now));
        let prompt = self.prompts.next_turn().map(|turn| turn.since(now));
        let light = self.light.next_turn().map(|turn| turn.since(now));
        [retry, held, red, tone, prompt, light].into_iter().flatten().fold(BEAT, Duration::min)
    }

    fn obey_lock(&mut self) {
        let told = self.told.load(Ordering::SeqCst);
        if told != self.obeyed {
            self.obeyed = told;
            self.lock_because(LockedBecause::Told);
        }
    }

    fn hold(&mut self, now: Moment, lease: &Lease) {
        if lease.until() <= now || self.failed {
            return;
        }
        if self.held_until.is_none() {
            // Set this first. If `unlock` fails half-way, the line counts as unlocked and is locked again.
            self.held_until = Some(now);
            if let Err(error) = self.lock.unlock() {
                self.fail(&error);
                self.lock_because(LockedBecause::Told);
                return;
            }
            (self.report)(DoorReport::Unlocked(now));
        }
        self.held_until = Some(lease.until());
        if std::mem::take(&mut self.green_is_due) {
            self.show(now, Indication::Granted);
        }
    }

    fn let_time_pass(&mut self, now: Moment) {
        if self.held_until.is_some_and(|until| now >= until) {
            self.lock_because(LockedBecause::LeaseOver);
        }
        if self.failed && self.lock.lock().is_ok() {
            self.failed = false;
            self.state.change(|state| state.trouble = None);
            (self.report)(DoorReport::Locked { at: clocks::moment(), why: LockedBecause::Mended });
        }
        self.buzzer.let_time_pass(now);
        self.prompts.let_time_pass(now);
        self.light.let_time_pass(now);
        if self.red_until.is_some_and(|until| now >= until) {
            self.red_until = None;
            self.indicators.show(Indication::Idle);
        }
    }

    fn prompt(&mut self, now: Moment) {
        let prompt = self.prompt.read();
        if self.prompts.show(now, prompt) {
            self.buzzer.beep(now, tones(prompt));
        }
    }

    fn show(&mut self, now: Moment, what: Indication) {
        // Green is on for the person who was let in. Red for another person must not replace it.
        if what == Indication::Refused && self.held_until.is_some() {
            return;
        }
        // The policy tells the light before the line. Nobody may see green before a locked door.
        self.green_is_due = what == Indication::Granted && self.held_until.is_none();
        if self.green_is_due {
            return;
        }
        self.red_until = (what == Indication::Refused).then_some(now + RED);
        self.indicators.show(what);
    }

    fn lock_because(&mut self, why: LockedBecause) {
        self.green_is_due = false;
        let was_held = self.held_until.take().is_some();
        if let Err(error) = self.lock.lock() {
            self.fail(&error);
            return;
        }
        if was_held {
            (self.report)(DoorReport::Locked { at: clocks::moment(), why });
        }
        if self.indicators.shown() == Indication::Granted {
            self.indicators.show(Indication::Idle);
        }
    }

    fn fail(&mut self, error: &DoorError) {
        if !std::mem::replace(&mut self.failed, true) {
            let what = error.to_string();
            self.state.change(|state| {
                state.failures += 1;
                (state.trouble, state.last_failure) = (Some(what.clone()), Some(what));
            });
            (self.report)(DoorReport::Failed(error.to_string()));
        }
    }
}

#[cfg(test)]
#[path = "thread_tests.rs"]
mod tests;
