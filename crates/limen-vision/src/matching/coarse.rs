//! Templates rounded to signed bytes: a quarter of the memory to read, and enough to exclude almost all
//! people. Those whom the bytes cannot exclude are compared exactly, so the result is the same as without
//! bytes.
//!
//! Proof: let t be a template and p the probe, t' and p' their rounded values. By the triangle inequality
//! |t - p| >= |t' - p'| - |t - t'| - |p - p'|. The last two lengths are known when the bytes are made. |t' - p'|
//! is one step times the root of an integer, which is computed without rounding. [`SLACK`] covers the rounding
//! of the floats themselves.

/// The relative error of sums of [`MAX_DIMENSIONS`](limen_core::embedding::MAX_DIMENSIONS) floats, eight side
/// by side, is less than this: 130 roundings of 6e-8 each.
const SLACK: f64 = 1e-5;
/// The fraction of templates whose largest number fits into a byte. The numbers of the others are clipped:
/// their bytes are poor and their exact distance is needed, but an odd template does not make the rounding of
/// all others coarser.
const FITTING: f64 = 0.99;
/// The largest byte; -128 is not used, so that both signs have the same range.
const MOST: f32 = 127.0;
/// The largest number of a probe in the same steps; a probe may reach farther than the templates. Squares and
/// products of 1024 such numbers are far below the largest i32.
const MOST_OF_A_PROBE: f32 = 1023.0;

/// All templates, each a row of bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Coarse {
    dimensions: usize,
    /// The value of one step of a byte.
    step: f32,
    bytes: Vec<i8>,
    facts: Vec<Facts>,
}

/// What is known of a row besides its bytes.
#[derive(Debug, Clone, Copy)]
struct Facts {
    /// The sum of the squared bytes.
    square: i32,
    /// How much nearer the template, minus its lead, may be than its bytes say.
    reach: f32,
}

/// A probe in the same steps.
pub(super) struct CoarseProbe {
    /// Numbers of at most [`MOST_OF_A_PROBE`].
    values: Vec<i16>,
    square: i32,
    error: f32,
    /// The steps in a distance of 1, and a little more.
    steps: f32,
}

/// The bytes of one template.
#[derive(Clone, Copy)]
pub(super) struct CoarseRow<'a> {
    bytes: &'a [i8],
    facts: Facts,
}

impl Coarse {
    /// Rounds rows of `dimensions` floats, each with its lead.
    pub fn of(rows: &[f32], leads: &[f32], dimensions: usize) -> Self {
        let mut coarse =
            Self { dimensions, step: step_for(rows, dimensions), bytes: Vec::new(), facts: Vec::new() };
        coarse.bytes.reserve_exact(rows.len());
        coarse.facts.reserve_exact(leads.len());
        for (row, lead) in rows.chunks_exact(dimensions.max(1)).zip(leads) {
            let start = coarse.bytes.len();
            for value in row {
                coarse.bytes.push(coarse.rounded(*value, MOST) as i8);
            }
            let bytes = &coarse.bytes[start..];
            let square = bytes.iter().map(|byte| i32::from(*byte) * i32::from(*byte)).sum();
            let (error, length) = coarse.error_and_length(row, bytes.iter().map(|byte| f64::from(*byte)));
            let lead = f64::from(*lead);
            let reach = (lead + error + SLACK * (length + lead.abs())) as f32;
            coarse.facts.push(Facts { square, reach });
        }
        coarse
    }

    /// The memory used, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.len() + size_of_val(self.facts.as_slice())
    }

    /// Rounds a probe with as many dimensions as the templates.
    pub fn probe(&self, probe: &[f32]) -> CoarseProbe {
        let values: Vec<i16> = probe.iter().map(|value| self.rounded(*value, MOST_OF_A_PROBE)).collect();
        let (error, length) = self.error_and_length(probe, values.iter().map(|value| f64::from(*value)));
        CoarseProbe {
            square: values.iter().map(|value| i32::from(*value) * i32::from(*value)).sum(),
            error: (error + SLACK * length) as f32,
            steps: (1.0 + SLACK as f32) / self.step,
            values,
        }
    }

    /// All templates, in order.
    pub fn rows(&self) -> impl Iterator<Item = CoarseRow<'_>> {
        let rows = self.bytes.chunks_exact(self.dimensions.max(1)).zip(&self.facts);
        rows.map(|(bytes, facts)| CoarseRow { bytes, facts: *facts })
    }

    fn rounded(&self, value: f32, most: f32) -> i16 {
        // NaN becomes 0; then its error is NaN too, and excludes nobody.
        (value / self.step).round().clamp(-most, most) as i16
    }

    /// The distance of the floats from their rounded values, and their length.
    fn error_and_length(&self, floats: &[f32], rounded: impl Iterator<Item = f64>) -> (f64, f64) {
        let step = f64::from(self.step);
        let (mut error, mut length) = (0.0, 0.0);
        for (value, rounded) in floats.iter().map(|value| f64::from(*value)).zip(rounded) {
            error += (value - rounded * step).powi(2);
            length += value * value;
        }
        (error.sqrt(), length.sqrt())
    }
}

impl CoarseRow<'_> {
    /// Whether the template's distance, minus its lead, can be below `limit`.
    #[inline]
    pub fn may_be_below(&self, probe: &CoarseProbe, limit: f32) -> bool {
        let Facts { square, reach } = self.facts;
        let twice = product(self.bytes, &probe.values).wrapping_mul(2);
        let apart = square.wrapping_add(probe.square).wrapping_sub(twice);
        let reach = (limit + limit.abs() * SLACK as f32 + reach + probe.error) * probe.steps;
        // A reach of NaN excludes nobody.
        !(reach <= 0.0 || apart as f32 >= reach * reach)
    }
}

