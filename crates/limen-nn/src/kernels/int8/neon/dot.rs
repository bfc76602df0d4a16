//! Dot products of four bytes, as a Raspberry Pi 5 has them.
//!
//! Their intrinsics are not stable in the Rust that this program is built with, their instruction is.

use std::arch::aarch64::*;
use std::arch::asm;

use super::common::{FLIP, add_bias, flipped, group_of};
use super::lanes::finish_neon;
use crate::kernels::int8::kernel::Kernel;
use crate::kernels::int8::packed::{BLOCK, GROUP};
use crate::kernels::int8::tile::{ByteTile, Sums};

/// If this processor has what it takes.
pub fn kernel() -> Option<Kernel> {
    std::arch::is_aarch64_feature_detected!("dotprod").then_some(Kernel {
        name: "NEON dot product",
        pixels: 4,
        raised: FLIP,
        any_weights: true,
        sums: |tile, pixels, sums| {
            tile.check(pixels);
            // SAFETY: the kernel exists only where the feature does, and the tile was checked.
            match pixels {
                1 => unsafe { sums_of::<1>(tile, sums) },
                2 => unsafe { sums_of::<2>(tile, sums) },
                3 => unsafe { sums_of::<3>(tile, sums) },
                _ => unsafe { sums_of::<4>(tile, sums) },
            }
        },
        // SAFETY: the kernel exists only where the feature does.
        finish: |rounding, sums, pixel| unsafe { finish_neon(rounding, sums, pixel) },
    })
}

/// Adds to four sums the products of four channels' weights with four bytes, those of one lane of the inputs.
macro_rules! dot {
    ($total:expr, $weights:expr, $bytes:expr, $lane:literal) => {
        // SAFETY: the instruction is there where this function may be called, and touches registers alone.
        unsafe {
            asm!(
                concat!("sdot {total:v}.4s, {weights:v}.16b, {bytes:v}.4b[", $lane, "]"),
                total = inout(vreg) $total,
                weights = in(vreg) $weights,
                bytes = in(vreg) $bytes,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
    };
}

/// Takes half a block after the other, and four groups at a time where there are as many.
///
/// # Safety
///
/// The tile passes [`ByteTile::check`] for `N` pixels.
#[target_feature(enable = "neon,dotprod")]
unsafe fn sums_of<const N: usize>(tile: &ByteTile<'_>, sums: &mut Sums) {
    for half in [0, BLOCK / 2] {
        let mut totals = [[vdupq_n_s32(0); 4]; N];
        let mut weights = tile.weights.as_ptr().cast::<i8>().wrapping_add(half * GROUP);
        let mut inputs: [*const u8; N] = std::array::from_fn(|pixel| tile.input[tile.taps[pixel]..].as_ptr());
        for _ in 0..tile.rows {
            let mut group = 0;
            while group + 4 <= tile.groups {
                let bytes = inputs.map(|input| {
                    // SAFETY: the window of each pixel has `groups` times four bytes in each of its rows.
                    flipped(unsafe { vld1q_u8(input.wrapping_add(group * GROUP)) })
                });
                macro_rules! lane {
                    ($lane:literal) => {
                        // SAFETY: the block has `rows * groups` groups of 128 bytes; this is half of one.
                        let columns = unsafe { columns_of(weights.wrapping_add($lane * BLOCK * GROUP)) };
                        for (totals, bytes) in totals.iter_mut().zip(bytes) {
                            for (total, column) in totals.iter_mut().zip(columns) {
                                dot!(*total, column, bytes, $lane);
                            }
                        }
                    };
                }
                lane!(0);
                lane!(1);
                lane!(2);
                lane!(3);
                weights = weights.wrapping_add(4 * BLOCK * GROUP);
                group += 4;
            }
            for group in group..tile.groups {
                // SAFETY: as above.
                let columns = unsafe { columns_of(weights) };
                for (totals, input) in totals.iter_mut().zip(inputs) {
                    // SAFETY: as above.
                    let bytes = unsafe { group_of(input.wrapping_add(group * GROUP)) };
                    for (total, column) in totals.iter_mut().zip(columns) {
                        dot!(*total, column, bytes, 0);
                    }
                }
                weights = weights.wrapping_add(BLOCK * GROUP);
            }
            inputs = inputs.map(|input| input.wrapping_add(tile.pitch));
        }
        for (sums, totals) in sums.iter_mut().zip(totals) {
            for (total, sums) in totals.into_iter().zip(sums[half..].as_chunks_mut::<4>().0) {
                // SAFETY: the array is four integers, one vector.
                unsafe { vst1q_s32(sums.as_mut_ptr(), total) };
            }
            add_bias(tile, half, sums);
        }
    }
}

/// The weights of sixteen channels for one group.
///
/// # Safety
///
/// 64 bytes can be read.
#[target_feature(enable = "neon")]
unsafe fn columns_of(weights: *const i8) -> [int8x16_t; 4] {
    // SAFETY: the caller's.
    unsafe {
        [
            vld1q_s8(weights),
            vld1q_s8(weights.wrapping_add(16)),
            vld1q_s8(weights.wrapping_add(32)),
            vld1q_s8(weights.wrapping_add(48)),
        ]
    }
}
