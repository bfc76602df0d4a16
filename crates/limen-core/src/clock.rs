//! Time as the rest of the program sees it: a moment since boot for deadlines, a wall clock for people.
//!
//! Deadlines run on CLOCK_BOOTTIME, because a Pi's wall clock jumps when the network sets it. Nothing here reads a
//! clock: decisions take the time as an argument.

use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// A point on CLOCK_BOOTTIME: time since the machine started, never set back.
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

    /// How long ago `earlier` was; zero if it lies in the future.
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

/// A thread's sign of life, shared with whoever watches it: the moment of its last finished loop.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// A pulse that beats now.
    pub fn started(now: Moment) -> Self {
        let pulse = Self::default();
        pulse.beat(now);
        pulse
    }

    /// A loop was finished.
    pub fn beat(&self, now: Moment) {
        let ms = u64::try_from(now.since_boot().as_millis()).unwrap_or(u64::MAX);
        self.0.store(ms, Ordering::Relaxed);
    }

    /// How long ago the last loop was finished.
    pub fn silent_for(&self, now: Moment) -> Duration {
        now.since(Moment::from_boot(Duration::from_millis(self.0.load(Ordering::Relaxed))))
    }
}

/// What the wall clock says, and whether the kernel believes it.
///
/// A Pi before the 5 has no battery clock: after a power cut its time is wrong until the network sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallClock {
    /// UTC as the system clock has it.
    pub utc: Timestamp,
    /// The kernel calls the clock synchronised (adjtimex, STA_UNSYNC clear).
    pub synchronised: bool,
}

/// Both clocks, read together: the time argument of every decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For deadlines and freshness.
    pub moment: Moment,
    /// For records and dates.
    pub wall: WallClock,
}

/// Reads both clocks: for who works on a thread of its own, and is told no time.
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
