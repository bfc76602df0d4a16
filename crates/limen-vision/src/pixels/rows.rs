//! A frame's rows, checked: whole, within bounds, and where their colour lies.

use std::borrow::Cow;

use fast_image_resize::PixelType;

use super::fault::{PixelError, check_sides, shape};
use super::packing::{Packing, Planes, decode_luminance, mean_of_pair, upper_bytes};
use crate::frame::{Area, Frame, Glance, Packed, Picture};

/// The size of a page in bytes: some drivers round the length of a frame up to whole pages.
pub(super) const PAGE: usize = 4096;

/// The rows of a frame whose length and shape were checked. Numbers of two bytes are reduced to one byte.
pub(super) struct Rows<'a> {
    pub width: u32,
    pub height: u32,
    stride: usize,
    bytes: Cow<'a, [u8]>,
    packing: Packing,
}

impl<'a> Rows<'a> {
    /// Checks that the frame has all bytes of its rows.
    pub fn of(frame: &'a Frame, packing: Packing) -> Result<Self, PixelError> {
        check_sides(frame)?;
        let (width, height) = (frame.width as usize, frame.height as usize);
        let row = width * packing.pixel();
        let is_odd = (packing.has_pairs() && width % 2 == 1)
            || (matches!(packing, Packing::Planes(_)) && height % 2 == 1)
            || (matches!(packing, Packing::Planes(planes) if planes.are_three()) && frame.stride % 2 == 1);
        if is_odd || frame.stride < row {
            return Err(shape(frame));
        }
        let (stride, half) = (frame.stride, frame.stride / 2);
        let lines = |stride: usize, lines: usize| stride.saturating_mul(lines);
        // The last row needs no padding.
        let (whole, least) = match packing {
            // The rows of two colour planes are half as long, and there are half as many in each.
            Packing::Planes(planes) if planes.are_three() => {
                let luminance = lines(stride, height);
                (
                    luminance.saturating_add(lines(half, height)),
                    luminance.saturating_add(lines(half, height - 1)).saturating_add(row / 2),
                )
            }
            Packing::Planes(_) => {
                let all = height + height / 2;
                (lines(stride, all), lines(stride, all - 1).saturating_add(row))
            }
            _ => (lines(stride, height), lines(stride, height - 1).saturating_add(row)),
        };
        let most = whole.saturating_add(PAGE - 1);
        if !(least..=most).contains(&frame.bytes.len()) {
            return Err(PixelError::Length {
                format: frame.format.name(),
                width: frame.width,
                height: frame.height,
                wanted: least,
                got: frame.bytes.len(),
            });
        }
        let rows = Self {
            width: frame.width,
            height: frame.height,
            stride: frame.stride,
            bytes: Cow::Borrowed(&frame.bytes),
            packing,
        };
        Ok(rows.in_one_byte())
    }

    /// The same with numbers of two bytes reduced to the upper eight bits.
    fn in_one_byte(self) -> Self {
        let Packing::Deep(low) = self.packing else { return self };
        let (row, height) = (self.width as usize * 2, self.height as usize);
        let lines = self.bytes.chunks(self.stride).take(height);
        let bytes = lines.flat_map(|line| upper_bytes(&line[..row], low)).collect();
        Self { stride: self.width as usize, bytes: Cow::Owned(bytes), packing: Packing::Grey, ..self }
    }

    /// The rough brightness over a part.
    pub fn glance_at(&self, area: Area) -> Glance {
        let first = area.left as usize * self.packing.pixel() + self.packing.brightness();
        let line = |y: usize| &self.bytes[(y + area.top as usize) * self.stride + first..];
        Glance::of(area.width, area.height, self.packing.pixel(), line)
    }

    /// The area, extended to whole pairs where pairs share their colour. The width of such a frame is even.
    pub fn readable(&self, area: Area) -> Area {
        if !self.packing.has_pairs() {
            return area;
        }
        let left = area.left & !1;
        Area { left, width: (area.left + area.width - left).next_multiple_of(2), ..area }
    }

    /// An area that [`Rows::readable`] gave, in full resolution.
    pub fn picture(&self, area: Area) -> Picture {
        let Area { left, top, width, height } = area;
        let row = width as usize * self.packing.pixel();
        let mut rgb = vec![0; width as usize * height as usize * 3];
        for (y, target) in (top as usize..).zip(rgb.chunks_exact_mut(width as usize * 3)) {
            let start = y * self.stride + left as usize * self.packing.pixel();
            let line = &self.bytes[start..start + row];
            match self.packing {
                Packing::Planes(planes) => self.decode_line(planes, line, left as usize / 2, y / 2, target),
                packing => packing.decode(line, target),
            }
        }
        Picture::new(width, height, rgb).expect("the bytes were allocated for exactly this size")
    }

