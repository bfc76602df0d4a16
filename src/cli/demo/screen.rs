//! What the demo prints while the daemon works: every frame with a face, every decision and every move of the
//! lock; and at the end the state of the lock over time.

use std::sync::{Arc, Mutex, PoisonError};

use limen_core::clock::{Moment, Now};
use limen_core::event::{Comparison, Fact, Observation};
use limen_core::policy::Event;

use super::photographs::{Photograph, VISITORS};
use crate::cli::output::{BAD, FAINT, GOOD, NOTE, STRONG, is_lost, say, styled};
use crate::daemon::DaemonObserver;
use crate::door::thread::DoorReport;
use crate::pipeline::SeenFrame;

/// The milliseconds of each character in the lock's trace.
const STEP_MS: u128 = 100;

/// How long each photograph is shown.
#[derive(Debug, Clone, Copy)]
pub struct Timetable {
    /// How many frames show a visitor.
    pub stay: u64,
    /// How many frames show nobody after a visitor.
    pub gap: u64,
}

impl Timetable {
    /// The index of the last visitor at a frame, which is counted from 0.
    fn visitor(self, frame: u64) -> usize {
        let count = VISITORS.len() as u64;
        // It is less than the number of visitors, so it fits.
        usize::try_from(frame / (self.stay + self.gap) % count).unwrap_or(0)
    }
}

/// Who opened the door, and when the lock moved.
#[derive(Debug, Default)]
pub struct DemoOutcome {
    opened: [bool; VISITORS.len()],
    came: [bool; VISITORS.len()],
    moves: Vec<(Moment, bool)>,
    begun: Option<Moment>,
    ended: Moment,
}

/// Prints what the daemon does.
pub struct Screen {
    timetable: Timetable,
    outcome: Arc<Mutex<DemoOutcome>>,
    visitor: Option<usize>,
    agreeing: u32,
}

impl Screen {
    /// The screen, and where its outcome is found after the daemon has ended.
    pub fn new(timetable: Timetable) -> (Self, Arc<Mutex<DemoOutcome>>) {
        let outcome = Arc::new(Mutex::new(DemoOutcome::default()));
        let screen = Self { timetable, outcome: Arc::clone(&outcome), visitor: None, agreeing: 0 };
        (screen, outcome)
    }

    fn outcome(&self) -> std::sync::MutexGuard<'_, DemoOutcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn observed(&mut self, observation: &Observation) -> String {
        let Comparison { best, threshold, verdict, .. } = &observation.fused;
        let nearest = best.as_ref().map_or("nobody enrolled".to_owned(), |best| {
            format!("{} at {:.3}, threshold {threshold:.3}", best.person, best.score)
        });
        match verdict {
            Ok(_) => {
                self.agreeing += 1;
                format!("{nearest}  {}", styled(GOOD, &format!("agrees ({})", self.agreeing), 0))
            }
            Err(why) => format!("{nearest}  {}", styled(BAD, &why.to_string(), 0)),
        }
    }
}

impl DaemonObserver for Screen {
    fn frame(&mut self, number: u64, seen: &SeenFrame, events: &[Event]) {
        if is_lost() {
            // Nobody reads the output, so the daemon should end. An observer can tell it so only by a signal.
            let _ = signal_hook::low_level::raise(signal_hook::consts::SIGTERM);
        }
        let (index, taken) = (self.timetable.visitor(number), seen.look.taken);
        {
            let mut outcome = self.outcome();
            outcome.begun.get_or_insert(taken);
            outcome.ended = taken;
            outcome.came[index] = true;
        }
        let visitor: &Photograph = &VISITORS[index];
        if self.visitor != Some(index) {
            self.visitor = Some(index);
            self.agreeing = 0;
            let who = if visitor.enrolled { "enrolled" } else { "a stranger" };
            say(&format!("{} ({who})", styled(STRONG, visitor.name, 0)));
        }
        for event in events {
            let line = match event {
                Event::Observed(observation) => self.observed(observation),
                Event::Unusable { why, .. } => styled(NOTE, &why.to_string(), 0),
                _ => continue,
            };
            let milliseconds = work(seen);
            say(&format!(
                "  frame {number:>3}  {line}  {}",
                styled(FAINT, &format!("{milliseconds:.0} ms"), 0)
            ));
        }
    }

    fn fact(&mut self, _now: Now, fact: &Fact) {
        match fact {
            Fact::Granted { person: Some(person), .. } => {
                say(&format!("  {} {person}", styled(GOOD, "granted to", 0)));
                if let Some(visitor) = self.visitor {
                    self.outcome().opened[visitor] = true;
                }
            }
            Fact::Refused { refusal, frames, .. } => {
                say(&format!("  {} {refusal} ({frames} frames compared)", styled(BAD, "refused:", 0)));
            }
            Fact::Fault { part, what } => {
                say(&format!("  {} of the {part}: {what}", styled(BAD, "fault", 0)))
            }
            _ => {}
        }
    }

    fn door(&mut self, report: &DoorReport) {
        let (at, unlocked) = match report {
            DoorReport::Unlocked(at) => (*at, true),
            DoorReport::Locked { at, .. } => (*at, false),
            DoorReport::Failed(what) => return say(&format!("  {} {what}", styled(BAD, "door:", 0))),
        };
        let state =
            if unlocked { styled(GOOD, "door unlocked", 0) } else { styled(STRONG, "door locked", 0) };
        say(&format!("  {state}"));
        self.outcome().moves.push((at, unlocked));
    }
}

impl DemoOutcome {
    /// Prints who opened the door, and the state of the lock over time.
    pub fn tell(&self) {
        let Some(begun) = self.begun else { return };
        say(&format!("\n{}", styled(STRONG, "the lock over time, one character per tenth of a second", 0)));
        say(&format!("  {}", self.trace(begun)));
        for (index, visitor) in VISITORS.iter().enumerate().filter(|(index, _)| self.came[*index]) {
            let did = if self.opened[index] { "opened the door" } else { "did not open the door" };
            let who = if visitor.enrolled { "enrolled" } else { "a stranger" };
            say(&format!("  {:<20} {who}: {did}", visitor.name));
        }
    }

    /// The state of the lock over time: `_` for locked, `#` for unlocked.
    fn trace(&self, begun: Moment) -> String {
        let steps = self.ended.since(begun).as_millis() / STEP_MS + 1;
        let mut trace = String::new();
        for step in 0..steps {
            let until = (step + 1) * STEP_MS;
            let last = self.moves.iter().rev().find(|(at, _)| at.since(begun).as_millis() < until);
            trace.push(if last.is_some_and(|(_, unlocked)| *unlocked) { '#' } else { '_' });
        }
        trace
    }

    /// Whether an enrolled person opened the door, no stranger did, and the door is locked again.
    pub fn is_as_it_should_be(&self) -> bool {
        let visitors = || VISITORS.iter().zip(self.opened);
        let let_in = visitors().any(|(visitor, opened)| visitor.enrolled && opened);
        let stranger = visitors().any(|(visitor, opened)| !visitor.enrolled && opened);
        let locked = self.moves.last().is_none_or(|(_, unlocked)| !unlocked);
        let_in && !stranger && locked
    }
}

/// The time that the frame took, in milliseconds.
fn work(seen: &SeenFrame) -> f64 {
    let timing = seen.look.timing;
    (seen.decode + timing.glance + timing.detect + timing.landmarks + timing.align + timing.embed)
        .as_secs_f64()
        * 1e3
}
