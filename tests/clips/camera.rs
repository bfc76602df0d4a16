//! What the camera makes of a scene: its size and rate, blur, noise and JPEG.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use limen_vision::frame::Picture;

use super::canvas::{Canvas, Colour, Pixels};
use super::random::Random;
use super::space::Lens;

/// A camera at a door.
#[derive(Debug, Clone, Copy)]
pub struct Camera {
    pub width: u32,
    pub height: u32,
    /// Frames a second.
    pub fps: u32,
    /// The focal length, in widths of the picture.
    pub focal: f32,
    /// The standard deviation of the blur, in pixels of a picture 640 wide.
    pub blur: f32,
    /// The standard deviation of the noise, of 255.
    pub noise: f32,
    /// The JPEG quality, in percent.
    pub quality: u8,
}

impl Camera {
    /// Nothing is lost but by the lens: for tests.
    pub const CLEAR: Self =
        Self { width: 640, height: 480, fps: 10, focal: 0.9, blur: 0.5, noise: 1.0, quality: 95 };

    /// A third has 720 rows, half has 30 frames a second.
    pub fn drawn(random: &mut Random) -> Self {
        let large = random.chance(0.33);
        let (width, height) = if large { (1280, 720) } else { (640, 480) };
        Self {
            width,
            height,
            fps: random.pick(&[10, 30]),
            focal: if large { random.between(0.65, 0.95) } else { random.between(0.75, 1.1) },
            blur: random.between(0.4, 0.9),
            noise: random.between(1.0, 4.0),
            quality: random.between(72.0, 92.0) as u8,
        }
    }

    pub fn lens(&self) -> Lens {
        Lens { width: self.width, height: self.height, focal: self.focal * self.width as f32 }
    }

    /// What the camera sees before anything is painted on it.
    pub fn facing(&self, scene: Canvas) -> Backdrop {
        let mut blurred = scene.clone();
        let all = Pixels { columns: (0, scene.width), rows: (0, scene.height) };
        blur(&scene, &mut blurred, all, self.weights());
        Backdrop { sharp: scene, blurred }
    }

    /// Paints something before the scene; blurs it, adds noise and rounds.
    pub fn shoot(
        &self,
        backdrop: &Backdrop,
        random: &mut Random,
        paint: impl FnOnce(&mut Canvas, &Lens),
    ) -> Picture {
        let mut sharp = backdrop.sharp.clone();
        paint(&mut sharp, &self.lens());
        let mut blurred = backdrop.blurred.clone();
        if let Some(painted) = sharp.painted(2) {
            blur(&sharp, &mut blurred, painted, self.weights());
        }
        self.noisy(&blurred, random)
    }

    fn noisy(&self, canvas: &Canvas, random: &mut Random) -> Picture {
        let noise: Vec<f32> = (0..NOISES).map(|_| random.normal() * self.noise + 0.5).collect();
        let mut rgb = Vec::with_capacity(canvas.pixels.len() * 3);
        for line in canvas.pixels.chunks_exact(canvas.width as usize) {
            let values = line.as_flattened();
            let from = random.below(NOISES - values.len());
            rgb.extend(values.iter().zip(&noise[from..]).map(|(value, noise)| (value + noise) as u8));
        }
        Picture::new(canvas.width, canvas.height, rgb).expect("three bytes for each pixel")
    }

    /// The weights of a pixel, of its neighbours and of theirs in its blurred value, along one axis.
    fn weights(&self) -> [f32; 3] {
        let deviation = self.blur * self.width as f32 / 640.0;
        let weight = |distance: f32| (-distance * distance / (2.0 * deviation * deviation)).exp();
        let sum = 1.0 + 2.0 * (weight(1.0) + weight(2.0));
        [1.0, weight(1.0), weight(2.0)].map(|weight| weight / sum)
    }

    /// The file of a picture.
    pub fn jpeg(&self, picture: &Picture) -> Vec<u8> {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, self.quality)
            .encode(picture.rgb(), picture.width(), picture.height(), ExtendedColorType::Rgb8)
            .expect("a picture of usual size");
        jpeg
    }
}

/// How many values of noise are drawn for a picture: each line takes them from another place.
const NOISES: usize = 16_384;

/// A scene, and what the camera's blur makes of it.
#[derive(Debug)]
pub struct Backdrop {
    sharp: Canvas,
    blurred: Canvas,
}

/// Blurs these pixels of a canvas into another one.
fn blur(from: &Canvas, to: &mut Canvas, Pixels { columns, rows }: Pixels, weights: [f32; 3]) {
    let clamped = |value: u32, by: i32, most: u32| value.saturating_add_signed(by).min(most - 1);
    let width = (columns.1 - columns.0) as usize;
    // Rows that are blurred across, two more at each end.
    let mut across = Vec::with_capacity(width * (rows.1 - rows.0 + 4) as usize);
    for row in 0..rows.1 - rows.0 + 4 {
        let line = from.index(0, clamped(rows.0 + row, -2, from.height));
        for x in columns.0..columns.1 {
            let near = |by: i32| &from.pixels[line + clamped(x, by, from.width) as usize];
            across.push(mixed([near(-2), near(-1), near(0), near(1), near(2)], weights));
        }
    }
    for row in 0..(rows.1 - rows.0) as usize {
        for column in 0..width {
            let near = |by: usize| &across[(row + by) * width + column];
            let at = to.index(columns.0 + column as u32, rows.0 + row as u32);
            to.pixels[at] = mixed([near(0), near(1), near(2), near(3), near(4)], weights);
        }
    }
}

fn mixed([a, b, c, d, e]: [&Colour; 5], [middle, near, far]: [f32; 3]) -> Colour {
    [
        (a[0] + e[0]) * far + (b[0] + d[0]) * near + c[0] * middle,
        (a[1] + e[1]) * far + (b[1] + d[1]) * near + c[1] * middle,
        (a[2] + e[2]) * far + (b[2] + d[2]) * near + c[2] * middle,
    ]
}
