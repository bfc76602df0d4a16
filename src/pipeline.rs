//! From a camera's frame to what the policy hears: the way that `run`, `demo` and `bench` share.

use std::time::{Duration, Instant};

use thiserror::Error;

use crate::camera::pixels::{self, PixelError};
use crate::config::{RecognitionSettings, Settings};
use crate::door::Driver;
use crate::frame::Frame;
use crate::matching::thresholds::{TRIES_PER_ATTEMPT, ThresholdError, Thresholds};
use crate::matching::{Matcher, Rule};
use crate::policy::Event;
use crate::vision::model::{Entry, ModelError, Models};
use crate::vision::{Look, Vision};

/// Why a frame gave nothing.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The frame's bytes are not what the camera promised; the frame is dropped and counted.
    #[error("a frame was dropped: {0}")]
    Pixels(#[from] PixelError),
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What one frame showed, and what it cost to decode.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What the vision saw.
    pub look: Look,
    /// Turning the camera's bytes into a picture.
    pub decode: Duration,
}

/// Decodes a frame and looks at it.
pub fn see(vision: &mut Vision, frame: &Frame) -> Result<Seen, PipelineError> {
    let start = Instant::now();
    let picture = pixels::decode(frame)?;
    let decode = start.elapsed();
    Ok(Seen { look: vision.look(&picture, frame.taken)?, decode })
}

/// Compares what was seen with the gallery and puts it into the policy's words.
pub fn observe(matcher: &mut Matcher, look: &Look) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(sighting) = &look.nearest {
        events.push(match &sighting.face {
            Ok(face) => Event::Observed(matcher.observe(
                sighting.track,
                look.taken,
                face.embedding(),
                face.quality.weight(),
            )),
            Err(why) => Event::Unusable { track: sighting.track, taken: look.taken, why: *why },
        });
    }
    for track in &look.ended {
        matcher.forget(*track);
        events.push(Event::TrackEnded(*track));
    }
    events
}

/// The crops that probes and templates are made of, as the error-rate tables name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeCrops {
    /// Plain probes against templates that hold the mirrored crops too: one run of the network a frame.
    Door,
    /// Mirrored crops on both sides: for single photographs, where time matters less.
    Photograph,
}

impl ProbeCrops {
    fn table(self) -> &'static str {
        match self {
            Self::Door => "mirrored-template",
            Self::Photograph => "mirrored",
        }
    }
}

/// The thresholds that the configuration asks for, with these models.
pub fn thresholds(
    recognition: &RecognitionSettings,
    models: &Models,
    crops: ProbeCrops,
) -> Result<Thresholds, ThresholdError> {
    let (manifest, model) = (models.manifest(), &models.embedder.entry().name);
    let tries = if crops == ProbeCrops::Door { TRIES_PER_ATTEMPT } else { 1 };
    match recognition.max_distance {
        Some(distance) => Thresholds::fixed(manifest, model, crops.table(), distance),
        None => Thresholds::for_target(manifest, model, crops.table(), recognition.target_far, tries),
    }
}

/// Whether the error rates of a manifest's model were measured for the door's crops; an error if its tables
/// are not tables.
pub fn is_measured(manifest: &str, model: &str) -> Result<bool, ThresholdError> {
    // Any rate does: the tables are there for all or for none.
    match Thresholds::for_target(manifest, model, ProbeCrops::Door.table(), 1e-4, TRIES_PER_ATTEMPT) {
        Ok(_) => Ok(true),
        Err(ThresholdError::NoTable(..)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// An untrained network never drives a real lock, whatever else the configuration says.
pub fn may_drive(settings: &Settings, embedder: &Entry) -> Result<(), ModelError> {
    if embedder.trained || settings.door.driver == Driver::DryRun {
        return Ok(());
    }
    Err(ModelError::Untrained(embedder.name.clone()))
}

/// How the daemon decides: fused probes of the door's crops, as many frames as the policy looks back.
pub fn rule(settings: &Settings, models: &Models) -> Result<Rule, ThresholdError> {
    Ok(Rule {
        thresholds: thresholds(&settings.recognition, models, ProbeCrops::Door)?,
        margin: settings.recognition.margin,
        window: settings.rules.window,
    })
}
