//! Which nodes become one step, in which order the steps run, and where their values lie.
//!
//! A convolution takes along what follows it and nobody else reads: the way back to numbers, a sum, an
//! activation; and the quantisation of what comes out. Padding is a border of the value it is for, a value
//! that is only extended by zeros stays as small as it is, and values that are reshaped or joined are written
//! where they end up.

mod chain;
mod layout;

use std::mem::take;

use super::Lowered;
use super::graph::{Graph, Op, ValueId};
use super::steps::{Step, Target, Work};
use crate::input::Input;
use crate::kernels::image::{Image, Slide, Window};
use crate::kernels::map::{Activation, Sum};
use crate::kernels::{float, int8};
use chain::{Chain, Chains};
use layout::{Layout, Stored};

/// The steps of a graph; None for one with a combination of nodes that no step is for.
pub fn fuse(graph: Graph, input: Input) -> Option<Lowered> {
    let layout = Layout::default();
    let mut fuser = Fuser { graph, chains: Chains::default(), layout, steps: Vec::new() };
    fuser.picture(input)?;
    for index in 0..fuser.graph.nodes.len() {
        fuser.node(index)?;
    }
    let Fuser { graph, mut layout, mut steps, .. } = fuser;
    let outputs = graph.outputs.iter().map(|value| layout.give_out(*value)).collect::<Option<Vec<_>>>()?;
    let (slots, sizes) = layout.share();
    for place in steps.iter_mut().flat_map(Step::places) {
        place.slot = slots[place.slot];
    }
    let output = |stored: Stored| {
        let mut place = stored.place;
        place.slot = slots[place.slot];
        (place, stored.image.channels)
    };
    let outputs = outputs.into_iter().map(output).collect();
    Some(Lowered { steps, slots: sizes, outputs, idle: std::sync::Mutex::default() })
}

struct Fuser {
    graph: Graph,
    chains: Chains,
    layout: Layout,
    steps: Vec<Step>,
}

impl Fuser {
    /// The first step: the picture as the network reads it.
    fn picture(&mut self, input: Input) -> Option<()> {
        let Input { sources, values, .. } = input;
        let only = self.graph.only_reader(0);
        if let Some(index) = only.filter(|index| matches!(self.graph.nodes[*index].op, Op::Quantise)) {
            self.chains.claim(index);
            let stored = self.layout.store(&self.graph, self.graph.nodes[index].output)?;
            let quantisation = stored.quantisation?;
            let tables = values.map(|table| table.into_iter().map(|v| quantisation.quantise(v)).collect());
            self.step(Work::PictureBytes(sources, tables), [None; 2], None, Some(stored));
        } else {
            let stored = self.layout.store(&self.graph, 0)?;
            self.step(Work::Picture(sources, values), [None; 2], Some(stored), None);
        }
        Some(())
    }

    fn node(&mut self, index: usize) -> Option<()> {
        if let Some(chain) = self.chains.due(index) {
            return self.convolution(&chain);
        }
        if self.chains.is_claimed(index) {
            return Some(());
        }
        let node = &self.graph.nodes[index];
        let (input, output) = (node.inputs.first().copied()?, node.output);
        match node.op {
            Op::Conv { .. } | Op::ConvBytes { .. } => {
                let chain = self.chains.after_convolution(&self.graph, index);
                if chain.last == index {
                    return self.convolution(&chain);
                }
                self.chains.defer(chain);
                Some(())
            }
            Op::Add | Op::Relu | Op::PRelu(_) | Op::Quantise => self.sum(index),
            Op::Dequantise => {
                // A pool reads the bytes themselves.
                let reader = self.graph.only_reader(output)?;
                matches!(self.graph.nodes[reader].op, Op::MaxPool(_)).then_some(())
            }
            Op::MaxPool(window) => self.max_pool(input, output, window),
            Op::AveragePool(window) => {
                let (slide, from, to) = self.slide(input, output, window)?;
                self.step(Work::AveragePool(slide), [Some(from), None], Some(to), None);
                Some(())
            }
            Op::Mean => {
                let (from, to) = (self.layout.read(input)?, self.layout.store(&self.graph, output)?);
                self.step(Work::Mean(from.image), [Some(from), None], Some(to), None);
                Some(())
            }
            Op::Extend => {
                let mut readers = self.graph.readers(output);
                let only_added =
                    readers.all(|reader| matches!(self.graph.nodes[reader].op, Op::Add | Op::Extend));
                (only_added && !self.graph.outputs.contains(&output)).then_some(())
            }
            Op::Rename => self.layout.rename(&self.graph, input, output),
            Op::Concat => self.layout.join(&self.graph, index),
            Op::MatMul(_) => self.matrix(index),
        }
    }

