//! What holds the door unlocked, made by the policy alone.

use std::time::Duration;

use crate::clock::Moment;

/// The longest time that the line stays unlocked without a new lease.
pub const MAX_LEASE: Duration = Duration::from_secs(2);

/// The permission to hold the line unlocked until a moment at most [`MAX_LEASE`] away.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    until: Moment,
}

impl Lease {
    /// For the policy alone: nothing outside this crate can make one.
    pub(crate) fn new(now: Moment, wanted: Duration) -> Self {
        Self { until: now + wanted.min(MAX_LEASE) }
    }

    /// When the line is locked again unless another lease came.
    pub fn until(&self) -> Moment {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_lease_is_longer_than_the_longest() {
        let now = Moment::from_boot(Duration::from_secs(9));
        assert_eq!(Lease::new(now, Duration::from_secs(3600)).until(), now + MAX_LEASE);
        assert_eq!(Lease::new(now, Duration::from_millis(10)).until(), now + Duration::from_millis(10));
    }
}
