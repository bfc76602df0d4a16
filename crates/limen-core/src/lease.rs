//! The lease that holds the door unlocked. Only the policy makes one.

use std::time::Duration;

use crate::clock::Moment;

/// The longest time that the door stays unlocked without a new lease.
pub const MAX_LEASE: Duration = Duration::from_secs(2);

/// The permission to hold the door unlocked until a certain moment, at most [`MAX_LEASE`] from now.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    until: Moment,
}

impl Lease {
    /// For the policy only: no code outside this crate can make a lease.
    pub(crate) fn new(now: Moment, wanted: Duration) -> Self {
        Self { until: now + wanted.min(MAX_LEASE) }
    }

    /// When the door locks again unless a new lease comes.
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
