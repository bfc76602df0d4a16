//! Every kernel that this processor can run against a plain reference, on sizes that fit no vector.

use super::kernel::Kernel;
use super::{BytePool, ByteTables, ByteWeights, Conv, Epilogue, FloatTail, Outputs};
use crate::kernels::buffer::SLACK;
use crate::kernels::image::{Border, Image, Slide, Window};
use crate::kernels::map::Quantisation;

/// Numbers without end, the same in every run.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    /// From the least to the most, both included.
    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.bits() as usize % (most - least + 1)
    }

    fn number(&mut self) -> f32 {
        f32::from((self.bits() >> 16) as u16) / 32768.0 - 1.0
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.bits() as u8).collect()
    }

    fn border(&mut self) -> Border {
        let mut side = || self.between(0, 2);
        Border { top: side(), left: side(), bottom: side(), right: side() }
    }

    fn quantisation(&mut self) -> Quantisation {
        Quantisation { scale: 0.01 + self.number().abs(), zero: self.bits() as u8 }
    }
}

/// One convolution with everything that goes in.
struct Case {
    slide: Slide,
    weights: Vec<i8>,
    bias: Vec<i32>,
    zero: u8,
    epilogue: Epilogue,
    input: Vec<u8>,
    residual: Vec<f32>,
}

impl Case {
    fn random(random: &mut Random, most_channels: usize, least_weight: i8) -> Self {
        let kernel = [random.between(1, 4), random.between(1, 4)];
        let mut pads = Border::default();
        (pads.top, pads.bottom) = (random.between(0, kernel[0] - 1), random.between(0, kernel[0] - 1));
        (pads.left, pads.right) = (random.between(0, kernel[1] - 1), random.between(0, kernel[1] - 1));
        let window = Window { kernel, stride: [random.between(1, 3), random.between(1, 3)], pads };
        let (height, width) = (kernel[0] + random.between(0, 5), kernel[1] + random.between(0, 5));
        let channels = random.between(1, 20);
        let input = Image { border: pads.max(random.border()), ..Image::new(height, width, channels) };
        let [height, width] = window.slides(height, width).expect("larger than the window");
        let channels = random.between(1, most_channels);
        let mut image = |channels| Image { border: random.border(), ..Image::new(height, width, channels) };
        let [output, keep, quantised] = [channels; 3].map(&mut image);
        let less = image(channels.div_ceil(2));
        let slide = Slide { input, output, window };
        let count = channels * input.channels * kernel[0] * kernel[1];
        let weights = (0..count).map(|_| (random.bits() as i8).max(least_weight)).collect();
        let sums = 40.0 * (count as f32 / channels as f32).sqrt();
        let scales = if random.bits().is_multiple_of(2) { 1 } else { channels };
        let scales = (0..scales).map(|_| (0.5 + random.number().abs()) / sums).collect();
        let mut maybe = |image: Image| (!random.bits().is_multiple_of(3)).then_some(image);
        let [residual, kept, quantised] = [less, keep, quantised].map(&mut maybe);
        let float = FloatTail {
            residual,
            relu: random.bits().is_multiple_of(2),
            keep: kept,
            quantise: quantised.map(|image| (image, random.quantisation())),
        };
        let float = (!random.bits().is_multiple_of(4)).then_some(float);
        let epilogue = Epilogue { scales, output: random.quantisation(), float };
        let bias = (0..channels).map(|_| random.bits() as i32 % 1000).collect();
        let zero = random.bits() as u8;
        let mut bytes = random.bytes(input.len() + SLACK);
        input.fill_border(&mut bytes, zero);
        let residual = (0..less.len()).map(|_| 20.0 * random.number()).collect();
        Self { slide, weights, bias, zero, epilogue, input: bytes, residual }
    }

    fn run(&self, kernel: Kernel) -> (Vec<f32>, Vec<u8>) {
        let weights = ByteWeights { values: &self.weights, bias: &self.bias, zero: self.zero };
        let conv = Conv::with(kernel, self.slide, weights, self.epilogue.clone()).expect("it fits");
        self.outputs(|outputs| conv.run(&self.input, &self.residual, outputs))
    }

