//! Whether straight lines run along three sides of a face: the edge of a sheet of paper or of a screen.
//!
//! A doorway is full of straight lines too. So the empty scene is learned, and its lines do not count; before that,
//! nothing is said.

use super::grey::Grey;
use crate::geometry::{Point, Rect};

/// A pixel belongs to a line if its luminance, 0 to 255, changes by this much per pixel across the line.
const EDGE: f32 = 10.0;
/// A line of the scene may be fainter, or a pixel off.
const OF_THE_SCENE: f32 = 5.0;
/// How long the scene's lines last without being seen again: this much of their strength is left after each look.
const FADES: f32 = 0.95;
/// Where lines are looked for, in sizes of the face's box outwards from it.
const REACH: (f32, f32) = (0.1, 0.9);
/// Half the length of a line, in sizes of the box.
const HALF: f32 = 0.6;
/// How far lines may lean, in degrees, and from one to the next that is tried.
const LEANS: (i32, usize) = (12, 4);
/// The pixels of a line that are looked at, and how many of them must belong to it.
const SAMPLES: (usize, usize) = (24, 18);
/// The sides of a face that must have a line.
const SIDES: usize = 3;

/// The lines of the empty scene.
#[derive(Debug, Default)]
pub struct Border {
    scene: Option<Grey>,
}

impl Border {
    /// Learns a scene without a face, from its small picture.
    pub fn learn(&mut self, small: &Grey) {
        let now = Edges::of(small);
        let before = self.scene.take().filter(|scene| scene.width() == now.right.width());
        let before = before.filter(|scene| scene.height() == now.right.height());
        let strength = |x: usize, y: usize| {
            let faded = before.as_ref().map_or(0.0, |scene| FADES * scene.at(x, y));
            now.right.at(x, y).hypot(now.down.at(x, y)).max(faded)
        };
        self.scene = Some(Grey::from_fn(now.right.width(), now.right.height(), strength));
    }

    /// Whether lines that are not of the scene run along three sides of a face; `bounds` is its box in the small picture.
    pub fn is_around(&self, small: &Grey, bounds: &Rect) -> bool {
        let Some(scene) = &self.scene else { return false };
        let edges = Edges::of(small);
        if (scene.width(), scene.height()) != (edges.right.width(), edges.right.height()) {
            return false;
        }
        let face = Face { centre: bounds.centre(), half: bounds.width.max(bounds.height) / 2.0 };
        let outwards = [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)];
        outwards.into_iter().filter(|side| edges.has_line(scene, &face, *side)).count() >= SIDES
    }
}

/// A face in the small picture, in its pixels.
struct Face {
    centre: Point,
    half: f32,
}

/// How the luminance of a small picture changes.
struct Edges {
    right: Grey,
    down: Grey,
}

impl Edges {
    fn of(small: &Grey) -> Self {
        let (right, down) = small.gradients();
        Self { right, down }
    }

    /// Whether a line runs along the side of a face that lies in the direction `out`.
    fn has_line(&self, scene: &Grey, face: &Face, out: (f32, f32)) -> bool {
        let size = 2.0 * face.half;
        let (from, to) = ((face.half + REACH.0 * size) as i32, (face.half + REACH.1 * size) as i32);
        let leans = (-LEANS.0..=LEANS.0).step_by(LEANS.1);
        leans.map(|lean| (lean as f32).to_radians().sin_cos()).any(|(sin, cos)| {
            // The line's normal, outwards.
            let normal = (out.0 * cos - out.1 * sin, out.0 * sin + out.1 * cos);
            (from..=to).any(|far| {
                let foot = Point::new(face.centre.x + out.0 * far as f32, face.centre.y + out.1 * far as f32);
                self.is_line(scene, foot, normal, HALF * size)
            })
        })
    }

