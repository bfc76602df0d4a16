//! Follows faces over a camera's frames, with no more work than a frame is worth.
//!
//! The detector searches the picture; between two searches a single face is followed by its own mesh, as
//! MediaPipe does: the landmark network looks where the face was in the frame before, says whether one is
//! there, and how it moved. What it does not vouch for is searched for in the same frame, so that no frame
//! counts for a face that was not seen in it.

use std::sync::Arc;

use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_core::event::{TrackId, Unusable};

use super::attention::{Attention, Plan};
use super::detect::Detection;
use super::landmarks::Mesh;
use super::model::{ModelError, Models};
use super::quality::Gate;
use super::track::Tracker;
use super::upright::Mounting;
use crate::face::{Face, Timing, WayUp, timed};
use crate::frame::{Glance, View};
use crate::geometry::{Point, Rect, Similarity};
use crate::stages::Stages;

/// How sure the landmark network must be, 0 to 1, that a face it was led to is still there, whatever the gate
/// asks for; the value at which MediaPipe goes back to its detector.
const SURE: f32 = 0.5;

/// One face in one frame.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The face, followed over frames.
    pub track: TrackId,
    /// Its box, in pixels of the frame.
    pub bounds: Rect,
    /// Its embedding, or why there is none.
    pub face: Result<Face, Unusable>,
}

/// What one frame showed.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// When the frame was taken.
    pub taken: Moment,
    /// The nearest face, which alone decides.
    pub nearest: Option<Sighting>,
    /// How many faces there were.
    pub faces: usize,
    /// How many of them, the nearest left out, belong to somebody alive: a face that never moves is a poster.
    pub others: usize,
    /// The picture shows nothing.
    pub blind: bool,
    /// Tracks that have ended.
    pub ended: Vec<TrackId>,
    /// What was done with the frame.
    pub plan: Plan,
    /// What it cost.
    pub timing: Timing,
}

/// The one face of the last frame.
#[derive(Debug)]
struct Followed {
    track: TrackId,
    detection: Detection,
    points: Vec<Point>,
}

/// Follows faces over a camera's frames.
#[derive(Debug)]
pub struct Vision {
    stages: Stages,
    tracker: Tracker,
    attention: Attention,
    followed: Option<Followed>,
    /// The last search saw nothing at all.
    blind: bool,
    closer: Option<TrackId>,
    /// The face that was found to be the right way up.
    upright: Option<TrackId>,
    mounting: Mounting,
}

impl Vision {
    /// A vision that has seen nothing yet.
    pub fn new(models: Arc<Models>, gate: Gate, crops: Crops) -> Self {
        Self {
            stages: Stages { models, gate, crops },
            tracker: Tracker::default(),
            attention: Attention::default(),
            followed: None,
            blind: false,
            closer: None,
            upright: None,
            mounting: Mounting::default(),
        }
    }

    /// Judges faces by this gate from now on.
    pub fn replace_gate(&mut self, gate: Gate) {
        self.stages.gate = gate;
    }

    /// Embeds the mirrored crop too for this track from now on: its decision is close.
    pub fn look_closer(&mut self, track: TrackId) {
        self.closer = Some(track);
    }

    /// Looks at a frame. Of several faces only the nearest, the largest box, is embedded: the door answers
    /// one person at a time.
    pub fn look(&mut self, view: &dyn View, taken: Moment) -> Result<Look, ModelError> {
        let mut timing = Timing::default();
        let glance = || timed(&mut timing.glance, || view.glance());
        match self.attention.plan(taken, self.followed.is_some(), glance) {
            Plan::Rest => {
                let ended = self.tracker.follow(&[], taken).1;
                Ok(Look { taken, ended, blind: self.blind, plan: Plan::Rest, timing, ..Look::default() })
            }
            Plan::Search => self.search(view, taken, timing),
            Plan::Follow => match self.follow(view, taken, &mut timing)? {
                Some(look) => Ok(look),
                None => self.search(view, taken, timing),
            },
        }
    }

    /// Forgets every track, as after a lost camera, and names them.
    pub fn forget(&mut self) -> Vec<TrackId> {
        (self.attention, self.followed) = (Attention::default(), None);
        self.tracker.end_all()
    }

