//! A thread that panics, hangs or is stopped: the door locks within its time, or the service manager ends a
//! process that cannot.

use std::fs;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use limen::control::{Request, ask};
use limen::service::STALLED;
use limen_vision::frame::PixelFormat;

use super::camera::Feeder;
use super::harness::{AT_ONCE, DECISION, LONG, RELAY, Running, lock_command, program, skipped, within};
use crate::support::{Site, nobody, visitor};

/// `WatchdogSec` of the unit.
const WATCHDOG: Duration = Duration::from_secs(6);
/// A thread comes round at least once a second, a sync half a second after its record, and the main thread looks
/// four times a second.
const PANIC_LOCKS: Duration = Duration::from_secs(3);
/// Then the daemon leaves.
const PANIC_ENDS: Duration = Duration::from_secs(4);

/// The service manager: starts the daemon and hears what it says.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn of(site: &Site) -> Self {
        let path = site.path("notify");
        Self { socket: UnixDatagram::bind(&path).expect("a socket"), path }
    }

    fn start(&self, site: &Site) -> Running {
        let mut command = program();
        command.env("NOTIFY_SOCKET", &self.path).env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string());
        Running::start_by(site, command)
    }

    /// Whether the watchdog is fed within `limit`.
    fn is_fed(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut message = [0; 4096];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            self.socket.set_read_timeout(Some(left)).expect("a limit");
            match self.socket.recv(&mut message) {
                Ok(length) if message[..length].starts_with(b"WATCHDOG=1") => return true,
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Passes over what was said so far.
    fn forget(&self) {
        self.socket.set_nonblocking(true).expect("set");
        while self.socket.recv(&mut [0; 4096]).is_ok() {}
        self.socket.set_nonblocking(false).expect("set");
    }
}

/// A thread that a debugger has stopped, until this is dropped.
struct Stopped(libc::pid_t);

impl Stopped {
    fn now(thread: libc::pid_t) -> Self {
        let nothing = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: plain system calls on a thread of our own child; no memory is handed over.
        let stopped = unsafe {
            libc::ptrace(libc::PTRACE_SEIZE, thread, nothing, nothing) == 0
                && libc::ptrace(libc::PTRACE_INTERRUPT, thread, nothing, nothing) == 0
                && libc::waitpid(thread, std::ptr::null_mut(), libc::__WALL) == thread
        };
        assert!(stopped, "{}", std::io::Error::last_os_error());
        Self(thread)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let nothing = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: as above; the thread goes on.
        unsafe { libc::ptrace(libc::PTRACE_DETACH, self.0, nothing, nothing) };
    }
}

/// This thread panics while the door is open; `wake` makes it come round where it waits for work.
fn a_panic_locks_and_ends(thread: &str, wake: impl Fn(&Site, &Running)) {
    let Some(with_faults) = std::env::var_os("LIMEN_WITH_FAULTS") else {
        return skipped("threads", "LIMEN_WITH_FAULTS names no program with failpoints");
    };
    let site = Site::with_obama();
    site.configure_loopback();
    let asked = site.path("faults");
    fs::create_dir(&asked).expect("a folder");
    let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
    let mut command = Command::new(with_faults);
    command.env("LIMEN_FAULT_INJECTION", &asked);
    let mut running = Running::start_by(&site, command);
    assert!(running.unlocks(AT_ONCE));
    fs::write(asked.join(thread), "").expect("asked");
    let begun = Instant::now();
    wake(&site, &running);
    assert!(RELAY.falls(PANIC_LOCKS), "{}", running.log());
    let code = running.ends(PANIC_ENDS.saturating_sub(begun.elapsed()));
    assert!(code.is_some_and(|code| code != 0), "{code:?} {}", running.log());
    assert!(running.log().contains(&format!("fault injection: the {thread} thread")), "{}", running.log());
    assert!(!RELAY.is_high());
    assert!(site.has_record("granted"));
    drop(running);
    // As the service manager does.
    let again = Running::start(&site);
    feeder.show(&visitor("obama2"));
    assert!(RELAY.rises(DECISION), "{}", again.log());
    assert_eq!(site.count("started"), 2);
    // The chain was closed, or it is told that it was not.
    assert!(["stopped", "sealed", "gap"].iter().any(|kind| site.has_record(kind)), "{:?}", site.kinds());
}

/// Asks and does not wait for the answer, which may never come.
fn ask_in_passing(site: &Site, request: Request) {
    let socket = site.socket();
    std::thread::spawn(move || ask(&socket, request));
}

guest_tests! {
    fn a_stopped_process_holds_the_line_until_the_watchdog_ends_it_and_limen_lock_locks() {
        let site = Site::with_obama();
        site.configure_loopback();
        let _feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let manager = Manager::of(&site);
        let mut running = manager.start(&site);
        assert!(running.unlocks(AT_ONCE) && manager.is_fed(WATCHDOG));
        running.signal(libc::SIGSTOP);
        manager.forget();
        assert!(!manager.is_fed(WATCHDOG), "a stopped process feeds no watchdog");
        assert!(RELAY.is_high(), "and lets nothing go");
        // As systemd does: the watchdog's signal, and one with which a stopped process takes it.
        let woken = Instant::now();
        running.signal(libc::SIGABRT);
        running.signal(libc::SIGCONT);
        assert!(running.ends(AT_ONCE).is_some());
        assert_eq!(lock_command(&site).code, 0);
        assert!(RELAY.falls(AT_ONCE));
        // A busy guest needs a second to start the command.
        assert!(woken.elapsed() <= Duration::from_secs(3), "{:?}", woken.elapsed());
        drop(running);
        let _again = manager.start(&site);
        assert!(site.has_record("gap"));
    }

    fn a_stopped_vision_thread_holds_no_door_open_and_starves_the_watchdog_until_it_goes_on() {
        let site = Site::with_obama();
        site.configure_loopback();
        let feeder = Feeder::start(PixelFormat::Yuyv, &nobody());
        let manager = Manager::of(&site);
        let running = manager.start(&site);
        assert!(running.sees());
        assert!(running.unlocks(AT_ONCE), "{}", running.log());
        let stopped = Stopped::now(running.thread("vision"));
        assert!(RELAY.falls(STALLED + AT_ONCE), "{}", running.log());
        // Found when the watchdog is due to be fed, every quarter of its time.
        let found = STALLED + WATCHDOG / 4 + AT_ONCE;
        assert!(within(found, || running.log().contains("a thread hangs")), "{}", running.log());
        manager.forget();
        assert!(!manager.is_fed(WATCHDOG), "the service manager would end it now");
        assert!(!RELAY.is_high());
        feeder.show(&nobody());
        drop(stopped);
        assert!(manager.is_fed(LONG) && running.sees());
        feeder.show(&visitor("obama2"));
        assert!(RELAY.rises(DECISION), "{}", running.log());
    }

    fn a_panic_of_the_vision_thread_locks_and_ends() {
        a_panic_locks_and_ends("vision", |_, _| {});
    }

    fn a_panic_of_the_door_thread_locks_and_ends() {
        a_panic_locks_and_ends("door", |_, _| {});
    }

    fn a_panic_of_the_main_thread_locks_and_ends() {
        a_panic_locks_and_ends("main", |_, _| {});
    }

    fn a_panic_of_the_recorder_locks_and_ends() {
        a_panic_locks_and_ends("recorder", |_, _| {});
    }

    fn a_panic_of_the_thread_that_syncs_the_records_locks_and_ends() {
        a_panic_locks_and_ends("audit-sync", |site, _| ask_in_passing(site, Request::Snapshot));
    }

    fn a_panic_of_the_control_thread_locks_and_ends() {
        a_panic_locks_and_ends("control", |site, _| drop(UnixStream::connect(site.socket())));
    }

    fn a_panic_of_the_worker_locks_and_ends() {
        a_panic_locks_and_ends("worker", |site, _| ask_in_passing(site, Request::Reload));
    }

    fn a_panic_of_the_thread_that_hears_signals_locks_and_ends() {
        a_panic_locks_and_ends("signals", |_, running| running.signal(libc::SIGHUP));
    }

    fn the_program_with_failpoints_says_so() {
        let Some(with_faults) = std::env::var_os("LIMEN_WITH_FAULTS") else {
            return skipped("threads", "LIMEN_WITH_FAULTS names no program with failpoints");
        };
        let bytes = fs::read(with_faults).expect("the program");
        assert!(bytes.windows(16).any(|w| w == b"fault injection:"), "what its absence is proven by");
    }
}
