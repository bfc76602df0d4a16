//! From a camera's frame to the policy's events: shared by `run`, `demo` and `bench`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use limen_core::embedding::{Crops, Distance, Metric};
use limen_core::event::{LogRatio, Motion, Observation, TrackId};
use limen_core::people::Gallery;
use limen_core::policy::{Event, Rules};
use limen_vision::follow::{Look, Vision};
use limen_vision::frame::{Frame, Glance, View as _};
use limen_vision::matching::cohort::{Cohort, CohortError, CohortFacts};
use limen_vision::matching::scoring::Scoring;
use limen_vision::matching::thresholds::{Case, Promise, TRIES_PER_ATTEMPT, ThresholdError, Thresholds};
use limen_vision::matching::{Matcher, Rule};
use limen_vision::model::{CohortFile, ManifestEntry, ModelError, Models};
use limen_vision::pixels::decode::PixelError;
use limen_vision::pixels::raw::Raw;
use thiserror::Error;

use crate::config::{RecognitionSettings, Settings};
use crate::door::Driver;

/// How near two frames of one face must be if nothing else is known: as near as this fraction of strangers.
const STRANGERS_AS_NEAR: f64 = 1e-2;
/// The distance of directions 60 degrees apart. With trained networks strangers are about at a right angle,
/// 1.41 apart.
const SIXTY_DEGREES: f32 = 1.0;

