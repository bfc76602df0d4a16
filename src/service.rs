//! The daemon and systemd: ready, watchdog, reload, stop, and the signals.

pub mod signals;

use std::time::Duration;

use limen_core::clock::{Moment, Pulse};
use sd_notify::NotifyState;

/// A thread without a sign of life for this long hangs. It is longer than any frame takes, and shorter than
/// the unit's `WatchdogSec`.
pub const STALLED: Duration = Duration::from_secs(3);

/// Whether the thread finished no loop for [`STALLED`].
pub fn has_stalled(pulse: &Pulse, now: Moment) -> bool {
    pulse.silent_for(now) > STALLED
}

/// Tells systemd that the daemon is ready, with one line about what it does.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells systemd, in one line, what the daemon does.
pub fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// Tells systemd that the daemon is stopping.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Resets the watchdog. Call it only while all threads make progress.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often to reset the watchdog, if systemd watches: half its time.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

/// Returns free memory to the system. glibc keeps it otherwise, and reading the networks and the gallery
/// takes more memory than using them.
pub fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `malloc_trim` takes a number, may be called at any time from any thread, and touches free
    // memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Gives back the pages of the program's code: most of it runs once, while the networks are read and planned. What runs
/// again is read again from the program's file, or from where the kernel still has it.
pub fn let_go_of_code() {
    let code = code();
    // SAFETY: whole pages between the program's first byte and the end of its code, which are mapped from its file and
    // never written. A failure is none of ours: the memory stays taken.
    unsafe {
        libc::madvise(code.start as *mut libc::c_void, code.len(), libc::MADV_DONTNEED);
    }
}

/// The addresses of the program's code, whole pages of up to 64 KiB.
fn code() -> std::ops::Range<usize> {
    const PAGE: usize = 64 << 10;
    unsafe extern "C" {
        static __executable_start: u8;
        static etext: u8;
    }
    // The linker defines both for every program.
    let (start, end) = (&raw const __executable_start, &raw const etext);
    (start as usize).next_multiple_of(PAGE)..end as usize / PAGE * PAGE
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::debug!("systemd could not be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_that_is_given_back_is_the_programs_own_and_runs_again() {
        let here = let_go_of_code as *const () as usize;
        for _ in 0..2 {
            assert!(code().contains(&here));
            let_go_of_code();
        }
    }

    #[test]
    fn a_pulse_stalls_after_its_time_and_recovers_with_a_beat() {
        let start = Moment::from_boot(Duration::from_secs(100));
        let pulse = Pulse::started(start);
        assert!(!has_stalled(&pulse, start + STALLED));
        let late = start + STALLED + Duration::from_millis(2);
        assert!(has_stalled(&pulse, late));
        pulse.beat(late);
        assert!(!has_stalled(&pulse, late));
    }
}
