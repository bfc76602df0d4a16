//! The matrix kernel: some pixels of a dense convolution, with all that follows it, in registers.
//!
//! A pixel's sum runs over *segments*: stretches of the input that follow each other in memory. A 1x1 convolution
//! has one, as long as the pixel has channels; of a wider one each row of the window is one.
//!
//! The output channels lie in [`columns`], some of them side by side in a *panel*. The last pixels are done
//! together with some that were done before: what is written twice is the same.

use super::columns::first_channel;
use super::lanes::{Lanes, MOST_COLUMNS, SimdJob, count};
use super::panels::DenseWeights;
use crate::kernels::image::Image;

/// How pixels lie in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    /// Numbers from a row to the next.
    pub row: usize,
    /// Numbers from a pixel to the next.
    pub pixel: usize,
}

impl Steps {
    /// Those of an image.
    pub(super) fn of(image: &Image) -> Self {
        Self { row: image.pitch(), pixel: image.channels }
    }

    /// Where the last of some pixels begins.
    #[inline(always)]
    fn last(self, rows: usize, width: usize) -> usize {
        (rows - 1) * self.row + (width - 1) * self.pixel
    }
}

/// What is added to the result before the slope: as many channels as it has, the others get nothing.
#[derive(Clone, Copy)]
pub(super) struct Residual<'a> {
    /// From the first pixel on.
    values: &'a [f32],
    channels: usize,
    steps: Steps,
}

impl<'a> Residual<'a> {
    /// An image from a row on.
    pub(super) fn of(image: &Image, values: &'a [f32], row: usize) -> Self {
        Self { values: &values[image.pixel(row, 0)..], channels: image.channels, steps: Steps::of(image) }
    }
}

/// Some rows of a convolution's output.
pub(super) struct FloatTile<'a> {
    /// How many.
    pub rows: usize,
    /// Pixels of a row.
    pub width: usize,
    /// From the first term of the first pixel on.
    pub input: &'a [f32],
    /// Between the first terms of pixels.
    pub from: Steps,
    /// From one segment of a pixel to the next.
    pub pitch: usize,
    /// What they are multiplied with.
    pub weights: &'a DenseWeights,
    /// What is added.
    pub residual: Option<Residual<'a>>,
    /// From the first pixel on.
    pub output: &'a mut [f32],
    /// Between pixels of the output.
    pub to: Steps,
}

impl SimdJob for FloatTile<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let panels = &self.weights.panels;
        let mut bounds = self.checked(L::COUNT);
        for &width in panels {
            // SAFETY: `checked` has seen that every pixel and every column is inside its slices.
            unsafe {
                match width {
                    1 => panel::<L, 1>(lanes, &bounds),
                    2 => panel::<L, 2>(lanes, &bounds),
                    3 => panel::<L, 3>(lanes, &bounds),
                    _ => panel::<L, MOST_COLUMNS>(lanes, &bounds),
                }
            }
            bounds.column += width;
            bounds.weights = bounds.weights.wrapping_add(width * L::COUNT * bounds.segments * bounds.length);
        }
    }
}

/// A tile in pointers that have been checked.
struct Bounds {
    pixels: usize,
    width: usize,
    input: *const f32,
    from: Steps,
    pitch: usize,
    segments: usize,
    /// Terms of a segment.
    length: usize,
    /// Of the panel.
    weights: *const f32,
    /// Of the first column of all.
    bias: *const f32,
    slopes: *const f32,
    residual: *const f32,
    residual_channels: usize,
    residual_steps: Steps,
    output: *mut f32,
    to: Steps,
    channels: usize,
    /// The first of the panel.
    column: usize,
}

impl FloatTile<'_> {
    /// Proves that no pixel and no column reaches outside its slices.
    #[inline(always)]
    fn checked(self, lanes: usize) -> Bounds {
        let Self { rows, width, weights, .. } = self;
        let DenseWeights { segments, length, channels, .. } = *weights;
        let columns: usize = weights.panels.iter().sum();
        assert!(weights.lanes == lanes && weights.panels.iter().all(|&width| width <= MOST_COLUMNS));
        assert!(channels > 0 && columns == channels.div_ceil(lanes), "the columns hold the channels");
        assert_eq!(weights.values.len(), columns * lanes * segments * length, "a weight a lane and term");
        assert!(weights.bias.len() == columns * lanes && weights.slopes.len() == columns * lanes);
        assert!(rows > 0 && width > 0 && segments > 0, "there is something to do");
        let end = self.from.last(rows, width) + (segments - 1) * self.pitch + length;
        assert!(end <= self.input.len(), "the last term of the last pixel is in the input");
        assert!(self.to.last(rows, width) + channels <= self.output.len(), "the last pixel is in the output");
        let none = Residual { values: &[], channels: 0, steps: Steps { row: 0, pixel: 0 } };
        let residual = self.residual.unwrap_or(none);
        assert!(residual.channels <= channels, "each channel of the residual is one of the output");
        assert!(residual.steps.last(rows, width) + residual.channels <= residual.values.len());
        Bounds {
            pixels: rows * width,
            width,
            input: self.input.as_ptr(),
            from: self.from,
            pitch: self.pitch,
            segments,
            length,
            weights: weights.values.as_ptr(),
            bias: weights.bias.as_ptr(),
            slopes: weights.slopes.as_ptr(),
            residual: residual.values.as_ptr(),
            residual_channels: residual.channels,
            residual_steps: residual.steps,
            output: self.output.as_mut_ptr(),
            to: self.to,
            channels,
            column: 0,
        }
    }
}