    fn is_line(&self, scene: &Grey, foot: Point, normal: (f32, f32), half: f32) -> bool {
        let (samples, needed) = SAMPLES;
        let (mut rises, mut falls) = (0, 0);
        for number in 0..samples {
            let along = half * (2.0 * number as f32 / (samples - 1) as f32 - 1.0);
            let at = Point::new(foot.x - normal.1 * along, foot.y + normal.0 * along);
            let Some((x, y)) = self.pixel(at) else { continue };
            let across = self.right.at(x, y) * normal.0 + self.down.at(x, y) * normal.1;
            if across.abs() >= EDGE && !is_of_the_scene(scene, x, y) {
                if across > 0.0 { rises += 1 } else { falls += 1 }
            }
        }
        rises.max(falls) >= needed
    }

    fn pixel(&self, at: Point) -> Option<(usize, usize)> {
        let (x, y) = (at.x.round(), at.y.round());
        let inside = x >= 0.0 && y >= 0.0 && x < self.right.width() as f32 && y < self.right.height() as f32;
        inside.then_some((x as usize, y as usize))
    }
}

fn is_of_the_scene(scene: &Grey, x: usize, y: usize) -> bool {
    let columns = x.saturating_sub(1)..=(x + 1).min(scene.width() - 1);
    columns.into_iter().any(|x| {
        (y.saturating_sub(1)..=(y + 1).min(scene.height() - 1)).any(|y| scene.at(x, y) >= OF_THE_SCENE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Picture;
    use crate::liveness::small::small;

    const FACE: Rect = Rect { left: 260.0, top: 180.0, width: 120.0, height: 120.0 };

    /// A grey scene with boxes of other greys: left, top, right, bottom, luminance; the later ones in front.
    fn scene(boxes: &[(u32, u32, u32, u32, u8)]) -> Picture {
        Picture::from_fn(640, 480, |x, y| {
            let inside = |b: &&(u32, u32, u32, u32, u8)| (b.0..b.2).contains(&x) && (b.1..b.3).contains(&y);
            [boxes.iter().rev().find(inside).map_or(100, |b| b.4); 3]
        })
    }

    const PAPER: (u32, u32, u32, u32, u8) = (220, 140, 420, 340, 200);
    const HEAD: (u32, u32, u32, u32, u8) = (270, 190, 370, 290, 150);

    fn learned(empty: &Picture) -> Border {
        let mut border = Border::default();
        border.learn(&small(empty).0);
        border
    }

    fn is_around(border: &Border, picture: &Picture) -> bool {
        let (grey, scale) = small(picture);
        border.is_around(&grey, &FACE.scaled(scale))
    }

    #[test]
    fn the_edge_of_a_sheet_is_around_its_face_and_a_head_before_a_wall_has_none() {
        let border = learned(&scene(&[]));
        assert!(is_around(&border, &scene(&[PAPER, HEAD])));
        assert!(!is_around(&border, &scene(&[HEAD])));
    }

    #[test]
    fn two_sides_are_not_enough_and_three_are() {
        let border = learned(&scene(&[]));
        let (wide, tall) = ((0, 140, 640, 340, 200), (220, 140, 420, 480, 200));
        assert!(!is_around(&border, &scene(&[wide, HEAD])), "above and below alone");
        assert!(is_around(&border, &scene(&[tall, HEAD])), "a hand holds it below the picture");
    }

    #[test]
    fn lines_of_the_scene_do_not_count_and_without_a_scene_nothing_does() {
        let door = scene(&[PAPER]);
        assert!(!is_around(&learned(&door), &scene(&[PAPER, HEAD])));
        assert!(!is_around(&Border::default(), &scene(&[PAPER, HEAD])));
        let tiny = Picture::from_fn(64, 64, |_, _| [100; 3]);
        assert!(!is_around(&learned(&door), &tiny), "another camera");
    }

    #[test]
    fn a_sheet_that_leans_has_its_lines_too() {
        let (sin, cos) = 8f32.to_radians().sin_cos();
        let leaning = Picture::from_fn(640, 480, |x, y| {
            let (x, y) = (x as f32 - 320.0, y as f32 - 240.0);
            let (across, down) = (x * cos + y * sin, y * cos - x * sin);
            [if across.abs() < 100.0 && down.abs() < 100.0 { 200 } else { 100 }; 3]
        });
        assert!(is_around(&learned(&scene(&[])), &leaning));
    }
}
