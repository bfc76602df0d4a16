//! Sums with the vectors of every 64-bit Arm processor, and with the dot products of newer ones.
//!
//! Both multiply signed bytes; an input byte is stored 128 higher than it is taken.

mod dot;
mod lanes;
mod long;

use std::arch::aarch64::*;

use super::packed::BLOCK;
use super::tile::{Kernel, Tile};
use super::unaligned::read;

/// Those that this processor can run, the best first.
pub fn kernels() -> [Option<Kernel>; 2] {
    [dot::kernel(), long::kernel()]
}

/// Flips the highest bit of a byte, and so takes 128 off.
const FLIP: u8 = 0x80;

/// Bytes as signed ones, in fours.
#[inline]
#[target_feature(enable = "neon")]
fn flipped(bytes: uint8x16_t) -> int32x4_t {
    vreinterpretq_s32_u8(veorq_u8(bytes, vdupq_n_u8(FLIP)))
}

/// The four bytes of a group as signed ones, four times.
///
/// # Safety
///
/// They can be read.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn group_of(input: *const u8) -> int32x4_t {
    // SAFETY: the caller's.
    flipped(vreinterpretq_u8_u32(vdupq_n_u32(unsafe { read(input) })))
}

/// Adds the biases of half a block to its sums.
fn add_bias(tile: &Tile<'_>, half: usize, sums: &mut [i32; BLOCK]) {
    for (sum, bias) in sums[half..].iter_mut().zip(&tile.bias[half..half + BLOCK / 2]) {
        *sum = sum.wrapping_add(*bias);
    }
}
