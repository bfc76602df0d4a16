//! The daemon: wires the threads together, turns messages into the policy's events, and does what it says.
//!
//! | thread | what it does |
//! |---|---|
//! | main | the only consumer of messages: compares, runs the policy, feeds the watchdog |
//! | vision | newest frame only; decodes, finds and embeds faces |
//! | door | owns the line and its deadline; lets go by itself when leases stop |
//! | inputs | waits for exit button, door contact, tamper switch and fire alarm |
//! | recorder | appends to the audit |
//! | worker | reads configuration and gallery, embeds new photographs |
//! | keypad, reader | listen for PINs and cards, where there are such devices |
//! | verifier | holds a PIN against its hash |
//! | control | the socket |
//! | signals | turns signals into messages |
//!
//! Every channel is bounded, and a thread that ends without being asked locks the door and ends the daemon.

mod entries;
mod error;
mod eyes;
mod folder;
mod force;
mod health;
mod journal;
mod mode_keeper;
mod pins;
mod reload;
mod requests;
mod shell;
mod standby;
mod threads;
mod wiring;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub use error::DaemonError;
pub use eyes::Eyes;
pub use folder::make_folder;
pub use wiring::Wiring;

use crate::clock::{Moment, Now, Pulse};
use crate::config::Settings;
use crate::control::{ControlServer, Heard};
use crate::door::OpenedDoor;
use crate::door::inputs::{InputReport, InputThread};
use crate::door::thread::{DoorReport, DoorThread};
use crate::enrol::GallerySource;
use crate::entry::EntryReport;
use crate::entry::thread::EntryThread;
use crate::event::{Fact, Part, TrackId};
use crate::failpoint;
use crate::gallery::{Gallery, GalleryTrouble};
use crate::matching::{Matcher, Prepared};
use crate::person::PersonId;
use crate::pipeline::{RuleError, Seen};
use crate::policy::{EntryId, Event, PinOutcome, Policy, RequestId};
use crate::service;
use crate::vision::model::{Models, let_go_of_files};
use entries::Entries;
use health::ClockWatch;
use mode_keeper::ModeKeeper;
use reload::{Changed, Reloaded, Worker};
use shell::Shell;

/// Messages that may wait for the main thread, which needs about a millisecond for the longest.
const QUEUE: usize = 64;
/// The main thread wakes at least this often, to renew leases and feed the watchdog.
const TICK: Duration = Duration::from_millis(250);
/// How long leaving waits for the vision thread to put the camera down.
const FAREWELL: Duration = Duration::from_millis(700);

/// Sees what the daemon does, as it does it: the demo prints it.
pub trait Watcher {
    /// A frame was looked at, and gave the policy these events.
    fn frame(&mut self, number: u64, seen: &Seen, events: &[Event]);
    /// Something happened that the audit keeps.
    fn fact(&mut self, now: Now, fact: &Fact);
    /// The door reported.
    fn door(&mut self, report: &DoorReport);
}

/// Everything that a daemon is made of.
pub struct Setup {
    /// What it will do.
    pub settings: Settings,
    /// Where a reload reads the settings again; `None` keeps them.
    pub config_file: Option<PathBuf>,
    /// Where people come from.
    pub gallery: GallerySource,
    /// The networks.
    pub models: Arc<Models>,
    /// What is watched and what is driven.
    pub wiring: Wiring,
    /// Where the control socket is made; `None` for none.
    pub socket: Option<PathBuf>,
    /// Told of everything.
    pub watcher: Option<Box<dyn Watcher>>,
}

/// What the threads tell the main thread.
enum Message {
    Seen(u64, Box<Seen>),
    TracksEnded(Vec<TrackId>),
    /// The health of a part has changed: it is looked at after every message.
    Look,
    VisionFailed(String),
    ReplayEnded,
    VisionStopped,
    Door(DoorReport),
    Input(InputReport),
    Entry(EntryReport),
    PinVerified(EntryId, PersonId, PinOutcome),
    /// Whether the audit accepted, and when.
    Answered(RequestId, bool, Moment),
    Heard(Heard),
    Reloaded(Box<Reloaded>),
    StoreChanged(Box<Changed>),
    Signal(i32),
}

