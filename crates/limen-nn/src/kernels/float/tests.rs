//! The kernels of every instruction set that this machine has, against plain sums.

use super::isa::Isa;
use super::pool::GlobalPool;
use super::{ConvTail, Dense, Depthwise, Filters, Separable};
use crate::kernels::image::{Border, Image, Slide, Window};
use crate::kernels::map::Activation;

/// Cases of each test; an interpreter does fewer.
const CASES: u64 = if cfg!(miri) { 6 } else { 150 };

struct Random(u64);

impl Random {
    fn new(case: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(case + 1))
    }

    /// 0 to `below` - 1.
    fn number(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % below
    }

    fn from<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.number(choices.len())]
    }

    /// From -1 to 1.
    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.number(20_001) as f32 / 10_000.0 - 1.0).collect()
    }

    fn border(&mut self) -> Border {
        let mut side = || self.number(3);
        Border { top: side(), left: side(), bottom: side(), right: side() }
    }

    /// Channels: few, one less or more than a vector has lanes, many.
    fn channels(&mut self) -> usize {
        let choices: &[usize] = if cfg!(miri) {
            &[1, 3, 5, 8]
        } else {
            &[1, 2, 3, 4, 6, 7, 8, 9, 15, 16, 17, 24, 31, 42, 64, 88, 130]
        };
        self.from(choices)
    }

    fn activation(&mut self, channels: usize) -> Activation {
        match self.number(3) {
            0 => Activation::None,
            1 => Activation::Relu,
            _ => Activation::PRelu(self.numbers(channels)),
        }
    }

    /// A window with its image and what comes out; the input's border holds the pads and more.
    fn slide(&mut self, inputs: usize, outputs: usize, sizes: &[usize], padded: bool) -> Slide {
        let kernel = [self.from(sizes), self.from(sizes)];
        let kernel = if self.number(2) == 0 { [kernel[0]; 2] } else { kernel };
        let stride = self.from(&[[1, 1], [2, 2], [1, 2], [3, 1]]);
        let mut pad = |axis: usize| if padded { self.number(kernel[axis]) } else { 0 };
        let pads = Border { top: pad(0), left: pad(1), bottom: pad(0), right: pad(1) };
        let (height, width) = (kernel[0] + self.number(12), kernel[1] + self.number(36));
        let window = Window { kernel, stride, pads };
        let [rows, columns] = window.slides(height, width).expect("the image is as large as the window");
        Slide {
            input: Image { border: pads.max(self.border()), ..Image::new(height, width, inputs) },
            output: Image { border: self.border(), ..Image::new(rows, columns, outputs) },
            window,
        }
    }

    /// Numbers inside a border of zeros.
    fn input(&mut self, image: &Image) -> Vec<f32> {
        let mut data = self.numbers(image.len());
        image.fill_border(&mut data, 0.0);
        data
    }

    fn tail(&mut self, output: &Image) -> (ConvTail, Vec<f32>) {
        let activation = self.activation(output.channels);
        let channels = 1 + self.number(output.channels);
        let channels = self.from(&[output.channels, channels]);
        let image = Image { border: self.border(), channels, ..*output };
        let residual = (self.number(3) > 0).then_some(image);
        (ConvTail { residual, activation }, self.numbers(image.len()))
    }
}

/// A convolution in the order of its definition. What is no pixel of the output is no number.
fn plain(
    slide: &Slide,
    depthwise: bool,
    filters: Filters<'_>,
    (tail, residual): (&ConvTail, &[f32]),
    input: &[f32],
) -> Vec<f32> {
    let Slide { input: from, output: to, window } = slide;
    let [rows, columns] = window.kernel;
    let inputs = if depthwise { 1 } else { from.channels };
    let mut output = vec![f32::NAN; to.len()];
    for (y, x) in (0..to.height).flat_map(|y| (0..to.width).map(move |x| (y, x))) {
        let pixel = &mut output[to.pixel(y, x)..][..to.channels];
        for (channel, value) in pixel.iter_mut().enumerate() {
            let mut sum = f64::from(filters.bias[channel]);
            for (index, weight) in filters.weights[channel * inputs * rows * columns..]
                .iter()
                .enumerate()
                .take(inputs * rows * columns)
            {
                let (seen, tap) = (index / (rows * columns), index % (rows * columns));
                let seen = if depthwise { channel } else { seen };
                let at = tap / columns * from.pitch() + tap % columns * from.channels + seen;
                sum += f64::from(*weight) * f64::from(input[from.tap(window, y, x) + at]);
            }
            *value = sum as f32;
        }
        if let Some(image) = &tail.residual {
            let more = &residual[image.pixel(y, x)..][..image.channels];
            pixel.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        tail.activation.apply(pixel);
    }
    output
}

/// The same numbers, and none where there is none.
fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let near = (found - expected).abs() <= 1e-4 * (1.0 + expected.abs());
        assert!(near || found.is_nan() && expected.is_nan(), "{what}: {found}, not {expected}, at {index}");
    }
}

#[test]
fn a_dense_convolution_is_its_sum() {
    for case in 0..CASES {
        let mut random = Random::new(case);
        let (inputs, outputs) = (random.channels(), random.channels());
        let slide = random.slide(inputs, outputs, &[1, 1, 2, 3, 5], true);
        let taps = slide.window.kernel[0] * slide.window.kernel[1];
        let (weights, bias) = (random.numbers(outputs * inputs * taps), random.numbers(outputs));
        let filters = Filters { weights: &weights, bias: &bias };
        let (input, (tail, residual)) = (random.input(&slide.input), random.tail(&slide.output));
        let expected = plain(&slide, false, filters, (&tail, &residual), &input);
        for isa in Isa::all() {
            let mut output = vec![f32::NAN; slide.output.len()];
            let conv = Dense::with(isa, slide, filters, &tail).expect("it fits");
            conv.run(&input, &residual, &mut output);
            assert_near(&output, &expected, &format!("{isa:?}, case {case}, {slide:?}"));
        }
    }
}

