//! The daemon: connects the threads, turns their messages into events of the policy, and performs its
//! actions.
//!
//! | thread | file | what it does | what it tells the main thread (`Message`) |
//! |---|---|---|---|
//! | main | here | the only one that receives messages; compares faces, runs the policy, feeds the watchdog | |
//! | vision | `vision_thread` | takes the newest frame only; decodes, finds and embeds faces | `SeenFrame`, `TracksEnded`, `Look`, `VisionFailed`, `ReplayEnded`, `VisionStopped` |
//! | door | [`crate::door`] | drives the line of the lock; locks by itself when leases stop | `Door` |
//! | inputs | [`crate::door`] | waits for exit button, door contact, tamper switch and fire alarm | `Input` |
//! | recorder | `limen_audit` | appends to the audit | `Answered`, `Look` |
//! | worker | `worker` | reads configuration and gallery, embeds new photographs | `Reloaded`, `StoreChanged` |
//! | keypad, reader | `entry_threads` | listen for PINs and cards, where there are such devices | `Entry` |
//! | verifier, code-verifier | `pins`, `codes` | compare a PIN or a remote code with its hash | `PinVerified`, `CodeVerified` |
//! | mode-keeper | `mode_keeper` | writes a commanded mode to the disk | |
//! | control, gateway | [`crate::control`] | listen on the control socket and on the gateway's | `Heard` |
//! | signals | `threads` | turns signals into messages | `Signal` |
//!
//! Every channel is bounded. A thread that ends without being asked to locks the door and ends the daemon.
//!
//! | state of the main thread | its owner |
//! |---|---|
//! | the policy, which alone decides | `PolicyRunner` (`policy_runner`) |
//! | door, recorder, followers, PINs that were entered | `Effects` (`effects`), which the runner drives |
//! | settings, people and thresholds in force, and what is wrong with them | `Reloadable` (`apply_reload`) |
//! | the health of each part when it was last checked | `PartHealth` (`part_health`) |
//! | clients that wait for the verdict on a command | `Requests` (`requests`) |
//! | the handles of the other threads | `Threads` (`threads`) |

mod apply_reload;
mod camera_and_lock;
mod codes;
mod effects;
mod entry_threads;
mod error;
mod followers;
mod gallery_in_force;
mod journal;
mod light;
mod liveness;
mod message;
mod mode_keeper;
mod observer;
mod part_health;
mod pins;
mod policy_runner;
mod process;
mod reload_worker;
mod reloaded;
mod requests;
mod setup;
mod status;
mod thread_health;
mod threads;
mod verifier;
mod vision_thread;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use limen_core::clock::{Moment, Now};
use limen_core::event::{Fact, Part, TrackId};
use limen_core::policy::Event;
use limen_files::failpoint;
use limen_vision::model::{Models, let_go_of_files};
use serde_json::json;

pub use camera_and_lock::Wiring;
pub use error::DaemonError;
pub use liveness::draw_light;
pub use observer::DaemonObserver;
pub use process::{keep_secrets_out_of_dumps, make_folder};
pub use setup::Setup;

use crate::clocks;
use crate::control::{Answer, ClientRequest, Heard, Request, no, yes};
use crate::door::thread::DoorThread;
use crate::pipeline::{self, SeenFrame};
use crate::service;
use apply_reload::{Reloadable, matcher_of_nobody};
use effects::Effects;
use entry_threads::EntryThreads;
use light::FaceLightWatch;
use message::Message;
use mode_keeper::ModeKeeper;
use part_health::PartHealth;
use policy_runner::PolicyRunner;
use reload_worker::Worker;
use requests::Requests;
use status::Status;
use threads::Threads;
use vision_thread::VisionThread;

/// The most messages that may wait for the main thread, which needs about a millisecond for the slowest.
const QUEUE: usize = 64;
/// The main thread wakes at least this often, to renew leases and feed the watchdog.
const TICK: Duration = Duration::from_millis(250);
/// How long the end of the daemon waits for the vision thread to close the camera.
const FAREWELL: Duration = Duration::from_millis(700);

