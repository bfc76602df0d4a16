//! One step: a kernel, and how tract sees its results.

use std::fmt;

use tract_onnx::tract_core::internal::*;

use super::buffers::Buffers;
use super::storage::{Held, Lies};
use super::value::{ResultMemory, Value};
use super::work::{Results, Work};
use crate::kernels::image::Image;
use crate::kernels::int8::Outputs;

/// How tract sees a result.
#[derive(Debug, Clone, PartialEq)]
pub enum ResultForm {
    /// An image in our own storage, [`Held`]: tract only passes it on.
    Held,
    /// A plain tensor of this type and shape. Its elements are in the order of the image, without a border.
    Plain(DatumType, TVec<usize>),
}

/// Where a step writes.
#[derive(Debug, Clone)]
pub struct StepOutput<T> {
    /// The layout of the result in memory.
    pub image: Image,
    /// The value that fills the image's border.
    pub border: T,
    /// How tract sees the result.
    pub form: ResultForm,
}

impl<T> StepOutput<T> {
    fn lies(&self) -> Lies {
        Lies { image: self.image, size: size_of::<T>() }
    }

    fn fact(&self) -> TypedFact {
        let Image { height, width, channels, .. } = self.image;
        match &self.form {
            ResultForm::Plain(datum_type, shape) => datum_type.fact(shape.as_slice()),
            ResultForm::Held => {
                let datum_type = if size_of::<T>() == 1 { DatumType::U8 } else { DatumType::F32 };
                datum_type.fact([1, channels, height, width]).with_exotic_fact(self.lies())
            }
        }
    }

    fn room(&self, buffers: &Arc<Buffers>) -> TractResult<ResultMemory> {
        Ok(match &self.form {
            ResultForm::Held => ResultMemory::Held(Held::room(self.lies(), buffers)),
            ResultForm::Plain(datum_type, shape) => ResultMemory::Plain(Tensor::zero_dt(*datum_type, shape)?),
        })
    }
}

/// A kernel with its weights. It has one or two results: first the `f32` one, then the byte one, if it has both.
#[derive(Clone)]
pub struct Step(Arc<Inner>);

struct Inner {
    work: Work,
    floats: Option<StepOutput<f32>>,
    bytes: Option<StepOutput<u8>>,
    buffers: Arc<Buffers>,
}

impl Step {
    /// A step that takes its memory from these buffers.
    pub fn new(
        work: Work,
        floats: Option<StepOutput<f32>>,
        bytes: Option<StepOutput<u8>>,
        buffers: &Arc<Buffers>,
    ) -> Self {
        Self(Arc::new(Inner { work, floats, bytes, buffers: Arc::clone(buffers) }))
    }

    /// The kernel's name.
    pub fn name(&self) -> &'static str {
        self.0.work.name()
    }

    /// The types, shapes and storage of its results, as tract wants them.
    pub fn facts(&self) -> TVec<TypedFact> {
        let floats = self.0.floats.as_ref().map(StepOutput::fact);
        floats.into_iter().chain(self.0.bytes.as_ref().map(StepOutput::fact)).collect()
    }

    /// Computes its results.
    pub fn run(&self, inputs: &[Value<'_>]) -> TractResult<[Option<ResultMemory>; 2]> {
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
