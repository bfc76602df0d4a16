//! The devices of the guest, and the daemon on them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use limen::camera::pixels::encode_yuyv;
use limen::camera::scale::fit_picture;
use limen::camera::snapshot::encode_jpeg;
use limen::control::{Answer, ControlError, Request, ask};
use limen::frame::{Picture, PixelFormat};
use v4l::video::Output as _;
use v4l::{Device, Format, FourCC};

use crate::support::{Ran, Site, limen, visitor};

pub const LOOPBACK: &str = "/dev/video10";
pub const VIVID: &str = "/dev/video0";
/// Longer than anything here takes on a busy machine.
pub const LONG: Duration = Duration::from_secs(20);
/// `unlock-seconds` of the tests' configuration.
pub const UNLOCK: Duration = Duration::from_secs(2);
/// A face that opens does so within this; a frame takes 30 ms here, three are needed.
pub const DECISION: Duration = Duration::from_secs(5);
/// What is locked by a command or a signal is locked within this.
pub const AT_ONCE: Duration = Duration::from_millis(500);
/// Long enough to open, were it to.
pub const WATCHED: Duration = Duration::from_secs(3);
const SIZE: (u32, u32) = (640, 480);
const FRAME: Duration = Duration::from_millis(66);

/// Whether this is the guest; else says that the test is skipped.
pub fn guest(test: &str) -> bool {
    if std::env::var_os("LIMEN_GUEST").is_some() {
        return true;
    }
    // Not by eprintln!, which the test harness swallows.
    let _ = writeln!(std::io::stderr(), "skipped: devices::{test}: needs a guest, see make test-devices");
    false
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

/// The relay's line.
pub const RELAY: Line = Line(17);

impl Line {
    pub fn is_high(self) -> bool {
        let file = format!("/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio{}/value", self.0);
        fs::read_to_string(file).expect("the chip's line").trim() == "1"
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

/// A picture as the bytes of a camera's frame.
pub fn frame(picture: &Picture, format: PixelFormat) -> Vec<u8> {
    let fitted = fit_picture(picture, SIZE.0, SIZE.1);
    match format {
        PixelFormat::Yuyv => encode_yuyv(&fitted),
        PixelFormat::Mjpeg => encode_jpeg(&fitted).expect("encoded"),
        PixelFormat::Grey => fitted
            .rgb()
            .chunks_exact(3)
            .map(|p| ((u32::from(p[0]) * 77 + u32::from(p[1]) * 150 + u32::from(p[2]) * 29) >> 8) as u8)
            .collect(),
        PixelFormat::Rgb24 => fitted.rgb().to_vec(),
    }
}

/// Writes frames into the loopback camera, fifteen a second.
pub struct Feeder {
    shown: Arc<Mutex<Option<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    format: PixelFormat,
}

impl Feeder {
    /// Shows a picture until another is shown.
    pub fn start(format: PixelFormat, first: &Picture) -> Self {
        let code = match format {
            PixelFormat::Yuyv => b"YUYV",
            PixelFormat::Mjpeg => b"MJPG",
            PixelFormat::Grey => b"GREY",
            PixelFormat::Rgb24 => b"RGB3",
        };
        let mut device = Device::with_path(LOOPBACK).expect("the loopback camera");
        device.set_format(&Format::new(SIZE.0, SIZE.1, FourCC::new(code))).expect("a format");
        let shown = Arc::new(Mutex::new(Some(frame(first, format))));
        let stop = Arc::new(AtomicBool::new(false));
        let (current, ended) = (Arc::clone(&shown), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let bytes = current.lock().expect("not poisoned").clone();
                if let Some(bytes) = bytes {
                    device.write_all(&bytes).expect("a frame");
                }
                std::thread::sleep(FRAME);
            }
        });
        let feeder = Self { shown, stop, thread: Some(thread), format };
        assert!(within(LONG, || Device::with_path(LOOPBACK).is_ok()));
        feeder
    }

    pub fn show(&self, picture: &Picture) {
        self.show_bytes(frame(picture, self.format));
    }

    pub fn show_bytes(&self, bytes: Vec<u8>) {
        *self.shown.lock().expect("not poisoned") = Some(bytes);
    }

    /// No more frames, while the device stays open: a camera that hangs.
    pub fn stall(&self) {
        *self.shown.lock().expect("not poisoned") = None;
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

impl Site {
    /// A configuration for the guest's camera and chip; `more` is added to `[door]` and may begin sections.
    pub fn configure(&self, camera: &str, more: &str) -> PathBuf {
        let folder = self.folder.path().display();
        self.write(
            "limen.toml",
            format!(
                "[paths]\nstate = \"{folder}/state\"\nruntime = \"{folder}/run\"\n{camera}\n\
                 [door]\ndriver = \"gpiochip\"\npin = 17\nunlock-seconds = 2\naccept-photo-risk = true\n{more}\n"
            ),
        )
    }

    /// The loopback camera and the relay on line 17.
    pub fn configure_loopback(&self) -> PathBuf {
        self.configure("[camera]\ndevice = \"/dev/video10\"\nallow-virtual = true", "")
    }

    /// Every record so far; fails if one is not whole, or if a number is missing.
    pub fn records(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.path("state/audit/audit.jsonl")).expect("records");
        let records: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a whole record")).collect();
        for (index, record) in records.iter().enumerate() {
            assert_eq!(record["seq"], index as u64 + 1, "no record is missing");
        }
        records
    }

    pub fn kinds(&self) -> Vec<String> {
        let kind = |record: &serde_json::Value| record["fact"]["kind"].as_str().unwrap_or("?").to_owned();
        self.records().iter().map(kind).collect()
    }

    pub fn has_record(&self, kind: &str) -> bool {
        self.kinds().iter().any(|found| found == kind)
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
        let mut running = Self::spawn(site);
        let loaded = within(LONG, || {
            running.ask(Request::Status).is_ok_and(|status| status["people"].as_u64() > Some(0))
        });
        assert!(loaded, "{}", running.end_and_log());
        running
    }

    pub fn spawn(site: &Site) -> Self {
        let log = site.path("log");
        let file = fs::File::create(&log).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_limen"))
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

    /// Waits until frames come.
    pub fn sees(&self) -> bool {
        within(LONG, || self.ask(Request::Status).is_ok_and(|status| status["frames"].as_u64() > Some(3)))
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
