//! The daemon in the guest: its site, its line, its records.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use limen::control::{Answer, ControlError, Request, ask};
use limen_audit::{ChainVerifier, FoundRecord, Record, read_all};
use limen_vision::frame::PixelFormat;

use super::camera::Feeder;
use crate::support::{OF_PHOTOGRAPHS, Ran, Site, limen, refusal, until_recorded, visitor};

/// Longer than anything here takes on a busy machine.
pub const LONG: Duration = Duration::from_secs(60);
/// `unlock-seconds` of the tests' configuration.
pub const UNLOCK: Duration = Duration::from_secs(2);
/// A face that opens does so within this; a frame takes 30 ms on a quiet machine, three are needed.
pub const DECISION: Duration = Duration::from_secs(10);
/// What is locked by a command or a signal is locked within this.
pub const AT_ONCE: Duration = Duration::from_millis(500);
/// What the log says of a grant that the audit was too slow for.
pub const NOT_RECORDED: &str = "was not accepted in time";
/// Long enough to open, were it to.
pub const WATCHED: Duration = Duration::from_secs(3);

/// Whether this is the guest; else says that the test is skipped.
pub fn guest(test: &str) -> bool {
    if std::env::var_os("LIMEN_GUEST").is_some() {
        return true;
    }
    skipped(test, "needs a guest, see make test-devices");
    false
}

/// Says that a test is skipped and why. Not by eprintln!, which the test harness swallows.
pub fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: devices::{test}: {why}");
}

/// Waits for something to become so; false if it does not within `limit`.
pub fn within(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// A line of the GPIO chip, as the world outside sees it.
#[derive(Clone, Copy)]
pub struct Line(pub u8);

/// The section of the loopback camera.
pub const LOOPBACK_CAMERA: &str = "[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true";

/// The relay's line.
pub const RELAY: Line = Line(17);

impl Line {
    pub fn is_high(self) -> bool {
        let file = format!("/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio{}/value", self.0);
        fs::read_to_string(file).expect("the chip's line").trim() == "1"
    }

    /// Pulls the line from outside, as a switch does.
    pub fn pull(self, high: bool) {
        let file = format!("/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio{}/pull", self.0);
        fs::write(file, if high { "pull-up" } else { "pull-down" }).expect("the chip's line");
    }

    pub fn rises(self, limit: Duration) -> bool {
        within(limit, || self.is_high())
    }

    pub fn falls(self, limit: Duration) -> bool {
        within(limit, || !self.is_high())
    }

    /// Watches for `length`: the line stays low.
    pub fn stays_low(self, length: Duration) -> bool {
        !self.rises(length)
    }
}

impl Site {
    /// A configuration for the guest's camera and chip; `more` is added to `[door]` and may begin sections.
    pub fn configure(&self, camera: &str, more: &str) -> PathBuf {
        self.configure_watching(OF_PHOTOGRAPHS, camera, &format!("accept-photo-risk = true\n{more}"))
    }

    /// The same, with these sections first, which say how liveness is shown.
    pub fn configure_watching(&self, liveness: &str, camera: &str, more: &str) -> PathBuf {
        let folder = self.path("");
        let folder = folder.display();
        self.write(
            "limen.toml",
            format!(
                "[paths]\nstate = \"{folder}/state\"\nruntime = \"{folder}/run\"\n{liveness}{camera}\n\
                 [door]\ndriver = \"gpiochip\"\nchip-label = \"gpio-sim\"\npin = 17\nunlock-seconds = 2\n{more}\n"
            ),
        )
    }

    /// The loopback camera and the relay on line 17.
    pub fn configure_loopback(&self) -> PathBuf {
        self.configure(LOOPBACK_CAMERA, "")
    }

    /// Every record so far; fails if one is not whole or the chain does not hold.
    pub fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        let verifier = ChainVerifier::new(Vec::new(), Vec::new());
        let keep = |found: &FoundRecord<'_>| records.extend(found.record());
        let report = read_all(&self.path("state/audit"), verifier, keep).expect("records");
        assert!(report.is_sound(), "{:?}", report.findings);
        records
    }

    pub fn kinds(&self) -> Vec<String> {
        self.records().iter().map(|record| record.kind().to_owned()).collect()
    }

    pub fn has_record(&self, kind: &str) -> bool {
        self.count(kind) > 0
    }

    pub fn count(&self, kind: &str) -> usize {
        self.kinds().iter().filter(|found| *found == kind).count()
    }

    /// Records of this kind about this part.
    pub fn count_of(&self, kind: &str, part: &str) -> usize {
        let is_it = |record: &Record| record.kind() == kind && record.fact["part"] == part;
        self.records().iter().filter(|record| is_it(record)).count()
    }

    pub fn socket(&self) -> PathBuf {
        self.path("run/control.sock")
    }
}

