//! One step of a lowered network: a kernel with the buffers that it reads and writes.

use crate::kernels::buffer::Buffer;
use crate::kernels::image::{Image, Slide};
use crate::kernels::map::{Quantisation, Sum};
use crate::kernels::{float, int8};

/// Where a value begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Which buffer.
    pub slot: usize,
    /// How many elements into it.
    pub offset: usize,
}

/// Where a step writes an image.
#[derive(Debug, Clone, Copy)]
pub struct Target<T> {
    /// Its beginning.
    pub place: Place,
    /// How it lies there.
    pub image: Image,
    /// What its border is filled with.
    pub border: T,
}

/// What a step does.
#[derive(Debug)]
pub enum Work {
    /// Bytes of a picture to numbers.
    Picture([usize; 3], [Vec<f32>; 3]),
    /// Bytes of a picture to bytes of a quantisation.
    PictureBytes([usize; 3], [Vec<u8>; 3]),
    /// A convolution over numbers.
    Dense(float::Dense),
    /// A convolution of each channel by itself.
    Depthwise(float::Depthwise),
    /// A convolution of each channel by itself with the pointwise one behind it, and where their scratch memory is.
    Separable(float::Separable, Place),
    /// The largest number under a window.
    MaxPool(Slide),
    /// The mean under a window.
    AveragePool(Slide),
    /// The mean of an image.
    Mean(Image),
    /// A row times a matrix.
    MatMul(Vec<f32>),
    /// Sums, activations and quantisation that no convolution precedes.
    Sum(Sum, Option<Quantisation>),
    /// A convolution over bytes.
    Conv(Box<int8::Conv>),
    /// A pool over bytes.
    Pool(int8::Pool),
}

/// A kernel with its buffers.
#[derive(Debug)]
pub struct Step {
    /// The kernel.
    pub work: Work,
    /// What it reads first.
    pub first: Option<Place>,
    /// What it adds.
    pub second: Option<Place>,
    /// The numbers that it writes.
    pub floats: Option<Target<f32>>,
    /// The bytes that it writes.
    pub bytes: Option<Target<u8>>,
}

impl Step {
    /// Every place that it names.
    pub fn places(&mut self) -> impl Iterator<Item = &mut Place> {
        let targets = [self.floats.as_mut().map(|t| &mut t.place), self.bytes.as_mut().map(|t| &mut t.place)];
        let scratch = if let Work::Separable(_, place) = &mut self.work { Some(place) } else { None };
        [self.first.as_mut(), self.second.as_mut(), scratch].into_iter().chain(targets).flatten()
    }

    /// Runs it. The buffers that it writes are others than those that it reads.
    pub fn run(&self, rgb: &[u8], buffers: &mut [Buffer]) {
        let mut take = |slot: Option<usize>| slot.map(|slot| std::mem::take(&mut buffers[slot]));
        let mut floats = take(self.floats.map(|target| target.place.slot));
        let mut bytes = take(self.bytes.map(|target| target.place.slot));
        let scratch = if let Work::Separable(_, place) = &self.work { Some(place.slot) } else { None };
        let mut scratch_buffer = take(scratch);
        let mut outputs = int8::Outputs::default();
        if let (Some(buffer), Some(target)) = (&mut floats, &self.floats) {
            outputs.floats = &mut buffer.floats_mut()[target.place.offset..];
            target.image.fill_border(outputs.floats, target.border);
        }
        if let (Some(buffer), Some(target)) = (&mut bytes, &self.bytes) {
            outputs.bytes = &mut buffer.bytes_mut()[target.place.offset..];
            target.image.fill_border(outputs.bytes, target.border);
        }
        let scratch_floats = scratch_buffer.as_mut().map(Buffer::floats_mut).unwrap_or_default();
        self.compute(rgb, buffers, &mut outputs, scratch_floats);
        let mut give = |target: Option<usize>, buffer: Option<Buffer>| {
            if let (Some(slot), Some(buffer)) = (target, buffer) {
                buffers[slot] = buffer;
            }
        };
        give(self.floats.map(|target| target.place.slot), floats);
        give(self.bytes.map(|target| target.place.slot), bytes);
        give(scratch, scratch_buffer);
    }

    fn compute(&self, rgb: &[u8], buffers: &[Buffer], outputs: &mut int8::Outputs<'_>, scratch: &mut [f32]) {
        let numbers = |place: Option<Place>| match place {
            Some(place) => &buffers[place.slot].floats()[place.offset..],
            None => &[],
        };
        let (first, second) = (numbers(self.first), numbers(self.second));
        let first_bytes = || match self.first {
            Some(place) => &buffers[place.slot].bytes()[place.offset..],
            None => &[],
        };
        match &self.work {
            Work::Picture(sources, tables) => {
                if let Some(target) = &self.floats {
                    look_up(rgb, sources, tables, &target.image, outputs.floats);
                }
            }
            Work::PictureBytes(sources, tables) => {
                if let Some(target) = &self.bytes {
                    look_up(rgb, sources, tables, &target.image, outputs.bytes);
                }
            }
            Work::Dense(conv) => conv.run(first, second, outputs.floats),
            Work::Depthwise(conv) => conv.run(first, second, outputs.floats),
            Work::Separable(convs, _) => convs.run(first, second, outputs.floats, scratch),
            Work::MaxPool(slide) => float::max_pool(slide, first, outputs.floats),
            Work::AveragePool(slide) => float::average_pool(slide, first, outputs.floats),
            Work::Mean(image) => float::mean(image, first, outputs.floats),
            Work::MatMul(matrix) => {
                if let Some(target) = &self.floats {
                    float::row_by_matrix(first, matrix, &mut outputs.floats[..target.image.channels]);
                }
            }
            Work::Sum(sum, quantise) => self.sum(sum, *quantise, [first, second], outputs),
            Work::Conv(conv) => conv.run(first_bytes(), second, outputs),
            Work::Pool(pool) => pool.run(first_bytes(), outputs),
        }
    }

    fn sum(
        &self,
        sum: &Sum,
        quantise: Option<Quantisation>,
        [first, second]: [&[f32]; 2],
        outputs: &mut int8::Outputs<'_>,
    ) {
        sum.run(first, second, |y, x, pixel| {
            if let Some(target) = &self.floats {
                outputs.floats[target.image.pixel(y, x)..][..pixel.len()].copy_from_slice(pixel);
            }
            if let (Some(target), Some(quantise)) = (&self.bytes, quantise) {
                let out = &mut outputs.bytes[target.image.pixel(y, x)..];
                out.iter_mut().zip(pixel).for_each(|(out, value)| *out = quantise.quantise(*value));
            }
        });
    }
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
