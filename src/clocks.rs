//! Reads the machine's clocks. Only what has an effect on the world calls this; decisions take the time as an argument.

use std::time::Duration;

use jiff::Timestamp;
use limen_core::clock::{Moment, Now, WallClock};
use rustix::time::{ClockId, clock_gettime};

/// The kernel's CLOCK_BOOTTIME.
pub fn moment() -> Moment {
    Moment::from_boot(read_clock(ClockId::Boottime))
}

/// Translates a CLOCK_MONOTONIC time stamp, which is what V4L2 drivers put on frames.
pub fn from_monotonic(stamp: Duration) -> Moment {
    let asleep = read_clock(ClockId::Boottime).saturating_sub(read_clock(ClockId::Monotonic));
    Moment::from_boot(stamp + asleep)
}

/// Both clocks.
pub fn now() -> Now {
    Now {
        moment: moment(),
        wall: WallClock { utc: Timestamp::now(), synchronised: kernel_calls_clock_synchronised() },
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
    fn the_boot_clock_moves_forward() {
        let first = moment();
        assert!(moment() >= first);
    }
}
