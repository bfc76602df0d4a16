//! What is measured on every frame of a clip, for fitting the distributions of solid heads and of sheets.

use std::sync::Arc;

use limen_core::clock::Moment;
use limen_vision::detect::{Detection, detect};
use limen_vision::frame::View;
use limen_vision::geometry::{Point, Similarity};
use limen_vision::landmarks::find_mesh;
use limen_vision::liveness::parallax::{Follower, Parallax};
use limen_vision::model::{ModelError, Models};
use serde::Serialize;

use super::clip::{Clip, ClipError};
use super::watch::{each_frame, moment};

/// The smallest presence score at which a followed face counts as still there, as at the door.
const SURE: f32 = 0.5;

/// A frame's measurements, against the frontal frame of its track. What could not be measured is left empty.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameFeatures {
    /// What is shown.
    pub species: String,
    /// The clip.
    pub clip: String,
    /// Whether a living person stands there.
    pub live: bool,
    /// When the frame was taken, in milliseconds of the clip's clock.
    pub taken_ms: f64,
    /// The change of the mesh's turn since the face was at rest, in degrees; to the right of the picture if positive.
    pub yaw: Option<f32>,
    /// The change of the mesh's nod, in degrees.
    pub pitch: Option<f32>,
    /// The change of the nose tip's offset, by the mesh.
    pub nose_offset: Option<f32>,
    /// The size of the face, over that in the frame in which its points were chosen.
    pub growth: Option<f32>,
    /// How far the nose leads the plane of the rest to the right, in distances between the eyes.
    pub nose_x: Option<f32>,
    /// The same, down.
    pub nose_y: Option<f32>,
    /// How much larger the nose has become than the plane makes it: the logarithm of the factor.
    pub swell: Option<f32>,
    /// The median distance of the rest from its plane.
    pub rest: Option<f32>,
}

/// The measurements of all frames of a clip. `done` is called after each.
///
/// # Errors
/// A frame cannot be read, has another size than the first, or a network failed.
pub fn features(clip: &Clip, models: &Arc<Models>, done: &dyn Fn()) -> Result<Vec<FrameFeatures>, ClipError> {
    let mut face = FollowedFace { models: Arc::clone(models), last: None, follower: Follower::default() };
    let mut all = Vec::new();
    each_frame(clip, done, |frame, picture| {
        let found = face.see(picture, moment(frame.taken))?;
        let nose = found.and_then(|found| found.nose);
        all.push(FrameFeatures {
            species: clip.species.clone(),
            clip: clip.name.clone(),
            live: clip.live,
            taken_ms: 1000.0 * frame.taken.as_secs_f64(),
            yaw: found.map(|found| found.yaw),
            pitch: found.map(|found| found.pitch),
            nose_offset: found.map(|found| found.nose_offset),
            growth: found.map(|found| found.growth),
            nose_x: nose.map(|nose| nose.x),
            nose_y: nose.map(|nose| nose.y),
            swell: nose.map(|nose| nose.swell),
            rest: nose.map(|nose| nose.rest),
        });
        Ok(())
    })?;
    Ok(all)
}

/// The largest face, followed from frame to frame as the door does it, but not embedded.
struct FollowedFace {
    models: Arc<Models>,
    last: Option<(Detection, Vec<Point>)>,
    follower: Follower,
}

impl FollowedFace {
    fn see(&mut self, view: &dyn View, taken: Moment) -> Result<Option<Parallax>, ModelError> {
        if let Some((detection, points)) = self.last.take() {
            let mesh = find_mesh(&self.models.landmarks, view, &detection)?;
            let moved = Similarity::fit(&points, &mesh.points).map(|by| detection.moved(&by));
            if let (Some(moved), true) = (moved, mesh.presence >= SURE) {
                let parallax = self.follower.see(view, &mesh, taken);
                self.last = Some((moved, mesh.points));
                return Ok(parallax);
            }
        }
        self.search(view, taken)
    }

    /// Looks for another face: what was measured before was another track.
    fn search(&mut self, view: &dyn View, taken: Moment) -> Result<Option<Parallax>, ModelError> {
        self.follower = Follower::default();
        let found = detect(&self.models.detector, view)?;
        let largest = found.into_iter().max_by(|a, b| a.bounds.area().total_cmp(&b.bounds.area()));
        let Some(largest) = largest else { return Ok(None) };
        let mesh = find_mesh(&self.models.landmarks, view, &largest)?;
        if mesh.presence < SURE {
            return Ok(None);
        }
        let parallax = self.follower.see(view, &mesh, taken);
        self.last = Some((largest, mesh.points));
        Ok(parallax)
    }
}
