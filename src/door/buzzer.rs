//! The buzzer: a steady tone for an alarm, one short tone per second for a warning, and a few short tones for a prompt.

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
/// The length of a tone of a prompt, and of the pause after it.
const BEEP: Duration = Duration::from_millis(120);

/// A buzzer, if one is wired. A failure is logged once and never stops the door.
pub struct Buzzer {
    line: Option<Box<dyn OutputLine>>,
    tone: Tone,
    sounds: bool,
    turns: Option<Moment>,
    /// How many tones of a prompt are still to come, with the present one.
    beeps: u8,
    complained: bool,
}

impl Buzzer {
    /// A silent buzzer on this line.
    pub(super) fn new(line: Option<Box<dyn OutputLine>>) -> Self {
        Self { line, tone: Tone::Silent, sounds: false, turns: None, beeps: 0, complained: false }
    }

    /// A buzzer that is not wired.
    pub fn none() -> Self {
        Self::new(None)
    }

    /// Plays this tone from now on.
    pub fn play(&mut self, now: Moment, tone: Tone) {
        if std::mem::replace(&mut self.tone, tone) != tone {
            self.beeps = 0;
            self.drive(tone != Tone::Silent);
            self.turns = (tone == Tone::Warning).then_some(now + SHORT);
        }
    }

    /// Plays so many short tones once, instead of those before; 0 ends them. A warning or an alarm goes on instead.
    pub fn beep(&mut self, now: Moment, times: u8) {
        if self.tone == Tone::Silent {
            self.beeps = times;
            self.drive(times > 0);
            self.turns = (times > 0).then_some(now + BEEP);
        }
    }

    /// When to call [`Self::let_time_pass`] next. `None`: no call is needed.
    pub fn next_turn(&self) -> Option<Moment> {
        self.turns
    }

    /// Switches from tone to pause and back when it is time.
    pub fn let_time_pass(&mut self, now: Moment) {
        if self.turns.is_none_or(|turns| now < turns) {
            return;
        }
        self.drive(!self.sounds);
        if self.tone == Tone::Warning {
            self.turns = Some(now + if self.sounds { SHORT } else { PAUSE });
        } else {
            self.beeps -= u8::from(!self.sounds);
            self.turns = (self.beeps > 0).then_some(now + BEEP);
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

    /// When the buzzer starts to sound and stops, in milliseconds, woken as it asks to be.
    fn turns(buzzer: &mut Buzzer) -> Vec<(Moment, bool)> {
        let mut turns = Vec::new();
        while let Some(turn) = buzzer.next_turn().filter(|_| turns.len() < 10) {
            buzzer.let_time_pass(turn);
            turns.push((turn, buzzer.sounds));
        }
        turns
    }

    #[test]
    fn a_prompt_is_as_many_short_tones_as_are_asked_for_and_then_silence() {
        let mut buzzer = Buzzer::none();
        buzzer.beep(at(0), 1);
        assert!(buzzer.sounds);
        assert_eq!(turns(&mut buzzer), [(at(120), false)]);
        buzzer.beep(at(1000), 2);
        assert_eq!(turns(&mut buzzer), [(at(1120), false), (at(1240), true), (at(1360), false)]);
        buzzer.beep(at(2000), 2);
        buzzer.beep(at(2050), 0);
        assert!(!buzzer.sounds && buzzer.next_turn().is_none(), "a prompt that is over is silent");
    }

    #[test]
    fn a_prompt_never_interrupts_an_alarm_and_an_alarm_interrupts_a_prompt() {
        let mut buzzer = Buzzer::none();
        buzzer.play(at(0), Tone::Alarm);
        buzzer.beep(at(10), 2);
        assert!(buzzer.sounds && buzzer.next_turn().is_none());
        buzzer.play(at(20), Tone::Silent);
        buzzer.beep(at(30), 2);
        buzzer.play(at(40), Tone::Alarm);
        buzzer.let_time_pass(at(9000));
        assert!(buzzer.sounds && buzzer.next_turn().is_none());
    }
}
