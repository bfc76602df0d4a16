//! Our kernels as operators of tract.
//!
//! A [`Step`] is a kernel with its packed weights, and [`Steps`] that follow on each other are one operator. Between
//! steps an image stays as the kernels want it, channels last and inside its border of padding. Where it leaves an
//! operator, it is a tensor of a storage of its own ([`storage`]), which tract hands on and never looks into. Where
//! tract's own operators read or write, a step packs or unpacks.

mod buffers;
mod step;
mod steps;
mod storage;
mod value;
mod work;

pub use buffers::Buffers;
pub use step::{ResultForm, Step, StepOutput};
pub use steps::{Read, Steps};
pub use storage::{picture, picture_fact};
pub use work::Work;
