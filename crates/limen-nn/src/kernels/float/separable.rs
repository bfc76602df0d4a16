//! A convolution of each channel by itself and the pointwise one behind it, as one step.

use super::convolution::{ConvTail, Filters, slopes};
use super::depthwise::{self, Rows};
use super::isa::Isa;
use super::panels;
use super::rows::rows_at_a_time;
use super::tile::{FloatTile, Residual, Steps};
use crate::kernels::image::{Image, Slide};
use crate::kernels::map::Activation;

/// Both convolutions.
#[derive(Debug)]
pub struct Separable {
    isa: Isa,
    /// Of the first; its output is as it lies in scratch memory, a few rows of it.
    slide: Slide,
    depthwise: depthwise::DepthwiseWeights,
    pointwise: panels::DenseWeights,
    residual: Option<Image>,
    /// What comes out of both.
    output: Image,
}

impl Separable {
    /// Packs a depthwise convolution, which has no residual, and the pointwise one behind it, for the best
    /// instruction set. The slide is the depthwise one's with the output of both. None where the sizes do not fit.
    pub fn new(
        slide: Slide,
        depthwise: (Filters<'_>, &Activation),
        pointwise: (Filters<'_>, &ConvTail),
    ) -> Option<Self> {
        Self::with(Isa::best(), slide, depthwise, pointwise)
    }

    /// Packs them for one instruction set.
    pub fn with(
        isa: Isa,
        slide: Slide,
        (first, activation): (Filters<'_>, &Activation),
        (second, tail): (Filters<'_>, &ConvTail),
    ) -> Option<Self> {
        let output = slide.output;
        let (inputs, outputs) = (slide.input.channels, output.channels);
        let fit = tail.fits(&output) && [output.height, output.width, inputs, outputs].iter().all(|s| *s > 0);
        if !fit || second.weights.len() != inputs * outputs || second.bias.len() != outputs {
            return None;
        }
        let rows = rows_at_a_time(&output);
        let between = Slide { output: Image::new(output.height, output.width, inputs), ..slide };
        let depthwise = depthwise::DepthwiseWeights::of(isa, &between, first, Some(activation))?;
        let weight = |output: usize, input: usize| second.weights[output * inputs + input];
        let slopes = slopes(&tail.activation, outputs);
        let pointwise = panels::DenseWeights::pack(isa.shape(), [1, inputs], second.bias, &slopes, weight);
        let slide = Slide { output: Image::new(rows, output.width, inputs), ..slide };
        Some(Self { isa, slide, depthwise, pointwise, residual: tail.residual, output })
    }

    /// How many numbers of scratch memory it needs.
    pub fn scratch(&self) -> usize {
        self.slide.output.len()
    }

    /// Writes every pixel of the output; its border stays.
    pub fn run(&self, input: &[f32], residual: &[f32], output: &mut [f32], scratch: &mut [f32]) {
        let (between, to) = (self.slide.output, self.output);
        for first in (0..to.height).step_by(between.height) {
            let rows = between.height.min(to.height - first);
            self.isa.run(Rows {
                slide: &self.slide,
                rows: first..first + rows,
                input,
                weights: &self.depthwise,
                output: scratch,
                to: Steps::of(&between),
            });
            self.isa.run(FloatTile {
                rows,
                width: to.width,
                input: scratch,
                from: Steps::of(&between),
                pitch: 0,
                weights: &self.pointwise,
                residual: self.residual.map(|image| Residual::of(&image, residual, first)),
                output: &mut output[to.pixel(first, 0)..],
                to: Steps::of(&to),
            });
        }
    }
}
