//! AVX-512 with its dot products of four bytes.

use std::arch::x86_64::*;

use super::lanes::finish_avx512;
use super::pixels::for_pixels;
use crate::kernels::int8::kernel::Kernel;
use crate::kernels::int8::packed::{BLOCK, GROUP};
use crate::kernels::int8::tile::{ByteTile, Sums};
use crate::kernels::int8::unaligned::{read, write};

/// If this processor has what it takes.
pub fn kernel() -> Option<Kernel> {
    let there = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vnni");
    there.then_some(Kernel {
        name: "AVX-512 VNNI",
        pixels: 8,
        raised: 0,
        any_weights: true,
        sums: |tile, pixels, sums| {
            tile.check(pixels);
            // SAFETY: the kernel exists only where the features do, and the tile was checked.
            unsafe { for_pixels!(pixels, sums_of, tile, sums, [1 2 3 4 5 6 7 8]) }
        },
        // SAFETY: the kernel exists only where the features do.
        finish: |rounding, sums, pixel| unsafe { finish_avx512(rounding, sums, pixel) },
    })
}

/// # Safety
///
/// The tile passes [`ByteTile::check`] for `N` pixels.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn sums_of<const N: usize>(tile: &ByteTile<'_>, sums: &mut Sums) {
    // SAFETY: a bias is 32 integers, two vectors of 16.
    let bias: [__m512i; 2] = unsafe { read(tile.bias.as_ptr()) };
    let mut totals = [bias; N];
    let mut weights = tile.weights.as_ptr();
    let mut inputs: [*const u8; N] = std::array::from_fn(|pixel| tile.input[tile.taps[pixel]..].as_ptr());
    for _ in 0..tile.rows {
        for group in 0..tile.groups {
            // SAFETY: the block has `rows * groups` groups of 128 bytes, and this is one of them in their order.
            let columns: [__m512i; 2] = unsafe { read(weights) };
            for pixel in 0..N {
                // SAFETY: below the window of each pixel lie `groups` times four bytes in each of its rows.
                let bytes = unsafe { read::<i32, _>(inputs[pixel].wrapping_add(group * GROUP)) };
                let bytes = _mm512_set1_epi32(bytes);
                totals[pixel][0] = _mm512_dpbusd_epi32(totals[pixel][0], bytes, columns[0]);
                totals[pixel][1] = _mm512_dpbusd_epi32(totals[pixel][1], bytes, columns[1]);
            }
            weights = weights.wrapping_add(BLOCK * GROUP);
        }
        inputs = inputs.map(|input| input.wrapping_add(tile.pitch));
    }
    for (sums, totals) in sums.iter_mut().zip(totals) {
        // SAFETY: the sums of a pixel are 32 integers, two vectors of 16.
        unsafe { write(sums.as_mut_ptr(), totals) };
    }
}
