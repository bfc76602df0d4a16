//! How faces move before the door: to which side they turn, and that a head moves otherwise than a print of its
//! photograph.

use std::time::Duration;

use limen_core::clock::Moment;
use limen_core::embedding::Crops;
use limen_core::event::{Motion, Side, Unusable};
use limen_vision::follow::{Look, Vision};
use limen_vision::frame::Picture;
use limen_vision::pixels::photograph::load_photograph;
use limen_vision::quality::Gate;
use limen_vision::{detect, landmarks};

use crate::support::{models, photo, visitor};

/// The focal length of the camera, in pixels.
const FOCAL: f32 = 576.0;
/// The distance between head and camera, in metres.
const AWAY: f32 = 0.55;

/// A photograph, and where the head in it is: the point between nose and eyes, and pixels per metre.
pub struct Subject {
    photograph: Picture,
    middle: (f32, f32),
    per_metre: f32,
    solid: bool,
}

impl Subject {
    pub fn new(solid: bool) -> Self {
        let photograph = visitor("obama");
        let face = &detect::detect(&models().detector, &photograph).expect("runs")[0];
        let mesh = landmarks::find_mesh(&models().landmarks, &photograph, face).expect("runs");
        let (right, left) = mesh.eyes();
        let middle = (mesh.points[4].x, mesh.points[4].y - right.distance(left) / 4.0);
        let per_metre = mesh.points[234].distance(mesh.points[454]) / 0.15;
        Self { photograph, middle, per_metre, solid }
    }

    /// How far the surface stands out of the picture's plane, in metres: a rounded head with a nose, or a print.
    fn relief(&self, x: f32, y: f32) -> f32 {
        let head = 0.07 * (1.0 - (x / 0.09).powi(2) - (y / 0.13).powi(2)).max(0.0);
        let nose = 0.022 * (-(x / 0.016).powi(2) - ((y - 0.01) / 0.028).powi(2)).exp();
        if self.solid { head + nose } else { 0.0 }
    }

    /// What the camera sees when the head, or the print, is turned by so many degrees to its own left.
    pub fn turned(&self, degrees: f32) -> Picture {
        // The camera's place and its rays in the picture's own directions: it stands on the other side.
        let (sin, cos) = (-degrees).to_radians().sin_cos();
        let camera = (AWAY * sin, -AWAY * cos);
        Picture::from_fn(640, 480, |column, row| {
            let ray = ((column as f32 - 320.0) / FOCAL, (row as f32 - 240.0) / FOCAL);
            let (across, down, ahead) = (ray.0 * cos - sin, ray.1, ray.0 * sin + cos);
            let (mut x, mut y, mut height) = (0.0, 0.0, 0.0);
            for _ in 0..if self.solid { 6 } else { 1 } {
                let far = (-height - camera.1) / ahead;
                (x, y) = (camera.0 + far * across, far * down);
                height = self.relief(x, y);
            }
            self.colour(self.middle.0 + x * self.per_metre, self.middle.1 + y * self.per_metre)
        })
    }

    /// The photograph between its pixels.
    fn colour(&self, x: f32, y: f32) -> [u8; 3] {
        let (left, top) = (x.floor(), y.floor());
        let pixel = |right: i64, down: i64| self.photograph.pixel(left as i64 + right, top as i64 + down);
        let mix = |a: u8, b: u8, share: f32| f32::from(a) * (1.0 - share) + f32::from(b) * share;
        let corners = [pixel(0, 0), pixel(1, 0), pixel(0, 1), pixel(1, 1)];
        std::array::from_fn(|channel| {
            let [a, b, c, d] = corners.map(|corner| corner[channel]);
            let (upper, lower) = (mix(a, b, x - left), mix(c, d, x - left));
            (upper * (1.0 - (y - top)) + lower * (y - top)).round() as u8
        })
    }
}

/// A vision that watches how faces move, ten frames a second.
struct Watch {
    vision: Vision,
    now: Moment,
}

impl Watch {
    fn with(gate: Gate) -> Self {
        let mut vision = Vision::new(models(), gate, Crops::Plain);
        vision.set_liveness(true);
        Self { vision, now: Moment::from_boot(Duration::from_secs(100)) }
    }

    fn show(&mut self, picture: &Picture) -> Look {
        self.now = self.now + Duration::from_millis(100);
        self.vision.look(picture, self.now).expect("the networks run")
    }
}

/// What is told while the subject turns to both sides, this far.
fn both_sides(subject: &Subject, most: f32) -> Vec<Motion> {
    let mut watch = Watch::with(Gate::default());
    let turns =
        [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 0.7, 0.35, 0.0, -0.25, -0.5, -0.75, -1.0, -1.0, -0.6, 0.0];
    turns.iter().filter_map(|turn| watch.show(&subject.turned(turn * most)).motion).collect()
}

