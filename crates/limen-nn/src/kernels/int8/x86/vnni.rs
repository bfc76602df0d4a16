//! AVX2 with the dot products of four bytes of AVX-VNNI.

use std::arch::x86_64::*;

use super::lanes::finish_avx2;
use super::pixels::for_pixels;
use crate::kernels::int8::kernel::Kernel;
use crate::kernels::int8::packed::{BLOCK, GROUP};
use crate::kernels::int8::tile::{ByteTile, Sums};
use crate::kernels::int8::unaligned::read;

/// If this processor has what it takes.
pub fn kernel() -> Option<Kernel> {
    let there = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni");
    there.then_some(Kernel {
        name: "AVX-VNNI",
        pixels: 6,
        raised: 0,
        any_weights: true,
        sums: |tile, pixels, sums| {
            tile.check(pixels);
            // SAFETY: the kernel exists only where the features do, and the tile was checked.
            unsafe { for_pixels!(pixels, sums_of, tile, sums, [1 2 3 4 5 6]) }
        },
        // SAFETY: the kernel exists only where the features do, AVX2 among them.
        finish: |rounding, sums, pixel| unsafe { finish_avx2(rounding, sums, pixel) },
    })
}

/// Takes half a block after the other: twelve vectors of sums and two of weights fit into the registers.
///
/// # Safety
///
/// The tile passes [`ByteTile::check`] for `N` pixels.
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn sums_of<const N: usize>(tile: &ByteTile<'_>, sums: &mut Sums) {
    for half in [0, BLOCK / 2] {
        let mut totals = [[_mm256_setzero_si256(); 2]; N];
        let mut weights = tile.weights.as_ptr().wrapping_add(half * GROUP);
        let mut inputs: [*const u8; N] = std::array::from_fn(|pixel| tile.input[tile.taps[pixel]..].as_ptr());
        for _ in 0..tile.rows {
            for group in 0..tile.groups {
                // SAFETY: the block has `rows * groups` groups of 128 bytes; this is half of one of them.
                let columns: [__m256i; 2] = unsafe { read(weights) };
                for (total, input) in totals.iter_mut().zip(inputs) {
                    // SAFETY: the window of each pixel has `groups` times four bytes in each of its rows.
                    let bytes = unsafe { read(input.wrapping_add(group * GROUP)) };
                    let bytes = _mm256_set1_epi32(bytes);
                    total[0] = _mm256_dpbusd_avx_epi32(total[0], bytes, columns[0]);
                    total[1] = _mm256_dpbusd_avx_epi32(total[1], bytes, columns[1]);
                }
                weights = weights.wrapping_add(BLOCK * GROUP);
            }
            inputs = inputs.map(|input| input.wrapping_add(tile.pitch));
        }
        for (sums, totals) in sums.iter_mut().zip(totals) {
            super::avx2::store(tile, half, totals, sums);
        }
    }
}
