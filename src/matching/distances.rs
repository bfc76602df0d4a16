//! Distances from one probe to every template, fast: all templates in one block of memory, and beside it as
//! bytes that rule most of them out.

use std::borrow::Borrow;

use super::coarse::Coarse;
use crate::embedding::{Embedding, squared_distance};

/// Numbers summed before it is asked whether the sum is too large already.
const STRETCH: usize = 32;

/// Templates as rows of one matrix, each with its lead: what is taken off its distance.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    dimensions: usize,
    rows: Vec<f32>,
    leads: Vec<f32>,
    coarse: Coarse,
}

/// A template near a probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Which template.
    pub index: usize,
    /// L2 distance.
    pub distance: f32,
    /// The distance less the template's lead; what they are ordered by.
    pub led: f32,
}

impl Near {
    const NOBODY: Self = Self { index: usize::MAX, distance: f32::INFINITY, led: f32::INFINITY };
}

impl Templates {
    /// Copies templates and leads. All must have the length of the first; one that has not is given an
    /// infinite distance, so that it never matches.
    pub fn of<E: Borrow<Embedding>>(templates: impl IntoIterator<Item = (E, f32)>) -> Self {
        let mut block = Self::default();
        let templates = templates.into_iter();
        let most = templates.size_hint().1.unwrap_or(0);
        for (template, lead) in templates {
            let template = template.borrow();
            if block.is_empty() {
                block.dimensions = template.dimensions();
                // All at once: growing by doubling, the block would be held twice.
                block.rows.reserve_exact(most * block.dimensions);
                block.leads.reserve_exact(most);
            }
            if template.dimensions() == block.dimensions {
                block.rows.extend_from_slice(template.values());
            } else {
                block.rows.extend(std::iter::repeat_n(f32::INFINITY, block.dimensions));
            }
            block.leads.push(lead);
        }
        block.rows.shrink_to_fit();
        block.coarse = Coarse::of(&block.rows, &block.leads, block.dimensions);
        block
    }

    /// Some of the templates, in the same order.
    pub fn of_those(&self, stays: impl Fn(usize) -> bool) -> Self {
        let indices: Vec<usize> = (0..self.len()).filter(|index| stays(*index)).collect();
        let mut rows = Vec::with_capacity(indices.len() * self.dimensions);
        indices.iter().for_each(|index| rows.extend_from_slice(self.row(*index)));
        let leads: Vec<f32> = indices.iter().map(|index| self.leads[*index]).collect();
        let coarse = Coarse::of(&rows, &leads, self.dimensions);
        Self { dimensions: self.dimensions, rows, leads, coarse }
    }

    /// How many templates.
    pub fn len(&self) -> usize {
        self.leads.len()
    }

    /// No template at all.
    pub fn is_empty(&self) -> bool {
        self.leads.is_empty()
    }

    /// Bytes of memory used: for each template five bytes a number, and twelve.
    pub fn bytes(&self) -> usize {
        (self.rows.len() + self.leads.len()) * size_of::<f32>() + self.coarse.bytes()
    }

    /// The nearest template, leads taken off, and the next, where there are any at a finite distance.
    pub fn two_nearest(&self, probe: &Embedding) -> [Option<Near>; 2] {
        if self.is_empty() || probe.dimensions() != self.dimensions {
            return [None, None];
        }
        let coarse = self.coarse.probe(probe.values());
        let (mut best, mut next) = (Near::NOBODY, Near::NOBODY);
        for ((index, lead), bytes) in self.leads.iter().enumerate().zip(self.coarse.rows()) {
            if !bytes.may_be_below(&coarse, next.led) {
                continue;
            }
            let row = self.row(index);
            let reach = (next.led + lead).max(0.0);
            let squared = squared_distance_below(row, probe.values(), reach * reach);
            if squared >= reach * reach {
                continue;
            }
            let distance = squared.sqrt();
            let found = Near { index, distance, led: distance - lead };
            if found.led < best.led {
                (next, best) = (best, found);
            } else if found.led < next.led {
                next = found;
            }
        }
        [best, next].map(|near| near.distance.is_finite().then_some(near))
    }

    /// One template and its distance; `None` for an index out of range or vectors of different length.
    pub fn one(&self, index: usize, probe: &Embedding) -> Option<Near> {
        let lead = *self.leads.get(index)?;
        if probe.dimensions() != self.dimensions {
            return None;
        }
        let distance = squared_distance(self.row(index), probe.values()).sqrt();
        Some(Near { index, distance, led: distance - lead })
    }

    fn row(&self, index: usize) -> &[f32] {
        &self.rows[index * self.dimensions..(index + 1) * self.dimensions]
    }
}

