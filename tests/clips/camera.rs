//! What the camera makes of a scene: its size and rate, blur, noise and JPEG.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use limen_vision::frame::Picture;

use super::canvas::{Canvas, Colour};
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

    /// Blurs, adds noise and rounds.
    pub fn develop(&self, canvas: &Canvas, random: &mut Random) -> Picture {
        let blurred = blurred(canvas, self.blur * self.width as f32 / 640.0);
        let noise: Vec<f32> = (0..NOISES).map(|_| random.normal() * self.noise).collect();
        let mut rgb = Vec::with_capacity(blurred.pixels.len() * 3);
        for line in blurred.pixels.chunks_exact(canvas.width as usize) {
            let mut at = random.below(NOISES);
            for channel in line.as_flattened() {
                at = if at + 1 < NOISES { at + 1 } else { 0 };
                rgb.push((channel + noise[at] + 0.5) as u8);
            }
        }
        Picture::new(canvas.width, canvas.height, rgb).expect("three bytes for each pixel")
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
const NOISES: usize = 8191;

fn blurred(canvas: &Canvas, deviation: f32) -> Canvas {
    let weight = |distance: f32| (-distance * distance / (2.0 * deviation * deviation)).exp();
    let (near, far) = (weight(1.0), weight(2.0));
    let sum = 1.0 + 2.0 * (near + far);
    let weights = [far / sum, near / sum, 1.0 / sum, near / sum, far / sum];
    let (width, height) = (canvas.width as usize, canvas.height as usize);
    let across = pass(&canvas.pixels, &weights, width, 1);
    Canvas { pixels: pass(&across, &weights, height, width), ..*canvas }
}

/// Along one axis: `count` pixels along it, `step` from one to the next.
fn pass(pixels: &[Colour], weights: &[f32; 5], count: usize, step: usize) -> Vec<Colour> {
    let mut out = Vec::with_capacity(pixels.len());
    for index in 0..pixels.len() {
        let along = index / step % count;
        let near = |by: isize| {
            let there = along.saturating_add_signed(by).min(count - 1);
            pixels[index + there * step - along * step]
        };
        let five = [near(-2), near(-1), pixels[index], near(1), near(2)];
        let mut colour = [0.0; 3];
        for (tap, weight) in five.iter().zip(weights) {
            for channel in 0..3 {
                colour[channel] += tap[channel] * weight;
            }
        }
        out.push(colour);
    }
    out
}
