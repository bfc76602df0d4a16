//! Constants and attributes of a file.

use std::collections::HashMap;

use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

use crate::kernels::image::{Border, Window};

/// ONNX's numbers for the types that are read.
const FLOAT: i32 = 1;
const UINT8: i32 = 2;
const INT8: i32 = 3;
const INT32: i32 = 6;
const INT64: i32 = 7;

/// The sides of a constant.
pub fn sides(tensor: &TensorProto) -> Option<Vec<usize>> {
    tensor.dims.iter().map(|side| usize::try_from(*side).ok()).collect()
}

/// The values, if they are all inside the file and as many as the sides say.
fn whole<T>(tensor: &TensorProto, values: Vec<T>) -> Option<Vec<T>> {
    let inside = tensor.data_location.unwrap_or(0) == 0 && tensor.segment.is_none();
    let wanted = sides(tensor)?.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
    (inside && wanted == Some(values.len())).then_some(values)
}

/// Reads raw little-endian bytes, or else the field for the type.
macro_rules! read {
    ($tensor:ident, $kind:expr, $type:ty, $typed:ident) => {{
        if $tensor.data_type != $kind {
            return None;
        }
        let raw = $tensor.raw_data.as_slice();
        let values = if raw.is_empty() {
            $tensor.$typed.iter().map(|value| *value as $type).collect()
        } else {
            let (values, []) = raw.as_chunks::<{ size_of::<$type>() }>() else { return None };
            values.iter().map(|bytes| <$type>::from_le_bytes(*bytes)).collect()
        };
        whole($tensor, values)
    }};
}

/// 32-bit numbers.
pub fn floats(tensor: &TensorProto) -> Option<Vec<f32>> {
    read!(tensor, FLOAT, f32, float_data)
}

/// Signed bytes.
pub fn signed_bytes(tensor: &TensorProto) -> Option<Vec<i8>> {
    read!(tensor, INT8, i8, int32_data)
}

/// Unsigned bytes.
pub fn unsigned_bytes(tensor: &TensorProto) -> Option<Vec<u8>> {
    read!(tensor, UINT8, u8, int32_data)
}

/// 32-bit integers.
pub fn integers(tensor: &TensorProto) -> Option<Vec<i32>> {
    read!(tensor, INT32, i32, int32_data)
}

/// 64-bit integers.
pub fn longs(tensor: &TensorProto) -> Option<Vec<i64>> {
    read!(tensor, INT64, i64, int64_data)
}

/// The attributes of a node, taken one by one: what nobody took, nobody knows.
pub struct Attributes<'a>(HashMap<&'a str, &'a AttributeProto>);

impl<'a> Attributes<'a> {
    /// Those of a node.
    pub fn of(node: &'a NodeProto) -> Self {
        Self(node.attribute.iter().map(|attribute| (attribute.name.as_str(), attribute)).collect())
    }

    /// An integer, or what it is by default.
    pub fn integer(&mut self, name: &str, default: i64) -> i64 {
        self.0.remove(name).map_or(default, |attribute| attribute.i)
    }

    /// A list of integers, or none.
    pub fn integers(&mut self, name: &str) -> Option<&'a [i64]> {
        self.0.remove(name).map(|attribute| attribute.ints.as_slice())
    }

    /// Whether an attribute is this word, which it is by default.
    pub fn is(&mut self, name: &str, word: &str) -> bool {
        self.0.remove(name).is_none_or(|attribute| attribute.s == word.as_bytes())
    }

    /// Whether all were taken.
    pub fn none_left(&self) -> bool {
        self.0.is_empty()
    }

    /// The window of a convolution, as large as its weights, or of a pool.
    pub fn window(&mut self, of_weights: Option<[usize; 2]>) -> Option<Window> {
        let pair = |ints: &[i64]| -> Option<[usize; 2]> {
            let &[rows, columns] = ints else { return None };
            Some([usize::try_from(rows).ok()?, usize::try_from(columns).ok()?])
        };
        let kernel = self.integers("kernel_shape").map_or(of_weights, pair)?;
        let stride = self.integers("strides").map_or(Some([1, 1]), pair)?;
        let dilation = self.integers("dilations").map_or(Some([1, 1]), pair)?;
        let &[top, left, bottom, right] = self.integers("pads").unwrap_or(&[0; 4]) else { return None };
        let side = |pad: i64| usize::try_from(pad).ok();
        let pads = Border { top: side(top)?, left: side(left)?, bottom: side(bottom)?, right: side(right)? };
        // A window always sees a part of the image, and no border makes an image large.
        let sane = of_weights.is_none_or(|size| size == kernel)
            && kernel.iter().chain(&stride).all(|side| (1..=16).contains(side))
            && pads.top.max(pads.bottom) < kernel[0]
            && pads.left.max(pads.right) < kernel[1];
        let plain = self.is("auto_pad", "NOTSET") && dilation == [1, 1];
        (sane && plain).then_some(Window { kernel, stride, pads })
    }
}
