//! Follows faces over a camera's frames and does only the work that each frame needs.
//!
//! The detector searches the picture. Between two searches the landmark network tracks a single face, as in
//! MediaPipe: it looks where the face was in the previous frame, and reports whether a face is there and how
//! it moved. If it finds no face, the detector searches the same frame. So a face that has left never counts.

use std::sync::Arc;

use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_core::event::{Motion, TrackId, Unusable};

use super::detect::Detection;
use super::frame_planner::{FramePlan, FramePlanner};
use super::landmarks::Mesh;
use super::liveness::light::{Reflection, reflection};
use super::liveness::parallax::Parallax;
use super::liveness::witness::{Likeness, Searched, Sight, Witness};
use super::model::{ModelError, Models};
use super::quality::Gate;
use super::track::Tracker;
use super::upright::Mounting;
use crate::face::{Face, Timing, WayUp, timed};
use crate::field::FieldOfView;
use crate::frame::{Glance, View};
use crate::geometry::{Point, Rect, Similarity};
use crate::stages::Stages;

/// The smallest presence score, 0 to 1, at which a followed face counts as still there. It does not depend on
/// the gate. MediaPipe uses the same value.
const SURE: f32 = 0.5;

/// A face in a frame.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The track of the face.
    pub track: TrackId,
    /// Its box, in pixels of the frame.
    pub bounds: Rect,
    /// The face with its embedding, or why there is none.
    pub face: Result<Face, Unusable>,
}

/// The result of one frame.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// When the frame was taken.
    pub taken: Moment,
    /// The nearest face, the only one that is embedded.
    pub nearest: Option<Sighting>,
    /// The number of faces.
    pub faces: usize,
    /// The number of other living faces. A face that never moves counts as a photograph.
    pub others: usize,
    /// How the nearest face moves, also where the gate refuses it. `None` if that is not watched, or without a mesh.
    pub motion: Option<Motion>,
    /// The measurement behind `motion`; `None` until the track has shown the face from the front.
    pub parallax: Option<Parallax>,
    /// How bright nose and sides of the nearest face are. `None` if that is not watched, or cannot be told.
    pub reflection: Option<Reflection>,
    /// Whether the frame shows nothing: the camera is covered or blinded, or there is no light.
    pub blind: bool,
    /// The tracks that have ended.
    pub ended: Vec<TrackId>,
    /// What was done with the frame.
    pub plan: FramePlan,
    /// The time that each stage took.
    pub timing: Timing,
}

/// The only face of the last frame.
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
    planner: FramePlanner,
    followed: Option<Followed>,
    /// Whether the last search found nothing in view: covered, blinded or dark.
    blind: bool,
    closer: Option<TrackId>,
    /// The track whose face is known to be upright.
    upright: Option<TrackId>,
    mounting: Mounting,
    field: FieldOfView,
    /// Watches how the nearest face moves, if asked to.
    witness: Option<Witness>,
    /// Whether the door has a light for faces.
    lit: bool,
}

/// If a larger fraction than this of a box lies in that of the nearest face, or the other way round, both claim one
/// place. The detector merges boxes that overlap much: one face is never found twice.
const CROWDED: f32 = 0.4;

impl Vision {
    /// A `Vision` that follows no face yet.
    pub fn new(models: Arc<Models>, gate: Gate, crops: Crops) -> Self {
        Self {
            stages: Stages { models, gate, crops },
            tracker: Tracker::default(),
            planner: FramePlanner::default(),
            followed: None,
            blind: false,
            closer: None,
            upright: None,
            mounting: Mounting::default(),
            field: FieldOfView::default(),
            witness: None,
            lit: false,
        }
    }

    /// Watches from now on how bright the nearest face is, for [`Look::reflection`], together with how it moves.
    pub fn set_light(&mut self, on: bool) {
        self.lit = on;
    }

    /// Watches from now on how the nearest face moves, for [`Look::motion`]; or does not. Off at first.
    pub fn set_liveness(&mut self, on: bool) {
        let models = &self.stages.models;
        let entry = models.embedder.entry();
        let likeness = Likeness { same_face: entry.same_face, turned_self: entry.turned_self };
        match (on, &self.witness) {
            (true, None) => self.witness = Some(Witness::new(models.liveness().clone(), likeness)),
            (true, Some(_)) => {}
            (false, _) => self.witness = None,
        }
    }

