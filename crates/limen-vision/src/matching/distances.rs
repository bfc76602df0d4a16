//! Fast distances from one probe to all templates: the templates are one block of memory, and rounded to
//! bytes as well, which exclude most of them.

use limen_core::embedding::{Distance, Embedding, Score, squared_distance};

use super::coarse::Coarse;
use super::scoring::Scored;

/// How many numbers are summed before each check whether the sum is too large already.
const STRETCH: usize = 32;

/// Templates as rows of a matrix, each with its lead, which is subtracted from its distance. A template that
/// cannot be compared has a place in the gallery, but no row.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    dimensions: usize,
    rows: Vec<f32>,
    leads: Vec<f32>,
    /// The place of each row in the gallery, increasing.
    places: Vec<u32>,
    coarse: Coarse,
}

/// A template near a probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The template's place in the gallery.
    pub index: usize,
    /// The L2 distance, 0 or more.
    pub distance: Distance,
    /// The distance minus the template's lead; the nearest is the one with the smallest.
    pub centred: Score,
}

impl Templates {
    /// Copies the templates of a gallery, in the order of its places. All must have the length of the first;
    /// others, and missing ones, never match.
    pub fn of(templates: impl IntoIterator<Item = Option<Scored>>) -> Self {
        let mut block = Self::default();
        let templates = templates.into_iter();
        let most = templates.size_hint().1.unwrap_or(0);
        for (place, template) in (0..).zip(templates) {
            let Some(Scored { embedding, lead }) = template else { continue };
            if block.is_empty() {
                block.dimensions = embedding.dimensions();
                // Reserve all at once: if the block grew by doubling, it would be in memory twice.
                block.rows.reserve_exact(most * block.dimensions);
                block.leads.reserve_exact(most);
                block.places.reserve_exact(most);
            }
            if embedding.dimensions() == block.dimensions {
                block.rows.extend_from_slice(embedding.values());
                block.leads.push(lead.get());
                block.places.push(place);
            }
        }
        block.rows.shrink_to_fit();
        block.coarse = Coarse::of(&block.rows, &block.leads, block.dimensions);
        block
    }

