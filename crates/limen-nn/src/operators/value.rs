//! What a step reads and computes: an image of ours, or a tensor of tract's.

use tract_onnx::tract_core::internal::*;

use super::storage::Held;

/// The memory of a result; it holds the result after the step has run.
pub enum ResultMemory {
    /// An image of ours.
    Held(Held),
    /// A tensor of tract's.
    Plain(Tensor),
}

impl ResultMemory {
    /// All its elements as `f32` numbers; an image's border is included.
    pub fn floats(&mut self) -> TractResult<&mut [f32]> {
        match self {
            Self::Held(held) => Ok(held.buffer.floats_mut()),
            Self::Plain(tensor) => {
                let view = tensor.to_plain_array_view_mut::<f32>()?;
                view.into_slice().context("the elements of a new tensor are not in the order of its axes")
            }
        }
    }

    /// All its memory as bytes; an image's border is included.
    pub fn bytes(&mut self) -> &mut [u8] {
        match self {
            Self::Held(held) => held.buffer.bytes_mut(),
            Self::Plain(tensor) => tensor.as_bytes_mut(),
        }
    }

    /// The result as another step reads it.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Held(held) => Value::Held(held),
            Self::Plain(tensor) => Value::Plain(tensor),
        }
    }

    /// The result as a tensor that tract passes on.
    pub fn into_value(self) -> TValue {
        match self {
            Self::Held(held) => held.into_tensor().into_tvalue(),
            Self::Plain(tensor) => tensor.into_tvalue(),
        }
    }
}

/// What a step reads.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// An image of ours.
    Held(&'a Held),
    /// A tensor of tract's.
    Plain(&'a Tensor),
}

impl<'a> Value<'a> {
    /// A tensor that tract passes on: one of tract's own, or one that holds an image of ours.
    pub fn of(value: &'a TValue) -> Self {
        value.storage_as::<Held>().map_or(Self::Plain(value), Self::Held)
    }

    /// The bytes of a picture.
    pub fn rgb(self) -> TractResult<&'a [u8]> {
        match self {
            Self::Held(held) => Ok(held.bytes()),
            Self::Plain(_) => bail!("expected a picture, found a tensor of tract's"),
        }
    }

    /// Its `f32` numbers; an image's border is included.
    pub fn numbers(self) -> TractResult<&'a [f32]> {
        match self {
            Self::Held(held) => Ok(held.buffer.floats()),
            Self::Plain(tensor) => tensor.try_as_plain_ram()?.as_slice(),
        }
    }

    /// Its bytes; an image's border is included.
    pub fn bytes(self) -> TractResult<&'a [u8]> {
        match self {
            Self::Held(held) => Ok(held.buffer.bytes()),
            Self::Plain(tensor) => tensor.try_as_plain_ram()?.as_slice(),
        }
    }
}
