//! The light on faces in the daemon: calibrates it at the start, begins and ends it for the policy, and says what it shows
//! of the face that is judged.
//!
//! ```text
//!    dark ---- not calibrated, and the camera gives pictures ----> calibrating ---- five seconds ----> dark
//!      \------ somebody is judged -------------------------------> judging -------- nobody is -------> dark
//! ```
//!
//! While it is not calibrated it says nothing of anybody.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::event::{LightChange, LightPattern, LogRatio};
use limen_vision::liveness::light::model::LightModel;
use limen_vision::liveness::light::{CALIBRATION, Calibrated, Calibration, LightEvidence};
use limen_vision::model::Models;
use serde_json::{Value, json};

use crate::door::{DoorSettings, Driver};
use crate::pipeline::SeenFrame;

/// How long after the first picture it is calibrated: a camera must find its exposure.
const SETTLING: Duration = Duration::from_secs(2);
/// How long after a try that failed the next one comes, and how many there are. Later it is calibrated only while somebody
/// is judged: a light that blinks for nobody would be a riddle.
const AGAIN: Duration = Duration::from_secs(60);
const TRIES: u32 = 3;
/// How much longer than asked for frames of the calibration are waited for: the picture lags.
const LAG: Duration = Duration::from_millis(500);

/// What to do with the light.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shine {
    /// Drive it by a pattern that is drawn now.
    Begin,
    /// Leave it dark.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Dark,
    Calibrating { until: Moment },
    Judging,
}

/// What is known of the light.
#[derive(Debug)]
pub(super) struct FaceLightWatch {
    /// `None`: the door has no light.
    model: Option<LightModel>,
    phase: Phase,
    calibration: Calibration,
    calibrated: Option<Calibrated>,
    /// When the next calibration is due; `None`: with the first picture.
    next: Option<Moment>,
    tries: u32,
    evidence: LightEvidence,
}

impl FaceLightWatch {
    /// The light of the door with these lines. A dry run drives none.
    pub fn of(lines: Option<&DoorSettings>, models: &Models) -> Self {
        let lit = lines.filter(|door| door.light.is_some() && door.driver != Driver::DryRun);
        Self::new(lit.map(|_| models.liveness().light.clone()))
    }

    /// The light of a door; `model`: what was measured of heads and sheets, where there is a light.
    pub fn new(model: Option<LightModel>) -> Self {
        Self {
            model,
            phase: Phase::Dark,
            calibration: Calibration::default(),
            calibrated: None,
            next: None,
            tries: 0,
            evidence: LightEvidence::default(),
        }
    }

    /// Whether the brightness of the whole picture is needed.
    pub fn wants_scene(&self) -> bool {
        self.calibrated.is_none() && self.phase != Phase::Dark
    }

    /// The policy judges somebody from now on, or nobody any more. `changes`: those of the line.
    pub fn judge(&mut self, judging: bool, changes: &[LightChange]) -> Option<Shine> {
        self.model.as_ref()?;
        if judging {
            self.calibration = Calibration::default();
            self.phase = Phase::Judging;
            return Some(Shine::Begin);
        }
        if self.phase == Phase::Judging {
            self.phase = Phase::Dark;
            self.calibrated = self.calibrated.or_else(|| self.calibration.result(changes));
        }
        Some(Shine::End)
    }

    /// A frame was looked at. Returns what the light has shown of the nearest face so far.
    pub fn see(&mut self, seen: &SeenFrame, changes: &[LightChange]) -> Option<LogRatio> {
        let (look, model) = (&seen.look, self.model.as_ref()?);
        if self.next.is_none() {
            self.next = Some(look.taken + SETTLING);
        }
        if let Some(scene) = seen.scene.as_ref().filter(|_| self.phase != Phase::Dark) {
            self.calibration.add(look.taken, scene);
        }
        let (motion, calibrated) = (look.motion.as_ref()?, self.calibrated?);
        self.evidence.add(motion.track, look.taken, look.reflection);
        self.evidence.ratio(changes, calibrated.delay, model)
    }

    /// Begins a calibration that is due, and ends one that is over.
    pub fn pass_time(&mut self, now: Moment, changes: &[LightChange]) -> Option<Shine> {
        self.model.as_ref()?;
        match self.phase {
            Phase::Dark if self.is_due(now) => {
                self.calibration = Calibration::default();
                self.phase = Phase::Calibrating { until: now + CALIBRATION + LAG };
                Some(Shine::Begin)
            }
            Phase::Calibrating { until } if now >= until => {
                self.phase = Phase::Dark;
                self.calibrated = self.calibration.result(changes);
                (self.tries, self.next) = (self.tries + 1, Some(now + AGAIN));
                self.tell();
                Some(Shine::End)
            }
            Phase::Dark | Phase::Calibrating { .. } | Phase::Judging => None,
        }
    }

    fn is_due(&self, now: Moment) -> bool {
        self.calibrated.is_none() && self.tries < TRIES && self.next.is_some_and(|next| now >= next)
    }

    fn tell(&self) {
        match self.calibrated {
            Some(Calibrated { delay, change }) => log::info!(
                "the light on faces: the picture follows after {} ms, and is brighter by {change:.0} of 255",
                delay.as_millis()
            ),
            None => log::warn!("the light on faces: {UNSEEN}"),
        }
    }

    /// The camera was lost: another one, or another mode, has another delay.
    pub fn camera_lost(&mut self) -> Option<Shine> {
        let was_lit = self.phase != Phase::Dark;
        *self = Self::new(self.model.take());
        was_lit.then_some(Shine::End)
    }

    /// Why the light says nothing, with the remedy; `None` if it works, or was not tried yet.
    pub fn trouble(&self) -> Option<String> {
        (self.calibrated.is_none() && self.tries > 0).then(|| UNSEEN.to_owned())
    }

    /// For the status; null where the door has no light.
    pub fn as_json(&self) -> Value {
        if self.model.is_none() {
            return Value::Null;
        }
        let delay = self.calibrated.map(|found| found.delay.as_millis() as u64);
        let change = self.calibrated.map(|found| found.change);
        json!({ "calibrated": self.calibrated.is_some(), "delay_ms": delay, "change": change })
    }
}

/// Nothing in the picture follows the light.
const UNSEEN: &str = "nothing in the picture changes with it, so it says nothing of anybody; `limen camera light` shows what the \
                      camera sees of it";

/// The pattern that a light gets.
pub(super) fn pattern_of(shine: &Shine, draw: impl FnOnce() -> Option<LightPattern>) -> Option<LightPattern> {
    match shine {
        Shine::Begin => draw(),
        Shine::End => None,
    }
}

#[cfg(test)]
#[path = "light_tests.rs"]
mod tests;
