//! From bytes to pictures. Bytes from cameras and people are never trusted.

pub mod decode;
pub mod encode;
mod fault;
pub mod jpeg;
mod packing;
pub mod photograph;
#[cfg(test)]
mod plain;
pub mod raw;
mod rows;
pub mod scale;
