//! State that a thread publishes. Others can read it at any time, so a report that is lost because a queue is
//! full only comes late.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A value that one thread sets and others read.
#[derive(Debug, Default)]
pub struct Level<T>(Arc<Mutex<T>>);

impl<T: Clone> Level<T> {
    /// The present value.
    pub fn read(&self) -> T {
        self.lock().clone()
    }

    /// Changes the value in one step.
    pub fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.lock());
    }

    /// After a panic in another thread the value is the last one written, which is still valid.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Level<T> {
    /// A second handle of the same value.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_sets_the_other_reads_even_after_a_panic() {
        let writer = Level::<u32>::default();
        let reader = writer.clone();
        let outcome = std::thread::spawn(move || {
            writer.change(|value| *value = 7);
            writer.change(|_| panic!("on purpose"));
        })
        .join();
        assert!(outcome.is_err());
        assert_eq!(reader.read(), 7);
    }
}
