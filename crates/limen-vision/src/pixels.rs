//! From bytes to pictures. Bytes from cameras and people are never trusted.

pub mod decode;
pub mod encode;
pub mod jpeg;
mod packing;
pub mod photograph;
pub mod raw;
pub mod scale;