/// Runs until told to stop. Locks the line before anything else, and again at the end.
///
/// # Errors
///
/// What could not be opened or started, or which thread ended without being asked to.
pub fn run(setup: Setup) -> Result<(), DaemonError> {
    let (sender, receiver) = sync_channel(QUEUE);
    let mut daemon = Daemon::start(setup, sender)?;
    daemon.begin();
    daemon.serve(&receiver);
    daemon.leave(&receiver);
    daemon.end.unwrap_or(Ok(()))
}

/// The main thread's state.
struct Daemon {
    runner: PolicyRunner,
    requests: Requests,
    health: PartHealth,
    reloadable: Reloadable,
    threads: Threads,
    models: Arc<Models>,
    /// The driver and the line of the lock, in words.
    driver: String,
    started: Moment,
    /// Set when the daemon is to end, with the result of [`run`].
    end: Option<Result<(), DaemonError>>,
}

impl Daemon {
    /// Locks the door, then starts every thread.
    fn start(setup: Setup, sender: SyncSender<Message>) -> Result<Self, DaemonError> {
        let Setup { mut settings, config_file, gallery, models, wiring, socket, observer } = setup;
        settings.rules = pipeline::with_limits(settings.rules, &models);
        let (input, opened, lines) = wiring.open(&settings.paths.runtime)?;
        let driver = opened.lock.describe();
        // Gives back the memory that reading the networks needed.
        let_go_of_files();
        service::let_go_of_code();
        service::give_back_memory();
        let door = {
            let sender = sender.clone();
            let report = move |report| drop(sender.try_send(Message::Door(report)));
            DoorThread::spawn(opened, report)?
        };
        let inputs = match &lines {
            Some(lines) => threads::inputs(lines, &sender)?,
            None => None,
        };
        let entries = match &lines {
            Some(lines) => EntryThreads::spawn(&settings.entry, lines, &sender)?,
            None => EntryThreads::none(),
        };
        let recorder = threads::recorder(&settings, &sender)?;
        let signals = threads::signals(&sender)?;
        let worker =
            Worker::spawn(config_file, gallery, settings.clone(), Arc::clone(&models), sender.clone())?;
        let server = match &socket {
            Some(path) => Some(threads::control(path, settings.operators.as_deref(), &sender)?),
            None => None,
        };
        let (gateway, codes) = threads::gateway(&settings, socket.as_deref(), &sender)?;
        let mode_keeper = ModeKeeper::spawn(&settings.paths.state)?;
        let vision = VisionThread::spawn(input, &models, &settings, sender)?;
        let threads = Threads {
            server,
            gateway,
            signals,
            inputs,
            entries: entries.threads,
            mode_keeper,
            worker,
            vision,
        };

        let light = FaceLightWatch::of(lines.as_ref(), &models);
        let effects = Effects::new(door, recorder, observer, entries.pins, light, codes);
        let matcher = matcher_of_nobody(&settings, &models)?;
        let mut runner = PolicyRunner::new(settings.rules, Arc::clone(&settings.access), effects);
        runner.replace_remote_rules(settings.reloads().remote.cloned().unwrap_or_default());
        Ok(Self {
            runner,
            requests: Requests::default(),
            health: PartHealth::default(),
            reloadable: Reloadable::new(settings, matcher),
            threads,
            models,
            driver,
            started: clocks::moment(),
            end: None,
        })
    }

    fn begin(&mut self) {
        let now = clocks::now();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let (model, driver) = (self.models.digest().to_string(), self.driver.clone());
        self.runner.effects.record(now, Fact::Started { version, model, driver });
        for what in self.reloadable.settings.risks() {
            log::warn!("{what}");
            self.runner.effects.record(now, Fact::Risk { what });
        }
        self.recall_mode(now);
        self.threads.worker.reload(None);
        service::ready("locked; loading the gallery");
        log::info!("ready: door locked by {}", self.driver);
    }

