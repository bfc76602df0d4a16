//! The convolution of bytes with signed bytes.

use super::Epilogue;
use crate::vision::model::kernels::image::{Image, Slide};

/// Weights as a graph has them.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    /// In the order output channel, input channel, row, column.
    pub values: &'a [i8],
    /// Added to the sum of each output channel.
    pub bias: &'a [i32],
    /// The byte that stands for zero in the input, and in its border.
    pub zero: u8,
}

/// A convolution of all input channels into every output channel, with its epilogue.
#[derive(Debug)]
pub struct Conv {
    slide: Slide,
    /// Of each place in the window, each input channel and each output channel.
    weights: Vec<i8>,
    /// With what the input's zero adds taken off.
    bias: Vec<i32>,
    epilogue: Epilogue,
}

/// Where a convolution's results go.
#[derive(Debug, Default)]
pub struct Outputs<'a> {
    /// Numbers, where the epilogue keeps them.
    pub floats: &'a mut [f32],
    /// Bytes, where it makes some.
    pub bytes: &'a mut [u8],
}

impl Conv {
    /// None where the sizes do not fit.
    pub fn new(slide: Slide, weights: Weights<'_>, epilogue: Epilogue) -> Option<Self> {
        let (inputs, outputs) = (slide.input.channels, slide.output.channels);
        let taps = slide.window.kernel[0] * slide.window.kernel[1];
        let fit = slide.fits()
            && weights.values.len() == outputs * inputs * taps
            && weights.bias.len() == outputs
            && (epilogue.scales.len() == outputs || epilogue.scales.len() == 1);
        let mut packed = vec![0; fit.then_some(weights.values.len())?];
        let mut bias = weights.bias.to_vec();
        for (index, weight) in weights.values.iter().enumerate() {
            let (output, input, tap) = (index / taps / inputs, index / taps % inputs, index % taps);
            packed[(tap * inputs + input) * outputs + output] = *weight;
            bias[output] = bias[output].wrapping_sub(i32::from(weights.zero) * i32::from(*weight));
        }
        Some(Self { slide, weights: packed, bias, epilogue })
    }

    /// Writes every pixel of the outputs; their borders stay.
    pub fn run(&self, input: &[u8], residual: &[f32], outputs: &mut Outputs<'_>) {
        let Slide { input: from, output: to, window } = self.slide;
        let mut sums = vec![0_i32; to.channels];
        let row = window.kernel[1] * from.channels;
        for y in 0..to.height {
            for x in 0..to.width {
                sums.copy_from_slice(&self.bias);
                let start = from.tap(&window, y, x);
                let mut weights = self.weights.chunks_exact(to.channels);
                for ky in 0..window.kernel[0] {
                    for (value, weights) in input[start + ky * from.pitch()..][..row].iter().zip(&mut weights)
                    {
                        let value = i32::from(*value);
                        sums.iter_mut().zip(weights).for_each(|(sum, w)| *sum += value * i32::from(*w));
                    }
                }
                self.finish([y, x], &sums, residual, outputs);
            }
        }
    }

    /// The epilogue of one pixel.
    fn finish(&self, at: [usize; 2], sums: &[i32], residual: &[f32], outputs: &mut Outputs<'_>) {
        let place = |image: &Image| image.pixel(at[0], at[1]);
        let zero = f32::from(self.epilogue.output.zero);
        for (channel, sum) in sums.iter().enumerate() {
            let scale = self.epilogue.scales[if self.epilogue.scales.len() == 1 { 0 } else { channel }];
            let byte = ((*sum as f32 * scale).round_ties_even() + zero).clamp(0.0, 255.0) as u8;
            let Some(tail) = &self.epilogue.float else {
                outputs.bytes[place(&self.slide.output) + channel] = byte;
                continue;
            };
            let mut value = self.epilogue.output.dequantise(byte);
            if let Some(image) = tail.residual.filter(|image| channel < image.channels) {
                value += residual[place(&image) + channel];
            }
            if tail.relu {
                value = value.max(0.0);
            }
            if let Some(image) = &tail.keep {
                outputs.floats[place(image) + channel] = value;
            }
            if let Some((image, quantisation)) = &tail.quantise {
                outputs.bytes[place(image) + channel] = quantisation.quantise(value);
            }
        }
    }
}