    /// The templates of a gallery that keeps only the places for which `stays` is true, in the same order.
    pub fn of_those(&self, stays: impl Fn(usize) -> bool) -> Self {
        let places = self.places.last().map_or(0, |last| *last as usize + 1);
        let mut next = 0;
        let moved: Vec<Option<u32>> = (0..places)
            .map(|place| {
                stays(place).then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        let kept = self.places.iter().enumerate();
        let kept: Vec<(usize, u32)> =
            kept.filter_map(|(row, place)| Some((row, moved[*place as usize]?))).collect();
        let mut rows = Vec::with_capacity(kept.len() * self.dimensions);
        kept.iter().for_each(|(row, _)| rows.extend_from_slice(self.row(*row)));
        let leads: Vec<f32> = kept.iter().map(|(row, _)| self.leads[*row]).collect();
        let places = kept.into_iter().map(|(_, place)| place).collect();
        let coarse = Coarse::of(&rows, &leads, self.dimensions);
        Self { dimensions: self.dimensions, rows, leads, places, coarse }
    }

    /// The number of templates that can be compared.
    pub fn len(&self) -> usize {
        self.leads.len()
    }

    /// Whether no template can be compared.
    pub fn is_empty(&self) -> bool {
        self.leads.is_empty()
    }

    /// The memory used, in bytes: five per number, and 16 per template.
    pub fn bytes(&self) -> usize {
        (self.rows.len() + self.leads.len() + self.places.len()) * size_of::<f32>() + self.coarse.bytes()
    }

    /// The nearest template and the next one, ordered by distance minus lead.
    pub fn two_nearest(&self, probe: &Embedding) -> [Option<Near>; 2] {
        if self.is_empty() || probe.dimensions() != self.dimensions {
            return [None, None];
        }
        let coarse = self.coarse.probe(probe.values());
        let (mut best, mut next): (Option<Near>, Option<Near>) = (None, None);
        // Only distances below the limit matter: at first all, then those below the second smallest.
        let mut limit = f32::INFINITY;
        for ((index, lead), bytes) in self.leads.iter().enumerate().zip(self.coarse.rows()) {
            if !bytes.may_be_below(&coarse, limit) {
                continue;
            }
            let row = self.row(index);
            let reach = (limit + lead).max(0.0);
            let squared = squared_distance_below(row, probe.values(), reach * reach);
            if squared >= reach * reach {
                continue;
            }
            let Some(found) = self.near(index, squared) else { continue };
            if best.is_none_or(|best| found.centred < best.centred) {
                (next, best) = (best, Some(found));
            } else if next.is_none_or(|next| found.centred < next.centred) {
                next = Some(found);
            }
            limit = next.map_or(f32::INFINITY, |next| next.centred.get());
        }
        [best, next]
    }

    /// The template at a place and its distance; `None` if there is no template that can be compared.
    pub fn one(&self, place: usize, probe: &Embedding) -> Option<Near> {
        let place = u32::try_from(place).ok()?;
        let index = self.places.binary_search(&place).ok()?;
        let comparable = probe.dimensions() == self.dimensions;
        comparable.then(|| self.near(index, squared_distance(self.row(index), probe.values()))).flatten()
    }

    /// The distance of a row, from its square; `None` if it is too large for a number.
    fn near(&self, index: usize, squared: f32) -> Option<Near> {
        let distance = Distance::new(squared.sqrt())?;
        let centred = Score::new(distance.get() - self.leads[index])?;
        Some(Near { index: self.places[index] as usize, distance, centred })
    }

    fn row(&self, index: usize) -> &[f32] {
        &self.rows[index * self.dimensions..(index + 1) * self.dimensions]
    }
}

/// The squared distance. As soon as the sum reaches `enough`, it returns some value that is not below
/// `enough`: most templates are far away, and a part of the numbers shows it.
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

    fn scored(template: &Embedding, lead: f32) -> Option<Scored> {
        Some(Scored { embedding: template.clone(), lead: Distance::new(lead).expect("finite") })
    }

    fn without_leads(templates: &[Embedding]) -> Templates {
        Templates::of(templates.iter().map(|template| scored(template, 0.0)))
    }

    #[test]
    fn the_two_nearest_come_in_order() {
        let templates = [[0.0; 9], [3.0; 9], [1.0; 9]].map(|v| embedding(&v));
        let [best, next] = without_leads(&templates).two_nearest(&embedding(&[0.1; 9]));
        assert_eq!(best.map(|b| b.index), Some(0));
        assert_eq!(next.map(|n| n.index), Some(2));
        assert!((best.expect("found").distance.get() - 0.3).abs() < 1e-5);
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
    fn a_place_without_a_template_moves_the_others_when_it_goes_and_stays_where_it_stays() {
        let at = |v: f32| scored(&embedding(&[v; 9]), 0.0);
        let templates = Templates::of([at(0.0), None, at(3.0), at(1.0)]);
        let probe = embedding(&[1.0; 9]);
        let nearest = |templates: &Templates| templates.two_nearest(&probe)[0].map(|near| near.index);
        assert_eq!(nearest(&templates), Some(3));
        assert_eq!(nearest(&templates.of_those(|place| place != 1)), Some(2));
        assert_eq!(nearest(&templates.of_those(|place| place != 0)), Some(2));
        assert_eq!(nearest(&templates.of_those(|place| place > 1)), Some(1));
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
        let mut expected: Vec<(usize, f32)> = templates
            .iter()
            .enumerate()
            .map(|(i, t)| (i, t.l2(&probe).expect("finite").get() - lead(i)))
            .collect();
        expected.sort_by(|a, b| a.1.total_cmp(&b.1));
        let block = Templates::of(templates.iter().enumerate().map(|(index, t)| scored(t, lead(index))));
        for (found, expected) in block.two_nearest(&probe).into_iter().zip(expected) {
            let found = found.expect("two templates");
            assert!((found.centred.get() - expected.1).abs() < 1e-4, "{found:?} {expected:?}");
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
        // Clusters: many templates have almost the same distance, which is hardest to tell apart by bytes.
        let centres: Vec<Vec<f32>> = (0..8).map(|_| face(0.3)).collect();
        let mut around = |centre: &[f32], spread: f32| {
            let moved: Vec<f32> = centre.iter().zip(face(spread)).map(|(c, d)| c + d).collect();
            embedding(&moved)
        };
        let templates: Vec<Embedding> = (0..800).map(|i| around(&centres[i % 8], 0.01)).collect();
        let leads: Vec<f32> = (0..800).map(|i| (i * 31 % 17) as f32 / 200.0).collect();
        let block =
            Templates::of(templates.iter().zip(&leads).map(|(template, lead)| scored(template, *lead)));
        for number in 0..40 {
            let probe = around(&centres[number % 8], 0.02);
            let mut all: Vec<Near> = (0..800)
                .filter_map(|index| {
                    block.near(index, squared_distance_below(block.row(index), probe.values(), f32::INFINITY))
                })
                .collect();
            all.sort_by_key(|near| near.centred);
            assert_eq!(block.two_nearest(&probe), [Some(all[0]), Some(all[1])]);
        }
    }

    #[test]
    fn a_lead_moves_a_template_ahead() {
        let templates = [embedding(&[0.5]), embedding(&[1.0])];
        let [best, next] = Templates::of([scored(&templates[0], 0.0), scored(&templates[1], 0.7)])
            .two_nearest(&embedding(&[0.0]));
        assert_eq!((best.map(|b| b.index), next.map(|n| n.index)), (Some(1), Some(0)));
        assert_eq!(best.map(|b| b.distance), Distance::new(1.0));
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
        assert_eq!(block.one(1, &embedding(&[0.0, 0.0])), None);
        assert_eq!(block.one(2, &embedding(&[0.0, 0.0])), None);
    }

    #[test]
    fn whom_nobody_can_be_compared_with_keeps_a_place_and_never_matches() {
        let templates = [None, scored(&embedding(&[1.0]), 0.0), None, scored(&embedding(&[3.0]), 0.0)];
        let block = Templates::of(templates);
        let found = block.two_nearest(&embedding(&[0.0])).map(|near| near.map(|near| near.index));
        assert_eq!((block.len(), found), (2, [Some(1), Some(3)]));
        assert_eq!(block.one(0, &embedding(&[0.0])), None);
        assert_eq!(block.one(3, &embedding(&[0.0])).map(|near| near.distance), Distance::new(3.0));
    }

    #[test]
    fn what_is_beyond_all_numbers_is_near_nobody() {
        let block = without_leads(&[embedding(&[f32::MAX]), embedding(&[1.0])]);
        let [best, next] = block.two_nearest(&embedding(&[f32::MIN]));
        assert_eq!((best, next), (None, None));
        assert_eq!(block.two_nearest(&embedding(&[1.0]))[0].map(|near| near.index), Some(1));
    }
}
