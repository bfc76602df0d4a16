//! Tensors that hold an image as our kernels want it.

use std::fmt;
use std::hash::Hasher;
use std::mem::take;

use tract_onnx::tract_core::internal::*;

use super::buffers::Buffers;
use crate::kernels::buffer::Buffer;
use crate::kernels::image::Image;

/// The layout of the image: what tract knows of such a tensor besides type and shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lies {
    /// The layout of the pixels.
    pub image: Image,
    /// The size of an element, in bytes.
    pub size: usize,
}

impl ExoticFact for Lies {
    fn buffer_sizes(&self) -> TVec<TDim> {
        tvec!((self.image.len() * self.size).to_dim())
    }
}

/// A buffer with an image. It goes back to the buffers of its network when nobody reads it any more.
#[derive(Debug)]
pub struct Held {
    /// The image's elements.
    pub buffer: Buffer,
    /// The layout of the elements.
    pub lies: Lies,
    from: Arc<Buffers>,
}

impl Held {
    /// Room for an image.
    pub fn room(lies: Lies, from: &Arc<Buffers>) -> Self {
        Self { buffer: from.take(lies.image.len() * lies.size), lies, from: Arc::clone(from) }
    }

    /// The image as a tensor. Its shape has the channels first.
    pub fn into_tensor(self) -> Tensor {
        let Image { height, width, channels, .. } = self.lies.image;
        let datum_type = if self.lies.size == 1 { DatumType::U8 } else { DatumType::F32 };
        Tensor::from_storage(datum_type, &[1, channels, height, width], self)
    }

    /// The image's elements as bytes, of either element type.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer.bytes()[..self.lies.image.len() * self.lies.size]
    }
}

/// A picture of packed RGB bytes, as a network with our kernels reads it.
pub fn picture(height: usize, width: usize, rgb: &[u8], from: &Arc<Buffers>) -> Tensor {
    let mut held = Held::room(Lies { image: Image::new(height, width, 3), size: 1 }, from);
    held.buffer.bytes_mut()[..rgb.len()].copy_from_slice(rgb);
    held.into_tensor()
}

/// What tract knows of such a picture.
pub fn picture_fact(height: usize, width: usize) -> TypedFact {
    let lies = Lies { image: Image::new(height, width, 3), size: 1 };
    u8::fact([1, 3, height, width]).with_exotic_fact(lies)
}

impl Drop for Held {
    fn drop(&mut self) {
        self.from.give(take(&mut self.buffer));
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.lies == other.lies && self.bytes() == other.bytes()
    }
}

impl Eq for Held {}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.lies)
    }
}

impl TensorStorage for Held {
    fn byte_len(&self) -> usize {
        self.bytes().len()
    }

    fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    fn deep_clone(&self) -> Box<dyn TensorStorage> {
        let mut copy = Self::room(self.lies, &self.from);
        copy.buffer.bytes_mut()[..self.bytes().len()].copy_from_slice(self.bytes());
        Box::new(copy)
    }

    fn as_plain_ram(&self) -> Option<&PlainStorage> {
        None
    }

    fn as_plain_ram_mut(&mut self) -> Option<&mut PlainStorage> {
        None
    }

    fn into_plain_ram(self: Box<Self>) -> Option<PlainStorage> {
        None
    }

    fn dyn_hash(&self, state: &mut dyn Hasher) {
        state.write(self.bytes());
    }

    fn exotic_fact(&self, _shape: &[usize]) -> TractResult<Option<Box<dyn ExoticFact>>> {
        Ok(Some(Box::new(self.lies)))
    }
}
