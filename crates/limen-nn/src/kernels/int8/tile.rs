//! The innermost part: the sums of a few output pixels over one block of output channels.

use super::packed::{BLOCK, GROUP};

/// The largest number of pixels that a kernel takes at a time.
pub const PIXELS: usize = 8;

/// The sums of some pixels, each over a block of output channels.
pub type Sums = [[i32; BLOCK]; PIXELS];

/// What a kernel computes.
#[derive(Debug)]
pub struct ByteTile<'a> {
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

impl ByteTile<'_> {
    /// Proves what the kernels rely on: all that they read lies inside the slices.
    pub fn check(&self, pixels: usize) {
        let seen = (self.rows - 1) * self.pitch + self.groups * GROUP;
        let last = self.taps[..pixels].iter().max().copied().unwrap_or(0);
        assert!(
            last + seen <= self.input.len() && self.weights.len() >= self.rows * self.groups * BLOCK * GROUP
        );
    }
}
