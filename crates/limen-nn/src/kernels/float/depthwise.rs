//! Convolutions of each channel by itself, the channels in the lanes.

use std::ops::Range;

use super::columns::{self, first_channel};
use super::convolution::{ConvTail, Filters, slopes};
use super::isa::Isa;
use super::lanes::{Lanes, SimdJob, count};
use super::tile::Steps;
use crate::kernels::image::Slide;
use crate::kernels::map::Activation;

/// Pixels of a row that are computed at once.
const PIXELS: usize = 4;
/// The widest window whose weights are held in registers.
const WIDEST: usize = 5;
/// Columns of the input that [`PIXELS`] pixels at stride 2 look at through the widest window.
const MOST_INPUTS: usize = (PIXELS - 1) * 2 + WIDEST;

/// A convolution of each channel by its own window.
#[derive(Debug)]
pub struct Depthwise {
    isa: Isa,
    slide: Slide,
    weights: DepthwiseWeights,
    tail: ConvTail,
}

impl Depthwise {
    /// Packs a convolution for the best instruction set. None where the sizes do not fit.
    pub fn new(slide: Slide, filters: Filters<'_>, tail: ConvTail) -> Option<Self> {
        Self::with(Isa::best(), slide, filters, tail)
    }

    /// Packs it for one instruction set.
    pub fn with(isa: Isa, slide: Slide, filters: Filters<'_>, tail: ConvTail) -> Option<Self> {
        let fits = tail.fits(&slide.output) && slide.input.channels == slide.output.channels;
        // What is added comes between the sums and the activation.
        let activation = tail.residual.is_none().then_some(&tail.activation);
        let weights = fits.then(|| DepthwiseWeights::of(isa, &slide, filters, activation))??;
        Some(Self { isa, slide, weights, tail })
    }

    /// Writes every pixel of the output; its border stays.
    pub fn run(&self, input: &[f32], residual: &[f32], output: &mut [f32]) {
        let to = self.slide.output;
        self.isa.run(Rows {
            slide: &self.slide,
            rows: 0..to.height,
            input,
            weights: &self.weights,
            output: &mut output[to.pixel(0, 0)..],
            to: Steps::of(&to),
        });
        let Some(image) = self.tail.residual else { return };
        for (y, x) in (0..to.height).flat_map(|y| (0..to.width).map(move |x| (y, x))) {
            let pixel = &mut output[to.pixel(y, x)..][..to.channels];
            let more = &residual[image.pixel(y, x)..][..image.channels];
            pixel.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            self.tail.activation.apply(pixel);
        }
    }
}

/// The weights of a depthwise convolution, as one instruction set reads them.
#[derive(Debug)]
pub(super) struct DepthwiseWeights {
    /// A column after another: a vector for each place of the window, row by row.
    values: Vec<f32>,
    /// A vector a column.
    bias: Vec<f32>,
    /// What a negative result is multiplied with, a vector a column; none where results stay as they are.
    slopes: Option<Vec<f32>>,
    channels: usize,
    taps: usize,
    lanes: usize,
}

impl DepthwiseWeights {
    /// Packs them, with an activation if it comes next. None where the sizes do not fit.
    pub(super) fn of(
        isa: Isa,
        slide: &Slide,
        filters: Filters<'_>,
        activation: Option<&Activation>,
    ) -> Option<Self> {
        let (lanes, channels) = (isa.shape().0, slide.input.channels);
        let taps = slide.window.kernel[0] * slide.window.kernel[1];
        let sizes = [slide.output.height, slide.output.width, channels, taps];
        let fit = slide.fits() && sizes.iter().all(|size| *size > 0);
        if !fit || filters.weights.len() != channels * taps || filters.bias.len() != channels {
            return None;
        }
        let mut values = Vec::with_capacity(channels.next_multiple_of(lanes) * taps);
        for column in 0..channels.div_ceil(lanes) {
            for tap in 0..taps {
                let weight = |channel: usize| filters.weights[channel * taps + tap];
                values.extend(columns::vector(column, lanes, channels, weight));
            }
        }
        let active = activation.filter(|activation| **activation != Activation::None);
        let slopes = active.map(|activation| {
            let slopes = slopes(activation, channels);
            columns::of(lanes, channels, |channel| slopes[channel])
        });
        let bias = columns::of(lanes, channels, |channel| filters.bias[channel]);
        Some(Self { values, bias, slopes, channels, taps, lanes })
    }
}