/// The best proof of a turn to this side.
fn proof(motions: &[Motion], side: Side) -> Option<f32> {
    let turns = motions.iter().filter_map(|motion| motion.turn).filter(|turn| turn.side == side);
    turns.map(|turn| turn.proof.get()).reduce(f32::max)
}

#[test]
fn a_face_that_looks_to_its_own_left_is_turned_to_larger_x_and_its_turn_is_positive() {
    // He looks to his right.
    let picture = load_photograph(&photo("obama2")).expect("a photograph of the demo");
    for (picture, sign) in [(picture.mirrored(), 1.0), (picture, -1.0)] {
        let face = &detect::detect(&models().detector, &picture).expect("runs")[0];
        let mesh = landmarks::find_mesh(&models().landmarks, &picture, face).expect("runs");
        let (right, left) = mesh.eyes();
        assert!(right.x < left.x, "a person's left eye is at the right of a picture that is not mirrored");
        let nose = mesh.points[4].x - right.midpoint(left).x;
        assert!(mesh.pose.yaw * sign > 8.0 && nose * sign > 0.0, "{:?}, nose {nose}", mesh.pose);
    }
}

#[test]
fn a_head_that_turns_to_both_sides_is_solid_and_like_itself() {
    let motions = both_sides(&Subject::new(true), 28.0);
    let limits = models().liveness().limits;
    for side in [Side::Left, Side::Right] {
        let proof =
            proof(&motions, side).unwrap_or_else(|| panic!("never turned to the {side:?}: {motions:?}"));
        assert!(proof >= limits.turn.get(), "{side:?}: {proof}");
    }
    let last = motions.last().expect("motions");
    assert!(last.solid >= limits.solid, "{last:?}");
    let left = motions.iter().position(|motion| motion.turn.is_some_and(|turn| turn.side == Side::Left));
    assert!(left.is_some_and(|at| (3..8).contains(&at)), "it turned to its own left first");
    assert!(motions.iter().any(|motion| motion.like_itself == Some(true)));
    assert!(motions.iter().all(|motion| motion.like_itself != Some(false) && motion.cue.is_none()));
}

#[test]
fn a_print_that_is_turned_to_both_sides_is_not_solid_however_far() {
    let print = Subject::new(false);
    let limits = models().liveness().limits;
    for most in [35.0, 58.0] {
        let motions = both_sides(&print, most);
        assert!(motions.len() > 8, "it is watched");
        assert!(motions.iter().all(|motion| motion.solid < limits.solid), "{most}");
        let proven = |side| proof(&motions, side).is_some_and(|proof| proof >= limits.turn.get());
        assert!(!proven(Side::Left) && !proven(Side::Right), "{most}");
    }
}

#[test]
fn a_face_that_the_gate_refuses_as_turned_away_is_still_watched_and_compared_with_itself() {
    let head = Subject::new(true);
    let mut watch = Watch::with(Gate { max_yaw: 10.0, ..Gate::default() });
    let frontal = watch.show(&head.turned(0.0));
    assert!(frontal.nearest.expect("a face").face.is_ok());
    for turn in [8.0, 16.0] {
        watch.show(&head.turned(turn));
    }
    let turned: Vec<Look> = [25.0, 25.0].map(|turn| watch.show(&head.turned(turn))).into();
    for look in &turned {
        let sighting = look.nearest.as_ref().expect("a face");
        assert!(matches!(sighting.face, Err(Unusable::TurnedAway)), "no embedding leaves");
        assert!(look.motion.as_ref().expect("watched").yaw > 15.0 && look.parallax.is_some());
    }
    let compared = turned.iter().filter_map(|look| look.motion.as_ref()?.like_itself);
    assert_eq!(compared.collect::<Vec<_>>(), [true], "every other frame");
}

#[test]
fn nothing_is_watched_unless_asked_for() {
    let picture = Subject::new(false).turned(0.0);
    let mut vision = Vision::new(models(), Gate::default(), Crops::Plain);
    let look = vision.look(&picture, Moment::default()).expect("runs");
    assert!(look.nearest.is_some() && look.motion.is_none() && look.timing.liveness.is_zero());
    vision.set_liveness(true);
    let look = vision.look(&picture, Moment::from_boot(Duration::from_secs(1))).expect("runs");
    assert!(look.motion.is_some());
    vision.set_liveness(false);
    let look = vision.look(&picture, Moment::from_boot(Duration::from_secs(2))).expect("runs");
    assert!(look.motion.is_none());
}
