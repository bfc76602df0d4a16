//! A lock on an output line: read back after every change, locked when dropped.

use std::time::{Duration, Instant};

use super::error::DoorError;
use super::lines::OutputLine;
use super::lock::DoorLock;

/// How long a line may take to follow: a relay board may have a capacitor on it.
const SETTLING: Duration = Duration::from_millis(10);
/// How often the line is read meanwhile.
const LOOK: Duration = Duration::from_micros(500);

/// A relay on an output line; active means unlocked.
pub struct Relay {
    line: Box<dyn OutputLine>,
}

impl Relay {
    /// Makes a relay, which is locked.
    pub fn new(line: Box<dyn OutputLine>) -> Result<Self, DoorError> {
        let mut relay = Self { line };
        relay.lock()?;
        Ok(relay)
    }

    fn drive(&mut self, active: bool) -> Result<(), DoorError> {
        self.line.drive(active)?;
        let driven = Instant::now();
        loop {
            if self.line.is_active()? == active {
                return Ok(());
            }
            if driven.elapsed() >= SETTLING {
                break;
            }
            std::thread::sleep(LOOK);
        }
        let wanted = if active { "unlocked" } else { "locked" };
        Err(DoorError::DoesNotFollow { line: self.line.describe(), wanted })
    }
}

impl DoorLock for Relay {
    fn lock(&mut self) -> Result<(), DoorError> {
        self.drive(false)
    }

    fn unlock(&mut self) -> Result<(), DoorError> {
        self.drive(true)
    }

    fn describe(&self) -> String {
        self.line.describe()
    }

    fn is_real(&self) -> bool {
        true
    }
}

impl Drop for Relay {
    /// The last command to the line is always to lock, also after a panic.
    fn drop(&mut self) {
        if let Err(error) = self.lock() {
            log::error!("door: the line could not be locked while leaving: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct Wire {
        level: Arc<AtomicBool>,
        stuck: bool,
    }

    impl OutputLine for Wire {
        fn drive(&mut self, active: bool) -> Result<(), DoorError> {
            self.level.store(active && !self.stuck, Ordering::SeqCst);
            Ok(())
        }

        fn is_active(&self) -> Result<bool, DoorError> {
            Ok(self.level.load(Ordering::SeqCst))
        }

        fn describe(&self) -> String {
            "wire".to_owned()
        }
    }

    #[test]
    fn a_new_relay_is_locked_and_a_dropped_one_too() {
        let level = Arc::new(AtomicBool::new(true));
        let mut relay =
            Relay::new(Box::new(Wire { level: Arc::clone(&level), stuck: false })).expect("a wire");
        assert!(!level.load(Ordering::SeqCst));
        relay.unlock().expect("unlocked");
        assert!(level.load(Ordering::SeqCst));
        drop(relay);
        assert!(!level.load(Ordering::SeqCst));
    }

    #[test]
    fn a_panic_leaves_the_relay_locked() {
        let level = Arc::new(AtomicBool::new(false));
        let mut relay =
            Relay::new(Box::new(Wire { level: Arc::clone(&level), stuck: false })).expect("a wire");
        let outcome = std::thread::spawn(move || {
            relay.unlock().expect("unlocked");
            panic!("on purpose");
        })
        .join();
        assert!(outcome.is_err() && !level.load(Ordering::SeqCst));
    }

    #[test]
    fn a_line_that_does_not_follow_is_an_error() {
        let mut relay = Relay::new(Box::new(Wire { level: Arc::default(), stuck: true })).expect("a wire");
        assert!(matches!(relay.unlock(), Err(DoorError::DoesNotFollow { .. })));
    }
}