/// A running `limen run`; killed when dropped.
pub struct Running {
    pub child: Child,
    socket: PathBuf,
    log: PathBuf,
}

impl Running {
    /// Starts it and waits until its gallery is in force.
    pub fn start(site: &Site) -> Self {
        Self::start_by(site, program())
    }

    /// As [`Running::start`], by a command that takes the arguments of `limen`.
    pub fn start_by(site: &Site, command: Command) -> Self {
        let mut running = Self::spawn_by(site, command);
        let loaded = within(LONG, || {
            running.ask(Request::Status).is_ok_and(|status| status["people"].as_u64() > Some(0))
        });
        assert!(loaded, "{}", running.end_and_log());
        running
    }

    pub fn spawn(site: &Site) -> Self {
        Self::spawn_by(site, program())
    }

    fn spawn_by(site: &Site, mut command: Command) -> Self {
        let log = site.path("log");
        let file = fs::File::create(&log).expect("a log");
        let child = command
            .args([Path::new("--config"), &site.path("limen.toml"), Path::new("run")])
            .stdin(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("the program starts");
        Self { child, socket: site.socket(), log }
    }

    pub fn ask(&self, request: Request) -> Result<Answer, ControlError> {
        ask(&self.socket, request)
    }

    /// Unlocks for half a minute by a command, within `limit`. The command is given again where, and only where, a busy
    /// guest did not write its record down in the time it has.
    pub fn unlocks(&self, limit: Duration) -> bool {
        let unrecorded = || self.log().matches(NOT_RECORDED).count();
        for _ in 0..10 {
            let before = unrecorded();
            let give = || self.ask(Request::Unlock { seconds: 30 });
            until_recorded(give, refusal).expect("accepted");
            if RELAY.rises(limit) || unrecorded() == before {
                break;
            }
        }
        RELAY.is_high()
    }

    fn frames(&self) -> u64 {
        self.ask(Request::Status).ok().and_then(|status| status["frames"].as_u64()).unwrap_or(0)
    }

    /// Waits until it has looked at so many more frames.
    pub fn looks_at(&self, more: u64) -> bool {
        let before = self.frames();
        within(LONG, || self.frames() >= before + more)
    }

    /// Waits until frames come.
    pub fn sees(&self) -> bool {
        self.looks_at(3)
    }

    /// The system's number of one of its threads.
    pub fn thread(&self, name: &str) -> i32 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it runs");
        let named = |task: &PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|n| n.trim() == name);
        let task = tasks.map(|task| task.expect("a task").path()).find(named).expect("a thread of this name");
        task.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse().ok()).expect("a number")
    }

    pub fn signal(&self, number: i32) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        // SAFETY: plain system call on our own child, which is not waited for yet.
        assert_eq!(unsafe { libc::kill(pid, number) }, 0);
    }

    /// The exit code, if it ends within `limit`.
    pub fn ends(&mut self, limit: Duration) -> Option<i32> {
        let mut status = None;
        within(limit, || {
            status = self.child.try_wait().expect("our child");
            status.is_some()
        });
        status.map(|status| status.code().unwrap_or(-1))
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn end_and_log(&mut self) -> String {
        let _ = self.child.kill();
        self.log()
    }

    /// Open descriptors and threads.
    pub fn resources(&self) -> (usize, usize) {
        let count =
            |what: &str| fs::read_dir(format!("/proc/{}/{what}", self.child.id())).expect("it runs").count();
        (count("fd"), count("task"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `limen` itself.
pub fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_limen"))
}

/// A site, its camera showing somebody enrolled, and the daemon with the door open.
pub fn opened(site: &Site) -> (Feeder, Running) {
    site.configure_loopback();
    let feeder = Feeder::start(PixelFormat::Yuyv, &visitor("obama2"));
    let running = Running::start(site);
    assert!(RELAY.rises(DECISION), "{}", running.log());
    (feeder, running)
}

/// `limen lock` with the site's configuration.
pub fn lock_command(site: &Site) -> Ran {
    limen([std::ffi::OsStr::new("--config"), site.path("limen.toml").as_ref(), "lock".as_ref()])
}

/// Runs a system command of the guest.
pub fn command(line: &str) {
    let status = std::process::Command::new("sh").args(["-c", line]).status().expect("a shell");
    assert!(status.success(), "{line}");
}
