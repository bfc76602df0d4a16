//! The weights of a convolution in the order in which every kernel reads them.
//!
//! Output channels come in blocks of 32. A block holds, for each row of the window, groups of four neighbouring
//! input bytes: a row of the window is one run of bytes in a channels-last image, whatever the number of
//! channels. A group is 32 times four weights, 128 bytes: two vectors of AVX-512, four of AVX2, eight of NEON.

use crate::kernels::buffer::Buffer;
use crate::kernels::image::Slide;

/// Output channels of a block.
pub const BLOCK: usize = 32;

/// Input bytes of a group.
pub const GROUP: usize = 4;

/// A longer sum of products of bytes might not fit into 32 bits.
const LONGEST: usize = 60_000;

/// Weights as a graph has them.
#[derive(Debug, Clone, Copy)]
pub struct ByteWeights<'a> {
    /// In the order output channel, input channel, row, column.
    pub values: &'a [i8],
    /// Added to the sum of each output channel.
    pub bias: &'a [i32],
    /// The byte that stands for zero in the input, and in its border.
    pub zero: u8,
}

/// Weights as the kernels read them.
#[derive(Debug)]
pub struct Packed {
    weights: Buffer,
    /// For each channel of each block, with what the input's zero adds taken off.
    bias: Vec<[i32; BLOCK]>,
    /// Rows of the window.
    pub rows: usize,
    /// Groups in a row of the window; the last may have weights of zero for bytes behind the row.
    pub groups: usize,
}

impl Packed {
    /// Packs the weights for a slide. `raised` is how much lower the kernel takes each input byte than it is
    /// stored. None where the sizes do not fit.
    pub fn new(slide: &Slide, weights: &ByteWeights<'_>, raised: u8) -> Option<Self> {
        let (inputs, outputs) = (slide.input.channels, slide.output.channels);
        let [rows, columns] = slide.window.kernel;
        let run = columns * inputs;
        let fit = weights.values.len() == outputs * rows * run
            && weights.bias.len() == outputs
            && rows * run <= LONGEST;
        let blocks = fit.then(|| outputs.div_ceil(BLOCK))?;
        let groups = run.div_ceil(GROUP);
        let block = rows * groups * BLOCK * GROUP;
        let mut packed = Buffer::with_bytes(blocks * block);
        let bytes = packed.bytes_mut();
        let mut bias = vec![[0_i32; BLOCK]; blocks];
        let zero = i32::from(weights.zero) - i32::from(raised);
        let taps = weights.values.chunks_exact(rows * columns);
        for (channels, taps) in taps.enumerate() {
            let (output, input) = (channels / inputs, channels % inputs);
            let mut sum = 0;
            for (tap, weight) in taps.iter().enumerate() {
                let byte = tap % columns * inputs + input;
                let group = (tap / columns * groups + byte / GROUP) * BLOCK + output % BLOCK;
                bytes[output / BLOCK * block + group * GROUP + byte % GROUP] = weight.cast_unsigned();
                sum += i32::from(*weight);
            }
            let bias = &mut bias[output / BLOCK][output % BLOCK];
            *bias = bias.wrapping_sub(zero * sum);
        }
        for (output, first) in weights.bias.iter().enumerate() {
            let bias = &mut bias[output / BLOCK][output % BLOCK];
            *bias = bias.wrapping_add(*first);
        }
        Some(Self { weights: packed, bias, rows, groups })
    }

    /// The biases and the weights of each block.
    pub fn blocks(&self) -> impl Iterator<Item = (&[i32; BLOCK], &[u8])> {
        let block = self.rows * self.groups * BLOCK * GROUP;
        self.bias.iter().zip(self.weights.bytes().chunks_exact(block))
    }
}
