//! Constants of a typed model, and the windows of its operators.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::cast::Cast;
use tract_onnx::tract_core::ops::cnn::PoolSpec;
use tract_onnx::tract_core::ops::nn::DataFormat;

use crate::kernels::image::{Border, Window};

/// How many operators may lie between a constant and who reads it.
const DEEP: usize = 4;

/// A constant, through what changes neither its elements nor their order.
pub fn constant(model: &TypedModel, outlet: OutletId) -> Option<Arc<Tensor>> {
    let mut outlet = outlet;
    for _ in 0..DEEP {
        if let Some(constant) = &model.outlet_fact(outlet).ok()?.konst {
            return Some(Arc::clone(constant));
        }
        outlet = same_elements(model, model.node(outlet.node))?;
    }
    None
}

/// What a node only gives another type of the same name or another shape.
pub fn same_elements(model: &TypedModel, node: &TypedNode) -> Option<OutletId> {
    let &[input] = node.inputs.as_slice() else { return None };
    let same = match (node.op_as::<AxisOp>(), node.op_as::<Cast>()) {
        (Some(axis), _) => !matches!(axis, AxisOp::Move(..)),
        (_, Some(cast)) => model.outlet_fact(input).ok()?.datum_type == cast.to,
        _ => false,
    };
    same.then_some(input)
}

/// The elements of a constant of this type.
pub fn elements<T: Datum + Copy>(tensor: &Tensor) -> Option<Vec<T>> {
    Some(tensor.try_as_plain_ram().ok()?.as_slice::<T>().ok()?.to_vec())
}

/// The numbers of a constant.
pub fn numbers(model: &TypedModel, outlet: OutletId) -> Option<Vec<f32>> {
    elements(&*constant(model, outlet)?)
}

/// The number that a constant consists of.
pub fn only_number(model: &TypedModel, outlet: OutletId) -> Option<f32> {
    let constant = constant(model, outlet)?;
    let plain = constant.try_as_plain_ram().ok()?;
    let &[number] = plain.as_slice::<f32>().ok()? else { return None };
    Some(number)
}

/// Bytes or integers, as integers.
pub fn integers(model: &TypedModel, outlet: OutletId) -> Option<Vec<i32>> {
    let constant = constant(model, outlet)?;
    let known = [DatumType::I32, DatumType::I8, DatumType::U8].contains(&constant.datum_type());
    known.then(|| elements(&*constant.cast_to::<i32>().ok()?))?
}

/// As many of a kind as there are channels, from one for all or one for each.
pub fn for_each<T: Copy>(values: Vec<T>, channels: usize) -> Option<Vec<T>> {
    match values.as_slice() {
        _ if values.len() == channels => Some(values),
        &[all] => Some(vec![all; channels]),
        _ => None,
    }
}

/// The window of a convolution or a pool over an image of so many rows and columns.
pub fn window(spec: &PoolSpec, sides: [usize; 2]) -> Option<Window> {
    let pair = |sides: &[usize]| <[usize; 2]>::try_from(sides).ok();
    let (kernel, stride) = (pair(&spec.kernel_shape)?, pair(&spec.strides())?);
    let plain = spec.data_format == DataFormat::NCHW && pair(&spec.dilations())? == [1, 1];
    let sane = kernel.iter().chain(&stride).all(|side| (1..=16).contains(side));
    let padding = (plain && sane).then(|| spec.computed_padding(&sides))?;
    let [rows, columns] = padding.as_slice() else { return None };
    let pads = Border {
        top: rows.pad_before,
        left: columns.pad_before,
        bottom: rows.pad_after,
        right: columns.pad_after,
    };
    // A window always sees a part of the image.
    let seen = pads.top.max(pads.bottom) < kernel[0] && pads.left.max(pads.right) < kernel[1];
    seen.then_some(Window { kernel, stride, pads })
}
