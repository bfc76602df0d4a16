//! Distances from one probe to every template, fast: all templates in one block of memory.

use crate::embedding::Embedding;

/// Numbers summed side by side, so that the compiler can use the machine's vector registers.
const LANES: usize = 8;
/// Numbers summed before it is asked whether the sum is too large already.
const STRETCH: usize = 32;

/// Templates as rows of one matrix.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    dimensions: usize,
    rows: Vec<f32>,
    count: usize,
}

impl Templates {
    /// Copies the templates. All must have the length of the first; one that has not is given an
    /// infinite distance, so that it never matches.
    pub fn of<'a>(templates: impl IntoIterator<Item = &'a Embedding>) -> Self {
        let mut block = Self::default();
        for template in templates {
            if block.count == 0 {
                block.dimensions = template.dimensions();
            }
            if template.dimensions() == block.dimensions {
                block.rows.extend_from_slice(template.values());
            } else {
                block.rows.extend(std::iter::repeat_n(f32::INFINITY, block.dimensions));
            }
            block.count += 1;
        }
        block
    }

    /// How many templates.
    pub fn len(&self) -> usize {
        self.count
    }

    /// No template at all.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of memory used by the matrix.
    pub fn bytes(&self) -> usize {
        self.rows.len() * size_of::<f32>()
    }

    /// Index and L2 distance of the nearest template and of the next, where there are any at a finite
    /// distance.
    pub fn two_nearest(&self, probe: &Embedding) -> [Option<(usize, f32)>; 2] {
        if self.is_empty() || probe.dimensions() != self.dimensions {
            return [None, None];
        }
        let (mut best, mut next) = ((usize::MAX, f32::INFINITY), (usize::MAX, f32::INFINITY));
        for (index, row) in self.rows.chunks_exact(self.dimensions).enumerate() {
            let squared = squared_distance(row, probe.values(), next.1);
            if squared < best.1 {
                (next, best) = (best, (index, squared));
            } else if squared < next.1 {
                next = (index, squared);
            }
        }
        [best, next].map(|(index, squared)| squared.is_finite().then(|| (index, squared.sqrt())))
    }
}

/// The squared distance, or anything not below `enough` as soon as the sum has reached that: most templates
/// are far away, and a part of them shows it.
fn squared_distance(a: &[f32], b: &[f32], enough: f32) -> f32 {
    let mut sum = 0.0;
    for (a, b) in a.chunks(STRETCH).zip(b.chunks(STRETCH)) {
        sum += squared_distance_of_stretch(a, b);
        if sum >= enough {
            break;
        }
    }
    sum
}

fn squared_distance_of_stretch(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (x, y) in whole_a.iter().zip(whole_b) {
        for lane in 0..LANES {
            let difference = x[lane] - y[lane];
            sums[lane] += difference * difference;
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(x, y)| (x - y) * (x - y)).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(values: &[f32]) -> Embedding {
        Embedding::new(values).expect("finite")
    }

    #[test]
    fn the_two_nearest_come_in_order() {
        let templates = [[0.0; 9], [3.0; 9], [1.0; 9]].map(|v| embedding(&v));
        let [best, next] = Templates::of(&templates).two_nearest(&embedding(&[0.1; 9]));
        assert_eq!(best.map(|b| b.0), Some(0));
        assert_eq!(next.map(|n| n.0), Some(2));
        assert!((best.expect("found").1 - 0.3).abs() < 1e-5);
    }

    #[test]
    fn stopping_early_changes_no_answer() {
        let at = |seed: usize| {
            let values: Vec<f32> = (0..128).map(|i| ((i * 31 + seed * 17) % 101) as f32 / 101.0).collect();
            embedding(&values)
        };
        let templates: Vec<Embedding> = (1..200).map(at).collect();
        let probe = at(0);
        let mut expected: Vec<(usize, f32)> = templates.iter().map(|t| t.l2(&probe)).enumerate().collect();
        expected.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (found, expected) in Templates::of(&templates).two_nearest(&probe).into_iter().zip(expected) {
            let found = found.expect("two templates");
            assert!((found.1 - expected.1).abs() < 1e-4, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn nobody_is_near_in_an_empty_gallery() {
        assert_eq!(Templates::of([]).two_nearest(&embedding(&[1.0])), [None, None]);
    }

    #[test]
    fn a_template_of_another_length_never_matches() {
        let templates = [embedding(&[5.0, 5.0]), embedding(&[0.0])];
        let [best, next] = Templates::of(&templates).two_nearest(&embedding(&[0.0, 0.0]));
        assert_eq!(best.map(|b| b.0), Some(0));
        assert_eq!(next, None);
    }
}
