//! From a typed model to a [`Graph`]: which nodes our kernels could compute, and which stay tract's.
//!
//! It reads the model as it comes from the file, before tract rewrites it: there every layer is still what the file
//! says, or a few nodes that are always the same.

mod constants;
mod convolutions;

use std::collections::{HashMap, HashSet};

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::array::{Pad, PadMode};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cnn::{Conv, MaxPool, PoolSpec, SumPool};
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::logic::{CompGT, Iff};
use tract_onnx::tract_core::ops::math::{Add, Div, Max, Mul};
use tract_onnx::tract_core::ops::nn::{Reduce, Reducer};
use tract_onnx::tract_core::ops::quant::{DequantizeLinearF32, QuantizeLinearI8, QuantizeLinearU8};

use super::graph::{Graph, ImageValue, LARGEST, Node, Op};
use crate::kernels::image::{Border, Window};
use crate::kernels::map::Quantisation;
use constants::{constant, for_each, numbers, only_number, same_elements, window};

/// How far above itself a signed byte is stored.
const SIGNED: i32 = 128;

/// What a node is to the kernels, what it reads, and the nodes inside it.
type KnownNode = (Op, Vec<OutletId>, Vec<usize>);

/// The graph of a model.
pub fn read(model: &TypedModel) -> TractResult<Graph> {
    let order = model.eval_order()?;
    let mut reader = GraphReader { model, graph: Graph::of_outputs(model.outputs.clone()) };
    let mut known = HashMap::new();
    let mut inside = HashSet::new();
    for &id in &order {
        reader.look_at(id);
        if let Some((op, inputs, covers)) = reader.known(model.node(id)) {
            inside.extend(covers.iter().copied());
            known.insert(id, (op, inputs, covers));
        }
    }
    for id in order.into_iter().filter(|id| !inside.contains(id)) {
        if reader.graph.constant.contains(&id) {
            continue;
        }
        let node = model.node(id);
        let (op, inputs, mut covers) =
            known.remove(&id).unwrap_or_else(|| (Op::Foreign, node.inputs.clone(), Vec::new()));
        covers.push(id);
        reader.graph.push(Node { op, inputs, output: id.into(), covers });
    }
    Ok(reader.graph)
}

struct GraphReader<'a> {
    model: &'a TypedModel,
    graph: Graph,
}

