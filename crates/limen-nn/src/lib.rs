//! Neural networks: an ONNX file and a picture in, numbers out.
//!
//! A [`Network`] is loaded from bytes, checked against the shapes that its description says, and then runs from any
//! thread. It knows nothing of what the numbers mean.

mod guard;
mod input;
mod kernels;
mod network;
mod operators;
#[cfg(test)]
mod tests;
mod transform;

pub use guard::guarded;
pub use input::Input;
pub use network::{Network, NetworkError, Place};
