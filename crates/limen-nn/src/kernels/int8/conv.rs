//! The convolution of bytes with signed bytes.

use super::epilogue::{Epilogue, Pixel, Rounding};
use super::kernel::Kernel;
use super::packed::{BLOCK, ByteWeights, Packed};
use super::tile::{ByteTile, PIXELS, Sums};
use crate::kernels::image::{Image, Slide};

/// A convolution of all input channels into every output channel, with its epilogue.
#[derive(Debug)]
pub struct Conv {
    slide: Slide,
    packed: Packed,
    /// Of each block.
    rounding: Vec<Rounding>,
    epilogue: Epilogue,
    kernel: Kernel,
}

/// Where a convolution's results go.
#[derive(Debug, Default)]
pub struct Outputs<'a> {
    /// Numbers, where the epilogue keeps them.
    pub floats: &'a mut [f32],
    /// Bytes, where it makes some.
    pub bytes: &'a mut [u8],
}

impl Conv {
    /// For the best kernel that this processor can run. None where the sizes do not fit.
    pub fn new(slide: Slide, weights: ByteWeights<'_>, epilogue: Epilogue) -> Option<Self> {
        let kernel = Kernel::all().find(|kernel| kernel.takes(weights.values))?;
        Self::with(kernel, slide, weights, epilogue)
    }

    /// For one kernel, which can take the weights.
    pub fn with(kernel: Kernel, slide: Slide, weights: ByteWeights<'_>, epilogue: Epilogue) -> Option<Self> {
        let outputs = slide.output.channels;
        let scales = &epilogue.scales;
        let fit = slide.fits() && (scales.len() == outputs || scales.len() == 1);
        let packed = fit.then(|| Packed::new(&slide, &weights, kernel.raised))??;
        let scale = |channel: usize| scales.get(channel).or(scales.first()).copied().unwrap_or(0.0);
        let tail = epilogue.float.as_ref();
        let float = tail.map(|tail| (tail.relu, tail.quantise.map(|(_, quantisation)| quantisation)));
        let rounding = (0..outputs.div_ceil(BLOCK))
            .map(|block| Rounding {
                scales: std::array::from_fn(|channel| scale(block * BLOCK + channel)),
                output: epilogue.output,
                float,
            })
            .collect();
        Some(Self { slide, packed, rounding, epilogue, kernel })
    }

    /// Writes every pixel of the outputs; their borders stay.
    pub fn run(&self, input: &[u8], residual: &[f32], outputs: &mut Outputs<'_>) {
        let Slide { input: from, output: to, window } = self.slide;
        let pixels = to.height * to.width;
        let tiles = pixels.div_ceil(self.kernel.pixels);
        let mut sums: Sums = [[0; BLOCK]; PIXELS];
        for (block, (bias, weights)) in self.packed.blocks().enumerate() {
            let mut tile = ByteTile {
                input,
                taps: [0; PIXELS],
                pitch: from.pitch(),
                weights,
                rows: self.packed.rows,
                groups: self.packed.groups,
                bias,
            };
            let mut places = (0..to.height).flat_map(|y| (0..to.width).map(move |x| [y, x]));
            for index in 0..tiles {
                // Of nearly one size, for a short one costs nearly as much as a long one.
                let count = (index + 1) * pixels / tiles - index * pixels / tiles;
                let mut at = [[0; 2]; PIXELS];
                for (pixel, place) in places.by_ref().take(count).enumerate() {
                    at[pixel] = place;
                    tile.taps[pixel] = from.tap(&window, place[0], place[1]);
                }
                (self.kernel.sums)(&tile, count, &mut sums);
                for (sums, at) in sums.iter().zip(&at[..count]) {
                    self.finish(block, *at, sums, residual, outputs);
                }
            }
        }
    }

    /// The epilogue of one pixel and block.
    fn finish(
        &self,
        block: usize,
        [y, x]: [usize; 2],
        sums: &[i32; BLOCK],
        residual: &[f32],
        outputs: &mut Outputs<'_>,
    ) {
        // What a block has of an image's pixel; fewer channels than the block or none at the image's end.
        let part = |image: &Image| {
            let first = (block * BLOCK).min(image.channels);
            let start = image.pixel(y, x) + first;
            start..start + BLOCK.min(image.channels - first)
        };
        let mut pixel = Pixel::default();
        match &self.epilogue.float {
            None => pixel.bytes = &mut outputs.bytes[part(&self.slide.output)],
            Some(tail) => {
                if let Some(image) = &tail.residual {
                    pixel.residual = &residual[part(image)];
                }
                if let Some(image) = &tail.keep {
                    pixel.floats = &mut outputs.floats[part(image)];
                }
                if let Some((image, _)) = &tail.quantise {
                    pixel.bytes = &mut outputs.bytes[part(image)];
                }
            }
        }
        (self.kernel.finish)(&self.rounding[block], sums, &mut pixel);
    }
}
