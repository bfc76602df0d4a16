//! What a step does.

use tract_onnx::tract_core::internal::*;

use super::value::Value;
use crate::input::PictureInput;
use crate::kernels::image::{Image, Slide};
use crate::kernels::map::{Quantisation, Sum};
use crate::kernels::{float, int8};

/// A kernel with all that it needs besides its inputs.
pub enum Work {
    /// Bytes of a picture to numbers, as the network reads them.
    Normalise(Arc<PictureInput>),
    /// Bytes of a picture to an image of numbers.
    Picture([usize; 3], [Vec<f32>; 3]),
    /// Bytes of a picture to an image of bytes of a quantisation.
    PictureBytes([usize; 3], [Vec<u8>; 3]),
    /// A tensor of tract's to an image.
    Pack,
    /// An image of numbers to a tensor of tract's.
    Unpack(Image),
    /// An image of bytes to a tensor of tract's, whose signed bytes are stored 128 higher.
    UnpackBytes(Image, Option<u8>),
    /// A convolution over numbers.
    Dense(float::Dense),
    /// A convolution of each channel by itself.
    Depthwise(float::Depthwise),
    /// A convolution of each channel by itself with the pointwise one behind it.
    Separable(float::Separable),
    /// The largest number under a window.
    MaxPool(Slide),
    /// The mean under a window.
    AveragePool(Slide),
    /// The mean of an image.
    Mean(Image),
    /// A row times a matrix.
    MatMul(Arc<Tensor>),
    /// Sums, activations and quantisation that no convolution precedes.
    Sum(Sum, Option<Quantisation>),
    /// A convolution over bytes.
    Conv(Box<int8::Conv>),
    /// A pool over bytes.
    Pool(int8::BytePool),
}

/// Where the results are written, and in which layout.
pub struct Results<'a> {
    /// The memory for the `f32` result and for the byte result.
    pub outputs: int8::Outputs<'a>,
    /// The layout of the `f32` result.
    pub floats: Option<Image>,
    /// The layout of the byte result.
    pub bytes: Option<Image>,
    /// Scratch memory of the kernel.
    pub scratch: &'a mut [f32],
}

impl Work {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Normalise(_) => "Normalise",
            Self::Picture(..) => "Picture",
            Self::PictureBytes(..) => "PictureBytes",
            Self::Pack => "Pack",
            Self::Unpack(_) => "Unpack",
            Self::UnpackBytes(..) => "UnpackBytes",
            Self::Dense(_) => "Dense",
            Self::Depthwise(_) => "Depthwise",
            Self::Separable(_) => "Separable",
            Self::MaxPool(_) => "MaxPool",
            Self::AveragePool(_) => "AveragePool",
            Self::Mean(_) => "Mean",
            Self::MatMul(_) => "MatMul",
            Self::Sum(..) => "Sum",
            Self::Conv(_) => "ConvBytes",
            Self::Pool(_) => "PoolBytes",
        }
    }

    /// How many numbers of scratch memory it needs.
    pub fn scratch(&self) -> usize {
        if let Self::Separable(convs) = self { convs.scratch() } else { 0 }
    }

    /// Computes it.
    pub fn run(&self, inputs: &[Value<'_>], results: &mut Results<'_>) -> TractResult<()> {
        let first = inputs.first().context("a step that reads nothing")?;
        let second = || inputs.get(1).map_or(Ok(&[][..]), |value| value.numbers());
        let outputs = &mut results.outputs;
        match self {
            Self::Normalise(input) => outputs.floats.copy_from_slice(&input.normalise(first.rgb()?)),
            Self::Picture(sources, tables) => {
                let image = results.floats.context("nowhere to write")?;
                look_up(first.rgb()?, sources, tables, &image, outputs.floats);
            }
            Self::PictureBytes(sources, tables) => {
                let image = results.bytes.context("nowhere to write")?;
                look_up(first.rgb()?, sources, tables, &image, outputs.bytes);
            }
            Self::Pack => {
                pack(first.numbers()?, &results.floats.context("nowhere to write")?, outputs.floats)
            }
            Self::Unpack(image) => unpack(image, first.numbers()?, outputs.floats, |number| number),
            Self::UnpackBytes(image, flip) => {
                unpack(image, first.bytes()?, outputs.bytes, |byte| byte ^ flip.unwrap_or(0));
            }
            Self::Dense(conv) => conv.run(first.numbers()?, second()?, outputs.floats),
            Self::Depthwise(conv) => conv.run(first.numbers()?, second()?, outputs.floats),
            Self::Separable(convs) => {
                convs.run(first.numbers()?, second()?, outputs.floats, results.scratch);
            }
            Self::MaxPool(slide) => float::max_pool(slide, first.numbers()?, outputs.floats),
            Self::AveragePool(slide) => float::average_pool(slide, first.numbers()?, outputs.floats),
            Self::Mean(image) => float::mean(image, first.numbers()?, outputs.floats),
            Self::MatMul(matrix) => {
                let matrix = matrix.try_as_plain_ram()?;
                float::row_by_matrix(first.numbers()?, matrix.as_slice()?, outputs.floats);
            }
            Self::Sum(sum, quantise) => sums(sum, *quantise, [first.numbers()?, second()?], results),
            Self::Conv(conv) => conv.run(first.bytes()?, second()?, outputs),
            Self::Pool(pool) => pool.run(first.bytes()?, outputs),
        }
        Ok(())
    }
}

fn sums(sum: &Sum, quantise: Option<Quantisation>, [first, second]: [&[f32]; 2], results: &mut Results<'_>) {
    let Results { outputs, floats, bytes, .. } = results;
    sum.run(first, second, |y, x, pixel| {
        if let Some(image) = floats {
            outputs.floats[image.pixel(y, x)..][..pixel.len()].copy_from_slice(pixel);
        }
        if let (Some(image), Some(quantise)) = (&bytes, quantise) {
            let out = &mut outputs.bytes[image.pixel(y, x)..];
            out.iter_mut().zip(pixel).for_each(|(out, value)| *out = quantise.quantise(*value));
        }
    });
}

/// Writes what each byte of a picture is to the network.
fn look_up<T: Copy>(rgb: &[u8], sources: &[usize; 3], tables: &[Vec<T>; 3], image: &Image, output: &mut [T]) {
    for (y, row) in rgb.chunks_exact(3 * image.width).enumerate() {
        let out = &mut output[image.pixel(y, 0)..][..row.len()];
        for (from, to) in row.as_chunks::<3>().0.iter().zip(out.as_chunks_mut::<3>().0) {
            *to = std::array::from_fn(|channel| tables[channel][usize::from(from[sources[channel]])]);
        }
    }
}

/// Channels first to the pixels of an image.
fn pack(planes: &[f32], image: &Image, output: &mut [f32]) {
    for (channel, plane) in planes.chunks_exact(image.height * image.width).enumerate() {
        for (y, row) in plane.chunks_exact(image.width).enumerate() {
            let out = &mut output[image.pixel(y, 0) + channel..];
            out.iter_mut().step_by(image.channels).zip(row).for_each(|(out, value)| *out = *value);
        }
    }
}

/// The pixels of an image to channels first.
fn unpack<T: Copy>(image: &Image, pixels: &[T], output: &mut [T], each: impl Fn(T) -> T) {
    for (channel, plane) in output.chunks_exact_mut(image.height * image.width).enumerate() {
        for (y, row) in plane.chunks_exact_mut(image.width).enumerate() {
            let from = pixels[image.pixel(y, 0) + channel..].iter().step_by(image.channels);
            row.iter_mut().zip(from).for_each(|(out, value)| *out = each(*value));
        }
    }
}
