//! The largest byte under a window, and what it stands for.

use super::conv::Outputs;
use crate::kernels::image::{Image, Slide};
use crate::kernels::map::Quantisation;

/// What each byte becomes.
#[derive(Debug)]
pub struct ByteTables {
    /// The number it stands for, where numbers are stored.
    pub floats: Option<(Image, Vec<f32>)>,
    /// The byte that the next convolution reads, where there is one.
    pub bytes: Option<(Image, Vec<u8>)>,
}

impl ByteTables {
    /// For bytes of one quantisation, kept as numbers, made into bytes of another, or both.
    pub fn new(from: Quantisation, keep: Option<Image>, quantise: Option<(Image, Quantisation)>) -> Self {
        let number = |byte| from.dequantise(byte);
        Self {
            floats: keep.map(|image| (image, (0..=255).map(number).collect())),
            bytes: quantise
                .map(|(image, to)| (image, (0..=255).map(|byte| to.quantise(number(byte))).collect())),
        }
    }
}

/// A pool over bytes. Greater bytes stand for greater numbers, so it may come before the graph's dequantisation.
#[derive(Debug)]
pub struct BytePool {
    /// The window, which has no pads; of the output, only the size counts.
    pub slide: Slide,
    /// What is stored.
    pub tables: ByteTables,
}

impl BytePool {
    /// Writes every pixel of the outputs; their borders stay.
    pub fn run(&self, input: &[u8], outputs: &mut Outputs<'_>) {
        let Slide { input: from, output: to, window } = self.slide;
        let mut pixel = vec![0_u8; to.channels];
        for y in 0..to.height {
            for x in 0..to.width {
                let start = from.tap(&window, y, x);
                pixel.copy_from_slice(&input[start..][..to.channels]);
                for tap in 1..window.kernel[0] * window.kernel[1] {
                    let at = tap / window.kernel[1] * from.pitch() + tap % window.kernel[1] * from.channels;
                    let seen = &input[start + at..];
                    pixel.iter_mut().zip(seen).for_each(|(kept, seen)| *kept = (*kept).max(*seen));
                }
                if let Some((image, table)) = &self.tables.floats {
                    let out = &mut outputs.floats[image.pixel(y, x)..];
                    out.iter_mut().zip(&pixel).for_each(|(out, byte)| *out = table[usize::from(*byte)]);
                }
                if let Some((image, table)) = &self.tables.bytes {
                    let out = &mut outputs.bytes[image.pixel(y, x)..];
                    out.iter_mut().zip(&pixel).for_each(|(out, byte)| *out = table[usize::from(*byte)]);
                }
            }
        }
    }
}
