//! Signals in the middle of an unlock: the program locks first, or `limen lock` does when it could not.

use std::fs;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGPIPE, SIGSEGV, SIGTRAP};
use limen::service::signals;

use crate::support::{Ran, Site, limen, until_recorded};

/// Long enough for a busy machine; nothing waits for it where all is well.
const PATIENCE: Duration = Duration::from_secs(60);
/// Daemons that run at a time.
const AT_A_TIME: usize = 4;

/// A daemon in a process of its own, with a door that moves nothing and a camera that is not there.
struct Daemon {
    site: Site,
    child: Child,
}

impl Daemon {
    /// One that a command has just told to unlock for half a minute.
    fn unlocked() -> Self {
        let site = Site::empty();
        let folder = site.path("").display().to_string();
        site.write(
            "limen.toml",
            format!(
                "[camera]\ndevice = \"/dev/no-such-camera\"\n[paths]\nstate = \"{folder}/state\"\n\
                 runtime = \"{folder}/run\"\n[audit]\non-audit-failure = \"allow-and-alarm\"\n"
            ),
        );
        let log = fs::File::create(site.path("log")).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_limen"))
            .arg("--config")
            .arg(site.path("limen.toml"))
            .arg("run")
            .env("LIMEN_LOG", "debug")
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut daemon = Self { site, child };
        daemon.waits_for("gallery in force");
        let give = || daemon.command(&["unlock", "--seconds", "30"]);
        let unlocked = until_recorded(give, |ran| ran.err.clone());
        assert_eq!(unlocked.code, 0, "{}", unlocked.err);
        daemon.waits_for("door: unlocked");
        daemon
    }

    fn command(&self, arguments: &[&str]) -> Ran {
        let config = self.site.path("limen.toml").display().to_string();
        limen(["--config", config.as_str()].into_iter().chain(arguments.iter().copied()))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.site.path("log")).expect("text")
    }

    fn waits_for(&mut self, words: &str) {
        let begun = Instant::now();
        while !self.log().contains(words) {
            let running = self.child.try_wait().expect("ours").is_none();
            assert!(running && begun.elapsed() < PATIENCE, "never {words:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, number: i32) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        // SAFETY: plain system call on our own child, which is not waited for yet.
        assert_eq!(unsafe { libc::kill(pid, number) }, 0);
    }

    fn ends(&mut self) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("ours") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One process a signal, some at a time.
fn for_each(signals: &[i32], test: impl Fn(i32) + Sync) {
    for some in signals.chunks(AT_A_TIME) {
        std::thread::scope(|scope| some.iter().for_each(|number| drop(scope.spawn(|| test(*number)))));
    }
}

#[test]
fn every_signal_that_can_be_caught_locks_the_door_before_the_daemon_ends() {
    let ends: Vec<i32> =
        signals::that_end().filter(|n| *n <= libc::SIGRTMIN() || *n == libc::SIGRTMAX()).collect();
    for_each(&ends, |number| {
        let mut daemon = Daemon::unlocked();
        daemon.signal(number);
        let status = daemon.ends().unwrap_or_else(|| panic!("signal {number}: {}", daemon.log()));
        let log = daemon.log();
        assert_eq!(status.code(), Some(0), "signal {number}: {status}, {log}");
        assert!(log.rfind("door: locked") > log.rfind("door: unlocked"), "signal {number}: {log}");
        assert!(!daemon.site.path("run/control.sock").exists(), "signal {number} leaves its socket");
    });
}

#[test]
fn a_closed_pipe_neither_ends_the_daemon_nor_locks() {
    let daemon = Daemon::unlocked();
    daemon.signal(SIGPIPE);
    assert!(daemon.command(&["status"]).out.contains("unlocked"), "{}", daemon.log());
}

#[test]
fn after_a_signal_that_cannot_be_caught_limen_lock_locks() {
    for_each(&[SIGKILL, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP], |number| {
        let mut daemon = Daemon::unlocked();
        let begun = Instant::now();
        // The first SIGSEGV and SIGBUS only end the watch for overflowing stacks.
        while daemon.child.try_wait().expect("ours").is_none() && begun.elapsed() < PATIENCE {
            daemon.signal(number);
            std::thread::sleep(Duration::from_millis(20));
        }
        let status = daemon.ends().expect("it ended");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(number));
        let locked = daemon.command(&["lock"]);
        assert_eq!(locked.code, 0, "signal {number}: {}", locked.err);
        assert!(locked.out.contains("locked by dry-run"), "{}", locked.out);
    });
}
