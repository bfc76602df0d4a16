//! Convolutions that mix all channels.

use super::Tail;
use crate::vision::model::kernels::image::Slide;

/// A convolution of all input channels into every output channel.
#[derive(Debug)]
pub struct Dense {
    slide: Slide,
    /// Of each place in the window, each input channel and each output channel.
    weights: Vec<f32>,
    bias: Vec<f32>,
    tail: Tail,
}

impl Dense {
    /// Takes weights in the order output channel, input channel, row, column. None where the sizes do not fit.
    pub fn new(slide: Slide, weights: &[f32], bias: &[f32], tail: Tail) -> Option<Self> {
        let (inputs, outputs) = (slide.input.channels, slide.output.channels);
        let taps = slide.window.kernel[0] * slide.window.kernel[1];
        let fit = slide.fits() && weights.len() == outputs * inputs * taps && bias.len() == outputs;
        let mut packed = vec![0.0; fit.then_some(weights.len())?];
        for (index, weight) in weights.iter().enumerate() {
            let (output, input, tap) = (index / taps / inputs, index / taps % inputs, index % taps);
            packed[(tap * inputs + input) * outputs + output] = *weight;
        }
        Some(Self { slide, weights: packed, bias: bias.to_vec(), tail })
    }

    /// Writes every pixel of the output; its border stays.
    pub fn run(&self, input: &[f32], residual: &[f32], output: &mut [f32]) {
        let Slide { input: from, output: to, window } = self.slide;
        let mut sums = vec![0.0_f32; to.channels];
        let row = window.kernel[1] * from.channels;
        for y in 0..to.height {
            for x in 0..to.width {
                sums.copy_from_slice(&self.bias);
                let start = from.tap(&window, y, x);
                let mut weights = self.weights.chunks_exact(to.channels);
                for ky in 0..window.kernel[0] {
                    for (value, weights) in input[start + ky * from.pitch()..][..row].iter().zip(&mut weights)
                    {
                        sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
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
