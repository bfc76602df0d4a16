//! Where the pixels of a channels-last image lie in a buffer, and the window that slides over them.

/// Pixels of padding around an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Border {
    /// Rows above.
    pub top: usize,
    /// Columns before.
    pub left: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns behind.
    pub right: usize,
}

impl Border {
    /// The least border that holds both.
    pub fn max(self, other: Self) -> Self {
        Self {
            top: self.top.max(other.top),
            left: self.left.max(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.max(other.right),
        }
    }
}

/// An image of one batch: rows of pixels of channels, inside its border. Lengths are elements, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Image {
    /// Rows, without the border.
    pub height: usize,
    /// Pixels a row, without the border.
    pub width: usize,
    /// Elements a pixel.
    pub channels: usize,
    /// Around it, in the same buffer.
    pub border: Border,
}

impl Image {
    /// An image without a border.
    pub fn new(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels, border: Border::default() }
    }

    /// Elements from one row to the next.
    pub fn pitch(&self) -> usize {
        (self.border.left + self.width + self.border.right) * self.channels
    }

    /// Elements of the whole buffer, border included.
    pub fn len(&self) -> usize {
        (self.border.top + self.height + self.border.bottom) * self.pitch()
    }

    /// Where a pixel begins.
    pub fn pixel(&self, y: usize, x: usize) -> usize {
        (self.border.top + y) * self.pitch() + (self.border.left + x) * self.channels
    }

    /// Where the window of an output pixel begins; its pads must lie within the border.
    pub fn tap(&self, window: &Window, y: usize, x: usize) -> usize {
        let row = self.border.top + y * window.stride[0] - window.pads.top;
        row * self.pitch() + (self.border.left + x * window.stride[1] - window.pads.left) * self.channels
    }

    /// Writes the border.
    pub fn fill_border<T: Copy>(&self, data: &mut [T], value: T) {
        let Border { top, left, bottom, right } = self.border;
        if self.border == Border::default() {
            return;
        }
        let (pitch, inner) = (self.pitch(), self.width * self.channels);
        data[..top * pitch].fill(value);
        for y in 0..self.height {
            let row = &mut data[(top + y) * pitch..][..pitch];
            row[..left * self.channels].fill(value);
            row[left * self.channels + inner..][..right * self.channels].fill(value);
        }
        data[(top + self.height) * pitch..][..bottom * pitch].fill(value);
    }
}

/// What slides over an image: sizes in rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns that it sees.
    pub kernel: [usize; 2],
    /// Rows and columns from one place to the next.
    pub stride: [usize; 2],
    /// Padding that it may see.
    pub pads: Border,
}

impl Window {
    /// Whether it sees each pixel by itself, and every one.
    pub fn is_one_pixel(&self) -> bool {
        [self.kernel, self.stride] == [[1, 1]; 2] && self.pads == Border::default()
    }

    /// Rows and columns of what it makes of an image.
    pub fn slides(&self, height: usize, width: usize) -> Option<[usize; 2]> {
        let places = |size: usize, before: usize, after: usize, axis: usize| {
            let room = (size + before + after).checked_sub(self.kernel[axis])?;
            Some(room.checked_div(self.stride[axis])? + 1)
        };
        Some([
            places(height, self.pads.top, self.pads.bottom, 0)?,
            places(width, self.pads.left, self.pads.right, 1)?,
        ])
    }
}

/// What a window makes of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slide {
    /// What it slides over; its border holds the window's pads.
    pub input: Image,
    /// What it writes; as many rows and columns as it has places.
    pub output: Image,
    /// The window.
    pub window: Window,
}

impl Slide {
    /// Whether the three fit, so that every element that the window sees lies in the input's buffer.
    pub fn fits(&self) -> bool {
        let (pads, border) = (self.window.pads, self.input.border);
        pads.max(border) == border
            && self.window.slides(self.input.height, self.input.width)
                == Some([self.output.height, self.output.width])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_border_lies_around_the_pixels() {
        let image = Image { border: Border { top: 1, left: 2, bottom: 1, right: 0 }, ..Image::new(2, 1, 2) };
        let mut data = vec![0; image.len()];
        image.fill_border(&mut data, 7);
        let inner = [image.pixel(0, 0), image.pixel(1, 0)];
        assert_eq!((image.pitch(), image.len(), inner), (6, 24, [10, 16]));
        for (index, value) in data.iter().enumerate() {
            let inside = inner.iter().any(|at| (*at..at + 2).contains(&index));
            assert_eq!(*value, if inside { 0 } else { 7 }, "{index}");
        }
    }

    #[test]
    fn a_window_has_its_places_or_none() {
        let pads = Border { bottom: 1, right: 1, ..Border::default() };
        let window = Window { kernel: [3, 3], stride: [2, 2], pads };
        assert_eq!(window.slides(8, 9), Some([4, 4]));
        assert_eq!(window.slides(1, 9), None);
        let image = Image { border: pads, ..Image::new(8, 9, 3) };
        let slide = Slide { input: image, output: Image::new(4, 4, 5), window };
        assert!(slide.fits());
        assert!(!Slide { input: Image::new(8, 9, 3), ..slide }.fits());
        assert_eq!(image.tap(&window, 1, 1), 2 * image.pitch() + 2 * 3);
    }
}
