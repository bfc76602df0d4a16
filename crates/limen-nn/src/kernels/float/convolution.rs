//! A convolution as a graph has it, and what follows it.

use crate::kernels::image::Image;
use crate::kernels::map::Activation;

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
pub struct ConvTail {
    /// Added, as if it had zeros for the channels that it lacks; as many rows and columns as the output.
    pub residual: Option<Image>,
    /// Applied last.
    pub activation: Activation,
}

impl ConvTail {
    /// Whether it fits the output.
    pub(super) fn fits(&self, output: &Image) -> bool {
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
pub(super) fn slopes(activation: &Activation, channels: usize) -> Vec<f32> {
    match activation {
        Activation::None => vec![1.0; channels],
        Activation::Relu => vec![0.0; channels],
        Activation::PRelu(slopes) => slopes.clone(),
    }
}