/// Runs until told to stop. The line is locked before anything else, and locked again at the end.
pub fn run(setup: Setup) -> Result<(), DaemonError> {
    let Setup { settings, config_file, gallery, models, wiring, socket, watcher } = setup;
    let (sender, receiver) = sync_channel(QUEUE);
    let (eyes, opened, lines) = wiring.open(&settings.paths.runtime)?;
    let OpenedDoor { lock, indicators, buzzer } = opened;
    let driver = lock.describe();
    // What reading the networks took.
    let_go_of_files();
    service::let_go_of_code();
    service::give_back_memory();
    let door = {
        let sender = sender.clone();
        let report = move |report| drop(sender.try_send(Message::Door(report)));
        DoorThread::spawn(lock, indicators, buzzer, report)?
    };
    let inputs = match &lines {
        Some(lines) => threads::inputs(lines, &sender)?,
        None => None,
    };
    let entries = match &lines {
        Some(lines) => Entries::spawn(&settings.entry, lines, &sender)?,
        None => Entries::none(),
    };
    let recorder = threads::recorder(&settings, &sender)?;
    let signals = threads::signals(&sender)?;
    let worker = Worker::spawn(config_file, gallery, settings.clone(), Arc::clone(&models), sender.clone())?;
    let server = match &socket {
        Some(path) => Some(threads::control(path, settings.operators.as_deref(), &sender)?),
        None => None,
    };
    let mode_keeper = ModeKeeper::spawn(&settings.paths.state)?;
    let pulse = Pulse::started(Moment::now());
    let vision = eyes::Thread::spawn(eyes, &models, &settings, sender.clone(), pulse.clone())?;
    drop(sender);

    let scoring = crate::pipeline::scoring(&settings.recognition, &models)?;
    let rule = crate::pipeline::rule(&settings, &models, &scoring).map_err(RuleError::from)?;
    let nobody = Prepared::new(Gallery::empty(models.digest()), scoring);
    let matcher = Matcher::new(rule, Arc::new(nobody));
    let policy = Policy::new(settings.rules, Arc::default(), Arc::clone(&settings.access));
    let mut daemon = Daemon {
        shell: Shell::new(door, recorder, watcher, entries.pins),
        server,
        signals,
        inputs,
        entries: entries.threads,
        waiting: requests::Waiting::default(),
        mode_keeper,
        clock: ClockWatch::default(),
        door_failures: 0,
        matcher,
        policy,
        worker,
        vision,
        pulse,
        started_with: settings.clone(),
        settings,
        models,
        frames: 0,
        started: Moment::now(),
        end: None,
        gallery_trouble: None,
        store_trouble: None,
        target_trouble: None,
    };
    daemon.begin(&driver);
    daemon.serve(&receiver);
    daemon.leave(&receiver);
    daemon.end.unwrap_or(Ok(()))
}

/// No core dump and no debugger of the same user shows the templates in our memory.
pub fn keep_secrets_out_of_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        log::warn!("core dumps cannot be turned off: {error}");
    }
}

struct Daemon {
    shell: Shell,
    server: Option<ControlServer>,
    signals: JoinHandle<()>,
    inputs: Option<InputThread>,
    entries: Vec<EntryThread>,
    waiting: requests::Waiting,
    mode_keeper: ModeKeeper,
    clock: ClockWatch,
    /// Failures of the lock's line that the policy was told of.
    door_failures: u64,
    matcher: Matcher,
    policy: Policy,
    worker: Worker,
    vision: eyes::Thread,
    pulse: Pulse,
    /// What is in force, but for what needs a restart.
    settings: Settings,
    /// What was in force at the start.
    started_with: Settings,
    models: Arc<Models>,
    frames: u64,
    started: Moment,
    end: Option<Result<(), DaemonError>>,
    /// The gallery file is refused; until one is in force.
    gallery_trouble: Option<GalleryTrouble>,
    /// What is wrong with the template store, since it was last read.
    store_trouble: Option<String>,
    /// Why the error rate that is asked for is not met.
    target_trouble: Option<String>,
}

impl Daemon {
    fn begin(&mut self, driver: &str) {
        let now = Now::read();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let model = self.models.digest().to_string();
        self.shell.record(now, Fact::Started { version, model, driver: driver.to_owned() });
        for what in self.settings.risks() {
            log::warn!("{what}");
            self.shell.record(now, Fact::Risk { what });
        }
        if !self.settings.keep_mode {
            self.mode_keeper.keep(None, None);
        } else if let Some(mode) = self.mode_keeper.recall() {
            self.step(now, Event::ModeKept(mode));
        }
        self.worker.reload(None);
        service::ready("locked; loading the gallery");
        log::info!("ready: door locked by {driver}");
    }

    fn serve(&mut self, receiver: &Receiver<Message>) {
        let mut fed = Moment::default();
        while self.end.is_none() {
            failpoint::reach("main");
            let now = Moment::now();
            let wait = self.policy.deadline().map_or(TICK, |due| due.since(now).min(TICK));
            match receiver.recv_timeout(wait) {
                Ok(message) => self.take(Now::read(), message),
                Err(RecvTimeoutError::Timeout) => self.step(Now::read(), Event::Tick),
                Err(RecvTimeoutError::Disconnected) => {
                    self.end = Some(Err(DaemonError::ThreadEnded("vision")))
                }
            }
            self.check_threads();
            if self.end.is_none() {
                self.check_health(Now::read());
            }
            if service::watchdog_interval().is_some_and(|interval| now.since(fed) >= interval / 2) {
                self.feed_watchdog(now);
                fed = now;
            }
        }
    }

