//! Time as the rest of the program sees it: a moment since boot for deadlines, a wall clock for people.
//!
//! Deadlines run on CLOCK_BOOTTIME, because a Pi's wall clock jumps when the network sets it. Only the
//! shell calls [`Moment::now`] and [`Now::read`]; decisions take the time as an argument.

use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// A point on CLOCK_BOOTTIME: time since the machine started, never set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(Duration);

impl Moment {
    /// The moment `since_boot` after the machine started.
    pub const fn from_boot(since_boot: Duration) -> Self {
        Self(since_boot)
    }

    /// The kernel's CLOCK_BOOTTIME.
    pub fn now() -> Self {
        Self(read_clock(ClockId::Boottime))
    }

    /// Translates a CLOCK_MONOTONIC time stamp, which is what V4L2 drivers put on frames.
    pub fn from_monotonic(stamp: Duration) -> Self {
        let asleep = read_clock(ClockId::Boottime).saturating_sub(read_clock(ClockId::Monotonic));
        Self(stamp + asleep)
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

impl Now {
    /// Reads both clocks.
    pub fn read() -> Self {
        Self {
            moment: Moment::now(),
            wall: WallClock { utc: Timestamp::now(), synchronised: kernel_calls_clock_synchronised() },
        }
    }
}

fn read_clock(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// adjtimex(2) in read-only mode; its return value is TIME_ERROR while the clock is unsynchronised.
fn kernel_calls_clock_synchronised() -> bool {
    // SAFETY: `timex` is plain data for which all zeroes is valid, `modes = 0` asks the kernel to change
    // nothing, and the pointer is to a live local.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&mut timex)
    };
    state != libc::TIME_ERROR && state >= 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_in_the_future_is_zero_ago() {
        let early = Moment::from_boot(Duration::from_secs(1));
        assert_eq!(early.since(early + Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn the_boot_clock_moves_forward() {
        let first = Moment::now();
        assert!(Moment::now() >= first);
    }
}
