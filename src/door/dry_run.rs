//! A lock that moves nothing and reports what it would do: for demo, trials, and recorded pictures.

use super::{DoorError, Lock};

/// Called with every change: true for unlocked.
type Trace = Box<dyn FnMut(bool) + Send>;

/// A lock that moves nothing.
pub struct DryRun {
    unlocked: bool,
    trace: Option<Trace>,
}

impl DryRun {
    /// A lock that reports nothing.
    pub fn silent() -> Self {
        Self { unlocked: false, trace: None }
    }

    /// A lock that reports every change to `trace`: true for unlocked.
    pub fn traced(trace: impl FnMut(bool) + Send + 'static) -> Self {
        Self { unlocked: false, trace: Some(Box::new(trace)) }
    }

    fn change(&mut self, unlocked: bool) {
        if std::mem::replace(&mut self.unlocked, unlocked) != unlocked
            && let Some(trace) = &mut self.trace
        {
            trace(unlocked);
        }
    }
}

impl Lock for DryRun {
    fn lock(&mut self) -> Result<(), DoorError> {
        self.change(false);
        Ok(())
    }

    fn unlock(&mut self) -> Result<(), DoorError> {
        self.change(true);
        Ok(())
    }

    fn describe(&self) -> String {
        "dry-run (nothing moves)".to_owned()
    }

    fn is_real(&self) -> bool {
        false
    }
}

impl Drop for DryRun {
    fn drop(&mut self) {
        self.change(false);
    }
}
