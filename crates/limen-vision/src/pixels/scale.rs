//! Scales pictures down: to the camera's size for a replay, to a sensible size for a photograph.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::frame::Picture;

/// The picture in the middle of a black one of exactly `width` x `height` pixels (at least 1 each), scaled
/// down if it is larger, never up, with the same proportions.
pub fn fit_picture(picture: &Picture, width: u32, height: u32) -> Picture {
    if (picture.width(), picture.height()) == (width, height) {
        return picture.clone();
    }
    let (inner_width, inner_height) = fitting_size(picture, width, height);
    pad(&resize(picture, inner_width, inner_height), width, height)
}

/// The picture with its longer side at most `longest` pixels (at least 1); smaller ones stay unchanged.
pub fn shrink(picture: Picture, longest: u32) -> Picture {
    if picture.width().max(picture.height()) <= longest {
        return picture;
    }
    let (width, height) = fitting_size(&picture, longest, longest);
    resize(&picture, width, height)
}

/// The largest size with the picture's proportions within `width` x `height`, not larger than the picture.
fn fitting_size(picture: &Picture, width: u32, height: u32) -> (u32, u32) {
    let across = f64::from(width) / f64::from(picture.width());
    let down = f64::from(height) / f64::from(picture.height());
    let scale = across.min(down).min(1.0);
    let side = |pixels: u32, most: u32| ((f64::from(pixels) * scale).round() as u32).clamp(1, most.max(1));
    (side(picture.width(), width), side(picture.height(), height))
}

/// Every source pixel counts (an area average with a soft edge), so that edges neither flicker nor show
/// steps.
fn resize(picture: &Picture, width: u32, height: u32) -> Picture {
    if (picture.width(), picture.height()) == (width, height) {
        return picture.clone();
    }
    let source = ImageRef::new(picture.width(), picture.height(), picture.rgb(), PixelType::U8x3)
        .expect("a picture has exactly the bytes of its size, and bytes are always aligned");
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Hamming));
    Resizer::new()
        .resize(&source, &mut target, &options)
        .expect("both images have the same pixel type and no crop is asked for");
    Picture::new(width, height, target.into_vec()).expect("the target was made with exactly this size")
}

fn pad(picture: &Picture, width: u32, height: u32) -> Picture {
    let row = width as usize * 3;
    let inner_row = picture.width() as usize * 3;
    let left = (width - picture.width()) as usize / 2 * 3;
    let top = (height - picture.height()) as usize / 2;
    let mut rgb = vec![0; row * height as usize];
    for (line, source) in rgb.chunks_exact_mut(row).skip(top).zip(picture.rgb().chunks_exact(inner_row)) {
        line[left..left + inner_row].copy_from_slice(source);
    }
    Picture::new(width, height, rgb).expect("the bytes were allocated for exactly this size")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32) -> Picture {
        Picture::from_fn(width, height, |_, _| [200, 100, 50])
    }

    #[test]
    fn a_picture_of_the_right_size_stays_as_it_is() {
        assert_eq!(fit_picture(&plain(64, 48), 64, 48), plain(64, 48));
    }

    #[test]
    fn a_small_picture_is_not_blown_up_but_framed_in_black() {
        let fitted = fit_picture(&plain(10, 10), 64, 48);
        assert_eq!((fitted.width(), fitted.height()), (64, 48));
        assert_eq!(fitted.pixel(0, 0), [0, 0, 0]);
        assert_eq!(fitted.pixel(32, 24), [200, 100, 50]);
        let lit = fitted.rgb().chunks_exact(3).filter(|pixel| pixel[0] > 0).count();
        assert_eq!(lit, 100);
    }

    #[test]
    fn a_large_picture_is_scaled_with_its_proportions() {
        let fitted = fit_picture(&plain(100, 300), 64, 48);
        assert_eq!(fitted.pixel(32, 0), [200, 100, 50]);
        assert_eq!(fitted.pixel(20, 24), [0, 0, 0]);
    }

    #[test]
    fn a_fine_pattern_becomes_its_mean_and_not_one_of_its_colours() {
        let checks = Picture::from_fn(64, 64, |x, y| if (x + y) % 2 == 0 { [255; 3] } else { [0; 3] });
        let small = shrink(checks, 16);
        assert_eq!((small.width(), small.height()), (16, 16));
        assert!(small.rgb().iter().all(|&value| value.abs_diff(128) < 12), "{:?}", small.pixel(8, 8));
    }

    #[test]
    fn a_sliver_keeps_at_least_one_pixel() {
        assert_eq!(shrink(plain(3000, 1), 100).height(), 1);
    }
}
