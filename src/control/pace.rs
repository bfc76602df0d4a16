//! How fast requests may come: some at once, then one after the other. Beyond that they never reach the main thread.

use std::time::{Duration, Instant};

/// How many requests may come at once.
const AT_ONCE: u32 = 40;
/// The time that earns one more.
const EVERY: Duration = Duration::from_millis(50);

/// The requests that came since the pace was last kept.
#[derive(Debug)]
pub(super) struct Pace {
    spent: u32,
    /// When the time began that earns the next one.
    since: Instant,
}

impl Pace {
    /// A pace of which nothing is spent.
    pub fn new(now: Instant) -> Self {
        Self { spent: 0, since: now }
    }

    /// Whether one more request may come now.
    pub fn allows(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.since).as_millis() / EVERY.as_millis();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        if earned >= self.spent {
            *self = Self::new(now);
        } else {
            self.spent -= earned;
            self.since += EVERY * earned;
        }
        let allowed = self.spent < AT_ONCE;
        self.spent += u32::from(allowed);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_to_the_pace_and_a_rest_earns_it_back() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let at = |ms| start + Duration::from_millis(ms);
        assert_eq!((0..1000).filter(|_| pace.allows(at(0))).count(), AT_ONCE as usize);
        let in_a_second = (0..1000).filter(|ms| pace.allows(at(*ms))).count();
        assert!((19..=20).contains(&in_a_second), "{in_a_second}");
        assert_eq!((0..1000).filter(|_| pace.allows(at(60_000))).count(), AT_ONCE as usize);
    }
}
