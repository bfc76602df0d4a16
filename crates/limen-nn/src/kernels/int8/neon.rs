//! Sums with the vectors of every 64-bit Arm processor, and with the dot products of newer ones.
//!
//! Both multiply signed bytes; an input byte is stored 128 higher than it is taken.

mod common;
mod dot;
mod lanes;
mod long;

use super::kernel::Kernel;

/// Those that this processor can run, the best first.
pub fn kernels() -> [Option<Kernel>; 2] {
    [dot::kernel(), long::kernel()]
}
