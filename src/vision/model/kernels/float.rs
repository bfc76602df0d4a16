//! Kernels over 32-bit floating point.

mod dense;
mod depthwise;
mod matrix;
mod pool;

pub use dense::Dense;
pub use depthwise::Depthwise;
pub use matrix::row_by_matrix;
pub use pool::{average_pool, max_pool, mean};

use super::image::Image;
use super::map::Activation;

/// What follows a convolution's bias: the sum with another image, then the activation.
#[derive(Debug, Clone)]
pub struct Tail {
    /// Added, as if it had zeros for the channels that it lacks; as many rows and columns as the output.
    pub residual: Option<Image>,
    /// Applied last.
    pub activation: Activation,
}
