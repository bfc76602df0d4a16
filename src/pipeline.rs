//! From a camera's frame to what the policy hears: the way that `run`, `demo` and `bench` share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::camera::pixels::PixelError;
use crate::camera::raw::Raw;
use crate::config::{RecognitionSettings, Settings};
use crate::door::Driver;
use crate::event::{Observation, TrackId};
use crate::frame::Frame;
use crate::matching::cohort::{Cohort, CohortError, CohortFacts};
use crate::matching::scoring::Scoring;
use crate::matching::thresholds::{TRIES_PER_ATTEMPT, ThresholdError, Thresholds};
use crate::matching::{Matcher, Rule};
use crate::policy::Event;
use crate::vision::model::{CohortFile, Entry, ModelError, Models};
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

/// What one frame showed, and what it cost before anything was looked at.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What the vision saw.
    pub look: Look,
    /// Making the camera's bytes ready to be looked at: checking them, and decoding a JPEG. Other formats are decoded
    /// as far as a stage looks at them, which counts to that stage.
    pub decode: Duration,
}

/// Looks at a frame.
pub fn see(vision: &mut Vision, frame: &Frame) -> Result<Seen, PipelineError> {
    let start = Instant::now();
    let raw = Raw::of(frame)?;
    let decode = start.elapsed();
    Ok(Seen { look: vision.look(&raw, frame.taken)?, decode })
}

/// Compares what was seen with the gallery and puts it into the policy's words.
pub fn observe(matcher: &mut Matcher, look: &Look) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(sighting) = &look.nearest {
        events.push(match &sighting.face {
            Ok(face) => {
                let (embedding, crops, weight) = (face.embedding(), face.crops(), face.quality.weight());
                let observation = matcher.observe(sighting.track, look.taken, embedding, crops, weight);
                Event::Observed(Observation { others: look.others, ..observation })
            }
            Err(why) => Event::Unusable { track: sighting.track, taken: look.taken, why: *why },
        });
    }
    for track in &look.ended {
        matcher.forget(*track);
        events.push(Event::TrackEnded(*track));
    }
    events
}

/// The track whose decision is close, if one is: its next frames deserve a closer look.
pub fn look_closer(events: &[Event]) -> Option<TrackId> {
    events.iter().find_map(|event| match event {
        Event::Observed(observation) if observation.look_closer => Some(observation.track),
        _ => None,
    })
}

/// What a decision is made on, which says how many tries a stranger has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// A track before the door.
    Track,
    /// One photograph.
    Photograph,
}

/// Why there is no rule to decide by.
#[derive(Debug, Error)]
pub enum RuleError {
    /// No threshold for this model.
    #[error(transparent)]
    Threshold(#[from] ThresholdError),
    /// The model's cohort is not what its manifest says.
    #[error(transparent)]
    Cohort(#[from] CohortError),
}

/// How embeddings of these models are compared. A fixed distance is a distance: nothing is centred then.
pub fn scoring(recognition: &RecognitionSettings, models: &Models) -> Result<Scoring, RuleError> {
    let entry = models.embedder.entry();
    match recognition.max_distance {
        Some(_) => Ok(Scoring::new(entry.metric, None)),
        None => Ok(centred(entry, models.cohort())?),
    }
}

/// By the metric of a manifest entry, centred with its cohort if it has one.
pub fn centred(entry: &Entry, cohort: Option<&[u8]>) -> Result<Scoring, CohortError> {
    let (Some(file), Some(bytes)) = (&entry.cohort, cohort) else {
        return Ok(Scoring::new(entry.metric, None));
    };
    let CohortFile { name, vectors, dimensions, nearest, scale, .. } = file;
    let facts =
        CohortFacts { name, vectors: *vectors, dimensions: *dimensions, nearest: *nearest, scale: *scale };
    let cohort = Cohort::new(&facts, entry.metric, bytes)?;
    Ok(Scoring::new(entry.metric, Some(Arc::new(cohort))))
}

/// The thresholds that the configuration asks for, with these models compared in this way.
pub fn thresholds(
    recognition: &RecognitionSettings,
    models: &Models,
    scoring: &Scoring,
    attempt: Attempt,
) -> Result<Thresholds, ThresholdError> {
    let (manifest, model) = (models.manifest(), &models.embedder.entry().name);
    let tries = if attempt == Attempt::Track { TRIES_PER_ATTEMPT } else { 1 };
    match recognition.max_distance {
        Some(distance) => Thresholds::fixed(manifest, model, distance),
        None => Thresholds::for_target(manifest, model, scoring.cohort(), recognition.target_far, tries),
    }
}

/// Whether a manifest's model has error-rate tables for its cohort; an error if they are not tables.
pub fn is_measured(manifest: &str, entry: &Entry) -> Result<bool, ThresholdError> {
    let cohort = entry.cohort.as_ref().map_or("none", |cohort| cohort.name.as_str());
    // Any rate does: the tables are there for all or for none.
    match Thresholds::for_target(manifest, &entry.name, cohort, 1e-4, TRIES_PER_ATTEMPT) {
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

/// How the daemon decides: fused probes, as many frames as the policy looks back.
pub fn rule(settings: &Settings, models: &Models, scoring: &Scoring) -> Result<Rule, ThresholdError> {
    let recognition = &settings.recognition;
    Ok(Rule {
        thresholds: thresholds(recognition, models, scoring, Attempt::Track)?,
        margin: recognition.margin,
        look_alikes: recognition.look_alikes.clone(),
        window: settings.rules.window,
    })
}
