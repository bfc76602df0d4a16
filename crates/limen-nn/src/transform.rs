//! A typed model with our kernels in the place of the layers that they can compute.
//!
//! tract reads, types and checks the file, and plans and runs what comes out of here; this room only says which of its
//! nodes become steps of ours. [`read`] finds in the model what a kernel knows, [`chain`] what belongs together,
//! [`fuse`] makes one step of it, [`wire`] puts the steps between the nodes that stay, and [`gather`] makes one operator of
//! the steps that tract computes nothing between. A step has packed its weights, so the model that is made holds no
//! other copy of them.

mod chain;
mod fuse;
mod gather;
mod graph;
mod read;
#[cfg(test)]
mod tests;
mod wire;

use tract_onnx::tract_core::internal::*;

use crate::input::PictureInput;
use crate::operators::Buffers;

/// The same network with our kernels, which take their memory from these buffers. Its input is a [`picture`] in place of
/// the numbers that its bytes are to the network.
///
/// [`picture`]: crate::operators::picture
pub fn with_kernels(
    model: &TypedModel,
    input: &PictureInput,
    buffers: &Arc<Buffers>,
) -> TractResult<TypedModel> {
    let graph = read::read(model)?;
    gather::gather(fuse::fuse(model, &graph, input, buffers)?)
}
