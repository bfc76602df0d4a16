//! Without dot products: products of bytes as 16-bit integers, of which two are added before they are widened.

use std::arch::aarch64::*;

use super::lanes::finish_neon;
use super::{FLIP, add_bias};
use crate::vision::model::kernels::int8::packed::{BLOCK, GROUP};
use crate::vision::model::kernels::int8::tile::{Kernel, Sums, Tile};
use crate::vision::model::kernels::int8::unaligned::read;

/// If this processor has what it takes, as all have.
pub fn kernel() -> Option<Kernel> {
    std::arch::is_aarch64_feature_detected!("neon").then_some(Kernel {
        name: "NEON",
        pixels: 2,
        raised: FLIP,
        // Twice -128 times -128 is no 16-bit integer.
        any_weights: false,
        sums: |tile, pixels, sums| {
            tile.check(pixels);
            // SAFETY: the kernel exists only where the feature does, and the tile was checked.
            match pixels {
                1 => unsafe { sums_of::<1>(tile, sums) },
                _ => unsafe { sums_of::<2>(tile, sums) },
            }
        },
        // SAFETY: the kernel exists only where the feature does.
        finish: |rounding, sums, pixel| unsafe { finish_neon(rounding, sums, pixel) },
    })
}

/// Takes half a block after the other, in vectors of two channels times two sums.
///
/// # Safety
///
/// The tile passes [`Tile::check`] for `N` pixels.
#[target_feature(enable = "neon")]
unsafe fn sums_of<const N: usize>(tile: &Tile<'_>, sums: &mut Sums) {
    for half in [0, BLOCK / 2] {
        // Of each channel the sum over the first two bytes of every group, and that over the others.
        let mut totals = [[vdupq_n_s32(0); 8]; N];
        let mut weights = tile.weights.as_ptr().cast::<i8>().wrapping_add(half * GROUP);
        let mut inputs: [*const u8; N] = std::array::from_fn(|pixel| tile.input[tile.taps[pixel]..].as_ptr());
        for _ in 0..tile.rows {
            let mut group = 0;
            while group < tile.groups {
                let pair = group + 1 < tile.groups;
                let bytes = inputs.map(|input| {
                    // SAFETY: the window of each pixel has `groups` times four bytes in each of its rows.
                    unsafe {
                        [
                            group_of(input, group),
                            if pair { group_of(input, group + 1) } else { vdupq_n_s8(0) },
                        ]
                    }
                });
                for index in 0..4 {
                    let at = weights.wrapping_add(16 * index);
                    // SAFETY: the block has `rows * groups` groups of 128 bytes; this is an eighth of one of
                    // them, and of the next, where there is one.
                    let columns = unsafe {
                        [
                            vld1q_s8(at),
                            if pair { vld1q_s8(at.wrapping_add(BLOCK * GROUP)) } else { vdupq_n_s8(0) },
                        ]
                    };
                    for (totals, bytes) in totals.iter_mut().zip(&bytes) {
                        let low = vmull_s8(vget_low_s8(columns[0]), vget_low_s8(bytes[0]));
                        let low = vmlal_s8(low, vget_low_s8(columns[1]), vget_low_s8(bytes[1]));
                        let high = vmull_high_s8(columns[0], bytes[0]);
                        let high = vmlal_high_s8(high, columns[1], bytes[1]);
                        totals[2 * index] = vpadalq_s16(totals[2 * index], low);
                        totals[2 * index + 1] = vpadalq_s16(totals[2 * index + 1], high);
                    }
                }
                let taken = 1 + usize::from(pair);
                weights = weights.wrapping_add(taken * BLOCK * GROUP);
                group += taken;
            }
            inputs = inputs.map(|input| input.wrapping_add(tile.pitch));
        }
        for (sums, totals) in sums.iter_mut().zip(totals) {
            for (index, pair) in totals.as_chunks::<2>().0.iter().enumerate() {
                let sums = &mut sums[half + 4 * index..][..4];
                // SAFETY: the slice is four integers, one vector.
                unsafe { vst1q_s32(sums.as_mut_ptr(), vpaddq_s32(pair[0], pair[1])) };
            }
            add_bias(tile, half, sums);
        }
    }
}

/// Four bytes as signed ones, four times.
///
/// # Safety
///
/// They can be read.
#[target_feature(enable = "neon")]
unsafe fn group_of(input: *const u8, group: usize) -> int8x16_t {
    // SAFETY: the caller's.
    let bytes = unsafe { read::<u32, _>(input.wrapping_add(group * GROUP)) };
    vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(bytes)), vdupq_n_u8(FLIP)))
}
