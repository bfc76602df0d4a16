//! A lock that moves nothing and tells what it would do: for the demo, for trials, for recorded pictures.

use super::error::DoorError;
use super::lock::Lock;

/// Told of every change: true for unlocked.
type Trace = Box<dyn FnMut(bool) + Send>;

/// The dry-run lock.
pub struct DryRun {
    unlocked: bool,
    trace: Option<Trace>,
}

impl DryRun {
    /// A lock that says nothing.
    pub fn silent() -> Self {
        Self { unlocked: false, trace: None }
    }

    /// A lock that tells every change: true for unlocked.
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