    /// Decodes a line of luminance with the colour from this pair of this row on.
    fn decode_line(&self, planes: Planes, line: &[u8], pair: usize, row: usize, target: &mut [u8]) {
        let colour = self.stride * self.height as usize;
        if planes.are_three() {
            let stride = self.stride / 2;
            let plane = |number: usize| {
                let start = colour + number * stride * (self.height as usize / 2) + row * stride + pair;
                &self.bytes[start..start + line.len() / 2]
            };
            let both = plane(0).iter().zip(plane(1)).map(|(first, second)| [*first, *second]);
            decode_luminance(line, both, planes, target);
        } else {
            let start = colour + row * self.stride + pair * 2;
            let both = self.bytes[start..start + line.len()].as_chunks::<2>().0.iter().copied();
            decode_luminance(line, both, planes, target);
        }
    }

    /// A part, scaled: packed RGB. Averaging and the conversion to RGB are both sums, so their order changes only the
    /// rounding.
    pub fn shrunk(&self, area: Area, width: u32, height: u32) -> Vec<u8> {
        let row = self.width as usize * self.packing.pixel();
        let first = Plane { start: 0, stride: self.stride, row, lines: self.height as usize };
        let whole = |pixel, columns, area| self.plane(first, pixel, columns, area, (width, height));
        match self.packing {
            Packing::Pairs(order) => {
                let pairs = halved(self.readable(area));
                let small = whole(
                    PixelType::U8x4,
                    self.width / 2,
                    Area { top: area.top, height: area.height, ..pairs },
                );
                small.as_chunks::<4>().0.iter().flat_map(|pair| mean_of_pair(order.sorted(*pair))).collect()
            }
            Packing::Grey | Packing::Deep(_) => {
                whole(PixelType::U8, self.width, area).into_iter().flat_map(|grey| [grey; 3]).collect()
            }
            Packing::Colours { pixel: 3, order } => {
                let small = whole(PixelType::U8x3, self.width, area);
                if order == [0, 1, 2] { small } else { sorted::<3>(&small, order) }
            }
            Packing::Colours { order, .. } => sorted::<4>(&whole(PixelType::U8x4, self.width, area), order),
            Packing::Planes(planes) => {
                let luminance = whole(PixelType::U8, self.width, area);
                let colour = self.shrunk_colour(planes, halved(area), (width, height));
                luminance
                    .into_iter()
                    .zip(colour)
                    .flat_map(|(y, colour)| planes.colour_of(y, colour))
                    .collect()
            }
        }
    }

    /// A part of the colour, in its own coordinates, scaled; two bytes a pixel in the order in which they lie.
    fn shrunk_colour(&self, planes: Planes, area: Area, size: (u32, u32)) -> Vec<[u8; 2]> {
        let (width, height) = (self.width as usize, self.height as usize);
        let (colour, lines) = (self.stride * height, height / 2);
        if planes.are_three() {
            let stride = self.stride / 2;
            let plane = |number: usize| {
                let start = colour + number * stride * lines;
                let plane = Plane { start, stride, row: width / 2, lines };
                self.plane(plane, PixelType::U8, self.width / 2, area, size)
            };
            plane(0).into_iter().zip(plane(1)).map(|(first, second)| [first, second]).collect()
        } else {
            let plane = Plane { start: colour, stride: self.stride, row: width, lines };
            let small = self.plane(plane, PixelType::U8x2, self.width / 2, area, size);
            small.as_chunks::<2>().0.to_vec()
        }
    }

    /// A part of a plane with so many pixels a row, scaled.
    fn plane(
        &self,
        plane: Plane,
        pixel: PixelType,
        columns: u32,
        area: Area,
        (width, height): (u32, u32),
    ) -> Vec<u8> {
        let bytes = plane.tight(&self.bytes);
        let source = Packed { bytes: &bytes, width: columns, height: plane.lines as u32 };
        source.shrunk(pixel, area, width, height)
    }
}

/// Where lines lie in the bytes of a frame.
#[derive(Clone, Copy)]
struct Plane {
    start: usize,
    stride: usize,
    row: usize,
    lines: usize,
}

impl Plane {
    /// The lines without padding between them.
    fn tight(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        let bytes = &bytes[self.start..];
        if self.stride == self.row {
            return Cow::Borrowed(&bytes[..self.row * self.lines]);
        }
        let lines = bytes.chunks(self.stride).take(self.lines);
        Cow::Owned(lines.flat_map(|line| &line[..self.row]).copied().collect())
    }
}

/// The same place where there is one number for two pixels each way, at least one.
fn halved(area: Area) -> Area {
    let Area { left, top, width, height } = area;
    Area { left: left / 2, top: top / 2, width: (width / 2).max(1), height: (height / 2).max(1) }
}

/// Pixels of `N` bytes as red, green and blue.
fn sorted<const N: usize>(pixels: &[u8], order: [usize; 3]) -> Vec<u8> {
    pixels.as_chunks::<N>().0.iter().flat_map(|pixel| order.map(|at| pixel[at])).collect()
}