/// Where each of some pixels begins.
struct Offsets<const PIXELS: usize> {
    input: [usize; PIXELS],
    residual: [usize; PIXELS],
    output: [usize; PIXELS],
}

impl<const PIXELS: usize> Offsets<PIXELS> {
    #[inline(always)]
    fn of(tile: &Bounds, start: usize) -> Self {
        let (y, mut x) = (start / tile.width, start % tile.width);
        let mut offsets = Self { input: [0; PIXELS], residual: [0; PIXELS], output: [0; PIXELS] };
        let at = |steps: Steps| y * steps.row + x * steps.pixel;
        let [mut input, mut residual, mut output] = [at(tile.from), at(tile.residual_steps), at(tile.to)];
        // What a row has beyond its pixels.
        let gap = |steps: Steps| steps.row.wrapping_sub(tile.width.wrapping_mul(steps.pixel));
        let gaps = [gap(tile.from), gap(tile.residual_steps), gap(tile.to)];
        count!(p in 0..PIXELS => {
            offsets.input[p] = input;
            offsets.residual[p] = residual;
            offsets.output[p] = output;
            x += 1;
            let ends = x == tile.width;
            x = if ends { 0 } else { x };
            input = input.wrapping_add(tile.from.pixel).wrapping_add(if ends { gaps[0] } else { 0 });
            residual =
                residual.wrapping_add(tile.residual_steps.pixel).wrapping_add(if ends { gaps[1] } else { 0 });
            output = output.wrapping_add(tile.to.pixel).wrapping_add(if ends { gaps[2] } else { 0 });
        });
        offsets
    }
}

/// All pixels of `COLUMNS` columns.
///
/// # Safety
/// The bounds come from [`FloatTile::checked`], and so many columns follow in the weights.
#[inline(always)]
unsafe fn panel<L: Lanes, const COLUMNS: usize>(lanes: L, tile: &Bounds) {
    // SAFETY: as the caller promises.
    unsafe {
        match L::PIXELS[COLUMNS] {
            pixels if pixels > tile.pixels => blocks::<L, COLUMNS, 1>(lanes, tile),
            3 => blocks::<L, COLUMNS, 3>(lanes, tile),
            4 => blocks::<L, COLUMNS, 4>(lanes, tile),
            6 => blocks::<L, COLUMNS, 6>(lanes, tile),
            8 => blocks::<L, COLUMNS, 8>(lanes, tile),
            _ => blocks::<L, COLUMNS, 12>(lanes, tile),
        }
    }
}

/// All pixels, `PIXELS` at a time; the last ones with some that were done before.
///
/// # Safety
/// As for [`panel`]; there are `PIXELS` or more.
#[inline(always)]
unsafe fn blocks<L: Lanes, const COLUMNS: usize, const PIXELS: usize>(lanes: L, tile: &Bounds) {
    let last = tile.pixels - PIXELS;
    let mut start = 0;
    loop {
        // SAFETY: the block ends with the last pixel or before.
        unsafe { block::<L, COLUMNS, PIXELS>(lanes, tile, start) };
        if start == last {
            return;
        }
        start = (start + PIXELS).min(last);
    }
}

/// One block of pixels and columns, its sums held in registers.
///
/// # Safety
/// As for [`panel`]; `start + PIXELS` is at most the number of pixels.
#[inline(always)]
unsafe fn block<L: Lanes, const COLUMNS: usize, const PIXELS: usize>(lanes: L, tile: &Bounds, start: usize) {
    // SAFETY: columns of the panel have a bias each.
    let mut sums =
        [unsafe { vectors::<L, COLUMNS>(lanes, tile.bias.wrapping_add(tile.column * L::COUNT)) }; PIXELS];
    let offsets = Offsets::<PIXELS>::of(tile, start);
    let mut weights = tile.weights;
    count!(segment in 0..tile.segments => {
        let mut input = tile.input.wrapping_add(segment * tile.pitch);
        // SAFETY: four terms and then one at a time, to the segment's end in the input; the weights have as
        // many vectors a column as all segments have terms.
        unsafe {
            count!(_four in 0..tile.length / 4 => {
                let mut fours = [lanes.four(input.wrapping_add(offsets.input[0])); PIXELS];
                count!(p in 0..PIXELS => {
                    fours[p] = lanes.four(input.wrapping_add(offsets.input[p]));
                });
                rank_one::<L, COLUMNS, PIXELS, 0>(lanes, &mut sums, weights, &fours);
                rank_one::<L, COLUMNS, PIXELS, 1>(lanes, &mut sums, weights, &fours);
                rank_one::<L, COLUMNS, PIXELS, 2>(lanes, &mut sums, weights, &fours);
                rank_one::<L, COLUMNS, PIXELS, 3>(lanes, &mut sums, weights, &fours);
                input = input.wrapping_add(4);
                weights = weights.wrapping_add(4 * COLUMNS * L::COUNT);
            });
            count!(_one in 0..tile.length % 4 => {
                let factors = vectors::<L, COLUMNS>(lanes, weights);
                count!(p in 0..PIXELS => {
                    let term = lanes.splat_from(input.wrapping_add(offsets.input[p]));
                    count!(c in 0..COLUMNS => {
                        sums[p][c] = lanes.mul_add(sums[p][c], factors[c], term);
                    });
                });
                input = input.wrapping_add(1);
                weights = weights.wrapping_add(COLUMNS * L::COUNT);
            });
        }
    });
    // By constant number: a sum that is found by a variable one would have to live in memory.
    // SAFETY: as the caller promises.
    unsafe {
        finish::<L, COLUMNS, PIXELS, 0>(lanes, tile, &offsets, &mut sums);
        finish::<L, COLUMNS, PIXELS, 1>(lanes, tile, &offsets, &mut sums);
        finish::<L, COLUMNS, PIXELS, 2>(lanes, tile, &offsets, &mut sums);
        finish::<L, COLUMNS, PIXELS, 3>(lanes, tile, &offsets, &mut sums);
    }
}

