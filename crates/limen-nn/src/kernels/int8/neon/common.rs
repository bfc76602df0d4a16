//! What both kernels do alike: they take the input's bytes as signed ones, and add the biases last.

use std::arch::aarch64::*;

use crate::kernels::int8::packed::BLOCK;
use crate::kernels::int8::tile::ByteTile;
use crate::kernels::int8::unaligned::read;

/// Flips the highest bit of a byte, and so takes 128 off.
pub(super) const FLIP: u8 = 0x80;

/// Bytes as signed ones, in fours.
#[inline]
#[target_feature(enable = "neon")]
pub(super) fn flipped(bytes: uint8x16_t) -> int32x4_t {
    vreinterpretq_s32_u8(veorq_u8(bytes, vdupq_n_u8(FLIP)))
}

/// The four bytes of a group as signed ones, four times.
///
/// # Safety
///
/// They can be read.
#[inline]
#[target_feature(enable = "neon")]
pub(super) unsafe fn group_of(input: *const u8) -> int32x4_t {
    // SAFETY: the caller's.
    flipped(vreinterpretq_u8_u32(vdupq_n_u32(unsafe { read(input) })))
}

/// Adds the biases of half a block to its sums.
pub(super) fn add_bias(tile: &ByteTile<'_>, half: usize, sums: &mut [i32; BLOCK]) {
    for (sum, bias) in sums[half..].iter_mut().zip(&tile.bias[half..half + BLOCK / 2]) {
        *sum = sum.wrapping_add(*bias);
    }
}
