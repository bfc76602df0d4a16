//! Channels in columns, each as many as a vector has lanes.
//!
//! The last column starts early enough to be full, and repeats channels of the one before. Only where there are
//! fewer channels than lanes is a vector used in part.

/// The first channel of a column.
#[inline(always)]
pub(super) fn first_channel(column: usize, lanes: usize, channels: usize) -> usize {
    (column * lanes).min(channels.saturating_sub(lanes))
}

/// A number for each lane of a column; zero for the lanes that no channel has.
pub(super) fn vector(
    column: usize,
    lanes: usize,
    channels: usize,
    value: impl Fn(usize) -> f32,
) -> impl Iterator<Item = f32> {
    let first = first_channel(column, lanes, channels);
    (first..first + lanes).map(move |channel| if channel < channels { value(channel) } else { 0.0 })
}

/// The same of all columns, one after another.
pub(super) fn of(lanes: usize, channels: usize, value: impl Fn(usize) -> f32) -> Vec<f32> {
    (0..channels.div_ceil(lanes)).flat_map(|column| vector(column, lanes, channels, &value)).collect()
}
