//! Where the values of a graph lie.

use std::collections::HashMap;

use crate::kernels::image::{Border, Image};
use crate::kernels::map::Quantisation;
use crate::lowered::graph::{Graph, Op, Shape, ValueId};
use crate::lowered::memory::{Need, share};
use crate::lowered::steps::Place;

/// Where a value lies.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// Its beginning; the slot is that of [`Layout`], before [`Layout::share`].
    pub place: Place,
    /// How it lies there. What is no image is a row of one pixel.
    pub image: Image,
    /// What its bytes stand for; None for numbers.
    pub quantisation: Option<Quantisation>,
}

/// Where all values lie, and how long they are needed.
#[derive(Debug, Default)]
pub struct Layout {
    stored: HashMap<ValueId, Stored>,
    needs: Vec<Need>,
    /// By the node that joins.
    joined: HashMap<usize, usize>,
    step: usize,
}

impl Layout {
    /// Ends a step.
    pub fn next_step(&mut self) {
        self.step += 1;
    }

    /// A value that the step at hand reads.
    pub fn read(&mut self, value: ValueId) -> Option<Stored> {
        let stored = *self.stored.get(&value)?;
        let last = &mut self.needs[stored.place.slot].last;
        *last = (*last).max(self.step);
        Some(stored)
    }

    /// A value that is read after the last step.
    pub fn give_out(&mut self, value: ValueId) -> Option<Stored> {
        let stored = *self.stored.get(&value)?;
        self.needs[stored.place.slot].last = usize::MAX;
        Some(stored)
    }

    /// Room for a value that the step at hand writes.
    pub fn store(&mut self, graph: &Graph, value: ValueId) -> Option<Stored> {
        let found = &graph.values[value];
        let image = match &found.shape {
            Shape::Image([height, width, channels]) => {
                Image { border: border(graph, value), ..Image::new(*height, *width, *channels) }
            }
            flat @ Shape::Flat(_) => Image::new(1, 1, flat.elements()?),
        };
        let size = if found.quantisation.is_some() { 1 } else { size_of::<f32>() };
        let (slot, offset) = match joined(graph, value) {
            Some((node, offset)) => {
                let bytes = size * graph.values[graph.nodes[node].output].shape.elements()?;
                let kept = self.joined.get(&node).copied();
                (kept.unwrap_or_else(|| self.need(bytes)), offset)
            }
            None => (self.need(size * image.len()), 0),
        };
        if let Some((node, _)) = joined(graph, value) {
            self.joined.insert(node, slot);
        }
        let stored = Stored { place: Place { slot, offset }, image, quantisation: found.quantisation };
        self.stored.insert(value, stored);
        self.read(value)
    }

    /// Room for so many numbers that only the step at hand needs.
    pub fn scratch(&mut self, numbers: usize) -> Place {
        Place { slot: self.need(numbers * size_of::<f32>()), offset: 0 }
    }

    fn need(&mut self, bytes: usize) -> usize {
        self.needs.push(Need { bytes, first: self.step, last: self.step });
        self.needs.len() - 1
    }

    /// Another shape of a stored value: its elements must lie together.
    pub fn rename(&mut self, graph: &Graph, from: ValueId, to: ValueId) -> Option<()> {
        let stored = *self.stored.get(&from)?;
        let together = stored.image.border == Border::default() && border(graph, to) == Border::default();
        let image = Image::new(1, 1, graph.values[to].shape.elements()?);
        self.stored.insert(to, together.then_some(Stored { image, ..stored })?);
        Some(())
    }

    /// The whole of what was written piece by piece, each in its place.
    pub fn join(&mut self, graph: &Graph, index: usize) -> Option<()> {
        let (node, slot) = (&graph.nodes[index], *self.joined.get(&index)?);
        let mut offset = 0;
        for input in &node.inputs {
            let stored = self.stored.get(input)?;
            (stored.place == Place { slot, offset } && stored.image.border == Border::default())
                .then_some(())?;
            offset += stored.image.len();
        }
        let image = Image::new(1, 1, offset);
        self.stored
            .insert(node.output, Stored { place: Place { slot, offset: 0 }, image, quantisation: None });
        Some(())
    }

    /// The slot of each place so far, and the bytes of each slot.
    pub fn share(&self) -> (Vec<usize>, Vec<usize>) {
        share(&self.needs)
    }
}

/// The padding that readers of a value want around it.
fn border(graph: &Graph, value: ValueId) -> Border {
    let pads = |reader: usize| match &graph.nodes[reader].op {
        Op::Conv { window, .. } | Op::ConvBytes { window, .. } => window.pads,
        _ => Border::default(),
    };
    graph.readers(value).map(pads).fold(Border::default(), Border::max)
}

/// The node that joins a value to others, and how many elements come before it there.
fn joined(graph: &Graph, value: ValueId) -> Option<(usize, usize)> {
    let mut value = value;
    loop {
        let index = graph.only_reader(value)?;
        let node = &graph.nodes[index];
        match node.op {
            Op::Rename => value = node.output,
            Op::Concat => {
                let before = node.inputs.iter().take_while(|input| **input != value);
                let elements = before.map(|input| graph.values[*input].shape.elements());
                return Some((index, elements.sum::<Option<usize>>()?));
            }
            _ => return None,
        }
    }
}
