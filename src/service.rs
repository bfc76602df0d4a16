//! What the daemon and systemd say to each other: ready, watchdog, reload, stop, and the signals.

pub mod signals;

use std::time::Duration;

use sd_notify::NotifyState;

use crate::clock::{Moment, Pulse};

/// A thread that has not moved for this long hangs. Longer than any frame takes, shorter than the unit's
/// `WatchdogSec`.
pub const STALLED: Duration = Duration::from_secs(3);

/// No loop was finished for [`STALLED`].
pub fn has_stalled(pulse: &Pulse, now: Moment) -> bool {
    pulse.silent_for(now) > STALLED
}

/// Tells systemd that the daemon is ready, and in one line what it does.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells systemd one line about what the daemon does.
pub fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// Tells systemd that the daemon is leaving.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Feeds the watchdog. The caller does so only while every thread makes progress.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the watchdog wants to be fed, if systemd watches: half its time.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

/// Gives memory that was needed for a while only back to the system. glibc keeps it otherwise, and what the
/// networks and the gallery take while they are read is more than they take afterwards.
pub fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `malloc_trim` takes a number, may be called at any time from any thread, and touches free memory
    // only.
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
