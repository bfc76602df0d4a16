//! One step: a kernel, and what its results are to tract.

use std::fmt;

use tract_onnx::tract_core::internal::*;

use super::buffers::Buffers;
use super::storage::{Held, Lies};
use super::value::{Room, Value};
use super::work::{Results, Work};
use crate::kernels::image::Image;
use crate::kernels::int8::Outputs;

/// What a result is to tract.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// An image of ours.
    Held,
    /// A tensor of this type and shape, its elements as the image has them, without a border.
    Plain(DatumType, TVec<usize>),
}

/// Where a step writes.
#[derive(Debug, Clone)]
pub struct Target<T> {
    /// How the result lies.
    pub image: Image,
    /// What its border is filled with.
    pub border: T,
    /// What it is to tract.
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

/// A kernel with its weights, and where its results go: the numbers, then the bytes, of those that it has.
#[derive(Clone)]
pub struct Step(Arc<Inner>);

struct Inner {
    work: Work,
    floats: Option<Target<f32>>,
    bytes: Option<Target<u8>>,
    buffers: Arc<Buffers>,
}

impl Step {
    /// A step that takes its memory from these buffers.
    pub fn new(
        work: Work,
        floats: Option<Target<f32>>,
        bytes: Option<Target<u8>>,
        buffers: &Arc<Buffers>,
    ) -> Self {
        Self(Arc::new(Inner { work, floats, bytes, buffers: Arc::clone(buffers) }))
    }

    /// What its kernel is called.
    pub fn name(&self) -> &'static str {
        self.0.work.name()
    }

    /// What tract is to know of its results.
    pub fn facts(&self) -> TVec<TypedFact> {
        let floats = self.0.floats.as_ref().map(Target::fact);
        floats.into_iter().chain(self.0.bytes.as_ref().map(Target::fact)).collect()
    }

    /// Computes its results.
    pub fn run(&self, inputs: &[Value<'_>]) -> TractResult<[Option<Room>; 2]> {
        let Inner { work, floats: to_floats, bytes: to_bytes, buffers } = &*self.0;
        let mut floats = to_floats.as_ref().map(|target| target.room(buffers)).transpose()?;
        let mut bytes = to_bytes.as_ref().map(|target| target.room(buffers)).transpose()?;
        let scratch = work.scratch();
        let mut scratch_buffer = (scratch > 0).then(|| buffers.take(scratch * size_of::<f32>()));
        let mut outputs = Outputs::default();
        if let (Some(room), Some(target)) = (&mut floats, to_floats) {
            outputs.floats = room.floats()?;
            target.image.fill_border(outputs.floats, target.border);
        }
        if let (Some(room), Some(target)) = (&mut bytes, to_bytes) {
            outputs.bytes = room.bytes();
            target.image.fill_border(outputs.bytes, target.border);
        }
        let mut results = Results {
            outputs,
            floats: to_floats.as_ref().map(|target| target.image),
            bytes: to_bytes.as_ref().map(|target| target.image),
            scratch: scratch_buffer.as_mut().map(|buffer| buffer.floats_mut()).unwrap_or_default(),
        };
        work.run(inputs, &mut results)?;
        if let Some(buffer) = scratch_buffer {
            buffers.give(buffer);
        }
        Ok([floats, bytes])
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {:?}", self.name(), self.facts())
    }
}
