//! The green and the red light: the answer to the person at the door.

use super::lines::OutputLine;

/// What the lights show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indication {
    /// Both lights are off.
    Idle,
    /// The green light is on.
    Granted,
    /// The red light is on.
    Refused,
    /// Both lights are on.
    Waiting,
}

/// Two lights, if they are wired. A failure is logged once and never stops the door.
pub struct Indicators {
    green: Option<Box<dyn OutputLine>>,
    red: Option<Box<dyn OutputLine>>,
    shown: Indication,
    complained: bool,
}

impl Indicators {
    /// These lights, both off.
    pub(super) fn new(green: Option<Box<dyn OutputLine>>, red: Option<Box<dyn OutputLine>>) -> Self {
        Self { green, red, shown: Indication::Idle, complained: false }
    }

    /// Lights that are not wired.
    pub fn none() -> Self {
        Self::new(None, None)
    }

    /// What the lights show now.
    pub fn shown(&self) -> Indication {
        self.shown
    }

    /// Shows this from now on.
    pub fn show(&mut self, what: Indication) {
        self.shown = what;
        let lights = [(&mut self.green, Indication::Granted), (&mut self.red, Indication::Refused)];
        for (light, lit_for) in lights {
            let driven = light
                .as_mut()
                .map_or(Ok(()), |light| light.drive(what == lit_for || what == Indication::Waiting));
            if let (Err(error), false) = (driven, self.complained) {
                self.complained = true;
                log::warn!("a light of the door does not work: {error}");
            }
        }
    }
}

impl Drop for Indicators {
    fn drop(&mut self) {
        self.show(Indication::Idle);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::door::line_for_tests::WatchedLine;

    #[test]
    fn green_is_granted_red_is_refused_and_both_are_waiting() {
        let lit = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let [green, red] =
            lit.each_ref().map(|on| Some(Box::new(WatchedLine(Arc::clone(on))) as Box<dyn OutputLine>));
        let mut lights = Indicators::new(green, red);
        for (what, expected) in [
            (Indication::Granted, [true, false]),
            (Indication::Refused, [false, true]),
            (Indication::Waiting, [true, true]),
            (Indication::Idle, [false, false]),
        ] {
            lights.show(what);
            assert_eq!(lit.each_ref().map(|on| on.load(Ordering::SeqCst)), expected, "{what:?}");
        }
    }
}
