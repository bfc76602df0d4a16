//! The largest value and the mean of a window, of each channel by itself.

use crate::vision::model::kernels::image::{Image, Slide};

/// The largest value under the window, which has no pads.
pub fn max_pool(slide: &Slide, input: &[f32], output: &mut [f32]) {
    pool(slide, input, output, f32::max, 1.0);
}

/// The mean under the window, which has no pads.
pub fn average_pool(slide: &Slide, input: &[f32], output: &mut [f32]) {
    let taps = slide.window.kernel[0] * slide.window.kernel[1];
    pool(slide, input, output, |a, b| a + b, 1.0 / taps as f32);
}

fn pool(slide: &Slide, input: &[f32], output: &mut [f32], join: impl Fn(f32, f32) -> f32, factor: f32) {
    let Slide { input: from, output: to, window } = *slide;
    for y in 0..to.height {
        for x in 0..to.width {
            let start = from.tap(&window, y, x);
            let pixel = &mut output[to.pixel(y, x)..][..to.channels];
            pixel.copy_from_slice(&input[start..][..to.channels]);
            for tap in 1..window.kernel[0] * window.kernel[1] {
                let at = tap / window.kernel[1] * from.pitch() + tap % window.kernel[1] * from.channels;
                let seen = &input[start + at..];
                pixel.iter_mut().zip(seen).for_each(|(kept, seen)| *kept = join(*kept, *seen));
            }
            pixel.iter_mut().for_each(|kept| *kept *= factor);
        }
    }
}

/// The mean of each channel over the whole image.
pub fn mean(image: &Image, input: &[f32], output: &mut [f32]) {
    let sums = &mut output[..image.channels];
    sums.fill(0.0);
    for y in 0..image.height {
        for x in 0..image.width {
            let pixel = &input[image.pixel(y, x)..];
            sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
        }
    }
    let pixels = (image.height * image.width) as f32;
    sums.iter_mut().for_each(|sum| *sum /= pixels);
}