/// Some rows of a depthwise convolution.
pub(super) struct Rows<'a> {
    /// What slides. Of its output only the width counts.
    pub slide: &'a Slide,
    /// Which rows.
    pub rows: Range<usize>,
    /// The whole input, with its border.
    pub input: &'a [f32],
    /// What it is multiplied with.
    pub weights: &'a DepthwiseWeights,
    /// From the first pixel of the first of these rows on.
    pub output: &'a mut [f32],
    /// Between its pixels.
    pub to: Steps,
}

impl SimdJob for Rows<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let slide = self.slide;
        let rows = self.rows.clone();
        let mut strip = self.checked(L::COUNT);
        let (input, output) = (strip.input, strip.output);
        for (index, y) in rows.enumerate() {
            for column in 0..strip.channels.div_ceil(L::COUNT) {
                let first = first_channel(column, L::COUNT, strip.channels);
                strip.input = input.wrapping_add(slide.input.tap(&slide.window, y, 0) + first);
                strip.output = output.wrapping_add(index * strip.to.row + first);
                strip.column = column;
                // SAFETY: `checked` has seen that every row and column is inside its slices.
                unsafe { strip.run(lanes) }
            }
        }
    }
}

/// One column of lanes of one row, in pointers that have been checked.
struct Strip {
    /// The first channel of the column at the first place of the first pixel's window.
    input: *const f32,
    /// Between the rows of the window, and between its pixels.
    inputs: Steps,
    kernel: [usize; 2],
    stride: [usize; 2],
    /// Of the first column.
    values: *const f32,
    bias: *const f32,
    slopes: Option<*const f32>,
    channels: usize,
    width: usize,
    /// The first channel of the column in the first pixel.
    output: *mut f32,
    to: Steps,
    column: usize,
}

impl Rows<'_> {
    /// Proves that no row and no column reaches outside its slices, for strips of which each row and column has
    /// its own beginnings.
    #[inline(always)]
    fn checked(self, lanes: usize) -> Strip {
        let Slide { input, output, window } = *self.slide;
        let weights = self.weights;
        let lanes = input.channels.div_ceil(lanes) * lanes * usize::from(weights.lanes == lanes);
        assert!(weights.channels == input.channels && lanes > 0, "packed for these lanes and channels");
        let [rows, columns] = window.kernel;
        assert!(weights.taps == rows * columns && rows > 0 && columns > 0, "a weight for each place");
        assert!(weights.values.len() == lanes * weights.taps && weights.bias.len() == lanes);
        assert!(weights.slopes.as_ref().is_none_or(|slopes| slopes.len() == lanes));
        assert!(!self.rows.is_empty() && output.width > 0, "there is something to do");
        let end = input.tap(&window, self.rows.end - 1, output.width - 1)
            + (rows - 1) * input.pitch()
            + columns * input.channels;
        assert!(end <= self.input.len(), "the last window is in the input");
        let end = (self.rows.len() - 1) * self.to.row + (output.width - 1) * self.to.pixel + input.channels;
        assert!(end <= self.output.len(), "the last pixel is in the output");
        Strip {
            input: self.input.as_ptr(),
            inputs: Steps::of(&input),
            kernel: window.kernel,
            stride: window.stride,
            values: weights.values.as_ptr(),
            bias: weights.bias.as_ptr(),
            slopes: weights.slopes.as_ref().map(|slopes| slopes.as_ptr()),
            channels: input.channels,
            width: output.width,
            output: self.output.as_mut_ptr(),
            to: self.to,
            column: 0,
        }
    }
}