/// A vector each of `COLUMNS` columns side by side.
///
/// # Safety
/// So many vectors can be read there.
#[inline(always)]
unsafe fn vectors<L: Lanes, const COLUMNS: usize>(lanes: L, from: *const f32) -> [L::Vector; COLUMNS] {
    let mut vectors = [lanes.splat(0.0); COLUMNS];
    count!(c in 0..COLUMNS => {
        // SAFETY: the c-th of those that can be read.
        vectors[c] = unsafe { lanes.load(from.wrapping_add(c * L::COUNT)) };
    });
    vectors
}

/// Adds one term, the `TERM`-th of four, to the sum of every pixel and column.
///
/// # Safety
/// The weights of four terms can be read, and what [`Lanes::four`] asks for holds of `fours`.
#[inline(always)]
unsafe fn rank_one<L: Lanes, const COLUMNS: usize, const PIXELS: usize, const TERM: i32>(
    lanes: L,
    sums: &mut [[L::Vector; COLUMNS]; PIXELS],
    weights: *const f32,
    fours: &[L::Four; PIXELS],
) {
    // SAFETY: the weights of one of four terms.
    let factors =
        unsafe { vectors::<L, COLUMNS>(lanes, weights.wrapping_add(TERM as usize * COLUMNS * L::COUNT)) };
    count!(p in 0..PIXELS => {
        count!(c in 0..COLUMNS => {
            // SAFETY: TERM is 0 to 3; of the four the caller says it.
            sums[p][c] = unsafe { lanes.mul_add_one::<TERM>(sums[p][c], factors[c], fours[p]) };
        });
    });
}

/// Adds the residual of one column, applies its slope, and writes it; nothing if there is no such column.
///
/// # Safety
/// As for [`block`].
#[inline(always)]
unsafe fn finish<L: Lanes, const COLUMNS: usize, const PIXELS: usize, const COLUMN: usize>(
    lanes: L,
    tile: &Bounds,
    offsets: &Offsets<PIXELS>,
    sums: &mut [[L::Vector; COLUMNS]; PIXELS],
) {
    if COLUMN >= COLUMNS {
        return;
    }
    let (column, channels) = (tile.column + COLUMN, tile.channels);
    let first = first_channel(column, L::COUNT, channels);
    let residual = |p: usize| tile.residual.wrapping_add(offsets.residual[p]).wrapping_add(first);
    let output = |p: usize| tile.output.wrapping_add(offsets.output[p]).wrapping_add(first);
    let residual_lanes = tile.residual_channels.saturating_sub(first).min(L::COUNT);
    // SAFETY: the pixels are the tile's. The residual's lanes end where its channels do. A column of the panel
    // has a slope; it is full and ends with the last channel or before, or it holds all there are.
    unsafe {
        if residual_lanes == L::COUNT {
            count!(p in 0..PIXELS => {
                sums[p][COLUMN] = lanes.add(sums[p][COLUMN], lanes.load(residual(p)));
            });
        } else if residual_lanes > 0 {
            count!(p in 0..PIXELS => {
                sums[p][COLUMN] = lanes.add(sums[p][COLUMN], lanes.load_first(residual(p), residual_lanes));
            });
        }
        let slopes = lanes.load(tile.slopes.wrapping_add(column * L::COUNT));
        count!(p in 0..PIXELS => {
            sums[p][COLUMN] = lanes.slope(sums[p][COLUMN], slopes);
        });
        if channels >= L::COUNT {
            count!(p in 0..PIXELS => {
                lanes.store(output(p), sums[p][COLUMN]);
            });
        } else {
            count!(p in 0..PIXELS => {
                lanes.store_first(output(p), sums[p][COLUMN], channels);
            });
        }
    }
}
