//! Kernels over 32-bit floating point: one picture, one thread.
//!
//! Each step computes a few pixels at a time and finishes them while they are in registers: bias, sum and
//! activation need no pass of their own. A depthwise convolution and the pointwise one behind it are one step, a
//! few rows at a time, so that what lies between them stays in the nearest cache.
//!
//! The kernels are written once over the [`lanes`] of a vector; which instruction set runs them is chosen when a
//! step is packed.

mod columns;
mod dense;
mod depthwise;
mod isa;
mod lanes;
mod matrix;
mod panels;
mod pool;
mod separable;
#[cfg(test)]
mod tests;
mod tile;

pub use dense::Dense;
pub use depthwise::Depthwise;
pub use matrix::row_by_matrix;
pub use pool::{average_pool, max_pool, mean};
pub use separable::Separable;

use super::image::Image;
use super::map::Activation;

/// A convolution as a graph has it, before it is packed.
#[derive(Debug, Clone, Copy)]
pub struct Filters<'a> {
    /// In the order output channel, input channel (one, where each channel is convolved by itself), row, column.
    pub weights: &'a [f32],
    /// Of each output channel.
    pub bias: &'a [f32],
}

/// What follows a convolution's bias: the sum with another image, then the activation.
#[derive(Debug, Clone)]
pub struct Tail {
    /// Added, as if it had zeros for the channels that it lacks; as many rows and columns as the output.
    pub residual: Option<Image>,
    /// Applied last.
    pub activation: Activation,
}

impl Tail {
    /// Whether it fits the output.
    fn fits(&self, output: &Image) -> bool {
        let slopes = match &self.activation {
            Activation::PRelu(slopes) => slopes.len() == output.channels,
            Activation::None | Activation::Relu => true,
        };
        let alike = |image: Image| {
            [image.height, image.width] == [output.height, output.width] && image.channels <= output.channels
        };
        slopes && self.residual.is_none_or(alike)
    }
}

/// What a negative result of each channel is multiplied with: every activation in one form.
fn slopes(activation: &Activation, channels: usize) -> Vec<f32> {
    match activation {
        Activation::None => vec![1.0; channels],
        Activation::Relu => vec![0.0; channels],
        Activation::PRelu(slopes) => slopes.clone(),
    }
}

/// Pixels that are taken through a step at a time: what they have in channels stays in the nearest cache, and the
/// weights are read seldom enough.
const PIXELS_AT_A_TIME: usize = 64;

/// How many rows of an image are taken through a step at a time: about as many as [`PIXELS_AT_A_TIME`] fill, and
/// all but the last time the same number.
fn rows_at_a_time(image: &Image) -> usize {
    let rows = (PIXELS_AT_A_TIME / image.width.max(1)).max(1);
    let times = image.height.div_ceil(rows).max(1);
    image.height.div_ceil(times).max(1)
}
