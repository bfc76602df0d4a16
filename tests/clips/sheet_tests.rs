//! A flat sheet moves as a plane does, a bent one and a head do not.

use limen_vision::geometry::{Point, Rect};

use super::camera::Camera;
use super::canvas::Canvas;
use super::space::{Angles, Pose};
use super::surface::{Axis, Bend, Surface};

const AREA: Rect = Rect { left: -0.15, top: -0.2, width: 0.3, height: 0.4 };

fn surface(yaw: f32, bend: Option<Bend>) -> Surface {
    let angles = Angles { yaw, pitch: 9.0, roll: -4.0 };
    Surface { pose: Pose { angles, at: [0.03, -0.02, 0.5] }, bend, area: AREA }
}

/// Where points of the sheet are seen.
fn seen(surface: &Surface, places: &[[f32; 2]]) -> Vec<Point> {
    let lens = Camera::CLEAR.lens();
    places.iter().map(|place| lens.project(surface.place(*place))).collect()
}

/// A place on the diagonals of a square of the sheet is where the diagonals cross in the picture: how far, in pixels,
/// they are from doing so. A homography keeps lines and crossings.
fn off_the_crossing(surface: &Surface) -> f32 {
    let mut worst: f32 = 0.0;
    for (x, y) in [(0.0, 0.0), (-0.05, 0.06), (0.06, -0.08), (0.04, 0.1)] {
        let corner = |dx: f32, dy: f32| [x + dx * 0.08, y + dy * 0.08];
        let places = [corner(-1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0), corner(1.0, -1.0), [x, y]];
        let points = seen(surface, &places);
        worst = worst.max(crossing(points[0], points[1], points[2], points[3]).distance(points[4]));
    }
    worst
}

/// Where two lines, each through two points, cross.
fn crossing(a: Point, b: Point, c: Point, d: Point) -> Point {
    let (ux, uy, vx, vy) = (b.x - a.x, b.y - a.y, d.x - c.x, d.y - c.y);
    let along = ((c.x - a.x) * vy - (c.y - a.y) * vx) / (ux * vy - uy * vx);
    Point::new(a.x + along * ux, a.y + along * uy)
}

#[test]
fn a_flat_sheet_moves_by_a_homography_and_a_bent_one_does_not() {
    for yaw in [0.0, 20.0, -45.0, 58.0] {
        assert!(off_the_crossing(&surface(yaw, None)) < 0.01, "{yaw}");
        for axis in [Axis::Upright, Axis::Level] {
            let bent = surface(yaw, Some(Bend { axis, radius: 0.12 }));
            assert!(off_the_crossing(&bent) > 1.0, "{yaw} {axis:?}");
        }
    }
}

#[test]
fn a_pixel_shows_the_point_of_the_sheet_that_is_there() {
    let lens = Camera::CLEAR.lens();
    let bends = [0.12, 0.3, -0.2].map(|radius| Some(Bend { axis: Axis::Upright, radius }));
    let level = Some(Bend { axis: Axis::Level, radius: 0.15 });
    for bend in bends.into_iter().chain([None, level]) {
        let sheet = surface(18.0, bend);
        let mut canvas = Canvas::from_fn(640, 480, |_, _| [-1.0; 3]);
        sheet.draw(&mut canvas, &lens, |[x, y]| Some([x, y, 1.0]));
        for place in [[0.0, 0.0], [0.05, -0.06], [-0.07, 0.04]] {
            let at = seen(&sheet, &[place])[0];
            let [x, y, _] = canvas.pixels[canvas.index(at.x.round() as u32, at.y.round() as u32)];
            // A pixel is a millimetre wide there.
            assert!((x - place[0]).hypot(y - place[1]) < 1.5e-3, "{bend:?} {place:?}: {x} {y}");
        }
    }
}

#[test]
fn a_sheet_that_turns_to_the_left_of_who_is_shown_comes_near_with_its_right_side() {
    let turned = surface(30.0, None);
    let [left, right] = [[0.1, 0.0], [-0.1, 0.0]].map(|place| turned.place(place)[2]);
    assert!(left > right + 0.05, "{left} {right}");
}
