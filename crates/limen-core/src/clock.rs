//! Time for the rest of the program: a moment since boot for deadlines, a wall clock for dates and records.
//!
//! Deadlines run on CLOCK_BOOTTIME, because a Pi's wall clock jumps when the network sets it. Nothing in this
//! module reads a clock: decisions take the time as an argument.

use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// A point on CLOCK_BOOTTIME: the time since the machine started. It never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(Duration);

impl Moment {
    /// The moment `since_boot` after the machine started.
    pub const fn from_boot(since_boot: Duration) -> Self {
        Self(since_boot)
    }

    /// Time since the machine started.
    pub const fn since_boot(self) -> Duration {
        self.0
    }

    /// The time since `earlier`; zero if `earlier` is later than this moment.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;
    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(length))
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;
    fn sub(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(length))
    }
}

/// A thread's sign of life: the moment when it last finished its loop. Shared with those who watch the
/// thread.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// A pulse whose first beat is `now`.
    pub fn started(now: Moment) -> Self {
        let pulse = Self::default();
        pulse.beat(now);
        pulse
    }

    /// Notes that the loop was finished `now`.
    pub fn beat(&self, now: Moment) {
        let ms = u64::try_from(now.since_boot().as_millis()).unwrap_or(u64::MAX);
        self.0.store(ms, Ordering::Relaxed);
    }

    /// The time since the loop was last finished.
    pub fn silent_for(&self, now: Moment) -> Duration {
        now.since(Moment::from_boot(Duration::from_millis(self.0.load(Ordering::Relaxed))))
    }
}

/// What the wall clock shows, and whether the kernel trusts it.
///
/// A Pi older than the Pi 5 has no battery for its clock: after a power cut its time is wrong until the
/// network sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallClock {
    /// The system clock's time, in UTC.
    pub utc: Timestamp,
    /// Whether the kernel calls the clock synchronised (adjtimex: STA_UNSYNC is clear).
    pub synchronised: bool,
}

/// Both clocks, read at once: the time argument of every decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For deadlines and for the age of evidence.
    pub moment: Moment,
    /// For records and dates.
    pub wall: WallClock,
}

/// Reads both clocks. For threads that nobody passes the time to.
pub type ReadClock = fn() -> Now;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_in_the_future_is_zero_ago() {
        let early = Moment::from_boot(Duration::from_secs(1));
        assert_eq!(early.since(early + Duration::from_secs(1)), Duration::ZERO);
    }
}
