//! Without dot products: products of bytes as 16-bit integers, of which two are added before they are widened.

use std::arch::aarch64::*;

use super::common::{FLIP, add_bias, flipped, group_of};
use super::lanes::finish_neon;
use crate::kernels::int8::kernel::Kernel;
use crate::kernels::int8::packed::{BLOCK, GROUP};
use crate::kernels::int8::tile::{ByteTile, Sums};

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

/// Sums of one pixel: of each channel two, side by side.
type Totals = [int32x4_t; 8];

/// Takes half a block after the other, in vectors of two channels times two sums.
///
/// # Safety
///
/// The tile passes [`ByteTile::check`] for `N` pixels.
// Apart from its callers, whose registers it would share.
#[inline(never)]
#[target_feature(enable = "neon")]
unsafe fn sums_of<const N: usize>(tile: &ByteTile<'_>, sums: &mut Sums) {
    for half in [0, BLOCK / 2] {
        // Of each channel the sum over the first two bytes of every group, and that over the others.
        let mut totals = [[vdupq_n_s32(0); 8]; N];
        let mut weights = tile.weights.as_ptr().cast::<i8>().wrapping_add(half * GROUP);
        let mut inputs: [*const u8; N] = std::array::from_fn(|pixel| tile.input[tile.taps[pixel]..].as_ptr());
        for _ in 0..tile.rows {
            let mut group = 0;
            // Each number of groups has code of its own: where it decided within, the compiler would take the sums apart.
            while group + 4 <= tile.groups {
                // SAFETY: the window of each pixel has `groups` times four bytes in each of its rows.
                let bytes =
                    inputs.map(|input| flipped(unsafe { vld1q_u8(input.wrapping_add(group * GROUP)) }));
                let first = bytes.map(|four| [vdupq_laneq_s32::<0>(four), vdupq_laneq_s32::<1>(four)]);
                let second = bytes.map(|four| [vdupq_laneq_s32::<2>(four), vdupq_laneq_s32::<3>(four)]);
                // SAFETY: the block has `rows * groups` groups of weights; these are those of the bytes.
                unsafe {
                    add_two(&mut totals, weights, &first);
                    add_two(&mut totals, weights.wrapping_add(2 * BLOCK * GROUP), &second);
                }
                weights = weights.wrapping_add(4 * BLOCK * GROUP);
                group += 4;
            }
            while group + 2 <= tile.groups {
                let pairs = inputs.map(|input| {
                    // SAFETY: as above.
                    let eight = unsafe { vld1_u8(input.wrapping_add(group * GROUP)) };
                    let two = flipped(vcombine_u8(eight, eight));
                    [vdupq_laneq_s32::<0>(two), vdupq_laneq_s32::<1>(two)]
                });
                // SAFETY: as above.
                unsafe { add_two(&mut totals, weights, &pairs) };
                weights = weights.wrapping_add(2 * BLOCK * GROUP);
                group += 2;
            }
            if group < tile.groups {
                let single = inputs.map(|input| {
                    // SAFETY: as above.
                    unsafe { group_of(input.wrapping_add(group * GROUP)) }
                });
                // SAFETY: as above.
                unsafe { add_one(&mut totals, weights, &single) };
                weights = weights.wrapping_add(BLOCK * GROUP);
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

/// Adds the products of two groups.
///
/// # Safety
///
/// At `weights` lies half a block's part of one group, and behind the whole block's that of the next.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn add_two<const N: usize>(totals: &mut [Totals; N], weights: *const i8, pairs: &[[int32x4_t; 2]; N]) {
    for index in 0..4 {
        let at = weights.wrapping_add(16 * index);
        // SAFETY: the caller's; 16 bytes are a quarter of half a block's part.
        let columns = unsafe { [vld1q_s8(at), vld1q_s8(at.wrapping_add(BLOCK * GROUP))] };
        for (totals, pair) in totals.iter_mut().zip(pairs) {
            let [one, other] = [vreinterpretq_s8_s32(pair[0]), vreinterpretq_s8_s32(pair[1])];
            let low = vmull_s8(vget_low_s8(columns[0]), vget_low_s8(one));
            let low = vmlal_s8(low, vget_low_s8(columns[1]), vget_low_s8(other));
            let high = vmull_high_s8(columns[0], one);
            let high = vmlal_high_s8(high, columns[1], other);
            totals[2 * index] = vpadalq_s16(totals[2 * index], low);
            totals[2 * index + 1] = vpadalq_s16(totals[2 * index + 1], high);
        }
    }
}

/// Adds the products of one group.
///
/// # Safety
///
/// At `weights` lies half a block's part of it.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn add_one<const N: usize>(totals: &mut [Totals; N], weights: *const i8, bytes: &[int32x4_t; N]) {
    for index in 0..4 {
        // SAFETY: the caller's.
        let column = unsafe { vld1q_s8(weights.wrapping_add(16 * index)) };
        for (totals, bytes) in totals.iter_mut().zip(bytes) {
            let bytes = vreinterpretq_s8_s32(*bytes);
            let low = vmull_s8(vget_low_s8(column), vget_low_s8(bytes));
            let high = vmull_high_s8(column, bytes);
            totals[2 * index] = vpadalq_s16(totals[2 * index], low);
            totals[2 * index + 1] = vpadalq_s16(totals[2 * index + 1], high);
        }
    }
}