/// How many numbers are multiplied at once: with a fixed count the compiler multiplies eight pairs at a time
/// (pmaddwd, smlal) without a loop.
const STRETCH: usize = 32;

fn product(bytes: &[i8], probe: &[i16]) -> i32 {
    let (whole_bytes, rest_of_bytes) = bytes.as_chunks::<STRETCH>();
    let (whole_probe, rest_of_probe) = probe.as_chunks::<STRETCH>();
    let whole = whole_bytes.iter().zip(whole_probe);
    whole.fold(sum_of_products(rest_of_bytes, rest_of_probe), |sum, (bytes, probe)| {
        sum.wrapping_add(sum_of_products(bytes, probe))
    })
}

/// Nothing can overflow, see [`MOST_OF_A_PROBE`]. An overflow check would keep the compiler from using
/// vectors.
#[inline(always)]
fn sum_of_products(bytes: &[i8], probe: &[i16]) -> i32 {
    let products =
        bytes.iter().zip(probe).map(|(byte, value)| i32::from(*byte).wrapping_mul(i32::from(*value)));
    products.fold(0, i32::wrapping_add)
}

/// The smallest step with which most rows fit into bytes; never zero.
fn step_for(rows: &[f32], dimensions: usize) -> f32 {
    let largest = |row: &[f32]| row.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let mut sizes: Vec<f32> = rows.chunks_exact(dimensions.max(1)).map(largest).collect();
    if sizes.is_empty() {
        return 1.0;
    }
    let place = ((sizes.len() - 1) as f64 * FITTING) as usize;
    let (_, size, _) = sizes.select_nth_unstable_by(place, f32::total_cmp);
    let step = *size / MOST;
    if step.is_normal() { step } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from -1 to 1 without an obvious pattern.
    fn noise(seed: usize, count: usize) -> Vec<f32> {
        let mut state = seed as u64 + 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    fn distance(a: &[f32], b: &[f32]) -> f32 {
        limen_core::embedding::squared_distance(a, b).sqrt()
    }

    #[test]
    fn nobody_is_ruled_out_who_is_below_the_limit() {
        const COUNT: usize = 60;
        for dimensions in [1, 7, 128, 1024] {
            let mut rows = noise(dimensions, COUNT * dimensions);
            // One template far outside the range of the bytes, one near the probe, one equal to the probe.
            rows[..dimensions].iter_mut().for_each(|value| *value *= 1e6);
            let probe = noise(99, dimensions);
            rows[dimensions..2 * dimensions].copy_from_slice(&probe);
            let near = probe.iter().map(|value| value * 1.001);
            rows[2 * dimensions..3 * dimensions].iter_mut().zip(near).for_each(|(row, near)| *row = near);
            let leads: Vec<f32> = (0..COUNT).map(|index| (index % 9) as f32 / 8.0 - 0.5).collect();
            let coarse = Coarse::of(&rows, &leads, dimensions);
            let coarse_probe = coarse.probe(&probe);
            for (index, (row, bytes)) in rows.chunks_exact(dimensions).zip(coarse.rows()).enumerate() {
                let centred = distance(row, &probe) - leads[index];
                let above = centred + centred.abs() * 1e-6 + 1e-6;
                assert!(bytes.may_be_below(&coarse_probe, above), "{index} of {dimensions}");
            }
        }
    }

    #[test]
    fn nearly_everybody_is_ruled_out_who_is_clearly_above_it() {
        let (count, dimensions) = (500, 128);
        let rows = noise(1, count * dimensions);
        let probe = noise(2, dimensions);
        let coarse = Coarse::of(&rows, &vec![0.0; count], dimensions);
        let coarse_probe = coarse.probe(&probe);
        let left = rows.chunks_exact(dimensions).zip(coarse.rows()).filter(|(row, bytes)| {
            let clearly = distance(row, &probe) * 0.98;
            bytes.may_be_below(&coarse_probe, clearly)
        });
        assert_eq!(left.count(), 0);
    }

    fn row(coarse: &Coarse, index: usize) -> CoarseRow<'_> {
        coarse.rows().nth(index).expect("a row")
    }

    #[test]
    fn what_no_byte_can_hold_is_never_ruled_out() {
        for odd in [f32::INFINITY, f32::MAX] {
            let coarse = Coarse::of(&[0.5, 0.25, odd, odd], &[0.0, 0.0], 2);
            assert!(row(&coarse, 1).may_be_below(&coarse.probe(&[0.5, 0.25]), 0.1), "{odd}");
        }
        let coarse = Coarse::of(&[0.5, 0.25], &[0.0], 2);
        assert!(row(&coarse, 0).may_be_below(&coarse.probe(&[f32::MAX, f32::MAX]), 0.1));
    }

    #[test]
    fn a_product_is_the_sum_of_all_products_whatever_the_length() {
        for length in [1, 31, 32, 33, 128, 1024] {
            let bytes: Vec<i8> = (0..length).map(|i| (i * 7 % 255 - 127) as i8).collect();
            let probe: Vec<i16> = (0..length).map(|i| (i * 13 % 2047 - 1023) as i16).collect();
            let sum: i64 = bytes.iter().zip(&probe).map(|(b, v)| i64::from(*b) * i64::from(*v)).sum();
            assert_eq!(i64::from(product(&bytes, &probe)), sum, "{length}");
        }
    }

    #[test]
    fn all_zeros_have_a_step_all_the_same() {
        let coarse = Coarse::of(&[0.0; 4], &[0.0; 2], 2);
        assert!(row(&coarse, 0).may_be_below(&coarse.probe(&[0.0, 0.0]), 0.1));
        assert!(!row(&coarse, 0).may_be_below(&coarse.probe(&[5.0, 0.0]), 0.1));
    }
}
