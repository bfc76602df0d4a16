//! An inference engine that loads nothing: as much of tract's face as limen sees, behind which no value can exist.
//!
//! What the fuzzer tries comes before any network or needs none. A graph is refused in one place; everything that would
//! come after is a type without values, so the compiler knows that none of it ever runs.

use std::fmt;
use std::io::Read;

/// What cannot be had.
#[derive(Clone, Debug)]
enum Never {}

/// The one error.
#[derive(Debug)]
pub struct TractError;

impl fmt::Display for TractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no inference engine in the fuzzer")
    }
}

/// As everywhere.
pub type TractResult<T> = Result<T, TractError>;

/// Reads no graph.
pub struct Onnx;

/// The reader.
pub fn onnx() -> Onnx {
    Onnx
}

impl Onnx {
    pub fn with_ignore_value_info(self, _: bool) -> Self {
        self
    }

    pub fn model_for_read(&self, _: &mut dyn Read) -> TractResult<InferenceModel> {
        Err(TractError)
    }
}

/// A graph; none can be had.
pub struct InferenceModel {
    pub inputs: Vec<usize>,
    never: Never,
}

impl InferenceModel {
    pub fn outlet_fact(&self, _: usize) -> TractResult<&InferenceFact> {
        match self.never {}
    }

    pub fn set_outlet_fact(&mut self, _: usize, _: InferenceFact) -> TractResult<()> {
        match self.never {}
    }

    pub fn into_typed(self) -> TractResult<TypedModel> {
        match self.never {}
    }
}

/// What is known of an input.
#[derive(Clone)]
pub struct InferenceFact {
    pub shape: ShapeFactoid,
}

/// What is known of its shape.
#[derive(Clone)]
pub struct ShapeFactoid(Never);

impl ShapeFactoid {
    pub fn is_open(&self) -> bool {
        match self.0 {}
    }

    pub fn dims(&self) -> std::slice::Iter<'_, tract_hir::infer::GenericFactoid<TDim>> {
        match self.0 {}
    }

    pub fn set_dim(&mut self, _: usize, _: TDim) -> bool {
        match self.0 {}
    }
}

impl FromIterator<usize> for ShapeFactoid {
    fn from_iter<I: IntoIterator<Item = usize>>(_: I) -> Self {
        unreachable!("only a fact has a shape, and there is none")
    }
}

/// A side of a shape.
#[derive(Clone)]
pub enum TDim {
    Val(i64),
}

/// A number as a side.
pub trait ToDim {
    fn to_dim(&self) -> TDim;
}

impl ToDim for usize {
    fn to_dim(&self) -> TDim {
        TDim::Val(*self as i64)
    }
}

/// A graph whose types are known.
pub struct TypedModel {
    pub inputs: Vec<usize>,
    pub outputs: Vec<usize>,
    never: Never,
}

impl TypedModel {
    pub fn input_fact(&self, _: usize) -> TractResult<&TypedFact> {
        match self.never {}
    }

    pub fn output_fact(&self, _: usize) -> TractResult<&TypedFact> {
        match self.never {}
    }

    pub fn into_optimized(self) -> TractResult<Self> {
        match self.never {}
    }

    pub fn into_runnable(self) -> TractResult<std::sync::Arc<TypedRunnableModel>> {
        match self.never {}
    }
}

/// What is known of an input or output.
#[derive(Debug)]
pub struct TypedFact {
    pub datum_type: DatumType,
    pub shape: ShapeFact,
}

/// Its shape.
#[derive(Debug)]
pub struct ShapeFact(Never);

impl ShapeFact {
    pub fn as_concrete(&self) -> Option<&[usize]> {
        match self.0 {}
    }
}

/// What a tensor is made of.
#[derive(Debug, PartialEq, Eq)]
pub struct DatumType;

/// Has a type of tensor.
pub trait Datum {
    fn datum_type() -> DatumType {
        DatumType
    }
}

impl Datum for f32 {}

/// A network ready to run.
pub struct TypedRunnableModel(Never);

