//! Which nodes become one step, in which order.
//!
//! A convolution takes along what follows it and nobody else reads: the way back to numbers, a sum, an
//! activation; and the quantisation of what comes out. Padding is a border of the value it is for, and a value that
//! is only extended by zeros stays as small as it is. What has no kernel, or whose sizes do not fit one, stays as it is.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::source::TypedSource;

use super::chain::{Chains, FusedChain};
use super::graph::{Graph, Op};
use super::wire::{Floats, Made, Wires};
use crate::input::PictureInput;
use crate::kernels::image::{Border, Image, Slide, Window};
use crate::kernels::map::{Activation, Sum};
use crate::kernels::{float, int8};
use crate::operators::{Buffers, ResultForm, Work};

/// The model with our steps, of a picture's bytes.
pub fn fuse(
    model: &TypedModel,
    graph: &Graph,
    input: &PictureInput,
    buffers: &Arc<Buffers>,
) -> TractResult<TypedModel> {
    let wires = Wires::new(model, graph, buffers);
    let mut fuser = Fuser { model, graph, chains: Chains::default(), wires };
    for index in 0..graph.nodes.len() {
        fuser.node(index, input)?;
    }
    fuser.wires.into_model()
}

struct Fuser<'a> {
    model: &'a TypedModel,
    graph: &'a Graph,
    chains: Chains,
    wires: Wires<'a>,
}

/// A kernel, what it reads, and what it makes.
type Fused = (Work, Vec<OutletId>, Made);