    /// The door is locked first, then everything else is put down.
    fn leave(&mut self, receiver: &Receiver<Message>) {
        service::stopping();
        self.step(Now::read(), Event::Shutdown);
        self.shell.close_door();
        self.vision.stop();
        self.mode_keeper.finish(FAREWELL);
        let deadline = Moment::now() + FAREWELL;
        while let Ok(message) = receiver.recv_timeout(deadline.since(Moment::now())) {
            match message {
                Message::VisionStopped => break,
                Message::Heard(Heard::Asked(asked)) => {
                    drop(asked.reply.try_send(crate::control::no("the daemon is leaving")))
                }
                Message::Door(report) => self.shell.door_reported(&report),
                _ => {}
            }
        }
        log::info!("left: door locked");
    }

    fn take(&mut self, now: Now, message: Message) {
        match message {
            Message::Seen(number, seen) => self.see(number, &seen),
            Message::Look => {}
            Message::TracksEnded(tracks) => tracks.into_iter().for_each(|t| self.end_track(now, t)),
            Message::VisionFailed(what) => {
                self.step(now, Event::Failed(Part::Vision, what));
                self.end = Some(Err(DaemonError::ThreadEnded("vision")));
            }
            Message::ReplayEnded => self.end = Some(Ok(())),
            Message::VisionStopped => {}
            Message::Door(report) => self.shell.door_reported(&report),
            Message::Entry(report) => self.entry_reported(now, report),
            Message::PinVerified(entry, person, outcome) => {
                self.step(now, Event::PinVerified { entry, person, outcome });
            }
            Message::Input(report) => self.input_reported(now, report),
            Message::Answered(request, true, at) => self.step(now, Event::Accepted(request, at)),
            Message::Answered(request, false, _) => self.step(now, Event::NotAccepted(request)),
            Message::Heard(heard) => self.heard(now, heard),
            Message::Reloaded(reloaded) => self.reloaded(now, *reloaded),
            Message::StoreChanged(changed) => self.store_changed(now, *changed),
            Message::Signal(signal_hook::consts::SIGHUP) => self.worker.reload(None),
            Message::Signal(number) => {
                log::info!("{}", journal::signal(number));
                self.end = Some(Ok(()));
            }
        }
    }

    fn step(&mut self, now: Now, event: Event) {
        let actions = self.policy.step(now, event);
        self.shell.perform(now, actions);
        let handed = self.shell.take_handed().into_iter().map(|(request, at)| Event::HandedOver(request, at));
        let refused = self.shell.take_refused().into_iter().map(Event::NotAccepted);
        for event in handed.chain(refused).collect::<Vec<_>>() {
            let actions = self.policy.step(now, event);
            self.shell.perform(now, actions);
        }
        for (command, verdict) in self.shell.take_verdicts() {
            self.answer(now, command, verdict);
        }
    }

    fn see(&mut self, number: u64, seen: &Seen) {
        self.frames += 1;
        let events = crate::pipeline::observe(&mut self.matcher, &seen.look);
        if let Some(track) = crate::pipeline::look_closer(&events) {
            self.vision.look_closer(track);
        }
        self.shell.watch(|watcher| watcher.frame(number, seen, &events));
        // Comparing takes its time, with a large gallery on a slow board.
        let now = Now::read();
        self.step(now, Event::View { blind: seen.look.blind });
        for event in events {
            self.step(now, event);
        }
    }

    fn end_track(&mut self, now: Now, track: TrackId) {
        self.matcher.forget(track);
        self.step(now, Event::TrackEnded(track));
    }

    fn input_reported(&mut self, now: Now, report: InputReport) {
        match report {
            InputReport::Level { input, active, at_start } => {
                self.step(now, Event::Input { input, active, at_start });
            }
            // Their health is a level, which is looked at after every message.
            InputReport::Failed(_) | InputReport::Recovered => {}
        }
    }

    fn check_threads(&mut self) {
        let gone = [
            ("vision", self.vision.is_gone()),
            ("recorder", self.shell.recorder_is_gone()),
            ("door", self.shell.door_is_gone()),
            ("worker", self.worker.is_gone()),
            ("control", self.server.as_ref().is_some_and(ControlServer::is_gone)),
            ("signals", self.signals.is_finished()),
            ("mode-keeper", self.mode_keeper.is_gone()),
            ("inputs", self.inputs.as_ref().is_some_and(InputThread::is_gone)),
        ];
        let gone =
            gone.into_iter().find_map(|(name, gone)| gone.then_some(name)).or(self.ended_entry_thread());
        if let (Some(name), None) = (gone, &self.end) {
            self.end = Some(Err(DaemonError::ThreadEnded(name)));
        }
    }

    fn feed_watchdog(&self, now: Moment) {
        let inputs = self.inputs.as_ref().is_some_and(|inputs| service::has_stalled(inputs.pulse(), now));
        if service::has_stalled(&self.pulse, now) || self.shell.door_has_stalled(now) || inputs {
            log::error!("a thread hangs; the watchdog is not fed");
        } else {
            service::alive();
        }
    }
}
