//! `limen camera light`: pulses the light on faces, and says what the camera sees of it and what to change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_vision::follow::Vision;
use limen_vision::liveness::light::model::LightModel;
use limen_vision::liveness::light::{Calibrated, Calibration, Difference, LightEvidence};
use serde_json::json;

use super::super::context::CommandContext;
use super::super::door::told_to_end;
use super::super::outcome::{CommandError, CommandOutcome};
use super::super::output::{note, say, say_json};
use crate::camera::FrameSource as _;
use crate::camera::v4l::V4lCamera;
use crate::clocks;
use crate::config::Settings;
use crate::control::{ControlError, Request, ask};
use crate::daemon::draw_light;
use crate::door::light::FaceLight;
use crate::door::{Driver, open_light};
use crate::pipeline::{scene, see};

/// How long the camera finds its exposure before the light begins.
const SETTLING: Duration = Duration::from_secs(2);
/// How long the light is pulsed.
const PULSES: Duration = Duration::from_secs(8);
/// The longest wait for a frame, so that the light changes when it should.
const PATIENCE: Duration = Duration::from_millis(20);
/// A picture that follows later than this says too little in the time of a turn.
const LONG_DELAY: Duration = Duration::from_millis(200);
/// Sides that become brighter by this share of what the nose does are lit as a sheet's are.
const EVEN: f32 = 0.2;

pub fn light(context: &CommandContext) -> Result<CommandOutcome, CommandError> {
    let settings = context.trusted_settings()?;
    if settings.door.light.is_none() {
        let what =
            "[camera.light]: there is none; wire an LED beside the lens and add [camera.light] pin = N";
        return Err(CommandError::Device(what.to_owned()));
    }
    match ask(&context.socket(&settings), Request::Status) {
        Err(ControlError::Socket { .. }) => {}
        Err(error) => return Err(error.into()),
        Ok(_) => {
            let what = "the daemon holds the camera and the light; stop it first: systemctl stop limen";
            return Err(CommandError::Device(what.to_owned()));
        }
    }
    if settings.door.driver == Driver::DryRun {
        note("driver = \"dry-run\": nothing will be lit");
    }
    let models = context.models(&settings)?;
    let mut vision = Vision::new(Arc::clone(&models), settings.recognition.gate, Crops::Plain);
    vision.set_liveness(true);
    vision.set_light(true);
    let ending = told_to_end()?;
    let seen = Pulsed::watch(&settings, vision, &ending)?;
    let report = seen.report(models.liveness().light.clone());
    if context.json {
        say_json(&report.as_json());
    } else {
        report.lines().iter().for_each(|line| say(line));
    }
    Ok(CommandOutcome::of(report.calibrated.is_some()))
}

/// What was seen while the light was pulsed.
struct Pulsed {
    light: FaceLight,
    calibration: Calibration,
    evidence: LightEvidence,
}

impl Pulsed {
    fn watch(settings: &Settings, vision: Vision, ending: &AtomicBool) -> Result<Self, CommandError> {
        let camera = V4lCamera::open(&settings.camera)?;
        let light = open_light(&settings.door)?;
        let mut pulsed =
            Self { light, calibration: Calibration::default(), evidence: LightEvidence::default() };
        let (mut camera, mut vision) = (camera, vision);
        pulsed.pass(&mut camera, &mut vision, clocks::moment() + SETTLING, ending)?;
        let pattern = draw_light();
        if pattern.is_none() {
            return Err(CommandError::Device(
                "the kernel gives no random numbers; the light stays dark".to_owned(),
            ));
        }
        pulsed.calibration = Calibration::default();
        pulsed.light.show(clocks::moment(), pattern);
        let watched = pulsed.pass(&mut camera, &mut vision, clocks::moment() + PULSES, ending);
        pulsed.light.show(clocks::moment(), None);
        watched.map(|()| pulsed)
    }

    /// Looks at frames until then, and drives the light.
    fn pass(
        &mut self,
        camera: &mut V4lCamera,
        vision: &mut Vision,
        until: Moment,
        ending: &AtomicBool,
    ) -> Result<(), CommandError> {
        while clocks::moment() < until {
            if ending.load(Ordering::Relaxed) {
                return Err(CommandError::Device("interrupted; the light is dark again".to_owned()));
            }
            self.turn();
            let Some(frame) = camera.next(PATIENCE)? else { continue };
            self.turn();
            // A damaged frame says nothing; the next one does.
            let (Ok(glance), Ok(seen)) = (scene(&frame), see(vision, &frame)) else { continue };
            self.calibration.add(frame.taken, &glance);
            if let Some(motion) = &seen.look.motion {
                self.evidence.add(motion.track, frame.taken, seen.look.reflection);
            }
        }
        Ok(())
    }

    /// Changes the light, if that is due.
    fn turn(&mut self) {
        let now = clocks::moment();
        if self.light.next_turn().is_some_and(|turn| turn <= now) {
            self.light.let_time_pass(now);
        }
    }

    fn report(&self, model: LightModel) -> LightReport {
        let changes = self.light.state().read().changes();
        let calibrated = self.calibration.result(&changes);
        let face = calibrated.and_then(|found| self.evidence.difference(&changes, found.delay));
        LightReport { calibrated, face, model }
    }
}

