//! The weights of dense convolutions in the order in which [`super::tile`] reads them.

use super::columns;

/// The weights of a dense convolution, as one instruction set reads them.
#[derive(Debug)]
pub(super) struct DenseWeights {
    /// Panels of columns side by side; in a panel, a vector a column for each term of the sum.
    pub(super) values: Vec<f32>,
    /// A vector a column.
    pub(super) bias: Vec<f32>,
    /// What a negative result is multiplied with; a vector a column.
    pub(super) slopes: Vec<f32>,
    /// Segments of a pixel.
    pub(super) segments: usize,
    /// Terms of a segment.
    pub(super) length: usize,
    /// Output channels.
    pub(super) channels: usize,
    /// Of a vector.
    pub(super) lanes: usize,
    /// How many columns each panel has.
    pub(super) panels: Vec<usize>,
}

impl DenseWeights {
    /// Packs for vectors of `lanes` and panels of at most `widest` columns. `weight(channel, term)` are the
    /// factors of each output channel, in the order in which the segments name the input.
    pub(super) fn pack(
        (lanes, widest): (usize, usize),
        [segments, length]: [usize; 2],
        bias: &[f32],
        slopes: &[f32],
        weight: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let (channels, terms) = (bias.len(), segments * length);
        let panels = panels(channels.div_ceil(lanes), widest);
        let mut values = Vec::with_capacity(channels.next_multiple_of(lanes) * terms);
        let mut start = 0;
        for width in &panels {
            for term in 0..terms {
                for column in start..start + width {
                    values.extend(columns::vector(column, lanes, channels, |channel| weight(channel, term)));
                }
            }
            start += width;
        }
        let bias = columns::of(lanes, channels, |channel| bias[channel]);
        let slopes = columns::of(lanes, channels, |channel| slopes[channel]);
        Self { values, bias, slopes, segments, length, channels, lanes, panels }
    }
}

/// Shares columns out to as few panels as can be, as evenly as can be, the wider ones first.
fn panels(columns: usize, widest: usize) -> Vec<usize> {
    let count = columns.div_ceil(widest);
    (0..count).map(|i| columns / count + usize::from(i < columns % count)).collect()
}
