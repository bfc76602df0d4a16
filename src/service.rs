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

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::debug!("systemd could not be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