    /// Looks only there for faces, and only for faces that large, from now on. Everywhere for any at first.
    pub fn set_field(&mut self, field: FieldOfView) {
        self.field = field;
    }

    /// Uses this gate from now on.
    pub fn replace_gate(&mut self, gate: Gate) {
        self.stages.gate = gate;
    }

    /// Also embeds the mirrored crop of this track from now on, because its score is close to the threshold.
    pub fn look_closer(&mut self, track: TrackId) {
        self.closer = Some(track);
    }

    /// Analyses a frame. If there are several faces, only the nearest, with the largest box, is embedded: the
    /// door serves one person at a time.
    pub fn look(&mut self, view: &dyn View, taken: Moment) -> Result<Look, ModelError> {
        let mut timing = Timing::default();
        let area = self.field.area(view.width(), view.height());
        let glance = || timed(&mut timing.glance, || view.glance_at(area));
        match self.planner.plan(taken, self.followed.is_some(), glance) {
            FramePlan::Rest => {
                let ended = self.tracker.follow(&[], taken).1;
                Ok(Look { taken, ended, blind: self.blind, plan: FramePlan::Rest, timing, ..Look::default() })
            }
            FramePlan::Search => self.search(view, taken, timing),
            FramePlan::Follow => match self.follow(view, taken, &mut timing)? {
                Some(look) => Ok(look),
                None => self.search(view, taken, timing),
            },
        }
    }

    /// Ends all tracks, as after a lost camera, and returns them.
    pub fn forget(&mut self) -> Vec<TrackId> {
        (self.planner, self.followed) = (FramePlanner::default(), None);
        self.witness.iter_mut().for_each(Witness::forget);
        self.tracker.end_all()
    }

    fn search(&mut self, view: &dyn View, taken: Moment, mut timing: Timing) -> Result<Look, ModelError> {
        self.followed = None;
        let (width, height) = (view.width(), view.height());
        let area = self.field.area(width, height);
        let mut detections = self.stages.search(view, area, &mut timing)?;
        detections.retain(|face| self.field.shows(&face.bounds, width, height));
        let boxes: Vec<Rect> = detections.iter().map(|d| d.bounds).collect();
        let (ids, ended) = self.tracker.follow(&boxes, taken);
        let deserted = self.tracker.is_empty();
        let empty = deserted.then(|| timed(&mut timing.glance, || view.glance_at(area)));
        // A white wall may be all that the region shows, but not all that the camera does.
        self.blind = empty.as_ref().is_some_and(Glance::shows_nothing) && view.glance().shows_nothing();
        self.planner.searched(taken, empty);
        if let (Some(witness), true) = (&mut self.witness, deserted) {
            timed(&mut timing.liveness, || witness.learn(view));
        }
        let largest =
            detections.iter().zip(&ids).max_by(|(a, _), (b, _)| a.bounds.area().total_cmp(&b.bounds.area()));
        let (mut motion, mut parallax, mut reflection) = (None, None, None);
        let nearest = match largest {
            None => None,
            Some((detection, &track)) => {
                let (crops, way_up) = (self.crops(track), self.way_up(track));
                let (mesh, face) = self.stages.face(view, detection, crops, way_up, &mut timing)?;
                self.notice_way_up(track, &face);
                if let Some(mesh) = &mesh {
                    let crowded = is_crowded(detection, &detections);
                    let searched = Some(Searched { bounds: detection.bounds, crowded });
                    let sight = Sight { view, mesh, track, taken, searched };
                    (motion, parallax) = self.watch(&sight, &face, &mut timing)?;
                    reflection = self.reflection(&sight, &mut timing);
                }
                let face = unless_turned(face, motion.as_ref());
                if let (Some(mesh), true) = (mesh, self.tracker.follows_only(track)) {
                    self.keep(track, detection.clone(), mesh);
                }
                Some(Sighting { track, bounds: detection.bounds, face })
            }
        };
        let faces = detections.len();
        let others = nearest.as_ref().map_or(0, |nearest| self.living_beside(nearest.track, &ids));
        let (blind, plan) = (self.blind, FramePlan::Search);
        Ok(Look { taken, nearest, faces, others, motion, parallax, reflection, blind, ended, plan, timing })
    }

