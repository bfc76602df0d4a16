//! The buzzer: a steady tone for an alarm, one short tone per second for a warning.

use std::time::Duration;

use limen_core::clock::Moment;

use super::lines::OutputLine;

/// The tones of the buzzer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// No tone at all.
    #[default]
    Silent,
    /// Short tones: somebody should close the door.
    Warning,
    /// A steady tone.
    Alarm,
}

/// The length of a short tone, and of the pause after it.
const SHORT: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_millis(800);

/// A buzzer, if one is wired. A failure is logged once and never stops the door.
pub struct Buzzer {
    line: Option<Box<dyn OutputLine>>,
    tone: Tone,
    sounds: bool,
    turns: Option<Moment>,
    complained: bool,
}

impl Buzzer {
    /// A silent buzzer on this line.
    pub(super) fn new(line: Option<Box<dyn OutputLine>>) -> Self {
        Self { line, tone: Tone::Silent, sounds: false, turns: None, complained: false }
    }

    /// A buzzer that is not wired.
    pub fn none() -> Self {
        Self::new(None)
    }

    /// Plays this tone from now on.
    pub fn play(&mut self, now: Moment, tone: Tone) {
        if std::mem::replace(&mut self.tone, tone) != tone {
            self.drive(tone != Tone::Silent);
            self.turns = (tone == Tone::Warning).then_some(now + SHORT);
        }
    }

    /// When to call [`Self::let_time_pass`] next. `None`: no call is needed.
    pub fn next_turn(&self) -> Option<Moment> {
        self.turns
    }

    /// Switches from tone to pause and back when it is time.
    pub fn let_time_pass(&mut self, now: Moment) {
        if self.turns.is_some_and(|turns| now >= turns) {
            self.drive(!self.sounds);
            self.turns = Some(now + if self.sounds { SHORT } else { PAUSE });
        }
    }

    fn drive(&mut self, sounds: bool) {
        self.sounds = sounds;
        let driven = self.line.as_mut().map_or(Ok(()), |line| line.drive(sounds));
        if let (Err(error), false) = (driven, self.complained) {
            self.complained = true;
            log::warn!("the buzzer of the door does not work: {error}");
        }
    }
}

impl Drop for Buzzer {
    fn drop(&mut self) {
        self.drive(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from_boot(Duration::from_millis(ms))
    }

    #[test]
    fn a_warning_comes_and_goes_and_an_alarm_stays() {
        let mut buzzer = Buzzer::none();
        buzzer.play(at(0), Tone::Warning);
        let heard: Vec<bool> = [100, 200, 900, 1000, 1200]
            .map(|ms| {
                buzzer.let_time_pass(at(ms));
                buzzer.sounds
            })
            .into();
        assert_eq!(heard, [true, false, false, true, false]);
        buzzer.play(at(1300), Tone::Alarm);
        buzzer.let_time_pass(at(9000));
        assert!(buzzer.sounds && buzzer.next_turn().is_none());
        buzzer.play(at(9100), Tone::Silent);
        assert!(!buzzer.sounds);
    }
}
