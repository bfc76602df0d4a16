//! One operator of the graph: a kernel, and how tract sees its results.

use std::fmt;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::TypedOp;

use super::buffers::Buffers;
use super::storage::{Held, Lies};
use super::work::{Results, Work};
use crate::kernels::image::Image;
use crate::kernels::int8::Outputs;

/// How tract sees a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// An image in our own storage, [`Held`]: tract only passes it on.
    Held,
    /// A plain tensor of this type and shape. Its elements are in the order of the image, without a border.
    Plain(DatumType, TVec<usize>),
}

/// Where a step writes.
#[derive(Debug, Clone)]
pub struct Target<T> {
    /// The layout of the result in memory.
    pub image: Image,
    /// The value that fills the image's border.
    pub border: T,
    /// How tract sees the result.
    pub form: Form,
}

impl<T> Target<T> {
    fn lies(&self) -> Lies {
        Lies { image: self.image, size: size_of::<T>() }
    }

    fn fact(&self) -> TypedFact {
        let Image { height, width, channels, .. } = self.image;
        match &self.form {
            Form::Plain(datum_type, shape) => datum_type.fact(shape.as_slice()),
            Form::Held => {
                let datum_type = if size_of::<T>() == 1 { DatumType::U8 } else { DatumType::F32 };
                datum_type.fact([1, channels, height, width]).with_exotic_fact(self.lies())
            }
        }
    }

    fn room(&self, buffers: &Arc<Buffers>) -> TractResult<Room> {
        Ok(match &self.form {
            Form::Held => Room::Held(Held::room(self.lies(), buffers)),
            Form::Plain(datum_type, shape) => Room::Plain(Tensor::zero_dt(*datum_type, shape)?),
        })
    }
}

/// Memory for a result.
enum Room {
    Held(Held),
    Plain(Tensor),
}

impl Room {
    fn floats(&mut self) -> TractResult<&mut [f32]> {
        match self {
            Self::Held(held) => Ok(held.buffer.floats_mut()),
            Self::Plain(tensor) => {
                let view = tensor.to_plain_array_view_mut::<f32>()?;
                view.into_slice().context("a new tensor is contiguous")
            }
        }
    }

    fn bytes(&mut self) -> &mut [u8] {
        match self {
            Self::Held(held) => held.buffer.bytes_mut(),
            Self::Plain(tensor) => tensor.as_bytes_mut(),
        }
    }

    fn into_value(self) -> TValue {
        match self {
            Self::Held(held) => held.into_tensor().into_tvalue(),
            Self::Plain(tensor) => tensor.into_tvalue(),
        }
    }
}

/// A kernel as an operator of tract. It has one or two outputs: first the `f32` one, then the byte one, if it
/// has both.
#[derive(Clone)]
pub struct Step(Arc<Inner>);

struct Inner {
    work: Work,
    floats: Option<Target<f32>>,
    bytes: Option<Target<u8>>,
    buffers: Arc<Buffers>,
}

impl Step {
    /// An operator that takes its memory from these buffers.
    pub fn new(
        work: Work,
        floats: Option<Target<f32>>,
        bytes: Option<Target<u8>>,
        buffers: &Arc<Buffers>,
    ) -> Self {
        Self(Arc::new(Inner { work, floats, bytes, buffers: Arc::clone(buffers) }))
    }

    /// The types, shapes and storage of its outputs, as tract wants them.
    pub fn facts(&self) -> TVec<TypedFact> {
        let floats = self.0.floats.as_ref().map(Target::fact);
        floats.into_iter().chain(self.0.bytes.as_ref().map(Target::fact)).collect()
    }
}

impl Inner {
    fn run(&self, inputs: &[TValue]) -> TractResult<TVec<TValue>> {
        let mut floats = self.floats.as_ref().map(|target| target.room(&self.buffers)).transpose()?;
        let mut bytes = self.bytes.as_ref().map(|target| target.room(&self.buffers)).transpose()?;
        let scratch = self.work.scratch();
        let mut scratch_buffer = (scratch > 0).then(|| self.buffers.take(scratch * size_of::<f32>()));
        let mut outputs = Outputs::default();
        if let (Some(room), Some(target)) = (&mut floats, &self.floats) {
            outputs.floats = room.floats()?;
            target.image.fill_border(outputs.floats, target.border);
        }
        if let (Some(room), Some(target)) = (&mut bytes, &self.bytes) {
            outputs.bytes = room.bytes();
            target.image.fill_border(outputs.bytes, target.border);
        }
        let image = |target: &Target<f32>| target.image;
        let mut results = Results {
            outputs,
            floats: self.floats.as_ref().map(image),
            bytes: self.bytes.as_ref().map(|target| target.image),
            scratch: scratch_buffer.as_mut().map(|buffer| buffer.floats_mut()).unwrap_or_default(),
        };
        self.work.run(inputs, &mut results)?;
        if let Some(buffer) = scratch_buffer {
            self.buffers.give(buffer);
        }
        Ok([floats, bytes].into_iter().flatten().map(Room::into_value).collect())
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {:?}", self.0.work.name(), self.facts())
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Step {}

impl Op for Step {
    fn name(&self) -> StaticName {
        format!("limen.{}", self.0.work.name()).into()
    }

    op_as_typed_op!();
}

impl EvalOp for Step {
    fn eval(&self, _: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        self.0.run(&inputs)
    }

    not_out_of_plan!();
}

impl TypedOp for Step {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(self.facts())
    }

    as_op!();
}
