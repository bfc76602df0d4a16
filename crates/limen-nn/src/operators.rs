//! Our kernels as operators of tract.
//!
//! A [`Step`] is one operator: a kernel with its packed weights. Between steps an image stays as the kernels want
//! it, channels last and inside its border of padding, in a tensor of a storage of its own ([`storage`]), which tract
//! hands on and never looks into. Where tract's own operators read or write, a step packs or unpacks.

mod buffers;
mod step;
mod storage;
mod work;

pub use buffers::Buffers;
pub use step::{Form, Step, Target};
pub use storage::{picture, picture_fact};
pub use work::Work;
