//! A way to compute sums: what each instruction set has one of.

use super::epilogue::Finish;
use super::tile::{ByteTile, Sums};

/// A way to compute sums.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// What it is called.
    pub name: &'static str,
    /// Pixels that it takes at a time, at most [`PIXELS`](super::tile::PIXELS).
    pub pixels: usize,
    /// How much lower it takes an input byte than it is stored.
    pub raised: u8,
    /// Whether it can take weights of -128.
    pub any_weights: bool,
    /// Computes the sums of so many pixels of a tile.
    pub sums: fn(&ByteTile<'_>, usize, &mut Sums),
    /// Does the epilogue of one pixel.
    pub finish: Finish,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Kernel {
    /// Whether it can compute with these weights.
    pub fn takes(&self, weights: &[i8]) -> bool {
        self.any_weights || !weights.contains(&i8::MIN)
    }
}
