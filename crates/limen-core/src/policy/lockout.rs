//! Wrong PINs, cards and remote codes lock out: three are free, the fourth locks out for 30 s, and each further one for
//! twice as long, at most 15 minutes, until a right one.

use std::time::Duration;

use crate::clock::Moment;

/// How many wrong ones do not lock out.
const FREE: u32 = 3;
/// The first lock-out; each further wrong one doubles it.
const FIRST_LOCKOUT: Duration = Duration::from_secs(30);
/// The longest lock-out.
pub(super) const LONGEST_LOCKOUT: Duration = Duration::from_secs(15 * 60);

/// The wrong ones since the last right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct WrongOnes {
    wrong: u32,
    last: Moment,
}

impl WrongOnes {
    /// Counts a wrong one. Returns how long nothing is accepted now.
    pub fn count(&mut self, now: Moment) -> Option<Duration> {
        *self = Self { wrong: self.wrong.saturating_add(1), last: self.last.max(now) };
        self.locked_out(now)
    }

    /// How long the lock-out still lasts. Time that went back does not end it.
    pub fn locked_out(self, now: Moment) -> Option<Duration> {
        let end = self.last + self.lockout();
        let locked = self.lockout() > Duration::ZERO && now < end;
        locked.then(|| end.since(now).min(self.lockout()))
    }

    fn lockout(self) -> Duration {
        match self.wrong.checked_sub(FREE + 1) {
            None => Duration::ZERO,
            Some(further) => (FIRST_LOCKOUT * (1 << further.min(5))).min(LONGEST_LOCKOUT),
        }
    }
}