impl TypedRunnableModel {
    pub fn run(&self, _: Vec<TValue>) -> TractResult<Vec<TValue>> {
        match self.0 {}
    }
}

/// Numbers in a shape.
pub struct Tensor(Never);

impl Tensor {
    pub fn from_shape(_: &[usize], _: &[f32]) -> TractResult<Self> {
        Err(TractError)
    }
}

/// A tensor that goes in or comes out.
pub struct TValue(Never);

impl From<Tensor> for TValue {
    fn from(tensor: Tensor) -> Self {
        match tensor.0 {}
    }
}

impl TValue {
    pub fn try_as_plain_ram(&self) -> TractResult<&Self> {
        match self.0 {}
    }

    pub fn as_slice<T: Datum>(&self) -> TractResult<&[T]> {
        match self.0 {}
    }
}

/// A list of values.
#[macro_export]
macro_rules! tvec {
    ($($value:expr),*) => { vec![$($value),*] };
}

/// What users import.
pub mod prelude {
    pub use super::{
        Datum, InferenceModel, TDim, Tensor, ToDim, TractError, TractResult, TypedFact, TypedModel,
        TypedRunnableModel,
    };
    pub use crate::tvec;
    pub use std::sync::Arc;
}

/// Where inference is.
pub mod tract_hir {
    pub mod infer {
        /// Known or not.
        #[derive(Clone)]
        pub enum GenericFactoid<T> {
            Only(T),
            Any,
        }
    }
}

/// Where the engine is.
pub mod tract_core {
    pub mod prelude {
        use crate::{Onnx, Read, TractError, TractResult, pb};

        /// What reads graphs.
        pub trait Framework {
            fn proto_model_for_read(&self, _: &mut dyn Read) -> TractResult<pb::ModelProto> {
                Err(TractError)
            }
        }

        impl Framework for Onnx {}
    }

    pub mod knobs {
        pub fn set_config_global(_: &str, _: &str) -> Result<(), crate::TractError> {
            Ok(())
        }
    }
}

/// A graph as the file has it; none can be had, so the fields are those that are looked at.
pub mod pb {
    pub struct ModelProto {
        pub graph: Option<GraphProto>,
        pub opset_import: Vec<OperatorSetIdProto>,
    }

    pub struct OperatorSetIdProto {
        pub domain: String,
        pub version: i64,
    }

    pub struct GraphProto {
        pub node: Vec<NodeProto>,
        pub initializer: Vec<TensorProto>,
        pub input: Vec<ValueInfoProto>,
        pub output: Vec<ValueInfoProto>,
    }

    pub struct NodeProto {
        pub input: Vec<String>,
        pub output: Vec<String>,
        pub domain: String,
        pub op_type: String,
        pub attribute: Vec<AttributeProto>,
    }

    pub struct AttributeProto {
        pub name: String,
        pub i: i64,
        pub f: f32,
        pub s: Vec<u8>,
        pub ints: Vec<i64>,
        pub floats: Vec<f32>,
    }

    pub struct TensorProto {
        pub name: String,
        pub dims: Vec<i64>,
        pub data_type: i32,
        pub raw_data: Vec<u8>,
        pub float_data: Vec<f32>,
        pub int32_data: Vec<i32>,
        pub int64_data: Vec<i64>,
        pub data_location: Option<i32>,
        pub segment: Option<()>,
    }

    pub struct ValueInfoProto {
        pub name: String,
        pub r#type: Option<TypeProto>,
    }

    pub struct TypeProto {
        pub value: Option<type_proto::Value>,
    }

    pub mod type_proto {
        pub enum Value {
            TensorType(Tensor),
            Other,
        }

        pub struct Tensor {
            pub elem_type: i32,
            pub shape: Option<super::TensorShapeProto>,
        }
    }

    pub struct TensorShapeProto {
        pub dim: Vec<tensor_shape_proto::Dimension>,
    }

    pub mod tensor_shape_proto {
        pub struct Dimension {
            pub value: Option<dimension::Value>,
        }

        pub mod dimension {
            pub enum Value {
                DimValue(i64),
                DimParam(String),
            }
        }
    }
}
