//! From the integer sums of a convolution to what is stored.

use super::packed::BLOCK;
use crate::vision::model::kernels::image::Image;
use crate::vision::model::kernels::map::Quantisation;

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

/// The nearest integers that are bytes of the quantisation, less its zero.
#[inline(always)]
fn round(values: &mut [f32; BLOCK], to: Quantisation) {
    let (least, most) = (-f32::from(to.zero), 255.0 - f32::from(to.zero));
    // Not `clamp`, which is no single instruction: a value that is no number becomes the least.
    values.iter_mut().for_each(|value| *value = (value.max(least).min(most) + ROUND) - ROUND);
}

/// Stores rounded values as bytes.
#[inline(always)]
fn store(values: &[f32; BLOCK], to: Quantisation, bytes: &mut [u8]) {
    let stored = values.map(|value| ((value + ROUND).to_bits() as u8).wrapping_add(to.zero));
    match bytes.first_chunk_mut::<BLOCK>() {
        Some(all) => *all = stored,
        None => bytes.copy_from_slice(&stored[..bytes.len()]),
    }
}

/// The epilogue for any processor; compiled once more for each that has more to offer.
#[inline(always)]
pub fn finish(rounding: &Rounding, sums: &[i32; BLOCK], pixel: &mut Pixel<'_>) {
    let mut values: [f32; BLOCK] =
        std::array::from_fn(|channel| sums[channel] as f32 * rounding.scales[channel]);
    round(&mut values, rounding.output);
    let Some((relu, quantise)) = rounding.float else {
        return store(&values, rounding.output, pixel.bytes);
    };
    values.iter_mut().for_each(|value| *value *= rounding.output.scale);
    match pixel.residual.first_chunk::<BLOCK>() {
        Some(all) => values.iter_mut().zip(all).for_each(|(value, more)| *value += more),
        None => values.iter_mut().zip(pixel.residual).for_each(|(value, more)| *value += more),
    }
    if relu {
        values.iter_mut().for_each(|value| *value = value.max(0.0));
    }
    match pixel.floats.first_chunk_mut::<BLOCK>() {
        Some(all) => *all = values,
        None => pixel.floats.copy_from_slice(&values[..pixel.floats.len()]),
    }
    if let Some(quantise) = quantise {
        values.iter_mut().for_each(|value| *value /= quantise.scale);
        round(&mut values, quantise);
        store(&values, quantise, pixel.bytes);
    }
}