/// Why a frame gave no result.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The frame's bytes are not what the camera promised. The frame is dropped and counted.
    #[error("a frame was dropped: {0}")]
    Pixels(#[from] PixelError),
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// The result of one frame, and the time to decode it.
#[derive(Debug, Clone, Default)]
pub struct SeenFrame {
    /// The result of the vision.
    pub look: Look,
    /// The time to check the camera's bytes and to decode a JPEG. Other formats are decoded by the stages, as
    /// far as they need it.
    pub decode: Duration,
    /// The rough brightness of the whole frame, while a light is calibrated.
    pub scene: Option<Glance>,
}

impl SeenFrame {
    /// Each stage with its time; zero for one that was left out.
    pub fn stages(&self) -> [(&'static str, Duration); 7] {
        let timing = &self.look.timing;
        [
            ("decode", self.decode),
            ("glance", timing.glance),
            ("detect", timing.detect),
            ("landmarks", timing.landmarks),
            ("align", timing.align),
            ("embed", timing.embed),
            ("liveness", timing.liveness),
        ]
    }
}

/// Analyses a frame.
pub fn see(vision: &mut Vision, frame: &Frame) -> Result<SeenFrame, PipelineError> {
    let start = Instant::now();
    let raw = Raw::of(frame)?;
    let decode = start.elapsed();
    Ok(SeenFrame { look: vision.look(&raw, frame.taken)?, decode, scene: None })
}

/// The rough brightness of a frame.
pub fn scene(frame: &Frame) -> Result<Glance, PixelError> {
    Ok(Raw::of(frame)?.glance())
}

/// The rules with the limits that were measured for these networks: from where on a movement is that of a solid head.
pub fn with_limits(mut rules: Rules, models: &Models) -> Rules {
    rules.liveness.limits = models.liveness_limits();
    rules
}

/// Compares the faces with the gallery, and returns events for the policy. How the nearest face moved comes first, so
/// that a recognition in the same frame finds it; `light`: what the door's light has shown of that face.
pub fn observe(matcher: &mut Matcher, look: &Look, light: Option<LogRatio>) -> Vec<Event> {
    let motion = look.motion.clone().map(|motion| Motion { light, ..motion });
    let mut events: Vec<Event> = motion.map(Event::Moved).into_iter().collect();
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

/// The track whose score is close to the threshold, if there is one: its next frames should embed both crops.
pub fn look_closer(events: &[Event]) -> Option<TrackId> {
    events.iter().find_map(|event| match event {
        Event::Observed(observation) if observation.look_closer => Some(observation.track),
        _ => None,
    })
}

/// What a decision is based on, and so how many tries a stranger has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// A track in front of the door.
    Track,
    /// A single photograph.
    Photograph,
}

/// Why there is no rule for decisions.
#[derive(Debug, Error)]
pub enum RuleError {
    /// There is no threshold for this model.
    #[error(transparent)]
    Threshold(#[from] ThresholdError),
    /// The model's cohort is not what its manifest says.
    #[error(transparent)]
    Cohort(#[from] CohortError),
}

/// How embeddings of these models are compared. With a fixed distance nothing is centred.
pub fn scoring(recognition: &RecognitionSettings, models: &Models) -> Result<Scoring, RuleError> {
    let entry = models.embedder.entry();
    match recognition.max_distance {
        Some(_) => Ok(Scoring::new(entry.metric, None)),
        None => Ok(centred(entry, models.cohort())?),
    }
}

/// By the metric of a manifest entry, centred with its cohort if it has one.
pub fn centred(entry: &ManifestEntry, cohort: Option<&[u8]>) -> Result<Scoring, CohortError> {
    let (Some(file), Some(bytes)) = (&entry.cohort, cohort) else {
        return Ok(Scoring::new(entry.metric, None));
    };
    let CohortFile { name, vectors, dimensions, nearest, scale, .. } = file;
    let facts =
        CohortFacts { name, vectors: *vectors, dimensions: *dimensions, nearest: *nearest, scale: *scale };
    let cohort = Cohort::new(&facts, entry.metric, bytes)?;
    Ok(Scoring::new(entry.metric, Some(Arc::new(cohort))))
}

/// The configured thresholds, for these models compared in this way.
pub fn thresholds(
    recognition: &RecognitionSettings,
    models: &Models,
    scoring: &Scoring,
    attempt: Attempt,
) -> Result<Thresholds, ThresholdError> {
    let entry = models.embedder.entry();
    let (manifest, model) = (models.manifest(), &entry.name);
    let tries = if attempt == Attempt::Track { TRIES_PER_ATTEMPT } else { 1 };
    match recognition.max_distance {
        Some(distance) => Thresholds::fixed(manifest, model, entry.metric, distance),
        None => Thresholds::for_target(manifest, model, scoring.cohort(), recognition.target_far, tries),
    }
}

/// The largest distance of two frames of one track that show the same face, by the network's metric.
///
/// It is the manifest's `same-face`. Without that, it is the distance that one stranger in a hundred reaches,
/// one photograph against one, by the tables without a cohort. Without those, it is an angle of 60 degrees;
/// or, for a network that is compared by distance and has no known scale, twice the largest distance that
/// opens: two frames within that of the same template are no farther apart.
pub fn same_face(recognition: &RecognitionSettings, models: &Models) -> Result<Distance, ThresholdError> {
    same_face_of(models.embedder.entry(), models.manifest(), recognition.max_distance)
}

fn same_face_of(
    entry: &ManifestEntry,
    manifest: &str,
    max_distance: Option<Distance>,
) -> Result<Distance, ThresholdError> {
    let by_tables = || match Thresholds::for_target(manifest, &entry.name, "none", STRANGERS_AS_NEAR, 1) {
        Ok(thresholds) => {
            let one = Case { people: 1, photographs: 1, frames: 1, crops: Crops::Plain };
            Ok(Distance::new(thresholds.threshold(one).get()))
        }
        Err(ThresholdError::NoTable(..)) => Ok(None),
        Err(error) => Err(error),
    };
    let by_metric = || match entry.metric {
        Metric::Cosine => Distance::new(SIXTY_DEGREES),
        Metric::L2 => max_distance.and_then(|largest| Distance::new(2.0 * largest.get())),
    };
    let found = match entry.same_face {
        Some(said) => Some(said),
        None => by_tables()?.or_else(by_metric),
    };
    found.ok_or_else(|| ThresholdError::NoSameFace(entry.name.clone()))
}

/// The target for a gallery and the rate that is reached, which is higher if the tables have no threshold for
/// so many people. `None` with a fixed distance, which promises nothing.
pub fn promise(thresholds: &Thresholds, gallery: &Gallery, frames: usize) -> Option<Promise> {
    let people = gallery.people();
    let photographs: BTreeSet<usize> = people.iter().map(|person| person.enrolled).collect();
    // For an empty gallery, use the values for the first person.
    let photographs = if photographs.is_empty() { BTreeSet::from([1]) } else { photographs };
    thresholds.promise_at_a_door(people.len(), photographs, u32::try_from(frames).unwrap_or(u32::MAX))
}

/// The message about a target that is not met, with the remedy; `None` if it is met.
pub fn shortfall(promise: &Promise) -> Option<String> {
    let Promise { asked, met, people } = *promise;
    (!promise.is_kept()).then(|| {
        format!(
            "target-far = {asked:e} is not met: the error-rate tables keep it for {people} people at most, and with so many \
             as are enrolled a stranger's attempt succeeds once in {:.0}; ask for target-far = {}, enrol fewer people at this door, \
             or ask for a PIN or a card besides the face",
            1.0 / met,
            rounded_up(met),
        )
    })
}

/// A rate rounded up to two digits, as it is written in a configuration.
fn rounded_up(rate: f64) -> String {
    let unit = 10f64.powf(rate.log10().floor() - 1.0);
    format!("{:.1e}", (rate / unit - 1e-9).ceil() * unit)
}

/// Whether a manifest's model has error-rate tables for its cohort; an error if the tables are wrong.
pub fn is_measured(manifest: &str, entry: &ManifestEntry) -> Result<bool, ThresholdError> {
    let cohort = entry.cohort.as_ref().map_or("none", |cohort| cohort.name.as_str());
    // Any rate will do: there are tables for all rates or for none.
    match Thresholds::for_target(manifest, &entry.name, cohort, 1e-4, TRIES_PER_ATTEMPT) {
        Ok(_) => Ok(true),
        Err(ThresholdError::NoTable(..)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// An untrained network never drives a real lock, whatever the configuration says.
pub fn may_drive(settings: &Settings, embedder: &ManifestEntry) -> Result<(), ModelError> {
    if embedder.trained || settings.door.driver == Driver::DryRun {
        return Ok(());
    }
    Err(ModelError::Untrained(embedder.name.clone()))
}

/// How the daemon decides: with fused probes of as many frames as the policy considers.
pub fn rule(settings: &Settings, models: &Models, scoring: &Scoring) -> Result<Rule, ThresholdError> {
    let recognition = &settings.recognition;
    Ok(Rule {
        thresholds: thresholds(recognition, models, scoring, Attempt::Track)?,
        margin: recognition.margin,
        look_alikes: recognition.look_alikes.clone(),
        window: settings.rules.window,
        same_face: same_face(recognition, models)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use limen_vision::model::Manifest;

    const MEANS: &str = include_str!("../tests/data/networks/means.toml");
    const TABLE: &str = "[[model.error-rates]]\ncohort = \"none\"\ncrops = \"mirrored\"\ntemplates = 1\n\
        frames = 1\nrates = [[1e-2, 13.0], [1e-3, 9.0]]\n";

    /// The limit of a manifest with this metric instead, and these lines at its end.
    fn limit(metric: &str, more: &str, max_distance: Option<f32>) -> Result<f32, ThresholdError> {
        let text = format!("{}{more}", MEANS.replacen("metric = \"cosine\"", metric, 1));
        let manifest = Manifest::parse(&text).expect("no mistake");
        let max_distance = max_distance.map(|distance| Distance::new(distance).expect("a distance"));
        same_face_of(&manifest.entries()[0], &text, max_distance).map(Distance::get)
    }

    #[test]
    fn how_far_frames_of_one_face_may_be_apart_is_what_the_manifest_says_or_follows_from_what_is_known() {
        assert_eq!(limit("metric = \"l2\"\nsame-face = 11.5", TABLE, Some(9.0)), Ok(11.5));
        assert_eq!(limit("metric = \"l2\"", TABLE, Some(9.0)), Ok(13.0), "one stranger in a hundred");
        assert_eq!(limit("metric = \"cosine\"", "", None), Ok(1.0), "60 degrees");
        assert_eq!(limit("metric = \"l2\"", "", Some(9.0)), Ok(18.0), "twice what opens");
    }

    #[test]
    fn a_target_that_is_not_met_is_said_with_what_is_met_and_the_remedy() {
        let said = shortfall(&Promise { asked: 1e-4, met: 2.9951e-3, people: 3333 }).expect("not met");
        for part in
            ["target-far = 1e-4 is not met", "3333 people at most", "once in 334", "target-far = 3.0e-3"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(shortfall(&Promise { asked: 1e-4, met: 1e-4, people: 3333 }), None);
    }

    #[test]
    fn where_nothing_is_known_of_the_scale_the_manifest_must_say_it() {
        let error = limit("metric = \"l2\"", "", None).expect_err("unknown").to_string();
        assert!(error.contains("add same-face = DISTANCE"), "{error}");
    }
}
