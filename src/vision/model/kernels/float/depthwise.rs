//! Convolutions of each channel by itself.

use super::Tail;
use crate::vision::model::kernels::image::Slide;

/// A convolution of each channel by its own window.
#[derive(Debug)]
pub struct Depthwise {
    slide: Slide,
    /// Of each place in the window and each channel.
    weights: Vec<f32>,
    bias: Vec<f32>,
    tail: Tail,
}

impl Depthwise {
    /// Takes weights in the order channel, row, column. None where the sizes do not fit.
    pub fn new(slide: Slide, weights: &[f32], bias: &[f32], tail: Tail) -> Option<Self> {
        let channels = slide.output.channels;
        let taps = slide.window.kernel[0] * slide.window.kernel[1];
        let fit = slide.fits()
            && slide.input.channels == channels
            && weights.len() == channels * taps
            && bias.len() == channels;
        let mut packed = vec![0.0; fit.then_some(weights.len())?];
        for (index, weight) in weights.iter().enumerate() {
            packed[index % taps * channels + index / taps] = *weight;
        }
        Some(Self { slide, weights: packed, bias: bias.to_vec(), tail })
    }

    /// Writes every pixel of the output; its border stays.
    pub fn run(&self, input: &[f32], residual: &[f32], output: &mut [f32]) {
        let Slide { input: from, output: to, window } = self.slide;
        let mut sums = vec![0.0_f32; to.channels];
        for y in 0..to.height {
            for x in 0..to.width {
                sums.copy_from_slice(&self.bias);
                let start = from.tap(&window, y, x);
                for (tap, weights) in self.weights.chunks_exact(to.channels).enumerate() {
                    let at = tap / window.kernel[1] * from.pitch() + tap % window.kernel[1] * from.channels;
                    for ((sum, value), weight) in sums.iter_mut().zip(&input[start + at..]).zip(weights) {
                        *sum += value * weight;
                    }
                }
                if let Some(image) = self.tail.residual {
                    let more = &residual[image.pixel(y, x)..][..image.channels];
                    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                }
                self.tail.activation.apply(&mut sums);
                output[to.pixel(y, x)..][..to.channels].copy_from_slice(&sums);
            }
        }
    }
}
