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
use super::parallax::{Follower, Parallax, eye_distance};
use crate::frame::View;
use crate::geometry::Rect;
use crate::landmarks::Mesh;

/// A face turned by this much, in degrees, is compared with itself from the front. A face that is turned farther is not
/// like itself for the network either.
const COMPARED: std::ops::RangeInclusive<f32> = Motion::TURNED..=40.0;
/// The largest turn and nod of a frontal face, in degrees.
const FRONTAL: (f32, f32) = (15.0, 30.0);
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
        self.border.learn(view);
    }

    /// Watches a frame. [`Witness::tell`] gives its motion.
    pub fn see(&mut self, sight: &Sight<'_>) -> Observed {
        let size = eye_distance(sight.mesh);
        let known = self.subject.take().filter(|subject| subject.track == sight.track);
        let jumped = known.as_ref().is_some_and(|subject| subject.jumps(sight.taken, size));
        let mut subject = known.filter(|_| !jumped).unwrap_or_else(|| Subject::new(sight.track));
        subject.seen = Some((sight.taken, size));
        if let Some(Searched { bounds, crowded }) = sight.searched {
            let framed = || self.border.is_around(sight.view, &bounds).then_some(DenyCue::Frame);
            subject.scene = if crowded { Some(DenyCue::TwoFaces) } else { framed() };
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
            scene: None,
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
            like_itself: None,
            cue: self.scene,
        };
        let frontal = pose.yaw.abs() <= FRONTAL.0 && pose.pitch.abs() <= FRONTAL.1;
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
mod tests {
    use super::*;
    use crate::frame::Picture;
    use crate::geometry::Point;
    use crate::landmarks::{POINTS, Pose};
    use crate::model::MANIFEST;

    /// A mesh with eyes `size` pixels apart, turned by `yaw` degrees; its other points say nothing.
    fn mesh(size: f32, yaw: f32) -> Mesh {
        let mut points = vec![Point::new(160.0, 120.0); POINTS];
        for (index, x) in [(33, -0.5), (133, -0.5), (362, 0.5), (263, 0.5)] {
            points[index].x += x * size;
        }
        let pose = Pose { yaw, pitch: 0.0, roll: 0.0 };
        Mesh { points, depth: vec![0.0; POINTS], presence: 1.0, pose }
    }

    fn embedding(x: f32) -> Embedding {
        Embedding::new([x, 1.0]).expect("finite")
    }

    struct Watch {
        witness: Witness,
        ms: u64,
        searched: Option<Searched>,
    }

    impl Watch {
        fn new() -> Self {
            let model = LivenessModel::of_manifest(MANIFEST).expect("a section");
            let likeness = Likeness { same_face: Distance::new(0.6), turned_self: Distance::new(0.5) };
            Self { witness: Witness::new(model, likeness), ms: 1000, searched: None }
        }

        fn see(&mut self, track: u64, mesh: &Mesh) -> Observed {
            self.ms += 100;
            let view = Picture::from_fn(320, 240, |x, y| [((x * 7 + y * 13) % 200) as u8; 3]);
            let taken = Moment::from_boot(Duration::from_millis(self.ms));
            self.witness.see(&Sight {
                view: &view,
                mesh,
                track: TrackId(track),
                taken,
                searched: self.searched,
            })
        }

        fn show(&mut self, mesh: &Mesh, face: f32) -> Motion {
            let observed = self.see(1, mesh);
            self.witness.tell(observed, Some(&embedding(face)), true)
        }
    }

    #[test]
    fn turns_are_told_against_the_first_frontal_frame_and_positive_to_the_persons_left() {
        let mut watch = Watch::new();
        assert_eq!(watch.show(&mesh(60.0, 30.0), 0.0).yaw, 30.0, "there is no frontal frame yet");
        assert_eq!(watch.show(&mesh(60.0, 4.0), 0.0).yaw, 0.0, "this is it");
        let motion = watch.show(&mesh(60.0, 30.0), 0.0);
        assert_eq!(motion.yaw, 26.0);
        assert_eq!(motion.turn.map(|turn| turn.side), Some(limen_core::event::Side::Left));
    }

    #[test]
    fn a_turned_face_is_compared_with_itself_from_the_front() {
        let mut watch = Watch::new();
        assert_eq!(watch.show(&mesh(60.0, 0.0), 0.0).like_itself, None);
        assert_eq!(watch.show(&mesh(60.0, 25.0), 0.4).like_itself, Some(true));
        let stranger = watch.show(&mesh(60.0, 25.0), 0.8);
        assert_eq!((stranger.like_itself, stranger.cue), (Some(false), None));
        assert_eq!(watch.show(&mesh(60.0, 60.0), 0.8).like_itself, None, "turned too far to be compared");
    }

    #[test]
    fn two_faces_at_one_place_are_told_until_a_search_finds_one() {
        let mut watch = Watch::new();
        let bounds = Rect { left: 100.0, top: 60.0, width: 120.0, height: 120.0 };
        let mut cue = |searched: Option<bool>| {
            watch.searched = searched.map(|crowded| Searched { bounds, crowded });
            watch.show(&mesh(60.0, 0.0), 0.0).cue
        };
        let two = Some(DenyCue::TwoFaces);
        assert_eq!([cue(None), cue(Some(true)), cue(None), cue(Some(false))], [None, two, two, None]);
    }

    #[test]
    fn every_other_turned_frame_that_the_gate_refuses_is_embedded() {
        let mut watch = Watch::new();
        assert!(!watch.see(1, &mesh(60.0, 25.0)).wants_embedding, "nothing to compare it with");
        watch.show(&mesh(60.0, 0.0), 0.0);
        let wants: Vec<bool> = (0..4).map(|_| watch.see(1, &mesh(60.0, 25.0)).wants_embedding).collect();
        assert_eq!(wants, [true, false, true, false]);
        assert!(!watch.see(1, &mesh(60.0, 5.0)).wants_embedding);
        assert!(!watch.see(2, &mesh(60.0, 25.0)).wants_embedding, "another track's front is not known");
    }

    #[test]
    fn a_frontal_frame_that_the_gate_refuses_stands_in_until_there_is_a_good_one() {
        let mut watch = Watch::new();
        watch.see(1, &mesh(60.0, 0.0));
        let poor = watch.see(1, &mesh(60.0, 0.0));
        assert!(poor.wants_embedding);
        watch.witness.tell(poor, Some(&embedding(2.0)), false);
        let turned = watch.see(1, &mesh(60.0, 25.0));
        assert!(turned.wants_embedding);
        let motion = watch.witness.tell(turned, Some(&embedding(2.1)), false);
        assert_eq!(motion.like_itself, Some(true));
        assert_eq!(watch.show(&mesh(60.0, 0.0), 0.0).cue, None, "a good frame takes its place");
        assert_eq!(watch.show(&mesh(60.0, 25.0), 0.1).like_itself, Some(true));
    }

    #[test]
    fn another_face_on_the_same_track_is_a_jump_until_the_track_is_its_own() {
        let mut watch = Watch::new();
        watch.show(&mesh(60.0, 0.0), 0.0);
        assert_eq!(watch.show(&mesh(60.0, 0.0), 0.5).cue, None);
        let jumps: Vec<_> = (0..7).map(|_| watch.show(&mesh(60.0, 0.0), 2.0).cue).collect();
        let jump = Some(DenyCue::Jump);
        assert_eq!(jumps, [jump, jump, jump, jump, jump, None, None]);
    }

    #[test]
    fn a_face_that_is_much_larger_all_at_once_is_a_jump_and_one_that_walks_up_is_none() {
        let mut watch = Watch::new();
        for size in [30.0, 33.0, 37.0, 43.0, 52.0, 64.0] {
            assert_eq!(watch.show(&mesh(size, 0.0), 0.0).cue, None, "{size}");
        }
        assert_eq!(watch.show(&mesh(128.0, 0.0), 0.0).cue, Some(DenyCue::Jump));
        assert_eq!(watch.show(&mesh(128.0, 0.0), 0.0).cue, None);
        assert_eq!(watch.show(&mesh(60.0, 0.0), 0.0).cue, Some(DenyCue::Jump));
    }
}