    fn matrix(&mut self, index: usize) -> Option<()> {
        let node = &mut self.graph.nodes[index];
        let Op::MatMul(matrix) = &mut node.op else { return None };
        let (matrix, input, output) = (take(matrix), node.inputs[0], node.output);
        let (from, to) = (self.layout.read(input)?, self.layout.store(&self.graph, output)?);
        self.step(Work::MatMul(matrix), [Some(from), None], Some(to), None);
        Some(())
    }

    fn slide(&mut self, input: ValueId, output: ValueId, window: Window) -> Option<(Slide, Stored, Stored)> {
        let (from, to) = (self.layout.read(input)?, self.layout.store(&self.graph, output)?);
        let slide = Slide { input: from.image, output: to.image, window };
        slide.fits().then_some((slide, from, to))
    }

    fn max_pool(&mut self, input: ValueId, output: ValueId, window: Window) -> Option<()> {
        let maker = self.graph.maker(input).filter(|maker| matches!(maker.op, Op::Dequantise));
        let Some(bytes) = maker.map(|maker| maker.inputs[0]) else {
            let (slide, from, to) = self.slide(input, output, window)?;
            self.step(Work::MaxPool(slide), [Some(from), None], Some(to), None);
            return Some(());
        };
        let from = self.layout.read(bytes)?;
        let [height, width, channels] = self.graph.values[output].shape.image()?;
        let slide = Slide { input: from.image, output: Image::new(height, width, channels), window };
        let (floats, bytes) = self.results(output)?;
        let quantise = bytes.and_then(|to| Some((to.image, to.quantisation?)));
        let tables = int8::Tables::new(from.quantisation?, floats.map(|to| to.image), quantise);
        let pool = slide.fits().then_some(int8::Pool { slide, tables })?;
        self.step(Work::Pool(pool), [Some(from), None], floats, bytes);
        Some(())
    }

    /// Where a value goes: as numbers where somebody reads them, as bytes where somebody quantises it.
    fn results(&mut self, value: ValueId) -> Option<(Option<Stored>, Option<Stored>)> {
        let quantised = self.chains.quantised(&self.graph, value);
        let needed = quantised.is_none()
            || self.graph.outputs.contains(&value)
            || self.graph.readers(value).count() > 1;
        let floats = if needed { Some(self.layout.store(&self.graph, value)?) } else { None };
        let bytes =
            if let Some(value) = quantised { Some(self.layout.store(&self.graph, value)?) } else { None };
        Some((floats, bytes))
    }

    /// A sum, an activation or a quantisation that no convolution took along.
    fn sum(&mut self, index: usize) -> Option<()> {
        let tail = self.chains.after_sum(&self.graph, index)?;
        let first = self.layout.read(self.graph.extended(tail.first))?;
        let second = match tail.second {
            Some(value) => Some(self.layout.read(self.graph.extended(value))?),
            None => None,
        };
        let (floats, bytes) = match self.graph.values[tail.value].quantisation {
            Some(_) => (None, Some(self.layout.store(&self.graph, tail.value)?)),
            None => self.results(tail.value)?,
        };
        let [height, width, channels] = self.graph.values[tail.value].shape.image()?;
        let sum = Sum {
            first: first.image,
            second: second.map(|second| second.image),
            activation: tail.activation,
            output: Image::new(height, width, channels),
        };
        let work = Work::Sum(sum, bytes.and_then(|bytes| bytes.quantisation));
        self.step(work, [Some(first), second], floats, bytes);
        Some(())
    }