    fn search(&mut self, view: &dyn View, taken: Moment, mut timing: Timing) -> Result<Look, ModelError> {
        self.followed = None;
        let detections = self.stages.detect(view, &mut timing)?;
        let boxes: Vec<Rect> = detections.iter().map(|d| d.bounds).collect();
        let (ids, ended) = self.tracker.follow(&boxes, taken);
        let deserted = self.tracker.is_empty();
        let empty = deserted.then(|| timed(&mut timing.glance, || view.glance()));
        self.blind = empty.as_ref().is_some_and(Glance::shows_nothing);
        self.attention.searched(taken, empty);
        let largest =
            detections.iter().zip(&ids).max_by(|(a, _), (b, _)| a.bounds.area().total_cmp(&b.bounds.area()));
        let nearest = match largest {
            None => None,
            Some((detection, &track)) => {
                let (crops, way_up) = (self.crops(track), self.way_up(track));
                let (mesh, face) = self.stages.face(view, detection, crops, way_up, &mut timing)?;
                self.notice_way_up(track, &face);
                if let (Some(mesh), true) = (mesh, self.tracker.follows_only(track)) {
                    self.keep(track, detection.clone(), mesh);
                }
                Some(Sighting { track, bounds: detection.bounds, face })
            }
        };
        let faces = detections.len();
        let others = nearest.as_ref().map_or(0, |nearest| self.living_beside(nearest.track, &ids));
        let (blind, plan) = (self.blind, Plan::Search);
        Ok(Look { taken, nearest, faces, others, blind, ended, plan, timing })
    }

    /// Looks where the face was; nothing if the landmark network does not see one there, or one that moved so far
    /// that it may be somebody else.
    fn follow(
        &mut self,
        view: &dyn View,
        taken: Moment,
        timing: &mut Timing,
    ) -> Result<Option<Look>, ModelError> {
        let Some(Followed { track, detection, points }) = self.followed.take() else { return Ok(None) };
        let mesh = self.stages.mesh(view, &detection, timing)?;
        if !is_sure(&mesh) {
            return Ok(None);
        }
        let Some(moved) = Similarity::fit(&points, &mesh.points).map(|by| detection.moved(&by)) else {
            return Ok(None);
        };
        if !self.tracker.continues(track, &moved.bounds, taken) {
            return Ok(None);
        }
        let (_, ended) = self.tracker.follow(&[moved.bounds], taken);
        self.attention.followed();
        let face = self.stages.judge(view, &mesh, self.crops(track), timing)?;
        let sighting = Sighting { track, bounds: moved.bounds, face };
        self.keep(track, moved, mesh);
        let (plan, timing) = (Plan::Follow, *timing);
        Ok(Some(Look { taken, nearest: Some(sighting), faces: 1, ended, plan, timing, ..Look::default() }))
    }

    /// A head does not turn over while it is followed: to ask once is enough.
    fn way_up(&self, track: TrackId) -> WayUp {
        if self.upright == Some(track) { WayUp::Known } else { WayUp::Unknown }
    }

    /// Remembers who is the right way up, and says in the journal if the camera may be mounted on its head.
    fn notice_way_up(&mut self, track: TrackId, face: &Result<Face, Unusable>) {
        let upside_down = match face {
            Err(Unusable::UpsideDown) => true,
            Ok(_) => false,
            Err(_) => return,
        };
        if !upside_down {
            self.upright = Some(track);
        }
        if self.mounting.saw(track, upside_down) {
            log::warn!(
                "every face is upside down: is the camera mounted on its head? mount it upright, or have its driver \
                 turn the picture (`v4l2-ctl --list-ctrls` shows whether it can: rotate, or both flips)"
            );
        }
    }

    fn living_beside(&self, nearest: TrackId, seen: &[TrackId]) -> usize {
        self.tracker.moving().filter(|id| seen.contains(id) && *id != nearest).count()
    }

    /// Where to look in the next frame.
    fn keep(&mut self, track: TrackId, detection: Detection, mesh: Mesh) {
        if is_sure(&mesh) {
            self.followed = Some(Followed { track, detection, points: mesh.points });
        }
    }

    fn crops(&self, track: TrackId) -> Crops {
        if self.closer == Some(track) { Crops::Mirrored } else { self.stages.crops }
    }
}

fn is_sure(mesh: &Mesh) -> bool {
    mesh.presence >= SURE
}