    /// Looks for the face where it was in the previous frame. `None` if the landmark network finds no face
    /// there, or if the face moved so far that it may be another person's.
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
        if !self.field.shows(&moved.bounds, view.width(), view.height()) {
            return Ok(None);
        }
        if !self.tracker.continues(track, &moved.bounds, taken) {
            return Ok(None);
        }
        let (_, ended) = self.tracker.follow(&[moved.bounds], taken);
        self.planner.followed();
        let face = self.stages.judge(view, &mesh, self.crops(track), timing)?;
        let sight = Sight { view, mesh: &mesh, track, taken, searched: None };
        let (motion, parallax) = self.watch(&sight, &face, timing)?;
        let reflection = self.reflection(&sight, timing);
        let face = unless_turned(face, motion.as_ref());
        let nearest = Some(Sighting { track, bounds: moved.bounds, face });
        self.keep(track, moved, mesh);
        let (plan, timing) = (FramePlan::Follow, *timing);
        let faces = 1;
        Ok(Some(Look {
            taken,
            nearest,
            faces,
            motion,
            parallax,
            reflection,
            ended,
            plan,
            timing,
            ..Look::default()
        }))
    }

    /// How the nearest face moves, if that is watched, and what was measured. A turned face that the gate refuses is
    /// embedded all the same now and then, to be compared with itself; no template is ever compared with that.
    fn watch(
        &mut self,
        sight: &Sight<'_>,
        face: &Result<Face, Unusable>,
        timing: &mut Timing,
    ) -> Result<(Option<Motion>, Option<Parallax>), ModelError> {
        let Some(witness) = &mut self.witness else { return Ok((None, None)) };
        let observed = timed(&mut timing.liveness, || witness.see(sight));
        let embedding = match face {
            Ok(face) => Some(face.plain.clone()),
            Err(_) if observed.wants_embedding => self.stages.embed_anyway(sight.view, sight.mesh, timing)?,
            Err(_) => None,
        };
        let parallax = observed.parallax;
        Ok((Some(witness.tell(observed, embedding.as_ref(), face.is_ok())), parallax))
    }

    /// How bright the nearest face is, if that is watched.
    fn reflection(&self, sight: &Sight<'_>, timing: &mut Timing) -> Option<Reflection> {
        let watched = self.lit && self.witness.is_some();
        watched.then(|| timed(&mut timing.liveness, || reflection(sight.view, sight.mesh))).flatten()
    }

    /// Whether the track's face is known to be upright. This is checked once per track: a head does not turn
    /// upside down while it is followed.
    fn way_up(&self, track: TrackId) -> WayUp {
        if self.upright == Some(track) { WayUp::Known } else { WayUp::Unknown }
    }

    /// Remembers that the track's face is upright, or warns that the camera may be mounted upside down.
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
                "every face is upside down: is the camera mounted upside down? write [camera] rotate = 180, or mount it \
                 the other way up"
            );
        }
    }

    fn living_beside(&self, nearest: TrackId, seen: &[TrackId]) -> usize {
        self.tracker.moving().filter(|id| seen.contains(id) && *id != nearest).count()
    }

    /// Remembers where to look in the next frame.
    fn keep(&mut self, track: TrackId, detection: Detection, mesh: Mesh) {
        if is_sure(&mesh) {
            self.followed = Some(Followed { track, detection, points: mesh.points });
        }
    }

    fn crops(&self, track: TrackId) -> Crops {
        if self.closer == Some(track) { Crops::Mirrored } else { self.stages.crops }
    }
}

/// A face that is turned as people are asked to turn never counts for the match.
fn unless_turned(face: Result<Face, Unusable>, motion: Option<&Motion>) -> Result<Face, Unusable> {
    face.and_then(
        |face| if motion.is_some_and(Motion::is_turned) { Err(Unusable::TurnedAway) } else { Ok(face) },
    )
}

/// Whether another face claims the place of this one.
fn is_crowded(face: &Detection, all: &[Detection]) -> bool {
    all.iter().any(|other| other != face && other.bounds.share_in(&face.bounds) > CROWDED)
}

fn is_sure(mesh: &Mesh) -> bool {
    mesh.presence >= SURE
}