    fn outputs(&self, write: impl FnOnce(&mut Outputs<'_>)) -> (Vec<f32>, Vec<u8>) {
        let tail = self.epilogue.float.as_ref();
        let keep = tail.and_then(|tail| tail.keep).map_or(0, |image| image.len());
        let bytes = match tail {
            None => self.slide.output.len(),
            Some(tail) => tail.quantise.map_or(0, |(image, _)| image.len()),
        };
        let (mut floats, mut bytes) = (vec![f32::MAX; keep], vec![77; bytes]);
        write(&mut Outputs { floats: &mut floats, bytes: &mut bytes });
        (floats, bytes)
    }

    /// As the operators are defined, one after the other, for every number of the output.
    fn reference(&self) -> (Vec<f32>, Vec<u8>) {
        let to = self.slide.output;
        self.outputs(|outputs| {
            for y in 0..to.height {
                for x in 0..to.width {
                    for channel in 0..to.channels {
                        self.number(y, x, channel, outputs);
                    }
                }
            }
        })
    }

    fn number(&self, y: usize, x: usize, channel: usize, outputs: &mut Outputs<'_>) {
        let scales = &self.epilogue.scales;
        let scale = scales[channel.min(scales.len() - 1)];
        let rounded = (self.sum(y, x, channel) as f32 * scale).round_ties_even();
        let zero = f32::from(self.epilogue.output.zero);
        let byte = (rounded + zero).clamp(0.0, 255.0) as u8;
        let Some(tail) = &self.epilogue.float else {
            outputs.bytes[self.slide.output.pixel(y, x) + channel] = byte;
            return;
        };
        let mut value = self.epilogue.output.dequantise(byte);
        if let Some(image) = tail.residual.filter(|image| channel < image.channels) {
            value += self.residual[image.pixel(y, x) + channel];
        }
        value = if tail.relu { value.max(0.0) } else { value };
        if let Some(image) = &tail.keep {
            outputs.floats[image.pixel(y, x) + channel] = value;
        }
        if let Some((image, quantisation)) = &tail.quantise {
            outputs.bytes[image.pixel(y, x) + channel] = quantisation.quantise(value);
        }
    }

    fn sum(&self, y: usize, x: usize, channel: usize) -> i32 {
        let Slide { input: from, window, .. } = self.slide;
        let [rows, columns] = window.kernel;
        let mut sum = self.bias[channel];
        for input in 0..from.channels {
            for row in 0..rows {
                for column in 0..columns {
                    let at = (y * window.stride[0] + row, x * window.stride[1] + column);
                    let at = (at.0.wrapping_sub(window.pads.top), at.1.wrapping_sub(window.pads.left));
                    if at.0 < from.height && at.1 < from.width {
                        let byte = self.input[from.pixel(at.0, at.1) + input];
                        let weight =
                            self.weights[((channel * from.channels + input) * rows + row) * columns + column];
                        sum += (i32::from(byte) - i32::from(self.zero)) * i32::from(weight);
                    }
                }
            }
        }
        sum
    }
}

#[test]
fn every_kernel_computes_what_the_operators_are_defined_to_be() {
    let mut random = Random(1);
    for kernel in Kernel::all() {
        let least = if kernel.any_weights { -128 } else { -127 };
        let cases = if cfg!(miri) { 3 } else { 60 };
        for index in 0..cases {
            let case = Case::random(&mut random, if cfg!(miri) { 40 } else { 100 }, least);
            assert!(case.run(kernel) == case.reference(), "{kernel:?}, case {index}: {:?}", case.slide);
        }
        println!("{kernel:?}: {cases} convolutions");
    }
}

#[test]
fn no_sum_of_the_largest_bytes_is_cut() {
    let image = Image::new(1, 1, 1000);
    let window = Window { kernel: [1, 1], stride: [1, 1], pads: Border::default() };
    let output = Quantisation { scale: 1.0, zero: 128 };
    for kernel in Kernel::all() {
        for (weight, byte) in [(127, 255), (-127, 255), (127, 0), (-127, 0), (-128, 255), (-128, 0)] {
            let weights = vec![weight; 1000];
            if !kernel.takes(&weights) {
                continue;
            }
            let slide = Slide { input: image, output: Image::new(1, 1, 1), window };
            let epilogue = Epilogue { scales: vec![1e-6], output, float: None };
            let case = Case {
                slide,
                weights,
                bias: vec![0],
                zero: 100,
                epilogue,
                input: vec![byte; 1000 + SLACK],
                residual: Vec::new(),
            };
            assert_eq!(case.run(kernel), case.reference(), "{kernel:?}: {weight} by {byte}");
        }
    }
}

#[test]
fn a_pool_takes_the_largest_byte_and_says_what_it_stands_for() {
    let mut random = Random(2);
    let input = Image::new(7, 6, 5);
    let window = Window { kernel: [3, 2], stride: [2, 2], pads: Border::default() };
    let output = Image::new(3, 3, 5);
    let bytes = random.bytes(input.len());
    let (from, to) = (random.quantisation(), random.quantisation());
    let tables = ByteTables::new(from, Some(output), Some((output, to)));
    let pool = BytePool { slide: Slide { input, output, window }, tables };
    let (mut floats, mut made) = (vec![0.0; output.len()], vec![0; output.len()]);
    pool.run(&bytes, &mut Outputs { floats: &mut floats, bytes: &mut made });
    for y in 0..3 {
        for x in 0..3 {
            for channel in 0..5 {
                let seen = (0..6).map(|tap| bytes[input.pixel(2 * y + tap / 2, 2 * x + tap % 2) + channel]);
                let value = from.dequantise(seen.max().expect("six"));
                let at = output.pixel(y, x) + channel;
                assert_eq!((floats[at], made[at]), (value, to.quantise(value)), "{y} {x} {channel}");
            }
        }
    }
}
