//! Convolutions of a typed model.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat};

use super::constants::{constant, for_each, integers, numbers, only_number, window};
use super::{GraphReader, KnownNode, SIGNED, quantisation};
use crate::kernels::image::Window;
use crate::kernels::map::Quantisation;
use crate::transform::graph::Op;

impl GraphReader<'_> {
    pub(super) fn conv(&self, node: &TypedNode, conv: &Conv) -> Option<KnownNode> {
        let &[input, weights, bias] = node.inputs.as_slice() else { return None };
        let sides @ [_, _, channels] = self.image(input)?;
        let weights = self.weights(conv, weights, f32::datum_type())?;
        let (outputs, inputs) = (weights.shape()[0], weights.shape()[1]);
        let depthwise = conv.group == channels && outputs == channels && inputs == 1;
        (depthwise || (conv.group == 1 && inputs == channels)).then_some(())?;
        let window = self.window(node, conv, sides, outputs)?;
        let bias = for_each(numbers(self.model, bias)?, outputs)?;
        Some((Op::Conv { weights, bias, window, depthwise }, vec![input], Vec::new()))
    }

    /// Of the nine inputs the last six say how bytes stand for numbers: zero and scale of the input, of the weights,
    /// of the output.
    pub(super) fn conv_bytes(&self, node: &TypedNode, conv: &Conv) -> Option<KnownNode> {
        let &[input, weights, bias, zero, scale, weight_zeros, weight_scales, _, _] = node.inputs.as_slice()
        else {
            return None;
        };
        let picture = self.graph.pictures.get(&input)?;
        let from = picture.quantisation?;
        let &[zero] = integers(self.model, zero)?.as_slice() else { return None };
        let as_made = self.as_read(input, only_number(self.model, scale)?, zero)? == from;
        let to = self.graph.quantisation(node.id.into())?;
        let weights = self.weights(conv, weights, i8::datum_type())?;
        let (outputs, inputs) = (weights.shape()[0], weights.shape()[1]);
        let weight_scales = numbers(self.model, weight_scales)?;
        let zeros = integers(self.model, weight_zeros)?;
        let per_output = |length: usize| length == 1 || length == outputs;
        let sane = per_output(weight_scales.len())
            && weight_scales.iter().all(|scale| scale.is_normal() && *scale > 0.0)
            && per_output(zeros.len())
            && zeros.iter().all(|zero| *zero == 0);
        (as_made && sane && conv.group == 1 && inputs == picture.sides[2]).then_some(())?;
        let window = self.window(node, conv, picture.sides, outputs)?;
        let bias = for_each(integers(self.model, bias)?, outputs)?;
        let scales = weight_scales.iter().map(|scale| from.scale * scale / to.scale).collect();
        Some((Op::ConvBytes { weights, bias, scales, window }, vec![input], Vec::new()))
    }

    /// Weights of this type in the order output channel, input channel, row, column.
    fn weights(&self, conv: &Conv, weights: OutletId, datum_type: DatumType) -> Option<Arc<Tensor>> {
        let weights = constant(self.model, weights)?;
        let kernel = &conv.pool_spec.kernel_shape;
        let ordered = conv.kernel_fmt == KernelFormat::OIHW && weights.datum_type() == datum_type;
        let fit = kernel.len() == 2 && weights.rank() == 4 && weights.shape()[2..] == **kernel;
        (ordered && fit && weights.is_plain_ram()).then_some(weights)
    }

    fn window(
        &self,
        node: &TypedNode,
        conv: &Conv,
        [height, width, _]: [usize; 3],
        outputs: usize,
    ) -> Option<Window> {
        let window = window(&conv.pool_spec, [height, width])?;
        self.slides(node, window, [height, width], outputs)?;
        Some(window)
    }

    /// How an operator says that the bytes it reads stand for numbers.
    pub(super) fn as_read(&self, bytes: OutletId, scale: f32, zero: i32) -> Option<Quantisation> {
        quantisation(scale, zero.checked_add(raised(self.model.outlet_fact(bytes).ok()?.datum_type)?)?)
    }

    /// How an operator says that the bytes it makes stand for numbers.
    pub(super) fn bytes_of(
        &self,
        datum_type: DatumType,
        scale: OutletId,
        zero: OutletId,
    ) -> Option<Quantisation> {
        let &[zero] = integers(self.model, zero)?.as_slice() else { return None };
        quantisation(only_number(self.model, scale)?, zero.checked_add(raised(datum_type)?)?)
    }
}

/// How far above itself a byte of this type is stored.
fn raised(datum_type: DatumType) -> Option<i32> {
    match datum_type {
        DatumType::I8 => Some(SIGNED),
        DatumType::U8 => Some(0),
        _ => None,
    }
}
