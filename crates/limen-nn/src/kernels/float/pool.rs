//! The largest value and the mean of a window, of each channel by itself.

use super::columns::first_channel;
use super::isa::Isa;
use super::lanes::{Lanes, SimdJob, count};
use crate::kernels::image::{Image, Slide};

/// The largest value under the window, which has no pads.
pub fn max_pool(slide: &Slide, input: &[f32], output: &mut [f32]) {
    Isa::best().run(GlobalPool { slide, mean: false, input, output });
}

/// The mean under the window, which has no pads.
pub fn average_pool(slide: &Slide, input: &[f32], output: &mut [f32]) {
    Isa::best().run(GlobalPool { slide, mean: true, input, output });
}

/// A pool over a whole image.
pub(super) struct GlobalPool<'a> {
    pub slide: &'a Slide,
    /// The mean, not the largest value.
    pub mean: bool,
    pub input: &'a [f32],
    pub output: &'a mut [f32],
}

impl SimdJob for GlobalPool<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Slide { input: from, output: to, window } = *self.slide;
        assert!(self.slide.fits() && from.channels == to.channels, "the sizes fit");
        assert!(window.kernel[0] * window.kernel[1] > 0, "the window has a place");
        assert!(
            from.len() <= self.input.len() && to.len() <= self.output.len(),
            "the images lie in their slices"
        );
        let (input, output) = (self.input.as_ptr(), self.output.as_mut_ptr());
        for y in 0..to.height {
            for x in 0..to.width {
                let (corner, pixel) = (from.tap(&window, y, x), to.pixel(y, x));
                for column in 0..to.channels.div_ceil(L::COUNT) {
                    let first = first_channel(column, L::COUNT, to.channels);
                    let input = input.wrapping_add(corner + first);
                    // SAFETY: the images lie in their slices, and as the slide fits, so do the window's places
                    // and the pixel in the images. A full column ends with the last channel or before, another
                    // holds all there are.
                    unsafe {
                        let value = if self.mean {
                            mean_of(lanes, self.slide, input)
                        } else {
                            largest_of(lanes, self.slide, input)
                        };
                        lanes.store_channels(output.wrapping_add(pixel + first), value, to.channels);
                    }
                }
            }
        }
    }
}

/// The largest values under a window that begins there.
///
/// # Safety
/// The places of the window can be read, of each a vector, or all channels where there are fewer.
#[inline(always)]
unsafe fn largest_of<L: Lanes>(lanes: L, slide: &Slide, corner: *const f32) -> L::Vector {
    let mut largest = lanes.splat(f32::NEG_INFINITY);
    count!(row in 0..slide.window.kernel[0] => {
        count!(column in 0..slide.window.kernel[1] => {
            let place = corner.wrapping_add(row * slide.input.pitch() + column * slide.input.channels);
            // SAFETY: as the caller promises.
            largest = lanes.max(largest, unsafe { lanes.load_channels(place, slide.input.channels) });
        });
    });
    largest
}

/// The means under a window that begins there.
///
/// # Safety
/// As for [`largest_of`].
#[inline(always)]
unsafe fn mean_of<L: Lanes>(lanes: L, slide: &Slide, corner: *const f32) -> L::Vector {
    let mut sum = lanes.splat(0.0);
    count!(row in 0..slide.window.kernel[0] => {
        count!(column in 0..slide.window.kernel[1] => {
            let place = corner.wrapping_add(row * slide.input.pitch() + column * slide.input.channels);
            // SAFETY: as the caller promises.
            sum = lanes.add(sum, unsafe { lanes.load_channels(place, slide.input.channels) });
        });
    });
    let places = slide.window.kernel[0] * slide.window.kernel[1];
    lanes.mul_add(lanes.splat(0.0), sum, lanes.splat(1.0 / places as f32))
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
