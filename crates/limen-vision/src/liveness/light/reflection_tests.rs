//! Faces in light that comes from the camera: solid ones and flat ones.

use super::*;
use crate::frame::Picture;
use crate::landmarks::{POINTS, Pose};

const CENTRE: Point = Point::new(160.0, 120.0);

/// A mesh of a face that looks to the camera.
fn mesh(yaw: f32) -> Mesh {
    let mut points = vec![CENTRE; POINTS];
    let places = [(33, -42.0, -20.0), (133, -18.0, -20.0), (362, 18.0, -20.0), (263, 42.0, -20.0)];
    let nose = [(197, 0.0, -10.0), (195, 0.0, 0.0), (5, 0.0, 8.0), (4, 0.0, 14.0)];
    let right = [(127, -66.0, -20.0), (234, -68.0, 0.0), (93, -66.0, 20.0)];
    let left = [(356, 66.0, -20.0), (454, 68.0, 0.0), (323, 66.0, 20.0)];
    for (index, x, y) in places.into_iter().chain(nose).chain(right).chain(left) {
        points[index] = Point::new(CENTRE.x + x, CENTRE.y + y);
    }
    let pose = Pose { yaw, pitch: 0.0, roll: 0.0 };
    Mesh { points, depth: vec![0.0; POINTS], presence: 1.0, pose }
}

/// A face of brightness 80 before a wall of 50; light adds as much as it says there, as a share.
fn picture(light: impl Fn(f32) -> f32) -> Picture {
    Picture::from_fn(320, 240, |x, y| {
        let away = (x as f32 - CENTRE.x).hypot((y as f32 - CENTRE.y) * 0.8);
        let bright = if away < 72.0 { 80.0 * (1.0 + light(away)) } else { 50.0 };
        [bright as u8; 3]
    })
}

/// By how much nose and sides become brighter.
fn answers(light: impl Fn(f32) -> f32) -> (f32, f32) {
    let [dark, lit] =
        [picture(|_| 0.0), picture(light)].map(|view| reflection(&view, &mesh(0.0)).expect("a face"));
    (lit.nose - dark.nose, lit.sides - dark.sides)
}

#[test]
fn the_nose_of_a_solid_face_becomes_brighter_than_its_sides_and_that_of_a_flat_one_does_not() {
    let (nose, sides) = answers(|away| 0.8 * (1.0 - away / 90.0));
    assert!(nose > sides + 0.2 && sides > 0.05, "{nose} {sides}");
    let (nose, sides) = answers(|_| 0.5);
    assert!((nose - sides).abs() < 0.02 && sides > 0.3, "{nose} {sides}");
}

#[test]
fn what_is_beside_the_face_is_the_wall() {
    let seen = reflection(&picture(|_| 0.5), &mesh(0.0)).expect("a face");
    assert!((seen.beside.expect("in the picture") - 50f32.ln()).abs() < 0.02, "{seen:?}");
    assert!((seen.sides - 120f32.ln()).abs() < 0.02, "the sides lie within the face: {seen:?}");
}

#[test]
fn a_face_that_is_turned_burnt_out_black_or_outside_the_picture_says_nothing() {
    assert!(reflection(&picture(|_| 0.0), &mesh(0.0)).is_some(), "the control");
    assert_eq!(reflection(&picture(|_| 0.0), &mesh(25.0)), None);
    assert_eq!(reflection(&picture(|_| 2.5), &mesh(0.0)), None);
    assert_eq!(reflection(&picture(|_| -0.99), &mesh(0.0)), None);
    let mut outside = mesh(0.0);
    outside.points.iter_mut().for_each(|point| point.x += 230.0);
    assert_eq!(reflection(&picture(|_| 0.0), &outside), None);
    let mut wild = mesh(0.0);
    wild.points.iter_mut().for_each(|point| *point = Point::new(f32::NAN, f32::INFINITY));
    assert_eq!(reflection(&picture(|_| 0.0), &wild), None);
}