impl GraphReader<'_> {
    /// Notes whether a node is constant, and the image that it makes.
    fn look_at(&mut self, id: usize) {
        let node = self.model.node(id);
        let constant_input = |input: OutletId| self.graph.constant.contains(&input.node);
        if node.op_is::<Const>() || same_elements(self.model, node).is_some_and(constant_input) {
            self.graph.constant.insert(id);
            return;
        }
        let output = OutletId::from(id);
        let quantisation = self.quantisation(node);
        let Ok(fact) = self.model.outlet_fact(output) else { return };
        let of_numbers = fact.datum_type == f32::datum_type() && fact.is_plain();
        let Some(&[1, channels, height, width]) = fact.shape.as_concrete() else { return };
        let sides = [height, width, channels];
        let elements = sides.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
        if (of_numbers || quantisation.is_some()) && elements.is_some_and(|all| (1..=LARGEST).contains(&all))
        {
            self.graph.pictures.insert(output, ImageValue { sides, quantisation });
        }
    }

    /// How the bytes that a node makes stand for numbers. tract keeps one through the scale of a quantisation; who
    /// reads the bytes says the scale itself.
    fn quantisation(&self, node: &TypedNode) -> Option<Quantisation> {
        if let Some(conv) = node.op_as::<Conv>().filter(|conv| conv.q_params.is_some()) {
            return self.bytes_of(conv.q_params?, *node.inputs.get(8)?, *node.inputs.get(7)?);
        }
        let element_wise = node.op_as::<ElementWiseOp>()?;
        let (by, zero) = if let Some(op) = element_wise.0.downcast_ref::<QuantizeLinearI8>() {
            (op.scale, i32::from(op.zero_point) + SIGNED)
        } else {
            let op = element_wise.0.downcast_ref::<QuantizeLinearU8>()?;
            (op.scale, i32::from(op.zero_point))
        };
        let said = node.outputs.first()?.successors.iter().find_map(|reader| self.scale_read_by(*reader));
        let scale = said.filter(|scale| scale.recip() == by).unwrap_or(by.recip());
        quantisation(scale, zero)
    }

    fn scale_read_by(&self, reader: InletId) -> Option<f32> {
        let node = self.model.node(reader.node);
        if let Some(op) = node.op_as::<DequantizeLinearF32>() {
            return Some(op.scale);
        }
        node.op_as::<Conv>().filter(|conv| reader.slot == 0 && conv.q_params.is_some())?;
        only_number(self.model, *node.inputs.get(4)?)
    }

    /// The node as one that a kernel could compute, if all of it is known.
    fn known(&self, node: &TypedNode) -> Option<KnownNode> {
        let [_] = node.outputs.as_slice() else { return None };
        if let Some(conv) = node.op_as::<Conv>() {
            return if conv.q_params.is_some() { self.conv_bytes(node, conv) } else { self.conv(node, conv) };
        }
        if let Some(op) = node.op_as::<TypedBinOp>() {
            return self.of_two(node, op);
        }
        if let Some(pool) = node.op_as::<MaxPool>() {
            return self
                .pool(node, &pool.pool_spec, Op::MaxPool)
                .filter(|_| pool.with_index_outputs.is_none());
        }
        if let Some(pool) = node.op_as::<SumPool>() {
            return self.pool(node, &pool.pool_spec, Op::AveragePool).filter(|_| pool.normalize);
        }
        if node.op_is::<Iff>() {
            return self.prelu(node);
        }
        if let Some(op) = node.op_as::<EinSum>() {
            return self.matmul(node, op);
        }
        let input = *node.inputs.first()?;
        let picture = self.graph.pictures.get(&input)?;
        let of_numbers = picture.quantisation.is_none();
        let op = if node.op_is::<ElementWiseOp>() {
            (of_numbers && self.graph.quantisation(node.id.into()).is_some()).then_some(Op::Quantise)?
        } else if let Some(op) = node.op_as::<DequantizeLinearF32>() {
            (picture.quantisation? == self.as_read(input, op.scale, op.zero_point)?)
                .then_some(Op::Dequantise)?
        } else if let Some(pad) = node.op_as::<Pad>() {
            of_numbers.then(|| self.extend(input, pad))??
        } else {
            let last = matches!(node.op_as::<AxisOp>()?, AxisOp::Move(1, 3));
            (last && of_numbers).then_some(Op::ChannelsLast)?
        };
        Some((op, vec![input], Vec::new()))
    }

    /// An image of numbers.
    fn image(&self, value: OutletId) -> Option<[usize; 3]> {
        self.graph.pictures.get(&value).filter(|picture| picture.quantisation.is_none()).map(|p| p.sides)
    }

    fn of_two(&self, node: &TypedNode, op: &TypedBinOp) -> Option<KnownNode> {
        let &[first, second] = node.inputs.as_slice() else { return None };
        let both = [(first, second), (second, first)];
        if op.0.is::<Add>() {
            let alike = self.image(first)? == self.image(second)?;
            return alike.then(|| (Op::Add, vec![first, second], Vec::new()));
        }
        if op.0.is::<Max>() {
            let zero = |value| only_number(self.model, value) == Some(0.0);
            let (input, _) = both.into_iter().find(|(value, other)| self.is_image(*value) && zero(*other))?;
            return Some((Op::Relu, vec![input], Vec::new()));
        }
        op.0.is::<Div>().then(|| self.mean(first, second))?
    }

    fn is_image(&self, value: OutletId) -> bool {
        self.image(value).is_some()
    }

    /// The only reader's node, and so a part of it alone.
    fn part(&self, value: OutletId) -> Option<&TypedNode> {
        let node = self.model.node(value.node);
        let [output] = node.outputs.as_slice() else { return None };
        (output.successors.len() == 1 && !self.graph.outputs.contains(&value)).then_some(node)
    }

    /// The sum of all places, divided by how many there are.
    fn mean(&self, sum: OutletId, count: OutletId) -> Option<KnownNode> {
        let node = self.part(sum)?;
        let reduce = node.op_as::<Reduce>()?;
        let input = *node.inputs.first()?;
        let [height, width, _] = self.image(input)?;
        let all = reduce.reducer == Reducer::Sum && reduce.axes.as_slice() == [2, 3];
        let mean = all && only_number(self.model, count)? == (height * width) as f32;
        mean.then(|| (Op::Mean, vec![input], vec![node.id]))
    }

    /// `if 0 > x { x * slope } else { x }`
    fn prelu(&self, node: &TypedNode) -> Option<KnownNode> {
        let &[test, product, input] = node.inputs.as_slice() else { return None };
        let [_, _, channels] = self.image(input)?;
        let (test, product) = (self.part(test)?, self.part(product)?);
        let binary = |node: &TypedNode| node.op_as::<TypedBinOp>().map(|op| op.0.clone());
        let below = binary(test)?.is::<CompGT>()
            && only_number(self.model, *test.inputs.first()?)? == 0.0
            && test.inputs.get(1) == Some(&input);
        let scaled = binary(product)?.is::<Mul>() && product.inputs.first() == Some(&input);
        let slopes = *product.inputs.get(1)?;
        let of_channels = match self.model.outlet_fact(slopes).ok()?.shape.as_concrete()? {
            [1, _, 1, 1] => true,
            shape => shape.iter().all(|side| *side == 1),
        };
        (below && scaled && of_channels).then_some(())?;
        let slopes = for_each(numbers(self.model, slopes)?, channels)?;
        Some((Op::PRelu(slopes), vec![input], vec![test.id, product.id]))
    }

    fn pool(&self, node: &TypedNode, spec: &PoolSpec, op: impl Fn(Window) -> Op) -> Option<KnownNode> {
        let input = *node.inputs.first()?;
        let [height, width, channels] = self.image(input)?;
        let window = window(spec, [height, width]).filter(|window| window.pads == Border::default())?;
        self.slides(node, window, [height, width], channels)?;
        Some((op(window), vec![input], Vec::new()))
    }

    /// Whether the window makes the image that tract says it does.
    fn slides(&self, node: &TypedNode, window: Window, sides: [usize; 2], channels: usize) -> Option<()> {
        let [height, width] = window.slides(sides[0], sides[1])?;
        (self.graph.sides(node.id.into())? == [height, width, channels]).then_some(())
    }

    /// Zeros behind the channels, the rows or the columns; not of what was extended already.
    fn extend(&self, input: OutletId, pad: &Pad) -> Option<Op> {
        let zero = |constant: &Tensor| constant.cast_to_scalar::<f32>().ok() == Some(0.0);
        let zeros = matches!(&pad.mode, PadMode::Constant(constant) if zero(constant));
        let behind =
            pad.pads.len() == 4 && pad.pads[0].1 == 0 && pad.pads.iter().all(|(before, _)| *before == 0);
        let first = !self.model.node(input.node).op_is::<Pad>();
        (zeros && behind && first).then_some(Op::Extend)
    }

    fn matmul(&self, node: &TypedNode, op: &EinSum) -> Option<KnownNode> {
        let &[input, matrix] = node.inputs.as_slice() else { return None };
        let shape = |value| Some(self.model.outlet_fact(value).ok()?.shape.as_concrete()?.to_vec());
        let numbers = op.q_params.is_none() && op.operating_dt == f32::datum_type();
        let plain = numbers && op.axes.to_string() == "mk,kn->mn";
        let (&[1, rows], &[found, columns]) = (shape(input)?.as_slice(), shape(matrix)?.as_slice()) else {
            return None;
        };
        let matrix = plain.then(|| constant(self.model, matrix))??;
        let fits = found == rows && columns > 0 && matrix.datum_type() == f32::datum_type();
        fits.then(|| (Op::MatMul(matrix), vec![input], Vec::new()))
    }
}

/// A quantisation that can be computed with.
fn quantisation(scale: f32, zero: i32) -> Option<Quantisation> {
    let zero = u8::try_from(zero).ok()?;
    (scale.is_normal() && scale > 0.0).then_some(Quantisation { scale, zero })
}
