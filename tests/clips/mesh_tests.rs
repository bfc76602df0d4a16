//! What the door's own networks see of rendered heads and prints.

use std::sync::OnceLock;

use super::camera::Camera;
use super::canvas::Canvas;
use super::hallway::hallway;
use super::head::Head;
use super::random::Random;
use super::sheet::{Sheet, Shown};
use super::space::{Angles, Lens, Pose};
use super::still::Still;
use crate::support::{models, photo};

/// The photographs of the demo whose faces look to the camera.
fn stills() -> &'static [Still] {
    static STILLS: OnceLock<Vec<Still>> = OnceLock::new();
    STILLS.get_or_init(|| {
        let still = |name| Still::load(&models(), &photo(name)).expect("a face");
        let stills: Vec<Still> = ["obama", "obama2", "biden"].map(still).into_iter().collect();
        let frontal: Vec<Still> = stills.into_iter().filter(Still::is_frontal).collect();
        assert!(!frontal.is_empty());
        frontal
    })
}

fn pose(yaw: f32, pitch: f32) -> Pose {
    Pose { angles: Angles { yaw, pitch, roll: 0.0 }, at: [0.0, 0.0, 0.5] }
}

/// Yaw and pitch of the mesh of what is painted before a hallway.
fn mesh_of(paint: impl Fn(&mut Canvas, &Lens)) -> (f32, f32) {
    let camera = Camera::CLEAR;
    let mut random = Random::of(1, "mesh", 0);
    let backdrop = camera.facing(hallway(camera.width, camera.height, &mut random));
    let found = Still::of(&models(), camera.shoot(&backdrop, &mut random, paint)).expect("a face");
    (found.mesh.pose.yaw, found.mesh.pose.pitch)
}

fn head_turned(still: &Still, yaw: f32, pitch: f32) -> (f32, f32) {
    let head = Head::of(still);
    mesh_of(|canvas, lens| head.draw(canvas, lens, pose(yaw, pitch)))
}

fn print_turned(still: &Still, yaw: f32) -> (f32, f32) {
    let sheet = Sheet::cut(Shown::of(still, 1.0), 0.3, 0.4);
    mesh_of(|canvas, lens| sheet.draw(canvas, lens, pose(yaw, 0.0), None))
}

#[test]
fn the_mesh_turns_with_a_head_and_hardly_with_a_print() {
    for still in stills() {
        let (head, print) = (head_turned(still, 0.0, 0.0).0, print_turned(still, 0.0).0);
        for yaw in [28.0_f32, -28.0] {
            let (of_head, of_print) =
                (head_turned(still, yaw, 0.0).0 - head, print_turned(still, yaw).0 - print);
            println!("{yaw}: head {of_head:.1}, print {of_print:.1}");
            assert!(of_head * yaw.signum() > 20.0, "{yaw}: {of_head}");
            assert!(of_print.abs() < 10.0, "{yaw}: {of_print}");
        }
    }
}

#[test]
fn the_mesh_of_a_head_that_looks_up_looks_up() {
    for still in stills() {
        let up = head_turned(still, 0.0, 20.0).1 - head_turned(still, 0.0, 0.0).1;
        println!("{up:.1} of 20 degrees");
        assert!(up > 10.0, "{up}");
    }
}

#[test]
fn the_nose_of_a_head_leads_its_turn() {
    for still in stills() {
        let (head, lens) = (Head::of(still), Camera::CLEAR.lens());
        let seen = |yaw: f32, point: usize| lens.project(head.places(pose(yaw, 0.0))[point]);
        // The tip of the nose, and the cheeks.
        let [nose, right, left] = [4, 234, 454].map(|point| seen(20.0, point).x - seen(0.0, point).x);
        assert!(nose > right.max(left) + 15.0, "{nose} {right} {left}");
    }
}

#[test]
fn the_nose_of_a_head_that_comes_near_grows_faster_than_its_cheeks() {
    for still in stills() {
        let (head, lens) = (Head::of(still), Camera::CLEAR.lens());
        let span = |distance: f32, [a, b]: [usize; 2]| {
            let places = head.places(Pose { at: [0.0, 0.0, distance], ..Pose::default() });
            lens.project(places[a]).distance(lens.project(places[b]))
        };
        let growth = |points: [usize; 2]| span(0.6, points) / span(1.5, points);
        // The wings of the nose, and the cheeks.
        assert!(growth([98, 327]) > growth([234, 454]) * 1.02, "{}", growth([98, 327]));
    }
}
