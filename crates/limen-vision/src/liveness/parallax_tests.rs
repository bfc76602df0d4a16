//! Faces whose noses stand out, or do not.

use super::*;
use crate::frame::Picture;
use crate::landmarks::{POINTS, Pose};

const CENTRE: Point = Point::new(160.0, 120.0);
const NOW: Moment = Moment::from_boot(Duration::from_secs(60));

/// A mesh of a face that looks to the camera: eyes 60 pixels apart, the nose between them and the chin.
fn frontal() -> Mesh {
    let mut points = vec![CENTRE; POINTS];
    for (number, index) in point::OVAL.iter().enumerate() {
        let angle = std::f32::consts::TAU * number as f32 / point::OVAL.len() as f32;
        points[*index] = Point::new(CENTRE.x + 65.0 * angle.sin(), CENTRE.y - 85.0 * angle.cos());
    }
    let places = [(33, -42.0, -20.0), (133, -18.0, -20.0), (362, 18.0, -20.0), (263, 42.0, -20.0)];
    let nose = [(168, 0.0, -20.0), (4, 0.0, 12.0), (195, 0.0, 0.0), (2, 0.0, 22.0), (98, -12.0, 18.0)];
    for (index, x, y) in places.into_iter().chain(nose).chain([(327, 12.0, 18.0), (164, 0.0, 32.0)]) {
        points[index] = Point::new(CENTRE.x + x, CENTRE.y + y);
    }
    let pose = Pose { yaw: 0.0, pitch: 0.0, roll: 0.0 };
    Mesh { points, depth: vec![0.0; POINTS], presence: 1.0, pose }
}

/// A picture of waves; where `from` says, the pixel shows another place of it.
fn picture(from: impl Fn(Point) -> Point) -> Picture {
    Picture::from_fn(320, 240, |x, y| {
        let Point { x, y } = from(Point::new(x as f32, y as f32));
        let waves = 50.0 * (0.41 * x + 0.1 * y).sin() + 40.0 * (0.37 * y - 0.05 * x).sin();
        [(128.0 + waves + 25.0 * (0.23 * x - 0.19 * y).sin()) as u8; 3]
    })
}

fn nose_of(second: &Picture) -> Residual {
    let mut follower = Follower::default();
    assert_eq!(follower.see(&picture(|at| at), &frontal(), NOW), None, "the anchor");
    let parallax = follower.see(second, &frontal(), NOW).expect("a measurement");
    assert!(parallax.yaw == 0.0 && (parallax.growth - 1.0).abs() < 1e-6 && parallax.nose_offset == 0.0);
    parallax.nose.expect("enough points")
}

#[test]
fn a_nose_that_moves_with_the_plane_of_its_face_is_flat() {
    // Turned, moved and seen askew, as a sheet is: 1 / (1 + 0.0004 x).
    let askew = |at: Point| {
        let (x, y) = (at.x - CENTRE.x, at.y - CENTRE.y);
        let depth = 1.0 + 0.0004 * x;
        Point::new(
            CENTRE.x + (0.97 * x + 0.03 * y - 2.0) / depth,
            CENTRE.y + (0.02 * x + 0.98 * y + 1.5) / depth,
        )
    };
    let nose = nose_of(&picture(askew));
    assert!(nose.x.hypot(nose.y) < 0.01 && nose.rest < 0.01, "{nose:?}");
}

#[test]
fn a_nose_that_leads_is_seen_by_how_much_and_in_which_direction() {
    let nose_centre = Point::new(CENTRE.x, CENTRE.y + 14.0);
    let leading = |at: Point| {
        let lead = 6.0 * (-(at.distance(nose_centre) / 26.0).powi(4)).exp();
        Point::new(at.x - lead, at.y)
    };
    let nose = nose_of(&picture(leading));
    assert!((0.06..0.12).contains(&nose.x) && nose.y.abs() < 0.02, "6 of 60 pixels to the right: {nose:?}");
}

#[test]
fn a_nose_that_grows_faster_than_its_face_swells() {
    let centre = Point::new(CENTRE.x, CENTRE.y + 9.6);
    let grown = |at: Point| {
        let by = 1.0 - 0.06 * (-(at.distance(centre) / 26.0).powi(4)).exp();
        Point::new(centre.x + (at.x - centre.x) * by, centre.y + (at.y - centre.y) * by)
    };
    let nose = nose_of(&picture(grown));
    assert!((0.02..0.10).contains(&nose.swell) && nose.x.hypot(nose.y) < 0.03, "by 6 %: {nose:?}");
}

#[test]
fn a_face_whose_points_are_lost_gets_another_anchor_when_it_looks_to_the_camera_again() {
    let (view, dark) = (picture(|at| at), Picture::from_fn(320, 240, |_, _| [3; 3]));
    let mut follower = Follower::default();
    for shown in [&view, &dark, &view] {
        follower.see(shown, &frontal(), NOW);
    }
    assert!(follower.see(&view, &frontal(), NOW).expect("measured").nose.is_some());
}

#[test]
fn a_face_that_is_turned_or_has_no_size_is_no_anchor() {
    let mut follower = Follower::default();
    let (view, mut turned, mut nothing) = (picture(|at| at), frontal(), frontal());
    turned.pose.yaw = 25.0;
    nothing.points.fill(CENTRE);
    for mesh in [&turned, &nothing, &turned] {
        assert_eq!(follower.see(&view, mesh, NOW), None);
    }
    assert!(follower.anchor.is_none());
}

#[test]
fn points_that_are_lost_leave_the_mesh_alone_to_speak() {
    let mut follower = Follower::default();
    assert_eq!(follower.see(&picture(|at| at), &frontal(), NOW), None);
    let dark = Picture::from_fn(320, 240, |_, _| [3; 3]);
    assert_eq!(follower.see(&dark, &frontal(), NOW).expect("measured").nose, None);
    assert_eq!(
        follower.see(&picture(|at| at), &frontal(), NOW).expect("measured").nose,
        None,
        "lost is lost"
    );
}
