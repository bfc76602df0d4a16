//! Watches one face over its track, and tells how it moves: frame by frame, and what the track has shown so far.
//!
//! Evidence belongs to one face. If the size or the identity jumps, what was seen before does not count any more.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::embedding::{Distance, Embedding};
use limen_core::event::{DenyCue, LogRatio, Motion, TrackId, Turn};

use super::border::Border;
use super::distributions::LivenessModel;
use super::evidence::{TrackEvidence, TurnEvidence};
use super::parallax::{Follower, Parallax, eye_distance, is_frontal};
use super::small::small;
use super::surround::Surround;
use crate::frame::View;
use crate::geometry::Rect;
use crate::landmarks::Mesh;

/// A face turned by this much, in degrees, is compared with itself from the front. A face that is turned farther is not
/// like itself for the network either.
const COMPARED: std::ops::RangeInclusive<f32> = Motion::TURNED..=40.0;
/// How many frontal frames the mean holds at most; the weight of a new one is at least one in so many.
const PROBE_FRAMES: u32 = 5;
/// After so many frontal frames of another face the track is that face's.
const ANOTHER: u32 = 5;
/// How much the logarithm of the size may change: between any two frames, by what the mesh is uncertain of, and per
/// second, by somebody who walks up to the camera.
const GROWS: (f32, f32) = (0.25, 2.5);

/// How two embeddings of one face may differ, by the embedder's metric.
#[derive(Debug, Clone, Copy, Default)]
pub struct Likeness {
    /// Two frontal frames; `None`: they are not compared.
    pub same_face: Option<Distance>,
    /// A turned frame and the frontal ones; `None`: they are not compared.
    pub turned_self: Option<Distance>,
}

/// A frame of the nearest face.
pub struct Sight<'a> {
    /// The frame.
    pub view: &'a dyn View,
    /// The mesh of the face.
    pub mesh: &'a Mesh,
    /// Its track.
    pub track: TrackId,
    /// When the frame was taken.
    pub taken: Moment,
    /// What the search found, if the frame was searched.
    pub searched: Option<Searched>,
}

/// What a search of the frame found of the nearest face.
#[derive(Debug, Clone, Copy)]
pub struct Searched {
    /// Its box.
    pub bounds: Rect,
    /// Whether another face claims its place.
    pub crowded: bool,
}

/// Watches the nearest face.
#[derive(Debug)]
pub struct Witness {
    model: LivenessModel,
    likeness: Likeness,
    border: Border,
    subject: Option<Subject>,
}

/// What is known of the face of a track.
#[derive(Debug)]
struct Subject {
    track: TrackId,
    seen: Option<(Moment, f32)>,
    follower: Follower,
    evidence: TrackEvidence,
    turn: TurnEvidence,
    probe: Probe,
    turned_frames: u32,
    surround: Surround,
    /// What the last search showed.
    scene: Option<DenyCue>,
}

/// What a frame showed, before its embedding is known.
#[derive(Debug, Clone)]
pub struct Observed {
    motion: Motion,
    /// The measurement behind the motion; `None` while there are no points to measure by.
    pub parallax: Option<Parallax>,
    /// Whether the face should be compared with itself, although the gate refuses it.
    pub wants_embedding: bool,
    frontal: bool,
}

impl Witness {
    /// A witness that has seen nothing.
    pub fn new(model: LivenessModel, likeness: Likeness) -> Self {
        Self { model, likeness, border: Border::default(), subject: None }
    }

    /// Forgets what was seen, the scene too.
    pub fn forget(&mut self) {
        (self.border, self.subject) = (Border::default(), None);
    }

    /// Learns the scene of a frame without a face.
    pub fn learn(&mut self, view: &dyn View) {
        self.border.learn(&small(view).0);
    }

    /// Watches a frame. [`Witness::tell`] gives its motion.
    pub fn see(&mut self, sight: &Sight<'_>) -> Observed {
        let size = eye_distance(sight.mesh);
        let known = self.subject.take().filter(|subject| subject.track == sight.track);
        let jumped = known.as_ref().is_some_and(|subject| subject.jumps(sight.taken, size));
        let mut subject = known.filter(|_| !jumped).unwrap_or_else(|| Subject::new(sight.track));
        subject.seen = Some((sight.taken, size));
        if let Some(searched) = sight.searched {
            subject.scene = subject.surroundings(&self.border, sight.view, searched);
        }
        let mut observed = subject.see(&self.model, sight);
        if jumped {
            observed.motion.cue = Some(DenyCue::Jump);
        }
        observed.wants_embedding &= self.likeness.turned_self.is_some();
        self.subject = Some(subject);
        observed
    }

    /// The motion of a frame that was just seen. `embedding` is the face's, if there is one; `is_good`: the gate lets the
    /// face pass.
    pub fn tell(&mut self, observed: Observed, embedding: Option<&Embedding>, is_good: bool) -> Motion {
        let Observed { mut motion, parallax, frontal, .. } = observed;
        let (Some(subject), Some(embedding)) = (self.subject.as_mut(), embedding) else { return motion };
        let turn = parallax.map_or(0.0, |parallax| parallax.yaw.abs());
        if frontal && !is_good {
            subject.probe.stand_in(embedding);
        } else if frontal {
            let identity = subject.probe.see(embedding, self.likeness.same_face);
            if identity != Identity::Same {
                (motion.cue, motion.solid, motion.turn) = (Some(DenyCue::Jump), LogRatio::default(), None);
            }
            if identity == Identity::Another {
                let probe = Probe::of(embedding);
                *subject = Subject { probe, seen: subject.seen, ..Subject::new(subject.track) };
            }
        } else if COMPARED.contains(&turn) {
            motion.like_itself = subject.probe.is_like(embedding, self.likeness.turned_self);
        }
        motion
    }
}

