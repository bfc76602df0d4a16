//! What is behind the face: a made-up hallway with a door at its end.

use super::canvas::{Canvas, Colour};
use super::random::Random;

/// A hallway, drawn anew for each clip.
#[derive(Debug)]
struct Hallway {
    /// Where its lines meet, in shares of the picture.
    end: (f32, f32),
    /// How large its end is, in shares of half the picture.
    size: f32,
    wall: Colour,
    floor: Colour,
    door: Colour,
    /// How light the near end is.
    light: f32,
    /// Rows of tiles.
    tiles: f32,
}

/// The picture of a hallway.
pub fn hallway(width: u32, height: u32, random: &mut Random) -> Canvas {
    let mut colour = |least: f32, most: f32| {
        let grey = random.between(least, most);
        [0; 3].map(|_| grey + random.between(-18.0, 18.0))
    };
    let (wall, floor, door) = (colour(120.0, 205.0), colour(60.0, 130.0), colour(50.0, 150.0));
    let hallway = Hallway {
        end: (random.between(0.35, 0.65), random.between(0.4, 0.55)),
        size: random.between(0.25, 0.45),
        wall,
        floor,
        door,
        light: random.between(0.65, 1.05),
        tiles: random.between(2.0, 5.0),
    };
    Canvas::from_fn(width, height, |x, y| hallway.colour(x as f32 / width as f32, y as f32 / height as f32))
}

impl Hallway {
    fn colour(&self, x: f32, y: f32) -> Colour {
        let (across, down) = ((x - self.end.0) * 2.0, (y - self.end.1) * 2.0);
        let out = across.abs().max(down.abs());
        if out < self.size {
            let (across, down) = (across / self.size, down / self.size);
            let is_door = across.abs() < 0.45 && down > -0.5;
            let is_frame = across.abs() < 0.53 && down > -0.58;
            return lit(
                if is_door { self.door } else { self.wall },
                if is_frame && !is_door { 0.6 } else { 0.8 },
            );
        }
        // The farther from the end, the nearer to the camera.
        let depth = 1.0 / out;
        let light = self.light * (1.0 - 0.12 * (depth - 1.0));
        if down.abs() < across.abs() {
            return lit(self.wall, light * if across < 0.0 { 0.88 } else { 1.0 });
        }
        if down < 0.0 {
            return lit(self.wall, light * 1.15);
        }
        let tile = |along: f32| (along * self.tiles).floor() as i64;
        let dark = (tile(depth * 2.0) + tile(across / out)) % 2 == 0;
        lit(self.floor, light * if dark { 0.85 } else { 1.0 })
    }
}

fn lit(colour: Colour, light: f32) -> Colour {
    colour.map(|channel| (channel * light).clamp(0.0, 255.0))
}
