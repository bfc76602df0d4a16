//! Kernels over bytes: convolutions whose sums are 32-bit integers, and what a graph does to these sums.

mod conv;
mod pool;

pub use conv::{Conv, Outputs, Weights};
pub use pool::{Pool, Tables};

use super::image::Image;
use super::map::Quantisation;

/// From the integer sums of a convolution to what is stored.
#[derive(Debug, Clone)]
pub struct Epilogue {
    /// What one unit of a sum is worth in units of the output: for every output channel, or one for all.
    pub scales: Vec<f32>,
    /// The bytes that the graph rounds to.
    pub output: Quantisation,
    /// What becomes of these bytes; nothing where they are what is stored.
    pub float: Option<FloatTail>,
}

/// What follows where the graph turns the bytes into numbers.
#[derive(Debug, Clone)]
pub struct FloatTail {
    /// Added, as if it had zeros for the channels that it lacks; as many rows and columns as the output.
    pub residual: Option<Image>,
    /// Whether what is below zero becomes zero.
    pub relu: bool,
    /// The numbers as stored, where somebody needs them.
    pub keep: Option<Image>,
    /// The bytes that the next convolution reads, where there is one.
    pub quantise: Option<(Image, Quantisation)>,
}
