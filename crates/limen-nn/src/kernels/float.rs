//! Kernels over 32-bit floating point: one picture, one thread.
//!
//! Each step computes a few pixels at a time and finishes them while they are in registers: bias, sum and
//! activation need no pass of their own. A depthwise convolution and the pointwise one behind it are one step, a
//! few rows at a time, so that what lies between them stays in the nearest cache.
//!
//! The kernels are written once over the [`lanes`] of a vector; which instruction set runs them is chosen when a
//! step is packed.

mod columns;
mod convolution;
mod dense;
mod depthwise;
mod isa;
mod lanes;
mod matrix;
mod panels;
mod pool;
mod rows;
mod separable;
#[cfg(test)]
mod tests;
mod tile;

pub use convolution::{ConvTail, Filters};
pub use dense::Dense;
pub use depthwise::Depthwise;
pub use matrix::row_by_matrix;
pub use pool::{average_pool, max_pool, mean};
pub use separable::Separable;