    /// A convolution with what it takes along.
    fn convolution(&mut self, chain: &Chain) -> Option<()> {
        let node = &self.graph.nodes[chain.first];
        let from = self.layout.read(node.inputs[0])?;
        let residual = match chain.residual {
            Some(value) => Some(self.layout.read(self.graph.extended(value))?),
            None => None,
        };
        let rounded = self.graph.values[node.output].quantisation;
        let (floats, bytes) = match (rounded, chain.to_numbers) {
            (Some(_), false) => (None, Some(self.layout.store(&self.graph, chain.value)?)),
            (Some(_), true) => self.results(chain.value)?,
            // What quantises them is a step of its own.
            (None, _) => (Some(self.layout.store(&self.graph, chain.value)?), None),
        };
        let image = residual.map(|residual| residual.image);
        let tail = float::Tail { residual: image, activation: chain.activation.clone() };
        // The weights are not needed twice.
        let work = match &mut self.graph.nodes[chain.first].op {
            Op::Conv { weights, bias, window, depthwise } => {
                let slide = Slide { input: from.image, output: floats?.image, window: *window };
                let (depthwise, weights, bias) = (*depthwise, take(weights), take(bias));
                let filters = float::Filters { weights: &weights, bias: &bias };
                match &chain.pointwise {
                    Some((index, between)) => self.separable(slide, (filters, between), *index, &tail)?,
                    None if depthwise => Work::Depthwise(float::Depthwise::new(slide, filters, tail)?),
                    None => Work::Dense(float::Dense::new(slide, filters, &tail)?),
                }
            }
            Op::ConvBytes { weights, bias, zero, scales, window } => {
                let (weights, bias, scales) = (take(weights), take(bias), take(scales));
                let tail = chain.to_numbers.then(|| int8::FloatTail {
                    residual: image,
                    relu: chain.activation == Activation::Relu,
                    keep: floats.map(|to| to.image),
                    quantise: bytes.and_then(|to| Some((to.image, to.quantisation?))),
                });
                let slide = Slide { input: from.image, output: bytes.or(floats)?.image, window: *window };
                let weights = int8::Weights { values: &weights, bias: &bias, zero: *zero };
                let epilogue = int8::Epilogue { scales, output: rounded?, float: tail };
                Work::Conv(Box::new(int8::Conv::new(slide, weights, epilogue)?))
            }
            _ => return None,
        };
        self.step(work, [Some(from), residual], floats, bytes);
        Some(())
    }

    /// A depthwise convolution with what is applied to it, and the pointwise one behind it.
    fn separable(
        &mut self,
        slide: Slide,
        depthwise: (float::Filters<'_>, &Activation),
        pointwise: usize,
        tail: &float::Tail,
    ) -> Option<Work> {
        let Op::Conv { weights, bias, .. } = &mut self.graph.nodes[pointwise].op else { return None };
        let (weights, bias) = (take(weights), take(bias));
        let filters = float::Filters { weights: &weights, bias: &bias };
        let separable = float::Separable::new(slide, depthwise, (filters, tail))?;
        let scratch = self.layout.scratch(separable.scratch());
        Some(Work::Separable(separable, scratch))
    }

    /// Adds a step.
    fn step(
        &mut self,
        work: Work,
        reads: [Option<Stored>; 2],
        floats: Option<Stored>,
        bytes: Option<Stored>,
    ) {
        let [first, second] = reads.map(|stored| stored.map(|stored| stored.place));
        let zero = |stored: &Stored| stored.quantisation.map_or(0, |quantisation| quantisation.zero);
        self.steps.push(Step {
            work,
            first,
            second,
            floats: floats.map(|s| Target { place: s.place, image: s.image, border: 0.0 }),
            bytes: bytes.map(|s| Target { place: s.place, image: s.image, border: zero(&s) }),
        });
        self.layout.next_step();
    }
}
