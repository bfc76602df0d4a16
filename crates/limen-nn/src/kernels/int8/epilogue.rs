//! From the integer sums of a convolution to what is stored.

mod lanes;

pub use lanes::EpilogueLanes;

use super::packed::BLOCK;
use crate::kernels::image::Image;
use crate::kernels::map::Quantisation;

/// What a graph does with the sums.
#[derive(Debug, Clone)]
pub struct Epilogue {
    /// What one unit of a sum is worth in units of the output: for every output channel, or one for all.
    pub scales: Vec<f32>,
    /// The bytes that the graph rounds to.
    pub output: Quantisation,
    /// What becomes of these bytes; nothing where they are what is stored.
    pub float: Option<FloatTail>,
}

/// What follows where the graph turns the bytes into numbers.
#[derive(Debug, Clone)]
pub struct FloatTail {
    /// Added, as if it had zeros for the channels that it lacks; as many rows and columns as the output.
    pub residual: Option<Image>,
    /// Whether what is below zero becomes zero.
    pub relu: bool,
    /// The numbers as stored, where somebody needs them.
    pub keep: Option<Image>,
    /// The bytes that the next convolution reads, where there is one.
    pub quantise: Option<(Image, Quantisation)>,
}

/// The epilogue of the channels of one block.
#[derive(Debug)]
pub struct Rounding {
    /// Of each channel.
    pub scales: [f32; BLOCK],
    /// The bytes that the sums are rounded to.
    pub output: Quantisation,
    /// What follows where they become numbers: whether negative ones become zero, and the bytes of the sum.
    pub float: Option<(bool, Option<Quantisation>)>,
}

/// The slices of one pixel and block that an epilogue reads and writes; as long as the block has channels, or
/// shorter or empty where there is nothing.
#[derive(Debug, Default)]
pub struct Pixel<'a> {
    /// Added.
    pub residual: &'a [f32],
    /// The numbers.
    pub floats: &'a mut [f32],
    /// The bytes.
    pub bytes: &'a mut [u8],
}

/// Does the epilogue of one pixel and block.
pub type Finish = fn(&Rounding, &[i32; BLOCK], &mut Pixel<'_>);

/// Added to a number of at most 22 bits, it leaves the nearest integer, halves to even, in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// The epilogue for any processor.
pub fn finish_plainly(rounding: &Rounding, sums: &[i32; BLOCK], pixel: &mut Pixel<'_>) {
    // SAFETY: one number is a vector on every processor.
    unsafe { finish::<f32>(rounding, sums, pixel) }
}

/// The epilogue in vectors.
///
/// # Safety
///
/// The processor has the vectors.
#[inline(always)]
pub unsafe fn finish<V: EpilogueLanes>(rounding: &Rounding, sums: &[i32; BLOCK], pixel: &mut Pixel<'_>) {
    // What is shorter than a block goes through arrays that are not.
    let (mut more, mut floats, mut bytes) = ([0.0; BLOCK], [0.0; BLOCK], [0; BLOCK]);
    let residual = match pixel.residual.first_chunk() {
        Some(all) => all,
        None => {
            more[..pixel.residual.len()].copy_from_slice(pixel.residual);
            &more
        }
    };
    let whole = (pixel.floats.first_chunk_mut(), pixel.bytes.first_chunk_mut());
    let (kept, made) = (whole.0.unwrap_or(&mut floats), whole.1.unwrap_or(&mut bytes));
    for first in (0..BLOCK).step_by(V::COUNT) {
        // SAFETY: the vectors are the caller's; `COUNT` divides a block, so that what is read and written from
        // the first channel on lies inside the arrays.
        unsafe { finish_lanes::<V>(rounding, sums, residual, kept, made, first) };
    }
    if pixel.floats.len() < BLOCK {
        pixel.floats.copy_from_slice(&floats[..pixel.floats.len()]);
    }
    if pixel.bytes.len() < BLOCK {
        pixel.bytes.copy_from_slice(&bytes[..pixel.bytes.len()]);
    }
}

/// # Safety
///
/// The processor has the vectors, and `first + COUNT` is no more than a block.
#[inline(always)]
unsafe fn finish_lanes<V: EpilogueLanes>(
    rounding: &Rounding,
    sums: &[i32; BLOCK],
    residual: &[f32; BLOCK],
    floats: &mut [f32; BLOCK],
    bytes: &mut [u8; BLOCK],
    first: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let scales = V::load(rounding.scales.as_ptr().wrapping_add(first));
        let rounded = round(V::integers(sums.as_ptr().wrapping_add(first)).times(scales), rounding.output);
        let Some((relu, quantise)) = rounding.float else {
            return rounded.store_bytes(rounding.output.zero, bytes.as_mut_ptr().wrapping_add(first));
        };
        let number = rounded.minus(V::splat(ROUND)).times(V::splat(rounding.output.scale));
        let sum = number.plus(V::load(residual.as_ptr().wrapping_add(first)));
        let active = if relu { sum.most(V::splat(0.0)) } else { sum };
        active.store(floats.as_mut_ptr().wrapping_add(first));
        if let Some(quantise) = quantise {
            let rounded = round(active.divided(V::splat(quantise.scale)), quantise);
            rounded.store_bytes(quantise.zero, bytes.as_mut_ptr().wrapping_add(first));
        }
    }
}

/// [`ROUND`] and the nearest integers that are bytes of the quantisation, less its zero.
///
/// # Safety
///
/// The processor has the vectors.
#[inline(always)]
unsafe fn round<V: EpilogueLanes>(values: V, to: Quantisation) -> V {
    let (least, most) = (-f32::from(to.zero), 255.0 - f32::from(to.zero));
    // SAFETY: the caller's.
    unsafe { values.most(V::splat(least)).least(V::splat(most)).plus(V::splat(ROUND)) }
}
