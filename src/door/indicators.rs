//! The green and the red light: an answer for whoever stands at the door.

use super::output::Output;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indication {
    /// Dark.
    Idle,
    /// Green.
    Granted,
    /// Red.
    Refused,
}

/// Two lights, each where it is wired. A light that fails is logged once and never stops the door.
pub struct Indicators {
    green: Option<Box<dyn Output>>,
    red: Option<Box<dyn Output>>,
    shown: Indication,
    complained: bool,
}

impl Indicators {
    /// Dark lights.
    pub(super) fn new(green: Option<Box<dyn Output>>, red: Option<Box<dyn Output>>) -> Self {
        Self { green, red, shown: Indication::Idle, complained: false }
    }

    /// No lights.
    pub fn none() -> Self {
        Self::new(None, None)
    }

    /// What is shown.
    pub fn shown(&self) -> Indication {
        self.shown
    }

    /// Shows something else.
    pub fn show(&mut self, what: Indication) {
        self.shown = what;
        let lights = [(&mut self.green, Indication::Granted), (&mut self.red, Indication::Refused)];
        for (light, lit_for) in lights {
            let driven = light.as_mut().map_or(Ok(()), |light| light.drive(what == lit_for));
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
