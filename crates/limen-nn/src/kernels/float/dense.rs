//! Convolutions that mix all channels.

use super::convolution::{ConvTail, Filters, slopes};
use super::isa::Isa;
use super::panels::DenseWeights;
use super::rows::rows_at_a_time;
use super::tile::{FloatTile, Residual, Steps};
use crate::kernels::image::{Image, Slide};

/// A convolution of all input channels into every output channel.
#[derive(Debug)]
pub struct Dense {
    isa: Isa,
    slide: Slide,
    weights: DenseWeights,
    residual: Option<Image>,
}

impl Dense {
    /// Packs a convolution for the best instruction set. None where the sizes do not fit.
    pub fn new(slide: Slide, filters: Filters<'_>, tail: &ConvTail) -> Option<Self> {
        Self::with(Isa::best(), slide, filters, tail)
    }

    /// Packs it for one instruction set.
    pub fn with(isa: Isa, slide: Slide, filters: Filters<'_>, tail: &ConvTail) -> Option<Self> {
        let (inputs, outputs) = (slide.input.channels, slide.output.channels);
        let [rows, columns] = slide.window.kernel;
        let taps = rows * columns;
        let sizes = [slide.output.height, slide.output.width, outputs, inputs, taps];
        let fit = slide.fits() && tail.fits(&slide.output) && sizes.iter().all(|size| *size > 0);
        if !fit || filters.weights.len() != outputs * inputs * taps || filters.bias.len() != outputs {
            return None;
        }
        // A term is one channel at one place of the window; the channels of a place follow each other.
        let weight = |output: usize, term: usize| {
            let (tap, input) = (term / inputs, term % inputs);
            filters.weights[(output * inputs + input) * taps + tap]
        };
        let slopes = slopes(&tail.activation, outputs);
        let weights =
            DenseWeights::pack(isa.shape(), [rows, columns * inputs], filters.bias, &slopes, weight);
        Some(Self { isa, slide, weights, residual: tail.residual })
    }

    /// Writes every pixel of the output; its border stays.
    pub fn run(&self, input: &[f32], residual: &[f32], output: &mut [f32]) {
        let Slide { input: from, output: to, window } = self.slide;
        let rows = rows_at_a_time(&to);
        for first in (0..to.height).step_by(rows) {
            self.isa.run(FloatTile {
                rows: rows.min(to.height - first),
                width: to.width,
                input: &input[from.tap(&window, first, 0)..],
                from: Steps { row: window.stride[0] * from.pitch(), pixel: window.stride[1] * from.channels },
                pitch: from.pitch(),
                weights: &self.weights,
                residual: self.residual.map(|image| Residual::of(&image, residual, first)),
                output: &mut output[to.pixel(first, 0)..],
                to: Steps::of(&to),
            });
        }
    }
}
