//! Sums in plain Rust: for any processor, and the reference for the other kernels.

use super::epilogue::finish_plainly;
use super::kernel::Kernel;
use super::packed::{BLOCK, GROUP};
use super::tile::{ByteTile, PIXELS, Sums};

/// For any processor, and the reference for the others.
pub const PORTABLE: Kernel = Kernel {
    name: "portable",
    pixels: PIXELS,
    raised: 0,
    any_weights: true,
    sums: portable,
    finish: finish_plainly,
};

/// In 32 bits two products at a time are added, of half a block: as many sums as the registers of a small processor
/// hold, in the order in which the weights lie there.
fn portable(tile: &ByteTile<'_>, pixels: usize, sums: &mut Sums) {
    const HALF: usize = BLOCK / 2;
    let row = tile.groups * BLOCK * GROUP;
    for (sums, tap) in sums.iter_mut().zip(&tile.taps[..pixels]) {
        for half in 0..2 {
            let mut pairs = [[0_i32; 4]; HALF / 2];
            for (y, weights) in tile.weights.chunks_exact(row).take(tile.rows).enumerate() {
                let bytes = &tile.input[tap + y * tile.pitch..][..tile.groups * GROUP];
                let weights = weights.as_chunks::<{ HALF * GROUP }>().0.iter().skip(half).step_by(2);
                for (bytes, weights) in bytes.as_chunks::<GROUP>().0.iter().zip(weights) {
                    for (pairs, weights) in pairs.iter_mut().zip(weights.as_chunks::<{ 2 * GROUP }>().0) {
                        let mut products = [0; 2 * GROUP];
                        for index in 0..2 * GROUP {
                            products[index] =
                                i32::from(bytes[index % GROUP]) * i32::from(weights[index] as i8);
                        }
                        for index in 0..GROUP {
                            pairs[index] += products[2 * index] + products[2 * index + 1];
                        }
                    }
                }
            }
            let half = half * HALF..(half + 1) * HALF;
            let pairs = pairs.as_flattened().as_chunks::<2>().0;
            for ((sum, bias), [one, other]) in sums[half.clone()].iter_mut().zip(&tile.bias[half]).zip(pairs)
            {
                *sum = bias.wrapping_add(*one).wrapping_add(*other);
            }
        }
    }
}