    fn serve(&mut self, receiver: &Receiver<Message>) {
        let mut fed = Moment::default();
        while self.end.is_none() {
            failpoint::reach("main");
            let now = clocks::moment();
            let wait = self.runner.policy().deadline().map_or(TICK, |due| due.since(now).min(TICK));
            match receiver.recv_timeout(wait) {
                Ok(message) => self.take(clocks::now(), message),
                Err(RecvTimeoutError::Timeout) => self.step(clocks::now(), Event::Tick),
                Err(RecvTimeoutError::Disconnected) => {
                    self.end = Some(Err(DaemonError::ThreadEnded("vision")))
                }
            }
            // Kept for a start without a clock.
            self.threads.mode_keeper.keep_scheduled(self.runner.policy().is_locked_down_by_schedule());
            self.runner.effects.pass_light_time(now);
            self.threads.vision.watch_scene(self.runner.effects.light().wants_scene());
            self.check_threads();
            if self.end.is_none() {
                self.check_health(clocks::now());
            }
            if service::watchdog_interval().is_some_and(|interval| now.since(fed) >= interval / 2) {
                thread_health::feed_watchdog(&self.threads, &self.runner.effects, now);
                fed = now;
            }
        }
    }

    /// Locks the door first, then ends everything else.
    fn leave(&mut self, receiver: &Receiver<Message>) {
        service::stopping();
        self.step(clocks::now(), Event::Shutdown);
        self.runner.effects.close_door();
        self.threads.vision.stop();
        self.threads.mode_keeper.finish(FAREWELL);
        let deadline = clocks::moment() + FAREWELL;
        while let Ok(message) = receiver.recv_timeout(deadline.since(clocks::moment())) {
            match message {
                Message::VisionStopped => break,
                Message::Heard(Heard::Asked(asked)) => {
                    requests::reply(&asked.reply, no("the daemon is stopping"));
                }
                Message::Door(report) => self.runner.effects.door_reported(&report),
                _ => {}
            }
        }
        log::info!("stopped: door locked");
    }

    fn take(&mut self, now: Now, message: Message) {
        match message {
            Message::Seen(number, seen) => self.see(number, &seen),
            Message::TracksEnded(tracks) => {
                self.runner.effects.camera_lost();
                tracks.into_iter().for_each(|track| self.end_track(now, track));
            }
            Message::VisionFailed(what) => {
                self.step(now, Event::Failed(Part::Vision, what));
                self.end = Some(Err(DaemonError::ThreadEnded("vision")));
            }
            Message::ReplayEnded => self.end = Some(Ok(())),
            Message::Look | Message::VisionStopped => {}
            Message::Door(report) => self.runner.effects.door_reported(&report),
            Message::Entry(report) => self.runner.entry_reported(now, report),
            Message::PinVerified(entry, person, outcome) => {
                self.step(now, Event::PinVerified { entry, person, outcome });
            }
            Message::CodeVerified(code, outcome) => self.step(now, Event::CodeVerified { code, outcome }),
            Message::Input(report) => self.runner.input_reported(now, report),
            Message::Answered(request, true, at) => self.step(now, Event::Accepted(request, at)),
            Message::Answered(request, false, _) => self.step(now, Event::NotAccepted(request)),
            Message::Heard(heard) => self.heard(now, heard),
            Message::Reloaded(reloaded) => {
                self.reloadable.reloaded(now, *reloaded, &mut self.runner, &self.threads);
            }
            Message::StoreChanged(changed) => {
                apply_reload::store_changed(now, *changed, &mut self.runner.effects);
            }
            Message::Signal(signal_hook::consts::SIGHUP) => self.threads.worker.reload(None),
            Message::Signal(number) => {
                log::info!("{}", journal::signal(number));
                self.end = Some(Ok(()));
            }
        }
        self.answer_commands(now);
    }