impl Strip {
    /// All pixels, in the fast way if there is one for the window.
    ///
    /// # Safety
    /// It comes from [`Rows::checked`], with the beginnings of one of the rows and columns.
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, lanes: L) {
        let fast = self.channels >= L::COUNT && self.width >= PIXELS;
        // SAFETY: as the caller promises.
        unsafe {
            match (self.kernel, self.stride) {
                ([3, 3], [1, 1]) if fast => self.quick::<L, 3, 1>(lanes),
                ([3, 3], [2, 2]) if fast => self.quick::<L, 3, 2>(lanes),
                ([5, 5], [1, 1]) if fast => self.quick::<L, 5, 1>(lanes),
                ([5, 5], [2, 2]) if fast => self.quick::<L, 5, 2>(lanes),
                _ => {
                    count!(x in 0..self.width => {
                        self.pixel(lanes, x);
                    });
                }
            }
        }
    }

    /// One pixel of any window.
    ///
    /// # Safety
    /// As for [`Self::run`]; `x` is less than the width.
    #[inline(always)]
    unsafe fn pixel<L: Lanes>(&self, lanes: L, x: usize) {
        let [rows, columns] = self.kernel;
        let corner = self.input.wrapping_add(x * self.stride[1] * self.inputs.pixel);
        let values = self.values.wrapping_add(self.column * rows * columns * L::COUNT);
        // SAFETY: the window lies in the input; a full column ends with the last channel or before, another
        // holds all channels there are. A column has a vector for each place of the window.
        unsafe {
            let mut sum = lanes.load(self.bias.wrapping_add(self.column * L::COUNT));
            for tap in 0..rows * columns {
                let offset = tap / columns * self.inputs.row + tap % columns * self.inputs.pixel;
                let input = lanes.load_channels(corner.wrapping_add(offset), self.channels);
                sum = lanes.mul_add(sum, input, lanes.load(values.wrapping_add(tap * L::COUNT)));
            }
            self.finish(lanes, x, sum);
        }
    }

    /// All pixels, [`PIXELS`] at a time, the last ones with some that were done before.
    ///
    /// # Safety
    /// As for [`Self::run`]; there are [`PIXELS`] or more and channels for a vector; the window is of size `SIZE`
    /// and stride `STRIDE` both ways.
    #[inline(always)]
    unsafe fn quick<L: Lanes, const SIZE: usize, const STRIDE: usize>(&self, lanes: L) {
        let values = self.values.wrapping_add(self.column * SIZE * SIZE * L::COUNT);
        let mut weights = [[lanes.splat(0.0); SIZE]; SIZE];
        count!(row in 0..SIZE => {
            count!(column in 0..SIZE => {
                // SAFETY: a column has a vector for each place of the window.
                weights[row][column] =
                    unsafe { lanes.load(values.wrapping_add((row * SIZE + column) * L::COUNT)) };
            });
        });
        // SAFETY: a column has a bias.
        let bias = unsafe { lanes.load(self.bias.wrapping_add(self.column * L::COUNT)) };
        let last = self.width - PIXELS;
        let mut x = 0;
        loop {
            let corner = self.input.wrapping_add(x * STRIDE * self.inputs.pixel);
            let mut sums = [bias; PIXELS];
            count!(row in 0..SIZE => {
                let line = corner.wrapping_add(row * self.inputs.row);
                let mut inputs = [bias; MOST_INPUTS];
                count!(i in 0..(PIXELS - 1) * STRIDE + SIZE => {
                    // SAFETY: the windows of these pixels lie in the input.
                    inputs[i] = unsafe { lanes.load(line.wrapping_add(i.wrapping_mul(self.inputs.pixel))) };
                });
                count!(column in 0..SIZE => {
                    count!(p in 0..PIXELS => {
                        sums[p] = lanes.mul_add(sums[p], inputs[p * STRIDE + column], weights[row][column]);
                    });
                });
            });
            count!(p in 0..PIXELS => {
                // SAFETY: as the caller promises; the pixel is in the row.
                unsafe { self.finish(lanes, x + p, sums[p]) }
            });
            if x == last {
                return;
            }
            x = (x + PIXELS).min(last);
        }
    }

    /// Applies the slope, if any, and writes a pixel.
    ///
    /// # Safety
    /// As for [`Self::pixel`].
    #[inline(always)]
    unsafe fn finish<L: Lanes>(&self, lanes: L, x: usize, sum: L::Vector) {
        let output = self.output.wrapping_add(x * self.to.pixel);
        let mut value = sum;
        // SAFETY: a column has slopes, if any; the pixel lies in the output; a full column ends with the last
        // channel or before, another holds all channels there are.
        unsafe {
            if let Some(slopes) = self.slopes {
                value = lanes.slope(value, lanes.load(slopes.wrapping_add(self.column * L::COUNT)));
            }
            lanes.store_channels(output, value, self.channels);
        }
    }
}