impl Fuser<'_> {
    fn node(&mut self, index: usize, input: &PictureInput) -> TractResult<()> {
        if let Some(chain) = self.chains.due(index) {
            return self.chain(&chain);
        }
        if self.chains.is_claimed(index) {
            return Ok(());
        }
        let node = &self.graph.nodes[index];
        if matches!(node.op, Op::Conv { .. } | Op::ConvBytes { .. }) {
            let chain = self.chains.after_convolution(self.graph, index);
            if chain.last() == index {
                return self.chain(&chain);
            }
            self.chains.defer(chain);
            return Ok(());
        }
        if self.is_implied(index) {
            return Ok(());
        }
        let place = node.output.node;
        if self.model.node(place).op_is::<TypedSource>() {
            return self.picture(place, input);
        }
        let (fused, taken) = self.alone(index);
        self.put(fused, taken)
    }

    /// Adds a step in the place of the last of these nodes; the nodes themselves, where there is none.
    fn put(&mut self, fused: Option<Fused>, mut taken: Vec<usize>) -> TractResult<()> {
        taken.sort_unstable();
        let graph = self.graph;
        let Some((work, reads, made)) = fused else {
            let mut nodes = taken.iter().flat_map(|index| &graph.nodes[*index].covers);
            return nodes.try_for_each(|id| self.wires.copy(*id));
        };
        let plainly = matches!(work, Work::MatMul(_));
        let mut inputs = Vec::new();
        for value in reads {
            inputs.push(if plainly { self.wires.plain(value)? } else { self.wires.held(value)? });
        }
        let last = taken.last().map_or(0, |index| graph.nodes[*index].output.node);
        self.wires.step(last, work, &inputs, made)
    }

    /// The first step: the picture as the network reads it.
    fn picture(&mut self, place: usize, input: &PictureInput) -> TractResult<()> {
        let picture = self.wires.picture(input.height, input.width)?;
        let value = OutletId::from(place);
        let (sources, values) = (input.sources, input.values.clone());
        let graph = self.graph;
        let takes = |reader: &usize| {
            matches!(graph.nodes[*reader].op, Op::Conv { .. } | Op::ConvBytes { .. } | Op::Quantise)
        };
        let as_image = !input.channels_last && graph.readers(value).iter().any(takes);
        let only = graph.only_reader(value).filter(|reader| matches!(graph.nodes[*reader].op, Op::Quantise));
        let bytes = only.and_then(|reader| Some((reader, self.bytes(graph.nodes[reader].output)?)));
        if let Some((reader, bytes)) = bytes.filter(|_| as_image)
            && let Some(quantisation) = graph.quantisation(bytes.0)
        {
            self.chains.claim(reader);
            let tables = values.map(|table| table.into_iter().map(|v| quantisation.quantise(v)).collect());
            let made = Made { bytes: Some(bytes), floats: None };
            return self.wires.step(place, Work::PictureBytes(sources, tables), &[picture], made);
        }
        let image = graph.image(value).filter(|_| as_image);
        let (work, image, form) = match image {
            Some(image) => (Work::Picture(sources, values), image, ResultForm::Held),
            None => {
                let image = Image::new(input.height, input.width, 3);
                let form = ResultForm::Plain(DatumType::F32, input.shape().as_slice().into());
                (Work::Normalise(Arc::new(input.clone())), image, form)
            }
        };
        let made = Made { floats: Some(Floats { value, image, form }), bytes: None };
        self.wires.step(place, work, &[picture], made)
    }

    /// Whether a node's reader does its work.
    fn is_implied(&self, index: usize) -> bool {
        let node = &self.graph.nodes[index];
        let held = || node.inputs.iter().all(|input| self.wires.holds(*input));
        match node.op {
            // A pool reads the bytes themselves.
            Op::Dequantise => {
                let reader = self.graph.only_reader(node.output);
                held() && reader.is_some_and(|reader| matches!(self.graph.nodes[reader].op, Op::MaxPool(_)))
            }
            Op::Extend => {
                let mut readers = self.graph.readers(node.output).iter();
                let added = readers.all(|reader| matches!(self.graph.nodes[*reader].op, Op::Add));
                added && !self.graph.outputs.contains(&node.output)
            }
            _ => false,
        }
    }

    /// What no convolution took along, and the nodes that it takes. Where tract makes what it reads, tract makes the
    /// rest of it as well.
    fn alone(&mut self, index: usize) -> (Option<Fused>, Vec<usize>) {
        let node = &self.graph.nodes[index];
        let (input, output) = (node.inputs.first().copied(), node.output);
        let held = input.filter(|input| self.wires.holds(*input));
        let fused = match (&node.op, held) {
            (Op::Add | Op::Relu | Op::PRelu(_) | Op::Quantise, _) => return self.sum(index),
            (Op::MaxPool(window), _) => return self.max_pool(index, *window),
            (Op::AveragePool(window), Some(input)) => self
                .slide(input, output, *window)
                .map(|(slide, made)| (Work::AveragePool(slide), vec![input], made)),
            (Op::Mean, Some(input)) => self.mean(input, output),
            (Op::MatMul(matrix), _) => self.matrix(node.inputs[0], output, matrix),
            _ => None,
        };
        (fused, vec![index])
    }

    fn mean(&mut self, input: OutletId, output: OutletId) -> Option<Fused> {
        let (image, floats) = (self.graph.image(input)?, self.floats(output)?);
        Some((Work::Mean(image), vec![input], Made { floats: Some(floats), bytes: None }))
    }

    fn matrix(&self, input: OutletId, output: OutletId, matrix: &Arc<Tensor>) -> Option<Fused> {
        let shape = self.model.outlet_fact(output).ok()?.shape.as_concrete()?;
        let image = Image::new(1, 1, shape.iter().product());
        let form = ResultForm::Plain(DatumType::F32, shape.into());
        let made = Made { floats: Some(Floats { value: output, image, form }), bytes: None };
        Some((Work::MatMul(Arc::clone(matrix)), vec![input], made))
    }

    fn slide(&mut self, input: OutletId, output: OutletId, window: Window) -> Option<(Slide, Made)> {
        let floats = self.floats(output)?;
        let slide = Slide { input: self.graph.image(input)?, output: floats.image, window };
        slide.fits().then_some((slide, Made { floats: Some(floats), bytes: None }))
    }

    fn max_pool(&mut self, index: usize, window: Window) -> (Option<Fused>, Vec<usize>) {
        let (input, output) = (self.graph.nodes[index].inputs[0], self.graph.nodes[index].output);
        let maker = self.graph.maker(input).filter(|maker| matches!(maker.op, Op::Dequantise));
        let bytes = maker.map(|maker| maker.inputs[0]).filter(|bytes| self.wires.holds(*bytes));
        let Some(bytes) = bytes.filter(|_| !self.wires.holds(input)) else {
            let slide = self.wires.holds(input).then(|| self.slide(input, output, window)).flatten();
            let fused = slide.map(|(slide, made)| (Work::MaxPool(slide), vec![input], made));
            return (fused, vec![index]);
        };
        let mut taken = vec![index];
        let made = self.results(output, &mut taken);
        (made.and_then(|made| self.pool_of_bytes(bytes, output, window, made)), taken)
    }

    fn pool_of_bytes(&self, bytes: OutletId, output: OutletId, window: Window, made: Made) -> Option<Fused> {
        let from = self.graph.image(bytes)?;
        let [height, width, channels] = self.graph.sides(output)?;
        let slide = Slide { input: from, output: Image::new(height, width, channels), window };
        let keep = made.floats.as_ref().map(|floats| floats.image);
        let quantise =
            made.bytes.and_then(|(value, image, _)| Some((image, self.graph.quantisation(value)?)));
        let tables = int8::ByteTables::new(self.graph.quantisation(bytes)?, keep, quantise);
        let pool = slide.fits().then_some(int8::BytePool { slide, tables })?;
        Some((Work::Pool(pool), vec![bytes], made))
    }

    /// Numbers that a step makes. Where one of tract's operators is all that reads them and wants them as they lie,
    /// they are tract's at once.
    fn floats(&mut self, value: OutletId) -> Option<Floats> {
        let graph = self.graph;
        let image = graph.image(value)?;
        let Image { height, width, channels, border } = image;
        let held = Floats { value, image, form: ResultForm::Held };
        if border != Border::default() {
            return Some(held);
        }
        let plain = |value, shape: [usize; 4]| {
            let form = ResultForm::Plain(DatumType::F32, shape.as_slice().into());
            Some(Floats { value, image, form })
        };
        if let Some(reader) = graph.only_reader(value)
            && matches!(graph.nodes[reader].op, Op::ChannelsLast)
        {
            self.chains.claim(reader);
            return plain(graph.nodes[reader].output, [1, height, width, channels]);
        }
        let foreign = |reader: &usize| matches!(graph.nodes[*reader].op, Op::Foreign | Op::ChannelsLast);
        if [height, width] == [1, 1] && graph.readers(value).iter().all(foreign) {
            return plain(value, [1, channels, 1, 1]);
        }
        Some(held)
    }

    fn bytes(&self, value: OutletId) -> Option<(OutletId, Image, u8)> {
        Some((value, self.graph.image(value)?, self.graph.quantisation(value)?.zero))
    }

    /// Where a value goes: as numbers where somebody reads them, as bytes where somebody quantises it.
    fn results(&mut self, value: OutletId, taken: &mut Vec<usize>) -> Option<Made> {
        let quantised = self.chains.quantised(self.graph, value);
        taken.extend(quantised.map(|(index, _)| index));
        let needed =
            quantised.is_none() || self.graph.outputs.contains(&value) || self.graph.readers(value).len() > 1;
        let floats = if needed { Some(self.floats(value)?) } else { None };
        let bytes = if let Some((_, value)) = quantised { Some(self.bytes(value)?) } else { None };
        Some(Made { floats, bytes })
    }

    /// A sum, an activation or a quantisation that no convolution took along, and the nodes that it takes.
    fn sum(&mut self, index: usize) -> (Option<Fused>, Vec<usize>) {
        let node = &self.graph.nodes[index];
        let holds = |value: &OutletId| self.wires.holds(self.graph.extended(*value));
        if !node.inputs.iter().any(holds) {
            return (None, vec![index]);
        }
        let tail = self.chains.after_sum(self.graph, index);
        let mut taken = tail.nodes.clone();
        let made = match self.graph.quantisation(tail.value) {
            Some(_) => self.bytes(tail.value).map(|bytes| Made { floats: None, bytes: Some(bytes) }),
            None => self.results(tail.value, &mut taken),
        };
        let reads: Vec<_> =
            [Some(tail.first), tail.second].into_iter().flatten().map(|v| self.graph.extended(v)).collect();
        let images: Option<Vec<_>> = reads.iter().map(|value| self.graph.image(*value)).collect();
        let sides = self.graph.sides(tail.value);
        let fused = made.zip(images).zip(sides).map(|((made, images), [height, width, channels])| {
            let output = Image::new(height, width, channels);
            let second = images.get(1).copied();
            let sum = Sum { first: images[0], second, activation: tail.activation, output };
            let to = made.bytes.and_then(|(value, ..)| self.graph.quantisation(value));
            (Work::Sum(sum, to), reads, made)
        });
        (fused, taken)
    }

    fn chain(&mut self, chain: &FusedChain) -> TractResult<()> {
        let mut taken = chain.nodes.clone();
        let fused = self.convolution(chain, &mut taken);
        // What is only taken along is computed where the chain ends.
        let last = chain.last();
        taken.retain(|index| *index <= last || fused.is_none());
        self.put(fused, taken)
    }

    /// A convolution with what it takes along.
    fn convolution(&mut self, chain: &FusedChain, taken: &mut Vec<usize>) -> Option<Fused> {
        let node = &self.graph.nodes[chain.first];
        let from = self.graph.image(node.inputs[0])?;
        let added = chain.residual.map(|value| self.graph.extended(value));
        let residual = match added {
            Some(value) => Some(self.graph.image(value)?),
            None => None,
        };
        let rounded = self.graph.quantisation(node.output);
        let made = match (rounded, chain.to_numbers) {
            (Some(_), false) => Made { floats: None, bytes: Some(self.bytes(chain.value)?) },
            (Some(_), true) => self.results(chain.value, taken)?,
            // What quantises them is a step of its own.
            (None, _) => Made { floats: Some(self.floats(chain.value)?), bytes: None },
        };
        let keep = made.floats.as_ref().map(|floats| floats.image);
        let work = match &node.op {
            Op::Conv { weights, bias, window, depthwise } => {
                let slide = Slide { input: from, output: keep?, window: *window };
                let tail = float::ConvTail { residual, activation: chain.activation.clone() };
                let weights = weights.try_as_plain_ram().ok()?;
                let filters = float::Filters { weights: weights.as_slice().ok()?, bias };
                match &chain.pointwise {
                    Some((index, between)) => self.separable(slide, (filters, between), *index, &tail)?,
                    None if *depthwise => Work::Depthwise(float::Depthwise::new(slide, filters, tail)?),
                    None => Work::Dense(float::Dense::new(slide, filters, &tail)?),
                }
            }
            Op::ConvBytes { weights, bias, scales, window } => {
                let quantise =
                    made.bytes.and_then(|(value, image, _)| Some((image, self.graph.quantisation(value)?)));
                let relu = chain.activation == Activation::Relu;
                let tail = chain.to_numbers.then_some(int8::FloatTail { residual, relu, keep, quantise });
                let output = made.bytes.map(|(_, image, _)| image).or(keep)?;
                let slide = Slide { input: from, output, window: *window };
                let weights = weights.try_as_plain_ram().ok()?;
                let zero = self.graph.quantisation(node.inputs[0])?.zero;
                let weights = int8::ByteWeights { values: weights.as_slice().ok()?, bias, zero };
                let epilogue = int8::Epilogue { scales: scales.clone(), output: rounded?, float: tail };
                Work::Conv(Box::new(int8::Conv::new(slide, weights, epilogue)?))
            }
            _ => return None,
        };
        let reads = [Some(node.inputs[0]), added].into_iter().flatten().collect();
        Some((work, reads, made))
    }

    /// A depthwise convolution with what is applied to it, and the pointwise one behind it.
    fn separable(
        &self,
        slide: Slide,
        depthwise: (float::Filters<'_>, &Activation),
        pointwise: usize,
        tail: &float::ConvTail,
    ) -> Option<Work> {
        let Op::Conv { weights, bias, .. } = &self.graph.nodes[pointwise].op else { return None };
        let weights = weights.try_as_plain_ram().ok()?;
        let filters = float::Filters { weights: weights.as_slice().ok()?, bias };
        Some(Work::Separable(float::Separable::new(slide, depthwise, (filters, tail))?))
    }
}