/// The squared distance, or anything not below `enough` as soon as the sum has reached that: most templates
/// are far away, and a part of them shows it.
fn squared_distance_below(a: &[f32], b: &[f32], enough: f32) -> f32 {
    let mut sum = 0.0;
    for (a, b) in a.chunks(STRETCH).zip(b.chunks(STRETCH)) {
        sum += squared_distance(a, b);
        if sum >= enough {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(values: &[f32]) -> Embedding {
        Embedding::new(values).expect("finite")
    }

    fn without_leads(templates: &[Embedding]) -> Templates {
        Templates::of(templates.iter().map(|template| (template, 0.0)))
    }

    #[test]
    fn the_two_nearest_come_in_order() {
        let templates = [[0.0; 9], [3.0; 9], [1.0; 9]].map(|v| embedding(&v));
        let [best, next] = without_leads(&templates).two_nearest(&embedding(&[0.1; 9]));
        assert_eq!(best.map(|b| b.index), Some(0));
        assert_eq!(next.map(|n| n.index), Some(2));
        assert!((best.expect("found").distance - 0.3).abs() < 1e-5);
    }

    #[test]
    fn some_of_the_templates_answer_as_if_there_had_never_been_more() {
        let templates = [[0.0; 9], [3.0; 9], [1.0; 9]].map(|v| embedding(&v));
        let probe = embedding(&[0.1; 9]);
        let fewer = without_leads(&templates).of_those(|index| index != 0);
        let others = without_leads(&templates[1..]);
        assert_eq!(fewer.two_nearest(&probe), others.two_nearest(&probe));
        assert_eq!(fewer.len(), 2);
        assert_eq!(fewer.of_those(|_| false).two_nearest(&probe), [None, None]);
    }

    #[test]
    fn stopping_early_changes_no_answer() {
        let at = |seed: usize| {
            let values: Vec<f32> = (0..128).map(|i| ((i * 31 + seed * 17) % 101) as f32 / 101.0).collect();
            embedding(&values)
        };
        let lead = |index: usize| (index * 7 % 13) as f32 / 2.0;
        let templates: Vec<Embedding> = (1..200).map(at).collect();
        let probe = at(0);
        let mut expected: Vec<(usize, f32)> =
            templates.iter().enumerate().map(|(i, t)| (i, t.l2(&probe) - lead(i))).collect();
        expected.sort_by(|a, b| a.1.total_cmp(&b.1));
        let block = Templates::of(templates.iter().enumerate().map(|(index, t)| (t, lead(index))));
        for (found, expected) in block.two_nearest(&probe).into_iter().zip(expected) {
            let found = found.expect("two templates");
            assert!((found.led - expected.1).abs() < 1e-4, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn the_bytes_change_no_answer_not_even_in_its_last_digit() {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        let mut face = |spread: f32| -> Vec<f32> { (0..128).map(|_| next() * spread).collect() };
        // Clusters: many lie about equally near, which is the hardest to tell from bytes.
        let centres: Vec<Vec<f32>> = (0..8).map(|_| face(0.3)).collect();
        let mut around = |centre: &[f32], spread: f32| {
            let moved: Vec<f32> = centre.iter().zip(face(spread)).map(|(c, d)| c + d).collect();
            embedding(&moved)
        };
        let templates: Vec<Embedding> = (0..800).map(|i| around(&centres[i % 8], 0.01)).collect();
        let leads: Vec<f32> = (0..800).map(|i| (i * 31 % 17) as f32 / 200.0).collect();
        let block = Templates::of(templates.iter().zip(leads.iter().copied()));
        for number in 0..40 {
            let probe = around(&centres[number % 8], 0.02);
            let mut all: Vec<Near> = (0..800)
                .map(|index| {
                    let distance =
                        squared_distance_below(block.row(index), probe.values(), f32::INFINITY).sqrt();
                    Near { index, distance, led: distance - leads[index] }
                })
                .collect();
            all.sort_by(|a, b| a.led.total_cmp(&b.led));
            assert_eq!(block.two_nearest(&probe), [Some(all[0]), Some(all[1])]);
        }
    }

    #[test]
    fn a_lead_moves_a_template_ahead() {
        let templates = [embedding(&[0.5]), embedding(&[1.0])];
        let [best, next] =
            Templates::of([(&templates[0], 0.0), (&templates[1], 0.7)]).two_nearest(&embedding(&[0.0]));
        assert_eq!((best.map(|b| b.index), next.map(|n| n.index)), (Some(1), Some(0)));
        assert_eq!(best.map(|b| b.distance), Some(1.0));
    }

    #[test]
    fn nobody_is_near_in_an_empty_gallery() {
        assert_eq!(Templates::default().two_nearest(&embedding(&[1.0])), [None, None]);
    }

    #[test]
    fn a_template_of_another_length_never_matches() {
        let templates = [embedding(&[5.0, 5.0]), embedding(&[0.0])];
        let block = without_leads(&templates);
        let [best, next] = block.two_nearest(&embedding(&[0.0, 0.0]));
        assert_eq!(best.map(|b| b.index), Some(0));
        assert_eq!(next, None);
        assert_eq!(block.one(2, &embedding(&[0.0, 0.0])), None);
    }
}