    fn recall_mode(&mut self, now: Now) {
        let keep_mode = self.reloadable.settings.keep_mode;
        let kept = self.threads.mode_keeper.recall(keep_mode);
        if !keep_mode {
            self.threads.mode_keeper.keep(None, None);
        }
        kept.commanded.into_iter().for_each(|mode| self.step(now, Event::ModeKept(mode)));
        if kept.locked_down_by_schedule {
            self.step(now, Event::LockDownKept);
        }
    }

    fn step(&mut self, now: Now, event: Event) {
        self.runner.step(now, event);
        self.answer_commands(now);
    }

    fn answer_commands(&mut self, now: Now) {
        let keep_mode = self.reloadable.settings.keep_mode;
        for verdict in self.runner.take_verdicts() {
            self.requests.answer(now, verdict, &mut self.runner, &self.threads, keep_mode);
        }
    }

    fn see(&mut self, number: u64, seen: &SeenFrame) {
        let light = self.runner.effects.see_light(seen);
        let events = pipeline::observe(&mut self.reloadable.matcher, &seen.look, light);
        if let Some(track) = pipeline::look_closer(&events) {
            self.threads.vision.look_closer(track);
        }
        self.runner.effects.watch(|observer| observer.frame(number, seen, &events));
        // With a large gallery on a slow board, comparing takes time.
        let now = clocks::now();
        self.runner.effects.count_frame(now, seen);
        self.step(now, Event::View { blind: seen.look.blind });
        for event in events {
            self.step(now, event);
        }
    }

    fn end_track(&mut self, now: Now, track: TrackId) {
        self.reloadable.matcher.forget(track);
        self.step(now, Event::TrackEnded(track));
    }

    /// Answers at once a request that only looks; the policy decides on every other one.
    fn heard(&mut self, now: Now, heard: Heard) {
        match heard {
            Heard::Asked(asked) => match requests::command_of(&asked) {
                Some(command) => {
                    let event = self.requests.commanded(asked, command, &mut self.runner.effects.codes);
                    self.step(now, event);
                }
                None => requests::reply(&asked.reply, self.look_up(now, &asked)),
            },
            Heard::TurnedAway { caller, command, why } => {
                self.step(now, requests::turned_away(caller, command, &why));
            }
        }
    }

    fn look_up(&self, now: Now, asked: &ClientRequest) -> Answer {
        let policy = self.runner.policy();
        if let Some(why) = requests::may_not_look(policy, &asked.origin) {
            return no(why);
        }
        let silent = requests::hears_of_duress(policy, &asked.origin);
        if matches!(asked.request, Request::Alarms) {
            return yes(json!({ "alarms": status::alarms(now, policy, silent) }));
        }
        let status = Status {
            policy,
            gallery: self.reloadable.matcher.gallery(),
            model: self.models.digest(),
            records: self.runner.effects.recorder().position(),
            counts: self.runner.effects.counts(),
            liveness: self.runner.liveness().mode,
            seal_every: self.reloadable.settings.audit.seal_every,
            light: self.runner.effects.light().as_json(),
            uptime: now.moment.since(self.started),
            silent,
        };
        yes(requests::told(status.as_json(now), policy, &asked.origin))
    }

    fn check_threads(&mut self) {
        let gone = thread_health::ended(&self.threads, &self.runner.effects);
        if let (Some(name), None) = (gone, &self.end) {
            self.end = Some(Err(DaemonError::ThreadEnded(name)));
        }
    }

    /// Tells the policy of every part that has failed or works again.
    fn check_health(&mut self, now: Now) {
        self.runner.effects.count_records(now);
        for event in self.health.changes(now, &self.runner, &self.threads, &self.reloadable) {
            self.step(now, event);
        }
    }
}