#[test]
fn a_depthwise_convolution_is_the_sum_of_each_channel() {
    for case in 0..CASES {
        let mut random = Random::new(case);
        let channels = random.channels();
        let slide = random.slide(channels, channels, &[1, 2, 3, 3, 5], true);
        let taps = slide.window.kernel[0] * slide.window.kernel[1];
        let (weights, bias) = (random.numbers(channels * taps), random.numbers(channels));
        let filters = Filters { weights: &weights, bias: &bias };
        let (input, (tail, residual)) = (random.input(&slide.input), random.tail(&slide.output));
        let expected = plain(&slide, true, filters, (&tail, &residual), &input);
        for isa in Isa::all() {
            let mut output = vec![f32::NAN; slide.output.len()];
            let conv = Depthwise::with(isa, slide, filters, tail.clone()).expect("it fits");
            conv.run(&input, &residual, &mut output);
            assert_near(&output, &expected, &format!("{isa:?}, case {case}, {slide:?}"));
        }
    }
}

#[test]
fn a_separable_convolution_is_one_after_the_other() {
    for case in 0..CASES {
        let mut random = Random::new(case);
        let (inputs, outputs) = (random.channels(), random.channels());
        let slide = random.slide(inputs, outputs, &[1, 3, 3, 5], true);
        let taps = slide.window.kernel[0] * slide.window.kernel[1];
        let (weights, bias) = (random.numbers(inputs * taps), random.numbers(inputs));
        let first = Filters { weights: &weights, bias: &bias };
        let (weights, bias) = (random.numbers(outputs * inputs), random.numbers(outputs));
        let second = Filters { weights: &weights, bias: &bias };
        let (input, (tail, residual)) = (random.input(&slide.input), random.tail(&slide.output));
        let between = Image::new(slide.output.height, slide.output.width, inputs);
        let activation = random.activation(inputs);
        let only = ConvTail { residual: None, activation: activation.clone() };
        let middle = plain(&Slide { output: between, ..slide }, true, first, (&only, &[]), &input);
        let pixel = Window { kernel: [1, 1], stride: [1, 1], pads: Border::default() };
        let behind = Slide { input: between, output: slide.output, window: pixel };
        let expected = plain(&behind, false, second, (&tail, &residual), &middle);
        for isa in Isa::all() {
            let convs = Separable::with(isa, slide, (first, &activation), (second, &tail)).expect("it fits");
            let mut output = vec![f32::NAN; slide.output.len()];
            convs.run(&input, &residual, &mut output, &mut vec![f32::NAN; convs.scratch()]);
            assert_near(&output, &expected, &format!("{isa:?}, case {case}, {slide:?}"));
        }
    }
}

#[test]
fn a_pool_is_the_largest_number_or_the_mean() {
    for case in 0..CASES {
        let mut random = Random::new(case);
        let (channels, mean) = (random.channels(), case % 2 == 0);
        let slide = random.slide(channels, channels, &[1, 2, 3], false);
        let Slide { input: from, output: to, window } = slide;
        let input = random.numbers(from.len());
        let mut expected = vec![f32::NAN; to.len()];
        for (y, x) in (0..to.height).flat_map(|y| (0..to.width).map(move |x| (y, x))) {
            for channel in 0..channels {
                let places = (0..window.kernel[0]).flat_map(|r| (0..window.kernel[1]).map(move |c| (r, c)));
                let corner = from.tap(&window, y, x) + channel;
                let seen = places.map(|(r, c)| input[corner + r * from.pitch() + c * channels]);
                let places = (window.kernel[0] * window.kernel[1]) as f32;
                expected[to.pixel(y, x) + channel] =
                    if mean { seen.sum::<f32>() / places } else { seen.fold(f32::NEG_INFINITY, f32::max) };
            }
        }
        for isa in Isa::all() {
            let mut output = vec![f32::NAN; to.len()];
            isa.run(GlobalPool { slide: &slide, mean, input: &input, output: &mut output });
            assert_near(&output, &expected, &format!("{isa:?}, case {case}, {slide:?}"));
        }
    }
}

#[test]
fn sizes_that_do_not_fit_are_not_packed() {
    let pixel = Window { kernel: [1, 1], stride: [1, 1], pads: Border::default() };
    let slide = Slide { input: Image::new(2, 2, 3), output: Image::new(2, 2, 4), window: pixel };
    let tail = |activation| ConvTail { residual: None, activation };
    let dense = |slide, weights: usize, bias: usize, tail: ConvTail| {
        let (weights, bias) = (vec![0.0; weights], vec![0.0; bias]);
        Dense::new(slide, Filters { weights: &weights, bias: &bias }, &tail).is_some()
    };
    assert!(dense(slide, 12, 4, tail(Activation::Relu)));
    assert!(!dense(slide, 11, 4, tail(Activation::Relu)));
    assert!(!dense(slide, 12, 3, tail(Activation::Relu)));
    assert!(!dense(slide, 12, 4, tail(Activation::PRelu(vec![0.0; 3]))));
    let wide = ConvTail { residual: Some(Image::new(2, 2, 5)), activation: Activation::None };
    assert!(!dense(slide, 12, 4, wide));
    let small = Slide { output: Image::new(1, 2, 4), ..slide };
    assert!(!dense(small, 12, 4, tail(Activation::None)));
    let filters = Filters { weights: &[0.0; 3], bias: &[0.0; 3] };
    assert!(Depthwise::new(slide, filters, tail(Activation::None)).is_none());
}
