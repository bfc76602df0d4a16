//! Neural networks: an ONNX file and a picture in, numbers out.
//!
//! A [`Network`] is loaded from bytes, checked against the shapes that its description says, and then runs from any
//! thread. It knows nothing of what the numbers mean.
//!
//! tract reads, types, checks, plans and runs every network (`engine`). Where a layer is one that our kernels can
//! compute (`kernels`), an operator of ours stands in the place of tract's (`operators`); `transform` puts it there. A
//! network of which every layer is known and one of which none is go the same way.
//!
//! A program that is built for a fuzzer (`--cfg fuzzing`) has no engine: its networks never load.

#[cfg_attr(fuzzing, path = "no_engine.rs")]
mod engine;
mod error;
mod guard;
mod input;
#[cfg(not(fuzzing))]
mod kernels;
mod network;
#[cfg(not(fuzzing))]
mod operators;
#[cfg(all(test, not(fuzzing)))]
mod tests;
#[cfg(not(fuzzing))]
mod transform;

pub use error::{GraphEnd, NetworkError};
pub use guard::guarded;
pub use input::PictureInput;
pub use network::Network;
