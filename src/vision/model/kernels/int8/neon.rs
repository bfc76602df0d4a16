//! Sums with the vectors of every 64-bit Arm processor, and with the dot products of newer ones.
//!
//! Both multiply signed bytes; an input byte is stored 128 higher than it is taken.

mod dot;
mod lanes;
mod long;

use super::packed::BLOCK;
use super::tile::{Kernel, Tile};

/// Those that this processor can run, the best first.
pub fn kernels() -> [Option<Kernel>; 2] {
    [dot::kernel(), long::kernel()]
}

/// Flips the highest bit of a byte, and so takes 128 off.
const FLIP: u8 = 0x80;

/// Adds the biases of half a block to its sums.
fn add_bias(tile: &Tile<'_>, half: usize, sums: &mut [i32; BLOCK]) {
    for (sum, bias) in sums[half..].iter_mut().zip(&tile.bias[half..half + BLOCK / 2]) {
        *sum = sum.wrapping_add(*bias);
    }
}
