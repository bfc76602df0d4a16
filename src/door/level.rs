//! What a thread knows of its part at this moment. Its owner reads it whenever it likes, so that a message that a full
//! queue has dropped is only late.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A value that one thread sets and others read.
#[derive(Debug, Default)]
pub struct Level<T>(Arc<Mutex<T>>);

impl<T: Clone> Level<T> {
    /// What it is now.
    pub fn read(&self) -> T {
        self.lock().clone()
    }

    /// Changes it, in one step for whoever reads.
    pub fn change(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.lock());
    }

    /// A thread that panicked has left what it wrote last, which is as true as before.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Level<T> {
    /// The same value by another name.
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
