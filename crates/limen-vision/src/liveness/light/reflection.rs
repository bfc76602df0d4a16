//! How bright the nose of a face, its sides and what is beside it are in one frame.

use crate::frame::{Picture, View};
use crate::geometry::{Point, Rect};
use crate::landmarks::Mesh;
use crate::liveness::parallax::{eye_distance, is_frontal};

/// The numbers of mesh points, as in MediaPipe's face mesh.
mod point {
    /// Down the bridge of the nose to its tip.
    pub const NOSE: [usize; 4] = [197, 195, 5, 4];
    /// The edge of the face before the right ear, and before the left one.
    pub const SIDES: [usize; 6] = [127, 234, 93, 356, 454, 323];
    /// The middle of the face.
    pub const MIDDLE: usize = 195;
}

/// How far the points of the sides are moved towards the nose: the edge of a mesh lies half on the background.
const INWARDS: f32 = 0.12;
/// How far from the nose the background beside the face is looked at: so many times as far as the edge of the face.
const BESIDE: f32 = 1.7;
/// The radius of a spot in which the brightness is taken, in distances between the eyes.
const RADIUS: f32 = 0.1;
/// The pixels of a spot that are looked at, across and down.
const GRID: usize = 5;
/// Between these brightnesses, of 255, more light makes a picture brighter: not black, not burnt out.
const USABLE: std::ops::RangeInclusive<f32> = 8.0..=247.0;

/// How bright the parts of a face are: the logarithms of luminances of 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reflection {
    /// The nose.
    pub nose: f32,
    /// The sides of the face, before the ears.
    pub sides: f32,
    /// What is beside the face; `None` if that is outside the picture, black or burnt out.
    pub beside: Option<f32>,
}

/// How bright a face is that looks to the camera. `None` of a turned one, and where a part is black, burnt out or outside
/// the picture.
pub fn reflection(view: &dyn View, mesh: &Mesh) -> Option<Reflection> {
    if !is_frontal(mesh.pose.yaw, mesh.pose.pitch) {
        return None;
    }
    let spots = Spots::of(mesh)?;
    let region = view.part(&spots.bounds());
    let corner = (region.left as f32, region.top as f32);
    let bright = |places: &[Point]| {
        let within = places.iter().map(|place| Point::new(place.x - corner.0, place.y - corner.1));
        brightness(&region.picture, within, spots.radius)
    };
    Some(Reflection {
        nose: bright(&spots.nose)?,
        sides: bright(&spots.sides)?,
        beside: bright(&spots.beside),
    })
}

/// Where a face is looked at, in pixels of the picture.
struct Spots {
    nose: Vec<Point>,
    sides: Vec<Point>,
    beside: Vec<Point>,
    radius: f32,
}

impl Spots {
    fn of(mesh: &Mesh) -> Option<Self> {
        let middle = *mesh.points.get(point::MIDDLE)?;
        let from_middle = |index: usize, times: f32| {
            let edge = mesh.points.get(index)?;
            Some(Point::new(middle.x + (edge.x - middle.x) * times, middle.y + (edge.y - middle.y) * times))
        };
        let all = |indices: &[usize], times: f32| indices.iter().map(|i| from_middle(*i, times)).collect();
        let nose: Option<Vec<Point>> = all(&point::NOSE, 1.0);
        let (sides, beside): (Option<Vec<Point>>, Option<Vec<Point>>) =
            (all(&point::SIDES, 1.0 - INWARDS), all(&point::SIDES, BESIDE));
        let radius = RADIUS * eye_distance(mesh);
        (radius.is_finite() && radius > 0.0).then_some(Self {
            nose: nose?,
            sides: sides?,
            beside: beside?,
            radius,
        })
    }

    fn bounds(&self) -> Rect {
        let all = || self.nose.iter().chain(&self.sides).chain(&self.beside);
        let least = |of: fn(&Point) -> f32| all().map(of).fold(f32::INFINITY, f32::min) - self.radius;
        let most = |of: fn(&Point) -> f32| all().map(of).fold(f32::NEG_INFINITY, f32::max) + self.radius;
        let (left, top) = (least(|p| p.x), least(|p| p.y));
        Rect { left, top, width: most(|p| p.x) - left, height: most(|p| p.y) - top }
    }
}

/// The logarithm of the mean luminance of some spots.
fn brightness(picture: &Picture, spots: impl Iterator<Item = Point>, radius: f32) -> Option<f32> {
    let steps = (0..GRID).map(|step| radius * (2.0 * step as f32 / (GRID - 1) as f32 - 1.0));
    let pixels = spots.flat_map(|at| {
        let steps = steps.clone();
        steps.clone().flat_map(move |y| steps.clone().map(move |x| Point::new(at.x + x, at.y + y)))
    });
    let (mut sum, mut seen, mut asked) = (0.0, 0, 0);
    for place in pixels {
        asked += 1;
        if let Some(luminance) = luminance(picture, place) {
            (sum, seen) = (sum + luminance, seen + 1);
        }
    }
    // A part that lies half outside the picture would change as the face moves.
    let mean = sum / seen.max(1) as f32;
    (seen * 2 > asked && USABLE.contains(&mean)).then(|| mean.ln())
}

fn luminance(picture: &Picture, at: Point) -> Option<f32> {
    let (x, y) = (at.x.round(), at.y.round());
    let inside = x >= 0.0 && y >= 0.0 && x < picture.width() as f32 && y < picture.height() as f32;
    let first = (y as usize * picture.width() as usize + x as usize) * 3;
    let pixel = picture.rgb().get(first..first + 3).filter(|_| inside)?;
    Some(0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2]))
}

#[cfg(test)]
#[path = "reflection_tests.rs"]
mod tests;
