//! What is told of faces that turn, come nearer and change.

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
        self.witness.see(&Sight { view: &view, mesh, track: TrackId(track), taken, searched: self.searched })
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