impl Subject {
    fn new(track: TrackId) -> Self {
        Self {
            track,
            seen: None,
            follower: Follower::default(),
            evidence: TrackEvidence::default(),
            turn: TurnEvidence::default(),
            probe: Probe::default(),
            turned_frames: 0,
            surround: Surround::default(),
            scene: None,
        }
    }

    /// What a search shows around the face.
    fn surroundings(&mut self, border: &Border, view: &dyn View, searched: Searched) -> Option<DenyCue> {
        let (small, scale) = small(view);
        let face = searched.bounds.scaled(scale);
        let framed = border.is_around(&small, &face);
        let carried = self.surround.moves_along(small, face);
        if searched.crowded {
            Some(DenyCue::TwoFaces)
        } else if framed {
            Some(DenyCue::Frame)
        } else {
            carried.then_some(DenyCue::MovesAsOne)
        }
    }

    /// Whether a face of this size cannot be the one that was seen last: nobody comes nearer or goes away so fast.
    fn jumps(&self, now: Moment, size: f32) -> bool {
        let Some((then, before)) = self.seen else { return false };
        let most = GROWS.0 + GROWS.1 * now.since(then).min(Duration::from_secs(1)).as_secs_f32();
        let changed = (size / before).ln().abs();
        changed.is_nan() || changed > most
    }

    fn see(&mut self, model: &LivenessModel, sight: &Sight<'_>) -> Observed {
        let parallax = self.follower.see(sight.view, sight.mesh, sight.taken);
        let turn = parallax.as_ref().and_then(|parallax| {
            self.evidence.add(model, parallax);
            self.turn.add(model, parallax)
        });
        let pose = sight.mesh.pose;
        // A face at rest is what is measured against; before it was, straight to the camera is.
        let (yaw, pitch) = match parallax {
            Some(parallax) => (parallax.yaw, parallax.pitch),
            None if self.follower.has_anchor() => (0.0, 0.0),
            None => (pose.yaw, pose.pitch),
        };
        let compared = parallax.is_some() && COMPARED.contains(&yaw.abs());
        self.turned_frames = if compared { self.turned_frames.saturating_add(1) } else { 0 };
        let motion = Motion {
            track: sight.track,
            taken: sight.taken,
            yaw,
            pitch,
            turn: turn.map(|(side, proof)| Turn { side, proof }),
            solid: self.evidence.solid(&model.limits),
            // Whoever drives the light knows when it was lit.
            light: None,
            like_itself: None,
            cue: self.scene,
        };
        let frontal = is_frontal(pose.yaw, pose.pitch);
        // The network is dear: every other frame of a turn is enough, and a frontal frame if there was none.
        let wants_embedding =
            if self.probe.is_known() { self.turned_frames % 2 == 1 } else { frontal && parallax.is_some() };
        Observed { motion, parallax, wants_embedding, frontal }
    }
}

/// The face of a track from the front: the mean of its frontal embeddings. It never leaves the witness.
#[derive(Debug, Default)]
struct Probe {
    mean: Option<Embedding>,
    /// The good frames in the mean; 0: a frame that the gate refuses stands in.
    frames: u32,
    strange: u32,
}

#[derive(PartialEq, Eq)]
enum Identity {
    Same,
    /// This frame shows another face.
    Jumped,
    /// So do those before it: the track has become that face's.
    Another,
}

impl Probe {
    fn of(embedding: &Embedding) -> Self {
        Self { mean: Some(embedding.clone()), frames: 1, strange: 0 }
    }

    /// Takes a frame that the gate refuses until there is a good one: turned frames can be compared with it.
    fn stand_in(&mut self, embedding: &Embedding) {
        self.mean.get_or_insert_with(|| embedding.clone());
    }

    fn is_known(&self) -> bool {
        self.mean.is_some()
    }

    fn see(&mut self, embedding: &Embedding, same_face: Option<Distance>) -> Identity {
        let Some(mean) = self.mean.as_ref().filter(|_| self.frames > 0) else {
            *self = Self::of(embedding);
            return Identity::Same;
        };
        if self.is_like(embedding, same_face) == Some(false) {
            self.strange += 1;
            return if self.strange >= ANOTHER { Identity::Another } else { Identity::Jumped };
        }
        let weight = self.frames.min(PROBE_FRAMES - 1) as f32;
        if let Some(mean) = Embedding::weighted_mean([(mean, weight), (embedding, 1.0)]) {
            (self.mean, self.frames) = (Some(mean), self.frames.saturating_add(1));
        }
        self.strange = 0;
        Identity::Same
    }

    /// Whether an embedding is this near; `None` if there is nothing to compare, or no limit. What cannot be compared is
    /// not alike.
    fn is_like(&self, embedding: &Embedding, most: Option<Distance>) -> Option<bool> {
        let (mean, most) = (self.mean.as_ref()?, most?);
        Some(mean.l2(embedding).is_some_and(|apart| apart <= most))
    }
}

#[cfg(test)]
#[path = "witness_tests.rs"]
mod tests;
