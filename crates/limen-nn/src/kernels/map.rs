//! What is done to each number by itself: activations, sums of two images, quantisation.

use super::image::Image;

/// What follows a sum.
#[derive(Debug, Clone, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// Zero for what is below zero.
    Relu,
    /// What is below zero times a slope of its channel's own.
    PRelu(Vec<f32>),
}

impl Activation {
    /// Applies it to one pixel.
    pub fn apply(&self, pixel: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Relu => pixel.iter_mut().for_each(|value| *value = value.max(0.0)),
            Self::PRelu(slopes) => {
                for (value, slope) in pixel.iter_mut().zip(slopes) {
                    *value = if *value < 0.0 { *value * slope } else { *value };
                }
            }
        }
    }
}

/// Eight bits for a number: it is `(byte - zero) * scale`. A graph's signed bytes are stored 128 higher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantisation {
    /// What a step of one is worth, above zero.
    pub scale: f32,
    /// The byte of zero.
    pub zero: u8,
}

impl Quantisation {
    /// The nearest byte; halves go to the even one.
    pub fn quantise(&self, value: f32) -> u8 {
        ((value / self.scale).round_ties_even() + f32::from(self.zero)).clamp(0.0, 255.0) as u8
    }

    /// What a byte stands for.
    pub fn dequantise(&self, byte: u8) -> f32 {
        (f32::from(byte) - f32::from(self.zero)) * self.scale
    }
}

/// Adds one or two images, each with zeros where it is smaller than the output, and applies an activation.
#[derive(Debug)]
pub struct Sum {
    /// The first.
    pub first: Image,
    /// The second, where there are two.
    pub second: Option<Image>,
    /// Applied to the sum.
    pub activation: Activation,
    /// What comes out.
    pub output: Image,
}

impl Sum {
    /// Gives each pixel of the output to `write`.
    pub fn run(&self, first: &[f32], second: &[f32], mut write: impl FnMut(usize, usize, &[f32])) {
        let mut pixel = vec![0.0; self.output.channels];
        for y in 0..self.output.height {
            for x in 0..self.output.width {
                pixel.fill(0.0);
                for (image, data) in [(Some(self.first), first), (self.second, second)] {
                    let Some(image) = image.filter(|image| y < image.height && x < image.width) else {
                        continue;
                    };
                    let more = &data[image.pixel(y, x)..][..image.channels];
                    pixel.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                }
                self.activation.apply(&mut pixel);
                write(y, x, &pixel);
            }
        }
    }
}
