//! The innermost part: the sums of a few output pixels over one block of output channels.

use super::packed::{BLOCK, GROUP};

/// The largest number of pixels that a kernel takes at a time.
pub const PIXELS: usize = 8;

/// The sums of some pixels, each over a block of output channels.
pub type Sums = [[i32; BLOCK]; PIXELS];

/// What a kernel computes.
#[derive(Debug)]
pub struct Tile<'a> {
    /// The image under the windows, of bytes.
    pub input: &'a [u8],
    /// Where in it the window of each pixel begins; only the first so many count.
    pub taps: [usize; PIXELS],
    /// Bytes from one row of the image to the next.
    pub pitch: usize,
    /// The block's weights, of so many rows of so many groups.
    pub weights: &'a [u8],
    /// Rows of the window.
    pub rows: usize,
    /// Groups of bytes in a row of the window.
    pub groups: usize,
    /// What the sums begin with.
    pub bias: &'a [i32; BLOCK],
}

impl Tile<'_> {
    /// Proves what the kernels rely on: all that they read lies inside the slices.
    pub fn check(&self, pixels: usize) {
        let seen = (self.rows - 1) * self.pitch + self.groups * GROUP;
        let last = self.taps[..pixels].iter().max().copied().unwrap_or(0);
        assert!(
            last + seen <= self.input.len() && self.weights.len() >= self.rows * self.groups * BLOCK * GROUP
        );
    }
}

/// A way to compute sums.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// What it is called.
    pub name: &'static str,
    /// Pixels that it takes at a time, at most [`PIXELS`].
    pub pixels: usize,
    /// How much lower it takes an input byte than it is stored.
    pub raised: u8,
    /// Whether it can take weights of -128.
    pub any_weights: bool,
    /// Computes the sums of so many pixels of a tile.
    pub sums: fn(&Tile<'_>, usize, &mut Sums),
    /// Does the epilogue of one pixel.
    pub finish: super::epilogue::Finish,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Kernel {
    /// Every one that this processor can run, the best first.
    pub fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let special = super::x86::kernels();
        #[cfg(target_arch = "aarch64")]
        let special = super::neon::kernels();
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let special = [];
        special.into_iter().flatten().chain([PORTABLE])
    }

    /// Whether it can compute with these weights.
    pub fn takes(&self, weights: &[i8]) -> bool {
        self.any_weights || !weights.contains(&i8::MIN)
    }
}

/// For any processor, and the reference for the others.
pub const PORTABLE: Kernel = Kernel {
    name: "portable",
    pixels: PIXELS,
    raised: 0,
    any_weights: true,
    sums: portable,
    finish: super::epilogue::finish_plainly,
};

/// In 32 bits two products at a time are added, of half a block: as many sums as the registers of a small processor
/// hold, in the order in which the weights lie there.
fn portable(tile: &Tile<'_>, pixels: usize, sums: &mut Sums) {
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
