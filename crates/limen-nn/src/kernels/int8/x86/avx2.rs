//! AVX2 alone. Its product of bytes saturates, so the bytes are widened: exact, at half the speed.

use std::arch::x86_64::*;

use super::lanes::finish_avx2;
use super::pixels::for_pixels;
use crate::kernels::int8::kernel::Kernel;
use crate::kernels::int8::packed::{BLOCK, GROUP};
use crate::kernels::int8::tile::{ByteTile, Sums};
use crate::kernels::int8::unaligned::{read, write};

/// If this processor has what it takes.
pub fn kernel() -> Option<Kernel> {
    is_x86_feature_detected!("avx2").then_some(Kernel {
        name: "AVX2",
        pixels: 2,
        raised: 0,
        any_weights: true,
        sums: |tile, pixels, sums| {
            tile.check(pixels);
            // SAFETY: the kernel exists only where the feature does, and the tile was checked.
            unsafe { for_pixels!(pixels, sums_of, tile, sums, [1 2]) }
        },
        // SAFETY: the kernel exists only where the feature does.
        finish: |rounding, sums, pixel| unsafe { finish_avx2(rounding, sums, pixel) },
    })
}

/// Adds the biases of half a block to its sums and stores them.
#[target_feature(enable = "avx2")]
pub fn store(tile: &ByteTile<'_>, half: usize, totals: [__m256i; 2], sums: &mut [i32; BLOCK]) {
    for (index, total) in totals.into_iter().enumerate() {
        let first = half + 8 * index;
        let (bias, sums) = (&tile.bias[first..first + 8], &mut sums[first..first + 8]);
        // SAFETY: both slices are eight integers, one vector.
        unsafe { write(sums.as_mut_ptr(), _mm256_add_epi32(total, read(bias.as_ptr()))) };
    }
}

/// Takes half a block after the other, in vectors of four channels times four widened bytes.
///
/// # Safety
///
/// The tile passes [`ByteTile::check`] for `N` pixels.
#[target_feature(enable = "avx2")]
unsafe fn sums_of<const N: usize>(tile: &ByteTile<'_>, sums: &mut Sums) {
    for half in [0, BLOCK / 2] {
        // Of each channel the sum over the first two bytes of every group, and that over the others.
        let mut totals = [[_mm256_setzero_si256(); 4]; N];
        let mut weights = tile.weights.as_ptr().wrapping_add(half * GROUP);
        let mut inputs: [*const u8; N] = std::array::from_fn(|pixel| tile.input[tile.taps[pixel]..].as_ptr());
        for _ in 0..tile.rows {
            for group in 0..tile.groups {
                let mut columns = [_mm256_setzero_si256(); 4];
                for (index, column) in columns.iter_mut().enumerate() {
                    // SAFETY: the block has `rows * groups` groups of 128 bytes; this is an eighth of one of them.
                    let bytes = unsafe { read(weights.wrapping_add(16 * index)) };
                    *column = _mm256_cvtepi8_epi16(bytes);
                }
                for (totals, input) in totals.iter_mut().zip(inputs) {
                    // SAFETY: the window of each pixel has `groups` times four bytes in each of its rows.
                    let bytes = unsafe { read(input.wrapping_add(group * GROUP)) };
                    let bytes = _mm256_cvtepu8_epi16(_mm_set1_epi32(bytes));
                    for (total, column) in totals.iter_mut().zip(columns) {
                        *total = _mm256_add_epi32(*total, _mm256_madd_epi16(bytes, column));
                    }
                }
                weights = weights.wrapping_add(BLOCK * GROUP);
            }
            inputs = inputs.map(|input| input.wrapping_add(tile.pitch));
        }
        for (sums, totals) in sums.iter_mut().zip(totals) {
            // Channels 0 1 4 5 2 3 6 7, and then in their order.
            let join = |a, b| _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(a, b));
            store(tile, half, [join(totals[0], totals[1]), join(totals[2], totals[3])], sums);
        }
    }
}