/// What is told.
struct LightReport {
    calibrated: Option<Calibrated>,
    face: Option<Difference>,
    model: LightModel,
}

impl LightReport {
    fn as_json(&self) -> serde_json::Value {
        let face = self.face.map(|face| {
            let (difference, ratio) = match face.is_answer() {
                true => (Some(face.normalised().0), Some(self.ratio(&face))),
                false => (None, None),
            };
            json!({ "nose": face.nose, "sides": face.sides, "beside": face.beside, "difference": difference, "ratio": ratio })
        });
        json!({
            "delay_ms": self.calibrated.map(|found| found.delay.as_millis() as u64),
            "change": self.calibrated.map(|found| found.change),
            "face": face,
            "advice": self.advice(),
        })
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(Calibrated { delay, change }) = self.calibrated {
            lines.push(format!("delay    the picture follows the line after {} ms", delay.as_millis()));
            lines.push(format!("scene    brighter by {change:.0} of 255 where it changes most"));
        }
        if let Some(face) = self.face {
            let percent = |by: f32| format!("{:+.0} %", 100.0 * (by.exp() - 1.0));
            let beside = face.beside.map_or("outside the picture".to_owned(), percent);
            lines.push(format!(
                "face     nose {}, sides {}, background {beside}, over {} pulses",
                percent(face.nose),
                percent(face.sides),
                face.pairs
            ));
            if face.is_answer() {
                let (difference, _) = face.normalised();
                let ratio = self.ratio(&face);
                lines.push(format!(
                    "says     difference {difference:+.2}: log ratio {ratio:+.1} for a solid head"
                ));
            }
        }
        lines.extend(self.advice().into_iter().map(|advice| format!("advice   {advice}")));
        lines
    }

    fn ratio(&self, face: &Difference) -> f32 {
        let (difference, error) = face.normalised();
        self.model.ratio(difference, error).get()
    }

    /// What to change, the most important first; nothing if all is well.
    fn advice(&self) -> Vec<&'static str> {
        let Some(Calibrated { delay, .. }) = self.calibrated else {
            return vec![
                "nothing in the picture changes with the light: check the wire, [camera.light] pin and active, and that the \
                 camera sees what the LED lights (an infrared one needs a camera without a filter); nobody may walk about",
            ];
        };
        let mut advice = Vec::new();
        if delay >= LONG_DELAY {
            advice.push(
                "the picture follows late: ask for more frames a second ([camera] fps) or another format",
            );
        }
        match &self.face {
            None => advice.push("no face looked to the camera: stand before it, half a metre to a metre away, and try again"),
            Some(face) if !face.is_answer() => advice.push(
                "the face hardly becomes brighter: use a stronger LED, nearer to the door, or keep daylight off the face",
            ),
            Some(face) if face.normalised().0 < EVEN => advice.push(
                "nose and sides become brighter alike, as a sheet does: mount the LED beside the lens, not at the side of the \
                 door, and keep white walls away that throw its light back from the sides",
            ),
            Some(_) => {}
        }
        advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limen_vision::model::{EmbedderChoice, Models};

    fn report(delay: Option<u64>, face: Option<(f32, f32)>) -> LightReport {
        let model =
            Models::load(&EmbedderChoice::BuiltIn).expect("built-in models load").liveness().light.clone();
        let calibrated = delay.map(|ms| Calibrated { delay: Duration::from_millis(ms), change: 12.0 });
        let face = face.map(|(nose, sides)| Difference {
            nose,
            sides,
            beside: Some(0.02),
            error: 0.01,
            noise: 0.01,
            pairs: 8,
        });
        LightReport { calibrated, face, model }
    }

    #[test]
    fn each_thing_that_is_wrong_has_its_advice_and_a_good_light_has_none() {
        for (delay, face, says) in [
            (None, None, "nothing in the picture changes"),
            (Some(60), None, "no face looked to the camera"),
            (Some(60), Some((0.01, 0.01)), "hardly becomes brighter"),
            (Some(60), Some((0.3, 0.3)), "as a sheet does"),
            (Some(240), Some((0.4, 0.15)), "follows late"),
        ] {
            let advice = report(delay, face).advice();
            assert!(advice.len() == 1 && advice[0].contains(says), "{says}: {advice:?}");
        }
        assert!(report(Some(60), Some((0.4, 0.15))).advice().is_empty());
    }

    #[test]
    fn delay_change_and_difference_are_told_in_words_and_as_json() {
        let good = report(Some(60), Some((0.4, 0.15)));
        let lines = good.lines().join("\n");
        for part in
            ["after 60 ms", "by 12 of 255", "nose +49 %, sides +16 %, background +2 %", "difference +0.6"]
        {
            assert!(lines.contains(part), "{part}: {lines}");
        }
        let json = good.as_json();
        assert_eq!((&json["delay_ms"], json["advice"].as_array().map(Vec::len)), (&json!(60), Some(0)));
        assert!(json["face"]["ratio"].as_f64().is_some_and(|ratio| ratio > 0.0), "{json}");
        assert!(report(None, None).as_json()["face"].is_null());
    }
}
